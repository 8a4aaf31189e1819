"""What a server does with sessions: gives them names, and finds them by what a client shows.

``TicketSessions`` seals the session into the ticket, ``StoredSessions`` keeps it and gives out an
id. Both ask a ``ReplayGuard`` about early data. What they find is a session that was ours and is
alive; whether it fits the hello (version, hash, name, protocol, client) the handshake decides.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from tlsee.crypto.provider import Later
from tlsee.crypto.pyca import PROVIDER
from tlsee.sessions.bounds import IDENTITIES_LIMIT, SEALED_LIMIT
from tlsee.sessions.client import ClientSessions
from tlsee.sessions.keyring import KeyRing, RotatingKeyRing
from tlsee.sessions.replay import ReplayGuard, ReplayMemory
from tlsee.sessions.session import Session, decode_session, encode_session
from tlsee.sessions.store import MemoryStore, SessionStore
from tlsee.sessions.tickets import OVERHEAD, open_ticket, seal

__all__ = ["ClientSessions", "Found", "ServerSessions", "StoredSessions", "TicketSessions"]

Found = tuple[Session | None, ...]
ID_LENGTH = 32  # of what StoredSessions gives out; also the longest session id of 1.2


class ServerSessions(Protocol):
    """Where a server's sessions live. Nothing here raises, whatever a client or a store does.

    Attributes:
        keeps_ids: whether a session of TLS 1.2 can be found by a session id.
    """

    @property
    def keeps_ids(self) -> bool:
        """See above."""
        ...

    def issue(self, session: Session, random: Callable[[int], bytes], now: float) -> bytes | None:
        """The ticket for a session, of either version; ``None``: there is none today."""
        ...

    def issue_id(
        self, session: Session, random: Callable[[int], bytes], now: float
    ) -> bytes | None:
        """A session id of TLS 1.2, 32 bytes; ``None`` where no state is kept."""
        ...

    def keep(self, identity: bytes, session: Session, now: float) -> None:
        """Keep a session under a session id of TLS 1.2 that the client has got already."""
        ...

    def find(self, identities: tuple[bytes, ...], now: float) -> Found | Later:
        """The living sessions behind tickets, ids or identities, one for each, in their order.

        ``LATER``: call ``find_blocking``. Only the first few are looked up; there is no session
        behind the others.
        """
        ...

    def find_blocking(self, identities: tuple[bytes, ...], now: float) -> Found:
        """The same after a bounded time; none where the store is away."""
        ...

    def spend(self, identity: bytes) -> None:
        """The session was resumed, its binder valid: forget it where that is possible."""
        ...

    def is_replay(self, token: bytes, until: float, now: float) -> bool | Later:
        """See ``ReplayGuard.is_replay``."""
        ...

    def is_replay_blocking(self, token: bytes, until: float, now: float) -> bool:
        """See ``ReplayGuard.is_replay_blocking``."""
        ...


class TicketSessions:
    """Self-contained tickets: nothing is kept but a few keys, and hellos with early data.

    Args:
        ring: the keys; one that rotates in memory if left out. With keys from elsewhere the memory
            of hellos knows that it began empty, and declines early data for some seconds.
        replay: who remembers hellos; a ``ReplayMemory`` if left out.

    Attributes:
        unsealable: tickets that were not issued: no key seals now, or the session is too large, or
            dead already.
        unopened: what was shown as a ticket and is none of a living key's, or of a dead session.
    """

    def __init__(self, ring: KeyRing | None = None, replay: ReplayGuard | None = None) -> None:
        born = None if ring is None else PROVIDER.now()
        self.ring = RotatingKeyRing() if ring is None else ring
        self.replay = ReplayMemory(born=born) if replay is None else replay
        self.unsealable = 0
        self.unopened = 0
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"TicketSessions({self.ring!r})"

    @property
    def keeps_ids(self) -> bool:
        """Nothing is kept here."""
        return False

    def keep(self, identity: bytes, session: Session, now: float) -> None:
        """Nothing: what is not kept has no id."""
        del identity, session, now

    def issue(self, session: Session, random: Callable[[int], bytes], now: float) -> bytes | None:
        """See ``ServerSessions``."""
        content = encode_session(session)
        fits = len(content) + OVERHEAD <= SEALED_LIMIT and session.is_alive(now)
        key = self.ring.take(now) if fits else None
        if key is None:
            with self._lock:
                self.unsealable += 1
            return None
        return seal(key, content, random)

    def issue_id(self, session: Session, random: Callable[[int], bytes], now: float) -> None:
        """``None``: what is not kept has no id."""
        del session, random, now

    def find(self, identities: tuple[bytes, ...], now: float) -> Found:
        """See ``ServerSessions``."""
        looked_up = identities[:IDENTITIES_LIMIT]
        found = tuple(_living(open_ticket(self.ring, item, now), now) for item in looked_up)
        missed = found.count(None)
        if missed:
            with self._lock:
                self.unopened += missed
        return found + (None,) * (len(identities) - len(looked_up))

    def find_blocking(self, identities: tuple[bytes, ...], now: float) -> Found:
        """The same: nothing here waits."""
        return self.find(identities, now)

    def spend(self, identity: bytes) -> None:
        """Nothing: a ticket that was given away cannot be taken back."""

    def is_replay(self, token: bytes, until: float, now: float) -> bool | Later:
        """See ``ReplayGuard``."""
        return self.replay.is_replay(token, until, now)

    def is_replay_blocking(self, token: bytes, until: float, now: float) -> bool:
        """See ``ReplayGuard``."""
        return self.replay.is_replay_blocking(token, until, now)


class StoredSessions:
    """Sessions stay here, a client gets an id of 32 random bytes.

    A session of TLS 1.3 is dropped when it was resumed, so that nobody can read it afterwards: not
    even who breaks into the server has what would open its early data (RFC 9846, 8.1).

    Args:
        store: where they are kept; a ``MemoryStore`` if left out.
        replay: who remembers hellos; a ``ReplayMemory`` if left out. With a store from elsewhere it
            knows that it began empty.

    Attributes:
        unstored: ids that were not given out: the store would not take the session, or it is dead.
        unfound: what was shown as an id and is none, or of a dead session.
    """

    def __init__(
        self, store: SessionStore | None = None, replay: ReplayGuard | None = None
    ) -> None:
        born = None if store is None else PROVIDER.now()
        self.store: SessionStore = MemoryStore() if store is None else store
        self.replay = ReplayMemory(born=born) if replay is None else replay
        self.unstored = 0
        self.unfound = 0
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"StoredSessions({self.store!r})"

    @property
    def keeps_ids(self) -> bool:
        """What is stored is found by its id."""
        return True

    def issue(self, session: Session, random: Callable[[int], bytes], now: float) -> bytes | None:
        """See ``ServerSessions``."""
        name = random(ID_LENGTH)
        return name if self._put(name, session, now) else None

    def issue_id(
        self, session: Session, random: Callable[[int], bytes], now: float
    ) -> bytes | None:
        """See ``ServerSessions``."""
        return self.issue(session, random, now)

    def keep(self, identity: bytes, session: Session, now: float) -> None:
        """See ``ServerSessions``."""
        self._put(identity, session, now)

    def find(self, identities: tuple[bytes, ...], now: float) -> Found | Later:
        """See ``ServerSessions``."""
        contents = self.store.get(_names(identities), now)
        return contents if isinstance(contents, Later) else self._found(identities, contents, now)

    def find_blocking(self, identities: tuple[bytes, ...], now: float) -> Found:
        """See ``ServerSessions``."""
        return self._found(identities, self.store.get_blocking(_names(identities), now), now)

    def spend(self, identity: bytes) -> None:
        """See ``ServerSessions``; of 1.2's sessions the handshake spends none."""
        if len(identity) == ID_LENGTH:
            self.store.drop(identity)

    def is_replay(self, token: bytes, until: float, now: float) -> bool | Later:
        """See ``ReplayGuard``."""
        return self.replay.is_replay(token, until, now)

    def is_replay_blocking(self, token: bytes, until: float, now: float) -> bool:
        """See ``ReplayGuard``."""
        return self.replay.is_replay_blocking(token, until, now)

    def _put(self, name: bytes, session: Session, now: float) -> bool:
        until = session.issued_at + session.lifetime
        alive = session.is_alive(now)
        if alive and self.store.put(name, encode_session(session), until, now):
            return True
        with self._lock:
            self.unstored += 1
        return False

    def _found(
        self, identities: tuple[bytes, ...], contents: tuple[bytes | None, ...], now: float
    ) -> Found:
        """The sessions, where ``contents`` are those of the names that could be names."""
        looked_up = iter(contents)
        found = tuple(
            _living(next(looked_up), now) if _is_name(number, item) else None
            for number, item in enumerate(identities)
        )
        missed = sum(item is None for item in found[:IDENTITIES_LIMIT])
        if missed:
            with self._lock:
                self.unfound += missed
        return found


def _is_name(number: int, identity: bytes) -> bool:
    return number < IDENTITIES_LIMIT and len(identity) == ID_LENGTH


def _names(identities: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(item for number, item in enumerate(identities) if _is_name(number, item))


def _living(content: bytes | None, now: float) -> Session | None:
    session = None if content is None else decode_session(content)
    return session if session is not None and session.is_alive(now) else None
