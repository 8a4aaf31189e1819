"""The client's end after the handshake (RFC 9846, 4.7): tickets, new keys, and who it is.

A client that said so in its hello may be asked for a certificate at any time. Choosing one, and
signing, may take long and hold up nothing else: each exchange is known by its context. What it
answers leaves in one piece, and only when it is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import ClassVar

from tlsee import defaults
from tlsee.codes import SignatureScheme
from tlsee.config import ClientConfig
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.authenticate import (
    CLIENT_CONTEXT,
    certificate_message,
    signed_content,
    tell_selection,
)
from tlsee.handshake.certificate_types import CertificateTypes
from tlsee.handshake.client13_facts import which_credential
from tlsee.handshake.flow import Flow
from tlsee.handshake.outcome import CertificateRequested, CertificateShown, TicketArrived
from tlsee.handshake.post13 import Connected, follow_update, send_update
from tlsee.handshake.tickets13 import received, session_behind, session_key
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.identity.proof import ByRawPublicKey
from tlsee.keys.transcript import Transcript
from tlsee.questions import Sign
from tlsee.trace import ExtensionsIgnored, Role
from tlsee.values import fields_of, replace, value
from tlsee.wire.codec import encode
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.messages13 import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    Finished,
    KeyUpdate,
    NewSessionTicket,
)


@value
class ConnectedClient(Connected):
    """The end of a client that is not to be asked who it is."""

    config: ClientConfig

    def on_key_update(self, message: KeyUpdate, flow: Flow) -> ConnectedClient:
        """RFC 9846, 4.7.3."""
        reading, writing = follow_update(self.reading, self.writing, message, flow)
        return replace(self, reading=reading, writing=writing)

    def on_new_session_ticket(self, message: NewSessionTicket, flow: Flow) -> ConnectedClient:
        """RFC 9846, 4.7.1: kept for the next connection with this server."""
        outcome = self.outcome
        key = session_key(self.config, outcome.server_name, outcome.identity)
        session = None
        raw = isinstance(outcome.peer, ByRawPublicKey)  # by which a session could not judge again
        if self.config.sessions is not None and not raw:
            nonce, now = message.ticket_nonce, self.config.provider.now()
            made = session_behind(outcome, self.main, self.transcript, nonce, now)
            session = received(made, message)
        flow.tell(TicketArrived(message.ticket_lifetime, key, session))
        return self

    def do_update_keys(self, request: bool, flow: Flow) -> ConnectedClient:
        """Change our sending keys; ``request`` asks the peer to change its own as well."""
        return replace(self, writing=send_update(self.writing, request, flow))


@value
class Choosing:
    """Which certificate do we show? ``transcript`` ends with the request."""

    request: CertificateRequest
    transcript: Transcript


@value
class Signing:
    """Our key signs. Nothing was said yet; ``transcript`` ends with our Certificate."""

    certificate: Certificate
    transcript: Transcript
    credential: Credential
    scheme: SignatureScheme


@value
class AskableClient(ConnectedClient):
    """The end of a client that sent post_handshake_auth.

    ``types``: whether it shows a certificate or a raw public key. ``exchanges``: those it has not
    answered yet, by their contexts; ``used``: the hashes of all contexts there were.
    """

    types: CertificateTypes
    exchanges: Mapping[bytes, Choosing | Signing]
    used: frozenset[bytes]
    _hidden: ClassVar[frozenset[str]] = frozenset({"exchanges", "used"})

    @classmethod
    def after(cls, connected: ConnectedClient, types: CertificateTypes) -> AskableClient:
        """From a client that has not been asked anything."""
        kept = {name: getattr(connected, name) for name in fields_of(ConnectedClient)}
        return cls(**kept, types=types, exchanges={}, used=frozenset())

    def on_certificate_request(self, message: CertificateRequest, flow: Flow) -> AskableClient:
        """RFC 9846, 4.7.2: under a context that was not there before, or an old answer would do."""
        context = message.certificate_request_context
        if not context:
            raise PeerMisbehaved(Reasons.request_context_wrong, "empty after the handshake")
        name = sha256(context).digest()
        if name in self.used:
            raise PeerMisbehaved(Reasons.request_context_wrong, "it was used before")
        message.extensions.require(SignatureAlgorithms)
        if len(self.exchanges) == defaults.OPEN_REQUESTS_LIMIT:
            raise PeerMisbehaved(Reasons.too_many_requests, f"{len(self.exchanges)} are open")
        if len(self.used) == defaults.REQUESTS_LIMIT:
            raise PeerMisbehaved(Reasons.too_many_requests, f"after {len(self.used)} of them")
        flow.tell(CertificateRequested(context))
        ignored = tuple(kind for kind in message.extensions.types if not kind.is_known)
        if ignored:
            flow.note(ExtensionsIgnored, ignored)
        flow.ask_aside(which_credential(self.config, message, self.types), context)
        exchange = Choosing(message, self.transcript.add(message.raw))
        outcome = replace(self.outcome, asked_for_certificate=True)
        exchanges = {**self.exchanges, context: exchange}
        return replace(self, outcome=outcome, exchanges=exchanges, used=self.used | {name})

    def aside_credential(self, answer: Selection, context: bytes, flow: Flow) -> AskableClient:
        """No fitting certificate is an answer too: an empty list (RFC 9846, 4.5.1)."""
        exchange = self.exchanges[context]
        assert isinstance(exchange, Choosing)
        offered = exchange.request.extensions.require(SignatureAlgorithms)
        tell_selection(answer, offered.supported_signature_algorithms, (), Role.CLIENT, flow)
        credential, scheme = answer.chosen, answer.scheme
        if scheme is None:
            credential = None
        prepared = certificate_message(credential, exchange.request)
        certificate = replace(prepared, certificate_request_context=context)
        transcript = exchange.transcript.add(encode(certificate))
        if credential is None or scheme is None:
            flow.send(certificate)
            return self._finish(context, transcript, None, None, flow)
        content = signed_content(CLIENT_CONTEXT, transcript)
        provider = self.config.provider
        flow.ask_aside(Sign(credential.signer, scheme, content, provider), context)
        signing = Signing(certificate, transcript, credential, scheme)
        return replace(self, exchanges={**self.exchanges, context: signing})

    def aside_signature(self, answer: bytes, context: bytes, flow: Flow) -> AskableClient:
        """RFC 9846, 4.5.2; only now something is said, all of it together."""
        exchange = self.exchanges[context]
        assert isinstance(exchange, Signing)
        flow.send(exchange.certificate)
        raw = flow.send(CertificateVerify(exchange.scheme, answer))
        transcript = exchange.transcript.add(raw)
        return self._finish(context, transcript, exchange.credential, exchange.scheme, flow)

    def _finish(
        self,
        context: bytes,
        transcript: Transcript,
        credential: Credential | None,
        scheme: SignatureScheme | None,
        flow: Flow,
    ) -> AskableClient:
        """Finished is keyed by the secret that protects it (RFC 9846, 4.5)."""
        flow.send(Finished(self.writing.finished(transcript.digest())))
        flow.tell(CertificateShown(context, credential))
        outcome = self.outcome
        if credential is not None:
            outcome = replace(outcome, own_credential=credential, client_scheme=scheme)
        left = {name: one for name, one in self.exchanges.items() if name != context}
        return replace(self, outcome=outcome, exchanges=left)
