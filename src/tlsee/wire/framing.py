"""Handshake messages out of a stream of bytes, and the alert (RFC 9846, 4 and 6)."""

from __future__ import annotations

from collections.abc import Callable

from tlsee.codes import AlertDescription, AlertLevel, HandshakeType
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.text import count
from tlsee.wire import faults
from tlsee.wire.codec import struct, u8
from tlsee.wire.hellos import HELLO_RETRY_REQUEST_RANDOM

HEADER_LENGTH = 4  # msg_type and a uint24 length

# In a ServerHello the random stands behind the header and legacy_version.
_RANDOM = slice(6, 38)


@struct
class Alert:
    """RFC 9846, 6."""

    level: AlertLevel = u8(AlertLevel)
    description: AlertDescription = u8(AlertDescription)


class HandshakeBuffer:
    """Reassembles handshake messages from the contents of records.

    ``limit`` tells by the type how many bytes a message may have behind its header. A message that
    announces more is refused as soon as its header is there, so that what waits here is never more
    than one message of that size and one record.
    """

    __slots__ = ("_data", "_limit")

    def __init__(self, limit: Callable[[HandshakeType], int]) -> None:
        self._data = bytearray()
        self._limit = limit

    def append(self, data: bytes | bytearray | memoryview) -> None:
        """More bytes of the stream."""
        self._data += data

    def next(self) -> bytes | None:
        """The next whole message with its header, or None until more bytes are there.

        Raises:
            PeerMisbehaved: message_too_long.
        """
        data = self._data
        if len(data) < HEADER_LENGTH:
            return None
        length = data[1] << 16 | data[2] << 8 | data[3]
        kind = HandshakeType.of(data[0])
        limit = self._limit(kind)
        if length > limit:
            raise PeerMisbehaved(
                Reasons.message_too_long,
                f"{kind} of {count(length, 'byte')}, allowed are {limit:,}",
            )
        end = HEADER_LENGTH + length
        if len(data) < end:
            return None
        raw = bytes(data[:end])
        del data[:end]
        return raw

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished message, or of messages not asked for yet, wait."""
        return len(self._data)

    def copy(self) -> HandshakeBuffer:
        """An independent buffer that holds the same."""
        other = HandshakeBuffer(self._limit)
        other._data[:] = self._data
        return other


def kind_of(raw: bytes) -> HandshakeType:
    """What a whole handshake message is; a ServerHello with the fixed random is the other message.

    Raises:
        PeerMisbehaved: malformed, without a header; unexpected_message for the number that
            hello_retry_request has in here and that no message has on the wire.
    """
    if len(raw) < HEADER_LENGTH:
        raise faults.short("Handshake", HEADER_LENGTH, len(raw))
    kind = HandshakeType.of(raw[0])
    if kind == HandshakeType.hello_retry_request:
        raise PeerMisbehaved(Reasons.unexpected_message, f"handshake type {raw[0]}")
    if kind == HandshakeType.server_hello and raw[_RANDOM] == HELLO_RETRY_REQUEST_RANDOM:
        return HandshakeType.hello_retry_request
    return kind


def message_hash(digest: bytes) -> bytes:
    """The message that stands for the first ClientHello in a retried transcript (RFC 9846, 4.1)."""
    return bytes((HandshakeType.message_hash, 0, 0, len(digest))) + digest
