"""padding: bytes that make a ClientHello longer (RFC 7685)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import rest
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.padding, Block.CH)
class Padding(Extension):
    """Zeros, which a server need not look at."""

    padding: bytes = rest()
