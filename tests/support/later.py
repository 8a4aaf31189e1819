"""Hostile peers once the handshake is done: a client that is asked, and a server that asks."""

from __future__ import annotations

from typing import Any

from tests.support.endpoints import client_config, client_credential, server_config, trust
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import done
from tlsee.codes import HandshakeType
from tlsee.crypto.pyca import PROVIDER
from tlsee.handshake.authenticate import CLIENT_CONTEXT
from tlsee.identity.credentials import Credential
from tlsee.keys.transcript import Transcript
from tlsee.wire.codec import encode
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.messages13 import (
    Certificate,
    CertificateEntry,
    CertificateRequest,
    CertificateVerify,
    Finished,
)

SCHEMES = Extensions.of(SignatureAlgorithms(tuple(PROVIDER.schemes)))


class AskedClient(HostileClient):
    """Connected to a server of ours, and asked ``requests`` times; says what a test tells it.

    ``shaken`` is the transcript of the handshake; ``contexts`` are those of the requests.
    """

    def __init__(
        self, requests: int = 1, *, credential: Credential | None = None, **config: Any
    ) -> None:
        serving = server_config(**{"client_trust": trust(), "client_auth": "none", **config})
        settings = client_config(post_handshake_auth=True)
        super().__init__(serving, settings=settings, credential=credential)
        self.flight()
        assert done(self)
        self.shaken = self.transcript
        self.contexts: list[bytes] = []
        self.requests: dict[bytes, bytes] = {}
        for _ in range(requests):
            self.be_asked()

    def be_asked(self) -> bytes:
        """One request more; the answer is about this one, until another is named."""
        context: bytes = self.victim.request_certificate()
        self.listen()
        self.contexts.append(context)
        self.requests[context] = self.messages[-1]
        self.about(context)
        return context

    def about(self, context: bytes) -> AskedClient:
        """What is said from here answers the request of this context."""
        self.transcript = self.shaken.add(self.requests[context])
        return self

    def show(self, credential: Credential | None = None, context: bytes | None = None) -> bytes:
        """A Certificate for the last request; an empty one without a credential."""
        chain = credential.chain if credential is not None else ()
        entries = tuple(CertificateEntry(der, Extensions.of()) for der in chain)
        name = self.contexts[-1] if context is None else context
        return self.tell(Certificate(name, entries))

    def sign(
        self,
        credential: Credential,
        prefix: bytes = CLIENT_CONTEXT,
        transcript: Transcript | None = None,
    ) -> bytes:
        """CertificateVerify."""
        scheme = credential.schemes[0]
        content = prefix + (transcript or self.transcript).digest()
        signature = credential.signer.sign(scheme, content)
        assert isinstance(signature, bytes)
        return self.tell(CertificateVerify(scheme, signature))

    def end(self) -> bytes:
        """Finished."""
        return self.tell(Finished(self.writing.finished(self.transcript.digest())))

    def answer(self, credential: Credential | None = None, context: bytes | None = None) -> None:
        """The whole of it, as it should be."""
        shown = credential or client_credential()
        self.show(shown, context)
        self.sign(shown)
        self.end()

    def tell(self, message: Any) -> bytes:
        """A message that counts."""
        raw = message if isinstance(message, bytes) else encode(message)
        self.remember(raw)
        self.handshake(raw)
        return raw


class AskingServer(HostileServer):
    """Connected to a client of ours that may be asked who it is."""

    def __init__(self, **config: Any) -> None:
        super().__init__(client_config(**{"post_handshake_auth": True, **config}))
        self.flight()
        assert done(self)

    def on_message(self, kind: HandshakeType, raw: bytes) -> None:
        """Only the Finished of the handshake changes keys."""
        if self.names().count("finished") == 1:
            super().on_message(kind, raw)

    def ask(self, context: bytes, extensions: Extensions = SCHEMES) -> AskingServer:
        """A request with this context."""
        self.handshake(encode(CertificateRequest(context, extensions)))
        return self
