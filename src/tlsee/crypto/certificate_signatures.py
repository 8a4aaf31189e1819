"""How certificates are signed: one row per algorithm identifier (RFC 5280, 4.1.1.2).

Apart from TLS's signature schemes, which tie a hash to a curve, a certificate may join any hash
with any key (RFC 9846, 4.3.3).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa

from tlsee.codes import SignatureScheme
from tlsee.crypto.public_keys import pss_hash_name
from tlsee.crypto.schemes import PublicKey

__all__ = ["ROWS", "SignatureAlgorithm", "is_true", "row_of", "scheme_of", "with_parameters"]


class SignatureAlgorithm(NamedTuple):
    """A row: ``family`` is the issuer key's; ``digest`` is ``None`` where the algorithm has it.

    ``weak`` algorithms are known so that the refusal can name them. ``padding`` is RSA's.
    """

    name: str
    family: type | None
    digest: Any
    weak: bool = False
    padding: Any = None


RSASSA_PSS = "1.2.840.113549.1.1.10"
_RSA = rsa.RSAPublicKey
_EC = ec.EllipticCurvePublicKey
_PKCS1 = padding.PKCS1v15()


def _rsa(name: str, digest: Any) -> SignatureAlgorithm:
    return SignatureAlgorithm(name, _RSA, digest, padding=_PKCS1)


def _ecdsa(name: str, digest: Any) -> SignatureAlgorithm:
    return SignatureAlgorithm(name, _EC, ec.ECDSA(digest))


def _pure(name: str, family: type) -> SignatureAlgorithm:
    return SignatureAlgorithm(name, family, None)


def _weak(name: str) -> SignatureAlgorithm:
    return SignatureAlgorithm(name, None, None, weak=True)


# fmt: off
ROWS: dict[str, SignatureAlgorithm] = {
    "1.2.840.113549.1.1.11":   _rsa("sha256WithRSAEncryption", hashes.SHA256()),
    "1.2.840.113549.1.1.12":   _rsa("sha384WithRSAEncryption", hashes.SHA384()),
    "1.2.840.113549.1.1.13":   _rsa("sha512WithRSAEncryption", hashes.SHA512()),
    RSASSA_PSS:                SignatureAlgorithm("RSASSA-PSS", _RSA, None),
    "1.2.840.10045.4.3.2":     _ecdsa("ecdsa-with-SHA256", hashes.SHA256()),
    "1.2.840.10045.4.3.3":     _ecdsa("ecdsa-with-SHA384", hashes.SHA384()),
    "1.2.840.10045.4.3.4":     _ecdsa("ecdsa-with-SHA512", hashes.SHA512()),
    "1.3.101.112":             _pure("Ed25519", ed25519.Ed25519PublicKey),
    "1.3.101.113":             _pure("Ed448", ed448.Ed448PublicKey),
    "2.16.840.1.101.3.4.3.17": _pure("ML-DSA-44", mldsa.MLDSA44PublicKey),
    "2.16.840.1.101.3.4.3.18": _pure("ML-DSA-65", mldsa.MLDSA65PublicKey),
    "2.16.840.1.101.3.4.3.19": _pure("ML-DSA-87", mldsa.MLDSA87PublicKey),
    "1.2.840.113549.1.1.2":    _weak("md2WithRSAEncryption"),
    "1.2.840.113549.1.1.4":    _weak("md5WithRSAEncryption"),
    "1.2.840.113549.1.1.5":    _weak("sha1WithRSAEncryption"),
    "1.3.14.3.2.29":           _weak("sha1WithRSASignature"),
    "1.2.840.10045.4.1":       _weak("ecdsa-with-SHA1"),
    "1.2.840.10040.4.3":       _weak("dsa-with-SHA1"),
}
# fmt: on

_PSS_DIGESTS = ("sha256", "sha384", "sha512")


def with_parameters(
    row: SignatureAlgorithm, parameters: object, digest: Any
) -> SignatureAlgorithm | None:
    """RSASSA-PSS's row, which says nothing without its parameters; any other row as it is.

    ``parameters`` and ``digest`` are what the certificate's parser made of them. ``None`` for a
    hash that is not supported.
    """
    if row.name != "RSASSA-PSS":
        return row
    name = f"RSASSA-PSS with {digest.name}"
    if digest.name in ("md5", "sha1"):
        return _weak(name)
    if digest.name not in _PSS_DIGESTS or not isinstance(parameters, padding.PSS):
        return None
    return SignatureAlgorithm(name, _RSA, digest, padding=parameters)


_DIGESTS = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


def row_of(oid: str, identifier: bytes) -> SignatureAlgorithm | None:
    """The row for an AlgorithmIdentifier: ``oid`` is its algorithm, ``identifier`` its whole DER.

    For what no parser of the library reads, such as a revocation list of our own reading. ``None``
    for what is not known, RSASSA-PSS with other parameters than TLS's among it.
    """
    if oid != RSASSA_PSS:
        return ROWS.get(oid)
    name = pss_hash_name(identifier)
    if not name:
        return None
    digest = _DIGESTS[name]
    masked = padding.PSS(padding.MGF1(digest), digest.digest_size)
    return SignatureAlgorithm(f"RSASSA-PSS with {name}", _RSA, digest, padding=masked)


def is_true(
    public_key: PublicKey, row: SignatureAlgorithm, signature: bytes, content: bytes | memoryview
) -> bool:
    """Whether ``signature`` over ``content`` was made with ``public_key``'s private half.

    A key of another family than the algorithm's, a weak or a too small key are simply no; so is
    PKCS#1 by a key that says id-RSASSA-PSS, which is for PSS alone (RFC 4055, 1.2).
    """
    key: Any = public_key.key
    if row.weak or row.family is None or not _is_of(key, row.family):
        return False
    if public_key.kind == "rsa-pss" and row.padding is _PKCS1:
        return False
    try:
        if row.family is _EC:
            key.verify(signature, content, row.digest)
        elif row.family is _RSA:
            key.verify(signature, content, row.padding, row.digest)
        else:
            key.verify(signature, content)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _is_of(key: object, family: type) -> bool:
    return isinstance(key, family)


_SCHEMES: dict[str, tuple[SignatureScheme, ...]] = {
    "sha256WithRSAEncryption": (SignatureScheme.rsa_pkcs1_sha256,),
    "sha384WithRSAEncryption": (SignatureScheme.rsa_pkcs1_sha384,),
    "sha512WithRSAEncryption": (SignatureScheme.rsa_pkcs1_sha512,),
    "RSASSA-PSS with sha256": (
        SignatureScheme.rsa_pss_rsae_sha256,
        SignatureScheme.rsa_pss_pss_sha256,
    ),
    "RSASSA-PSS with sha384": (
        SignatureScheme.rsa_pss_rsae_sha384,
        SignatureScheme.rsa_pss_pss_sha384,
    ),
    "RSASSA-PSS with sha512": (
        SignatureScheme.rsa_pss_rsae_sha512,
        SignatureScheme.rsa_pss_pss_sha512,
    ),
    "ecdsa-with-SHA256": (SignatureScheme.ecdsa_secp256r1_sha256,),
    "ecdsa-with-SHA384": (SignatureScheme.ecdsa_secp384r1_sha384,),
    "ecdsa-with-SHA512": (SignatureScheme.ecdsa_secp521r1_sha512,),
    "Ed25519": (SignatureScheme.ed25519,),
    "Ed448": (SignatureScheme.ed448,),
    "ML-DSA-44": (SignatureScheme.mldsa44,),
    "ML-DSA-65": (SignatureScheme.mldsa65,),
    "ML-DSA-87": (SignatureScheme.mldsa87,),
    "sha1WithRSAEncryption": (SignatureScheme.rsa_pkcs1_sha1,),
    "ecdsa-with-SHA1": (SignatureScheme.ecdsa_sha1,),
}


def scheme_of(row: SignatureAlgorithm) -> tuple[SignatureScheme, ...]:
    """The schemes of signature_algorithms_cert that stand for a row; ``()`` for those with none.

    The curve is taken from the hash, since the issuer's key is seldom at hand: this serves a
    preference, never a judgement.
    """
    return _SCHEMES.get(row.name, ())
