"""What ``connection.next_event()`` returns."""

from __future__ import annotations

import enum

from tlsee.codes import AlertDescription, AlertLevel
from tlsee.connection.info import ConnectionInfo
from tlsee.handshake.outcome import (
    CertificateRequested,
    CertificateShown,
    ClientAuthenticated,
    ClientDeclined,
)
from tlsee.questions import Question
from tlsee.sessions.session import Session
from tlsee.trace import Direction
from tlsee.values import value

__all__ = [
    "NEED_DATA",
    "AlertReceived",
    "CertificateRequested",
    "CertificateShown",
    "ClientAuthenticated",
    "ClientDeclined",
    "DataReceived",
    "EarlyDataReceived",
    "Event",
    "HandshakeDone",
    "KeysUpdated",
    "NeedData",
    "PeerClosed",
    "Question",
    "TicketReceived",
    "Truncated",
]


class NeedData(enum.Enum):
    """The type of ``NEED_DATA``: nothing to tell until more bytes arrive."""

    NEED_DATA = "NEED_DATA"


NEED_DATA = NeedData.NEED_DATA


@value
class HandshakeDone:
    """The handshake is complete as this side sees it."""

    info: ConnectionInfo


@value
class DataReceived:
    """Application data: the content of one or more records. The buffer is yours."""

    data: bytes | bytearray


@value
class EarlyDataReceived:
    """Data that came before the handshake was done (RFC 9846, 4.3.10).

    Nobody has proved yet that the client is there: these bytes may be a replay that was sent to
    another server too. The buffer is yours.
    """

    data: bytes | bytearray


@value
class TicketReceived:
    """The server sent a ticket; ``lifetime`` in seconds.

    ``session`` is what resumes, kept already where the configuration keeps sessions; ``None`` for
    a ticket of no use.
    """

    lifetime: int
    session: Session | None = None


@value
class KeysUpdated:
    """New keys protect one direction; ``requested`` if the sender asked for the other as well."""

    direction: Direction
    requested: bool


@value
class AlertReceived:
    """A warning that ends nothing (``user_canceled``); fatal ones are raised."""

    level: AlertLevel
    description: AlertDescription


@value
class PeerClosed:
    """The peer's close_notify: nothing was cut off, and nothing more will come."""


@value
class Truncated:
    """The transport ended without close_notify: what was received may be incomplete."""


Event = (
    HandshakeDone
    | DataReceived
    | EarlyDataReceived
    | Question
    | TicketReceived
    | KeysUpdated
    | CertificateRequested
    | CertificateShown
    | ClientAuthenticated
    | ClientDeclined
    | AlertReceived
    | PeerClosed
    | Truncated
)
