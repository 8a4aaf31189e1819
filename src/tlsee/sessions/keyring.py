"""The keys that tickets are sealed under, and which of them is used when.

A key lives through three times. It is *known* from the moment it is in the ring: what it sealed can
be opened. From ``not_before`` on it *seals*, until the next one does. From ``not_after`` on it is
dead: nothing that it sealed is opened any more. In a fleet a key becomes known everywhere before it
seals anywhere, so that no server ever meets a ticket of a fresh key that it has not heard of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import ClassVar

from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse
from tlsee.sessions.bounds import KEY_PERIOD, KEYS_LIMIT, LIFETIME, SEALS_PER_KEY
from tlsee.sessions.secretive import hash_of, same
from tlsee.values import value

__all__ = ["ID_LENGTH", "KEY_LENGTH", "KeyRing", "RotatingKeyRing", "TicketKey"]

ID_LENGTH = 16
KEY_LENGTH = 32


@value
class TicketKey:
    """A key by its id: 16 bytes that stand in each ticket, and 32 that nobody sees.

    Attributes:
        id: tells keys apart; public.
        key: random.
        not_before: when it begins to seal, in seconds since the epoch.
        not_after: when the last that it sealed has ended.
    """

    id: bytes
    key: bytes
    not_before: float
    not_after: float
    _hidden: ClassVar[frozenset[str]] = frozenset({"key"})

    __eq__ = same
    __hash__ = hash_of


class KeyRing:
    """Keys that somebody else makes: read from files, or from a secret store.

    Attributes:
        unknown_key_ids: tickets whose key is not here: forged, outlived, or made by a server that
            is out of step with this one.

    Raises:
        ApiMisuse: a key of the wrong form, two with one id, or more than 64.
    """

    def __init__(
        self, keys: Iterable[TicketKey] = (), *, seals_per_key: int = SEALS_PER_KEY
    ) -> None:
        self.unknown_key_ids = 0
        self._seals_per_key = seals_per_key
        self._sealed: dict[bytes, int] = {}
        self._keys: dict[bytes, TicketKey] = {}
        self._lock = Lock()
        for key in keys:
            self.add(key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._keys)} keys)"

    def add(self, key: TicketKey) -> None:
        """Make a key known. The same one again changes nothing.

        Raises:
            ApiMisuse: see the class; a known id with other contents.
        """
        if len(key.id) != ID_LENGTH or len(key.key) != KEY_LENGTH:
            raise ApiMisuse("a ticket key has an id of 16 bytes and a key of 32")
        if not key.not_before < key.not_after:
            raise ApiMisuse("a ticket key ends after it begins")
        with self._lock:
            known = self._keys.get(key.id)
            if known is not None and known != key:
                raise ApiMisuse(f"two ticket keys have the id {key.id.hex()}")
            if known is None and len(self._keys) >= KEYS_LIMIT:
                raise ApiMisuse(f"a ring holds at most {KEYS_LIMIT} keys", "drop the dead ones")
            self._keys = {**self._keys, key.id: key}

    def keys(self, now: float) -> tuple[TicketKey, ...]:
        """The living ones, the oldest first; dead ones are forgotten here."""
        with self._lock:
            if any(key.not_after <= now for key in self._keys.values()):
                self._keys = {i: key for i, key in self._keys.items() if now < key.not_after}
                self._sealed = {i: n for i, n in self._sealed.items() if i in self._keys}
            return tuple(sorted(self._keys.values(), key=lambda key: (key.not_before, key.id)))

    def current(self, now: float) -> TicketKey | None:
        """The key that seals now: of those whose time has come, the youngest below its limit.

        Where two processes rotate at once and both keys become known, all choose the same one.
        """
        for key in reversed(self.keys(now)):
            if key.not_before <= now and self._sealed.get(key.id, 0) < self._seals_per_key:
                return key
        return None

    def take(self, now: float) -> TicketKey | None:
        """``current``, counted against its limit: for one ticket."""
        key = self.current(now)
        if key is None:
            return None
        with self._lock:
            count = self._sealed.get(key.id, 0)
            if count >= self._seals_per_key:
                return None
            self._sealed[key.id] = count + 1
        return key

    def find(self, key_id: bytes, now: float) -> TicketKey | None:
        """The living key with this id, also one that does not seal yet: clocks differ."""
        key = self._keys.get(key_id)
        if key is not None and now < key.not_after:
            return key
        with self._lock:
            self.unknown_key_ids += 1
        return None


class RotatingKeyRing(KeyRing):
    """A ring for one process, which makes its keys itself and forgets them with the process.

    Args:
        period: seconds that a key seals.
        lifetime: seconds that tickets live; a key is kept that long after it has sealed its last.
        random: where keys come from. Not a connection's provider: a recording of that connection
            would hold the key to all others.
    """

    def __init__(
        self,
        *,
        period: float = KEY_PERIOD,
        lifetime: float = LIFETIME,
        random: Callable[[int], bytes] = PROVIDER.random,
        seals_per_key: int = SEALS_PER_KEY,
    ) -> None:
        super().__init__(seals_per_key=seals_per_key)
        if period <= 0 or lifetime <= 0 or (period + lifetime) / period >= KEYS_LIMIT:
            raise ApiMisuse(
                f"a key each {period} seconds for tickets of {lifetime}",
                f"at most {KEYS_LIMIT} keys may live at once",
            )
        self._period, self._lifetime, self._random = period, lifetime, random
        self._making = Lock()

    def current(self, now: float) -> TicketKey | None:
        """The key that seals now, made if the last one's time is over."""
        found = self._sealing(now)
        if found is not None:
            return found
        with self._making:
            found = self._sealing(now)
            if found is not None or len(self.keys(now)) >= KEYS_LIMIT:
                return found
            end = now + self._period + self._lifetime
            made = TicketKey(self._random(ID_LENGTH), self._random(KEY_LENGTH), now, end)
            self.add(made)
            return made

    def _sealing(self, now: float) -> TicketKey | None:
        found = super().current(now)
        if found is not None and now < found.not_before + self._period:
            return found
        return None
