"""TLS 1.3's key schedule (RFC 9846, 7.1), one type per stage so that none can be skipped.

Each stage holds the secret that the next one salts with; what a stage derives carries the
transcript's digest at that moment.

::

    zeros --------+
                  v
    PSK or zeros ->  extract  =  early secret -------> ext, res or imp binder,
                                 |                     c e traffic, e exp master
                                 |  "derived"
                                 v
    (EC)DHE ------>  extract  =  handshake secret ---> c hs traffic, s hs traffic
                                 |
                                 |  "derived"
                                 v
    zeros -------->  extract  =  main secret --------> c ap traffic, s ap traffic,
                                                       exp master, res master

A traffic secret gives a key and an IV, the key of Finished, and its own successor. HKDF is
RFC 5869 on ``hmac.digest``: with outputs no longer than the hash, expanding is a single HMAC.
"""

from __future__ import annotations

import hmac
from functools import lru_cache
from hashlib import new as new_hash
from typing import ClassVar

from tlsee.crypto.suites import Suite
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons
from tlsee.values import value

__all__ = [
    "EarlyStage",
    "FinishedValid",
    "HandshakeStage",
    "MainStage",
    "TrafficSecret",
    "derive_secret",
    "expand_label",
    "extract",
    "psk_of_ticket",
]

_digest = hmac.digest
_LABEL_CACHE_SIZE = 256  # a connection uses some twenty; exporters add the application's own


def extract(hash_name: str, salt: bytes, key: bytes) -> bytes:
    """HKDF-Extract (RFC 5869, 2.2)."""
    return _digest(salt, key, hash_name)


def expand(hash_name: str, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand (RFC 5869, 2.3).

    Raises:
        ApiMisuse: ``length`` exceeds 255 times the hash's.
    """
    block = _digest(secret, info + b"\x01", hash_name)
    if length <= len(block):
        return block[:length]
    if length > 255 * len(block):
        raise ApiMisuse(f"HKDF with {hash_name} cannot give {length} bytes")
    blocks = [block]
    for counter in range(2, -(-length // len(block)) + 1):
        block = _digest(secret, block + info + bytes([counter]), hash_name)
        blocks.append(block)
    return b"".join(blocks)[:length]


@lru_cache(_LABEL_CACHE_SIZE)
def _label_prefix(label: bytes, context_length: int, length: int) -> bytes:
    """HkdfLabel up to the context's bytes."""
    if not 1 <= len(label) <= 249:
        raise ApiMisuse(f"a label has 1 to 249 bytes, not {len(label)}")
    if context_length > 255 or length > 0xFFFF:
        raise ApiMisuse("a label's context has at most 255 bytes, its output 65,535")
    full = b"tls13 " + label
    return length.to_bytes(2, "big") + bytes([len(full)]) + full + bytes([context_length])


def expand_label(hash_name: str, secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
    """HKDF-Expand-Label; ``label`` is without its prefix ``tls13``.

    Raises:
        ApiMisuse: a label, context or length that its fields cannot hold.
    """
    prefix = _label_prefix(label, len(context), length)
    return expand(hash_name, secret, prefix + context, length)


def derive_secret(hash_name: str, secret: bytes, label: bytes, digest: bytes) -> bytes:
    """Derive-Secret; ``digest`` is the transcript's, and its length is the result's."""
    info = _label_prefix(label, len(digest), len(digest)) + digest + b"\x01"
    return _digest(secret, info, hash_name)


@lru_cache(8)
def _constants(hash_name: str) -> tuple[bytes, bytes]:
    """Zeros of the hash's length, and the hash of nothing."""
    empty = new_hash(hash_name).digest()
    return bytes(len(empty)), empty


@lru_cache(8)
def _early_secret_without_psk(hash_name: str) -> bytes:
    """A constant that anybody can compute."""
    zeros, _ = _constants(hash_name)
    return extract(hash_name, zeros, zeros)


@lru_cache(8)
def _handshake_salt_without_psk(hash_name: str) -> bytes:
    """As public as the secret it comes from."""
    _, empty = _constants(hash_name)
    return derive_secret(hash_name, _early_secret_without_psk(hash_name), b"derived", empty)


def _verify_data(hash_name: str, base_key: bytes, digest: bytes) -> bytes:
    """What Finished and the binders hold: an HMAC under the base key's Finished key."""
    key = expand_label(hash_name, base_key, b"finished", b"", len(digest))
    return _digest(key, digest, hash_name)


def psk_of_ticket(suite: Suite, resumption_secret: bytes, nonce: bytes) -> bytes:
    """The pre-shared key that belongs to a ticket with this ticket_nonce (RFC 9846, 4.7.1)."""
    name, length = suite.hash_name, suite.hash_length
    return expand_label(name, resumption_secret, b"resumption", nonce, length)


@value
class FinishedValid:
    """The receipt for a right Finished; ``TrafficSecret.check_finished`` alone makes it."""


@value
class _Keyed:
    """A secret of a suite; never shown, compared in constant time."""

    suite: Suite
    secret: bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"secret"})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Keyed) or type(self) is not type(other):
            return NotImplemented
        return self.suite.code == other.suite.code and hmac.compare_digest(
            self.secret, other.secret
        )

    def __hash__(self) -> int:
        return hash((type(self), self.suite.code))


class TrafficSecret(_Keyed):
    """What one direction of one epoch is protected with."""

    __slots__ = ()

    def keys(self) -> tuple[bytes, bytes]:
        """Key and IV (RFC 9846, 7.3)."""
        suite = self.suite
        name, secret = suite.hash_name, self.secret
        return (
            expand_label(name, secret, b"key", b"", suite.key_length),
            expand_label(name, secret, b"iv", b"", suite.iv_length),
        )

    def next(self) -> TrafficSecret:
        """The secret after a KeyUpdate (RFC 9846, 7.2)."""
        name, length = self.suite.hash_name, self.suite.hash_length
        return TrafficSecret(
            self.suite, expand_label(name, self.secret, b"traffic upd", b"", length)
        )

    def finished(self, digest: bytes) -> bytes:
        """The verify_data over a transcript (RFC 9846, 4.5.3)."""
        return _verify_data(self.suite.hash_name, self.secret, digest)

    def check_finished(self, digest: bytes, verify_data: bytes) -> FinishedValid:
        """The receipt for the peer's Finished.

        Raises:
            PeerMisbehaved: ``bad_finished``.
        """
        if not hmac.compare_digest(self.finished(digest), verify_data):
            raise PeerMisbehaved(Reasons.bad_finished)
        return FinishedValid()


class EarlyStage(_Keyed):
    """The early secret."""

    __slots__ = ()

    @classmethod
    def start(cls, suite: Suite, psk: bytes = b"") -> EarlyStage:
        """Begin with a pre-shared key, or with none."""
        name = suite.hash_name
        if not psk:
            return cls(suite, _early_secret_without_psk(name))
        return cls(suite, extract(name, _constants(name)[0], psk))

    def binder(self, label: bytes, digest: bytes) -> bytes:
        """The binder of this stage's pre-shared key (RFC 9846, 4.3.11.2).

        Args:
            label: where the key comes from: ``b"res binder"`` for a ticket's, ``b"ext binder"``
                for one agreed on outside of TLS, ``b"imp binder"`` for an imported one (RFC 9258,
                5.2). So none can pass for another.
            digest: over the ClientHello without its binders; after a retry, over the message_hash
                of the first hello and the HelloRetryRequest before it.
        """
        name = self.suite.hash_name
        _, empty = _constants(name)
        return _verify_data(name, derive_secret(name, self.secret, label, empty), digest)

    def early_traffic(self, digest: bytes) -> TrafficSecret:
        """What protects early data; ``digest`` is that of the ClientHello alone."""
        name = self.suite.hash_name
        return TrafficSecret(self.suite, derive_secret(name, self.secret, b"c e traffic", digest))

    def early_exporter(self, digest: bytes) -> bytes:
        """The secret of exporters that exist before the handshake is done, replayable as it is."""
        return derive_secret(self.suite.hash_name, self.secret, b"e exp master", digest)

    def handshake(self, shared_secret: bytes) -> HandshakeStage:
        """Mix in what the key exchange gave; ``b""`` means that there was none (psk_ke).

        Raises:
            ApiMisuse: there is neither a pre-shared key nor a shared secret.
        """
        name = self.suite.hash_name
        zeros, empty = _constants(name)
        if self.secret is _early_secret_without_psk(name):
            if not shared_secret:
                raise ApiMisuse("a handshake needs a pre-shared key or a key exchange")
            salt = _handshake_salt_without_psk(name)
        else:
            salt = derive_secret(name, self.secret, b"derived", empty)
        return HandshakeStage(self.suite, extract(name, salt, shared_secret or zeros))


class HandshakeStage(_Keyed):
    """The handshake secret."""

    __slots__ = ()

    def traffic(self, digest: bytes) -> tuple[TrafficSecret, TrafficSecret]:
        """The client's and the server's secret; ``digest`` ends with ServerHello."""
        suite = self.suite
        name, secret = suite.hash_name, self.secret
        return (
            TrafficSecret(suite, derive_secret(name, secret, b"c hs traffic", digest)),
            TrafficSecret(suite, derive_secret(name, secret, b"s hs traffic", digest)),
        )

    def main(self) -> MainStage:
        """The last stage; nothing more is mixed in."""
        name = self.suite.hash_name
        zeros, empty = _constants(name)
        salt = derive_secret(name, self.secret, b"derived", empty)
        return MainStage(self.suite, extract(name, salt, zeros))


class MainStage(_Keyed):
    """The main secret."""

    __slots__ = ()

    def application(self, digest: bytes) -> tuple[TrafficSecret, TrafficSecret, bytes]:
        """The client's and the server's secret, and the exporter's.

        ``digest`` ends with the server's Finished.
        """
        suite = self.suite
        name, secret = suite.hash_name, self.secret
        return (
            TrafficSecret(suite, derive_secret(name, secret, b"c ap traffic", digest)),
            TrafficSecret(suite, derive_secret(name, secret, b"s ap traffic", digest)),
            derive_secret(name, secret, b"exp master", digest),
        )

    def resumption(self, digest: bytes) -> bytes:
        """The resumption secret; ``digest`` ends with the client's Finished."""
        return derive_secret(self.suite.hash_name, self.secret, b"res master", digest)
