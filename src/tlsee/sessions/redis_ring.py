"""A key ring that a fleet shares through Redis, and rotates once for all.

Time is cut into periods, and each has one key: ``SET ... NX`` lets the first server that misses it
publish it, and the others read that one. A period's key is published a whole period before it
seals, so every server knows it by then, and Redis may be away for long without anybody noticing.

The servers keep what they read. While Redis is away they seal and open with that; what a restarted
Redis has lost they put back. They make no key that they cannot publish: when the last one's time is
over there are no tickets until Redis is there again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.sessions.at_rest import AtRest
from tlsee.sessions.bounds import KEY_PERIOD, KEYS_LIMIT, LIFETIME
from tlsee.sessions.keyring import ID_LENGTH, KEY_LENGTH, KeyRing, TicketKey
from tlsee.sessions.redis_link import RedisLink, Send
from tlsee.wire.codec import fixed, read, struct, write

__all__ = ["PublishedKey", "RedisKeyRing"]


@struct
class PublishedKey:
    """A ticket key as it is sealed into Redis; its times follow from its place."""

    id: bytes = fixed(ID_LENGTH)
    key: bytes = fixed(KEY_LENGTH)


class RedisKeyRing(KeyRing):
    """See the module. All servers of a fleet must have the same period and lifetime.

    Args:
        link: the connection.
        at_rest: what keys are sealed with in Redis.
        prefix: what the names in Redis begin with.
        period: seconds that a key seals.
        lifetime: seconds that tickets live.
        now: the clock, which other servers' must agree with to some seconds.

    Attributes:
        unreadable: entries in Redis that no secret of ours opens.
    """

    def __init__(
        self,
        link: RedisLink,
        at_rest: AtRest,
        *,
        prefix: str,
        period: int = KEY_PERIOD,
        lifetime: int = LIFETIME,
        now: Callable[[], float] = PROVIDER.now,
    ) -> None:
        super().__init__()
        if period < 1 or lifetime < 1 or lifetime / period + 4 > KEYS_LIMIT / 2:
            raise ApiMisuse(f"a key each {period} seconds for tickets of {lifetime}")
        self.unreadable = 0
        self._link, self._at_rest, self._now = link, at_rest, now
        self._prefix, self._period, self._lifetime = prefix, period, lifetime
        self._published: dict[int, TicketKey] = {}
        link.every_refresh(self._refresh)

    def current(self, now: float) -> TicketKey | None:
        """The key of this period, if it is published and below its limit."""
        key = self._published.get(int(now // self._period))
        if key is None or self._sealed.get(key.id, 0) >= self._seals_per_key:
            return None
        return key

    def find(self, key_id: bytes, now: float) -> TicketKey | None:
        """As ``KeyRing.find``; an unknown id has us look for news soon."""
        self._link.start()
        key = super().find(key_id, now)
        if key is None:
            self._link.refresh_soon()
        return key

    def take(self, now: float) -> TicketKey | None:
        """As ``KeyRing.take``."""
        self._link.start()
        return super().take(now)

    def _refresh(self, send: Send) -> None:
        """In the link's thread: read what is published, publish what is missing."""
        now = self._now()
        present = int(now // self._period)
        oldest = int((now - self._lifetime) // self._period)
        numbers = range(oldest, present + 2)
        replies = dict(zip(numbers, send("MGET", *map(self._name, numbers)), strict=True))
        kept = {n: key for n, key in self._published.items() if n in numbers}
        self._learn(kept | self._read_all(replies), now)
        for number, sealed in replies.items():
            if sealed is None:
                key = self._publish(number, now, send, may_make=number >= present)
                self._learn(self._published | ({number: key} if key else {}), now)

    def _learn(self, published: dict[int, TicketKey], now: float) -> None:
        self.keys(now)  # the dead make room
        for key in published.values():
            if len(self._keys) < KEYS_LIMIT:
                self.add(key)
        self._published = published

    def _publish(self, number: int, now: float, send: Send, *, may_make: bool) -> TicketKey | None:
        """Put our key of this period there, or take the one that was quicker."""
        key = self._published.get(number) or (self._make(number) if may_make else None)
        if key is None:
            return None
        name = self._name(number)
        sealed = self._at_rest.seal(write(PublishedKey(key.id, key.key)), name.encode())
        left = max(1, int((key.not_after - now) * 1000))
        if send("SET", name, sealed, "NX", "PX", left) is not None:
            return key
        return self._read(number, send("GET", name))

    def _read_all(self, replies: dict[int, Any]) -> dict[int, TicketKey]:
        found = {number: self._read(number, sealed) for number, sealed in replies.items()}
        return {number: key for number, key in found.items() if key is not None}

    def _make(self, number: int) -> TicketKey:
        return self._key(number, PROVIDER.random(ID_LENGTH), PROVIDER.random(KEY_LENGTH))

    def _key(self, number: int, key_id: bytes, key: bytes) -> TicketKey:
        begin = float(number * self._period)
        return TicketKey(key_id, key, begin, begin + self._period + self._lifetime)

    def _read(self, number: int, sealed: Any) -> TicketKey | None:
        if sealed is None:
            return None
        content = None
        if isinstance(sealed, bytes):
            content = self._at_rest.open(sealed, self._name(number).encode())
        try:
            found = read(PublishedKey, content or b"")
        except PeerMisbehaved:
            self.unreadable += 1
            return None
        return self._key(number, found.id, found.key)

    def _name(self, number: int) -> str:
        return f"{self._prefix}:key:{self._period}:{number}"
