"""Is the certificate for the name that was asked for? (RFC 9525, 6)

What the caller asks for is a reference identity: a DNS name, an IP address, a URI (as a SPIFFE id)
or a mailbox. What a certificate presents are its subjectAltName entries. The common name is not
looked at, unless an old private authority's anchor was configured so.
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
    """Who the peer must be: one of these.

    Attributes:
        dns: lower-case ASCII, no trailing dot. ``address``: IPv4 or IPv6.
        uri: compared whole, but for the case of its scheme and host. ``mail``: a mailbox, the
            host in lower case.
    """

    dns: str = ""
    address: IPv4Address | IPv6Address | None = None
    uri: str = ""
    mail: str = ""

    def __str__(self) -> str:
        return printable(self.dns or self.uri or self.mail or str(self.address))


@value
class Identities:
    """The names that a certificate presents, as they are: a peer's text, not escaped."""

    dns: tuple[str, ...]
    addresses: tuple[str, ...]
    uris: tuple[str, ...]
    mails: tuple[str, ...]


def identities_of(certificate: CertificateView) -> Identities:
    """What a certificate's subjectAltName presents."""
    found: dict[type, list[str]] = {x509.UniformResourceIdentifier: [], x509.RFC822Name: []}
    for name in certificate.alt_names:
        if type(name) in found:
            found[type(name)].append(str(name.value))
    uris, mails = found.values()
    return Identities(certificate.dns_names, certificate.ip_addresses, tuple(uris), tuple(mails))


@lru_cache(maxsize=REFERENCES_REMEMBERED)
def reference(name: str) -> Reference:
    """The reference identity that a caller's text means.

    An IPv6 address may stand in brackets, a zone identifier is dropped, one trailing dot too.
    Other than ASCII names go through the ``idna`` library, if it is there. A text with ``://`` is
    a URI, one with ``@`` a mailbox.

    Raises:
        ApiMisuse: it is none of these.
    """
    address = as_address(name)
    if address is not None:
        return Reference(address=address)
    if "://" in name:
        return Reference(uri=_uri(name))
    if "@" in name:
        return Reference(mail=_mailbox(name))
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


def _uri(text: str) -> str:
    """A URI made comparable: scheme and host in lower case (RFC 3986, 6.2.2.1), the rest exact."""
    scheme, _, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    if scheme.lower() in ("http", "https"):
        raise ApiMisuse(
            f"{printable(text)!r} is neither a host name nor an IP address",
            "give the bare name, such as example.com, without port or path",
        )
    if not host or not text.isascii() or any(c <= " " or c == "\x7f" for c in text):
        raise ApiMisuse(
            f"{printable(text)!r} is no URI with a host", "give one such as spiffe://mesh/service"
        )
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"


def _mailbox(text: str) -> str:
    """A mailbox made comparable: the host in lower case, the local part exact (RFC 5280, 7.5)."""
    local, _, host = text.partition("@")
    if not local or not text.isascii() or not is_dns_name(host.lower()):
        raise ApiMisuse(f"{printable(text)!r} is no mailbox", "give one such as ann@example.com")
    return f"{local}@{host.lower()}"


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


# RFC 1034, 3.5, as the CA/Browser Forum asks for: no underscore.
_LDH_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def is_registered_name(text: str) -> bool:
    """Whether a public authority may certify this name: as ``is_dns_name``, without underscores."""
    return is_dns_name(text) and all(_LDH_LABEL.fullmatch(label) for label in text.split("."))


def matches_dns(presented: str, name: str) -> bool:
    """Whether a presented dNSName covers a reference name (RFC 9525, 6.3).

    A wildcard is the whole left-most label and stands for exactly one label.
    """
    return is_dns_name(name) and _matches(presented, name)


def _matches(presented: str, name: str) -> bool:
    """The same for a reference that was checked when it was made."""
    presented = presented.lower()
    if presented == name:
        return True
    if not presented.startswith("*."):
        return False
    parent = name.partition(".")[2]
    return bool(parent) and parent == presented[2:]


def covers(
    certificate: CertificateView, wanted: Reference, *, legacy_common_name: bool = False
) -> str:
    """The presented name that covers the wanted one, as text, or ``""``.

    ``legacy_common_name``: without any subjectAltName the common name counts as one.
    """
    if wanted.dns:
        for presented in certificate.dns_names:
            if _matches(presented, wanted.dns):
                return presented
    elif wanted.address is not None:
        if _has_address(certificate, wanted):
            return str(wanted.address)
    else:
        return _covers_text(certificate, wanted)
    if legacy_common_name and not certificate.has_alt_names:
        return _covering_common_name(certificate, wanted)
    return ""


def _covers_text(certificate: CertificateView, wanted: Reference) -> str:
    presented = identities_of(certificate)
    for text in presented.uris if wanted.uri else presented.mails:
        try:
            if (_uri if wanted.uri else _mailbox)(text) == (wanted.uri or wanted.mail):
                return text
        except ApiMisuse:
            continue  # the peer's: it matches nothing
    return ""


def _covering_common_name(certificate: CertificateView, wanted: Reference) -> str:
    """RFC 6125, 6.4.4: the common name of the subject, if there is exactly one."""
    if len(certificate.common_names) != 1:
        return ""
    (text,) = certificate.common_names
    if wanted.address is not None:
        return text if as_address(text) == wanted.address else ""
    return text if text.isascii() and matches_dns(text, wanted.dns) else ""


def _has_address(certificate: CertificateView, wanted: Reference) -> bool:
    return any(
        isinstance(name, x509.IPAddress) and name.value == wanted.address
        for name in certificate.alt_names
    )


def presented_names(certificate: CertificateView) -> str:
    """The names a certificate is for, escaped, in one line; ``no name at all`` without any."""
    presented = identities_of(certificate)
    names = (*presented.dns, *presented.addresses, *presented.uris, *presented.mails)
    if not names:
        return "no host name and no IP address" if certificate.has_alt_names else "no name at all"
    shown = ", ".join(printable(name, 64) for name in names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
