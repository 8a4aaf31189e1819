"""Early data once in a fleet, on a real Redis, whatever happens to it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.redis_server import RedisServer, eventually, running
from tests.support.sessions import NOW
from tlsee.crypto.provider import LATER
from tlsee.sessions.bounds import FLEET_SKEW, REPLAY_SPAN
from tlsee.sessions.redis import RedisSessions

pytestmark = pytest.mark.peers

Connect = Callable[..., RedisSessions]
UNTIL = NOW + 10


def settle(server: RedisServer, sessions: RedisSessions) -> None:
    """Let the first seconds of a memory pass, in which nothing is believed."""
    eventually(lambda: not sessions.link.is_away, "Redis")
    assert sessions.is_replay_blocking(b"the first", UNTIL, NOW) is True
    assert server.ask("DEL", "tlsee:gap") == 1


def test_once_in_a_fleet(redis_server: RedisServer, connect: Connect) -> None:
    """A hello is new to one server, and to none after that; the other one's are not affected."""
    one, other = connect(redis_server), connect(redis_server)
    settle(redis_server, one)
    assert one.is_replay(b"a", UNTIL, NOW) is LATER
    assert one.is_replay_blocking(b"a", UNTIL, NOW) is False
    assert other.is_replay_blocking(b"a", UNTIL, NOW) is True
    assert one.is_replay_blocking(b"a", UNTIL, NOW) is True
    assert other.is_replay_blocking(b"b", UNTIL, NOW) is False
    assert (one.counts["replays"], other.counts["replays"]) == (1, 1)


def test_at_once(redis_server: RedisServer, connect: Connect) -> None:
    """Copies that reach both servers at the same moment: one is taken."""
    fleet = [connect(redis_server) for _ in range(4)]
    settle(redis_server, fleet[0])
    for round_ in range(20):
        token = b"%d" % round_
        with ThreadPoolExecutor(4) as pool:
            seen = pool.map(lambda server, t=token: server.is_replay_blocking(t, UNTIL, NOW), fleet)
            assert sorted(seen) == [False, True, True, True]


def test_a_memory_that_began_empty(redis_server: RedisServer, connect: Connect) -> None:
    """The first hellos of a Redis are declined, for as long as one may have been taken before."""
    sessions = connect(redis_server)
    assert sessions.is_replay_blocking(b"a", UNTIL, NOW) is True
    left = redis_server.ask("PTTL", "tlsee:gap")
    assert 0 < left <= (REPLAY_SPAN + FLEET_SKEW) * 1000
    assert sessions.counts["declined_early_data"] == 1


@pytest.mark.parametrize("loss", ["restarted", "restarted with its data", "emptied"])
def test_a_memory_that_lost_something(tmp_path: Path, connect: Connect, loss: str) -> None:
    """After a restart, data or not, and after a flush, nothing is believed; then it goes on."""
    kept = ("--appendonly", "yes", "--appendfsync", "always") if "data" in loss else ()
    with running(tmp_path, *kept) as server:
        sessions = connect(server)
        settle(server, sessions)
        assert sessions.is_replay_blocking(b"a", UNTIL, NOW) is False
        if loss == "emptied":
            server.ask("FLUSHALL")
        else:
            server.kill()
            server.start()
            eventually(lambda: asked(sessions), "the restarted Redis")
        assert (server.ask("EXISTS", "tlsee:run") == 1) is ("data" in loss)
        assert sessions.is_replay_blocking(b"a", UNTIL, NOW) is True
        assert sessions.is_replay_blocking(b"never seen", UNTIL, NOW) is True
        assert server.ask("EXISTS", "tlsee:gap") == 1
        server.ask("DEL", "tlsee:gap")
        assert sessions.is_replay_blocking(b"b", UNTIL, NOW) is False


def asked(sessions: RedisSessions) -> bool:
    """Whether Redis is there for the sessions; asking is what finds out that it went."""
    sessions.find_blocking((bytes(32),), NOW)
    return not sessions.link.is_away


def test_full(redis_server: RedisServer, connect: Connect) -> None:
    """A Redis without room cannot remember: declined, counted, and taken again with room."""
    sessions = connect(redis_server)
    settle(redis_server, sessions)
    redis_server.ask("CONFIG", "SET", "maxmemory", "1")
    assert sessions.is_replay_blocking(b"a", UNTIL, NOW) is True
    assert sessions.counts["declined_early_data"] == 2
    assert sessions.counts["refused_by_redis"] >= 1
    assert not sessions.link.is_away
    redis_server.ask("CONFIG", "SET", "maxmemory", "0")
    assert sessions.is_replay_blocking(b"a", UNTIL, NOW) is False


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_one_that_evicts(redis_server: RedisServer, connect: Connect, policy: str) -> None:
    """A Redis that may throw hellos out when it is full is not believed at all."""
    sessions = connect(redis_server)
    settle(redis_server, sessions)
    redis_server.ask("CONFIG", "SET", "maxmemory", "100mb")
    assert sessions.is_replay_blocking(b"a", UNTIL, NOW) is False
    redis_server.ask("CONFIG", "SET", "maxmemory-policy", policy)
    assert sessions.is_replay_blocking(b"b", UNTIL, NOW) is True


def test_slow(redis_server: RedisServer, connect: Connect) -> None:
    """While Redis does not answer one call waits its time, and then none: declined at once."""
    sessions = connect(redis_server, timeout=0.1)
    eventually(lambda: taken(redis_server, sessions), "early data that is taken")
    redis_server.stop()
    eventually(lambda: later_is_true(sessions), "the end of asking")
    assert sessions.link.is_away
    before = sessions.counts["declined_early_data"]
    for number in range(1000):
        assert sessions.is_replay(b"%d" % number, UNTIL, NOW) is True
        assert sessions.is_replay_blocking(b"%d" % number, UNTIL, NOW) is True
    assert sessions.counts["declined_early_data"] == before + 2000
    redis_server.go_on()
    eventually(lambda: not sessions.link.is_away, "Redis again")


def taken(server: RedisServer, sessions: RedisSessions) -> bool:
    """Whether a hello was believed; the gap is taken away for the next one."""
    server.ask("DEL", "tlsee:gap")
    return not sessions.is_replay_blocking(os.urandom(8), UNTIL, NOW)


def later_is_true(sessions: RedisSessions) -> bool:
    assert sessions.is_replay_blocking(b"while it is stopped", UNTIL, NOW) is True
    return sessions.is_replay(b"while it is stopped", UNTIL, NOW) is True


def test_killed(redis_server: RedisServer, connect: Connect) -> None:
    """Without Redis early data is declined; with a new one it is taken again, after the gap."""
    sessions = connect(redis_server)
    settle(redis_server, sessions)
    assert sessions.is_replay_blocking(b"a", UNTIL, NOW) is False
    redis_server.kill()
    assert sessions.is_replay_blocking(b"a", UNTIL, NOW) is True
    assert sessions.is_replay(b"b", UNTIL, NOW) is True
    redis_server.start()
    eventually(lambda: not sessions.link.is_away, "Redis again")
    settle(redis_server, sessions)
    assert sessions.is_replay_blocking(b"c", UNTIL, NOW) is False


def test_what_is_not_fresh(redis_server: RedisServer, connect: Connect) -> None:
    """A hello whose time has passed is declined without a question."""
    sessions = connect(redis_server)
    assert sessions.is_replay(b"a", NOW, NOW) is True
    assert sessions.is_replay_blocking(b"a", NOW, NOW) is True


def test_hellos_are_forgotten(redis_server: RedisServer, connect: Connect) -> None:
    """Each is kept until no server's clock can take it for fresh, and no longer."""
    sessions = connect(redis_server)
    settle(redis_server, sessions)
    sessions.is_replay_blocking(b"a", UNTIL, NOW)
    (name,) = redis_server.ask("KEYS", "tlsee:seen:*")
    assert (10 + FLEET_SKEW) * 1000 - 5000 < redis_server.ask("PTTL", name) <= 15_000
    assert b"a" * 2 not in redis_server.ask("GET", name)
