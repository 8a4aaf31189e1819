"""server_name: which of a server's names the client wants (RFC 6066, 3)."""

from __future__ import annotations

from tlsee.codes import ExtensionType, NameType
from tlsee.wire.codec import opaque, struct, u8, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@struct
class ServerName:
    """RFC 6066, 3; a name of any type begins with a 16-bit length, so unknown ones fit too."""

    name_type: NameType = u8(NameType)
    name: bytes = opaque(1, 0xFFFF)


@extension(ExtensionType.server_name, Block.CH, Block.CR)
class ServerNameList(Extension):
    """The names, at most one of each type; in a CertificateRequest only with RFC 9261."""

    server_name_list: tuple[ServerName, ...] = vector(ServerName, 1, 0xFFFF)


@extension(ExtensionType.server_name, Block.SH12, Block.EE)
class ServerNameAcknowledged(Extension):
    """Empty: the server has used the name."""
