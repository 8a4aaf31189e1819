"""Messages out of a stream, however it is cut, and never more of it than the bound."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tlsee.codes import AlertDescription, AlertLevel, HandshakeType
from tlsee.errors import PeerMisbehaved
from tlsee.wire.codec import encode, read, write
from tlsee.wire.extensions import Extensions
from tlsee.wire.framing import Alert, HandshakeBuffer, kind_of, message_hash
from tlsee.wire.hellos import HELLO_RETRY_REQUEST_RANDOM
from tlsee.wire.messages13 import EncryptedExtensions, EndOfEarlyData, Finished

MESSAGES = [
    encode(EncryptedExtensions(Extensions.of())),
    encode(EndOfEarlyData()),
    encode(Finished(bytes(range(32)))),
]
STREAM = b"".join(MESSAGES)


def limit_of(number: int) -> Callable[[HandshakeType], int]:
    def limit(kind: HandshakeType) -> int:
        assert isinstance(kind, HandshakeType)
        return number

    return limit


def drain(buffer: HandshakeBuffer) -> list[bytes]:
    found = []
    while (raw := buffer.next()) is not None:
        found.append(raw)
    return found


@pytest.mark.parametrize("size", range(1, len(STREAM) + 1))
def test_pieces_of_any_size(size: int) -> None:
    """The same messages, whether byte by byte or all at once, and nothing left."""
    buffer = HandshakeBuffer(limit_of(64))
    found: list[bytes] = []
    for at in range(0, len(STREAM), size):
        buffer.append(STREAM[at : at + size])
        found += drain(buffer)
    assert found == MESSAGES
    assert buffer.pending == 0


def test_pending() -> None:
    """What waits is counted: also a whole message that nobody took yet."""
    buffer = HandshakeBuffer(limit_of(64))
    buffer.append(memoryview(STREAM)[:13])
    assert buffer.pending == 13
    assert drain(buffer) == MESSAGES[:2]
    assert buffer.pending == 3
    assert buffer.next() is None


def test_too_long_is_refused_by_the_header() -> None:
    """A byte more than the bound is refused as soon as the header is there; the bound is not."""
    buffer = HandshakeBuffer(limit_of(100))
    buffer.append(b"\x0b\0\0\x64")
    assert buffer.next() is None
    buffer = HandshakeBuffer(limit_of(100))
    buffer.append(b"\x0b\0\0")
    assert buffer.next() is None
    buffer.append(b"\x65")
    with pytest.raises(PeerMisbehaved) as caught:
        buffer.next()
    assert caught.value.name == "message_too_long"
    assert caught.value.detail == "certificate of 101 bytes, allowed are 100"


def test_the_bound_depends_on_the_type() -> None:
    """The type that the header names is what is asked about, unknown ones included."""
    asked: list[HandshakeType] = []

    def limit(kind: HandshakeType) -> int:
        asked.append(kind)
        return 10

    buffer = HandshakeBuffer(limit)
    buffer.append(b"\x14\0\0\0\x63\0\0\0")
    assert len(drain(buffer)) == 2
    assert asked == [HandshakeType.finished, HandshakeType.of(0x63)]


def test_a_copy_is_independent() -> None:
    """Both go on from the same bytes without seeing each other's."""
    one = HandshakeBuffer(limit_of(64))
    one.append(STREAM[:8])
    two = one.copy()
    one.append(STREAM[8:])
    assert drain(one) == MESSAGES
    assert drain(two) == MESSAGES[:1]
    assert two.pending == 2


def test_kinds() -> None:
    """The type of the header; the fixed random makes a ServerHello the other message."""
    assert kind_of(MESSAGES[2]) is HandshakeType.finished
    hello = b"\2\0\0\x48\3\3" + bytes(32) + b"\0\x13\1\0" + bytes(34)
    assert kind_of(hello) is HandshakeType.server_hello
    retry = hello[:6] + HELLO_RETRY_REQUEST_RANDOM + hello[38:]
    assert kind_of(retry) is HandshakeType.hello_retry_request
    assert kind_of(retry[:37]) is HandshakeType.server_hello
    assert kind_of(b"\x63\0\0\0") == HandshakeType.of(0x63)


def test_the_number_of_a_draft_is_no_message() -> None:
    """hello_retry_request names a message in here; its number on the wire is nobody's."""
    with pytest.raises(PeerMisbehaved) as caught:
        kind_of(b"\6\0\0\0")
    assert caught.value.name == "unexpected_message"
    with pytest.raises(PeerMisbehaved):
        kind_of(b"\2\0\0")


def test_message_hash() -> None:
    """RFC 9846, 4.1: type 254, the length of the hash, the hash."""
    assert message_hash(bytes(32)) == b"\xfe\0\0\x20" + bytes(32)
    assert message_hash(b"\1" * 48)[:4] == b"\xfe\0\0\x30"


def test_alerts() -> None:
    """Two bytes, unknown numbers included."""
    alert = Alert(AlertLevel.fatal, AlertDescription.decode_error)
    assert write(alert) == b"\2\x32"
    assert read(Alert, b"\2\x32") == alert
    assert read(Alert, b"\1\xff").description == AlertDescription.of(255)
    for wrong in (b"", b"\2", b"\2\x32\0"):
        with pytest.raises(PeerMisbehaved):
            read(Alert, wrong)
