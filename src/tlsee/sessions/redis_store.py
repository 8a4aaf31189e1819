"""Sessions and the memory of early data in Redis."""

from __future__ import annotations

from hashlib import sha256
from threading import Lock

from tlsee.crypto.provider import LATER, Later
from tlsee.sessions.at_rest import AtRest
from tlsee.sessions.bounds import FLEET_SKEW, LIFETIME_LIMIT, REPLAY_SPAN, STORED_LIMIT
from tlsee.sessions.redis_link import AWAY, RedisLink

__all__ = ["RedisReplayGuard", "RedisStore"]

# One atomic step: is this the memory that we think it is, and is this hello new to it?
#
# A Redis that was restarted may have lost hellos, all or the last second's, and so may a replica
# that took over. Either has another run_id than the one that is written down beside the hellos; so
# has a Redis that was emptied, where nothing is written down. Then nothing is believed for as long
# as a hello may be fresh that was taken before. A Redis that throws out what it likes when it is
# full is never believed. The gap is written first: no run is known whose gap is not.
_IS_REPLAY = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
if redis.call('GET', KEYS[1]) ~= run then
  redis.call('SET', KEYS[2], '', 'PX', ARGV[2])
  redis.call('SET', KEYS[1], run)
end
local memory = redis.call('INFO', 'memory')
if string.match(memory, 'maxmemory:(%d+)') ~= '0'
    and string.match(memory, 'maxmemory_policy:([%w-]+)') ~= 'noeviction' then return 3 end
if redis.call('EXISTS', KEYS[2]) == 1 then return 2 end
if redis.call('SET', KEYS[3], '', 'NX', 'PX', ARGV[1]) then return 0 end
return 1
"""
_NEW, _SEEN = 0, 1


class RedisReplayGuard:
    """A ``ReplayGuard`` for a fleet: early data is taken once among all servers that share it.

    Attributes:
        replays: how often a hello came again, to whichever server.
        declined: how often nobody could tell: Redis was away, full, restarted, or evicts keys.
    """

    def __init__(self, link: RedisLink, *, prefix: str) -> None:
        self.replays = 0
        self.declined = 0
        self._link, self._prefix = link, prefix
        self._lock = Lock()

    def is_replay(self, token: bytes, until: float, now: float) -> bool | Later:
        """See ``ReplayGuard``; ``True`` at once while Redis is away."""
        del token
        self._link.start()
        if not self._link.is_away and now < until:
            return LATER
        self._count(_NEW, declined=True)
        return True

    def is_replay_blocking(self, token: bytes, until: float, now: float) -> bool:
        """See ``ReplayGuard``."""
        left = min(until - now, LIFETIME_LIMIT) + FLEET_SKEW
        if until <= now:
            self._count(_NEW, declined=True)
            return True
        keys = (f"{self._prefix}:run", f"{self._prefix}:gap", self._name(token))
        times = (_milliseconds(left), _milliseconds(REPLAY_SPAN + FLEET_SKEW))
        answer = self._link.ask(lambda send: send("EVAL", _IS_REPLAY, len(keys), *keys, *times))
        if answer is not AWAY and answer == _NEW:
            return False
        self._count(answer, declined=answer != _SEEN)
        return True

    def _count(self, answer: object, *, declined: bool) -> None:
        with self._lock:
            if declined:
                self.declined += 1
            elif answer == _SEEN:
                self.replays += 1

    def _name(self, token: bytes) -> str:
        return f"{self._prefix}:seen:{sha256(token).hexdigest()}"


class RedisStore:
    """A ``SessionStore`` in Redis. Names are hashed and contents sealed: it holds no ticket.

    Attributes:
        unreadable: contents that no secret of ours opens.
    """

    def __init__(self, link: RedisLink, at_rest: AtRest, *, prefix: str) -> None:
        self.unreadable = 0
        self._link, self._at_rest, self._prefix = link, at_rest, prefix
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"RedisStore({self._link!r})"

    def put(self, name: bytes, content: bytes, until: float, now: float) -> bool:
        """See ``SessionStore``: queued; whether Redis took it is not waited for."""
        if len(content) > STORED_LIMIT or until <= now:
            return False
        place = self._place(name)
        sealed = self._at_rest.seal(content, place.encode())
        left = min(until - now, LIFETIME_LIMIT)
        return self._link.tell("SET", place, sealed, "PX", _milliseconds(left))

    def get(self, names: tuple[bytes, ...], now: float) -> tuple[bytes | None, ...] | Later:
        """See ``SessionStore``; nothing at once while Redis is away."""
        del now
        self._link.start()
        if self._link.is_away or not names:
            return (None,) * len(names)
        return LATER

    def get_blocking(self, names: tuple[bytes, ...], now: float) -> tuple[bytes | None, ...]:
        """See ``SessionStore``."""
        del now  # Redis ends what has ended
        if not names:
            return ()
        places = [self._place(name) for name in names]
        replies = self._link.ask(lambda send: send("MGET", *places))
        if not isinstance(replies, list) or len(replies) != len(places):
            return (None,) * len(names)
        return tuple(self._open(sealed, at) for sealed, at in zip(replies, places, strict=True))

    def drop(self, name: bytes) -> None:
        """See ``SessionStore``."""
        self._link.tell("DEL", self._place(name))

    def _open(self, sealed: object, place: str) -> bytes | None:
        if not isinstance(sealed, bytes):
            return None
        content = self._at_rest.open(sealed, place.encode())
        if content is None:
            with self._lock:
                self.unreadable += 1
        return content

    def _place(self, name: bytes) -> str:
        return f"{self._prefix}:session:{sha256(name).hexdigest()}"


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
