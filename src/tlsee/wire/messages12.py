"""The handshake messages of TLS 1.2 (RFC 5246, 7.4), named as there; the hellos are ``hellos``.

What ServerKeyExchange and ClientKeyExchange hold depends on the suite, which no byte of theirs
tells. So each is read in two steps: the message, and then its content as one key exchange has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from tlsee.codes import CertificateStatusType, HandshakeType, NamedGroup, SignatureScheme
from tlsee.codes12 import ClientCertificateType, ECCurveType, KeyExchangeAlgorithm
from tlsee.wire.codec import (
    Message,
    fixed,
    message,
    nested,
    opaque,
    read,
    rest,
    select,
    struct,
    u8,
    u16,
    u32,
    vector,
)
from tlsee.wire.extensions.status_request import OCSPResponse
from tlsee.wire.hellos import ClientHello, ServerHello

VERIFY_DATA_LENGTH = 12  # RFC 5246, 7.4.9: of every suite here


@message(HandshakeType.hello_request)
class HelloRequest(Message):
    """RFC 5246, 7.4.1.1: the server would like to negotiate again. Never part of a transcript."""


@message(HandshakeType.certificate)
class Certificate(Message):
    """RFC 5246, 7.4.2: the sender's own certificate first; empty only from a client."""

    certificate_list: tuple[bytes, ...] = vector(opaque(1, 0xFFFFFF), 0, 0xFFFFFF)


@message(HandshakeType.certificate)
class RawPublicKeyCertificate(Message):
    """RFC 7250, 3: the same message where a raw public key was agreed on, DER; a client's is empty
    where it has none to show.
    """

    subject_public_key_info: bytes = opaque(0, 0xFFFFFF)


@message(HandshakeType.certificate_status)
class CertificateStatus(Message):
    """RFC 6066, 8: the OCSP response for the server's own certificate."""

    status_type: CertificateStatusType = u8(CertificateStatusType)
    response: OCSPResponse | bytes = select(
        "status_type", {CertificateStatusType.ocsp: OCSPResponse}
    )


@struct
class DigitallySigned:
    """RFC 5246, 4.7; the two octets for hash and signature read as a scheme (RFC 8422, 5.1.3)."""

    algorithm: SignatureScheme = u16(SignatureScheme)
    signature: bytes = opaque(0, 0xFFFF)


@struct
class ServerECDHParams:
    """RFC 8422, 5.4: an ephemeral key on a named curve, or another group that works like one."""

    curve_type: ECCurveType = u8(ECCurveType, closed=True)
    named_curve: NamedGroup = u16(NamedGroup)
    public: bytes = opaque(1, 0xFF)


@struct
class ServerDHParams:
    """RFC 5246, 7.4.3: the group itself and an ephemeral key in it, big-endian integers."""

    dh_p: bytes = opaque(1, 0xFFFF)
    dh_g: bytes = opaque(1, 0xFFFF)
    dh_Ys: bytes = opaque(1, 0xFFFF)


@struct
class SignedECDHParams:
    """RFC 8422, 5.4: what a ServerKeyExchange of ECDHE holds."""

    params: ServerECDHParams = nested(ServerECDHParams)
    signed_params: DigitallySigned = nested(DigitallySigned)


@struct
class SignedDHParams:
    """RFC 5246, 7.4.3: what a ServerKeyExchange of DHE holds."""

    params: ServerDHParams = nested(ServerDHParams)
    signed_params: DigitallySigned = nested(DigitallySigned)


SignedParams: TypeAlias = SignedECDHParams | SignedDHParams


@message(HandshakeType.server_key_exchange)
class ServerKeyExchange(Message):
    """RFC 5246, 7.4.3; ``content`` is a struct in bytes, which the suite's key exchange tells."""

    content: bytes = rest()

    def ecdh(self) -> SignedECDHParams:
        """The content under ECDHE.

        Raises:
            PeerMisbehaved: as ``read`` does; illegal_value for a curve that is not named.
        """
        return read(SignedECDHParams, self.content)

    def dh(self) -> SignedDHParams:
        """The content under DHE.

        Raises:
            PeerMisbehaved: as ``read`` does.
        """
        return read(SignedDHParams, self.content)

    def params(self, found: SignedParams) -> bytes:
        """The bytes that are signed besides the randoms, as they came; ``found`` is their reading.

        They are what stands before the signature, so nothing is encoded anew.
        """
        return self.content[: -4 - len(found.signed_params.signature)]


@message(HandshakeType.certificate_request)
class CertificateRequest(Message):
    """RFC 5246, 7.4.4; the authorities are distinguished names, DER, and may be none."""

    certificate_types: tuple[ClientCertificateType, ...] = vector(
        u8(ClientCertificateType), 1, 0xFF
    )
    supported_signature_algorithms: tuple[SignatureScheme, ...] = vector(
        u16(SignatureScheme), 2, 0xFFFE
    )
    certificate_authorities: tuple[bytes, ...] = vector(opaque(1, 0xFFFF), 0, 0xFFFF)


@message(HandshakeType.server_hello_done)
class ServerHelloDone(Message):
    """RFC 5246, 7.4.5: empty."""


@struct
class ClientECDiffieHellmanPublic:
    """RFC 8422, 5.7: the client's ephemeral key, an ECPoint."""

    ecdh_Yc: bytes = opaque(1, 0xFF)


@struct
class ClientDiffieHellmanPublic:
    """RFC 5246, 7.4.7.2: the client's ephemeral key, a big-endian integer."""

    dh_Yc: bytes = opaque(1, 0xFFFF)


@struct
class EncryptedPreMasterSecret:
    """RFC 5246, 7.4.7.1: a PreMasterSecret under the RSA key of the server's certificate."""

    pre_master_secret: bytes = opaque(0, 0xFFFF)


@message(HandshakeType.client_key_exchange)
class ClientKeyExchange(Message):
    """RFC 5246, 7.4.7; ``exchange_keys`` is a struct in bytes, as in ServerKeyExchange."""

    exchange_keys: bytes = rest()

    def ecdh(self) -> ClientECDiffieHellmanPublic:
        """The content under ECDHE.

        Raises:
            PeerMisbehaved: as ``read`` does.
        """
        return read(ClientECDiffieHellmanPublic, self.exchange_keys)

    def dh(self) -> ClientDiffieHellmanPublic:
        """The content under DHE.

        Raises:
            PeerMisbehaved: as ``read`` does.
        """
        return read(ClientDiffieHellmanPublic, self.exchange_keys)

    def rsa(self) -> EncryptedPreMasterSecret:
        """The content under RSA key exchange.

        Raises:
            PeerMisbehaved: as ``read`` does.
        """
        return read(EncryptedPreMasterSecret, self.exchange_keys)


@message(HandshakeType.certificate_verify)
class CertificateVerify(Message):
    """RFC 5246, 7.4.8: the client's signature over all messages so far."""

    algorithm: SignatureScheme = u16(SignatureScheme)
    signature: bytes = opaque(0, 0xFFFF)


@message(HandshakeType.new_session_ticket)
class NewSessionTicket(Message):
    """RFC 5077, 3.3; the hint in seconds; an empty ticket takes the promise back."""

    ticket_lifetime_hint: int = u32()
    ticket: bytes = opaque(0, 0xFFFF)


@message(HandshakeType.finished)
class Finished(Message):
    """RFC 5246, 7.4.9."""

    verify_data: bytes = fixed(VERIFY_DATA_LENGTH)


# RFC 5246, 7.4: by what ``framing.kind_of`` says, the struct to decode or to dissect it with.
MESSAGES: Mapping[HandshakeType, type[Message]] = {
    cls.msg_type: cls
    for cls in (
        HelloRequest,
        ClientHello,
        ServerHello,
        Certificate,
        CertificateStatus,
        ServerKeyExchange,
        CertificateRequest,
        ServerHelloDone,
        ClientKeyExchange,
        CertificateVerify,
        NewSessionTicket,
        Finished,
    )
}

# What the two key exchange messages may hold, for whoever looks at them from outside. RSA has no
# ServerKeyExchange.
CONTENTS: Mapping[HandshakeType, Mapping[KeyExchangeAlgorithm, type]] = {
    HandshakeType.server_key_exchange: {
        KeyExchangeAlgorithm.ecdhe: SignedECDHParams,
        KeyExchangeAlgorithm.dhe: SignedDHParams,
    },
    HandshakeType.client_key_exchange: {
        KeyExchangeAlgorithm.ecdhe: ClientECDiffieHellmanPublic,
        KeyExchangeAlgorithm.dhe: ClientDiffieHellmanPublic,
        KeyExchangeAlgorithm.rsa: EncryptedPreMasterSecret,
    },
}
