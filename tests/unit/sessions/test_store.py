"""Sessions in memory: bounded in number, bytes and time."""

from __future__ import annotations

from tests.support.sessions import NOW
from tlsee.sessions.bounds import STORED_LIMIT
from tlsee.sessions.store import MemoryStore


def test_bounds_in_number_and_bytes() -> None:
    """The first in is the first out; the bytes that are counted are those that are there."""
    store = MemoryStore(sessions=3, size=100)
    for name in (b"a", b"b", b"c", b"d"):
        assert store.put(name, bytes(10), NOW + 9, NOW)
    assert store.get((b"a", b"b", b"d"), NOW) == (None, bytes(10), bytes(10))
    assert store.put(b"e", bytes(85), NOW + 9, NOW)
    assert store.get((b"c", b"d", b"e"), NOW) == (None, bytes(10), bytes(85))
    assert not store.put(b"f", bytes(101), NOW + 9, NOW)
    assert not MemoryStore().put(b"f", bytes(STORED_LIMIT + 1), NOW + 9, NOW)


def test_replacing_and_dropping() -> None:
    """A name has one content; what was dropped is gone and frees its bytes."""
    store = MemoryStore(size=100)
    store.put(b"a", bytes(60), NOW + 9, NOW)
    store.put(b"a", bytes(50), NOW + 9, NOW)
    store.put(b"b", bytes(50), NOW + 9, NOW)
    assert len(store) == 2
    store.drop(b"a")
    store.drop(b"a")
    assert store.put(b"c", bytes(50), NOW + 9, NOW)
    assert store.get_blocking((b"a", b"b", b"c"), NOW) == (None, bytes(50), bytes(50))


def test_the_dead_make_room() -> None:
    """What has ended is not found, and goes while others come, before the bounds are reached."""
    store = MemoryStore()
    for number in range(1000):
        now = NOW + number
        assert store.put(b"%d" % number, b"content", now + 10, now)
        assert len(store) <= 12
    assert store.get((b"990", b"989"), NOW + 999) == (b"content", None)
    assert not store.put(b"late", b"content", NOW, NOW + 999)
