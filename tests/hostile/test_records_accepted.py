"""Records that look odd and are right: sizes, padding, fragments, record_size_limit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, events_of, server_config
from tests.support.hostile import ALERT, DATA, HANDSHAKE, Puppet
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import Misdeed, carrying, done
from tests.support.stages import ROLES, after_hellos, connected, data_of, fresh, speak
from tlsee import defaults, policies
from tlsee.codes import ContentType
from tlsee.connection.events import DataReceived
from tlsee.errors import Reasons
from tlsee.keys.protection import MAX_PLAINTEXT
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.record_size_limit import RecordSizeLimit
from tlsee.wire.messages13 import EncryptedExtensions


@pytest.mark.parametrize("role", ROLES)
def test_the_greatest_records_are_accepted(role: str) -> None:
    """2^14 bytes of content; less content and as much padding as fits."""
    peer = connected(role)
    peer.record(DATA, bytes(MAX_PLAINTEXT))
    peer.padding = MAX_PLAINTEXT - 1
    peer.record(DATA, b"x")

    assert data_of(peer) == bytes(MAX_PLAINTEXT) + b"x"


@pytest.mark.parametrize("role", ROLES)
def test_empty_records_are_dropped_and_counted_in_a_row(role: str) -> None:
    """Data between them starts the count anew (RFC 9846, 5.4 lets them be)."""
    peer = connected(role)
    for _ in range(3):
        for _ in range(defaults.EMPTY_RECORDS_LIMIT):
            peer.record(DATA, b"")
        peer.record(DATA, b"x")

    assert data_of(peer) == b"xxx"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("fragment", [1, 2, 3, 7])
def test_messages_in_small_fragments_are_put_together(role: str, fragment: int) -> None:
    """RFC 9846, 5.1: however finely a handshake is cut."""
    peer = fresh(role)
    peer.fragment = fragment
    if isinstance(peer, HostileServer | HostileClient):
        peer.flight()

    assert done(peer)


@pytest.mark.parametrize("role", ROLES)
def test_a_handshake_as_one_piece_per_flight_or_byte_by_byte(role: str) -> None:
    """The same result, whatever TCP made of it."""
    results = []
    for size in (1, 2, 5, 1000, 1 << 20):
        pair = Pair(client_config(key_shares=[]), server_config(alpn=["h2"]))
        sides = [(pair.client, pair.server), (pair.server, pair.client)]
        for _ in range(3):
            for sender, receiver in sides:
                flight = sender.data_to_send()
                step = size if receiver is getattr(pair, role) else 1 << 20
                for start in range(0, len(flight), step):
                    receiver.receive_data(flight[start : start + step])
        pair.run()
        assert pair.done
        info = getattr(pair, role).info
        results.append((info.version, info.suite, info.group, info.retried, info.alpn))
    assert len(set(results)) == 1


def test_messages_of_a_flight_may_share_a_record() -> None:
    """RFC 9846, 5.1: EncryptedExtensions to Finished in one."""
    peer = HostileServer()
    peer.answer()
    with peer.gathering() as contents:
        peer.prove()
    peer.record(HANDSHAKE, b"".join(contents))

    assert done(peer)


@pytest.mark.parametrize("role", ROLES)
def test_padding_of_messages_and_alerts_is_dropped(role: str) -> None:
    """Any protected record may be padded (RFC 9846, 5.4)."""
    peer = after_hellos(role)
    peer.padding = 77
    speak(peer)
    assert done(peer)
    peer.record(ALERT, b"\x01\x00")
    assert peer.victim.failure is None


# --- Padding policy -----------------------------------------------------------------------------


def inner_lengths(data: bytes) -> list[int]:
    """How long the plaintexts of these records are, as anybody on the way can tell."""
    lengths = []
    while data:
        length = int.from_bytes(data[3:5], "big")
        lengths.append(length - 16)
        data = data[5 + length :]
    return lengths


@pytest.mark.parametrize("block", [16, 256, 1000, MAX_PLAINTEXT])
@pytest.mark.parametrize("sender", ROLES)
def test_a_padding_policy_hides_sizes_and_keeps_the_content(sender: str, block: int) -> None:
    """RFC 9846, 5.4: all that can be seen is a multiple of the block; a full record stays full."""
    policy = policies.Policy("padded", padding_block=block)
    settings: Any = {"policy": policy}
    pair = Pair(
        client_config(**(settings if sender == "client" else {})),
        server_config(**(settings if sender == "server" else {})),
    ).run()
    writer, reader = pair.client, pair.server
    if sender == "server":
        writer, reader = reader, writer
    for length in (1, 2, 15, 16, 17, 255, 999, 1000, 1001, MAX_PLAINTEXT - 1, MAX_PLAINTEXT + 1):
        text = bytes(number % 256 for number in range(length))
        writer.write(text)
        data = bytes(writer.data_to_send())
        for inner in inner_lengths(data):
            assert (inner - 1) % block == 0 or inner == MAX_PLAINTEXT + 1
            assert inner <= MAX_PLAINTEXT + 1
        reader.receive_data(data)
        got = [bytes(e.data) for e in events_of(reader) if isinstance(e, DataReceived)]
        assert b"".join(got) == text


def test_padding_keeps_to_the_peers_limit() -> None:
    """RFC 8449, 4: padding counts; where a block is longer than a record, the record is full."""
    policy = policies.Policy("padded", padding_block=512)
    pair = Pair(client_config(record_size_limit=100), server_config(policy=policy)).run()
    pair.server.write(b"x" * 250)
    data = bytes(pair.server.data_to_send())

    assert inner_lengths(data) == [100, 100, 100]
    pair.client.receive_data(data)
    got = [bytes(e.data) for e in events_of(pair.client) if isinstance(e, DataReceived)]
    assert b"".join(got) == b"x" * 250


def test_content_that_ends_in_zeros_is_no_padding() -> None:
    """The type stands between content and padding, so zeros of the content stay."""
    policy = policies.Policy("padded", padding_block=64)
    pair = Pair(client_config(policy=policy), server_config()).run()
    for text in (bytes(1), bytes(63), bytes(64), b"\x17" + bytes(10), b"\x17" * 20):
        pair.client.write(text)
        Pair.carry(pair.client, pair.server)
        got = [bytes(e.data) for e in events_of(pair.server) if isinstance(e, DataReceived)]
        assert b"".join(got) == text


# --- record_size_limit (RFC 8449) --------------------------------------------------------------


@pytest.mark.parametrize("limits", [(64, 64), (64, 16385), (1000, 64), (16385, 300)])
def test_record_size_limit_holds_both_ways(limits: tuple[int, int]) -> None:
    """No record of either side is longer inside than what the other one asked for."""
    pair = Pair(
        client_config(record_size_limit=limits[0]), server_config(record_size_limit=limits[1])
    )
    pair.run()
    for sender, receiver, limit in (
        (pair.server, pair.client, limits[0]),
        (pair.client, pair.server, limits[1]),
    ):
        sender.write(bytes(5000))
        data = sender.data_to_send()
        assert max(inner_lengths(bytes(data))) == min(limit, 5001)
        receiver.receive_data(data)
        got = [bytes(e.data) for e in events_of(receiver) if isinstance(e, DataReceived)]
        assert b"".join(got) == bytes(5000)


def test_handshake_messages_keep_to_the_servers_limit_too() -> None:
    """RFC 8449, 4: it holds for every protected record, a certificate's as well."""
    pair = Pair(client_config(record_size_limit=64), server_config())
    Pair.carry(pair.client, pair.server)
    rest = bytes(pair.server.data_to_send())
    count = 0
    while rest:
        length = int.from_bytes(rest[3:5], "big")
        if rest[0] == ContentType.application_data:
            assert length <= 64 + 16
            count += 1
        rest = rest[5 + length :]
    assert count >= 8


def with_limit(role: str, limit: int) -> Puppet:
    """A victim that asked for short records, and a peer that agreed."""
    if role == "server":
        peer: Puppet = HostileClient(server_config(record_size_limit=limit)).flight()
    else:
        settings = EncryptedExtensions(Extensions.of())
        edit = carrying(RecordSizeLimit(16385))
        peer = HostileServer(
            client_config(record_size_limit=limit), encrypted_extensions=lambda _: edit(settings)
        )
        peer.fragment = limit - 1
        peer.flight()
    assert done(peer)
    return peer


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("limit", [64, 100, 16384])
def test_a_record_beyond_our_limit_is_refused(role: str, limit: int) -> None:
    """RFC 8449, 4: the limit counts content, type and padding; one byte more is an end."""
    peer = with_limit(role, limit)
    peer.record(DATA, bytes(limit - 1))
    peer.padding = limit - 2
    peer.record(DATA, b"x")
    assert data_of(peer) == bytes(limit - 1) + b"x"

    def attack() -> Puppet:
        peer.padding = limit - 1
        peer.record(DATA, b"x")
        return peer

    Misdeed("", Reasons.record_overflow, attack, words=f"{limit:,} allowed").check()


def test_without_the_servers_answer_there_is_no_limit() -> None:
    """A limit that the server did not agree to binds nobody (RFC 8449, 4)."""
    peer = HostileServer(client_config(record_size_limit=64)).flight()
    assert done(peer)
    peer.record(DATA, bytes(5000))

    assert data_of(peer) == bytes(5000)
