"""Missing issuers, at the addresses that certificates name (RFC 5280, 4.2.2.1).

What is fetched there is as unproved as what a peer sends: it may stand between, nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from tlsee.identity import certificate as fields
from tlsee.identity import der as codec
from tlsee.identity.certificate import CertificateView, Unreadable, read_certificate
from tlsee.identity.path import bounds
from tlsee.identity.path.known import Fetch, FetchKind, Known
from tlsee.identity.pem import certificates_in

_CA_ISSUERS = AuthorityInformationAccessOID.CA_ISSUERS
_SIGNED_DATA = codec.object_identifier("1.2.840.113549.1.7.2")
_EXPLICIT = 0xA0


def addresses(certificate: CertificateView) -> tuple[str, ...]:
    """Where a certificate says that its issuer's is, over plain HTTP as is usual, bounded."""
    found = certificate.extensions.get(fields.AUTHORITY_INFORMATION_ACCESS) or ()
    urls = [
        access.access_location.value
        for access in found
        if access.access_method == _CA_ISSUERS
        and isinstance(access.access_location, x509.UniformResourceIdentifier)
    ]
    http = [url for url in urls if url.lower().startswith(("http://", "https://"))]
    return tuple(dict.fromkeys(http))[: bounds.ADDRESSES]


def missing(orphans: Iterable[CertificateView], known: Known) -> tuple[Fetch, ...]:
    """What to fetch for certificates without an issuer, as far as the bound allows."""
    tried = sum(1 for fetch in known.fetched if fetch.kind is FetchKind.ISSUER)
    wanted = {Fetch(FetchKind.ISSUER, url): None for orphan in orphans for url in addresses(orphan)}
    new = [fetch for fetch in wanted if known.answer_to(fetch) is None]
    return tuple(new[: max(0, bounds.ISSUERS_FETCHED - tried)])


def fetched(known: Known) -> list[CertificateView]:
    """The certificates that came; what is none is passed over."""
    found = []
    answers = [
        body
        for fetch, body in known.fetched.items()
        if fetch.kind is FetchKind.ISSUER and isinstance(body, bytes)
    ]
    for body in answers[: bounds.ISSUERS_FETCHED]:
        for der in _certificates(body)[: bounds.ISSUERS_FETCHED]:
            try:
                found.append(read_certificate(der))
            except Unreadable:
                continue
    return found


def _certificates(body: bytes) -> tuple[bytes, ...]:
    """DER of a certificate, a "certs-only" CMS message, or PEM, which some servers send."""
    try:
        if body.lstrip()[:5] == b"-----":
            return certificates_in(body)
        outer = codec.element(body, 0, len(body))
        parts = codec.children(body, outer)
        if parts and parts[0].tag == codec.OBJECT_IDENTIFIER:
            return _in_message(body, parts)
    except (codec.NotDER, ValueError):
        return ()
    return (body,)


def _in_message(body: bytes, parts: list[codec.Element]) -> tuple[bytes, ...]:
    """RFC 5652, 5.1: SignedData's certificates, which are [0] IMPLICIT."""
    kind, content = parts
    if body[kind.body : kind.end] != _SIGNED_DATA:
        return ()
    (signed,) = codec.children(body, content)
    return tuple(
        body[item.start : item.end]
        for field in codec.children(body, signed)
        if field.tag == _EXPLICIT
        for item in codec.children(body, field)
    )
