"""A server's sessions: what it issued it finds, and nothing else, tickets and stored ones alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sessions import NOW, Random, session, sessions
from tlsee.crypto.provider import LATER, Later
from tlsee.crypto.pyca import PROVIDER
from tlsee.sessions.bounds import IDENTITIES_LIMIT, REPLAY_SPAN, SEALED_LIMIT
from tlsee.sessions.keyring import KeyRing, TicketKey
from tlsee.sessions.session import Session
from tlsee.sessions.store import MemoryStore
from tlsee.sessions.stores import Found, ServerSessions, StoredSessions, TicketSessions

KINDS: list[Callable[[], ServerSessions]] = [TicketSessions, StoredSessions]
kinds = pytest.mark.parametrize("kind", KINDS)


def found(store: ServerSessions, *identities: bytes, now: float = NOW) -> Found:
    """What is there at once; these stores wait for nobody."""
    result = store.find(identities, now)
    assert not isinstance(result, Later)
    assert store.find_blocking(identities, now) == result
    return result


@kinds
@given(one=sessions)
def test_issued_is_found(kind: Callable[[], ServerSessions], one: Session) -> None:
    """A living session comes back whole by its ticket; a dead one gets none."""
    store = kind()
    now = one.issued_at
    ticket = store.issue(one, PROVIDER.random, now)
    assert (ticket is not None) is one.is_alive(now)
    if ticket is not None:
        assert found(store, ticket, now=now) == (one,)


@kinds
def test_a_session_ends(kind: Callable[[], ServerSessions]) -> None:
    """At the end of its lifetime a session is not found, though it was and though its key lives."""
    store = kind()
    ticket = store.issue(session(lifetime=10), PROVIDER.random, NOW)
    assert ticket is not None
    assert found(store, ticket, now=NOW + 9) != (None,)
    assert found(store, ticket, now=NOW + 10) == (None,)


@kinds
@given(junk=st.lists(st.binary(max_size=100) | st.just(bytes(32)), max_size=12))
def test_junk(kind: Callable[[], ServerSessions], junk: list[bytes]) -> None:
    """Identities that are not ours give as many ``None``, whatever they are."""
    assert found(kind(), *junk) == (None,) * len(junk)


@kinds
def test_in_their_order(kind: Callable[[], ServerSessions]) -> None:
    """Each identity gets its own answer; those past the bound are not looked up."""
    store = kind()
    first = store.issue(session(alpn=b"1"), PROVIDER.random, NOW)
    second = store.issue(session(alpn=b"2"), PROVIDER.random, NOW)
    assert first is not None
    assert second is not None
    result = found(store, second, b"junk", first, bytes(32), second)
    assert [item and item.alpn for item in result] == [b"2", None, b"1", None, b"2"]
    many = found(store, *[bytes(32)] * (IDENTITIES_LIMIT - 1), first, first)
    assert many[-2] == session(alpn=b"1")
    assert many[-1] is None


@kinds
def test_two_stores_do_not_share(kind: Callable[[], ServerSessions]) -> None:
    """What another server issued, with keys or a memory of its own, is not found."""
    ticket = kind().issue(session(), PROVIDER.random, NOW)
    assert ticket is not None
    assert found(kind(), ticket) == (None,)


@kinds
def test_early_data_once(kind: Callable[[], ServerSessions]) -> None:
    """With nothing brought from elsewhere early data is taken from the start, and once."""
    store = kind()
    assert store.is_replay(b"binder", NOW + 10, NOW) is False
    assert store.is_replay(b"binder", NOW + 10, NOW) is True
    assert store.is_replay_blocking(b"binder", NOW + 10, NOW) is True


def test_shared_keys_wait() -> None:
    """With keys from elsewhere a hello may have been taken before: early data waits."""
    ring = KeyRing([TicketKey(b"i" * 16, b"k" * 32, 0, 1e10)])
    began = PROVIDER.now()
    for store in (TicketSessions(ring), StoredSessions(MemoryStore())):
        assert store.is_replay(b"binder", began + 10, began) is True
        later = PROVIDER.now() + REPLAY_SPAN
        assert store.is_replay(b"binder", later + 10, later) is False


def test_a_fleet_shares_keys() -> None:
    """With the same keys any server finds what another issued."""
    key = TicketKey(b"i" * 16, b"k" * 32, NOW - 1, NOW + 100)
    ticket = TicketSessions(KeyRing([key])).issue(session(), PROVIDER.random, NOW)
    assert ticket is not None
    assert found(TicketSessions(KeyRing([key])), ticket) == (session(),)


def test_tickets_that_are_not_issued() -> None:
    """No key, or a client's chain that no hello could carry: no ticket, and it is counted."""
    store = TicketSessions(KeyRing())
    assert store.issue(session(), PROVIDER.random, NOW) is None
    assert store.unsealable == 1
    store = TicketSessions()
    stateless: ServerSessions = store
    assert store.issue(session(peer_chain=(bytes(SEALED_LIMIT),)), PROVIDER.random, NOW) is None
    assert store.unsealable == 1
    assert stateless.issue_id(session(), PROVIDER.random, NOW) is None


def test_tickets_are_counted() -> None:
    """What does not open is counted, and unknown keys by themselves."""
    store = TicketSessions()
    found(store, bytes(100))
    assert store.unopened == 2  # asked for twice
    assert store.ring.unknown_key_ids == 2


def test_a_ticket_says_nothing() -> None:
    """Name, protocol, chain and secret cannot be read from a ticket."""
    ticket = TicketSessions().issue(session(), PROVIDER.random, NOW)
    assert ticket is not None
    for part in (b"server.example", b"leaf", b"s" * 8):
        assert part not in ticket


def test_stored_ids() -> None:
    """Ids are 32 random bytes, for tickets and for session ids of 1.2."""
    random = Random()
    store = StoredSessions()
    one = store.issue(session(), random, NOW)
    two = store.issue_id(session(alpn=b"2"), random, NOW)
    assert one is not None
    assert two is not None
    assert (len(one), len(two), one != two) == (32, 32, True)
    assert found(store, one, two) == (session(), session(alpn=b"2"))


def test_a_spent_session_is_gone() -> None:
    """Once resumed a stored session cannot be resumed again, nor read by anybody."""
    memory = MemoryStore()
    store = StoredSessions(memory)
    one = store.issue(session(), PROVIDER.random, NOW)
    assert one is not None
    store.spend(one)
    store.spend(one)
    store.spend(b"no id")
    assert found(store, one) == (None,)
    assert len(memory) == 0
    tickets = TicketSessions()
    tickets.spend(b"anything")


def test_a_store_that_will_not() -> None:
    """A session that is not kept has no id."""
    store = StoredSessions(MemoryStore(size=10))
    assert store.issue(session(), PROVIDER.random, NOW) is None
    assert store.unstored == 1


def test_a_store_that_must_be_waited_for() -> None:
    """LATER comes through, and the blocking call has the same answer."""

    class Slow(MemoryStore):
        def get(self, names, now):  # type: ignore[no-untyped-def]
            return LATER

        def get_blocking(self, names, now):  # type: ignore[no-untyped-def]
            return super().get(names, now)

    store = StoredSessions(Slow())
    one = store.issue(session(), PROVIDER.random, NOW)
    assert one is not None
    assert store.find((one,), NOW) is LATER
    assert store.find_blocking((b"junk", one), NOW) == (None, session())


def test_nothing_shows_a_secret() -> None:
    """The reprs count keys and sessions."""
    assert repr(TicketSessions()) == "TicketSessions(RotatingKeyRing(0 keys))"
    assert repr(StoredSessions()) == "StoredSessions(MemoryStore(0 sessions))"
