"""TLS 1.2's cipher suites as rows: a key exchange, who signs, a hash, and a cipher.

Not part of a provider's start: asked for by whoever speaks 1.2. Which of them a policy offers is
said elsewhere; here they are only what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeAlias

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from tlsee.codes import CipherSuite
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.suites import AES_CCM_LIMIT, AES_GCM_LIMIT, CHACHA20_LIMIT, Aead, ccm
from tlsee.crypto.support import is_supported
from tlsee.values import value

__all__ = ["AES_BLOCK", "AeadCipher", "Cbc", "CbcCipher", "Suite12", "suites12"]

AES_BLOCK = 16

# 2^24 full records are 2^34 blocks, and two of them collide with a chance of 2^-61. In 1.2 nothing
# makes new keys, so that every limit is where a connection ends.
AES_CBC_LIMIT = 2**24


@value
class AeadCipher:
    """RFC 5246, 6.2.3.3. Lengths are bytes.

    ``iv_length`` is the part of the nonce that comes from the key block, ``explicit_length`` the
    part that each record carries; ChaCha20-Poly1305 has none (RFC 7905, 2).
    """

    name: str
    key_length: int
    iv_length: int
    explicit_length: int
    tag_length: int
    record_limit: int
    aead: Callable[[bytes], Aead]

    def __repr__(self) -> str:
        return f"AeadCipher({self.name})"


class Cbc:
    """AES in CBC mode with one key; whole blocks only."""

    __slots__ = ("_algorithm",)

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.AES(key)

    def encrypt(self, iv: bytes, data: bytes) -> bytes:
        """As many bytes as ``data`` has."""
        return Cipher(self._algorithm, modes.CBC(iv)).encryptor().update(data)

    def decrypt(self, iv: bytes, data: bytes | memoryview) -> bytes:
        """As many bytes as ``data`` has."""
        return Cipher(self._algorithm, modes.CBC(iv)).decryptor().update(data)


@value
class CbcCipher:
    """RFC 5246, 6.2.3.2: AES-CBC with an HMAC, whose key is as long as its result."""

    name: str
    key_length: int
    mac_name: str
    mac_length: int
    record_limit: int
    cbc: Callable[[bytes], Cbc]

    def __repr__(self) -> str:
        return f"CbcCipher({self.name})"


CipherRow: TypeAlias = AeadCipher | CbcCipher


@value
class Suite12:
    """RFC 5246, A.5 and its successors.

    Attributes:
        authentication: ``ecdsa`` (an EdDSA key too: RFC 8422, 5.10) or ``rsa``, the kind of the
            server's key; with RSA key exchange it decrypts instead of signing.
        hash_name: ``hashlib``'s, of the PRF and of the transcript.
        hash_length: in bytes.
    """

    code: CipherSuite
    key_exchange: KeyExchangeAlgorithm
    authentication: str
    hash_name: str
    hash_length: int
    cipher: CipherRow

    @property
    def forward_secret(self) -> bool:
        """Whether the server's private key alone does not open what was recorded."""
        return self.key_exchange.forward_secret

    @property
    def is_aead(self) -> bool:
        """Whether it needs neither of CBC's two orders of MAC and cipher."""
        return isinstance(self.cipher, AeadCipher)

    @property
    def record_limit(self) -> int:
        """How many records one key may seal."""
        return self.cipher.record_limit

    def __repr__(self) -> str:
        return f"Suite12({self.code.name})"


def _gcm(bits: int) -> AeadCipher:
    return AeadCipher(f"AES_{bits}_GCM", bits // 8, 4, 8, 16, AES_GCM_LIMIT, AESGCM)


def _ccm(bits: int, tag_length: int) -> AeadCipher:
    """RFC 6655, 3 and 4."""
    name = f"AES_{bits}_CCM" + ("_8" if tag_length == 8 else "")
    return AeadCipher(name, bits // 8, 4, 8, tag_length, AES_CCM_LIMIT, ccm(tag_length))


def _cbc(bits: int, mac: str) -> CbcCipher:
    mac_name, length = _MACS[mac]
    return CbcCipher(f"AES_{bits}_CBC", bits // 8, mac_name, length, AES_CBC_LIMIT, Cbc)


_MACS = {"SHA": ("sha1", 20), "SHA256": ("sha256", 32), "SHA384": ("sha384", 48)}

# By what a suite's name ends with.
_CIPHERS: dict[str, CipherRow] = {
    "AES_128_GCM_SHA256": _gcm(128),
    "AES_256_GCM_SHA384": _gcm(256),
    "CHACHA20_POLY1305_SHA256": AeadCipher(
        "CHACHA20_POLY1305", 32, 12, 0, 16, CHACHA20_LIMIT, ChaCha20Poly1305
    ),
    "AES_128_CCM": _ccm(128, 16),
    "AES_256_CCM": _ccm(256, 16),
    "AES_128_CCM_8": _ccm(128, 8),
    "AES_256_CCM_8": _ccm(256, 8),
    "AES_128_CBC_SHA": _cbc(128, "SHA"),
    "AES_256_CBC_SHA": _cbc(256, "SHA"),
    "AES_128_CBC_SHA256": _cbc(128, "SHA256"),
    "AES_256_CBC_SHA256": _cbc(256, "SHA256"),
    "AES_256_CBC_SHA384": _cbc(256, "SHA384"),
}

_EXCHANGES = {
    "ECDHE_ECDSA": (KeyExchangeAlgorithm.ecdhe, "ecdsa"),
    "ECDHE_RSA": (KeyExchangeAlgorithm.ecdhe, "rsa"),
    "DHE_RSA": (KeyExchangeAlgorithm.dhe, "rsa"),
    "RSA": (KeyExchangeAlgorithm.rsa, "rsa"),
}


def _rows() -> Iterator[Suite12]:
    """A suite's name says what it is: key exchange and signature, cipher, hash."""
    for code in CipherSuite.members():
        exchange, _, cipher = code.name.removeprefix("TLS_").partition("_WITH_")
        if not cipher:
            continue  # TLS 1.3's, or a signalling value
        # RFC 5246, 5: the PRF's hash is SHA-256 unless the suite says another, stronger one.
        hash_name, length = ("sha384", 48) if cipher.endswith("_SHA384") else ("sha256", 32)
        key_exchange, authentication = _EXCHANGES[exchange]
        yield Suite12(code, key_exchange, authentication, hash_name, length, _CIPHERS[cipher])


@cache
def suites12() -> dict[CipherSuite, Suite12]:
    """The rows that the installed library can serve, by their code point."""
    served = {row for row in _CIPHERS.values() if _is_supported(row)}
    return {row.code: row for row in _rows() if row.cipher in served}


def _is_supported(row: CipherRow) -> bool:
    key = bytes(row.key_length)
    if isinstance(row, AeadCipher):
        make = row.aead
        return is_supported(lambda: make(key))
    cbc = row.cbc(key)
    return is_supported(lambda: cbc.encrypt(bytes(AES_BLOCK), b""))
