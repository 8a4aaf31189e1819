"""supported_versions: where the version is negotiated (RFC 9846, 4.3.1)."""

from __future__ import annotations

from tlsee.codes import ExtensionType, ProtocolVersion
from tlsee.wire.codec import u16, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.supported_versions, Block.CH)
class SupportedVersionsClientHello(Extension):
    """What the client speaks, the preferred one first."""

    versions: tuple[ProtocolVersion, ...] = vector(u16(ProtocolVersion), 2, 254)


@extension(ExtensionType.supported_versions, Block.SH, Block.HRR)
class SupportedVersionsServerHello(Extension):
    """What the server has selected."""

    selected_version: ProtocolVersion = u16(ProtocolVersion)
