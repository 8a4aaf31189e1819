"""Renegotiation is refused, and whoever does not take no for an answer is not heard for ever."""

from __future__ import annotations

import pytest

from tests.support.endpoints import Pair, client_config, events_of, server_config
from tlsee import defaults
from tlsee.codes import AlertDescription, ProtocolVersion
from tlsee.connection.connection import Connection
from tlsee.connection.events import DataReceived
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.compose import Composer
from tlsee.wire.codec import encode
from tlsee.wire.messages12 import HelloRequest

TLS12 = [ProtocolVersion.TLS12]


def pair_of(role: str) -> tuple[Connection, Connection, bytes]:
    """The victim, its peer, and the message with which the peer asks."""
    config = client_config(versions=TLS12)
    pair = Pair(config, server_config(versions=TLS12)).run()
    if role == "client":
        return pair.client, pair.server, encode(HelloRequest())
    return pair.server, pair.client, encode(Composer().client_hello(config, "server.test", ()))


def ask(peer: Connection, message: bytes) -> bytes:
    peer._writer.handshake(message)
    peer._writer.flush()
    return bytes(peer.data_to_send())


@pytest.mark.parametrize("role", ["client", "server"])
def test_a_flood_ends_the_connection(role: str) -> None:
    """Each is refused with a warning, data flows on, and one beyond the bound is the end."""
    victim, peer, message = pair_of(role)
    for _ in range(defaults.RENEGOTIATION_LIMIT):
        victim.receive_data(ask(peer, message))
        assert events_of(victim) == []
        assert victim.data_to_send(), "a warning"
    peer.write(b"still here")
    victim.receive_data(peer.data_to_send())
    assert [bytes(e.data) for e in events_of(victim) if isinstance(e, DataReceived)] == [
        b"still here"
    ]

    victim.receive_data(ask(peer, message))

    with pytest.raises(PeerMisbehaved) as caught:
        events_of(victim)
    assert caught.value.name == Reasons.too_many_renegotiations.name
    assert caught.value.alert == AlertDescription.handshake_failure


@pytest.mark.parametrize("role", ["client", "server"])
def test_many_in_one_record_count_each(role: str) -> None:
    """Messages are counted, not records: a bunch of them is stopped at the same number."""
    victim, peer, message = pair_of(role)
    victim.receive_data(ask(peer, message * (defaults.RENEGOTIATION_LIMIT + 1)))

    with pytest.raises(PeerMisbehaved) as caught:
        events_of(victim)
    assert caught.value.name == Reasons.too_many_renegotiations.name
    warnings = bytes(victim.data_to_send())
    assert len(warnings) <= (defaults.RENEGOTIATION_LIMIT + 1) * 31
