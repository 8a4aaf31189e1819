"""tls-server-end-point: a hash that names the server by its certificate (RFC 5929, 4)."""

from __future__ import annotations

import hashlib

from tlsee.errors import ApiMisuse
from tlsee.identity.certificate import CertificateView, Unreadable, guarded, read_certificate

_LEFT_BEHIND = ("md5", "sha1")  # RFC 5929, 4.1: SHA-256 stands in for these two


def end_point_binding(der: bytes) -> bytes:
    """The hash over the whole certificate, by the hash function that its signature is made with.

    Raises:
        ApiMisuse: the signature has no hash function of its own, or more than one (RFC 5929, 4.1),
            or one that is not known here.
    """
    try:
        view = read_certificate(der)
        digest = guarded("signature algorithm", lambda: view.x509.signature_hash_algorithm)
    except Unreadable as problem:
        raise _undefined(f"the certificate cannot be read: {problem}") from None
    name = getattr(digest, "name", "").replace("-", "_")
    if not name or _mask_of(view) not in ("", name):
        raise _undefined(f"{view.signature_label} has no hash function, or more than one")
    if name in _LEFT_BEHIND:
        name = "sha256"
    if name not in hashlib.algorithms_guaranteed:
        raise _undefined(f"the hash function of {view.signature_label} is not known here")
    return hashlib.new(name, der).digest()


def _mask_of(view: CertificateView) -> str:
    """RSASSA-PSS's second hash function, which is as good as always the first again."""
    mask = getattr(view.x509.signature_algorithm_parameters, "mgf", None)
    return str(getattr(getattr(mask, "_algorithm", None), "name", ""))


def _undefined(why: str) -> ApiMisuse:
    return ApiMisuse(f"no tls-server-end-point: {why}", "use tls-exporter")
