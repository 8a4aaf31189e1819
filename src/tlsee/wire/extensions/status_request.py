"""status_request: an OCSP response beside the certificate (RFC 6066, 8; RFC 9846, 4.5.1.1)."""

from __future__ import annotations

from tlsee.codes import CertificateStatusType, ExtensionType
from tlsee.wire.codec import opaque, select, struct, u8, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@struct
class OCSPStatusRequest:
    """RFC 6066, 8; identifiers of responders and request extensions, both DER."""

    responder_id_list: tuple[bytes, ...] = vector(opaque(1, 0xFFFF), 0, 0xFFFF)
    request_extensions: bytes = opaque(0, 0xFFFF)


@struct
class OCSPResponse:
    """RFC 6066, 8; the response as DER."""

    response: bytes = opaque(1, 0xFFFFFF)


@extension(ExtensionType.status_request, Block.CH)
class StatusRequest(Extension):
    """CertificateStatusRequest; the request of an unknown type stays bytes."""

    status_type: CertificateStatusType = u8(CertificateStatusType)
    request: OCSPStatusRequest | bytes = select(
        "status_type", {CertificateStatusType.ocsp: OCSPStatusRequest}
    )


@extension(ExtensionType.status_request, Block.CR)
class StatusRequestCertificateRequest(Extension):
    """Empty: the server would like the client to staple too."""


@extension(ExtensionType.status_request, Block.CT)
class CertificateStatus(Extension):
    """The response for the certificate in whose entry it stands."""

    status_type: CertificateStatusType = u8(CertificateStatusType)
    response: OCSPResponse | bytes = select(
        "status_type", {CertificateStatusType.ocsp: OCSPResponse}
    )


@extension(ExtensionType.status_request, Block.SH12)
class StatusRequestAcknowledged(Extension):
    """Empty: a CertificateStatus may follow the certificate."""
