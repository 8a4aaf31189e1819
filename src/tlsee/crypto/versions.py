"""Which library does the arithmetic."""

from __future__ import annotations


def openssl_version() -> str:
    """The OpenSSL inside ``cryptography``, as it names itself: ``OpenSSL 3.5.4 30 Sep 2025``."""
    from cryptography.hazmat.backends.openssl.backend import backend

    return backend.openssl_version_text()
