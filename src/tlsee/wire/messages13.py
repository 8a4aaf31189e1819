"""The handshake messages of TLS 1.3 that follow the hellos (RFC 9846, 4.4, 4.5 and 4.7)."""

from __future__ import annotations

from collections.abc import Mapping

from tlsee.codes import HandshakeType, KeyUpdateRequest, SignatureScheme
from tlsee.wire.codec import Message, message, opaque, rest, struct, u8, u16, u32, vector
from tlsee.wire.extensions import Block, Extensions, extensions
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello


@message(HandshakeType.encrypted_extensions)
class EncryptedExtensions(Message):
    """RFC 9846, 4.4.1."""

    extensions: Extensions = extensions(Block.EE)


@message(HandshakeType.certificate_request)
class CertificateRequest(Message):
    """RFC 9846, 4.4.2; the context is empty but for a request after the handshake."""

    certificate_request_context: bytes = opaque(0, 0xFF)
    extensions: Extensions = extensions(Block.CR)


@struct
class CertificateEntry:
    """RFC 9846, 4.5.1: a certificate, DER, and what belongs to it."""

    cert_data: bytes = opaque(1, 0xFFFFFF)
    extensions: Extensions = extensions(Block.CT)


@message(HandshakeType.certificate)
class Certificate(Message):
    """RFC 9846, 4.5.1: the sender's own certificate first; empty only from a client."""

    certificate_request_context: bytes = opaque(0, 0xFF)
    certificate_list: tuple[CertificateEntry, ...] = vector(CertificateEntry, 0, 0xFFFFFF)


@message(HandshakeType.certificate_verify)
class CertificateVerify(Message):
    """RFC 9846, 4.5.2."""

    algorithm: SignatureScheme = u16(SignatureScheme)
    signature: bytes = opaque(0, 0xFFFF)


@message(HandshakeType.finished)
class Finished(Message):
    """RFC 9846, 4.5.3: as long as the hash; who compares it checks the length as well."""

    verify_data: bytes = rest()


@message(HandshakeType.end_of_early_data)
class EndOfEarlyData(Message):
    """RFC 9846, 4.6: empty."""


@message(HandshakeType.new_session_ticket)
class NewSessionTicket(Message):
    """RFC 9846, 4.7.1; the lifetime in seconds, ticket_age_add in milliseconds."""

    ticket_lifetime: int = u32()
    ticket_age_add: int = u32()
    ticket_nonce: bytes = opaque(0, 0xFF)
    ticket: bytes = opaque(1, 0xFFFF)
    extensions: Extensions = extensions(Block.NST)


@message(HandshakeType.key_update)
class KeyUpdate(Message):
    """RFC 9846, 4.7.3; another value than the two named ones is illegal."""

    request_update: KeyUpdateRequest = u8(KeyUpdateRequest, closed=True)


# RFC 9846, 4: by what ``framing.kind_of`` says, the struct to decode or to dissect it with.
MESSAGES: Mapping[HandshakeType, type[Message]] = {
    cls.msg_type: cls
    for cls in (
        ClientHello,
        ServerHello,
        HelloRetryRequest,
        EncryptedExtensions,
        CertificateRequest,
        Certificate,
        CertificateVerify,
        Finished,
        EndOfEarlyData,
        NewSessionTicket,
        KeyUpdate,
    )
}
