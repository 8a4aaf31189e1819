"""Whom a certificate says to ask about it, and whether it says that nobody can tell."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from tlsee.identity.certificate import CertificateView
from tlsee.identity.path.known import Fetch, FetchKind
from tlsee.identity.revocation import bounds
from tlsee.identity.revocation.ocsp import request_for
from tlsee.identity.revocation.scope import DISTRIBUTION_POINTS, Point, http_urls, points_of

AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1"
FRESHEST_CRL = "2.5.29.46"
NO_REVOCATION_AVAILABLE = "2.5.29.56"
_OCSP = AuthorityInformationAccessOID.OCSP

__all__ = ["Point", "list_of", "points_of", "responders", "says_never_revoked"]


def _responder_names(certificate: CertificateView) -> list[x509.GeneralName]:
    """The accessLocations of id-ad-ocsp (RFC 5280, 4.2.2.1)."""
    access: x509.AuthorityInformationAccess | None
    access = certificate.extensions.get(AUTHORITY_INFORMATION_ACCESS)
    return [item.access_location for item in access or () if item.access_method == _OCSP]


def responders(certificate: CertificateView, issuer: CertificateView) -> tuple[Fetch, ...]:
    """The questions to ask online; bounded."""
    urls = http_urls(_responder_names(certificate))[: bounds.SOURCES]
    if not urls:
        return ()
    request = request_for(certificate, issuer)
    return tuple(Fetch(FetchKind.OCSP, url, request) for url in urls)


def list_of(url: str) -> Fetch:
    """The question for a list."""
    return Fetch(FetchKind.CRL, url)


def says_never_revoked(certificate: CertificateView) -> bool:
    """noRevAvail, where it may stand (RFC 9608, 3): no authority, and nobody named to ask."""
    found = certificate.extensions
    return (
        NO_REVOCATION_AVAILABLE in found
        and not certificate.is_ca
        and DISTRIBUTION_POINTS not in found
        and FRESHEST_CRL not in found
        and not _responder_names(certificate)
    )
