"""pre_shared_key: the keys that the client holds, and the one that was taken (RFC 9846, 4.3.11)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import opaque, struct, u16, u32, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@struct
class PskIdentity:
    """RFC 9846, 4.3.11; the age in milliseconds, plus ticket_age_add, modulo 2^32."""

    identity: bytes = opaque(1, 0xFFFF)
    obfuscated_ticket_age: int = u32()


@extension(ExtensionType.pre_shared_key, Block.CH)
class PreSharedKeyClientHello(Extension):
    """OfferedPsks: as many binders as identities, in the same order."""

    identities: tuple[PskIdentity, ...] = vector(PskIdentity, 7, 0xFFFF)
    binders: tuple[bytes, ...] = vector(opaque(32, 255), 33, 0xFFFF)


@extension(ExtensionType.pre_shared_key, Block.SH)
class PreSharedKeyServerHello(Extension):
    """The index of the identity that the server took, from 0."""

    selected_identity: int = u16()
