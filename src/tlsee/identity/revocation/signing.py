"""Which signatures over lists and responses are true; what is true is remembered, bounded."""

from __future__ import annotations

from hashlib import sha256

from tlsee.crypto import certificate_signatures
from tlsee.identity.certificate import CertificateView
from tlsee.identity.remembered import Remembered
from tlsee.identity.revocation import bounds
from tlsee.identity.revocation.fields import Signed

_true: Remembered[tuple[bytes, bytes], bool] = Remembered(bounds.SIGNATURES_REMEMBERED)


def is_signed_by(digest: bytes, signed: Signed, signer: CertificateView) -> bool:
    """Whether the signer's key made the signature; ``digest`` is that of the whole structure."""
    key = signer.public_key
    if key is None or key.weakness or signed.algorithm is None:
        return False
    fact = (digest, sha256(key.spki).digest())
    if _true.get(fact):
        return True
    found = certificate_signatures.is_true(key, signed.algorithm, signed.signature, signed.content)
    if found:
        _true.put(fact, True)
    return found


def why_not(what: str, signed: Signed, signer: CertificateView) -> str:
    """In words, why a signature does not count."""
    if signed.algorithm is None:
        return f"{what} is signed with {signed.algorithm_oid}, which is not known here"
    if signed.algorithm.weak:
        return f"{what} is signed with {signed.algorithm.name}, which proves nothing any more"
    return f"{what} is not signed with the key of {signer.subject}"
