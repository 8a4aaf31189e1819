"""encrypt_then_mac: TLS 1.2's CBC suites with the MAC outside (RFC 7366)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.encrypt_then_mac, Block.CH, Block.SH12)
class EncryptThenMac(Extension):
    """Empty; a server answers it for a CBC suite only."""
