"""psk_key_exchange_modes: how the client may use a pre-shared key (RFC 9846, 4.3.9)."""

from __future__ import annotations

from tlsee.codes import ExtensionType, PskKeyExchangeMode
from tlsee.wire.codec import u8, vector
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.psk_key_exchange_modes, Block.CH)
class PskKeyExchangeModes(Extension):
    """Alone, or with a key exchange beside it."""

    ke_modes: tuple[PskKeyExchangeMode, ...] = vector(u8(PskKeyExchangeMode), 1, 255)
