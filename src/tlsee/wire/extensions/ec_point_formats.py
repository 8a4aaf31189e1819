"""ec_point_formats: how TLS 1.2 may write points of a curve (RFC 8422, 5.1.2)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import u8, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.ec_point_formats, Block.CH)
class ECPointFormats(Extension):
    """ECPointFormatList; 0 is uncompressed, the only one in use."""

    ec_point_format_list: tuple[int, ...] = vector(u8(), 1, 255)
