"""Signature schemes as rows: which key fits, how to sign, how to verify (RFC 9846, 4.3.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding

from tlsee.codes import SignatureScheme
from tlsee.crypto.public_keys import RSA_MODULUS_MINIMUM, PublicKey, load_public_key
from tlsee.crypto.support import is_supported
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.values import value

__all__ = [
    "ANY_CURVE",
    "SCHEMES",
    "PublicKey",
    "Scheme",
    "SignatureValid",
    "ecdsa_row",
    "load_public_key",
    "rsa_row",
    "schemes_for",
]

Verify: TypeAlias = Callable[[Any, bytes, bytes], None]
Sign: TypeAlias = Callable[[Any, bytes], bytes]


ANY_CURVE = "ecdsa"  # instead of a key's kind: TLS 1.2 ties no curve to a hash


@value
class SignatureValid:
    """The receipt for a signature that was verified; ``Scheme.verify`` alone makes it."""

    scheme: SignatureScheme


@value
class Scheme:
    """A row. ``kind`` is the ``PublicKey.kind`` that it takes, curve included, or ``ANY_CURVE``.

    ``hash_name`` is empty where the algorithm has its own. ``in_handshake13`` is false for what
    TLS 1.3 allows inside certificates only. ``minimum_bits`` is the least modulus, 0 for the rest.
    """

    code: SignatureScheme
    kind: str
    hash_name: str
    in_handshake13: bool
    minimum_bits: int
    _verify: Verify
    _sign: Sign
    _hidden: ClassVar[frozenset[str]] = frozenset({"_verify", "_sign"})

    def fits(self, public_key: PublicKey) -> bool:
        """Whether a key may sign with this scheme: its algorithm, curve, size, restrictions."""
        return (
            (public_key.kind == self.kind or self._takes_any_curve(public_key))
            and public_key.only_hash in ("", self.hash_name)
            and public_key.bits >= self.minimum_bits
        )

    def _takes_any_curve(self, public_key: PublicKey) -> bool:
        return self.kind == ANY_CURVE and public_key.kind.startswith("ecdsa-")

    def verify(self, public_key: PublicKey, signature: bytes, content: bytes) -> SignatureValid:
        """The receipt for ``signature`` over ``content``.

        Raises:
            PeerMisbehaved: ``weak_key``, ``scheme_not_for_key`` or ``bad_signature``.
        """
        if not self.fits(public_key):
            if public_key.kind == self.kind and public_key.bits < self.minimum_bits:
                raise PeerMisbehaved(
                    Reasons.weak_key, f"{public_key.label}, and {self.minimum_bits} are the least"
                )
            raise PeerMisbehaved(
                Reasons.scheme_not_for_key, f"{self.code} does not take {public_key.label}"
            )
        try:
            self._verify(public_key.key, signature, content)
        except (InvalidSignature, ValueError):
            raise PeerMisbehaved(Reasons.bad_signature, f"made with {self.code}") from None
        return SignatureValid(self.code)

    def sign(self, private_key: Any, content: bytes) -> bytes:
        """A signature by a private key of ``cryptography``; that it fits is the caller's part."""
        return self._sign(private_key, content)


def ecdsa_row(code: SignatureScheme, kind: str, digest: hashes.HashAlgorithm) -> Scheme:
    """ECDSA with a hash, by keys on one curve or any."""
    algorithm = ec.ECDSA(digest)

    def verify(key: ec.EllipticCurvePublicKey, signature: bytes, content: bytes) -> None:
        key.verify(signature, content, algorithm)

    def sign(key: ec.EllipticCurvePrivateKey, content: bytes) -> bytes:
        return key.sign(content, algorithm)

    return Scheme(code, kind, digest.name, True, 0, verify, sign)


def rsa_row(
    code: SignatureScheme, kind: str, digest: hashes.HashAlgorithm, *, pss: bool = True
) -> Scheme:
    """RSASSA-PSS with a hash, or PKCS #1 v1.5, which 1.3 allows inside certificates only."""
    # RFC 9846, 4.3.3: MGF1 with the same hash, and a salt of exactly the hash's length.
    scheme = padding.PSS(padding.MGF1(digest), digest.digest_size) if pss else padding.PKCS1v15()

    def verify(key: Any, signature: bytes, content: bytes) -> None:
        key.verify(signature, content, scheme, digest)

    def sign(key: Any, content: bytes) -> bytes:
        made: bytes = key.sign(content, scheme, digest)
        return made

    return Scheme(code, kind, digest.name, pss, RSA_MODULUS_MINIMUM, verify, sign)


def _pure(code: SignatureScheme) -> Scheme:
    """EdDSA and ML-DSA take the content as it is; ML-DSA's context is empty."""

    def verify(key: Any, signature: bytes, content: bytes) -> None:
        key.verify(signature, content)

    def sign(key: Any, content: bytes) -> bytes:
        made: bytes = key.sign(content)
        return made

    return Scheme(code, code.name, "", True, 0, verify, sign)


_SHA256, _SHA384, _SHA512 = hashes.SHA256(), hashes.SHA384(), hashes.SHA512()

# In the order in which a key's own schemes are best: the smaller hash first, it is quicker and the
# RSA key, not the hash, sets the strength. PKCS#1 stands last: in 1.3 it signs certificates only.
_ROWS = (
    ecdsa_row(SignatureScheme.ecdsa_secp256r1_sha256, "ecdsa-secp256r1", _SHA256),
    ecdsa_row(SignatureScheme.ecdsa_secp384r1_sha384, "ecdsa-secp384r1", _SHA384),
    ecdsa_row(SignatureScheme.ecdsa_secp521r1_sha512, "ecdsa-secp521r1", _SHA512),
    _pure(SignatureScheme.ed25519),
    _pure(SignatureScheme.ed448),
    _pure(SignatureScheme.mldsa44),
    _pure(SignatureScheme.mldsa65),
    _pure(SignatureScheme.mldsa87),
    rsa_row(SignatureScheme.rsa_pss_rsae_sha256, "rsa", _SHA256),
    rsa_row(SignatureScheme.rsa_pss_rsae_sha384, "rsa", _SHA384),
    rsa_row(SignatureScheme.rsa_pss_rsae_sha512, "rsa", _SHA512),
    rsa_row(SignatureScheme.rsa_pss_pss_sha256, "rsa-pss", _SHA256),
    rsa_row(SignatureScheme.rsa_pss_pss_sha384, "rsa-pss", _SHA384),
    rsa_row(SignatureScheme.rsa_pss_pss_sha512, "rsa-pss", _SHA512),
    rsa_row(SignatureScheme.rsa_pkcs1_sha256, "rsa", _SHA256, pss=False),
    rsa_row(SignatureScheme.rsa_pkcs1_sha384, "rsa", _SHA384, pss=False),
    rsa_row(SignatureScheme.rsa_pkcs1_sha512, "rsa", _SHA512, pss=False),
)

_PROBES: dict[SignatureScheme, Callable[[], object]] = {
    SignatureScheme.ed25519: lambda: ed25519.Ed25519PublicKey.from_public_bytes(b""),
    SignatureScheme.ed448: lambda: ed448.Ed448PublicKey.from_public_bytes(b""),
    SignatureScheme.mldsa44: lambda: mldsa.MLDSA44PublicKey.from_public_bytes(b""),
    SignatureScheme.mldsa65: lambda: mldsa.MLDSA65PublicKey.from_public_bytes(b""),
    SignatureScheme.mldsa87: lambda: mldsa.MLDSA87PublicKey.from_public_bytes(b""),
}

SCHEMES: dict[SignatureScheme, Scheme] = {
    row.code: row for row in _ROWS if row.code not in _PROBES or is_supported(_PROBES[row.code])
}


def schemes_for(
    public_key: PublicKey, *, in_handshake13: bool = True
) -> tuple[SignatureScheme, ...]:
    """The schemes that a key can sign with, best first.

    With ``in_handshake13`` false also those that TLS 1.3 allows in certificates only.
    """
    return tuple(
        code
        for code, row in SCHEMES.items()
        if row.fits(public_key) and (row.in_handshake13 or not in_handshake13)
    )
