"""Lists and OCSP responses for tests, made by the library's builders and then broken by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from tests.support.certificates import AT, DAY
from tlsee.crypto import private_keys
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import CertificateView, read_certificate
from tlsee.identity.path.known import Fetch, Known
from tlsee.identity.revocation.check import status_of
from tlsee.identity.revocation.ocsp import serial_octets
from tlsee.identity.revocation.status import Question, Status

HOUR = 3600.0
LIST_URL = "http://lists.test/ca.crl"
RESPONDER_URL = "http://ocsp.test/"


def moment(at: float) -> datetime:
    """For the library's builders."""
    return datetime.fromtimestamp(at, UTC)


def serial_of(certificate: bytes | CertificateView) -> int:
    """A certificate's serial number."""
    view = read_certificate(certificate) if isinstance(certificate, bytes) else certificate
    return int.from_bytes(serial_octets(view), "big", signed=True)


def points_to(
    url: str = LIST_URL, reasons: Iterable[x509.ReasonFlags] | None = None
) -> tuple[x509.ExtensionType, bool]:
    """cRLDistributionPoints with one URL, for ``Authority.issue(extensions=)``."""
    where = [x509.UniformResourceIdentifier(url)]
    listed = frozenset(reasons) if reasons is not None else None
    return x509.CRLDistributionPoints([x509.DistributionPoint(where, None, listed, None)]), False


def asks_at(url: str = RESPONDER_URL) -> tuple[x509.ExtensionType, bool]:
    """authorityInfoAccess with a responder, for ``Authority.issue(extensions=)``."""
    access = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url)
    )
    return x509.AuthorityInformationAccess([access]), False


MUST_STAPLE = (x509.TLSFeature([x509.TLSFeatureType.status_request]), False)
NO_CHECK = (x509.OCSPNoCheck(), False)
FOR_RESPONSES = (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False)


def revocation_list(
    authority: Authority,
    revoked: Sequence[bytes | int] = (),
    *,
    reason: x509.ReasonFlags | None = None,
    since: float = AT - HOUR,
    until: float | None = AT + DAY,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    entry_extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    key: Any = None,
    issuer: x509.Name | None = None,
) -> bytes:
    """A list by an authority, DER; ``revoked`` are certificates or serial numbers."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer if issuer is not None else authority._x509.subject)
        .last_update(moment(since))
        .next_update(moment(until if until is not None else since + DAY))
    )
    for one in revoked:
        serial = one if isinstance(one, int) else serial_of(one)
        entry = x509.RevokedCertificateBuilder().serial_number(serial)
        entry = entry.revocation_date(moment(since - HOUR))
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        for extension, critical in entry_extensions:
            entry = entry.add_extension(extension, critical)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    signer = key or authority._key
    made = builder.sign(signer, private_keys.certificate_digest(signer))
    return made.public_bytes(serialization.Encoding.DER)


def ocsp_response(
    certificate: bytes,
    authority: Authority,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    reason: x509.ReasonFlags | None = None,
    since: float = AT - HOUR,
    until: float | None = AT + DAY,
    delegate: tuple[bytes, Any] | None = None,
    by_name: bool = False,
    digest: Any = None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
) -> bytes:
    """A response by an authority or its ``delegate`` (certificate and private key), DER."""
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    signer_der, signer_key = delegate or (authority.certificate, authority._key)
    signer = x509.load_der_x509_certificate(signer_der)
    encoding = ocsp.OCSPResponderEncoding.NAME if by_name else ocsp.OCSPResponderEncoding.HASH
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            x509.load_der_x509_certificate(certificate),
            authority._x509,
            digest or hashes.SHA1(),  # names a certificate, proves nothing
            status,
            moment(since),
            moment(until) if until is not None else None,
            moment(since - HOUR) if revoked else None,
            reason,
        )
        .responder_id(encoding, signer)
    )
    if delegate is not None:
        builder = builder.certificates([signer])
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    made = builder.sign(signer_key, private_keys.certificate_digest(signer_key))
    return made.public_bytes(serialization.Encoding.DER)


def asked(
    chain: Sequence[bytes],
    *,
    crls: Sequence[bytes] = (),
    responses: Sequence[bytes] = (),
    fetched: Mapping[Fetch, bytes | str] | None = None,
    stapled: bytes | None = None,
    pool: Sequence[bytes] = (),
    at: float = AT,
    place: int = 0,
    offline: bool = False,
) -> Status:
    """The status of the certificate at ``place`` of a path, leaf first, anchor last."""
    path = tuple(read_certificate(der) for der in chain)
    known = Known(fetched or {}, tuple(crls), tuple(responses), offline)
    between = tuple(read_certificate(der) for der in pool)
    return status_of(Question(path, place, between, at, known, stapled))
