"""key_share: the public values of the key exchange (RFC 9846, 4.3.8)."""

from __future__ import annotations

from tlsee.codes import ExtensionType, NamedGroup
from tlsee.wire.codec import nested, opaque, struct, u16, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@struct
class KeyShareEntry:
    """RFC 9846, 4.3.8."""

    group: NamedGroup = u16(NamedGroup)
    key_exchange: bytes = opaque(1, 0xFFFF)


@extension(ExtensionType.key_share, Block.CH)
class KeyShareClientHello(Extension):
    """The client's shares, the preferred group's first; none asks for a HelloRetryRequest."""

    client_shares: tuple[KeyShareEntry, ...] = vector(KeyShareEntry, 0, 0xFFFF)


@extension(ExtensionType.key_share, Block.HRR)
class KeyShareHelloRetryRequest(Extension):
    """The group for which the server wants a share."""

    selected_group: NamedGroup = u16(NamedGroup)


@extension(ExtensionType.key_share, Block.SH)
class KeyShareServerHello(Extension):
    """The server's share, of a group of which the client sent one."""

    server_share: KeyShareEntry = nested(KeyShareEntry)
