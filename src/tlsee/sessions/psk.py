"""Keys that both sides agreed on elsewhere, and how one is fitted to TLS 1.3 (RFC 9258).

An external key says nothing about who uses it: both sides hold the same, so each could be its own
peer. RFC 9257, 4.1 describes the attacks, "Selfie" among them. An imported key with a context that
names client and server, in their roles, is not the same key in the other direction.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import new as new_hash

from tlsee.codes import ProtocolVersion
from tlsee.errors import ApiMisuse
from tlsee.keys.schedule13 import expand_label, extract
from tlsee.sessions.bounds import EXTERNAL_KEY_LEAST
from tlsee.wire.codec import opaque, struct, u16, write

__all__ = ["ExternalPsk", "ImportedIdentity", "import_psk"]

# RFC 9258, 9: the registry of KDF identifiers, by the hash that HKDF works with.
_KDFS = {"sha256": (0x0001, 32), "sha384": (0x0002, 48)}


class ExternalPsk:
    """A pre-shared key with the name that goes over the wire.

    Attributes:
        identity: 1 to 65,535 bytes; who listens can read them.
        key: at least 16 bytes; never shown.
        hash_name: the hash of the suites that it may be used with (RFC 9846, 4.3.11).
        early_data: bytes that may come early; 0 forbids it.
        imported: whether ``import_psk`` made it, which its binder tells (RFC 9258, 5.2).

    Raises:
        ApiMisuse: no identity or one too long, a key under 128 bits, another hash than TLS 1.3's.
    """

    __slots__ = ("early_data", "hash_name", "identity", "imported", "key")

    def __init__(
        self,
        identity: bytes,
        key: bytes,
        hash_name: str = "sha256",
        early_data: int = 0,
        imported: bool = False,
    ) -> None:
        _check(identity, key, hash_name)
        if not 0 <= early_data < 1 << 32:
            raise ApiMisuse(f"{early_data} bytes of early data", "0 forbids it; below 2^32")
        self.identity = bytes(identity)
        self.key = bytes(key)
        self.hash_name = hash_name
        self.early_data = early_data
        self.imported = imported

    @property
    def binder_label(self) -> bytes:
        """What ``EarlyStage.binder`` takes."""
        return b"imp binder" if self.imported else b"ext binder"

    @property
    def fingerprint(self) -> bytes:
        """32 bytes that stand for this key under this name; they do not tell the key."""
        return hmac.digest(self.key, b"tlsee external key " + self.identity, "sha256")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExternalPsk):
            return NotImplemented
        return self._open() == other._open() and hmac.compare_digest(self.key, other.key)

    def __hash__(self) -> int:
        return hash(self._open())

    def __repr__(self) -> str:
        how = ", imported" if self.imported else ""
        return f"ExternalPsk({self.identity!r}, {self.hash_name}{how})"

    def _open(self) -> tuple[object, ...]:
        return self.identity, self.hash_name, self.early_data, self.imported


@struct
class ImportedIdentity:
    """RFC 9258, 5.1: an identity that says for what its key was made."""

    external_identity: bytes = opaque(1, 0xFFFF)
    context: bytes = opaque(0, 0xFFFF)
    target_protocol: ProtocolVersion = u16(ProtocolVersion)
    target_kdf: int = u16()


def import_psk(
    identity: bytes,
    key: bytes,
    context: bytes,
    *,
    protocols: Sequence[ProtocolVersion] = (ProtocolVersion.TLS13,),
    hashes: Sequence[str] = ("sha256", "sha384"),
    hash_name: str = "sha256",
    early_data: int = 0,
) -> tuple[ExternalPsk, ...]:
    """A key of each protocol and hash, derived from one (RFC 9258, 5.1); offer them all.

    Args:
        identity: what the key is called where it was agreed on.
        key: the key as it was agreed on; do not use it in any other way (RFC 9258, 6).
        context: whatever both sides know of each other, roles included; both must give the same.
        protocols: targets; TLS 1.3 is the only one that is served here.
        hashes: of the suites to serve.
        hash_name: the hash that the key itself was agreed on with.
        early_data: as in ``ExternalPsk``.

    Raises:
        ApiMisuse: as ``ExternalPsk``, and when identity and context are too long together.
    """
    _check(identity, key, hash_name)
    epskx = extract(hash_name, bytes(new_hash(hash_name).digest_size), key)
    made = []
    for protocol in protocols:
        for target in hashes:
            if target not in _KDFS:
                raise ApiMisuse(f"no suite of TLS 1.3 has {target!r}", "sha256 or sha384")
            kdf, length = _KDFS[target]
            imported = write(ImportedIdentity(identity, context, protocol, kdf))
            if len(imported) > 0xFFFF:
                raise ApiMisuse("identity and context have more than 65,535 bytes together")
            digest = new_hash(hash_name, imported).digest()
            ipskx = expand_label(hash_name, epskx, b"derived psk", digest, length)
            made.append(ExternalPsk(imported, ipskx, target, early_data, imported=True))
    return tuple(made)


def _check(identity: bytes, key: bytes, hash_name: str) -> None:
    given: tuple[object, object] = identity, key
    if not all(isinstance(item, bytes | bytearray) for item in given):
        raise ApiMisuse("identity and key are bytes", 'b"name", bytes.fromhex("...")')
    if not 1 <= len(identity) <= 0xFFFF:
        raise ApiMisuse(f"an identity of {len(identity)} bytes", "1 to 65,535 bytes")
    if len(key) < EXTERNAL_KEY_LEAST:
        raise ApiMisuse(
            f"a pre-shared key of {len(key)} bytes",
            f"at least {EXTERNAL_KEY_LEAST} random bytes; a password is no key",
        )
    if hash_name not in _KDFS:
        raise ApiMisuse(f"no suite of TLS 1.3 has {hash_name!r}", "sha256 or sha384")
