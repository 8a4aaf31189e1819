"""What lies in somebody else's memory is sealed under a secret that only the servers have."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse
from tlsee.keys.schedule13 import expand
from tlsee.sessions.keyring import ID_LENGTH, KEY_LENGTH, TicketKey
from tlsee.sessions.tickets import open_sealed, seal

__all__ = ["AtRest"]

SECRET_LEAST = 32


class AtRest:
    """Seals under the first secret, opens with any: so a fleet can change it without a gap.

    An entry is sealed for its place, so that it opens nowhere else.

    Raises:
        ApiMisuse: no secret, or one under 32 bytes.
    """

    def __init__(self, secrets: Sequence[bytes]) -> None:
        if not secrets or any(len(secret) < SECRET_LEAST for secret in secrets):
            raise ApiMisuse(
                "a store that others can read needs a secret that they do not have",
                f"{SECRET_LEAST} random bytes or more, the same on each server",
            )
        self._keys = tuple(_key_of(secret) for secret in secrets)

    def __repr__(self) -> str:
        return f"AtRest({len(self._keys)} secrets)"

    def seal(self, content: bytes, place: bytes) -> bytes:
        """The content, to be put there."""
        return seal(self._keys[0], content, PROVIDER.random, place)

    def open(self, sealed: bytes, place: bytes) -> bytes | None:
        """What was sealed for this place under one of the secrets; ``None`` for other bytes."""
        for key in self._keys:
            content = open_sealed(key, sealed, place)
            if content is not None:
                return content
        return None


def _key_of(secret: bytes) -> TicketKey:
    pseudorandom = sha256(b"tlsee at rest" + secret).digest()
    key_id = expand("sha256", pseudorandom, b"id", ID_LENGTH)
    key = expand("sha256", pseudorandom, b"key", KEY_LENGTH)
    return TicketKey(key_id, key, 0.0, float("inf"))
