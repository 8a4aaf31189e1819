"""Cipher suites as rows: an AEAD, a hash, their sizes, and how long one key may be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

from tlsee.codes import CipherSuite
from tlsee.crypto.support import is_supported
from tlsee.values import value

__all__ = ["Aead", "BytesLike", "InvalidTag", "Suite", "suites"]

BytesLike: TypeAlias = bytes | bytearray | memoryview

# RFC 9846, 5.5 allows about 2^24.5 full records under one AES-GCM key. 2^24 is the round number
# below: a KeyUpdate each 256 GiB costs nothing.
AES_GCM_LIMIT = 2**24

# CCM's bounds are tighter than GCM's: RFC 9147, 4.5.3 allows 2^23 records.
AES_CCM_LIMIT = 2**23

# The analysis sets no limit for ChaCha20-Poly1305 below the sequence number's own (RFC 9846, 5.3).
CHACHA20_LIMIT = 2**64 - 1


class Aead(Protocol):
    """An AEAD with its key (RFC 5116): nonces of 12 bytes, the tag behind the ciphertext."""

    def encrypt(
        self, nonce: BytesLike, data: BytesLike, associated_data: BytesLike | None
    ) -> bytes:
        """Ciphertext and tag."""
        ...

    def decrypt(
        self, nonce: BytesLike, data: BytesLike, associated_data: BytesLike | None
    ) -> bytes:
        """The plaintext.

        Raises:
            InvalidTag: as ``decrypt_into``.
        """
        ...

    def encrypt_into(
        self,
        nonce: BytesLike,
        data: BytesLike,
        associated_data: BytesLike | None,
        buf: BytesLike,
    ) -> int:
        """Write ciphertext and tag into ``buf``, which they fill exactly; gives their length."""
        ...

    def decrypt_into(
        self,
        nonce: BytesLike,
        data: BytesLike,
        associated_data: BytesLike | None,
        buf: BytesLike,
    ) -> int:
        """Write the plaintext into ``buf``, which it fills exactly; gives its length.

        Raises:
            InvalidTag: the bytes are not what was sealed under this key, nonce and data.
        """
        ...


@value
class Suite:
    """RFC 9846, B.4. ``hash_name`` is ``hashlib``'s; lengths are bytes.

    ``record_limit`` is the number of records that one key may seal before a KeyUpdate is due.
    ``aead`` makes an ``Aead`` of a key of ``key_length`` bytes.
    """

    code: CipherSuite
    hash_name: str
    hash_length: int
    key_length: int
    iv_length: int
    tag_length: int
    record_limit: int
    aead: Callable[[bytes], Aead]

    def __repr__(self) -> str:
        return f"Suite({self.code.name})"


def ccm(tag_length: int) -> Callable[[bytes], Aead]:
    """AES-CCM with tags of this length (RFC 6655, 3 and 4)."""
    return lambda key: AESCCM(key, tag_length)


_CODE = CipherSuite
_CHACHA20 = CipherSuite.TLS_CHACHA20_POLY1305_SHA256
_ROWS = tuple(
    Suite(code, hash_name, hash_length, key_length, 12, tag_length, record_limit, aead)
    for code, hash_name, hash_length, key_length, tag_length, record_limit, aead in (
        (_CODE.TLS_AES_128_GCM_SHA256, "sha256", 32, 16, 16, AES_GCM_LIMIT, AESGCM),
        (_CODE.TLS_AES_256_GCM_SHA384, "sha384", 48, 32, 16, AES_GCM_LIMIT, AESGCM),
        (
            _CODE.TLS_CHACHA20_POLY1305_SHA256,
            "sha256",
            32,
            32,
            16,
            CHACHA20_LIMIT,
            ChaCha20Poly1305,
        ),
        (_CODE.TLS_AES_128_CCM_SHA256, "sha256", 32, 16, 16, AES_CCM_LIMIT, ccm(16)),
        # Half a tag: for small devices, not recommended. One forgery of 2^64 ends a connection.
        (_CODE.TLS_AES_128_CCM_8_SHA256, "sha256", 32, 16, 8, AES_CCM_LIMIT, ccm(8)),
    )
)


def suites() -> dict[CipherSuite, Suite]:
    """The rows that the installed library can serve, by their code point."""
    return {row.code: row for row in _ROWS if _is_supported(row)}


def _is_supported(row: Suite) -> bool:
    return is_supported(lambda: row.aead(bytes(row.key_length)))
