"""max_fragment_length: records of a client that has little memory (RFC 6066, 4)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.codes12 import MaxFragmentLength
from tlsee.wire.codec import u8
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.max_fragment_length, Block.CH, Block.SH12, Block.EE)
class MaxFragmentLengthNegotiation(Extension):
    """The client's wish; the server's answer is the same or none. Other values are illegal."""

    max_fragment_length: MaxFragmentLength = u8(MaxFragmentLength, closed=True)
