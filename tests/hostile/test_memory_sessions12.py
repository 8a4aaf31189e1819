"""What sessions of TLS 1.2 make us keep: no more than without them, whatever lengths a peer chooses."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from tests.hostile.test_memory import COST, cost, recorded
from tests.support.endpoints import Pair
from tests.support.hostile12_resuming import (
    ResumingClient12,
    ResumingServer12,
    kept,
    remembered,
)
from tests.support.refusals import carrying, instead
from tlsee.sessions.bounds import CLIENT_SESSIONS_PER_KEY, CLIENT_TICKET_LIMIT, SEALED_LIMIT
from tlsee.sessions.client import ClientSessions
from tlsee.values import replace
from tlsee.wire.extensions.session_ticket import SessionTicket12
from tlsee.wire.messages12 import NewSessionTicket

CONNECTIONS = 40


def each_costs(connect: Callable[[], Pair]) -> float:
    """Bytes that both ends of one connection keep, its handshake done."""
    connect()
    gc.collect()
    tracemalloc.start()
    try:
        begin = tracemalloc.get_traced_memory()[0]
        pairs = [connect() for _ in range(CONNECTIONS)]
        for pair in pairs:
            pair.client_events.clear()
            pair.server_events.clear()
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - begin) / len(pairs)
    finally:
        tracemalloc.stop()


def test_a_connection_that_resumes_keeps_no_more_than_one_that_does_not() -> None:
    """The session's chain is the one that the store holds; there is no second copy of it."""
    visiting, serving = remembered()

    def full() -> Pair:
        assert isinstance(visiting.sessions, ClientSessions)
        visiting.sessions.clear()
        return Pair(visiting, serving).run()

    def resumed() -> Pair:
        pair = Pair(visiting, serving).run()
        assert pair.client.info.resumed
        return pair

    whole = each_costs(full)
    assert each_costs(resumed) <= whole


@pytest.mark.parametrize("length", [CLIENT_TICKET_LIMIT, 0xFFFF - 100])
def test_a_huge_ticket_costs_a_client_its_bytes_a_few_times(length: int) -> None:
    """While it comes; what is kept of it is a ticket, or nothing."""
    visiting, _ = remembered()
    huge = instead(NewSessionTicket(3600, bytes(length)))
    peer = ResumingServer12(visiting, promises=True, new_session_ticket=huge)
    said = recorded(peer, lambda: peer.flight("server_hello", "new_session_ticket"))
    assert sum(map(len, said)) > length
    peak, _ = cost(peer.victim, iter(said))
    assert peak < 8 * length


def test_a_huge_ticket_costs_a_server_a_bounded_amount() -> None:
    """It is not opened: what is longer than any ticket of ours is none."""
    visiting, serving = remembered()
    huge = carrying(SessionTicket12(bytes(60_000)))
    peer = ResumingClient12(serving, visiting, client_hello=huge)
    said = recorded(peer, lambda: peer.flight("client_hello"))
    assert sum(map(len, said)) > SEALED_LIMIT
    assert cost(peer.victim, iter(said))[0] < COST
    assert peer.victim.failure is None


def test_a_server_that_renews_without_end_fills_nothing() -> None:
    """A ticket with every connection, each as long as it may be: a few of them are kept."""
    visiting, _ = remembered()
    for number in range(3 * CLIENT_SESSIONS_PER_KEY):
        ticket = bytes((number,)) * CLIENT_TICKET_LIMIT
        assert _renewed(visiting, ticket)
    assert len(kept(visiting)) <= CLIENT_SESSIONS_PER_KEY


def _renewed(visiting: Any, ticket: bytes) -> bool:
    """One resumption, at whose end the client has this ticket as its newest."""
    newest = kept(visiting)[-1]
    sessions = visiting.sessions
    ((key, _),) = sessions._sessions.items()
    before = kept(visiting)
    sessions.clear()
    sessions.put(key, newest)
    renewal = instead(NewSessionTicket(3600, ticket))
    ResumingServer12(visiting, promises=True, new_session_ticket=renewal).flight()
    found = kept(visiting)[-1]
    sessions.clear()
    for session in [*before, found]:
        sessions.put(key, session)
    return found.ticket == ticket


def test_the_bytes_of_all_tickets_are_bounded() -> None:
    """Many servers, each with the longest ticket: the oldest go."""
    visiting, _ = remembered()
    (session,) = kept(visiting)
    sessions = ClientSessions(size=10 * CLIENT_TICKET_LIMIT)
    for number in range(100):
        sessions.put(f"server {number}", replace(session, ticket=bytes(CLIENT_TICKET_LIMIT)))
    assert 0 < len(sessions) < 10
    assert sessions._used <= 10 * CLIENT_TICKET_LIMIT
