"""Public keys as TLS needs them: with what the key object of a library no longer knows.

A SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) says id-RSASSA-PSS or rsaEncryption, and TLS has other
schemes for each; loaded, both are RSA keys. So the key is kept with its kind.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.values import value

# RFC 9325, 4.5 asks for 2048 bits at least.
RSA_MODULUS_MINIMUM = 2048

# A certificate is the peer's choice, and verifying costs the square of its modulus. 8192 is the
# bound of Go's crypto/tls; public authorities issue 4096 at most.
RSA_MODULUS_LIMIT = 8192

# As OpenSSL's for large moduli; in use are 3 and 65537.
RSA_EXPONENT_BITS_LIMIT = 64

# ML-DSA-87's takes 2,614 bytes, RSA's of 8192 bits some 1,100.
SUBJECT_PUBLIC_KEY_INFO_LIMIT = 4096


@value
class PublicKey:
    """A public key that some scheme here can use.

    Attributes:
        key: the public key object of ``cryptography``.
        kind: ``rsa``, ``rsa-pss``, ``ecdsa-secp256r1``, ``ecdsa-secp384r1``, ``ecdsa-secp521r1``,
            ``ed25519``, ``ed448``, ``mldsa44``, ``mldsa65``, ``mldsa87``.
        bits: the modulus's or the curve's size; 0 where the kind says it all.
        spki: the DER of its SubjectPublicKeyInfo.
        only_hash: the one hash that an id-RSASSA-PSS key restricts itself to, or ``""``.
    """

    key: Any
    kind: str
    bits: int
    spki: bytes
    only_hash: str = ""
    _hidden: ClassVar[frozenset[str]] = frozenset({"key", "spki"})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self.spki == other.spki

    def __hash__(self) -> int:
        return hash(self.spki)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over its SubjectPublicKeyInfo, in hexadecimal."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def weakness(self) -> str:
        """Why the key is too weak to count, or ``""``."""
        if self.kind.startswith("rsa") and self.bits < RSA_MODULUS_MINIMUM:
            return f"RSA with {self.bits} bits, and {RSA_MODULUS_MINIMUM} are the least"
        return ""

    @property
    def label(self) -> str:
        """As a person says it: ``an RSA key of 2048 bits``."""
        if not self.kind.startswith("rsa"):
            return f"a key of kind {self.kind}"
        pss = "RSASSA-PSS" if self.kind == "rsa-pss" else "RSA"
        only = f" for {self.only_hash} alone" if self.only_hash else ""
        return f"an {pss} key of {self.bits} bits{only}"


def load_public_key(spki_der: bytes) -> PublicKey:
    """The key in a DER SubjectPublicKeyInfo.

    Raises:
        PeerMisbehaved: ``unusable_certificate``: it cannot be read, no scheme here is for it, or
            it is beyond the bounds. A weak one loads, says so and fits no scheme.
    """
    if len(spki_der) > SUBJECT_PUBLIC_KEY_INFO_LIMIT:
        raise _unusable(f"a public key of {len(spki_der):,} bytes")
    try:
        key = load_der_public_key(spki_der)
    except UnsupportedAlgorithm:
        raise _unusable("a public key of an algorithm that is not known here") from None
    except ValueError:
        raise _unusable("a public key that cannot be read") from None
    return recognise(key, spki_der)


def recognise(key: object, spki_der: bytes) -> PublicKey:
    """The same for a key that is loaded already; ``spki_der`` must be what it was loaded from.

    Raises:
        PeerMisbehaved: ``unusable_certificate``, as ``load_public_key``.
    """
    if isinstance(key, rsa.RSAPublicKey):
        return _recognise_rsa(key, spki_der)
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in ("secp256r1", "secp384r1", "secp521r1"):
            raise _unusable(f"a public key on the curve {key.curve.name}")
        return PublicKey(key, f"ecdsa-{key.curve.name}", key.curve.key_size, spki_der)
    for kind, family in _FAMILIES.items():
        if isinstance(key, family):
            return PublicKey(key, kind, 0, spki_der)
    raise _unusable("a public key of an algorithm that no scheme here uses")


_FAMILIES: dict[str, type] = {
    "ed25519": ed25519.Ed25519PublicKey,
    "ed448": ed448.Ed448PublicKey,
    "mldsa44": mldsa.MLDSA44PublicKey,
    "mldsa65": mldsa.MLDSA65PublicKey,
    "mldsa87": mldsa.MLDSA87PublicKey,
}


def _recognise_rsa(key: rsa.RSAPublicKey, spki_der: bytes) -> PublicKey:
    if key.key_size > RSA_MODULUS_LIMIT:
        raise _unusable(f"RSA with {key.key_size} bits, and {RSA_MODULUS_LIMIT} are the most")
    if key.public_numbers().e.bit_length() > RSA_EXPONENT_BITS_LIMIT:
        raise _unusable(f"RSA with an exponent of more than {RSA_EXPONENT_BITS_LIMIT} bits")
    algorithm = _algorithm_identifier(spki_der)
    if algorithm == _RSA_ENCRYPTION:
        return PublicKey(key, "rsa", key.key_size, spki_der)
    only_hash = _PSS_ALGORITHMS.get(algorithm)
    if only_hash is None:
        raise _unusable("an RSASSA-PSS key restricted to parameters that TLS has no scheme for")
    return PublicKey(key, "rsa-pss", key.key_size, spki_der, only_hash)


def _algorithm_identifier(spki_der: bytes) -> bytes:
    """The AlgorithmIdentifier's DER, of a SubjectPublicKeyInfo that a parser has accepted."""
    at = 2 if spki_der[1] < 0x80 else 2 + (spki_der[1] & 0x7F)
    return spki_der[at : at + 2 + spki_der[at + 1]]


def _sequence(*parts: bytes, tag: int = 0x30) -> bytes:
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body


_OID_RSA = bytes.fromhex("06092a864886f70d010101")
_OID_MGF1 = bytes.fromhex("06092a864886f70d010108")
_OID_RSASSA_PSS = bytes.fromhex("06092a864886f70d01010a")
_NULL = b"\x05\x00"
_RSA_ENCRYPTION = _sequence(_OID_RSA, _NULL)


def _pss_algorithm(hash_oid: str, salt_length: int, null: bytes) -> bytes:
    """RFC 4055, 3.1: hash, MGF1 with the same hash, salt of its length; the trailer is implied."""
    digest = _sequence(bytes.fromhex(hash_oid), null)
    return _sequence(
        _OID_RSASSA_PSS,
        _sequence(
            _sequence(digest, tag=0xA0),
            _sequence(_sequence(_OID_MGF1, digest), tag=0xA1),
            _sequence(bytes([0x02, 0x01, salt_length]), tag=0xA2),
        ),
    )


# RFC 4055, 2.1: a hash's parameters are NULL, and their absence has to be understood as well.
_PSS_ALGORITHMS = {_sequence(_OID_RSASSA_PSS): ""} | {
    _pss_algorithm(oid, salt_length, null): name
    for name, oid, salt_length in (
        ("sha256", "0609608648016503040201", 32),
        ("sha384", "0609608648016503040202", 48),
        ("sha512", "0609608648016503040203", 64),
    )
    for null in (_NULL, b"")
}


def pss_hash_name(algorithm: bytes) -> str:
    """The hash of an RSASSA-PSS AlgorithmIdentifier (DER) of which MGF1 and the salt's length are.

    Empty for other parameters, and for none.
    """
    return _PSS_ALGORITHMS.get(algorithm, "")


def _unusable(detail: str) -> PeerMisbehaved:
    return PeerMisbehaved(Reasons.unusable_certificate, detail)
