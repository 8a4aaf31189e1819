"""ClientHello, ServerHello and HelloRetryRequest (RFC 9846, 4.2; for 1.2: RFC 5246, 7.4.1)."""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import CipherSuite, HandshakeType, ProtocolVersion
from tlsee.wire.codec import Message, constant, fixed, message, opaque, u8, u16, vector
from tlsee.wire.extensions import Block, Extensions, extensions, server_hello_extensions

# SHA-256 of "HelloRetryRequest": what makes a ServerHello a HelloRetryRequest (RFC 9846, 4.2.3).
HELLO_RETRY_REQUEST_RANDOM = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
)


@message(HandshakeType.client_hello)
class ClientHello(Message):
    """RFC 9846, 4.2.2. A hello of TLS 1.2 or older may end before the extensions."""

    legacy_version: ProtocolVersion = u16(ProtocolVersion)
    random: bytes = fixed(32)
    legacy_session_id: bytes = opaque(0, 32)
    cipher_suites: tuple[CipherSuite, ...] = vector(u16(CipherSuite), 2, 0xFFFE)
    legacy_compression_methods: tuple[int, ...] = vector(u8(), 1, 0xFF)
    extensions: Extensions = extensions(Block.CH, optional=True)

    @property
    def has_extensions(self) -> bool:
        """Whether there is a block of extensions, if only an empty one."""
        return self.extensions.present


@message(HandshakeType.server_hello)
class ServerHello(Message):
    """RFC 9846, 4.2.3. One without supported_versions selects TLS 1.2 or older."""

    legacy_version: ProtocolVersion = u16(ProtocolVersion)
    random: bytes = fixed(32)
    legacy_session_id_echo: bytes = opaque(0, 32)
    cipher_suite: CipherSuite = u16(CipherSuite)
    legacy_compression_method: int = u8()
    extensions: Extensions = server_hello_extensions()

    @property
    def has_extensions(self) -> bool:
        """Whether there is a block of extensions, if only an empty one."""
        return self.extensions.present


@message(HandshakeType.hello_retry_request, wire_type=HandshakeType.server_hello)
class HelloRetryRequest(Message):
    """RFC 9846, 4.2.4: on the wire a ServerHello with a fixed random, here one without."""

    legacy_version: ProtocolVersion = u16(ProtocolVersion)
    random: ClassVar[bytes] = constant(HELLO_RETRY_REQUEST_RANDOM)
    legacy_session_id_echo: bytes = opaque(0, 32)
    cipher_suite: CipherSuite = u16(CipherSuite)
    legacy_compression_method: int = u8()
    extensions: Extensions = extensions(Block.HRR)
