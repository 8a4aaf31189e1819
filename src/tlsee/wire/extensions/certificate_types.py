"""client_certificate_type, server_certificate_type: certificates or raw public keys (RFC 7250, 3).

A client lists what it can show and what it can judge, the preferred one first; a server answers
with the one that is meant. Without them both sides mean X.509.
"""

from __future__ import annotations

from tlsee.codes import CertificateType, ExtensionType
from tlsee.wire.codec import u8, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.client_certificate_type, Block.CH)
class ClientCertTypeList(Extension):
    """What the client can show."""

    certificate_types: tuple[CertificateType, ...] = vector(u8(CertificateType), 1, 0xFF)


@extension(ExtensionType.client_certificate_type, Block.EE, Block.SH12)
class ClientCertTypeSelected(Extension):
    """What the client is to show."""

    certificate_type: CertificateType = u8(CertificateType)


@extension(ExtensionType.server_certificate_type, Block.CH)
class ServerCertTypeList(Extension):
    """What the client can judge."""

    certificate_types: tuple[CertificateType, ...] = vector(u8(CertificateType), 1, 0xFF)


@extension(ExtensionType.server_certificate_type, Block.EE, Block.SH12)
class ServerCertTypeSelected(Extension):
    """What the server shows."""

    certificate_type: CertificateType = u8(CertificateType)
