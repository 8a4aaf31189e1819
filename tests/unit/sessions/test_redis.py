"""Sessions of a fleet, on a real Redis: found by any server, and never missed when it is away."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import partial

import pytest

from tests.support.redis_server import RedisServer, eventually
from tests.support.sessions import session
from tlsee.crypto.provider import LATER
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse
from tlsee.sessions.redis import RedisSessions
from tlsee.sessions.redis_link import RedisLink
from tlsee.sessions.session import Session

pytestmark = pytest.mark.peers

Connect = Callable[..., RedisSessions]
RANDOM = PROVIDER.random


def fresh(**changes: object) -> Session:
    """A session of this moment: the shared ring lives by the clock."""
    now = float(int(PROVIDER.now()))
    return session(issued_at=now, established_at=now, judged_at=now, **changes)


def ready(connect: Connect, server: RedisServer, **options: object) -> RedisSessions:
    made = connect(server, **options)
    assert made.wait_until_ready(20)
    return made


def test_tickets(redis_server: RedisServer, connect: Connect) -> None:
    """What one server issued any other finds, without a question to Redis."""
    one, other = ready(connect, redis_server), ready(connect, redis_server)
    issued = fresh()
    ticket = one.issue(issued, RANDOM, issued.issued_at)
    assert ticket is not None
    assert other.find((ticket,), issued.issued_at) == (issued,)
    redis_server.kill()
    assert other.find((ticket, b"junk"), issued.issued_at) == (issued, None)
    assert one.issue(issued, RANDOM, issued.issued_at) is not None


def test_session_ids(redis_server: RedisServer, connect: Connect) -> None:
    """Ids are asked for in Redis; tickets beside them keep their places."""
    one, other = ready(connect, redis_server), ready(connect, redis_server)
    issued, now = fresh(), PROVIDER.now()
    ticket = one.issue(issued, RANDOM, now)
    name = one.issue_id(fresh(alpn=b"id"), RANDOM, now)
    assert ticket is not None
    assert name is not None
    assert len(name) == 32
    assert other.find((name,), now) is LATER
    eventually(lambda: other.find_blocking((name,), now) != (None,), "what was queued")
    found = other.find_blocking((ticket, bytes(32), name, b"junk"), now)
    assert [item and item.alpn for item in found] == [b"h2", None, b"id", None]
    assert other.counts["unopened_tickets"] == 1


def test_stored_tickets_are_for_one_use(redis_server: RedisServer, connect: Connect) -> None:
    """With ``stored`` the ticket is an id, and nothing is left in Redis once it was spent."""
    one, other = [ready(connect, redis_server, stored=True) for _ in range(2)]
    now = PROVIDER.now()
    name = one.issue(fresh(), RANDOM, now)
    assert name is not None
    eventually(lambda: other.find_blocking((name,), now) != (None,), "what was queued")
    other.spend(name)
    eventually(lambda: one.find_blocking((name,), now) == (None,), "that it is spent")
    assert redis_server.ask("KEYS", "tlsee:session:*") == []


def test_entries_are_sealed(redis_server: RedisServer, connect: Connect) -> None:
    """Whoever reads Redis finds neither a name, nor a secret, nor an id that could be shown."""
    sessions = ready(connect, redis_server)
    name = sessions.issue_id(fresh(), RANDOM, PROVIDER.now())
    assert name is not None
    eventually(lambda: redis_server.ask("KEYS", "tlsee:session:*"), "what was queued")
    (place,) = redis_server.ask("KEYS", "tlsee:session:*")
    content = redis_server.ask("GET", place)
    for part in (b"server.example", b"leaf", b"s" * 8, name, name.hex().encode()):
        assert part not in content
        assert part not in place
    assert 3_500_000 < redis_server.ask("PTTL", place) <= 3_600_000


def test_entries_that_were_changed(redis_server: RedisServer, connect: Connect) -> None:
    """Whoever writes to Redis cannot make a session, nor move one: it is counted, and not found."""
    sessions = ready(connect, redis_server)
    now = PROVIDER.now()
    one, two = (sessions.issue_id(fresh(alpn=a), RANDOM, now) for a in (b"1", b"2"))
    assert one is not None
    assert two is not None
    eventually(lambda: len(redis_server.ask("KEYS", "tlsee:session:*")) == 2, "what was queued")
    first, second = redis_server.ask("KEYS", "tlsee:session:*")
    redis_server.ask("SET", second, redis_server.ask("GET", first))
    redis_server.ask("SETRANGE", first, 70, b"?")
    assert sessions.find_blocking((one, two), now) == (None, None)
    assert sessions.counts["unreadable_entries"] == 2
    redis_server.ask("DEL", first)
    redis_server.ask("LPUSH", first, b"a list")
    assert sessions.find_blocking((one, two), now) == (None, None)


def test_away(redis_server: RedisServer, connect: Connect) -> None:
    """Without Redis ids are not found and not given out; nothing raises; it heals by itself."""
    sessions = ready(connect, redis_server)
    now = PROVIDER.now()
    redis_server.kill()
    assert sessions.find_blocking((bytes(32),), now) == (None,)
    assert sessions.find((bytes(32),), now) == (None,)
    assert sessions.issue_id(fresh(), RANDOM, now) is None
    sessions.spend(bytes(32))
    assert sessions.counts["unanswered"] >= 3
    assert sessions.counts["unstored_ids"] == 1
    redis_server.start()
    eventually(lambda: sessions.find((bytes(32),), now) is LATER, "Redis again")
    name = sessions.issue_id(fresh(), RANDOM, now)
    assert name is not None
    eventually(lambda: sessions.find_blocking((name,), now) != (None,), "what was queued")


def test_slow(redis_server: RedisServer, connect: Connect) -> None:
    """A stopped Redis costs one call its time; then ids are not found, at once."""
    sessions = ready(connect, redis_server, timeout=0.1)
    redis_server.stop()
    eventually(lambda: asks_no_more(sessions), "the end of asking")
    for _ in range(1000):
        assert sessions.find((bytes(32),), PROVIDER.now()) == (None,)
        assert sessions.find_blocking((bytes(32),), PROVIDER.now()) == (None,)
    redis_server.go_on()
    eventually(lambda: not sessions.link.is_away, "Redis again")


def asks_no_more(sessions: RedisSessions) -> bool:
    assert sessions.find_blocking((bytes(32),), PROVIDER.now()) == (None,)
    return sessions.link.is_away


def test_full(redis_server: RedisServer, connect: Connect) -> None:
    """A Redis without room loses what is new, finds what is old, and is not taken for away."""
    sessions = ready(connect, redis_server)
    now = PROVIDER.now()
    old = sessions.issue_id(fresh(), RANDOM, now)
    assert old is not None
    eventually(lambda: sessions.find_blocking((old,), now) != (None,), "what was queued")
    redis_server.ask("CONFIG", "SET", "maxmemory", "1")
    new = sessions.issue_id(fresh(), RANDOM, now)
    assert new is not None
    eventually(lambda: sessions.counts["refused_by_redis"] >= 1, "the error of Redis")
    found = sessions.find_blocking((old, new), now)
    assert [item is None for item in found] == [False, True]
    assert not sessions.link.is_away


def test_nobody_there(connect: Connect, tmp_path: object) -> None:
    """With no Redis at all, and with a name that nobody knows, every call comes back."""
    for url in ("redis://127.0.0.1:1/0", "redis://no-such-host.invalid/0"):
        sessions = RedisSessions(url, b"s" * 32)
        now = PROVIDER.now()
        eventually(partial(asks_no_more, sessions), "the end of asking")
        assert sessions.issue(fresh(), RANDOM, now) is None
        assert sessions.is_replay_blocking(b"a", now + 9, now) is True
        assert sessions.find((b"ticket", bytes(32)), now) == (None, None)
        assert not sessions.wait_until_ready(0)
        sessions.close()


def test_a_forked_process(redis_server: RedisServer, connect: Connect) -> None:
    """A server that forks its workers after it connected: each has a connection of its own."""
    sessions = ready(connect, redis_server)
    now = PROVIDER.now()
    name = sessions.issue_id(fresh(), RANDOM, now)
    assert name is not None
    eventually(lambda: sessions.find_blocking((name,), now) != (None,), "what was queued")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # what servers do nevertheless
        child = os.fork()
    if child == 0:
        os._exit(0 if sessions.find_blocking((name,), now) != (None,) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sessions.find_blocking((name,), now) != (None,)


def test_closed(redis_server: RedisServer, connect: Connect) -> None:
    """Once closed Redis is away for good; closing twice is one close."""
    sessions = ready(connect, redis_server)
    sessions.close()
    sessions.close()
    assert sessions.find((bytes(32),), PROVIDER.now()) == (None,)
    assert sessions.issue_id(fresh(), RANDOM, PROVIDER.now()) is None


def test_what_is_no_redis() -> None:
    """URLs and secrets that cannot be are refused where they are given; no password is shown."""
    with pytest.raises(ApiMisuse):
        RedisSessions("http://127.0.0.1", b"s" * 32)
    with pytest.raises(ApiMisuse):
        RedisSessions("redis://127.0.0.1", b"short")
    with pytest.raises(ApiMisuse):
        RedisSessions("redis://127.0.0.1", b"s" * 32, prefix="")
    assert "hunter2" not in repr(RedisSessions("redis://:hunter2@127.0.0.1", b"s" * 32))
    assert repr(RedisLink("redis://127.0.0.1")) == "RedisLink(there)"
