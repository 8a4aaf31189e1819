"""Certificates and public keys out of PEM text, and into it (RFC 7468)."""

from __future__ import annotations

import binascii
import re

_BLOCK = re.compile(
    rb"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----(.*?)-----END \1-----", re.DOTALL
)

_PUBLIC_KEY = re.compile(rb"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", re.DOTALL)


def certificates_in(pem: bytes | str) -> tuple[bytes, ...]:
    """The DER of every certificate in PEM text; other blocks and text between are passed over.

    Raises:
        ValueError: a block is no base64.
    """
    text = pem.encode("utf-8", "replace") if isinstance(pem, str) else bytes(pem)
    found = []
    for number, match in enumerate(_BLOCK.finditer(text), 1):
        try:
            der = binascii.a2b_base64(b"".join(match[2].split()), strict_mode=True)
        except binascii.Error as problem:
            raise ValueError(f"certificate {number} in the PEM text: {problem}") from None
        # OpenSSL's "trusted" form has its own data behind the certificate.
        found.append(_first_element(der) if match[1].startswith(b"TRUSTED") else der)
    return tuple(found)


def public_key_in(data: bytes) -> bytes:
    """The SubjectPublicKeyInfo, DER, in PEM text with a PUBLIC KEY block; DER stays as it is.

    Raises:
        ValueError: the block is no base64.
    """
    block = _PUBLIC_KEY.search(data)
    if block is None:
        return data
    return binascii.a2b_base64(b"".join(block[1].split()), strict_mode=True)


def public_key_pem(spki: bytes) -> bytes:
    """A SubjectPublicKeyInfo as PEM text."""
    return _block(spki, b"PUBLIC KEY")


def _first_element(der: bytes) -> bytes:
    if len(der) < 2 or der[1] <= 0x80:
        return der
    octets = der[1] & 0x7F
    return der[: 2 + octets + int.from_bytes(der[2 : 2 + octets], "big")]


def to_pem(der: bytes) -> bytes:
    """One certificate as PEM text."""
    return _block(der, b"CERTIFICATE")


def _block(der: bytes, label: bytes) -> bytes:
    text = binascii.b2a_base64(der, newline=False)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return b"\n".join([b"-----BEGIN %s-----" % label, *lines, b"-----END %s-----" % label, b""])
