"""Resumed handshakes in memory, beside ``ssl`` doing the same: sealed tickets on both sides."""

from __future__ import annotations

import contextlib
import ssl
from typing import Any

from benchmarks.contenders import with_ssl, with_tlsee
from benchmarks.contenders.base import X25519
from benchmarks.material import SERVER_NAME, Material
from benchmarks.measure import Effort, Work, in_turn
from benchmarks.results import SUBJECT, Case, Goal, Outcome
from benchmarks.scenarios.sessions import FEW, GOALS, MANY, _issued
from tlsee import NEED_DATA, ClientConfig, ClientConnection, ServerConfig, ServerConnection
from tlsee.sessions.stores import StoredSessions

RESUMED_GOALS = {"ssl": Goal(1.3, project=1.0)}


def resumed13(material: Material, effort: Effort) -> Outcome:
    """psk_dhe_ke: each handshake uses the ticket of the last one up, and brings another."""
    title = f"Resumed handshake in memory: psk_dhe_ke, {X25519}, TLS_AES_128_GCM_SHA256"
    work = {SUBJECT: _ours(material), "ssl": _theirs13(material)}
    cases = [Case("a ticket used, a ticket given", "s", in_turn(work, effort), goals=RESUMED_GOALS)]
    many = FEW if effort.smoke else MANY
    among: dict[str, Work] = {
        "ten live": _among(material, FEW),
        SUBJECT: _among(material, many),
    }
    cases.append(Case(f"among {many:,} stored", "s", in_turn(among, effort), goals=GOALS))
    return Outcome("resumed13", title, cases, [])


def resumed12(material: Material, effort: Effort) -> Outcome:
    """RFC 5077: the same ticket again and again, as long as it is fresh."""
    title = "Resumed TLS 1.2 handshake in memory: by ticket, AES_128_GCM"
    work = {SUBJECT: _ours(material, older=True), "ssl": _theirs12(material)}
    cases = [Case("a ticket shown", "s", in_turn(work, effort), goals=RESUMED_GOALS)]
    return Outcome("resumed12", title, cases, [])


# --- tlsee ----------------------------------------------------------------------------------------


def _ours(material: Material, *, older: bool = False, sessions: Any = True) -> Work:
    """Configurations that keep sessions; each call is one handshake, resumed but for the first."""
    suites = with_tlsee.SUITES12 if older else with_tlsee.SUITES
    client, server = with_tlsee.configurations(material, X25519, suites)
    client = ClientConfig(
        trust=client.trust, groups=client.groups, suites=client.suites, sessions=True
    )
    server = ServerConfig(
        credentials=server.credentials,
        groups=server.groups,
        suites=server.suites,
        sessions=sessions,
        tickets=1,
    )

    def once() -> ClientConnection:
        """All that the two have to say, and the tickets read."""
        visiting, serving = ClientConnection(client, SERVER_NAME), ServerConnection(server)
        data = visiting.data_to_send()
        while data:
            serving.receive_data(data)
            _drain(serving)
            visiting.receive_data(serving.data_to_send())
            _drain(visiting)
            data = visiting.data_to_send()
        return visiting

    once()
    if not once().info.resumed:
        raise AssertionError("tlsee did not resume")
    return once


def _drain(end: ClientConnection | ServerConnection) -> None:
    while end.next_event() is not NEED_DATA:
        pass


def _among(material: Material, count: int) -> Work:
    """A server that keeps so many sessions already."""
    sessions = StoredSessions()
    _issued(sessions, count)
    return _ours(material, sessions=sessions)


# --- ssl ------------------------------------------------------------------------------------------


def _theirs13(material: Material) -> Work:
    client, server = with_ssl.contexts(material)
    server.num_tickets = 1
    return _reusing(client, server)


def _theirs12(material: Material) -> Work:
    client, server = with_ssl.contexts12(material)
    for context in (client, server):
        context.options &= ~ssl.OP_NO_TICKET
    return _reusing(client, server)


def _reusing(client: ssl.SSLContext, server: ssl.SSLContext) -> Work:
    kept: list[Any] = [None]

    def once() -> ssl.SSLObject:
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        visiting = client.wrap_bio(
            to_client, to_server, server_hostname=SERVER_NAME, session=kept[0]
        )
        serving = server.wrap_bio(to_server, to_client, server_side=True)
        for end in (visiting, serving, visiting, serving):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
        with contextlib.suppress(ssl.SSLWantReadError):
            visiting.read(1)  # takes the ticket
        kept[0] = visiting.session
        return visiting

    once()
    if not once().session_reused:
        raise AssertionError("ssl did not resume")
    return once


__all__ = ["resumed12", "resumed13"]
