"""A server of TLS 1.2 made of parts, see ``tests.support.hostile12``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.support.endpoints import NAME, client_config, server_credential
from tests.support.hostile import Edit
from tests.support.hostile12 import Puppet12, Sign
from tlsee import policies
from tlsee.codes import (
    CipherSuite,
    ExtensionType,
    HandshakeType,
    NamedGroup,
    ProtocolVersion,
    SignatureScheme,
)
from tlsee.codes12 import ClientCertificateType, ECCurveType, KeyExchangeAlgorithm
from tlsee.config import ClientConfig
from tlsee.connection.connection import ClientConnection
from tlsee.crypto.finite_field import padded, premaster_of
from tlsee.crypto.groups import field_parameters
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.schemes12 import schemes12
from tlsee.identity.credentials import Credential
from tlsee.trace import Role
from tlsee.wire.codec import decode, write
from tlsee.wire.extensions.block import AnyExtension, Extensions
from tlsee.wire.extensions.encrypt_then_mac import EncryptThenMac
from tlsee.wire.extensions.extended_main_secret import ExtendedMainSecret
from tlsee.wire.extensions.renegotiation_info import RenegotiationInfo
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages12 import (
    Certificate,
    CertificateRequest,
    ClientKeyExchange,
    DigitallySigned,
    Finished,
    ServerDHParams,
    ServerECDHParams,
    ServerHelloDone,
    ServerKeyExchange,
)

TLS12 = ProtocolVersion.TLS12
ECDSA = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256


# RFC 5246, figure 1, with its optional messages.
SCRIPT = (
    "server_hello",
    "certificate",
    "server_key_exchange",
    "certificate_request",
    "server_hello_done",
    "change_cipher_spec",
    "finished",
)


class HostileServer12(Puppet12):
    """Talks to a client of ours.

    Args:
        config: the victim's.
        suite, group, credential, scheme: what this server settles on.
        sign: what signs instead of the credential's key.
        asks: whether it sends a CertificateRequest.
        edits: by server_hello, certificate, parameters (the bytes to be signed, behind the
            randoms), server_key_exchange, certificate_request, server_hello_done,
            change_cipher_spec, finished.
    """

    role = Role.SERVER

    def __init__(
        self,
        config: ClientConfig | None = None,
        *,
        suite: CipherSuite = ECDSA,
        group: NamedGroup = NamedGroup.x25519,
        credential: Credential | None = None,
        scheme: SignatureScheme | None = None,
        sign: Sign | None = None,
        asks: bool = False,
        **edits: Edit,
    ) -> None:
        settings = config or client_config(versions=[TLS12], policy=policies.legacy, suites=[suite])
        super().__init__(ClientConnection(settings, NAME), edits, suite)
        rsa = self.suite12.authentication == "rsa"
        self.credential = credential or server_credential("rsa2048" if rsa else "ecdsa_secp256r1")
        self.scheme = scheme or self.credential.schemes[0]
        self.sign: Any = sign or self.credential.signer.sign
        self.asks = asks
        finite = self.suite12.key_exchange is KeyExchangeAlgorithm.dhe
        self.group = NamedGroup.ffdhe2048 if finite else group
        self.share = PROVIDER.groups[self.group].generate()
        self.listen()

    @property
    def script(self) -> Sequence[str]:
        """With ServerKeyExchange under (EC)DHE, with CertificateRequest if this server asks."""
        without = [] if self.asks else ["certificate_request"]
        if self.suite12.key_exchange is KeyExchangeAlgorithm.rsa:
            without.append("server_key_exchange")
        return [name for name in SCRIPT if name not in without]

    @property
    def hello(self) -> ClientHello:
        """What the client sent."""
        return decode(ClientHello, self.messages[0])

    def parameters(self) -> bytes:
        """What an honest server would sign behind the randoms."""
        if self.group.is_finite_field:
            p, g = field_parameters(self.group)
            return write(ServerDHParams(p, g, self.share.public))
        return write(ServerECDHParams(ECCurveType.named_curve, self.group, self.share.public))

    def _server_hello(self) -> None:
        items: list[AnyExtension] = [RenegotiationInfo(b""), ExtendedMainSecret()]
        offers = self.hello.extensions.has(ExtensionType.encrypt_then_mac)
        if offers and not self.suite12.is_aead:
            items.append(EncryptThenMac())
        extensions = Extensions.of(*items)
        random = PROVIDER.random(32)
        hello = ServerHello(TLS12, random, b"", self.suite12.code, 0, extensions)
        self.say("server_hello", hello)

    def _certificate(self) -> None:
        self.say("certificate", Certificate(self.credential.chain))

    def _server_key_exchange(self) -> None:
        parameters = self.edited("parameters", self.parameters())
        content = self.client_random + self.server_random + parameters
        signed = DigitallySigned(self.scheme, self.sign(self.scheme, content))
        self.say("server_key_exchange", ServerKeyExchange(parameters + write(signed)))

    def _certificate_request(self) -> None:
        types = (ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign)
        self.say("certificate_request", CertificateRequest(types, tuple(schemes12()), ()))

    def _server_hello_done(self) -> None:
        self.say("server_hello_done", ServerHelloDone())

    def _finished(self) -> None:
        self.say("finished", Finished(self.main12.server_finished(self.digest())))

    def on_message(self, kind: HandshakeType, raw: bytes) -> None:
        """ClientKeyExchange brings the secret."""
        self.remember(raw)
        if kind != HandshakeType.client_key_exchange:
            return
        message = decode(ClientKeyExchange, raw)
        signer: Any = self.credential.signer
        if self.suite12.key_exchange is KeyExchangeAlgorithm.rsa:
            self.agree(signer.decrypt(message.rsa().pre_master_secret))
        elif self.suite12.key_exchange is KeyExchangeAlgorithm.dhe:
            length = len(self.share.public)
            self.agree(premaster_of(self.share.finish(padded(message.dh().dh_Yc, length))))
        else:
            self.agree(self.share.finish(message.ecdh().ecdh_Yc))
