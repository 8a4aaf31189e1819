"""session_ticket: TLS 1.2's ticket, or the wish for one (RFC 5077, 3.2)."""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.wire.codec import rest
from tlsee.wire.extensions.block import Extension, extension
from tlsee.wire.extensions.matrix import Block


@extension(ExtensionType.session_ticket, Block.CH)
class SessionTicket12(Extension):
    """No length of its own: the extension's is the ticket's."""

    ticket: bytes = rest()


@extension(ExtensionType.session_ticket, Block.SH12)
class SessionTicketPromised12(Extension):
    """Empty: a NewSessionTicket will come in this handshake."""
