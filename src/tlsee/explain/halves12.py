"""One direction of a recorded connection, read from its bytes alone, as far as nothing hides it.

The bytes may be anybody's: cut anywhere, changed, or no TLS at all. Nothing here raises for them;
why reading stopped is a sentence beside what was read.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee import defaults
from tlsee.codes import ContentType, HandshakeType
from tlsee.errors import TLSError
from tlsee.keys.protection import HEADER_LENGTH, MAX_PLAINTEXT
from tlsee.keys.protection12 import EMPTY, MAX_CIPHERTEXT_12, TOO_LONG, Opener12
from tlsee.text import count
from tlsee.trace import Role
from tlsee.values import value
from tlsee.wire.framing import HandshakeBuffer


@value
class Half:
    """What one side sent.

    Attributes:
        sender: who.
        messages: those of the handshake before its ChangeCipherSpec, raw; no HelloRequest.
        protected: the records behind it, whole, header included.
        stopped: why reading ended before the bytes did, or an empty text.
    """

    sender: Role
    messages: tuple[bytes, ...]
    protected: tuple[memoryview, ...]
    stopped: str


def read_half(sender: Role, stream: bytes) -> Half:
    """Take a stream apart: records, and the messages inside those that nothing protects."""
    reading = _Reading(sender)
    view = memoryview(stream)
    at = 0
    while at < len(view) and not reading.stopped:
        end = _end_of(view, at)
        if isinstance(end, str):
            reading.stopped = f"{end} (byte {at:,} of what the {sender.value} sent)"
        else:
            reading.take(view[at:end])
            at = end
    return Half(sender, tuple(reading.messages), tuple(reading.protected), reading.stopped)


def _end_of(view: memoryview, at: int) -> int | str:
    """Where the record that begins at ``at`` ends, or why there is none."""
    if not ContentType.change_cipher_spec <= view[at] <= ContentType.application_data:
        return "here begins no record of TLS"
    if at + HEADER_LENGTH > len(view):
        return "the recording ends inside a record"
    length = view[at + 3] << 8 | view[at + 4]
    if length > MAX_CIPHERTEXT_12:
        return f"a record announces {count(length, 'byte')}, more than TLS allows"
    end = at + HEADER_LENGTH + length
    return end if end <= len(view) else "the recording ends inside a record"


class _Reading:
    """What was read so far."""

    def __init__(self, sender: Role) -> None:
        self.messages: list[bytes] = []
        self.protected: list[memoryview] = []
        self.stopped = ""
        self._sender = sender
        self._changed = False
        self._buffer = HandshakeBuffer(defaults.message_limit)

    def take(self, record: memoryview) -> None:
        """One whole record."""
        if self._changed:
            self.protected.append(record)
        elif record[0] == ContentType.handshake:
            self._handshake(record[HEADER_LENGTH:])
        elif record[0] == ContentType.change_cipher_spec:
            self._changed = True
        elif record[0] == ContentType.application_data:
            self.stopped = f"the {self._sender.value} sent data before its ChangeCipherSpec"
        # An alert in the clear changes nothing about what can be read.

    def _handshake(self, content: memoryview) -> None:
        self._buffer.append(content)
        try:
            while (raw := self._buffer.next()) is not None:
                if raw[0] != HandshakeType.hello_request:  # no part of one: RFC 5246, 7.4.1.1
                    self.messages.append(raw)
        except TLSError as error:
            self.stopped = error.detail


@value
class Plain:
    """A record that was opened."""

    content_type: ContentType
    content: bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"content"})


def open_half(half: Half, opener: Opener12) -> tuple[tuple[Plain, ...], str]:
    """Open a side's protected records, one after the other.

    Returns:
        those that opened, and why it ended before their end, or an empty text.
    """
    opened: list[Plain] = []
    for number, record in enumerate(half.protected, 1):
        content, odd = opener.open_one(record, MAX_PLAINTEXT)
        if odd not in (0, EMPTY):
            why = (
                "is longer than TLS allows" if odd == TOO_LONG else "does not open with these keys"
            )
            return tuple(opened), f"the {half.sender.value}'s protected record {number:,} {why}"
        kind = ContentType.of(record[0])
        opened.append(Plain(kind, content))
        if kind == ContentType.change_cipher_spec:
            return tuple(
                opened
            ), "the keys change once more: a renegotiation, which is not followed"
    return tuple(opened), half.stopped
