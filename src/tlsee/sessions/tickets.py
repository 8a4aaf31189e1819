"""Sealed tickets: the session goes to the client, and the server remembers nothing but keys.

::

    key id (16) | salt (32) | AES-256-GCM of the content, and its tag (16)

Each ticket is sealed under a key of its own, HKDF-Expand of the ticket key with the salt, and with
nonce zero. So a fleet shares a key without sharing a count of nonces: two tickets would have to
draw the same 32 random bytes. Key id and salt are authenticated as associated data.

Who has a ticket key reads the sessions that it sealed: connections of TLS 1.2 and early data of
1.3, and of 1.3 without a key exchange everything. That is why keys end.
"""

from __future__ import annotations

from collections.abc import Callable

from tlsee.codes import CipherSuite
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.suites import Aead, InvalidTag
from tlsee.keys.schedule13 import expand
from tlsee.sessions.bounds import SEALED_LIMIT
from tlsee.sessions.keyring import ID_LENGTH, KeyRing, TicketKey

__all__ = ["OVERHEAD", "SALT_LENGTH", "open_sealed", "open_ticket", "seal"]

SALT_LENGTH = 32
_HEAD_LENGTH = ID_LENGTH + SALT_LENGTH
_TAG_LENGTH = 16
OVERHEAD = _HEAD_LENGTH + _TAG_LENGTH
_NONCE = bytes(12)  # once per key: see above
_LABEL = b"tlsee ticket v1"
_new_aead = PROVIDER.suites[CipherSuite.TLS_AES_256_GCM_SHA384].aead


def seal(
    key: TicketKey, content: bytes, random: Callable[[int], bytes], about: bytes = b""
) -> bytes:
    """The content, for nobody's eyes but those who have the key.

    Args:
        key: see ``KeyRing.take``.
        content: any bytes.
        random: unpredictable bytes, 32 of them.
        about: what must be said again to open it, such as where it is stored.
    """
    head = key.id + random(SALT_LENGTH)
    return head + _aead(key, head).encrypt(_NONCE, content, head + about)


def open_ticket(ring: KeyRing, ticket: bytes, now: float, about: bytes = b"") -> bytes | None:
    """What a living key of the ring has sealed; ``None`` for any other bytes."""
    if not OVERHEAD <= len(ticket) <= SEALED_LIMIT:
        return None
    key = ring.find(ticket[:ID_LENGTH], now)
    return None if key is None else open_sealed(key, ticket, about)


def open_sealed(key: TicketKey, sealed: bytes, about: bytes = b"") -> bytes | None:
    """What ``seal`` was given with this key; ``None`` for any other bytes."""
    if len(sealed) < OVERHEAD or sealed[:ID_LENGTH] != key.id:
        return None
    head = sealed[:_HEAD_LENGTH]
    try:
        return _aead(key, head).decrypt(_NONCE, sealed[_HEAD_LENGTH:], head + about)
    except InvalidTag:
        return None


def _aead(key: TicketKey, head: bytes) -> Aead:
    return _new_aead(expand("sha256", key.key, _LABEL + head[ID_LENGTH:], 32))
