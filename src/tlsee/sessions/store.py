"""Where a server keeps sessions by their ids: bytes by bytes, for a time. In memory here."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Protocol

from tlsee.crypto.provider import Later
from tlsee.sessions.bounds import STORE_BYTES_LIMIT, STORE_LIMIT, STORED_LIMIT

__all__ = ["MemoryStore", "SessionStore"]


class SessionStore(Protocol):
    """A mapping that may lose what it holds, and may have to be waited for. It never raises."""

    def put(self, name: bytes, content: bytes, until: float, now: float) -> bool:
        """Keep the content until then; ``False`` where that is known to have failed. No waiting."""
        ...

    def get(self, names: tuple[bytes, ...], now: float) -> tuple[bytes | None, ...] | Later:
        """What is kept under these names, or ``LATER`` for ``get_blocking``."""
        ...

    def get_blocking(self, names: tuple[bytes, ...], now: float) -> tuple[bytes | None, ...]:
        """The same after a bounded time; ``None`` for what nobody can tell."""
        ...

    def drop(self, name: bytes) -> None:
        """Forget it. No waiting."""
        ...


class MemoryStore:
    """A store for one process; what was put first goes first when there is no room.

    Each operation costs the same however many sessions there are.
    """

    def __init__(self, *, sessions: int = STORE_LIMIT, size: int = STORE_BYTES_LIMIT) -> None:
        self._limit, self._bytes = sessions, size
        self._kept: OrderedDict[bytes, tuple[bytes, float]] = OrderedDict()
        self._used = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def __repr__(self) -> str:
        return f"MemoryStore({len(self)} sessions)"

    def put(self, name: bytes, content: bytes, until: float, now: float) -> bool:
        """See ``SessionStore``."""
        if len(content) > min(STORED_LIMIT, self._bytes) or until <= now:
            return False
        with self._lock:
            self._drop(name)
            self._kept[name] = content, until
            self._used += len(content)
            while len(self._kept) > self._limit or self._used > self._bytes:
                self._drop(next(iter(self._kept)))
            for _ in range(2):  # in passing: two looked at for each that comes keep the dead few
                oldest = next(iter(self._kept), None)
                if oldest is not None and self._kept[oldest][1] <= now:
                    self._drop(oldest)
            return name in self._kept

    def get(self, names: tuple[bytes, ...], now: float) -> tuple[bytes | None, ...]:
        """See ``SessionStore``."""
        return tuple(self._living(name, now) for name in names)

    def get_blocking(self, names: tuple[bytes, ...], now: float) -> tuple[bytes | None, ...]:
        """The same: nothing here waits."""
        return self.get(names, now)

    def drop(self, name: bytes) -> None:
        """See ``SessionStore``."""
        with self._lock:
            self._drop(name)

    def _living(self, name: bytes, now: float) -> bytes | None:
        content, until = self._kept.get(name, (b"", 0.0))
        return content if now < until else None

    def _drop(self, name: bytes) -> None:
        content, _ = self._kept.pop(name, (b"", 0.0))
        self._used -= len(content)
