"""Sealed tickets: what was sealed opens, and nothing else does."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.sessions import NOW, Random
from tlsee.crypto.pyca import PROVIDER
from tlsee.sessions.bounds import SEALED_LIMIT
from tlsee.sessions.keyring import KeyRing, TicketKey
from tlsee.sessions.tickets import OVERHEAD, open_sealed, open_ticket, seal

KEY = TicketKey(b"i" * 16, b"k" * 32, NOW, NOW + 100)
OTHER = TicketKey(b"j" * 16, b"l" * 32, NOW, NOW + 100)
TICKET = seal(KEY, b"the content", PROVIDER.random)


def ring() -> KeyRing:
    return KeyRing([KEY, OTHER])


@given(st.binary(max_size=500), st.binary(max_size=20))
def test_seal_and_open(content: bytes, about: bytes) -> None:
    """What was sealed is opened by whoever has the key and says what it is about."""
    ticket = seal(KEY, content, PROVIDER.random, about)
    assert len(ticket) == len(content) + OVERHEAD
    assert open_ticket(ring(), ticket, NOW, about) == content
    assert open_ticket(ring(), ticket, NOW, about + b"x") is None


@given(st.integers(0, len(TICKET) * 8 - 1))
def test_no_bit_may_change(bit: int) -> None:
    """A ticket with one bit another does not open: not in its id, salt, content or tag."""
    forged = bytearray(TICKET)
    forged[bit // 8] ^= 1 << bit % 8
    assert open_ticket(ring(), bytes(forged), NOW) is None


@given(st.integers(0, len(TICKET) - 1), st.binary(min_size=1, max_size=20))
def test_no_byte_may_be_missing_or_more(length: int, more: bytes) -> None:
    """A ticket that was cut, or that goes on, does not open."""
    assert open_ticket(ring(), TICKET[:length], NOW) is None
    assert open_ticket(ring(), TICKET + more, NOW) is None


@given(st.binary(max_size=200))
def test_forgeries(ticket: bytes) -> None:
    """Bytes that nobody sealed do not open, with or without a key id that is known."""
    assert open_ticket(ring(), ticket, NOW) is None
    assert open_ticket(ring(), KEY.id + ticket, NOW) is None


def test_the_key_id_is_bound() -> None:
    """A ticket that names another key of the ring does not open, even if both keys were one."""
    assert open_ticket(ring(), OTHER.id + TICKET[16:], NOW) is None
    twin = TicketKey(OTHER.id, KEY.key, NOW, NOW + 100)
    assert open_ticket(KeyRing([KEY, twin]), OTHER.id + TICKET[16:], NOW) is None
    assert open_sealed(twin, TICKET) is None


def test_a_dead_key_opens_nothing() -> None:
    """The ticket is as it was; its key has ended."""
    assert open_ticket(ring(), TICKET, NOW + 99.9) == b"the content"
    assert open_ticket(ring(), TICKET, NOW + 100) is None


def test_unknown_keys_are_counted() -> None:
    """A ticket of a key that is not here is counted; one that is no ticket at all is not."""
    empty = KeyRing()
    assert open_ticket(empty, TICKET, NOW) is None
    assert open_ticket(empty, TICKET[: OVERHEAD - 1], NOW) is None
    assert open_ticket(empty, bytes(SEALED_LIMIT + 1), NOW) is None
    assert empty.unknown_key_ids == 1


def test_salts_make_keys() -> None:
    """The same content under the same key is other bytes each time; the salt is what is random."""
    random = Random()
    one, two = seal(KEY, bytes(64), random), seal(KEY, bytes(64), random)
    assert one[16:48] != two[16:48]
    assert one[48:] != two[48:]
    assert random.calls == 2


def test_nothing_shines_through() -> None:
    """Neither the content nor the key is among a ticket's bytes."""
    ticket = seal(KEY, b"content " * 8, PROVIDER.random)
    assert b"content" not in ticket
    assert KEY.key[:4] not in ticket
