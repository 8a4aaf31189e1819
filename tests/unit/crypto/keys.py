"""Key pairs for the tests here: made once, because RSA takes its time."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["KINDS", "PSS_HASHES", "private_key", "pss_spki", "spki"]

_MAKERS: dict[str, Any] = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "ecdsa-secp256r1": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-secp384r1": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ecdsa-secp521r1": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
    "mldsa44": mldsa.MLDSA44PrivateKey.generate,
    "mldsa65": mldsa.MLDSA65PrivateKey.generate,
    "mldsa87": mldsa.MLDSA87PrivateKey.generate,
}
KINDS = (*_MAKERS, "rsa-pss")

# name: object identifier and length, as DER spells them
PSS_HASHES = {
    "sha256": ("0609608648016503040201", 32),
    "sha384": ("0609608648016503040202", 48),
    "sha512": ("0609608648016503040203", 64),
}
_RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")


@cache
def private_key(kind: str) -> Any:
    """One key of this kind; ``rsa`` and ``rsa-pss`` share theirs."""
    return _MAKERS["rsa" if kind == "rsa-pss" else kind]()


def spki(kind: str) -> bytes:
    """Its SubjectPublicKeyInfo in DER."""
    public = private_key(kind).public_key()
    der: bytes = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return pss_spki(der) if kind == "rsa-pss" else der


def pss_spki(rsa_spki: bytes, parameters: bytes = b"") -> bytes:
    """An RSA key's SubjectPublicKeyInfo with id-RSASSA-PSS and these parameters in DER."""
    at = rsa_spki.index(_RSA_ENCRYPTION)
    body = bytes.fromhex("06092a864886f70d01010a") + parameters
    inner = bytes([0x30, len(body)]) + body + rsa_spki[at + len(_RSA_ENCRYPTION) :]
    length = len(inner).to_bytes(2, "big").lstrip(b"\0")
    return bytes([0x30, 0x80 | len(length)]) + length + inner
