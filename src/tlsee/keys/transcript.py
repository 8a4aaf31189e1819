"""The transcript hash: over every handshake message as it was sent or received (RFC 9846, 4.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from tlsee.wire.framing import message_hash

_HASHES: dict[str, Callable[..., Any]] = {
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}


class Transcript:
    """A running hash as a value: adding gives a new one, this one stays what it was.

    It is fed raw messages, headers included, never re-encoded ones.
    """

    __slots__ = ("_digest", "_hash", "hash_name")

    def __init__(self, hash_name: str, running: Any) -> None:
        self.hash_name = hash_name
        self._hash = running
        self._digest: bytes | None = None

    @classmethod
    def start(cls, hash_name: str, raw: bytes = b"") -> Transcript:
        """The transcript of these messages, with a hash that ``hashlib`` knows by this name."""
        return cls(hash_name, _HASHES[hash_name](raw))

    def add(self, raw: bytes) -> Transcript:
        """This transcript and one more message, or several."""
        running = self._hash.copy()
        running.update(raw)
        return Transcript(self.hash_name, running)

    def digest(self) -> bytes:
        """Transcript-Hash(...) up to here."""
        if self._digest is None:
            self._digest = self._hash.digest()
        return self._digest

    def retried(self) -> Transcript:
        """What stands for the first ClientHello once a HelloRetryRequest came (RFC 9846, 4.1)."""
        return Transcript.start(self.hash_name, message_hash(self.digest()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Transcript):
            return NotImplemented
        return self.hash_name == other.hash_name and self.digest() == other.digest()

    def __hash__(self) -> int:
        return hash((self.hash_name, self.digest()))

    def __repr__(self) -> str:
        return f"Transcript({self.hash_name}, {self.digest().hex()[:16]}..)"
