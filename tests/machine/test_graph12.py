"""TLS 1.2's machine takes the messages of RFC 5246, figure 1, in that order and in no other."""

from __future__ import annotations

import typing

import pytest

from tests.support.drivers import DriverPair, forked
from tests.support.endpoints import client_config, client_credential, server_config, trust
from tlsee.codes import AlertDescription, ProtocolVersion
from tlsee.errors import PeerMisbehaved
from tlsee.handshake import (
    client12,
    client12_chain,
    offer12,
    post12,
    server12,
    server12_flight,
    server12_resumed,
)
from tlsee.handshake.machine import (
    State,
    answer_edge,
    change_cipher_spec_edge,
    edges,
)
from tlsee.trace import Epoch
from tlsee.values import replace

CCS = "change_cipher_spec"

# Figure 1 after ServerHello, its starred messages there or not: with RSA key exchange there is no
# ServerKeyExchange.
FIGURE_1 = {
    ("certificate", "server_key_exchange", "server_hello_done", CCS, "finished"),
    (
        "certificate",
        "server_key_exchange",
        "certificate_request",
        "server_hello_done",
        CCS,
        "finished",
    ),
    ("certificate", "server_hello_done", CCS, "finished"),
    ("certificate", "certificate_request", "server_hello_done", CCS, "finished"),
}

# RFC 6066, 8: a CertificateStatus immediately after the Certificate, or not.
STAPLED = {(flight[0], "certificate_status", *flight[1:]) for flight in FIGURE_1}

# RFC 5077, 3.1: a NewSessionTicket directly before the server's ChangeCipherSpec, or not.
TICKETED = {(*flight[:-2], "new_session_ticket", *flight[-2:]) for flight in FIGURE_1 | STAPLED}

CLIENT_FIGURE = FIGURE_1 | STAPLED | TICKETED

# RFC 5246, figure 2: a session is resumed; RFC 5077, figure 2: and its ticket renewed.
CLIENT_RESUMES = {(CCS, "finished"), ("new_session_ticket", CCS, "finished")}

SERVER_FIGURE = {
    ("client_key_exchange", CCS, "finished"),
    ("certificate", "client_key_exchange", CCS, "finished"),  # an empty one, or none asked for
    ("certificate", "client_key_exchange", "certificate_verify", CCS, "finished"),
}


def flights(state: type[State]) -> set[tuple[str, ...]]:
    """Every order in which messages lead from this state to the end of the handshake."""
    if state.connected:
        return {()}
    asking = answer_edge(state)
    if asking is not None:
        return {flight for target in asking[1] for flight in flights(target)}
    found = {
        (CCS, *flight) for target in change_cipher_spec_edge(state) for flight in flights(target)
    }
    for kind, edge in edges(state).items():
        for target in edge.targets:
            found |= {(str(kind), *flight) for flight in flights(target)}
    return found


def test_the_client_takes_figure_1_and_nothing_else() -> None:
    """Each optional message there or not there, a stapled response too; no other order."""
    assert flights(client12_chain.WaitCertificate) == CLIENT_FIGURE


def test_a_raw_public_key_takes_the_certificates_place() -> None:
    """RFC 7250: figure 1 again, but there is nothing to staple to."""
    ticketed = {flight for flight in TICKETED if "certificate_status" not in flight}
    assert flights(client12_chain.WaitRawPublicKey) == FIGURE_1 | ticketed


def test_the_client_takes_figure_2_and_nothing_else() -> None:
    """With a session the server's Finished comes at once, or behind a new ticket."""
    entered = typing.get_args(client12_chain.Entered)
    full = (client12_chain.WaitCertificate, client12_chain.WaitRawPublicKey)
    resumed = {state for state in entered if state not in full}
    assert {flight for state in resumed for flight in flights(state)} == CLIENT_RESUMES


def test_the_server_takes_figure_1_and_nothing_else() -> None:
    """A CertificateVerify comes if and only if a certificate did."""
    assert flights(server12.AwaitCredential) == SERVER_FIGURE


def test_the_server_takes_figure_2_and_nothing_else() -> None:
    """With a session the client has nothing left to say but that it has the main secret."""
    assert flights(server12_resumed.WaitResumedChangeCipherSpec) == {(CCS, "finished")}
    assert flights(offer12.AwaitSession) == SERVER_FIGURE | {(CCS, "finished")}


def test_connected_takes_only_the_wish_to_renegotiate() -> None:
    """RFC 5246, 7.4.1.1: HelloRequest for a client, ClientHello for a server."""
    assert {str(kind) for kind in edges(post12.ConnectedClient12)} == {"hello_request"}
    assert {str(kind) for kind in edges(post12.ConnectedServer12)} == {"client_hello"}


def pair() -> DriverPair:
    """Both sides prove themselves, in 1.2."""
    return DriverPair(
        client_config(versions=[ProtocolVersion.TLS12], credentials=[client_credential()]),
        server_config(
            versions=[ProtocolVersion.TLS13, ProtocolVersion.TLS12], client_trust=trust()
        ),
    )


def test_change_cipher_spec_is_taken_in_one_state_of_each_role() -> None:
    """Anywhere else it is refused: CCS injection, and messages skipped (SMACK)."""
    running = pair()
    taken: dict[str, set[type[State]]] = {"client": set(), "server": set()}
    for _ in running.steps():
        for name, driver in (("client", running.client), ("server", running.server)):
            twin = forked(driver)
            if change_cipher_spec_edge(type(twin.state)):
                taken[name] |= {type(twin.state)}
                continue
            with pytest.raises(PeerMisbehaved) as caught:
                twin.receive_change_cipher_spec()
            assert caught.value.alert == AlertDescription.unexpected_message
    assert taken == {
        "client": {client12.WaitChangeCipherSpec},
        "server": {server12_flight.WaitChangeCipherSpec},
    }


def test_finished_without_change_cipher_spec_is_refused() -> None:
    """The keys have not changed, so the state that knows Finished is not there yet."""
    running = pair()
    refused = 0
    for receiver, epoch, raw in running.steps():
        if raw:
            continue
        twin = forked(receiver)
        with pytest.raises(PeerMisbehaved) as caught:
            twin.receive(epoch, b"\x14\x00\x00\x0c" + bytes(12))
        assert caught.value.alert == AlertDescription.unexpected_message
        refused += 1
    assert refused == 2  # one in each role


def test_renegotiation_is_answered_with_a_warning_and_counted() -> None:
    """RFC 5746 made it safe; RFC 9325, 3.5 would rather not have it. Here there is none."""
    running = pair().run()
    state = running.client.state
    running.client.receive(Epoch.APPLICATION, b"\x00\x00\x00\x00")

    assert running.client.state == replace(state, refusals=1)
    assert running.client_carrier.warnings == [AlertDescription.no_renegotiation_RESERVED]
