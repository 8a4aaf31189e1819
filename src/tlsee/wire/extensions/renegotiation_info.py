"""renegotiation_info: TLS 1.2's protection against spliced renegotiations (RFC 5746, 3.2)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import opaque
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.renegotiation_info, Block.CH, Block.SH12)
class RenegotiationInfo(Extension):
    """Empty in a first handshake, and there is no other one here."""

    renegotiated_connection: bytes = opaque(0, 0xFF)
