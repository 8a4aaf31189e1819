"""A client's sessions: single use in 1.3, more than once in 1.2, and bounds."""

from __future__ import annotations

from tests.support.sessions import NOW, session
from tlsee.codes import ProtocolVersion
from tlsee.sessions.client import ClientSessions
from tlsee.sessions.session import Session

TLS12 = ProtocolVersion.TLS12


def numbered(number: int, **changes: object) -> Session:
    """Sessions that were received one second after the other."""
    return session(secret=bytes([number]) * 32, issued_at=NOW + number, **changes)


def test_a_ticket_of_13_is_used_once() -> None:
    """The newest first, each for one connection; then there is none left."""
    kept = ClientSessions()
    for number in (1, 2):
        kept.put("a", numbered(number))
    assert kept.take("a", NOW + 9) == (numbered(2),)
    assert kept.take("a", NOW + 9) == (numbered(1),)
    assert kept.take("a", NOW + 9) == ()


def test_several_at_once() -> None:
    """Who wants to offer more than one ticket gets them newest first; no ticket, none."""
    kept = ClientSessions()
    for number in (1, 2, 3):
        kept.put("a", numbered(number))
    assert kept.take("a", NOW + 9, 0) == ()
    assert kept.take("a", NOW + 9, 2) == (numbered(3), numbered(2))
    assert kept.take("a", NOW + 9, 2) == (numbered(1),)


def test_a_session_of_12_stays() -> None:
    """It is offered again and again until it is forgotten; the tickets of 1.3 beside it are not."""
    kept = ClientSessions()
    kept.put("a", numbered(1, version=TLS12))
    kept.put("a", numbered(2))
    assert kept.take("a", NOW + 9) == (numbered(2), numbered(1, version=TLS12))
    assert kept.take("a", NOW + 9) == (numbered(1, version=TLS12),)
    kept.forget("a", numbered(1, version=TLS12))
    assert kept.take("a", NOW + 9) == ()


def test_keys_do_not_mix() -> None:
    """What belongs to one server is never offered to another."""
    kept = ClientSessions()
    kept.put("a", numbered(1))
    kept.put("b", numbered(2))
    kept.forget("b", numbered(1))
    assert kept.take("c", NOW) == ()
    assert kept.take("b", NOW + 2) == (numbered(2),)
    assert kept.take("a", NOW + 2) == (numbered(1),)


def test_the_dead_are_not_offered() -> None:
    """A ticket past its lifetime is dropped, and one that has none is never kept."""
    kept = ClientSessions()
    kept.put("a", numbered(1, lifetime=10))
    kept.put("a", numbered(2, lifetime=0))
    assert len(kept) == 1
    assert kept.take("a", NOW + 11) == ()
    assert len(kept) == 0


def test_bounds_in_number() -> None:
    """Too many of one server push out its oldest; too many servers, the one used longest ago."""
    kept = ClientSessions(keys=2, sessions_per_key=2)
    for number in (1, 2, 3):
        kept.put("a", numbered(number))
    assert len(kept) == 2
    kept.put("b", numbered(4))
    assert kept.take("a", NOW + 9) == (numbered(3),)
    kept.put("c", numbered(5))
    assert kept.take("b", NOW + 9) == ()
    assert kept.take("a", NOW + 9) == (numbered(2),)
    assert kept.take("c", NOW + 9) == (numbered(5),)


def test_bounds_in_bytes() -> None:
    """A server that sends long tickets cannot make a client keep more bytes than it wants to."""
    kept = ClientSessions(size=1000)
    kept.put("a", numbered(1, ticket=bytes(400)))
    kept.put("b", numbered(2, ticket=bytes(400)))
    kept.put("b", numbered(3, ticket=bytes(1001)))
    assert len(kept) == 2
    kept.put("b", numbered(4, ticket=bytes(400)))
    assert kept.take("a", NOW + 9) == ()
    assert kept.take("b", NOW + 9, 5) == tuple(numbered(n, ticket=bytes(400)) for n in (4, 2))
    kept.put("a", numbered(1, ticket=bytes(900)))  # what was taken freed its bytes
    assert len(kept) == 1
    kept.clear()
    assert len(kept) == 0


def test_nothing_shows_a_secret() -> None:
    """The repr counts; it names no server and shows no session."""
    kept = ClientSessions()
    kept.put("secret.example", session())
    assert repr(kept) == "ClientSessions(1 sessions of 1 servers)"
