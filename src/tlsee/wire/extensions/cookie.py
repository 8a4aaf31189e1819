"""cookie: what the server wants to see again in the second ClientHello (RFC 9846, 4.3.2)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import opaque
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.cookie, Block.CH, Block.HRR)
class Cookie(Extension):
    """Opaque to the client."""

    cookie: bytes = opaque(1, 0xFFFF)
