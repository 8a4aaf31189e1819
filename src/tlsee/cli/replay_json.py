"""The JSON object of ``tlsee replay``, schema ``tlsee.replay/1``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlsee.cli.exit_codes import CommandError
from tlsee.explain.differing import context_of, fields_that_differ
from tlsee.explain.dissect.context import Context
from tlsee.recording.recording import Recording
from tlsee.recording.replay import (
    Difference,
    Fork,
    ForkOutcome,
    MessageDiffers,
    Misfit,
    Outcome,
    Replaying,
)
from tlsee.text import printable
from tlsee.trace import Choice, MessageReceived, MessageSent

SCHEMA = "tlsee.replay/1"


def replay_object(path: str, recording: Recording, outcome: Outcome) -> dict[str, Any]:
    """A replay that nothing was changed in."""
    return {
        **_beginning(path, None),
        "ok": outcome.same and not outcome.cut_off,
        "same": outcome.same,
        "replayed": {
            "role": outcome.role.value,
            "messages": outcome.messages,
            "records": outcome.records,
            "sent_bytes": outcome.sent_bytes,
            "received_bytes": outcome.received_bytes,
            "state": outcome.state,
            "error": _error(outcome.error),
            "cut_off": outcome.cut_off or None,
            "difference": _difference(outcome.difference, context_of(recording)),
        },
    }


def stop_object(path: str, run: Replaying, until: str, *, reached: bool) -> dict[str, Any]:
    """A replay that was stopped to be looked at."""
    messages = [e for e in run.events if isinstance(e, MessageSent | MessageReceived)]
    named = run.named if isinstance(run, Fork) else ()
    return {
        **_beginning(path, None),
        "ok": reached,
        "changes": [{"name": printable(n, 120), "value": printable(v, 255)} for n, v in named],
        "stopped": {
            "role": run.role.value,
            "at": printable(until, 60),
            "reached": reached,
            "state": run.state,
            "messages": len(messages),
            "choices": [_choice(choice) for choice in run.choices],
            "error": _error(run.connection.failure if run.connection is not None else None),
        },
    }


def fork_object(
    path: str, peer: str | None, ends: Sequence[tuple[Recording, ForkOutcome]]
) -> dict[str, Any]:
    """A run that something was changed in, of one end or of both."""
    first = ends[0][1]
    misfit = first.misfit
    every = [pair for _, outcome in ends for pair in outcome.changes]
    failed = any(outcome.fails_anew for _, outcome in ends)
    return {
        **_beginning(path, peer),
        "ok": not failed and misfit is None and not (peer is None and ends[0][0].damage),
        "same": not any(outcome.messages or outcome.choices for _, outcome in ends),
        "seed": printable(first.seed, 255),
        "changes": [{"name": printable(n, 120), "value": printable(v, 255)} for n, v in every],
        "misfit": _misfit(misfit),
        "ends": [_end(recording, outcome) for recording, outcome in ends],
    }


def failed_object(paths: Sequence[str], peer: str | None, error: CommandError) -> dict[str, Any]:
    """Nothing was replayed."""
    return {
        **_beginning(paths[0], peer),
        "sentence": error.what,
        "fix": error.fix or None,
    }


def _beginning(path: str, peer: str | None) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "ok": False,
        "file": printable(path, 255),
        "with": printable(peer, 255) if peer is not None else None,
        "same": None,
        "seed": None,
        "changes": [],
        "replayed": None,
        "stopped": None,
        "misfit": None,
        "ends": [],
        "sentence": None,
        "fix": None,
    }


def _end(recording: Recording, outcome: ForkOutcome) -> dict[str, Any]:
    known = context_of(recording)
    return {
        "role": outcome.role.value,
        "state": outcome.state,
        "cut_off": recording.damage or None,
        "error": _error(outcome.error),
        "before": _error(outcome.before),
        "made": list(outcome.made),
        "messages": [_message(message, known) for message in outcome.messages],
        "choices": [
            {
                "what": choice.what,
                "then": _chosen(choice.then),
                "now": _chosen(choice.now),
            }
            for choice in outcome.choices
        ],
    }


def _message(message: MessageDiffers, known: Context) -> dict[str, Any]:
    return {
        "name": message.name,
        "by": message.by.value,
        "then": message.then.hex() if message.then is not None else None,
        "now": message.now.hex() if message.now is not None else None,
        "fields": _fields(message.then, message.now, known),
    }


def _fields(then: bytes | None, now: bytes | None, known: Context) -> list[dict[str, Any]]:
    if not then or not now:
        return []
    return [
        {"path": one.path, "then": one.then, "now": one.now, "clause": one.clause or None}
        for one in fields_that_differ(then, now, known)
    ]


def _difference(found: Difference | None, known: Context) -> dict[str, Any] | None:
    if found is None:
        return None
    then, now = found.bytes
    fields = _fields(then, now, known) if found.what == "message" else []
    return {
        "what": found.what,
        "name": found.name,
        "message": found.message or None,
        "number": found.number or None,
        "sentence": found.sentence,
        "first_byte": found.first_byte,
        "expected": then.hex() or None,
        "got": now.hex() or None,
        "fields": fields,
    }


def _misfit(misfit: Misfit | None) -> dict[str, Any] | None:
    if misfit is None:
        return None
    return {
        "message": misfit.name or None,
        "number": misfit.number or None,
        "sentence": misfit.reason,
        "error": _error(misfit.error),
    }


def _choice(choice: Choice) -> dict[str, Any]:
    return {"what": choice.what, "by": choice.by.value, "chosen": _chosen(choice)}


def _chosen(choice: Choice | None) -> str | None:
    if choice is None or choice.chosen is None:
        return None
    found = choice.chosen
    return printable(found.decode("ascii", "replace") if isinstance(found, bytes) else str(found))


def _error(error: Any) -> dict[str, Any] | None:
    if error is None:
        return None
    return {"name": error.name, "alert": str(error.alert), "sentence": printable(str(error), 500)}
