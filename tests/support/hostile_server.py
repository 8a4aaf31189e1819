"""A server made of parts, see ``tests.support.hostile``."""

from __future__ import annotations

from typing import Any

from tests.support.endpoints import NAME, client_config, server_credential
from tests.support.hostile import CHANGE_CIPHER_SPEC, Edit, Puppet, suite_of
from tlsee.codes import CipherSuite, HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.config import ClientConfig
from tlsee.connection.connection import COMPOSER, ClientConnection
from tlsee.crypto.pyca import PROVIDER
from tlsee.handshake.authenticate import SERVER_CONTEXT
from tlsee.handshake.compose import Composer
from tlsee.identity.credentials import Credential
from tlsee.keys.transcript import Transcript
from tlsee.wire.codec import decode
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.key_share import (
    KeyShareClientHello,
    KeyShareEntry,
    KeyShareHelloRetryRequest,
    KeyShareServerHello,
)
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_versions import SupportedVersionsServerHello
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello
from tlsee.wire.messages13 import (
    Certificate,
    CertificateEntry,
    CertificateRequest,
    CertificateVerify,
    EncryptedExtensions,
    Finished,
)

TLS12, TLS13 = ProtocolVersion.TLS12, ProtocolVersion.TLS13


class HostileServer(Puppet):
    """Talks to a client of ours.

    Args:
        config: the victim's.
        suite, group, credential, scheme: what this server settles on.
        asks: whether it sends a CertificateRequest.
        compatible: whether it sends change_cipher_spec.
        composer: the wording of the victim's hello.
        edits: by server_hello, hello_retry_request, encrypted_extensions, certificate_request,
            certificate, certificate_verify, finished.
    """

    def __init__(
        self,
        config: ClientConfig | None = None,
        *,
        suite: CipherSuite = CipherSuite.TLS_AES_128_GCM_SHA256,
        group: NamedGroup = NamedGroup.x25519,
        credential: Credential | None = None,
        scheme: SignatureScheme | None = None,
        asks: bool = False,
        compatible: bool = True,
        composer: Composer = COMPOSER,
        **edits: Edit,
    ) -> None:
        victim = ClientConnection(config or client_config(), NAME, composer=composer)
        super().__init__(victim, edits)
        self.suite = suite_of(suite)
        self.group = group
        self.credential = credential or server_credential()
        self.scheme = scheme or self.credential.schemes[0]
        self.asks = asks
        self.compatible = compatible
        self.retried = False
        self.client_context: Transcript
        self.listen()
        self.transcript = Transcript.start(self.suite.hash_name, self.messages[-1])

    @property
    def hello(self) -> ClientHello:
        """The last hello that the client sent."""
        found = [raw for raw in self.messages if raw[0] == HandshakeType.client_hello]
        return decode(ClientHello, found[-1])

    def share_of(self, group: NamedGroup) -> bytes:
        """What the client sent for a group."""
        for entry in self.hello.extensions.require(KeyShareClientHello).client_shares:
            if entry.group == group:
                return entry.key_exchange
        raise AssertionError(f"the client sent no share for {group}")

    # --- The flight ---------------------------------------------------------------------------

    def retry(self, group: NamedGroup | None = None, cookie: bytes = b"") -> HostileServer:
        """HelloRetryRequest; the client's second hello is heard."""
        items: list[Any] = [SupportedVersionsServerHello(TLS13)]
        if group is not None:
            items.append(KeyShareHelloRetryRequest(group))
            self.group = group
        if cookie:
            items.append(Cookie(cookie))
        if not self.retried:
            self.transcript = self.transcript.retried()
        self.retried = True
        hello = self.hello
        said = len(self.messages)
        self.say(
            "hello_retry_request",
            HelloRetryRequest(
                TLS12, hello.legacy_session_id, self.suite.code, 0, Extensions.of(*items)
            ),
        )
        for raw in self.messages[said:]:
            self.remember(raw)
        if self.compatible and not self.stopped:
            self.deliver(CHANGE_CIPHER_SPEC)
        return self

    def answer(self) -> HostileServer:
        """ServerHello, and the keys that follow."""
        response = PROVIDER.groups[self.group].respond(self.share_of(self.group))
        hello = self.hello
        self.say(
            "server_hello",
            ServerHello(
                TLS12,
                bytes(range(32)),
                hello.legacy_session_id,
                self.suite.code,
                0,
                Extensions.of(
                    KeyShareServerHello(KeyShareEntry(self.group, response.share)),
                    SupportedVersionsServerHello(TLS13),
                ),
            ),
        )
        if self.stopped:
            return self
        stage = self.derive(response.secret)
        client, server = stage.traffic(self.transcript.digest())
        self._read_with(client)
        self._write_with(server)
        if self.compatible and not self.retried:
            self.deliver(CHANGE_CIPHER_SPEC)
        return self

    def prove(self) -> HostileServer:
        """EncryptedExtensions to Finished; stops when the victim does."""
        steps = [self._settings, self._certificate, self._signature, self._finished]
        if self.asks:
            steps.insert(1, self._request)
        for step in steps:
            if self.stopped:
                break
            step()
        return self

    def flight(self) -> HostileServer:
        """ServerHello to Finished."""
        self.answer()
        return self if self.stopped else self.prove()

    def _settings(self) -> None:
        self.say("encrypted_extensions", EncryptedExtensions(Extensions.of()))

    def _request(self) -> None:
        schemes = Extensions.of(SignatureAlgorithms(tuple(PROVIDER.schemes)))
        self.say("certificate_request", CertificateRequest(b"", schemes))

    def _certificate(self) -> None:
        entries = tuple(CertificateEntry(der, Extensions.of()) for der in self.credential.chain)
        self.say("certificate", Certificate(b"", entries))

    def _signature(self) -> None:
        content = SERVER_CONTEXT + self.transcript.digest()
        signature = self.credential.signer.sign(self.scheme, content)
        assert isinstance(signature, bytes)
        self.say("certificate_verify", CertificateVerify(self.scheme, signature))

    def _finished(self) -> None:
        verify_data = self.writing.finished(self.transcript.digest())
        with self.together():  # the client's last flight is under handshake keys still
            self.say("finished", Finished(verify_data))
            self.client_context = self.transcript
        if not self.stopped:
            self._write_with(self.main.application(self.client_context.digest())[1])

    def on_message(self, kind: HandshakeType, raw: bytes) -> None:
        """The client's Finished changes its keys."""
        if kind == HandshakeType.finished:
            self._read_with(self.main.application(self.client_context.digest())[0])
