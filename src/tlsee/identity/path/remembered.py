"""Which signatures of certificates were found true, within a bound that may be set to zero.

Only what is true is kept, so a peer cannot fill the memory with forgeries. An entry is the digest
of both certificates whole, so it stands for the key, the algorithm, the signature and the signed
bytes.
"""

from __future__ import annotations

from tlsee.crypto import certificate_signatures
from tlsee.identity.certificate import CertificateView
from tlsee.identity.remembered import Remembered

# An entry is two digests, some 200 bytes. Enough for a busy mesh's peers.
CAPACITY = 4096

_true: Remembered[bytes, bool] = Remembered(CAPACITY)


def set_capacity(capacity: int) -> None:
    """How many true signatures to remember; 0 verifies each one every time.

    Raises:
        ApiMisuse: a negative capacity.
    """
    _true.set_capacity(capacity)


def capacity() -> int:
    """The bound that holds now."""
    return _true.capacity


def is_issued_by(certificate: CertificateView, issuer: CertificateView) -> bool:
    """Whether the issuer's key made the certificate's signature."""
    if _true.capacity == 0:
        return _verify(certificate, issuer)
    fact = certificate.digest + issuer.digest
    if _true.get(fact):
        return True
    found = _verify(certificate, issuer)
    if found:
        _true.put(fact, True)
    return found


def _verify(certificate: CertificateView, issuer: CertificateView) -> bool:
    if issuer.public_key is None or certificate.algorithm is None:
        return False
    return certificate_signatures.is_true(
        issuer.public_key, certificate.algorithm, certificate.signature, certificate.tbs
    )
