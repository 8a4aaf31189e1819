"""What a peer can make us keep before anybody knows who it is: bounded, whatever it sends."""

from __future__ import annotations

import gc
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.authentication import request_with
from tests.support.endpoints import client_config, events_of, server_config
from tests.support.hostile import CHANGE_CIPHER_SPEC, HANDSHAKE, Edit, plain_record
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import bearing
from tests.support.stages import ROLES, after_hellos, connected, fresh
from tlsee import defaults
from tlsee.codes import CipherSuite
from tlsee.connection.connection import Connection, ServerConnection
from tlsee.crypto.provider import LATER, Later
from tlsee.errors import TLSError
from tlsee.keys.protection import MAX_CIPHERTEXT, MAX_PLAINTEXT
from tlsee.values import replace
from tlsee.wire.extensions import Extensions
from tlsee.wire.messages13 import Certificate, CertificateEntry

# Bytes of a message that is not whole, and of a record that is not.
WAITING = max(defaults.CERTIFICATE_LIMIT, defaults.CLIENT_HELLO_LIMIT) + MAX_CIPHERTEXT + 16
# What one peer may cost in all before the handshake is done. The dearest message is a hello of
# 64 kB that is nothing but code points: an int of Python's has 32 bytes and stands in a tuple.
COST = 8 * 2**20

Pieces = Iterator[bytes]


def waiting(side: Connection) -> int:
    """Bytes that were taken and not used yet."""
    return side._reader.buffered + side._driver.buffer.pending


def cost(side: Connection, pieces: Pieces) -> tuple[int, int]:
    """The most memory, in bytes, while these arrive; and the most bytes that waited."""
    most = 0
    gc.collect()
    tracemalloc.start()
    try:
        begin = tracemalloc.get_traced_memory()[0]
        for piece in pieces:
            side.receive_data(piece)
            most = max(most, waiting(side))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak - begin, most


def vector(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


CODES = b"".join(struct.pack(">H", number) for number in range(32_000))
EXTENSIONS = b"".join(struct.pack(">HH", 30_000 + number, 0) for number in range(16_000))


def many_suites(message: Any) -> Any:
    codes = tuple(CipherSuite.of(number) for number in range(31_000))
    return replace(message, cipher_suites=codes)


def many_extensions(message: Any) -> bytes:
    """Nothing but extensions that nobody knows."""
    body = (
        b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00" + vector(EXTENSIONS)
    )
    return b"\x01" + len(body).to_bytes(3, "big") + body


HELLOS: dict[str, Edit] = {
    "suites": many_suites,
    "extensions": many_extensions,
    "groups": bearing(10, vector(CODES[:62_000])),
    "schemes": bearing(13, vector(CODES[:62_000])),
    "shares": bearing(51, vector(b"".join(struct.pack(">HH", n, 1) + b"x" for n in range(12_000)))),
    "names": bearing(0, vector(b"\x00\x00\x01x" * 15_000)),
    "protocols": bearing(16, vector(b"\x01a" * 31_000)),
    "authorities": bearing(47, vector(b"\x00\x01x" * 20_000)),
    "identities": bearing(41, vector(b"\x00\x01i\x00\x00\x00\x00" * 4_000) + vector((b"\x20" + bytes(32)) * 900)),
}  # fmt: skip


def recorded(peer: Any, speak: Callable[[], object]) -> list[bytes]:
    """What a peer says, not delivered."""
    said: list[bytes] = []
    deliver, peer.deliver = peer.deliver, said.append
    speak()
    peer.deliver = deliver
    return said


@pytest.mark.parametrize("shape", HELLOS)
def test_a_hello_of_any_shape_costs_a_bounded_amount(shape: str) -> None:
    """64 kB of whatever is cheapest to send and dearest to keep."""
    peer = HostileClient(client_hello=HELLOS[shape])
    said = recorded(peer, peer.greet)
    assert sum(map(len, said)) > 10_000

    assert cost(peer.victim, iter(said))[0] < COST


SERVERS: dict[str, tuple[str, Edit]] = {
    "extensions": ("encrypted_extensions", lambda _: b"\x08" + (64_002).to_bytes(3, "big") + vector(EXTENSIONS)),
    "certificates": ("certificate", lambda _: Certificate(b"", (CertificateEntry(b"x", Extensions.of()),) * 20_000)),
    "authorities": ("certificate_request", request_with(47, vector(b"\x00\x01x" * 20_000))),
    "signature": ("certificate_verify", lambda _: b"\x0f\x00\xff\xff\x04\x03\xff\xfb" + bytes(65_531)),
}  # fmt: skip


@pytest.mark.parametrize("shape", SERVERS)
def test_a_servers_flight_of_any_shape_costs_a_bounded_amount(shape: str) -> None:
    """The same against a client."""
    name, edit = SERVERS[shape]
    edits: Any = {name: edit}
    peer = HostileServer(asks=True, **edits).answer()
    said = recorded(peer, peer.prove)
    assert sum(map(len, said)) > 10_000

    assert cost(peer.victim, iter(said))[0] < COST


def endless(role: str, shape: str) -> tuple[Connection, Pieces]:
    """Streams that never come to anything."""
    peer = fresh(role)
    first = b"\x02" if role == "client" else b"\x01"
    body = bytes(MAX_PLAINTEXT)
    match shape:
        case "garbage":
            return peer.victim, (b"\xa5" * 4096 for _ in range(1000))
        case "half a record":
            return peer.victim, (b"\x16\x03\x03\x40\x00" + bytes(16_000) for _ in range(1))
        case "one byte at a time":
            hello = plain_record(HANDSHAKE, first + b"\x00\xff\xff" + bytes(10_000))
            return peer.victim, (hello[i : i + 1] for i in range(len(hello)))
        case "a message that never ends":
            head = plain_record(HANDSHAKE, first + b"\x00\xff\xff" + body[4:])
            return peer.victim, iter([head] + [plain_record(HANDSHAKE, body)] * 100)
        case "small records of one message":
            head = plain_record(HANDSHAKE, first + b"\x00\xff\xff")
            return peer.victim, iter([head] + [plain_record(HANDSHAKE, b"\x00")] * 20_000)
        case "dummy records":
            peer = after_hellos(role)
            return peer.victim, (CHANGE_CIPHER_SPEC for _ in range(10_000))
        case "data that cannot be opened":
            peer = after_hellos(role)
            return peer.victim, (plain_record(23, body) for _ in range(1000))
        case "a chain that never ends":
            peer = after_hellos(role)
            kind = b"\x08" if role == "client" else b"\x14"
            content = kind + b"\x00\xff\x00" + bytes(16_000)
            return peer.victim, (peer.sealed(HANDSHAKE, content) for _ in range(100))
    raise AssertionError(shape)


ENDLESS = (
    "garbage",
    "half a record",
    "one byte at a time",
    "a message that never ends",
    "small records of one message",
    "dummy records",
    "data that cannot be opened",
    "a chain that never ends",
)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("shape", ENDLESS)
def test_streams_without_end_cost_a_bounded_amount(role: str, shape: str) -> None:
    """No more than one message and one record wait, and the objects around them stay small."""
    side, pieces = endless(role, shape)
    peak, most = cost(side, pieces)

    assert most <= WAITING
    assert peak < 2**20


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_kept_after_a_failure(role: str) -> None:
    """What comes later is not even looked at."""
    peer = connected(role)
    peer.deliver(plain_record(23, bytes(100)))
    assert peer.stopped
    peak, most = cost(peer.victim, (bytes(65_536) for _ in range(200)))

    assert most < MAX_CIPHERTEXT
    assert peak < 2**18
    with pytest.raises(TLSError):
        events_of(peer.victim)


def later(_: Any) -> Later:
    return LATER


def test_while_a_question_is_open_a_bounded_amount_waits() -> None:
    """The application takes its time, the peer does not."""
    peer = HostileClient(server_config(config_for_hello=later)).greet()
    piece = plain_record(23, bytes(MAX_PLAINTEXT))
    peak, most = cost(peer.victim, (piece for _ in range(100)))

    assert most <= defaults.INPUT_WHILE_ASKING_LIMIT + len(piece)
    assert peak < 4 * defaults.INPUT_WHILE_ASKING_LIMIT
    assert peer.victim.failure is not None


def test_a_thousand_connections_that_never_say_anything_share_what_they_can() -> None:
    """A connection that has heard nothing costs little: its configuration is everybody's."""
    config = server_config()
    ServerConnection(config)
    gc.collect()
    tracemalloc.start()
    begin = tracemalloc.get_traced_memory()[0]
    kept = [ServerConnection(config) for _ in range(1000)]
    each = (tracemalloc.get_traced_memory()[0] - begin) / len(kept)
    tracemalloc.stop()

    assert each < 8192


def test_a_client_offers_the_same_whatever_its_peer_is() -> None:
    """The control: an honest handshake stays far below the bounds."""
    peer = HostileServer(client_config()).answer()
    said = recorded(peer, peer.prove)

    assert cost(peer.victim, iter(said))[0] < 2**18
