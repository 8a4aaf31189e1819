"""A client made of parts, see ``tests.support.hostile``."""

from __future__ import annotations

from tests.support.endpoints import NAME, client_config, server_config
from tests.support.hostile import CHANGE_CIPHER_SPEC, Edit, Puppet, suite_of
from tlsee.codes import HandshakeType, SignatureScheme
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ServerConnection
from tlsee.handshake.authenticate import CLIENT_CONTEXT
from tlsee.handshake.client_offer import Shares
from tlsee.handshake.compose import Composer
from tlsee.identity.credentials import Credential
from tlsee.keys.schedule13 import TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.wire.codec import decode
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.key_share import (
    KeyShareEntry,
    KeyShareHelloRetryRequest,
    KeyShareServerHello,
)
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello
from tlsee.wire.messages13 import Certificate, CertificateEntry, CertificateVerify, Finished


class HostileClient(Puppet):
    """Talks to a server of ours.

    Args:
        config: the victim's.
        settings: what this client offers.
        credential, scheme: what it shows when it is asked; an empty list without.
        edits: by client_hello, second_client_hello, certificate, certificate_verify, finished.
    """

    def __init__(
        self,
        config: ServerConfig | None = None,
        *,
        settings: ClientConfig | None = None,
        credential: Credential | None = None,
        scheme: SignatureScheme | None = None,
        **edits: Edit,
    ) -> None:
        super().__init__(ServerConnection(config or server_config()), edits)
        self.settings = settings or client_config()
        self.credential = credential
        self.scheme = scheme or (credential.schemes[0] if credential else None)
        self.shares: Shares = {}
        self.first: ClientHello
        self.hellos: list[bytes] = []
        self.asked = False
        self.retry_raw = b""
        self.server_application: TrafficSecret
        self.client_application: TrafficSecret

    # --- Speaking -----------------------------------------------------------------------------

    def greet(self) -> HostileClient:
        """The first hello."""
        groups = self.settings.provider.groups
        self.shares = {group: groups[group].generate() for group in self.settings.key_shares}
        entries = tuple(KeyShareEntry(group, share.public) for group, share in self.shares.items())
        self.first = Composer().client_hello(self.settings, NAME, entries)
        self.say("client_hello", self.first)
        return self

    def follow_retry(self) -> HostileClient:
        """The second hello, if there was a HelloRetryRequest."""
        retry = decode(HelloRetryRequest, self.retry_raw)
        wanted = retry.extensions.get(KeyShareHelloRetryRequest)
        entry = None
        if wanted is not None:
            share = self.settings.provider.groups[wanted.selected_group].generate()
            self.shares = {wanted.selected_group: share}
            entry = KeyShareEntry(wanted.selected_group, share.public)
        self.deliver(CHANGE_CIPHER_SPEC)
        second = Composer().second_client_hello(self.first, retry, entry)
        self.say("second_client_hello", second)
        return self

    def finish(self) -> HostileClient:
        """Certificate where one was asked for, and Finished; stops when the victim does."""
        self.deliver(CHANGE_CIPHER_SPEC)
        steps = [self._finished]
        if self.asked:
            steps.insert(0, self._certificate)
            if self.credential is not None:
                steps.insert(1, self._signature)
        for step in steps:
            if self.stopped:
                break
            step()
        return self

    def flight(self) -> HostileClient:
        """From the first hello to Finished."""
        self.greet()
        if self.retry_raw and not self.stopped:
            self.follow_retry()
        return self if self.stopped else self.finish()

    def remember(self, raw: bytes) -> None:
        """Until the suite is known the hellos are kept as they are."""
        if hasattr(self, "transcript"):
            super().remember(raw)
        else:
            self.hellos.append(raw)

    def _certificate(self) -> None:
        chain = self.credential.chain if self.credential is not None else ()
        entries = tuple(CertificateEntry(der, Extensions.of()) for der in chain)
        self.say("certificate", Certificate(b"", entries))

    def _signature(self) -> None:
        assert self.credential is not None
        assert self.scheme is not None
        content = CLIENT_CONTEXT + self.transcript.digest()
        signature = self.credential.signer.sign(self.scheme, content)
        assert isinstance(signature, bytes)
        self.say("certificate_verify", CertificateVerify(self.scheme, signature))

    def _finished(self) -> None:
        self.say("finished", Finished(self.writing.finished(self.transcript.digest())))
        if not self.stopped:
            self._write_with(self.client_application)

    # --- Listening ----------------------------------------------------------------------------

    def on_message(self, kind: HandshakeType, raw: bytes) -> None:
        """ServerHello and Finished change the server's keys."""
        if kind == HandshakeType.hello_retry_request:
            self.retry_raw = raw
            suite = suite_of(decode(HelloRetryRequest, raw).cipher_suite)
            self.transcript = Transcript.start(suite.hash_name, self.hellos[0]).retried().add(raw)
        elif kind == HandshakeType.server_hello:
            self._on_server_hello(decode(ServerHello, raw))
        elif kind != HandshakeType.new_session_ticket:
            self.remember(raw)
        if kind == HandshakeType.certificate_request:
            self.asked = True
        if kind == HandshakeType.finished:
            client, server, _ = self.main.application(self.transcript.digest())
            self.client_application = client
            self._read_with(server)

    def _on_server_hello(self, message: ServerHello) -> None:
        self.suite = suite_of(message.cipher_suite)
        if not self.retry_raw:
            self.transcript = Transcript.start(self.suite.hash_name, self.hellos[0])
        self.remember(message.raw)
        entry = message.extensions.require(KeyShareServerHello).server_share
        stage = self.derive(self.shares[entry.group].finish(entry.key_exchange))
        client, server = stage.traffic(self.transcript.digest())
        self._write_with(client)
        self._read_with(server)
