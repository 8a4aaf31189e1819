"""A client of TLS 1.2 made of parts, see ``tests.support.hostile12``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.support.endpoints import NAME, client_config, server_config, server_credential
from tests.support.hostile import Edit
from tests.support.hostile12 import Puppet12, Sign
from tests.support.hostile12_server import ECDSA, TLS12
from tlsee import policies
from tlsee.codes import CipherSuite, HandshakeType, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ServerConnection
from tlsee.crypto.finite_field import padded, premaster_of
from tlsee.crypto.groups import finite_field
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.rsa_exchange import new_premaster
from tlsee.crypto.suites12 import suites12
from tlsee.handshake.compose import Composer
from tlsee.identity.certificate import leaf_key
from tlsee.identity.credentials import Credential
from tlsee.trace import Role
from tlsee.wire.codec import Message, decode, write
from tlsee.wire.hellos import ServerHello
from tlsee.wire.messages12 import (
    Certificate,
    CertificateVerify,
    ClientDiffieHellmanPublic,
    ClientECDiffieHellmanPublic,
    ClientKeyExchange,
    EncryptedPreMasterSecret,
    Finished,
    ServerKeyExchange,
)

# RFC 5246, figure 1, with its optional messages.
SCRIPT = (
    "client_hello",
    "certificate",
    "client_key_exchange",
    "certificate_verify",
    "change_cipher_spec",
    "finished",
)


class HostileClient12(Puppet12):
    """Talks to a server of ours.

    Args:
        config: the victim's; by default it takes this suite alone, under ``policies.legacy``.
        suite: the only one that this client offers.
        settings: all that it offers.
        credential, scheme, sign: what it shows, and how it signs, when it is asked.
        edits: by client_hello, certificate, premaster (the bytes to be encrypted under RSA),
            client_key_exchange, certificate_verify, change_cipher_spec, finished.
    """

    role = Role.CLIENT

    def __init__(
        self,
        config: ServerConfig | None = None,
        *,
        suite: CipherSuite = ECDSA,
        settings: ClientConfig | None = None,
        credential: Credential | None = None,
        scheme: SignatureScheme | None = None,
        sign: Sign | None = None,
        **edits: Edit,
    ) -> None:
        rsa = suites12()[suite].authentication == "rsa"
        common: dict[str, Any] = {"versions": [TLS12], "policy": policies.legacy, "suites": [suite]}
        shown = server_credential("rsa2048" if rsa else "ecdsa_secp256r1")
        victim = ServerConnection(config or server_config(**common, credentials=[shown]))
        super().__init__(victim, edits, suite)
        self.settings = settings or client_config(**common)
        self.credential = credential
        self.scheme = scheme or (credential.schemes[0] if credential else None)
        self.sign: Any = sign or (credential.signer.sign if credential else None)
        self.asked = False
        self.shown: Any = shown.public_key
        self.offered: ServerKeyExchange | None = None

    @property
    def script(self) -> Sequence[str]:
        """With a certificate where this client has one to show."""
        without = () if self.credential is not None else ("certificate", "certificate_verify")
        return [name for name in SCRIPT if name not in without]

    def _client_hello(self) -> None:
        self.say("client_hello", Composer().client_hello(self.settings, NAME, ()))

    def _certificate(self) -> None:
        chain = self.credential.chain if self.credential is not None else ()
        self.say("certificate", Certificate(chain))

    def _client_key_exchange(self) -> None:
        message, premaster = self._exchange()
        self.say("client_key_exchange", message)
        self.agree(premaster)

    def _exchange(self) -> tuple[Message, bytes]:
        """An honest answer to the server's parameters, or an answer to none."""
        content: Any
        if self.suite12.key_exchange is KeyExchangeAlgorithm.rsa:
            premaster = self.edited("premaster", new_premaster(TLS12, PROVIDER.random))
            content = EncryptedPreMasterSecret(PROVIDER.encrypt(self.shown, premaster))
        elif self.offered is None:
            premaster, content = b"", ClientECDiffieHellmanPublic(bytes(32))
        elif self.suite12.key_exchange is KeyExchangeAlgorithm.dhe:
            field = self.offered.dh().params
            share = finite_field(field.dh_p, field.dh_g).generate()
            premaster = premaster_of(share.finish(padded(field.dh_Ys, len(share.public))))
            content = ClientDiffieHellmanPublic(share.public)
        else:
            curve = self.offered.ecdh().params
            share = PROVIDER.groups[curve.named_curve].generate()
            premaster = share.finish(curve.public)
            content = ClientECDiffieHellmanPublic(share.public)
        return ClientKeyExchange(write(content)), premaster

    def _certificate_verify(self) -> None:
        assert self.scheme is not None
        signature = self.sign(self.scheme, self.talk)
        self.say("certificate_verify", CertificateVerify(self.scheme, signature))

    def _finished(self) -> None:
        self.say("finished", Finished(self.main12.client_finished(self.digest())))

    def on_message(self, kind: HandshakeType, raw: bytes) -> None:
        """The server's flight is what this client answers."""
        self.remember(raw)
        if kind == HandshakeType.server_hello:
            self.suite12 = suites12()[decode(ServerHello, raw).cipher_suite]
        elif kind == HandshakeType.certificate:
            self.shown = leaf_key(decode(Certificate, raw).certificate_list[0])
        elif kind == HandshakeType.server_key_exchange:
            self.offered = decode(ServerKeyExchange, raw)
        elif kind == HandshakeType.certificate_request:
            self.asked = True
