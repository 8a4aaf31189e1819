"""Is the certificate for the name that was asked for? (RFC 9525, 6)

What the caller asks for is a reference identity, a DNS name or an IP address; what a certificate
presents are its subjectAltName entries. The common name is not looked at.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from cryptography import x509

from tlsee.errors import ApiMisuse
from tlsee.identity.certificate import CertificateView
from tlsee.text import printable
from tlsee.values import value

NAMES_SHOWN = 5  # of a certificate, in one line of text

REFERENCES_REMEMBERED = 256  # names asked for by this side; reading one takes 3 microseconds

DNS_NAME_LENGTH = 253  # RFC 1035, 2.3.4, without the root's empty label

# Letters, digits and hyphens; the underscore is no host name's and still in use inside meshes.
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


@value
class Reference:
    """Who the peer must be: ``dns`` (lower-case ASCII, no trailing dot) or ``address``."""

    dns: str = ""
    address: IPv4Address | IPv6Address | None = None

    def __str__(self) -> str:
        return self.dns or str(self.address)


@lru_cache(maxsize=REFERENCES_REMEMBERED)
def reference(name: str) -> Reference:
    """The reference identity that a caller's text means.

    An IPv6 address may stand in brackets, a zone identifier is dropped, one trailing dot too.
    Other than ASCII names go through the ``idna`` library, if it is there.

    Raises:
        ApiMisuse: it is neither a host name nor an IP address.
    """
    address = as_address(name)
    if address is not None:
        return Reference(address=address)
    text = (name if name.isascii() else _to_ascii(name)).lower()
    if not is_dns_name(text.removesuffix(".")):
        raise ApiMisuse(
            f"{printable(name)!r} is neither a host name nor an IP address",
            "give the bare name, such as example.com, without port or path",
        )
    return Reference(dns=text.removesuffix("."))


def as_address(name: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a text is, or ``None``."""
    bare = name[1:-1] if name.startswith("[") and name.endswith("]") else name
    if ":" not in bare and not bare[-1:].isdigit():
        return None  # the common case, without an exception made and caught
    try:
        return ip_address(bare.partition("%")[0])
    except ValueError:
        return None


def _to_ascii(name: str) -> str:
    try:
        import idna
    except ImportError:
        raise ApiMisuse(
            f"the name {printable(name)} is not ASCII and the idna library is not installed",
            "pip install tlsee[idna], or give the xn-- form",
        ) from None
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError as problem:
        raise ApiMisuse(
            f"{printable(name)} is no internationalized host name: {printable(str(problem))}"
        ) from None


def is_dns_name(text: str) -> bool:
    """Whether this is a host name in lower-case ASCII, without a trailing dot.

    A name whose last label is a number is none: what reads it as an address could be anywhere.
    """
    if not text or len(text) > DNS_NAME_LENGTH:
        return False
    labels = text.split(".")
    return all(_LABEL.fullmatch(label) for label in labels) and not labels[-1].isdigit()


def matches_dns(presented: str, name: str) -> bool:
    """Whether a presented dNSName covers a reference name (RFC 9525, 6.3).

    A wildcard is the whole left-most label and stands for exactly one label.
    """
    presented = presented.lower()
    if presented == name:
        return is_dns_name(name)
    if not presented.startswith("*."):
        return False
    first, _, parent = name.partition(".")
    return bool(first) and parent == presented[2:] and is_dns_name(parent)


def covers(certificate: CertificateView, wanted: Reference) -> str:
    """The presented name that covers the wanted one, as text, or ``""``."""
    if wanted.address is not None:
        return str(wanted.address) if _has_address(certificate, wanted) else ""
    for presented in certificate.dns_names:
        if matches_dns(presented, wanted.dns):
            return presented
    return ""


def _has_address(certificate: CertificateView, wanted: Reference) -> bool:
    return any(
        isinstance(name, x509.IPAddress) and name.value == wanted.address
        for name in certificate.alt_names
    )


def presented_names(certificate: CertificateView) -> str:
    """The names a certificate is for, escaped, in one line; ``no name at all`` without any."""
    names = (*certificate.dns_names, *certificate.ip_addresses)
    if not names:
        return "no host name and no IP address" if certificate.has_alt_names else "no name at all"
    shown = ", ".join(printable(name, 64) for name in names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
