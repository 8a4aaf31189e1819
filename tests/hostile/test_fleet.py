"""Two servers on one Redis, all of them killed now and then, and early data that is repeated.

What is proved: no early data is taken twice, and no connection fails that a full handshake could
have saved. Only who was talking to a server when it died may be cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.fleet import Fleet, Traffic
from tests.support.missing import missing
from tests.support.redis_server import RedisServer, running

pytestmark = pytest.mark.peers

ROUNDS = 6  # of the long one; in each all die in turn
EARLY = 1000  # early data taken between them


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the fleet's own."""
    if find_spec("redis") is None:
        missing("the redis package", "redis (requirements/test.txt)")
    with running(tmp_path) as server:
        yield server


def check(fleet: Fleet, traffic: Traffic) -> None:
    """Once is once, whatever died; and each answer says what its server did."""
    print(f"\n{dict(sorted(traffic.tally.items()))}")
    for member in fleet.members:
        print(dict(member.counts))
    assert traffic.failures == []
    taken = fleet.taken()
    twice = {ident: count for ident, count in taken["early"].items() if count > 1}
    assert twice == {}
    for ident, how in traffic.answered.items():
        assert taken[how][ident] == 1


def churn(fleet: Fleet, traffic: Traffic, number: int) -> None:
    """Kill one server, then Redis, then the other server while Redis is away."""
    one, other = fleet.members[number % 2], fleet.members[1 - number % 2]
    one.kill()
    traffic.more(40, "answered")
    one.start()
    traffic.more(40, "answered")
    fleet.redis.kill()
    traffic.more(40, "answered")
    other.kill()
    other.start()
    traffic.more(60, "answered")
    fleet.redis.start()
    traffic.more(60, "answered")


def test_a_fleet_takes_early_data_once(redis: RedisServer, tmp_path: Path) -> None:
    """A short run: each dies once, the servers at rest and while Redis is away."""
    fleet = Fleet(redis, tmp_path)
    fleet.trust_memory()
    with fleet.running() as traffic:
        traffic.more(60, "early data accepted")
        churn(fleet, traffic, 0)
    check(fleet, traffic)
    assert traffic.tally["early data accepted"] >= 60
    assert traffic.tally["in TLS 1.2, resumed"] > 0
    assert traffic.tally["copies sent"] > 0  # that they arrive the control below shows


@pytest.mark.slow
def test_a_fleet_takes_early_data_once_over_thousands_of_connections(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Again and again, and after each time until early data is taken again.

    Redis comes back empty each time; after 25 seconds nothing is fresh that it has forgotten.
    """
    fleet = Fleet(redis, tmp_path)
    with fleet.running() as traffic:
        for number in range(ROUNDS):
            traffic.more(EARLY, "early data accepted")
            churn(fleet, traffic, number)
        traffic.more(EARLY, "early data accepted")
    check(fleet, traffic)
    assert traffic.connections > 2000


def test_the_same_without_a_common_memory_takes_it_twice(
    redis: RedisServer, tmp_path: Path
) -> None:
    """The control: where each server remembers for itself, copies are taken, and this sees it."""
    fleet = Fleet(redis, tmp_path, "forgetful")
    with fleet.running() as traffic:
        traffic.more(60, "early data accepted")
    assert traffic.failures == []
    assert max(fleet.taken()["early"].values()) == len(fleet.members)
