"""Sessions of TLS 1.3 in memory: resumed, refused, with early data, with external keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, server_config
from tests.support.resuming import resumable
from tlsee.codes import CipherSuite, NamedGroup
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.events import DataReceived, EarlyDataReceived, TicketReceived
from tlsee.errors import AlertReceived, Reasons
from tlsee.handshake.outcome import ByPsk, EarlyData
from tlsee.identity.proof import ByCertificate
from tlsee.sessions.psk import ExternalPsk, import_psk

KEY = bytes(range(32))


def test_the_second_connection_is_resumed() -> None:
    """Neither certificate nor signature, and both sides know it."""
    first, second = resumable(), None
    second = Pair(*first).run()
    for side in (second.client, second.server):
        assert side.info.resumed
        assert isinstance(side.info.peer, ByPsk)
        assert side.info.group is NamedGroup.X25519MLKEM768
    proof = second.client.info.peer
    assert isinstance(proof, ByPsk)
    assert proof.peer is not None
    assert proof.peer.name == "server.test"


def test_a_ticket_is_used_once() -> None:
    """Two tickets serve two connections; each brings one for the next."""
    client, server = resumable()
    assert client.sessions is not None
    before = len(client.sessions)
    Pair(client, server).run()
    assert (before, len(client.sessions)) == (2, 2)


def test_a_resumed_connection_knows_when_it_began() -> None:
    """The time of the full handshake is handed down."""
    client, server = resumable()
    second, third = Pair(client, server).run(), Pair(client, server).run()
    began = {pair.client.info.established_at for pair in (second, third)}
    assert len(began) == 1


def test_a_session_survives_a_retry() -> None:
    """The binder is computed anew, over the HelloRetryRequest."""
    client, server = resumable()
    other = server_config(sessions=server.sessions, groups=[NamedGroup.secp384r1])
    pair = Pair(client, other).run()
    assert pair.client.info.retried
    assert pair.client.info.resumed


@pytest.mark.parametrize(
    "change",
    [
        {"suites": [CipherSuite.TLS_AES_256_GCM_SHA384]},
        {"alpn": ["h2"]},
        {"sessions": True},
        {"sessions": False},
    ],
    ids=["hash", "alpn", "keys", "none"],
)
def test_what_does_not_fit_leads_to_a_full_handshake(change: dict[str, Any]) -> None:
    """Another hash, protocol or ticket key: a certificate is shown, nothing fails."""
    client = client_config(sessions=True, alpn=["http/1.1", "h2"])
    server = server_config(sessions=True, alpn=["http/1.1"])
    Pair(client, server).run()
    pair = Pair(client, server_config(**{"sessions": server.sessions, **change})).run()
    assert isinstance(pair.client.info.peer, ByCertificate)
    assert not pair.server.info.resumed


def test_early_data_is_accepted_and_ends() -> None:
    """It comes before the handshake is done, and ordinary data follows."""
    client, server = resumable(early_data=1000)
    pair = Pair(client, server, client_options={"early_data": True})
    assert pair.client.early_data_room == 1000
    pair.client.write_early_data(b"early")
    pair.run()
    pair.client.write(b"late")
    pair.run()
    kinds = [type(event) for event in pair.server_events]
    assert kinds[0] is EarlyDataReceived
    assert kinds[-1] is DataReceived
    assert {side.info.early_data for side in (pair.client, pair.server)} == {EarlyData.ACCEPTED}


@pytest.mark.parametrize("how", ["none", "retry"])
def test_refused_early_data_is_skipped(how: str) -> None:
    """The server takes none, or asks for another share: the handshake goes on without it."""
    client, server = resumable(early_data=1000)
    change: dict[str, Any] = {"groups": [NamedGroup.secp384r1]} if how == "retry" else {}
    other = server_config(
        sessions=server.sessions, early_data=0 if how == "none" else 1000, **change
    )
    pair = Pair(client, other, client_options={"early_data": True})
    pair.client.write_early_data(b"early")
    pair.run()
    assert {side.info.early_data for side in (pair.client, pair.server)} == {EarlyData.REFUSED}
    assert not any(isinstance(event, EarlyDataReceived) for event in pair.server_events)
    assert pair.client.early_data_room == 0


def test_early_data_that_comes_again_is_refused() -> None:
    """The same flight a second time, at the same server: data once, the handshake may go on."""
    client, server = resumable(early_data=1000)
    pair = Pair(client, server, client_options={"early_data": True})
    pair.client.write_early_data(b"pay 1")
    flight = bytes(pair.client.data_to_send())
    again = Pair(client_config(), server)
    for connection in (pair.server, again.server):
        connection.receive_data(flight)
    events = [pair.server.next_event(), again.server.next_event()]
    assert [isinstance(event, EarlyDataReceived) for event in events] == [True, False]


@pytest.mark.parametrize("imported", [False, True])
def test_an_external_key_is_the_only_proof(imported: bool) -> None:
    """No certificate on either side."""
    keys = import_psk(b"mesh", KEY, b"a to b") if imported else (ExternalPsk(b"mesh", KEY),)
    server = ServerConfig(credentials=[], psks=keys, insecure_accept_own_hellos=True)
    pair = Pair(ClientConfig(psks=keys), server, name=None).run()
    assert pair.client.info.psk_identity == pair.server.info.psk_identity == keys[0].identity
    assert pair.client.info.scheme is None


def test_our_own_hello_is_refused() -> None:
    """The Selfie attack: one key in both roles of one process."""
    keys = (ExternalPsk(b"mesh", KEY),)
    pair = Pair(ClientConfig(psks=keys), ServerConfig(credentials=[], psks=keys), name=None)
    with pytest.raises(AlertReceived):
        pair.run()
    assert pair.server.failure is not None
    assert pair.server.failure.reason == Reasons.own_hello


def test_an_unknown_key_and_no_certificate() -> None:
    """The alert says that the identity is not known."""
    server = ServerConfig(credentials=[], psks=[ExternalPsk(b"other", KEY)])
    pair = Pair(ClientConfig(psks=[ExternalPsk(b"mesh", KEY)]), server, name=None)
    with pytest.raises(AlertReceived):
        pair.run()
    assert pair.server.failure is not None
    assert pair.server.failure.reason == Reasons.no_psk_and_no_certificate


def test_tickets_on_request() -> None:
    """A server may send more of them later."""
    pair = Pair(*resumable(tickets=0))
    pair.run()
    assert not any(isinstance(event, TicketReceived) for event in pair.client_events)
    assert hasattr(pair.server, "send_tickets")
    pair.server.send_tickets(3)
    pair.run()
    assert sum(isinstance(event, TicketReceived) for event in pair.client_events) == 3
