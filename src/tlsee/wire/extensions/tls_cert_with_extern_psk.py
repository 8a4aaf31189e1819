"""tls_cert_with_extern_psk: certificates beside an external pre-shared key (RFC 9973)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.tls_cert_with_extern_psk, Block.CH, Block.SH)
class TLSCertWithExternPSK(Extension):
    """Empty: both shall count, or do."""
