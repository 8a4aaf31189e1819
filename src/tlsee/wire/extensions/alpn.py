"""application_layer_protocol_negotiation: what is spoken within TLS (RFC 7301)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import opaque, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.application_layer_protocol_negotiation, Block.CH, Block.SH12, Block.EE)
class ProtocolNameList(Extension):
    """The client's protocols, the preferred one first; the server's one, that it has selected."""

    protocol_name_list: tuple[bytes, ...] = vector(opaque(1, 0xFF), 2, 0xFFFF)
