"""For which certificates and reasons a list speaks: issuing distribution points (RFC 5280, 5.2.5).

A list with a scope of its own says nothing about a certificate outside of it, and a certificate
that is not on it may still be on another one.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509

from tlsee.identity import der as codec
from tlsee.identity.certificate import CertificateView
from tlsee.identity.der import Canonical, Element, NotDER
from tlsee.identity.revocation import bounds, fields
from tlsee.values import value

DISTRIBUTION_POINTS = "2.5.29.31"

# ReasonFlags (RFC 5280, 4.2.1.13), bit 0 is not used: with all the others every reason is covered.
ALL_REASONS = frozenset(range(1, 9))

_FLAGS = {
    x509.ReasonFlags.key_compromise: 1,
    x509.ReasonFlags.ca_compromise: 2,
    x509.ReasonFlags.affiliation_changed: 3,
    x509.ReasonFlags.superseded: 4,
    x509.ReasonFlags.cessation_of_operation: 5,
    x509.ReasonFlags.certificate_hold: 6,
    x509.ReasonFlags.privilege_withdrawn: 7,
    x509.ReasonFlags.aa_compromise: 8,
}

# A general name made comparable: its tag and what it holds.
Name = tuple[int, object]

_DIRECTORY_NAME = 0xA4
_MAIL, _DNS, _URI = 0x81, 0x82, 0x86
_X509_TAGS: dict[type, int] = {
    x509.RFC822Name: _MAIL,
    x509.DNSName: _DNS,
    x509.UniformResourceIdentifier: _URI,
}


@value
class Scope:
    """A list's issuing distribution point; without the extension the default, which is everything.

    Attributes:
        names: of the distribution point, or ``None`` when the list has no name of its own.
        user_certificates, authorities, attribute_certificates: for those only.
        reasons: bits of ReasonFlags, or ``None`` for all.
        indirect: it may have entries of other authorities.
    """

    names: frozenset[Name] | None = None
    user_certificates: bool = False
    authorities: bool = False
    attribute_certificates: bool = False
    reasons: frozenset[int] | None = None
    indirect: bool = False


EVERYTHING = Scope()


def read_scope(data: bytes, sequence: Element, issuer: Canonical) -> Scope:
    """IssuingDistributionPoint at ``sequence``; ``issuer`` completes a relative name.

    Raises:
        NotDER: it is none.
    """
    if sequence.tag != codec.SEQUENCE:
        raise NotDER("no issuing distribution point")
    names, reasons = None, None
    flags = {0x81: False, 0x82: False, 0x84: False, 0x85: False}
    last = -1
    for part in codec.children(data, sequence):
        if part.tag & 0x1F <= last:
            raise NotDER("an issuing distribution point out of order")
        last = part.tag & 0x1F
        if part.tag == 0xA0:
            names = _point_names(data, part, issuer)
        elif part.tag == 0x83:
            reasons = _reason_flags(data, part)
        elif part.tag in flags:
            flags[part.tag] = fields.boolean(data, part)
        else:
            raise NotDER("an issuing distribution point with an unknown field")
    return Scope(names, flags[0x81], flags[0x82], flags[0x85], reasons, flags[0x84])


def _point_names(data: bytes, part: Element, issuer: Canonical) -> frozenset[Name]:
    """DistributionPointName: whole names, or what is added to the issuer's (RFC 5280, 4.2.1.13)."""
    choice = codec.element(data, part.body, part.end)
    if choice.end != part.end:
        raise NotDER("a distribution point with two names")
    if choice.tag == 0xA0:
        names = codec.children(data, choice)
        if not 0 < len(names) <= bounds.DISTRIBUTION_POINTS:
            raise NotDER("a distribution point without a name, or with too many")
        return frozenset(_general_name(data, name) for name in names)
    if choice.tag != 0xA1:
        raise NotDER("a distribution point's name of an unknown kind")
    content = data[choice.body : choice.end]
    relative = codec.canonical_name(_tagged(codec.SEQUENCE, _tagged(codec.SET, content)))
    return frozenset([(_DIRECTORY_NAME, (*issuer, *relative))])


def _tagged(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | octets]) + size.to_bytes(octets, "big") + content


def _general_name(data: bytes, name: Element) -> Name:
    content = data[name.body : name.end]
    if name.tag == _DIRECTORY_NAME:
        return (name.tag, codec.canonical_name(content))
    return (name.tag, content)


def _reason_flags(data: bytes, part: Element) -> frozenset[int]:
    content = data[part.body : part.end]
    if not 2 <= len(content) <= 3 or content[0] > 7:
        raise NotDER("reasons that are no bits")
    bits = content[1:]
    return frozenset(
        place for place in range(1, 8 * len(bits)) if bits[place // 8] >> (7 - place % 8) & 1
    )


class Point:
    """One distribution point of a certificate (RFC 5280, 4.2.1.13), made comparable.

    Attributes:
        names: where its list is, ``None`` when it does not say. ``urls``: those that are HTTP.
        reasons: bits of ReasonFlags that it is for.
        indirect: its list is issued by somebody else (cRLIssuer).
    """

    def __init__(self, point: x509.DistributionPoint, issuer: Canonical) -> None:
        self.names: frozenset[Name] | None = None
        self.urls: tuple[str, ...] = ()
        if point.full_name is not None:
            full = list(point.full_name)[: bounds.DISTRIBUTION_POINTS]
            self.names = frozenset(map(_name_of, full))
            self.urls = http_urls(full)
        elif point.relative_name is not None:
            relative = x509.Name([point.relative_name]).public_bytes()
            self.names = frozenset([(_DIRECTORY_NAME, (*issuer, *codec.canonical_name(relative)))])
        self.reasons = (
            ALL_REASONS
            if point.reasons is None
            else frozenset(_FLAGS[reason] for reason in point.reasons if reason in _FLAGS)
        )
        self.indirect = point.crl_issuer is not None


def _name_of(name: x509.GeneralName) -> Name:
    if isinstance(name, x509.DirectoryName):
        return (_DIRECTORY_NAME, codec.canonical_name(name.value.public_bytes()))
    tag = _X509_TAGS.get(type(name))
    return (tag, str(name.value).encode()) if tag is not None else (0, object())


def http_urls(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    """Those that can be fetched: plain HTTP, since what comes is signed (RFC 5280, 8)."""
    return tuple(
        name.value
        for name in names
        if isinstance(name, x509.UniformResourceIdentifier)
        and name.value.lower().startswith("http://")
        and len(name.value) <= bounds.URL_LENGTH
        and name.value.isascii()
        and name.value.isprintable()
        and " " not in name.value
    )


def points_of(certificate: CertificateView) -> tuple[Point, ...]:
    """The distribution points that a certificate names; bounded."""
    found: x509.CRLDistributionPoints | None = certificate.extensions.get(DISTRIBUTION_POINTS)
    points = list(found)[: bounds.DISTRIBUTION_POINTS] if found is not None else []
    return tuple(Point(point, certificate.issuer_key) for point in points)


def covered(
    scope: Scope, certificate: CertificateView, points: tuple[Point, ...]
) -> frozenset[int]:
    """For which reasons a list speaks about a certificate (RFC 5280, 6.3.3 (b) and (d)).

    Empty when it does not speak about it at all.
    """
    if scope.attribute_certificates:
        return frozenset()
    if (scope.user_certificates and certificate.is_ca) or (
        scope.authorities and not certificate.is_ca
    ):
        return frozenset()
    speaks_of = scope.reasons if scope.reasons is not None else ALL_REASONS
    reasons: frozenset[int] = frozenset()
    for point in points:
        if not point.indirect and _same_point(scope, point.names):
            reasons |= point.reasons & speaks_of
    # The last paragraph: a list that is in no distribution point, under the issuer's own name.
    if _same_point(scope, frozenset([(_DIRECTORY_NAME, certificate.issuer_key)])):
        reasons |= speaks_of
    return reasons


def _same_point(scope: Scope, names: frozenset[Name] | None) -> bool:
    return scope.names is None or (names is not None and bool(scope.names & names))
