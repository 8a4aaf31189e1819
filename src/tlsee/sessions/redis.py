"""Sessions that a fleet shares through Redis or Valkey (the extra ``tlsee[redis]``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tlsee.crypto.provider import Later
from tlsee.errors import ApiMisuse
from tlsee.sessions.at_rest import AtRest
from tlsee.sessions.bounds import KEY_PERIOD, LIFETIME, REDIS_PAUSE, REDIS_REFRESH, REDIS_TIMEOUT
from tlsee.sessions.redis_link import RedisLink
from tlsee.sessions.redis_ring import RedisKeyRing
from tlsee.sessions.redis_store import RedisReplayGuard, RedisStore
from tlsee.sessions.session import Session
from tlsee.sessions.stores import ID_LENGTH, Found, StoredSessions, TicketSessions

__all__ = ["RedisSessions"]


class RedisSessions:
    """``ServerSessions`` for a fleet: its keys, its session ids, its memory of early data.

    Any server resumes what another began, and early data is taken by one of them, once. When Redis
    is away, slow, full or restarted, handshakes go on: tickets with the keys that are known, ids
    not at all, and early data is declined. No call waits longer than ``timeout``.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        secret: 32 random bytes or more that each server has and Redis has not, or several: the
            first seals what lies in Redis, any opens it.
        stored: keep the sessions of tickets in Redis, too, and give out ids: one use each, and
            nothing left to read afterwards, for a question to Redis at each resumption.
        prefix: what the names in Redis begin with; fleets that share a Redis differ in it.
        period: seconds that a ticket key seals.
        lifetime: seconds that tickets live.
        timeout, pause, refresh: see ``RedisLink``.

    Raises:
        ApiMisuse: the ``redis`` package is missing, or the arguments cannot be.
    """

    def __init__(
        self,
        url: str,
        secret: bytes | Sequence[bytes],
        *,
        stored: bool = False,
        prefix: str = "tlsee",
        period: int = KEY_PERIOD,
        lifetime: int = LIFETIME,
        timeout: float = REDIS_TIMEOUT,
        pause: float = REDIS_PAUSE,
        refresh: float = REDIS_REFRESH,
    ) -> None:
        if not prefix:
            raise ApiMisuse("an empty prefix", "name what the names in Redis begin with")
        at_rest = AtRest((secret,) if isinstance(secret, bytes) else secret)
        self.link = RedisLink(url, timeout=timeout, pause=pause, refresh=refresh)
        self.ring = RedisKeyRing(
            self.link, at_rest, prefix=prefix, period=period, lifetime=lifetime
        )
        self.store = RedisStore(self.link, at_rest, prefix=prefix)
        self.replay = RedisReplayGuard(self.link, prefix=prefix)
        self._tickets = TicketSessions(self.ring, self.replay)
        self._stored = StoredSessions(self.store, self.replay)
        self._issues_ids = stored

    def __repr__(self) -> str:
        return f"RedisSessions({self.link!r})"

    def wait_until_ready(self, timeout: float) -> bool:
        """Whether the shared keys were read once; waits that many seconds for it.

        Before that there are no tickets, and nothing else is wrong: no server needs to call it.
        """
        self.link.start()
        return self.link.refreshed.wait(timeout)

    def close(self) -> None:
        """End the connection to Redis; from then on it is away."""
        self.link.close()

    @property
    def counts(self) -> dict[str, int]:
        """What to watch. ``unknown_key_ids`` that rise tell of a server out of step."""
        return {
            "unknown_key_ids": self.ring.unknown_key_ids,
            "unopened_tickets": self._tickets.unopened,
            "unsealable_tickets": self._tickets.unsealable,
            "unfound_ids": self._stored.unfound,
            "unstored_ids": self._stored.unstored,
            "replays": self.replay.replays,
            "declined_early_data": self.replay.declined,
            "unanswered": self.link.declined,
            "refused_by_redis": self.link.refused,
            "unreadable_entries": self.ring.unreadable + self.store.unreadable,
        }

    def issue(self, session: Session, random: Callable[[int], bytes], now: float) -> bytes | None:
        """See ``ServerSessions``."""
        sessions = self._stored if self._issues_ids else self._tickets
        return sessions.issue(session, random, now)

    @property
    def keeps_ids(self) -> bool:
        """For clients of TLS 1.2 that know no tickets."""
        return True

    def keep(self, identity: bytes, session: Session, now: float) -> None:
        """See ``ServerSessions``."""
        self._stored.keep(identity, session, now)

    def issue_id(
        self, session: Session, random: Callable[[int], bytes], now: float
    ) -> bytes | None:
        """See ``ServerSessions``."""
        return self._stored.issue_id(session, random, now)

    def find(self, identities: tuple[bytes, ...], now: float) -> Found | Later:
        """See ``ServerSessions``: tickets at once, ids later."""
        ids, tickets = _sorted_out(identities)
        stored = self._stored.find(ids, now)
        if isinstance(stored, Later):
            return stored
        return _in_order(identities, stored, self._tickets.find(tickets, now))

    def find_blocking(self, identities: tuple[bytes, ...], now: float) -> Found:
        """See ``ServerSessions``."""
        ids, tickets = _sorted_out(identities)
        stored = self._stored.find_blocking(ids, now)
        return _in_order(identities, stored, self._tickets.find(tickets, now))

    def spend(self, identity: bytes) -> None:
        """See ``ServerSessions``."""
        self._stored.spend(identity)

    def is_replay(self, token: bytes, until: float, now: float) -> bool | Later:
        """See ``ReplayGuard``."""
        return self.replay.is_replay(token, until, now)

    def is_replay_blocking(self, token: bytes, until: float, now: float) -> bool:
        """See ``ReplayGuard``."""
        return self.replay.is_replay_blocking(token, until, now)


def _sorted_out(identities: tuple[bytes, ...]) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Ids and tickets, told apart by their length."""
    ids = tuple(item for item in identities if len(item) == ID_LENGTH)
    return ids, tuple(item for item in identities if len(item) != ID_LENGTH)


def _in_order(identities: tuple[bytes, ...], stored: Found, tickets: Found) -> Found:
    by_id, by_ticket = iter(stored), iter(tickets)
    return tuple(next(by_id if len(item) == ID_LENGTH else by_ticket) for item in identities)
