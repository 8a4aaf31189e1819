"""A connection of ours as a capture, its key log beside it, and what both tell compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tests.support.captures_made import Talker
from tlsee.recording.recording import Recording
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    MessageReceived,
    MessageSent,
    RecordReceived,
    RecordSent,
    SecretDerived,
)

__all__ = ["flights", "key_log_of", "told", "wire"]

COMPARED = (RecordSent, RecordReceived, MessageSent, MessageReceived, AlertSent, AlertArrived)


def flights(recording: Recording) -> Iterator[tuple[bool, bytes]]:
    """What went over the wire in a client's recording; true for the client's."""
    for event in recording.events():
        if isinstance(event, RecordSent | RecordReceived):
            yield isinstance(event, RecordSent), event.raw


def wire(recording: Recording, size: int = 1400, **options: Any) -> Talker:
    """A TCP connection around a client's recording, from SYN to FIN."""
    talker = Talker(**options).hands()
    for from_client, data in flights(recording):
        talker.say(from_client, data, size)
    return talker.bye()


def key_log_of(recordings: Iterable[Recording], without: Iterable[str] = ()) -> bytes:
    """The lines of RFC 9850 for the secrets of recordings."""
    lines = []
    for recording in recordings:
        for event in recording.events():
            if isinstance(event, SecretDerived) and event.label not in without:
                line = f"{event.label} {event.client_random.hex()} {event.secret.hex()}"
                lines.append(line.encode("ascii"))
    return b"\n".join(lines)


def told(recording: Recording) -> dict[str, list[Any]]:
    """What is told of each direction: records, messages and alerts, each in its order."""
    found: dict[str, list[Any]] = {}
    for event in recording.events():
        if isinstance(event, COMPARED):
            found.setdefault(type(event).__name__, []).append(event)
    return found
