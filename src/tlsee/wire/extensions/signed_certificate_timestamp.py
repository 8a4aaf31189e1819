"""signed_certificate_timestamp: proof that a certificate is in a public log (RFC 6962, 3.3)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import opaque, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.signed_certificate_timestamp, Block.CH, Block.CR)
class SignedCertificateTimestamps(Extension):
    """Empty: please send them."""


@extension(ExtensionType.signed_certificate_timestamp, Block.SH12, Block.CT)
class SignedCertificateTimestampList(Extension):
    """The timestamps for the certificate in whose entry they stand; in 1.2 for the server's own."""

    sct_list: tuple[bytes, ...] = vector(opaque(1, 0xFFFF), 1, 0xFFFF)
