"""supported_groups: the groups for the key exchange, the preferred one first (RFC 9846, 4.3.7)."""

from __future__ import annotations

from tlsee.codes import ExtensionType, NamedGroup
from tlsee.wire.codec import u16, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.supported_groups, Block.CH, Block.SH12, Block.EE)
class SupportedGroups(Extension):
    """NamedGroupList; a server's tells the client what to prefer next time, in 1.2 nothing."""

    named_group_list: tuple[NamedGroup, ...] = vector(u16(NamedGroup), 2, 0xFFFF)
