"""Where a client keeps its sessions: in memory, bounded, each ticket of 1.3 for one use."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from threading import Lock

from tlsee.codes import ProtocolVersion
from tlsee.sessions.bounds import CLIENT_BYTES_LIMIT, CLIENT_KEYS_LIMIT, CLIENT_SESSIONS_PER_KEY
from tlsee.sessions.session import Session

__all__ = ["ClientSessions"]


class ClientSessions:
    """Sessions by a key: whatever tells one server, asked for in one way, from another.

    The key that was used longest ago goes first when there is no room, in keys or in bytes: a
    server chooses how long its tickets and chains are. Safe to share between threads.
    """

    def __init__(
        self,
        *,
        keys: int = CLIENT_KEYS_LIMIT,
        sessions_per_key: int = CLIENT_SESSIONS_PER_KEY,
        size: int = CLIENT_BYTES_LIMIT,
    ) -> None:
        self._keys, self._per_key, self._bytes = keys, sessions_per_key, size
        self._sessions: OrderedDict[str, list[Session]] = OrderedDict()
        self._used = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return sum(map(len, self._sessions.values()))

    def __repr__(self) -> str:
        return f"ClientSessions({len(self)} sessions of {len(self._sessions)} servers)"

    def put(self, key: str, session: Session) -> None:
        """Keep a session; the oldest of its server goes when there are too many."""
        if session.size > self._bytes or session.lifetime <= 0:
            return
        with self._lock:
            kept = self._sessions.setdefault(key, [])
            self._sessions.move_to_end(key)
            kept.append(session)
            self._used += session.size
            if len(kept) > self._per_key:
                self._used -= kept.pop(0).size
            while len(self._sessions) > self._keys or self._used > self._bytes:
                oldest = next(iter(self._sessions))
                self._used -= self._sessions[oldest].pop(0).size
                if not self._sessions[oldest] or len(self._sessions) > self._keys:
                    self._drop(oldest)

    def take(self, key: str, now: float, limit: int = 1) -> tuple[Session, ...]:
        """What may be offered to a server now, the newest first.

        At most ``limit`` sessions of TLS 1.3 are among them, and they leave the store: a ticket
        that is shown twice tells an observer that both connections are one client's (RFC 9846,
        C.4). The newest session of 1.2 stays, since it is meant to be used again.
        """
        with self._lock:
            kept = self._sessions.get(key)
            if kept is None:
                return ()
            self._sessions.move_to_end(key)
            alive = [session for session in kept if session.is_alive(now)]
            tickets = [s for s in alive if s.version == ProtocolVersion.TLS13]
            tickets = tickets[max(0, len(tickets) - limit) :]
            older = [s for s in alive if s.version != ProtocolVersion.TLS13][-1:]
            left = [s for s in alive if not any(s is taken for taken in tickets)]
            self._drop(key)
            if left:
                self._sessions[key] = left
                self._used += sum(session.size for session in left)
            return tuple(sorted((*tickets, *older), key=lambda s: s.issued_at, reverse=True))

    def forget(self, key: str, session: Session) -> None:
        """Drop a session that the server refused, or whose connection failed (RFC 5246, 7.2.2)."""
        with self._lock:
            left = [kept for kept in self._sessions.get(key, ()) if not _same(kept, session)]
            self._drop(key)
            if left:
                self._sessions[key] = left
                self._used += sum(kept.size for kept in left)

    def clear(self) -> None:
        """Drop them all."""
        with self._lock:
            self._sessions.clear()
            self._used = 0

    def _drop(self, key: str) -> None:
        self._used -= sum(session.size for session in self._sessions.pop(key, ()))


def _same(one: Session, other: Session) -> bool:
    """The secret tells sessions apart, whatever else was learnt about one of them since."""
    return one.version == other.version and hmac.compare_digest(one.secret, other.secret)
