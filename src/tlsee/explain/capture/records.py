"""The records of one direction, with the moment and the packet that made each of them whole."""

from __future__ import annotations

from tlsee import defaults
from tlsee.codes import ContentType, HandshakeType
from tlsee.errors import TLSError
from tlsee.explain.capture import bounds
from tlsee.explain.capture.reassembly import Stream
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.keys.protection12 import MAX_CIPHERTEXT_12
from tlsee.text import count
from tlsee.values import value
from tlsee.wire.codec import Message, decode
from tlsee.wire.framing import kind_of
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello

__all__ = ["Record", "Records", "begins", "records_of"]

_MAJOR = 3
_TYPES = range(ContentType.change_cipher_spec, 25)  # up to heartbeat (RFC 6520)


@value
class Record:
    """A record: header and fragment; when, and with which packet, it was whole.

    ``number`` counts the records of its direction from 1.
    """

    raw: bytes
    at: int
    packet: int
    number: int

    @property
    def kind(self) -> ContentType:
        """What its header says that it carries."""
        return ContentType.of(self.raw[0])

    @property
    def fragment(self) -> bytes:
        """What follows the header."""
        return self.raw[HEADER_LENGTH:]


@value
class Records:
    """A direction's records, and why reading ended before its bytes did, or an empty text."""

    items: tuple[Record, ...]
    stopped: str


def records_of(stream: Stream, start: int = 0) -> Records:
    """The records from offset ``start`` on, up to what is none, or is not whole."""
    data, found, at, stopped = stream.data, list[Record](), start, ""
    while at < len(data):
        end = _end_of(data, at)
        if isinstance(end, str):
            stopped = f"{end}, at offset {at:,}"
            break
        if len(found) >= bounds.RECORDS_LIMIT:
            stopped = (
                f"more than {count(bounds.RECORDS_LIMIT, 'record')}, which is all that is read"
            )
            break
        piece = stream.piece_of(end)
        moment, packet = (piece.at, piece.number) if piece is not None else (0, 0)
        found.append(Record(data[at:end], moment, packet, len(found) + 1))
        at = end
    return Records(tuple(found), stopped)


def _end_of(data: bytes, at: int) -> int | str:
    """Where the record that begins at ``at`` ends, or why there is none."""
    if data[at] not in _TYPES or data[at + 1 : at + 2] not in {b"", bytes((_MAJOR,))}:
        return "what follows is no record of TLS"
    if at + HEADER_LENGTH > len(data):
        return "it ends inside a record's header"
    length = data[at + 3] << 8 | data[at + 4]
    if length > MAX_CIPHERTEXT_12:
        return f"a record announces {count(length, 'byte')}, more than TLS allows"
    end = at + HEADER_LENGTH + length
    return end if end <= len(data) else "it ends inside a record"


def begins(stream: Stream, start: int = 0) -> type[Message] | None:
    """Which hello a direction certainly begins with at ``start``; ``None``: with no hello.

    A record of the handshake that holds a whole hello, which can be read, or the beginning of one
    whose lengths agree.
    """
    head = stream.data[start : start + HEADER_LENGTH + 4]
    if len(head) < HEADER_LENGTH + 4 or head[0] != ContentType.handshake or head[1] != _MAJOR:
        return None
    kind, length = head[5], int.from_bytes(head[6:9])
    if kind not in {HandshakeType.client_hello, HandshakeType.server_hello}:
        return None
    if length > defaults.message_limit(HandshakeType.of(kind)):
        return None
    raw = _first_message(stream.data, start, length + 4)
    if raw is None:
        return None
    try:
        found = kind_of(raw)
        for struct in (ClientHello, ServerHello, HelloRetryRequest):
            if struct.msg_type == found:
                decode(struct, raw)
                return struct
    except TLSError:
        pass
    return None


def _first_message(data: bytes, start: int, length: int) -> bytes | None:
    """The first ``length`` bytes of handshake from ``start`` on, across records."""
    made, at = bytearray(), start
    while len(made) < length:
        end = _end_of(data, at) if at < len(data) else ""
        if isinstance(end, str) or data[at] != ContentType.handshake or end <= at + HEADER_LENGTH:
            return None
        made += data[at + HEADER_LENGTH : end]
        at = end
    return bytes(made[:length])
