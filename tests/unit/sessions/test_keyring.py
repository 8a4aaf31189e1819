"""Which ticket key seals, which opens, and when each ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.sessions import NOW, Random
from tlsee.errors import ApiMisuse
from tlsee.sessions.bounds import KEYS_LIMIT
from tlsee.sessions.keyring import KeyRing, RotatingKeyRing, TicketKey


def key(name: int, not_before: float, not_after: float) -> TicketKey:
    return TicketKey(bytes([name]) * 16, bytes([name]) * 32, not_before, not_after)


def test_a_published_key_opens_before_it_seals() -> None:
    """The new key is known at once and seals later: by then every server knows it."""
    old, new = key(1, NOW - 100, NOW + 200), key(2, NOW + 50, NOW + 300)
    ring = KeyRing([old, new])
    assert ring.current(NOW) == ring.current(NOW + 49.9) == old
    assert ring.find(new.id, NOW) == new
    assert ring.current(NOW + 50) == new
    assert ring.find(old.id, NOW + 199) == old
    assert ring.unknown_key_ids == 0


def test_a_dead_key_opens_nothing() -> None:
    """From not_after on a key neither seals nor opens, and asking for it is counted."""
    ring = KeyRing([key(1, NOW, NOW + 10)])
    assert ring.find(b"\1" * 16, NOW + 9.9) is not None
    assert ring.find(b"\1" * 16, NOW + 10) is None
    assert ring.current(NOW + 10) is None
    assert ring.keys(NOW + 10) == ()
    assert ring.unknown_key_ids == 1


def test_unknown_ids_are_counted() -> None:
    """A server out of step is seen by the ids that it does not know."""
    ring = KeyRing([key(1, NOW, NOW + 10)])
    for _ in range(3):
        assert ring.find(b"?" * 16, NOW) is None
    assert ring.unknown_key_ids == 3


def test_a_ring_without_keys() -> None:
    """No key, or none yet: nothing is sealed, nothing is opened, nothing raises."""
    assert KeyRing().take(NOW) is None
    assert KeyRing([key(1, NOW + 1, NOW + 2)]).take(NOW) is None


def test_a_key_seals_no_more_than_its_limit() -> None:
    """After so many tickets a key seals no more, and an older living one takes over."""
    old, new = key(1, NOW - 1, NOW + 9), key(2, NOW, NOW + 9)
    ring = KeyRing([old, new], seals_per_key=3)
    taken = [ring.take(NOW) for _ in range(7)]
    assert taken == [new] * 3 + [old] * 3 + [None]
    assert ring.find(new.id, NOW) == new


def test_the_limit_holds_between_threads() -> None:
    """Threads that seal at once do not pass the limit together."""
    ring = KeyRing([key(1, NOW, NOW + 9)], seals_per_key=50)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: ring.take(NOW), range(200)))
    assert sum(item is not None for item in taken) == 50


def test_the_limit_holds_in_a_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who chose the key before another used it up gets nothing for it afterwards."""
    ring = KeyRing([key(1, NOW, NOW + 9)], seals_per_key=1)
    monkeypatch.setattr(ring, "current", lambda _: key(1, NOW, NOW + 9))
    assert ring.take(NOW) is not None
    assert ring.take(NOW) is None


def test_two_leaders_make_one_choice() -> None:
    """Keys that begin at the same time are chosen between alike, in whatever order they came."""
    one, other = key(1, NOW, NOW + 9), key(2, NOW, NOW + 9)
    assert KeyRing([one, other]).current(NOW) == KeyRing([other, one]).current(NOW)


def test_what_is_no_ring() -> None:
    """Keys of the wrong size or life, one id for two keys, too many keys."""
    with pytest.raises(ApiMisuse):
        KeyRing([TicketKey(b"i" * 15, b"k" * 32, NOW, NOW + 1)])
    with pytest.raises(ApiMisuse):
        KeyRing([TicketKey(b"i" * 16, b"k" * 31, NOW, NOW + 1)])
    with pytest.raises(ApiMisuse):
        KeyRing([key(1, NOW, NOW)])
    ring = KeyRing([key(n, NOW, NOW + 1) for n in range(KEYS_LIMIT)])
    ring.add(key(1, NOW, NOW + 1))
    with pytest.raises(ApiMisuse, match="id"):
        ring.add(TicketKey(b"\1" * 16, b"k" * 32, NOW, NOW + 1))
    with pytest.raises(ApiMisuse, match="at most"):
        ring.add(key(KEYS_LIMIT, NOW, NOW + 1))


def test_nothing_shows_a_key() -> None:
    """The id is public; the key is in no repr and in no exception."""
    ring = KeyRing([key(75, NOW, NOW + 1)])
    with pytest.raises(ApiMisuse) as caught:
        ring.add(TicketKey(b"K" * 16, b"X" * 32, NOW, NOW + 1))
    for shown in (repr(ring), repr(key(75, NOW, NOW + 1)), str(caught.value)):
        assert "K" * 17 not in shown
        assert "4b" * 17 not in shown
        assert "XXXX" not in shown


def test_rotation() -> None:
    """A key seals for its period; what it sealed last can be opened for a whole lifetime."""
    ring = RotatingKeyRing(period=100, lifetime=250, random=Random())
    first = ring.current(NOW)
    assert first is not None
    assert ring.current(NOW + 99.9) == first
    second = ring.current(NOW + 100)
    assert second is not None
    assert second != first
    assert ring.find(first.id, NOW + 99.9 + 250) == first
    assert ring.find(first.id, NOW + 350) is None


@given(st.lists(st.floats(0, 500), min_size=1, max_size=60))
def test_rotation_is_bounded(steps: list[float]) -> None:
    """However time passes, the sealing key is younger than its period and the ring stays small."""
    ring = RotatingKeyRing(period=100, lifetime=250, random=Random())
    now = NOW
    for step in steps:
        now += step
        taken = ring.take(now)
        assert taken is not None
        assert taken.not_before <= now < taken.not_before + 100
        assert len(ring.keys(now)) <= 4


def test_a_clock_that_was_set_back() -> None:
    """With the clock before every key a new one is made; the ring has an end to that, too."""
    ring = RotatingKeyRing(period=100, lifetime=250, random=Random())
    made = [ring.current(NOW - hour * 3600) for hour in range(KEYS_LIMIT + 9)]
    assert made[0] is not None
    assert len(ring.keys(NOW - 1e6)) <= KEYS_LIMIT


def test_threads_make_one_key() -> None:
    """A period that ends under load gives one new key, not one per thread."""
    ring = RotatingKeyRing(random=Random())
    with ThreadPoolExecutor(8) as pool:
        taken = set(pool.map(lambda _: ring.take(NOW), range(100)))
    assert len(taken) == 1


def test_rotating_too_fast() -> None:
    """A period under which more keys would live than a ring holds is refused at once."""
    with pytest.raises(ApiMisuse):
        RotatingKeyRing(period=1, lifetime=86_400)
    with pytest.raises(ApiMisuse):
        RotatingKeyRing(period=0)
