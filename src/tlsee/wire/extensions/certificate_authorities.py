"""certificate_authorities: whose certificates the sender accepts (RFC 9846, 4.3.4)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import opaque, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.certificate_authorities, Block.CH, Block.CR)
class CertificateAuthorities(Extension):
    """Distinguished names, DER."""

    authorities: tuple[bytes, ...] = vector(opaque(1, 0xFFFF), 3, 0xFFFF)
