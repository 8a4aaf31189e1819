"""TLS 1.2's key schedule (RFC 5246, 5, 6.3, 8.1; RFC 7627): one secret, and a block of keys.

::

    premaster secret --+
                       |  "extended master secret" over the handshake (RFC 7627)
                       |  or "master secret" over the two randoms (RFC 5246, 8.1)
                       v
                  main secret ---> "key expansion"  = key block: MAC keys, keys, IVs
                              ---> "client finished", "server finished" = verify_data
                              ---> exporters (RFC 5705)

The labels keep the bytes they were given; the words for them are RFC 9846's.
"""

from __future__ import annotations

import hmac
from typing import ClassVar

from tlsee.crypto.suites12 import AeadCipher, Suite12
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons
from tlsee.keys.schedule13 import FinishedValid
from tlsee.values import value
from tlsee.wire.messages12 import VERIFY_DATA_LENGTH

__all__ = ["MainSecret", "TrafficKeys12", "prf"]

MAIN_SECRET_LENGTH = 48  # RFC 5246, 8.1

_digest = hmac.digest

_MAIN = b"master secret"
_EXTENDED_MAIN = b"extended master secret"
_KEYS = b"key expansion"
_CLIENT_FINISHED = b"client finished"
_SERVER_FINISHED = b"server finished"

# RFC 5705, 4 and RFC 7627, 7: what the protocol itself derives, no application may.
_RESERVED = frozenset({_MAIN, _EXTENDED_MAIN, _KEYS, _CLIENT_FINISHED, _SERVER_FINISHED})


def prf(hash_name: str, secret: bytes, label: bytes, seed: bytes, length: int) -> bytes:
    """PRF (RFC 5246, 5), which is P_hash over label and seed."""
    seed = label + seed
    chain = _digest(secret, seed, hash_name)  # A(1)
    blocks = _digest(secret, chain + seed, hash_name)
    while len(blocks) < length:
        chain = _digest(secret, chain, hash_name)
        blocks += _digest(secret, chain + seed, hash_name)
    return blocks[:length]


@value
class TrafficKeys12:
    """What one direction is protected with (RFC 5246, 6.3); never shown.

    ``mac_key`` is empty for an AEAD, ``iv`` for CBC. ``encrypt_then_mac`` is RFC 7366's order of
    the two and means nothing for an AEAD.
    """

    suite: Suite12
    mac_key: bytes
    key: bytes
    iv: bytes
    encrypt_then_mac: bool = False
    _hidden: ClassVar[frozenset[str]] = frozenset({"mac_key", "key", "iv"})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TrafficKeys12):
            return NotImplemented
        return (
            self.suite.code == other.suite.code
            and self.encrypt_then_mac == other.encrypt_then_mac
            and hmac.compare_digest(self._all(), other._all())
        )

    def __hash__(self) -> int:
        return hash((TrafficKeys12, self.suite.code, self.encrypt_then_mac))

    def _all(self) -> bytes:
        return self.mac_key + self.key + self.iv


@value
class MainSecret:
    """The main secret of a session; never shown. ``extended``: it covers the handshake."""

    suite: Suite12
    secret: bytes
    extended: bool
    _hidden: ClassVar[frozenset[str]] = frozenset({"secret"})

    @classmethod
    def of_randoms(
        cls, suite: Suite12, premaster: bytes, client_random: bytes, server_random: bytes
    ) -> MainSecret:
        """RFC 5246, 8.1: bound to the randoms alone, which a man in the middle can arrange."""
        seed = client_random + server_random
        return cls(suite, prf(suite.hash_name, premaster, _MAIN, seed, MAIN_SECRET_LENGTH), False)

    @classmethod
    def of_session(cls, suite: Suite12, premaster: bytes, session_hash: bytes) -> MainSecret:
        """RFC 7627, 4; ``session_hash`` is the transcript's, ending with ClientKeyExchange."""
        name = suite.hash_name
        secret = prf(name, premaster, _EXTENDED_MAIN, session_hash, MAIN_SECRET_LENGTH)
        return cls(suite, secret, True)

    def keys(
        self, client_random: bytes, server_random: bytes, *, encrypt_then_mac: bool = False
    ) -> tuple[TrafficKeys12, TrafficKeys12]:
        """The client's and the server's keys (RFC 5246, 6.3): what each of them writes with."""
        cipher = self.suite.cipher
        if isinstance(cipher, AeadCipher):
            mac, key, iv = 0, cipher.key_length, cipher.iv_length
        else:
            mac, key, iv = cipher.mac_length, cipher.key_length, 0  # each record carries its IV
        seed = server_random + client_random
        block = prf(self.suite.hash_name, self.secret, _KEYS, seed, 2 * (mac + key + iv))
        keys = block[2 * mac :]
        ivs = keys[2 * key :]
        return (
            TrafficKeys12(self.suite, block[:mac], keys[:key], ivs[:iv], encrypt_then_mac),
            TrafficKeys12(
                self.suite, block[mac : 2 * mac], keys[key : 2 * key], ivs[iv:], encrypt_then_mac
            ),
        )

    def client_finished(self, digest: bytes) -> bytes:
        """The client's verify_data over a transcript (RFC 5246, 7.4.9)."""
        return self._verify_data(_CLIENT_FINISHED, digest)

    def server_finished(self, digest: bytes) -> bytes:
        """The server's verify_data over a transcript, which includes the client's Finished."""
        return self._verify_data(_SERVER_FINISHED, digest)

    def check_client_finished(self, digest: bytes, verify_data: bytes) -> FinishedValid:
        """The receipt for the client's Finished.

        Raises:
            PeerMisbehaved: ``bad_finished``.
        """
        return _checked(self.client_finished(digest), verify_data)

    def check_server_finished(self, digest: bytes, verify_data: bytes) -> FinishedValid:
        """The receipt for the server's Finished.

        Raises:
            PeerMisbehaved: ``bad_finished``.
        """
        return _checked(self.server_finished(digest), verify_data)

    def export(
        self,
        client_random: bytes,
        server_random: bytes,
        label: bytes,
        context: bytes | None,
        length: int,
    ) -> bytes:
        """Keying material for the application's own use (RFC 5705, 4).

        Unlike in TLS 1.3, no context and an empty one give different bytes.

        Raises:
            ApiMisuse: the secret does not cover the handshake, so that two connections could have
                the same (RFC 7627, 5.4); a label that is empty or the protocol's own; a length
                below 1; a context of more than 65,535 bytes.
        """
        if not self.extended:
            raise ApiMisuse(
                "no exporter without extended_main_secret", "require it, or use TLS 1.3"
            )
        if not label or label in _RESERVED or length < 1:
            raise ApiMisuse(f"no keying material of {length} bytes for the label {label!r}")
        seed = client_random + server_random
        if context is not None:
            if len(context) > 0xFFFF:
                raise ApiMisuse("a context has at most 65,535 bytes")
            seed += len(context).to_bytes(2) + context
        return prf(self.suite.hash_name, self.secret, label, seed, length)

    def _verify_data(self, label: bytes, digest: bytes) -> bytes:
        return prf(self.suite.hash_name, self.secret, label, digest, VERIFY_DATA_LENGTH)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MainSecret):
            return NotImplemented
        return (self.suite.code, self.extended) == (
            other.suite.code,
            other.extended,
        ) and hmac.compare_digest(self.secret, other.secret)

    def __hash__(self) -> int:
        return hash((MainSecret, self.suite.code, self.extended))


def _checked(expected: bytes, verify_data: bytes) -> FinishedValid:
    """The one place here that makes a receipt."""
    if not hmac.compare_digest(expected, verify_data):
        raise PeerMisbehaved(Reasons.bad_finished)
    return FinishedValid()
