"""Signature schemes as TLS 1.2 means them (RFC 5246, 7.4.1.4.1; RFC 8422, 5.1.1; RFC 9846, 4.3.3).

The code points are 1.3's, and mean less: an ECDSA scheme names a hash and any curve, and PKCS #1
may sign in the handshake. ML-DSA is for 1.3 alone. Rows with SHA-1 are here too, and set apart: who
offers or takes them says ``insecure``.
"""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives import hashes

from tlsee.codes import SignatureScheme
from tlsee.crypto.public_keys import PublicKey
from tlsee.crypto.schemes import ANY_CURVE, SCHEMES, Scheme, ecdsa_row, rsa_row
from tlsee.values import replace

__all__ = ["INSECURE_SCHEMES12", "authentication_of", "schemes12", "schemes12_for"]

# RFC 9155: SHA-1 must not sign any more. A collision costs some ten thousand dollars (SLOTH).
INSECURE_SCHEMES12 = frozenset({SignatureScheme.ecdsa_sha1, SignatureScheme.rsa_pkcs1_sha1})

_NOT_IN_12 = frozenset({SignatureScheme.mldsa44, SignatureScheme.mldsa65, SignatureScheme.mldsa87})


# Which of a suite's two words for the server's key a signature scheme belongs to.
_ECDSA = frozenset(
    {
        SignatureScheme.ecdsa_secp256r1_sha256,
        SignatureScheme.ecdsa_secp384r1_sha384,
        SignatureScheme.ecdsa_secp521r1_sha512,
        SignatureScheme.ecdsa_sha1,
        SignatureScheme.ed25519,
        SignatureScheme.ed448,
    }
)


def authentication_of(scheme: SignatureScheme) -> str:
    """``ecdsa`` or ``rsa``: the word in a suite's name; EdDSA is the first (RFC 8422, 5.10)."""
    return "ecdsa" if scheme in _ECDSA else "rsa"


@cache
def schemes12() -> dict[SignatureScheme, Scheme]:
    """Every row, by its code point; whoever uses them leaves out ``INSECURE_SCHEMES12``."""
    rows = {
        code: replace(row, kind=ANY_CURVE) if row.kind.startswith("ecdsa-") else row
        for code, row in SCHEMES.items()
        if code not in _NOT_IN_12
    }
    sha1 = hashes.SHA1()  # noqa: S303 - said above
    for row in (
        ecdsa_row(SignatureScheme.ecdsa_sha1, ANY_CURVE, sha1),
        rsa_row(SignatureScheme.rsa_pkcs1_sha1, "rsa", sha1, pss=False),
    ):
        rows[row.code] = replace(row, in_handshake13=False)
    return rows


def schemes12_for(public_key: PublicKey, *, insecure: bool = False) -> tuple[SignatureScheme, ...]:
    """The schemes that a key can sign with in TLS 1.2, best first.

    A curve's own hash comes first, because that is 1.3's scheme and every verifier has it; PSS
    before PKCS #1. SHA-1 only with ``insecure``, and last.
    """
    fitting = [
        code
        for code, row in schemes12().items()
        if row.fits(public_key) and (insecure or code not in INSECURE_SCHEMES12)
    ]
    fitting.sort(key=lambda code: code not in SCHEMES or not SCHEMES[code].fits(public_key))
    return tuple(fitting)
