"""The memory of early data: each hello once, within a bound, and never a guess."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.sessions import NOW
from tlsee.sessions.bounds import REPLAY_SPAN
from tlsee.sessions.replay import ReplayMemory


def test_once() -> None:
    """The first is new, each copy is none, another token is not affected."""
    memory = ReplayMemory()
    assert memory.is_replay(b"a", NOW + 10, NOW) is False
    assert memory.is_replay(b"a", NOW + 10, NOW) is True
    assert memory.is_replay_blocking(b"a", NOW + 99, NOW + 9) is True
    assert memory.is_replay(b"b", NOW + 10, NOW) is False
    assert (memory.replays, memory.declined) == (2, 0)


def test_it_is_bounded_by_the_window() -> None:
    """What cannot be fresh any more is forgotten, so memory does not grow with time."""
    memory = ReplayMemory()
    for second in range(1000):
        assert memory.is_replay(b"%d" % second, NOW + second + 10, NOW + second) is False
        assert len(memory) <= 11


def test_full_means_declined() -> None:
    """When there is no room nothing is forgotten early: the new one is declined instead."""
    memory = ReplayMemory(limit=2)
    assert memory.is_replay(b"a", NOW + 10, NOW) is False
    assert memory.is_replay(b"b", NOW + 20, NOW) is False
    assert memory.is_replay(b"c", NOW + 10, NOW) is True
    assert memory.is_replay(b"a", NOW + 10, NOW) is True
    assert (memory.replays, memory.declined) == (1, 1)
    assert memory.is_replay(b"c", NOW + 20, NOW + 10) is False
    assert memory.is_replay(b"b", NOW + 20, NOW + 10) is True


def test_what_is_not_fresh() -> None:
    """A hello whose time has passed is declined and takes no room."""
    memory = ReplayMemory()
    assert memory.is_replay(b"a", NOW, NOW) is True
    assert len(memory) == 0


def test_a_memory_that_began_empty() -> None:
    """Beside keys that are older than it, it declines until no earlier hello is fresh (8.2)."""
    memory = ReplayMemory(born=NOW)
    assert memory.is_replay(b"a", NOW + 10, NOW) is True
    end = NOW + REPLAY_SPAN
    assert memory.is_replay(b"a", end + 10, end - 0.1) is True
    assert memory.is_replay(b"a", end + 10, end) is False
    assert memory.is_replay(b"a", end + 10, end) is True
    assert (memory.replays, memory.declined) == (1, 2)


_hellos = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 30), st.integers(0, 9)), max_size=60)


@given(_hellos, st.integers(1, 6))
def test_no_hello_twice(hellos: list[tuple[int, int, int]], limit: int) -> None:
    """In any order, at any times, with any bound: no token is new twice while it may be fresh."""
    memory = ReplayMemory(limit=limit)
    accepted: dict[int, int] = {}
    now = 0
    for token, fresh, later in hellos:
        now += later
        if not memory.is_replay(b"%d" % token, NOW + now + fresh, NOW + now):
            assert accepted.get(token, -1) <= now
            accepted[token] = now + fresh
        assert len(memory) <= limit
