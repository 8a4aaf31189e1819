"""early_data: data in the first flight, under a pre-shared key (RFC 9846, 4.3.10)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import u32
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.early_data, Block.CH, Block.EE)
class EarlyDataIndication(Extension):
    """Empty: there is some, or it was accepted."""


@extension(ExtensionType.early_data, Block.NST)
class EarlyDataTicket(Extension):
    """How many bytes of it this ticket allows."""

    max_early_data_size: int = u32()
