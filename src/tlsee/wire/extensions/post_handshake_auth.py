"""post_handshake_auth: the client may be asked for a certificate later (RFC 9846, 4.3.6)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.post_handshake_auth, Block.CH)
class PostHandshakeAuth(Extension):
    """Empty."""
