"""extended_main_secret: TLS 1.2's secret covers the handshake (RFC 7627)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.extended_main_secret, Block.CH, Block.SH12)
class ExtendedMainSecret(Extension):
    """Empty."""
