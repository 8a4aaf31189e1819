"""The memory of hellos whose early data was taken, so that no copy's is (RFC 9846, 8.2)."""

from __future__ import annotations

from hashlib import sha256
from heapq import heappop, heappush
from threading import Lock
from typing import Protocol

from tlsee.crypto.provider import Later
from tlsee.sessions.bounds import REPLAY_LIMIT, REPLAY_SPAN

__all__ = ["ReplayGuard", "ReplayMemory"]


class ReplayGuard(Protocol):
    """Says of each token once that it is new. In doubt it says that it is not."""

    def is_replay(self, token: bytes, until: float, now: float) -> bool | Later:
        """Whether early data must be declined: the token was here, or nobody can tell.

        Args:
            token: what identifies the hello: its validated binder (RFC 9846, 8.2).
            until: when a copy would not be fresh any more; so long the token is remembered.
            now: seconds since the epoch.
        """
        ...

    def is_replay_blocking(self, token: bytes, until: float, now: float) -> bool:
        """The same, after waiting a bounded time for whoever knows."""
        ...


class ReplayMemory:
    """A guard for one process, with a bound: when it is full it declines, and forgets nothing.

    Args:
        born: since when it has heard of every hello. ``None``: nothing was ever accepted that it
            has not heard of. Otherwise early data is declined until no hello is fresh that may
            have been here before.
        limit: tokens at once.

    Attributes:
        replays: how often a token came again.
        declined: how often it could not tell: too young, or full.
    """

    def __init__(self, *, born: float | None = None, limit: int = REPLAY_LIMIT) -> None:
        self.replays = 0
        self.declined = 0
        self._ready = None if born is None else born + REPLAY_SPAN
        self._limit = limit
        self._tokens: set[bytes] = set()
        self._ends: list[tuple[float, bytes]] = []
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._tokens)

    def is_replay(self, token: bytes, until: float, now: float) -> bool:
        """See ``ReplayGuard``."""
        short = sha256(token).digest()  # a token may be a whole ticket
        with self._lock:
            while self._ends and self._ends[0][0] <= now:
                self._tokens.discard(heappop(self._ends)[1])
            if short in self._tokens:
                self.replays += 1
                return True
            if self._cannot_tell(until, now):
                self.declined += 1
                return True
            self._tokens.add(short)
            heappush(self._ends, (until, short))
            return False

    def is_replay_blocking(self, token: bytes, until: float, now: float) -> bool:
        """The same: nothing here waits."""
        return self.is_replay(token, until, now)

    def _cannot_tell(self, until: float, now: float) -> bool:
        too_young = self._ready is not None and now < self._ready
        return too_young or until <= now or len(self._tokens) >= self._limit
