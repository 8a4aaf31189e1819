"""The key ring of a fleet, on a real Redis: rotated once, known before use, healed after a loss."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.redis_server import RedisServer, eventually, running
from tests.support.sessions import NOW
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse
from tlsee.sessions.at_rest import AtRest
from tlsee.sessions.keyring import TicketKey
from tlsee.sessions.redis_link import RedisLink
from tlsee.sessions.redis_ring import RedisKeyRing
from tlsee.sessions.tickets import open_ticket, seal

pytestmark = pytest.mark.peers

PERIOD, LIFETIME = 1000, 2500
BEGIN = NOW - NOW % PERIOD  # of a period
OURS = b"a secret of thirty-two bytes, ok"
THEIRS = b"another secret of as many bytes!"


class Fleet:
    """Servers with rings of their own, one clock, and one Redis."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.now = BEGIN
        self.links: list[RedisLink] = []

    def join(self, *secrets: bytes, ready: bool = True) -> RedisKeyRing:
        link = RedisLink(self.server.url, timeout=5.0, pause=0.02, refresh=0.05)
        self.links.append(link)
        at_rest = AtRest(secrets or (OURS,))
        ring = RedisKeyRing(
            link,
            at_rest,
            prefix="tlsee",
            period=PERIOD,
            lifetime=LIFETIME,
            now=lambda: self.now,
        )
        link.start()
        if ready:
            eventually(link.refreshed.is_set, "the first look at the keys")
        return ring

    def published(self) -> set[str]:
        return {name.decode() for name in self.server.ask("KEYS", "tlsee:key:*")}


@pytest.fixture
def fleet(redis_server: RedisServer) -> Iterator[Fleet]:
    made = Fleet(redis_server)
    yield made
    for link in made.links:
        link.close()


def current(ring: RedisKeyRing, fleet: Fleet) -> TicketKey:
    found = ring.current(fleet.now)
    assert found is not None
    return found


def next_of(ring: RedisKeyRing, fleet: Fleet) -> TicketKey:
    """The key that does not seal yet."""
    (found,) = [key for key in ring.keys(fleet.now) if key.not_before > fleet.now]
    return found


def test_one_key_for_all(fleet: Fleet) -> None:
    """What one server seals another opens, though it came later and never met the first."""
    first, second = fleet.join(), fleet.join()
    assert current(first, fleet) == current(second, fleet)
    ticket = seal(current(first, fleet), b"content", PROVIDER.random)
    assert open_ticket(second, ticket, fleet.now) == b"content"


def test_it_is_rotated_once(fleet: Fleet) -> None:
    """Servers that find the ring empty at once publish one key for each period, together."""
    with ThreadPoolExecutor(6) as pool:
        rings = list(pool.map(lambda _: fleet.join(), range(6)))
    assert len({current(ring, fleet).id for ring in rings}) == 1
    assert len({next_of(ring, fleet).id for ring in rings}) == 1
    assert len(fleet.published()) == 2


def test_who_comes_second_takes_the_first_key(fleet: Fleet) -> None:
    """Between looking and publishing another server may publish: its key is the fleet's."""
    first = fleet.join()
    link = RedisLink(fleet.server.url)
    late = RedisKeyRing(
        link, AtRest([OURS]), prefix="tlsee", period=PERIOD, lifetime=LIFETIME, now=lambda: BEGIN
    )

    def send(*command: Any) -> Any:
        saw_nothing = command[0] == "MGET"
        return [None] * (len(command) - 1) if saw_nothing else fleet.server.ask(*command)

    late._refresh(send)
    assert current(late, fleet) == current(first, fleet)
    assert next_of(late, fleet) == next_of(first, fleet)


def test_a_key_is_known_before_it_seals(fleet: Fleet) -> None:
    """The next period's key is with every server while the present one still seals."""
    first, second = fleet.join(), fleet.join()
    for _ in range(4):
        coming = next_of(first, fleet)
        assert next_of(second, fleet) == coming
        assert current(first, fleet) != coming
        fleet.now += PERIOD
        assert current(first, fleet) == current(second, fleet) == coming
        eventually(lambda: len(fleet.published()) >= 2, "a key for the next period")
        for ring in (first, second):
            eventually(partial(knows_the_next, ring, fleet), "the next key everywhere")
    assert first.unknown_key_ids == second.unknown_key_ids == 0


def knows_the_next(ring: RedisKeyRing, fleet: Fleet) -> bool:
    return any(key.not_before > fleet.now for key in ring.keys(fleet.now))


def test_old_keys_open_and_end(fleet: Fleet) -> None:
    """A key opens for a lifetime after its period, and then neither server has it."""
    ring = fleet.join()
    ticket = seal(current(ring, fleet), b"content", PROVIDER.random)
    fleet.now += PERIOD + LIFETIME - 1
    assert open_ticket(ring, ticket, fleet.now) == b"content"
    assert open_ticket(fleet.join(), ticket, fleet.now) == b"content"
    fleet.now += 1
    assert open_ticket(ring, ticket, fleet.now) is None
    assert open_ticket(fleet.join(), ticket, fleet.now) is None


def test_redis_does_not_learn_the_keys(fleet: Fleet) -> None:
    """What lies in Redis has no byte of a key, and opens with the secret alone, at its place."""
    ring = fleet.join()
    keys = [current(ring, fleet), next_of(ring, fleet)]
    names = sorted(fleet.published())
    for name in names:
        sealed = fleet.server.ask("GET", name)
        assert not any(key.key[:6] in sealed for key in keys)
        assert AtRest([THEIRS]).open(sealed, name.encode()) is None
        assert AtRest([OURS]).open(sealed, b"another place") is None
        assert AtRest([OURS]).open(sealed, name.encode()) is not None


def test_another_secret(fleet: Fleet) -> None:
    """A server with another secret reads nothing, replaces nothing, seals nothing, and counts."""
    ring = fleet.join()
    before = {name: fleet.server.ask("GET", name) for name in fleet.published()}
    stranger = fleet.join(THEIRS)
    assert stranger.current(fleet.now) is None
    assert stranger.unreadable >= 2
    assert {name: fleet.server.ask("GET", name) for name in fleet.published()} == before
    assert current(ring, fleet) is not None


def test_a_new_secret(fleet: Fleet) -> None:
    """A fleet changes its secret by having both for a time: nobody is without keys."""
    old = fleet.join(OURS)
    both, turned = fleet.join(OURS, THEIRS), fleet.join(THEIRS, OURS)
    assert current(old, fleet) == current(both, fleet) == current(turned, fleet)


def test_a_redis_that_lost_everything(fleet: Fleet) -> None:
    """The servers put their keys back: tickets from before open at a server that comes after."""
    ring = fleet.join()
    key = current(ring, fleet)
    ticket = seal(key, b"content", PROVIDER.random)
    fleet.now += PERIOD
    eventually(lambda: knows_the_next(ring, fleet), "the next key")
    fleet.server.kill()
    fleet.server.start()
    eventually(lambda: len(fleet.published()) == 3, "all living keys in the new Redis")
    later = fleet.join()
    assert current(later, fleet) == current(ring, fleet)
    assert open_ticket(later, ticket, fleet.now) == b"content"


def test_away_at_the_change(fleet: Fleet) -> None:
    """The next key was read long before, so the change needs no Redis; the one after does."""
    ring = fleet.join()
    coming = next_of(ring, fleet)
    fleet.server.kill()
    fleet.now += PERIOD
    assert current(ring, fleet) == coming
    fleet.now += PERIOD
    assert ring.take(fleet.now) is None
    assert ring.find(coming.id, fleet.now) == coming
    fleet.server.start()
    eventually(lambda: ring.take(fleet.now) is not None, "tickets again")


def test_away_from_the_beginning(fleet: Fleet) -> None:
    """Without Redis there are no tickets and no errors; they come with it."""
    fleet.server.kill()
    ring = fleet.join(ready=False)
    assert ring.take(fleet.now) is None
    assert ring.find(bytes(16), fleet.now) is None
    fleet.server.start()
    eventually(lambda: ring.take(fleet.now) is not None, "the first key")


def test_full(fleet: Fleet) -> None:
    """A Redis that takes nothing more still gives: a new server reads what is published."""
    key = current(fleet.join(), fleet)
    fleet.server.ask("CONFIG", "SET", "maxmemory", "1")
    fleet.now += PERIOD
    ring = fleet.join()
    assert ring.find(key.id, fleet.now) == key
    assert current(ring, fleet) != key
    assert not knows_the_next(ring, fleet)
    fleet.server.ask("CONFIG", "SET", "maxmemory", "0")
    eventually(lambda: knows_the_next(ring, fleet), "room, and the next key")


def test_garbage_in_redis(tmp_path: Path) -> None:
    """Whatever somebody writes there in place of a key is counted, and is no key."""
    with running(tmp_path) as server:
        fleet = Fleet(server)
        for number in (0, 1):
            server.ask("SET", f"tlsee:key:{PERIOD}:{int(BEGIN // PERIOD) + number}", b"x" * 200)
        server.ask("LPUSH", f"tlsee:key:{PERIOD}:{int(BEGIN // PERIOD) - 1}", b"a list")
        ring = fleet.join()
        assert ring.current(fleet.now) is None
        assert ring.unreadable >= 2
        fleet.links[0].close()


def test_news_are_fetched(fleet: Fleet) -> None:
    """An unknown key id is counted, and has the server look for news."""
    ring = fleet.join()
    assert ring.find(b"?" * 16, fleet.now) is None
    assert ring.unknown_key_ids == 1


def test_what_is_no_fleet(redis_server: RedisServer) -> None:
    """Periods under which too many keys would live, and secrets that are none."""
    link = RedisLink(redis_server.url)
    with pytest.raises(ApiMisuse):
        RedisKeyRing(link, AtRest([OURS]), prefix="p", period=1)
    with pytest.raises(ApiMisuse):
        AtRest([])
    with pytest.raises(ApiMisuse):
        AtRest([OURS, b"short"])
    assert repr(AtRest([OURS])) == "AtRest(1 secrets)"
