"""ec_point_formats: how TLS 1.2 may write points of a curve (RFC 8422, 5.1.2)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.codes12 import ECPointFormat
from tlsee.wire.codec import u8, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.ec_point_formats, Block.CH, Block.SH12)
class ECPointFormats(Extension):
    """ECPointFormatList; uncompressed is the only one in use."""

    ec_point_format_list: tuple[ECPointFormat, ...] = vector(u8(ECPointFormat), 1, 255)
