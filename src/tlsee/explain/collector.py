"""An observer that keeps what it is told, for a story to be made of it afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from tlsee.codes import ContentType
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.recording.redact import wire_length
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    CertificateJudged,
    Epoch,
    Failed,
    HandshakeCompleted,
    RecordReceived,
    RecordSent,
    Role,
    SecretDerived,
)
from tlsee.values import value

# A handshake tells some 60 events. A peer that sends tickets or KeyUpdates for hours, or a long
# exchange of small records, must not fill the memory of whoever watches.
EVENTS_LIMIT = 4096

# How it ended must be known even so; the protocol bounds how often these can come.
_ALWAYS_KEPT = (AlertSent, AlertArrived, CertificateJudged, Failed, HandshakeCompleted)

# Bytes of application data kept for showing, per run in one direction.
SPOKEN_LIMIT = 64


@value
class Records:
    """A run of records in one direction; lengths in bytes, ``wire`` with headers and tags."""

    sent: bool
    content_type: ContentType
    epoch: Epoch
    number: int
    content: int
    wire: int

    @property
    def closed(self) -> bool:
        """Whether nobody could open them, so that nothing is known of them but their length."""
        whole = self.content + HEADER_LENGTH * self.number
        return self.epoch is not Epoch.INITIAL and whole == self.wire

    def plus(self, other: Records) -> Records:
        """A longer run: the other one followed."""
        return Records(
            self.sent,
            self.content_type,
            self.epoch,
            self.number + other.number,
            self.content + other.content,
            self.wire + other.wire,
        )


@value
class Spoken:
    """Application data as the application wrote or read it, its beginning."""

    sent: bool
    data: bytes


class Collector:
    """An observer that keeps what it is told, with the time, within a bound.

    Secrets are not kept, nor the bytes of records: their lengths are.

    Args:
        role: of the endpoint that is observed.
        clock: seconds, from any start.
    """

    def __init__(self, role: Role, clock: Callable[[], float] = time.perf_counter) -> None:
        self.role = role
        self.clock = clock
        self.events: list[tuple[float, Any]] = []
        self.lost = 0
        self._lock = threading.Lock()  # one thread may read while another writes

    def on_event(self, event: Any) -> None:
        """Keep an event."""
        if isinstance(event, SecretDerived):
            return
        with self._lock:
            if isinstance(event, RecordSent | RecordReceived):
                self._keep_record(event)
            else:
                self._keep(event)

    def spoken(self, sent: bool, data: bytes) -> None:
        """The application tells what it wrote or read."""
        with self._lock:
            self._keep(Spoken(sent, data[:SPOKEN_LIMIT]))

    def so_far(self) -> tuple[tuple[float, Any], ...]:
        """What was kept: pairs of time and event."""
        with self._lock:
            return tuple(self.events)

    def _keep(self, event: Any) -> None:
        if len(self.events) >= EVENTS_LIMIT and not isinstance(event, _ALWAYS_KEPT):
            self.lost += 1
        else:
            self.events.append((self.clock(), event))

    def _keep_record(self, event: RecordSent | RecordReceived) -> None:
        sent = isinstance(event, RecordSent)
        at, last = self.events[-1] if self.events else (0.0, None)
        kind, epoch = event.content_type, event.epoch
        run = Records(sent, kind, epoch, 1, event.content_length, wire_length(event.raw))
        if (
            isinstance(last, Records)
            and (last.sent, last.content_type, last.epoch) == (sent, kind, epoch)
            and kind == ContentType.application_data
        ):
            self.events[-1] = (at, last.plus(run))
        else:
            self._keep(run)
