"""What every stream passes on from its connection: keying material and channel bindings."""

from __future__ import annotations

from tlsee.connection.connection import Connection
from tlsee.handshake.outcome import ClientAuthenticated, ClientDeclined


class Bound:
    """Base of the streams; whoever inherits has the connection without I/O as ``connection``."""

    connection: Connection

    def export_keying_material(
        self, label: str | bytes, context: bytes | None, length: int
    ) -> bytes:
        """As ``Connection.export_keying_material``."""
        return self.connection.export_keying_material(label, context, length)

    def client_answer(self, context: bytes) -> ClientAuthenticated | ClientDeclined | None:
        """As ``Connection.client_answer``."""
        return self.connection.client_answer(context)

    def channel_binding(self, kind: str = "tls-exporter") -> bytes:
        """As ``Connection.channel_binding``."""
        return self.connection.channel_binding(kind)
