"""A configuration whose every unpredictable answer is written down: provider and sessions.

What is asked as a question (``questions``) the recorder hears of as an event; what a client takes
out of its store and what a server's store gives out are no questions, and are watched here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto import journal
from tlsee.crypto.entries import Entry, about
from tlsee.crypto.journal import Journal
from tlsee.crypto.provider import Later
from tlsee.sessions.session import Session, decode_session, encode_session
from tlsee.sessions.stores import ClientSessions, Found, ServerSessions
from tlsee.wire.codec import opaque, read, struct, vector, write

C = TypeVar("C", ClientConfig, ServerConfig)
Random = Callable[[int], bytes]


@struct
class _Taken:
    """The sessions that a client took out of its store, as bytes each."""

    sessions: tuple[bytes, ...] = vector(opaque(1, 0xFFFFFF), 0, 0xFFFFFFFF)


def sessions_in(entry: Entry) -> tuple[Session, ...]:
    """What a client took, from the journal's entry.

    Raises:
        ValueError, PeerMisbehaved: nobody wrote this.
    """
    found = tuple(decode_session(item) for item in read(_Taken, entry.data).sessions)
    if None in found:
        raise ValueError("a session that cannot be read")
    return tuple(session for session in found if session is not None)


def watched_config(config: C, book: Journal) -> C:
    """The same configuration, which writes into ``book``; so does one that takes its place."""
    sessions: Any = config.sessions
    if isinstance(config, ClientConfig):
        taken = WatchedClientSessions(sessions, book.entries) if sessions is not None else None
    else:
        # A ticket is sealed with bytes that are in nobody's journal: what comes of it is.
        plain = config.provider.random
        taken = WatchedSessions(sessions, book.entries, plain) if sessions is not None else None
    provider = journal.recording(config.provider, book)
    return config.watched(provider, taken, lambda other: watched_config(other, book))


class WatchedClientSessions(ClientSessions):
    """A client's sessions; writes down which of them it took."""

    def __init__(self, inner: ClientSessions, entries: list[Entry]) -> None:
        self._inner = inner
        self._entries = entries

    def __len__(self) -> int:
        return len(self._inner)

    def __repr__(self) -> str:
        return f"{self._inner!r}, watched"

    def put(self, key: str, session: Session) -> None:
        """See ``ClientSessions``."""
        self._inner.put(key, session)

    def take(self, key: str, now: float, limit: int = 1) -> tuple[Session, ...]:
        """See ``ClientSessions``; as a recording keeps them, whose times are microseconds."""
        written = tuple(map(encode_session, self._inner.take(key, now, limit)))
        entry = Entry("sessions", len(written), write(_Taken(written)), about(key.encode()))
        self._entries.append(entry)
        return sessions_in(entry)

    def forget(self, key: str, session: Session) -> None:
        """See ``ClientSessions``."""
        self._inner.forget(key, session)

    def clear(self) -> None:
        """See ``ClientSessions``."""
        self._inner.clear()


class WatchedSessions:
    """A server's sessions; writes down the tickets and ids that it gives out.

    Args:
        inner: the sessions. ``entries``: where to write.
        random: for the inner ones, instead of what a connection hands over.
    """

    def __init__(self, inner: ServerSessions, entries: list[Entry], random: Random) -> None:
        self._inner = inner
        self._entries = entries
        self._random = random

    def __repr__(self) -> str:
        return f"{self._inner!r}, watched"

    @property
    def keeps_ids(self) -> bool:
        """See ``ServerSessions``."""
        return self._inner.keeps_ids

    def issue(self, session: Session, random: Random, now: float) -> bytes | None:
        """See ``ServerSessions``."""
        del random
        return self._given("ticket", self._inner.issue(session, self._random, now))

    def issue_id(self, session: Session, random: Random, now: float) -> bytes | None:
        """See ``ServerSessions``."""
        del random
        return self._given("session_id", self._inner.issue_id(session, self._random, now))

    def keep(self, identity: bytes, session: Session, now: float) -> None:
        """See ``ServerSessions``."""
        self._inner.keep(identity, session, now)

    def find(self, identities: tuple[bytes, ...], now: float) -> Found | Later:
        """See ``ServerSessions``."""
        return self._inner.find(identities, now)

    def find_blocking(self, identities: tuple[bytes, ...], now: float) -> Found:
        """See ``ServerSessions``."""
        return self._inner.find_blocking(identities, now)

    def spend(self, identity: bytes) -> None:
        """See ``ServerSessions``."""
        self._inner.spend(identity)

    def is_replay(self, token: bytes, until: float, now: float) -> bool | Later:
        """See ``ServerSessions``."""
        return self._inner.is_replay(token, until, now)

    def is_replay_blocking(self, token: bytes, until: float, now: float) -> bool:
        """See ``ServerSessions``."""
        return self._inner.is_replay_blocking(token, until, now)

    def _given(self, kind: str, name: bytes | None) -> bytes | None:
        self._entries.append(Entry(kind, int(name is not None), name or b""))
        return name
