"""The machine's graph is RFC 9846's: Appendix A's two figures, typed here by hand."""

from __future__ import annotations

from tlsee.handshake import (
    client13,
    hello_client,
    hello_server,
    offer13,
    post13,
    post13_client,
    post13_server,
    server13,
    server13_flight,
)
from tlsee.handshake.machine import (
    State,
    answer_edge,
    aside_edges,
    change_cipher_spec_edge,
    command_edges,
    edges,
)

MODULES = (
    client13,
    hello_client,
    hello_server,
    offer13,
    post13,
    post13_client,
    post13_server,
    server13,
    server13_flight,
)

# RFC 9846, A.1. START is where WAIT_SH begins, so HelloRetryRequest leads back to WAIT_SH.
CLIENT_FIGURE = {
    ("WAIT_SH", "hello_retry_request", "WAIT_SH"),
    ("WAIT_SH", "server_hello", "WAIT_EE"),
    ("WAIT_EE", "encrypted_extensions", "WAIT_CERT_CR"),
    ("WAIT_EE", "encrypted_extensions", "WAIT_FINISHED"),
    ("WAIT_CERT_CR", "certificate_request", "WAIT_CERT"),
    ("WAIT_CERT_CR", "certificate", "WAIT_CV"),
    ("WAIT_CERT", "certificate", "WAIT_CV"),
    ("WAIT_CV", "certificate_verify", "WAIT_FINISHED"),
    ("WAIT_FINISHED", "finished", "CONNECTED"),
}

# RFC 9846, A.2, with RECVD_CH, NEGOTIATED and WAIT_FLIGHT2 contracted: nothing is received there
# that the figure names.
SERVER_FIGURE = {
    ("START", "client_hello", "START"),  # by way of HelloRetryRequest
    ("START", "client_hello", "WAIT_EOED"),  # with 0-RTT
    ("WAIT_EOED", "end_of_early_data", "WAIT_FINISHED"),
    ("WAIT_EOED", "end_of_early_data", "WAIT_CERT"),
    ("START", "client_hello", "WAIT_FINISHED"),  # no client authentication
    ("START", "client_hello", "WAIT_CERT"),  # with it
    ("WAIT_CERT", "certificate", "WAIT_FINISHED"),  # an empty one
    ("WAIT_CERT", "certificate", "WAIT_CV"),
    ("WAIT_CV", "certificate_verify", "WAIT_FINISHED"),
    ("WAIT_FINISHED", "finished", "CONNECTED"),
}
# The figure has it because it has 0-RTT and client authentication in two boxes one above the other.
# No handshake takes it: early data comes under a key, and with a session's no certificate may be
# asked for (RFC 9846, 4.4.2). With an external key one may, beside certificates (RFC 9973); early
# data under such a key is declined here, since nothing about it is used once, and a client of ours
# does not send any beside certificates.
SERVER_NEVER = {
    ("WAIT_EOED", "end_of_early_data", "WAIT_CERT"),
}

# What CONNECTED may still receive stands in the text (4.7), not in the figures: by what the client
# offered, by what the server has asked for, and by what has been said in answer.
CONNECTED: dict[type[State], set[str]] = {
    post13_client.ConnectedClient: {"key_update", "new_session_ticket"},
    post13_client.AskableClient: {"key_update", "new_session_ticket", "certificate_request"},
    post13_server.ConnectedServer: {"key_update"},
    post13_server.AskingServer: {"key_update", "certificate"},
    post13_server.WaitClientCertificateVerify: {"certificate_verify"},
    post13_server.WaitClientFinished: {"finished"},
}
BASES = {post13.Connected, post13_server.ServerEnd}  # what those have in common


def contracted(targets: tuple[type[State], ...]) -> set[str]:
    """Where an edge leads in the figure's names: states that wait for an answer are passed by."""
    found: set[str] = set()
    for target in targets:
        asking = answer_edge(target)
        if target.rfc.startswith("1.2 "):
            continue  # the hello chose the older version; its figure is below
        if asking is None:
            found.add(target.rfc)
        else:
            found |= contracted(asking[1])
    return found


def graph(*start: type[State]) -> tuple[set[tuple[str, str, str]], set[type[State]]]:
    """Every edge that can be reached, as (state, message, state) in the RFC's names."""
    found: set[tuple[str, str, str]] = set()
    seen: set[type[State]] = set()
    waiting = list(start)
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        asking = answer_edge(state)
        if asking is not None:
            waiting += asking[1]
            continue
        waiting += change_cipher_spec_edge(state)
        for kind, edge in edges(state).items():
            waiting += edge.targets
            for more in (*aside_edges(state).values(), *command_edges(state).values()):
                waiting += more
            if not state.connected and not state.rfc.startswith("1.2 "):
                found |= {(state.rfc, str(kind), name) for name in contracted(edge.targets)}
    return found, seen


def test_the_clients_graph_is_the_figure() -> None:
    """A.1: no edge more, no edge less."""
    found, _ = graph(hello_client.WaitServerHello)

    assert found == CLIENT_FIGURE


def test_the_servers_graph_is_the_figure_but_for_an_edge_that_nothing_takes() -> None:
    """A.2: no edge more, no edge less."""
    found, _ = graph(hello_server.WaitClientHello)

    assert found == SERVER_FIGURE - SERVER_NEVER


def test_connected_accepts_what_the_text_allows() -> None:
    """4.7: tickets, KeyUpdates, requests where they were offered, and answers where asked for."""
    found = {state: {str(kind) for kind in edges(state)} for state in CONNECTED}

    assert found == CONNECTED


def test_an_answer_is_read_without_anything_between_its_messages() -> None:
    """4.7.2: data and other messages wait until the client has said all of it."""
    reading = {state for state in CONNECTED if not state.allows_data}

    assert reading == {post13_server.WaitClientCertificateVerify, post13_server.WaitClientFinished}


def test_what_is_asked_aside_leads_back_to_a_connected_state() -> None:
    """And only connected states ask aside: else input waits."""
    for state in CONNECTED:
        asides = {"aside_verdict"}
        if state is post13_client.AskableClient:
            asides = {"aside_credential", "aside_signature"}
        if state is post13_client.ConnectedClient:
            asides = set()
        assert set(aside_edges(state)) == asides
        assert all(target.connected for found in aside_edges(state).values() for target in found)
    for module in (client13, server13, server13_flight, hello_client, hello_server, offer13):
        states = [item for item in vars(module).values() if isinstance(item, type)]
        handshake = [item for item in states if issubclass(item, State) and not item.connected]
        assert not any(aside_edges(item) for item in handshake)


def test_every_state_of_the_two_versions_is_reachable() -> None:
    """A state that no edge leads to is dead code."""
    _, client = graph(hello_client.AwaitSessionVerdict)
    _, server = graph(hello_server.WaitClientHello)
    reached = client | server
    declared = {
        item
        for module in MODULES
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, State) and item is not State
    }

    assert declared <= reached | BASES


def test_a_state_waits_for_messages_or_for_one_answer_never_both() -> None:
    """An asking state has no message handler: input waits until the answer came."""
    _, client = graph(hello_client.WaitServerHello)
    _, server = graph(hello_server.WaitClientHello)

    for state in client | server:
        takes = bool(edges(state)) or bool(change_cipher_spec_edge(state))
        assert (answer_edge(state) is None) == takes, state
