"""Hellos of our own that must not come back to us: the Selfie attack (RFC 9257, 4.1).

Who holds an external key in both roles could be led to talk to itself: its own ClientHello, sent
back, has a right binder. The random of a hello names it, so a process remembers the randoms of the
hellos it made with external keys. Between processes only a key that names the roles helps
(``sessions.psk.import_psk``).
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

# Hellos remembered. A reflection comes at once or within a handshake's time; at some 130 bytes each
# they take half a megabyte.
LIMIT = 4_096


class Reflections:
    """The randoms of our own hellos, the latest ones."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._randoms: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def remember(self, random: bytes) -> None:
        """A hello of ours has this random."""
        with self._lock:
            self._randoms[random] = None
            if len(self._randoms) > self._limit:
                self._randoms.popitem(last=False)

    def __contains__(self, random: bytes) -> bool:
        with self._lock:
            return random in self._randoms


REFLECTIONS = Reflections()
