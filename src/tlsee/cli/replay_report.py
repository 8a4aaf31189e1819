"""What ``tlsee replay`` says: what was as recorded, what differs, and what that means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tlsee.cli.output import BAD, HINT, OK, Screen
from tlsee.codes import ProtocolVersion
from tlsee.explain.differing import context_of, fields_that_differ
from tlsee.explain.dissect.context import Context
from tlsee.explain.layout import short_hex
from tlsee.recording.recording import Recording
from tlsee.recording.replay import (
    ChoiceDiffers,
    Difference,
    ForkOutcome,
    MessageDiffers,
    Outcome,
    Replaying,
)
from tlsee.recording.replaying.spelling import meant
from tlsee.text import count, printable
from tlsee.trace import Choice, MessageReceived, MessageSent, Role, StateEntered

FIELDS = 8  # of a message that are shown; --json has all
_SIGNATURE = "signature "
_STAND_INS = (_SIGNATURE, "encrypted", "decrypted")
_AROUND = 8  # bytes shown from the first that differs on


def show_replay(screen: Screen, path: str, recording: Recording, outcome: Outcome) -> None:
    """A replay that nothing was changed in."""
    whose = f"{printable(path, 60)}, the {outcome.role.value}'s end"
    sizes = f"{outcome.sent_bytes:,} bytes sent, {outcome.received_bytes:,} received"
    matched = f"{count(outcome.messages, 'message')}, {count(outcome.records, 'record')}: {sizes}"
    if outcome.same and outcome.cut_off:
        screen.verdict("cut off", f"{whose}: {outcome.cut_off}", BAD)
        screen.row("as recorded", f"so far: {matched}")
        screen.row("state", outcome.state or "not begun")
        return
    if outcome.same:
        screen.verdict("same", whose, OK)
        screen.row("as recorded", matched)
        screen.row("ended", _ended(outcome))
        return
    screen.verdict("differs", whose, BAD)
    screen.row("as recorded", f"before that: {matched}")
    found = outcome.difference
    if found is not None:
        _show_difference(screen, found, context_of(recording))


def show_stop(screen: Screen, path: str, run: Replaying, until: str, *, reached: bool) -> None:
    """A replay that was stopped to be looked at."""
    messages = [e for e in run.events if isinstance(e, MessageSent | MessageReceived)]
    where = printable(until, 60)
    whose = f"{printable(path, 60)}, the {run.role.value}'s end"
    if reached:
        screen.verdict("stopped", f"at {where}: {whose}", OK)
    else:
        screen.verdict("went by", f"{where} was not reached: {whose}", BAD)
    screen.row("state", run.state or "not begun")
    screen.row("messages", ", ".join(_names(messages)) or "none yet")
    if not reached:
        states = dict.fromkeys(e.name for e in run.events if isinstance(e, StateEntered))
        screen.row("states", ", ".join(printable(name, 40) for name in states) or "none yet")
        near = meant(until, [*states, *_names(messages)])
        if near:
            screen.row("near", f"--until {printable(near, 40)}")
    for choice in run.choices:
        why = f" ({choice.rule})" if choice.rule else ""
        screen.row(choice.what, f"{_chosen(choice)}{why}")
    if not reached:
        _show_cut_off(screen, [run.recording])
    failure = run.connection.failure if run.connection is not None else None
    if failure is not None:
        screen.row("ended", printable(str(failure), 500))


def show_fork(screen: Screen, path: str, recording: Recording, outcome: ForkOutcome) -> None:
    """A run of one end that something was changed in."""
    whose = f"{printable(path, 60)}, the {outcome.role.value}'s end"
    misfit = outcome.misfit
    if misfit is not None:
        screen.verdict("ends early", whose, BAD)
    elif recording.damage:
        screen.verdict("went on", f"to where the file is cut off: {whose}", BAD)
    else:
        screen.verdict("went on", f"to the end: {whose}", OK)
    _show_changes(screen, outcome.changes)
    _show_what_differs(screen, recording, outcome, _who_stands_in([outcome]))
    _show_cut_off(screen, [recording])
    if misfit is not None:
        number = f"message {misfit.number}, {misfit.name}" if misfit.number else misfit.name
        screen.row("stops at", f"{number or 'the end'}: {misfit.reason}")
        screen.paragraph(
            "The other end is a recording and answers as it did then. For a change that goes "
            "through: --with and the recording of the other end.",
            2,
            HINT,
        )
    _show_made(screen, outcome)


def show_play(
    screen: Screen,
    path: str,
    peer: str,
    ends: Sequence[tuple[Recording, ForkOutcome]],
    changes: Sequence[tuple[str, str]],
) -> None:
    """Two ends that played against each other."""
    both = f"{printable(path, 60)} and {printable(peer, 60)}"
    failed = any(outcome.fails_anew for _, outcome in ends)
    if not failed and any(outcome.error is not None for _, outcome in ends):
        both += ": it fails as it did then"
    screen.verdict("failed" if failed else "played", both, BAD if failed else OK)
    _show_changes(screen, changes)
    recording, first = ends[0]
    _show_what_differs(screen, recording, first, _who_stands_in([end for _, end in ends]))
    for _, outcome in ends:
        ended = str(outcome.error) if outcome.error is not None else outcome.state
        screen.row(outcome.role.value, printable(ended, 500))
    _show_cut_off(screen, [one for one, _ in ends])
    for _, outcome in ends:
        _show_made(screen, outcome)


def _ended(outcome: Outcome) -> str:
    if outcome.error is not None:
        return f"as it did then: {printable(str(outcome.error), 400)}"
    return f"as it did then, in {outcome.state}"


def _show_changes(screen: Screen, changes: Sequence[tuple[str, str]]) -> None:
    for name, item in changes:
        screen.row("changed", f"{printable(name, 120)} = {printable(item, 200) or 'nothing'}")


def _show_cut_off(screen: Screen, recordings: Sequence[Recording]) -> None:
    for recording in recordings:
        if recording.damage:
            screen.row("cut off", recording.damage)


def _show_made(screen: Screen, outcome: ForkOutcome) -> None:
    if outcome.made:
        made = ", ".join(dict.fromkeys(map(_made_words, outcome.made)))
        seed = printable(outcome.seed, 60)
        screen.row("made", f"by the {outcome.role.value}, of the seed {seed!r}: {made}")


def _made_words(label: str) -> str:
    """A stand-in is none: nobody but the other end of this play takes it."""
    return f"a stand-in for {label}" if label.startswith(_STAND_INS) else label


def _who_stands_in(ends: Sequence[ForkOutcome]) -> frozenset[Role]:
    """Whose signatures are none."""
    return frozenset(end.role for end in ends if any(m.startswith(_SIGNATURE) for m in end.made))


def _show_what_differs(
    screen: Screen, recording: Recording, outcome: ForkOutcome, standing_in: frozenset[Role]
) -> None:
    reached = [message for message in outcome.messages if message.now is not None]
    if not reached and not outcome.choices:
        screen.row("differs", "nothing that is sent or chosen")
    known = context_of(recording)
    for choice in outcome.choices:
        if choice.now is not None:
            screen.row(choice.what, _choice_words(choice))
    for message in reached:
        _show_message(screen, message, known, standing_in)
    missing = len(outcome.messages) - len(reached)
    if missing:
        screen.row("not sent", f"{count(missing, 'message')} of then")


def _choice_words(choice: ChoiceDiffers) -> str:
    then = _chosen(choice.then) if choice.then is not None else "none"
    return f"{then}, now {_chosen(choice.now) if choice.now is not None else 'none'}"


def _show_message(
    screen: Screen, message: MessageDiffers, known: Context, standing_in: frozenset[Role]
) -> None:
    name = f"{message.by.value}'s {message.name}"
    if message.then is None or message.now is None:
        size = len(message.now or b"")
        screen.row("new", f"{name}, {count(size, 'byte')}")
        return
    screen.row("differs", f"{name}, {len(message.then):,} bytes, now {len(message.now):,}")
    _show_fields(screen, message.then, message.now, known, signed=message.by not in standing_in)


def _show_fields(
    screen: Screen, then: bytes, now: bytes, known: Context, *, signed: bool = True
) -> None:
    found = fields_that_differ(then, now, known)
    for field in found[:FIELDS]:
        screen.paragraph(f"{field.path or 'all of it'}: {field.then or 'not there'}", 6)
        is_none = not signed and "signature" in field.path.split(".")
        screen.paragraph(f"now: {'a stand-in' if is_none else field.now or 'not there'}", 8)
    if len(found) > FIELDS:
        screen.paragraph(f"and {count(len(found) - FIELDS, 'more field')}: --json has them", 6)


def _show_difference(screen: Screen, found: Difference, known: Context) -> None:
    where = f"message {found.number}, {found.message}: " if found.number else ""
    screen.row("first", f"{where}{found.sentence}")
    then, now = found.bytes
    place = found.first_byte
    if place is not None:
        for label, data in (("recorded", then), ("now", now)):
            around = short_hex(data[place : place + _AROUND]) or "nothing"
            screen.row(label, f"{len(data):,} bytes; from byte {place} on: {around}")
    if found.what == "message" and then and now:
        _show_fields(screen, then, now, known)
    screen.row("means", _meaning(found))


def _meaning(found: Difference) -> str:
    """What it can come of: the same values lead to the same bytes, in the release that recorded."""
    if found.what == "journal":
        what = "the journal does not answer what is asked"
    elif found.what in ("message", "record"):
        what = "what is in the file leads to other bytes"
    else:
        what = "what is in the file leads elsewhere"
    return f"{what}: it was changed, or another release recorded it"


def _names(messages: Sequence[Any]) -> Iterator[str]:
    from tlsee.recording.replaying.comparing import name_of

    return (name_of(message) for message in messages)


def _chosen(choice: Choice) -> str:
    found = choice.chosen
    if found is None:
        return "none"
    if isinstance(found, ProtocolVersion):
        return found.label
    text = found.decode("ascii", "replace") if isinstance(found, bytes) else str(found)
    return printable(text, 120)
