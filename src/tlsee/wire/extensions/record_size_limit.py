"""record_size_limit: the longest record that its sender accepts (RFC 8449)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import u16
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.record_size_limit, Block.CH, Block.SH12, Block.EE)
class RecordSizeLimit(Extension):
    """In bytes of plaintext; in TLS 1.3 content type and padding count (RFC 8449, 4)."""

    record_size_limit: int = u16()
