"""What differs between a recording and a run that was changed: choices, messages, the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tlsee.errors import TLSError
from tlsee.recording.recording import Recording
from tlsee.recording.redact import in_full
from tlsee.recording.replaying.comparing import name_of
from tlsee.trace import Choice, Failed, MessageReceived, MessageSent, Role
from tlsee.values import value


@value
class MessageDiffers:
    """A message that is another now. ``then``, ``now``: its bytes; ``None``: there is none."""

    name: str
    by: Role
    then: bytes | None
    now: bytes | None


@value
class ChoiceDiffers:
    """A choice that came out otherwise; the choices, or ``None``."""

    what: str
    then: Choice | None
    now: Choice | None


@value
class Misfit:
    """The first message of the recorded peer's that no longer fits, or that is missing.

    Attributes:
        name: of the message; ``number``: among all messages recorded, from 1; 0 where the recording
            ends.
        reason: why, a sentence.
        error: what the connection ended with; ``None``: it waits.
    """

    name: str
    number: int
    reason: str
    error: TLSError | None


def messages_that_differ(
    recording: Recording, events: Iterable[Any], role: Role
) -> tuple[MessageDiffers, ...]:
    """Messages by sender and name, each with its counterpart; in the recording's order."""
    then, now = _by_place(recording.events(), role), _by_place(events, role)
    places = dict.fromkeys((*then, *now))
    return tuple(
        MessageDiffers(place[1], place[0], then.get(place), now.get(place))
        for place in places
        if then.get(place) != now.get(place)
    )


def _by_place(events: Iterable[Any], role: Role) -> dict[tuple[Role, str, int], bytes]:
    found: dict[tuple[Role, str, int], bytes] = {}
    seen: dict[tuple[Role, str], int] = {}
    for event in events:
        if isinstance(event, MessageSent | MessageReceived):
            key = role if isinstance(event, MessageSent) else role.other, name_of(event)
            seen[key] = number = seen.get(key, 0) + 1
            found[*key, number] = event.raw
    return found


def choices_that_differ(recording: Recording, events: Iterable[Any]) -> tuple[ChoiceDiffers, ...]:
    """Choices by what was chosen, where the winner is another."""
    then = {e.what: e for e in recording.events() if isinstance(e, Choice)}
    now = {e.what: in_full(e) for e in events if isinstance(e, Choice)}
    differ = []
    for what in dict.fromkeys((*then, *now)):
        one, other = then.get(what), now.get(what)
        if one is None or other is None or one.chosen != other.chosen:
            differ.append(ChoiceDiffers(what, one, other))
    return tuple(differ)


def failure_in(events: Iterable[Any]) -> Any:
    """What a connection ended with, or ``None``."""
    return next((event.error for event in events if isinstance(event, Failed)), None)
