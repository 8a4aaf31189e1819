"""Every (state, message) pair that the figure does not have is refused, in both roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.machine.test_graph import graph
from tests.support.drivers import AskingPair, DriverPair, forked
from tests.support.endpoints import client_config, client_credential, server_config, trust
from tests.support.resuming import Forgetful, resumable
from tlsee.codes import AlertDescription, CipherSuite, HandshakeType, NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import PeerMisbehaved
from tlsee.handshake import hello_client, hello_server
from tlsee.handshake.machine import Driver, edges
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.stores import TicketSessions
from tlsee.wire.hellos import HELLO_RETRY_REQUEST_RANDOM

KINDS = [
    kind
    for kind in HandshakeType.members()
    if kind not in (HandshakeType.hello_retry_request, HandshakeType.message_hash)
]


MESH = ExternalPsk(b"mesh", bytes(32))


def both(**changes: Any) -> ServerConfig:
    """A server that speaks both versions."""
    versions = [ProtocolVersion.TLS13, ProtocolVersion.TLS12]
    return server_config(versions=versions, **changes)


def message_of(kind: HandshakeType) -> bytes:
    """A message of this type; a state that has no handler must not even look inside."""
    body = b"\x00" if kind == HandshakeType.key_update else b""
    if kind == HandshakeType.hello_retry_request:
        kind, body = HandshakeType.server_hello, b"\x03\x03" + HELLO_RETRY_REQUEST_RANDOM
    return bytes((kind,)) + len(body).to_bytes(3, "big") + body


def refused(driver: Driver, raw: bytes) -> PeerMisbehaved | None:
    """What a copy of the driver says to this message."""
    twin = forked(driver)
    try:
        twin.receive(twin.read_epoch, raw)
    except PeerMisbehaved as error:
        return error
    return None


def sweep(pair: DriverPair) -> int:
    """Offer every illegal message to every state that a handshake passes."""
    tried = 0
    for receiver, _, _ in pair.steps():
        tried += sweep_state(receiver)
    return tried + sweep_state(pair.client) + sweep_state(pair.server)


def sweep_state(driver: Driver) -> int:
    """Offer every message that is no edge of this state."""
    legal = edges(type(driver.state))
    tried = 0
    for kind in (*KINDS, HandshakeType.hello_retry_request):
        if kind in legal:
            continue
        error = refused(driver, message_of(kind))
        assert error is not None, (driver.state, kind)
        assert error.alert == AlertDescription.unexpected_message, (driver.state, kind, error)
        assert str(kind) in str(error)
        for expected in legal:
            assert str(expected) in str(error), "the text names what was expected"
        tried += 1
    return tried


def resumed(early: bool = False, group: NamedGroup | None = None, **server: Any) -> DriverPair:
    """A second handshake, with the session of the first."""
    client, serving = resumable(
        {"credentials": [client_credential()]},
        early_data=1000,
        client_trust=trust(),
        sessions=TicketSessions(replay=Forgetful()),
    )
    changes = {"groups": [group]} if group is not None else {}
    again = server_config(
        sessions=serving.sessions, early_data=1000, client_trust=trust(), **changes, **server
    )
    return DriverPair(client, again, early=early)


def external() -> DriverPair:
    """A key that both have, and no certificate."""
    server = ServerConfig(credentials=[], psks=[MESH], insecure_accept_own_hellos=True)
    return DriverPair(ClientConfig(psks=[MESH]), server)


def asked_later() -> DriverPair:
    """A client that is asked for its certificate when all else is done."""
    return AskingPair(
        client_config(credentials=[client_credential()], post_handshake_auth=True),
        server_config(client_trust=trust(), client_auth="none"),
    )


PAIRS: dict[str, Callable[[], DriverPair]] = {
    "plain": DriverPair,
    "client certificate": lambda: DriverPair(
        client_config(credentials=[client_credential()]), server_config(client_trust=trust())
    ),
    "no client certificate": lambda: DriverPair(
        client_config(), server_config(client_trust=trust(), client_auth="optional")
    ),
    "1.2": lambda: DriverPair(client_config(versions=[ProtocolVersion.TLS12]), both()),
    "1.2 with a client certificate": lambda: DriverPair(
        client_config(versions=[ProtocolVersion.TLS12], credentials=[client_credential()]),
        both(client_trust=trust()),
    ),
    "retry": lambda: DriverPair(
        client_config(groups=[NamedGroup.x25519, NamedGroup.secp256r1]),
        server_config(groups=[NamedGroup.secp256r1]),
    ),
    "resumed": resumed,
    "resumed with early data": lambda: resumed(early=True),
    "resumed with early data, retried": lambda: resumed(True, NamedGroup.secp384r1),
    "not resumed after all": lambda: resumed(suites=[CipherSuite.TLS_AES_256_GCM_SHA384]),
    "external key": external,
    "certificates beside a key": lambda: DriverPair(
        client_config(psks=[MESH], credentials=[client_credential()]),
        server_config(psks=[MESH], client_trust=trust(), insecure_accept_own_hellos=True),
    ),
    "asked later": asked_later,
}


@pytest.mark.parametrize("name", PAIRS)
def test_every_other_message_is_refused_with_what_was_expected(name: str) -> None:
    """The sweep over the states that this handshake passes, and over Connected."""
    tried = sweep(PAIRS[name]())

    assert tried > 100


def test_the_sweep_meets_every_state_that_takes_messages() -> None:
    """Nothing that can be built is left out, of TLS 1.3: a new state needs a pair here."""
    met = set()
    for make in PAIRS.values():
        pair = make()
        for receiver, _, _ in pair.steps():
            met.add(type(receiver.state))
        met |= {type(pair.client.state), type(pair.server.state)}
    declared = {
        state
        for state in graph(hello_client.AwaitSessionVerdict, hello_server.WaitClientHello)[1]
        if edges(state) and not state.rfc.startswith("1.2 ")
    }
    assert declared <= met


@pytest.mark.parametrize("name", ["plain", "resumed with early data"])
def test_a_message_under_the_wrong_epoch_is_refused(name: str) -> None:
    """A driver never takes handshake bytes that other keys protected than those of the moment."""
    pair = PAIRS[name]()
    for receiver, epoch, raw in pair.steps():
        for other in type(epoch):
            if other is not epoch:
                twin = forked(receiver)
                with pytest.raises(PeerMisbehaved):
                    twin.receive(other, raw)


@pytest.mark.parametrize(("name", "expected"), [("plain", 4), ("resumed with early data", 5)])
def test_bytes_left_over_at_a_key_change_are_refused(name: str, expected: int) -> None:
    """RFC 9846, 5.1: no message spans a key change, however well-formed what follows is."""
    pair = PAIRS[name]()
    changes = 0
    for receiver, epoch, raw in pair.steps():
        plain, followed = (forked(receiver) for _ in range(2))
        plain.receive(epoch, raw)
        if plain.read_epoch is receiver.read_epoch:
            followed.receive(epoch, raw + b"\x08")
            continue
        with pytest.raises(PeerMisbehaved) as caught:
            followed.receive(epoch, raw + b"\x08")
        assert caught.value.name == "misaligned_key_change"
        changes += 1
    assert changes == expected  # each hello, each Finished, EndOfEarlyData
