"""A connection is a value in disguise: it can be forked anywhere, and replayed from a journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.endpoints import (
    Pair,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tests.support.resuming import Forgetful, resumable
from tlsee.codes import NamedGroup
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.events import DataReceived
from tlsee.crypto.journal import Journal, recording
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.replay import replaying
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.stores import TicketSessions


def mutual(**provider: Any) -> Pair:
    """A handshake with everything in it: retry, client certificate."""
    client = {"groups": [NamedGroup.X25519MLKEM768, NamedGroup.x25519, NamedGroup.secp256r1]}
    return Pair(
        client_config(**client, credentials=[client_credential()], **provider.get("client", {})),
        server_config(
            groups=[NamedGroup.secp256r1], client_trust=trust(), **provider.get("server", {})
        ),
    )


def resumed(**provider: Any) -> Pair:
    """A second handshake, with early data; a client's certificate is behind the session."""
    ticket_keys = TicketSessions(replay=Forgetful())
    client, _ = resumable(
        {"credentials": [client_credential()]},
        early_data=1000,
        client_trust=trust(),
        sessions=ticket_keys,
    )
    visiting = client_config(
        sessions=client.sessions, credentials=[client_credential()], **provider.get("client", {})
    )
    serving = server_config(
        sessions=ticket_keys, early_data=1000, client_trust=trust(), **provider.get("server", {})
    )
    pair = Pair(visiting, serving, client_options={"early_data": True})
    pair.client.write_early_data(b"early")
    return pair


def retried(**provider: Any) -> Pair:
    """The same, where the server wants another share: early data is refused."""
    groups = {"groups": [NamedGroup.secp384r1]}
    return resumed(client={}, **{**provider, "server": {**provider.get("server", {}), **groups}})


def external() -> Pair:
    """A key that both have."""
    keys = [ExternalPsk(b"mesh", bytes(32))]
    server = ServerConfig(credentials=[], psks=keys, insecure_accept_own_hellos=True)
    return Pair(ClientConfig(psks=keys), server)


def finish(pair: Pair) -> None:
    """To the end, and data both ways."""
    pair.run()
    pair.client.write(b"from the client")
    pair.server.write(b"from the server")
    pair.run()
    received = [
        bytes(event.data)
        for event in pair.server_events + pair.client_events
        if isinstance(event, DataReceived)
    ]
    assert received == [b"from the client", b"from the server"]


def step(pair: Pair, position: int, half: int) -> bool:
    """Carry one side's bytes, cut in two so that forks happen inside messages as well."""
    sender, receiver = (
        (pair.client, pair.server) if position % 2 == 0 else (pair.server, pair.client)
    )
    data = sender.data_to_send()
    if not data:
        return False
    cut = len(data) * half // 3
    if cut:
        receiver.receive_data(data[:cut])
    receiver.receive_data(data[cut:])
    return True


@pytest.mark.parametrize("stop", range(7))
@pytest.mark.parametrize("half", [0, 1, 2])
@pytest.mark.parametrize("make", [mutual, resumed, retried, external])
def test_both_copies_of_a_fork_finish(make: Callable[[], Pair], stop: int, half: int) -> None:
    """Forked before any flight, in the middle of any flight, and after the last."""
    pair = make()
    for position in range(stop):
        step(pair, position, half)
    twin = object.__new__(Pair)
    twin.__dict__.update(pair.__dict__)
    twin.client, twin.server = pair.client.fork(), pair.server.fork()
    twin.client_events, twin.server_events = [], []

    finish(twin)
    finish(pair)


def test_both_endpoints_replay_to_the_same_bytes() -> None:
    """Random values, keys, encapsulations, signatures and the clock come from the journals."""
    journals = {"client": Journal(), "server": Journal()}
    first = mutual(
        client={"provider": recording(PROVIDER, journals["client"])},
        server={"provider": recording(PROVIDER, journals["server"])},
    )
    recorded = record_bytes(first)
    second = mutual(
        client={"provider": replaying(PROVIDER, journals["client"])},
        server={"provider": replaying(PROVIDER, journals["server"])},
    )

    assert record_bytes(second) == recorded


def record_bytes(pair: Pair) -> list[bytes]:
    """Everything that went over the wire, in order."""
    sent: list[bytes] = []
    for round_trip in range(4):
        if round_trip == 3:
            pair.client.write(b"hello")
            pair.server.write(b"hello")
        for sender, receiver in ((pair.client, pair.server), (pair.server, pair.client)):
            data = sender.data_to_send()
            sent.append(bytes(data))
            if data:
                receiver.receive_data(data)
    return sent
