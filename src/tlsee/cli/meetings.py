"""Connecting again with the session that the first connection left, and telling how it went."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tlsee.cli.attempt import Attempt
from tlsee.cli.connect_report import explained
from tlsee.cli.exit_codes import ExitCode
from tlsee.cli.extras import Extras
from tlsee.cli.json_output import negotiated
from tlsee.cli.output import BAD, OK, Screen
from tlsee.cli.plumbing import Sink
from tlsee.cli.styles import show
from tlsee.cli.wishes import Exchange
from tlsee.connection.info import ConnectionInfo
from tlsee.explain.narrate import narrate
from tlsee.explain.story import Kind, Story
from tlsee.handshake.outcome import EarlyData
from tlsee.identity.certificate import moment
from tlsee.text import count
from tlsee.trace import Epoch, Role
from tlsee.values import replace

REPLAYABLE = "early data can be replayed by whoever records it: send what may happen twice"
_SILENT = "the server did not take it, and does not say why"


def meet_again(first: Attempt) -> Iterator[Attempt]:
    """The further connections, one after the other; none of them raises for what a peer does.

    What is recorded is the first.
    """
    again = first.wish.again
    wish = replace(first.wish, exchange=Exchange.NOTHING, extras=Extras((), False), record=None)
    for _ in range(again.times):
        attempt = Attempt(wish, Sink(), early=again.early)
        attempt.run(lambda _: None)
        yield attempt


def code_of(first: Attempt, others: list[Attempt]) -> ExitCode:
    """What the shell is told: that every further connection was resumed, or was not."""
    if first.code is not ExitCode.WORKED:
        return first.code
    for attempt in others:
        if attempt.code is not ExitCode.WORKED:
            return attempt.code
    resumed = all(attempt.info is not None and attempt.info.resumed for attempt in others)
    return ExitCode.WORKED if resumed else ExitCode.REFUSED


def why_not(attempt: Attempt) -> str | None:
    """Why a connection was not resumed; ``None`` if it was."""
    info = attempt.info
    if info is None:
        return explained(attempt)[0]
    if info.resumed:
        return None
    choice = attempt.story.choice("session")
    if choice is None:
        return "the server has given no session that could be taken up"
    return choice.rule if choice.by is Role.CLIENT else _SILENT


def report(first: Attempt, number: int, attempt: Attempt, screen: Screen) -> None:
    """What one further connection was, and what it cost beside the first."""
    times = first.wish.again.times
    info, story, before = attempt.info, attempt.story, first.story
    reason = why_not(attempt)
    if info is None or reason is not None:
        screen.row("again", f"{number} of {times}: NOT resumed: {reason}", BAD)
    else:
        screen.row("again", f"{number} of {times}: resumed, {_since(info)}", OK)
    if info is not None:
        screen.row("", _compared(story, before))
    if first.wish.again.early and info is not None:
        screen.row("", early_fate(attempt))
    if attempt.error is not None and info is not None:
        screen.row("", f"then {explained(attempt)[0]}", BAD)


def _since(info: ConnectionInfo) -> str:
    """Since when, and when the peer was judged last."""
    text = f"the session began {moment(info.established_at)}"
    verdict = getattr(info.peer, "verdict", None)
    if verdict is None:
        return text
    return f"{text}, its certificate was judged again {moment(verdict.at)}"


def _compared(story: Story, before: Story) -> str:
    trips = count(story.round_trips, "round trip")
    size = count(story.handshake_wire, "byte")
    took, first = story.milliseconds or 0.0, before.milliseconds or 0.0
    least = f"{before.round_trips}, {before.handshake_wire:,} bytes, {first:.1f} ms"
    return f"{trips}, {size}, {took:.1f} ms (the first: {least})"


def _was_early(story: Story) -> bool:
    return any(s.kind is Kind.DATA and s.epoch is Epoch.EARLY and s.sent for s in story.steps)


def early_fate(attempt: Attempt) -> str:
    """What became of the early data, in words."""
    info, size = attempt.info, count(len(attempt.early), "byte")
    later = "not sent again: another protocol was agreed on"
    if not attempt.unsent_early:
        later = "sent once the handshake was done"
    if info is None or not _was_early(attempt.story):
        return f"{size} not sent early: no session allows so much; {later}"
    if info.early_data is EarlyData.ACCEPTED:
        return f"{size} sent early: ACCEPTED; {count(attempt.sink.received, 'byte')} came back"
    return f"{size} sent early: REFUSED by the server; {later}"


def tell(attempt: Attempt, number: int, screen: Screen, *, fields: bool) -> None:
    """Its messages: a short flight."""
    screen.line()
    screen.line(f"connection {number + 1}:")
    for block in narrate(attempt.story, detail=fields, width=screen.width):
        show(screen, block.lines)


def as_object(attempt: Attempt) -> dict[str, Any]:
    """One further connection for JSON."""
    info, story = attempt.info, attempt.story
    early, went = None, _was_early(story)
    if attempt.early:
        accepted = info is not None and info.early_data is EarlyData.ACCEPTED
        early = {
            "bytes": len(attempt.early),
            "sent_early": went,
            "accepted": went and accepted,
            "delivered": info is not None and not attempt.unsent_early,
            "answered": attempt.sink.received,
        }
    return {
        "resumed": info is not None and info.resumed,
        "why_not": why_not(attempt),
        "negotiated": negotiated(info) if info is not None else None,
        "round_trips": story.round_trips,
        "handshake_bytes": story.handshake_wire,
        "early_data": early,
        "timings": attempt.timings,
    }
