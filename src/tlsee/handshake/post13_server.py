"""The server's end after the handshake (RFC 9846, 4.7): tickets, new keys, and who the client is.

A client that offered it can be asked for a certificate at any time, several times, and may answer
late and in another order: each request is known by its context. What it answers comes in one piece,
so reading it is a state of its own, with nothing else in between. Judging the certificate comes
last, when its key has signed and Finished is right: nobody judges for a stranger, nor fetches. It
may take long and holds up nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, TypeVar

from tlsee import defaults
from tlsee.codes import SignatureScheme
from tlsee.config import ServerConfig
from tlsee.crypto.schemes import PublicKey, SignatureValid
from tlsee.errors import ApiMisuse, CertificateRejected, PeerMisbehaved, Reasons
from tlsee.handshake.authenticate import (
    CLIENT_CONTEXT,
    check_signature,
    check_solicited,
    prove,
    signed_content,
)
from tlsee.handshake.certificate_types import CertificateTypes, Claimed, judge_raw
from tlsee.handshake.compose import Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.judging import ask_about_client, staples_in
from tlsee.handshake.negotiate import peer_chose
from tlsee.handshake.outcome import ByPsk, ClientAuthenticated, ClientDeclined
from tlsee.handshake.post13 import Connected, follow_update, send_update
from tlsee.handshake.tickets13 import issued, provenance, session_behind
from tlsee.identity.certificate import leaf_key
from tlsee.identity.path.judge import Verdict
from tlsee.identity.proof import ByRawPublicKey
from tlsee.identity.raw_key import KnownKey
from tlsee.identity.trust import Trust
from tlsee.keys.transcript import Transcript
from tlsee.sessions.psk import ExternalPsk
from tlsee.trace import CertificateJudged, FinishedChecked, Role, SignatureChecked
from tlsee.values import fields_of, replace, value
from tlsee.wire.messages13 import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    Finished,
    KeyUpdate,
)


@value
class Request:
    """A request that waits for its answer; ``transcript`` ends with it."""

    message: CertificateRequest
    transcript: Transcript


@value
class Answer:
    """What a client has said so far in answer to a request; ``transcript`` ends with it."""

    certificate: Certificate
    transcript: Transcript

    @property
    def context(self) -> bytes:
        """Of the request."""
        return self.certificate.certificate_request_context


@value
class Proved:
    """The client holds this key; whose it is the judge says, unless it is a ``known`` raw one."""

    certificate: Certificate
    known: KnownKey | None
    receipt: SignatureValid
    scheme: SignatureScheme


@value
class ServerEnd(Connected):
    """What every state of the server's end holds, and what it can be told to do.

    ``tickets`` counts those it has sent, ``wanted``: the client knows them. ``askable``: the
    client sent post_handshake_auth; ``asked`` counts the requests; ``types``: what it shows.
    ``open``: the requests that wait for an answer, by context; ``judging``: the answers that wait
    for a verdict.
    """

    config: ServerConfig
    composer: Composer
    wanted: bool
    tickets: int
    askable: bool
    asked: int
    types: CertificateTypes
    open: Mapping[bytes, Request]
    judging: Mapping[bytes, Proved]
    _hidden: ClassVar[frozenset[str]] = frozenset({"open", "judging"})

    def do_update_keys(self, request: bool, flow: Flow) -> Self:
        """Change our sending keys; ``request`` asks the peer to change its own as well."""
        return replace(self, writing=send_update(self.writing, request, flow))

    def do_send_tickets(self, number: int, flow: Flow) -> Self:
        """Give the client this many tickets (RFC 9846, 4.7.1), none where it could not use them.

        Raises:
            ApiMisuse: more in one connection than ``defaults.TICKETS_LIMIT``.
        """
        if not self.wanted or self.config.sessions is None:
            return self
        if self.tickets + number > defaults.TICKETS_LIMIT:
            raise ApiMisuse(f"more than {defaults.TICKETS_LIMIT} tickets in one connection")
        now = self.config.provider.now()
        for count in range(self.tickets, self.tickets + number):
            nonce = bytes([count])  # another for each ticket of a connection
            session = session_behind(self.outcome, self.main, self.transcript, nonce, now)
            made = issued(session, self.config)
            if made is not None:
                flow.send(self.composer.new_session_ticket(*made, nonce))
        return replace(self, tickets=self.tickets + number)

    def do_request_certificate(self, context: bytes, flow: Flow) -> Self | AskingServer:
        """Ask the client who it is (RFC 9846, 4.7.2).

        Raises:
            ApiMisuse: it cannot be asked, or not now.
        """
        self._check_askable()
        message = self.composer.certificate_request(self.config, context)
        request = Request(message, self.transcript.add(flow.send(message)))
        asking = replace(self, asked=self.asked + 1, open={**self.open, context: request})
        return AskingServer(**kept(asking)) if isinstance(self, ConnectedServer) else asking

    def _check_askable(self) -> None:
        if not self.askable:
            raise ApiMisuse(
                "the client did not say that it can be asked after the handshake",
                "ClientConfig(post_handshake_auth=True), or ask in the handshake: client_auth=",
            )
        proof = self.outcome.shaken_with or self.outcome.peer
        if isinstance(proof, ByPsk) and (
            isinstance(proof.source, ExternalPsk) or proof.source.psk_identity
        ):  # RFC 9846, 4.4.2: nobody has shown that the two go together
            raise ApiMisuse("an external key authenticates this connection: no certificate may")
        if self.config.client_trust is None:
            raise ApiMisuse(
                "request_certificate() and nobody to trust", "client_trust=Trust.from_file(...)"
            )
        waiting = len(self.open) + len(self.judging)
        if waiting >= defaults.OPEN_REQUESTS_LIMIT:
            raise ApiMisuse(f"{waiting} requests are open already", "wait for their events")
        if self.asked == defaults.REQUESTS_LIMIT:
            raise ApiMisuse(f"more than {self.asked} requests in one connection")

    def aside_verdict(self, answer: Verdict, context: bytes, flow: Flow) -> Self:
        """Who the client is, from now on and in the next ticket; who is refused is gone."""
        proved = self.judging[context]
        flow.tell(CertificateJudged(answer))
        judging = {name: one for name, one in self.judging.items() if name != context}
        return authenticated(replace(self, judging=judging), context, proved, answer, flow)


AnyServer = TypeVar("AnyServer", bound=ServerEnd)


@value
class ConnectedServer(ServerEnd):
    """No answer is on its way."""

    def on_key_update(self, message: KeyUpdate, flow: Flow) -> ConnectedServer:
        """RFC 9846, 4.7.3."""
        reading, writing = follow_update(self.reading, self.writing, message, flow)
        return replace(self, reading=reading, writing=writing)


@value
class AskingServer(ConnectedServer):
    """The client may answer a request at any time."""

    def on_certificate(
        self,
        message: Certificate,
        flow: Flow,  # noqa: ARG002
    ) -> WaitClientCertificateVerify | WaitClientFinished:
        """RFC 9846, 4.7.2: the context says which request this answers, and each is answered once.

        An empty list is an answer where the certificate is optional.
        """
        context = message.certificate_request_context
        request = self.open.get(context)
        if request is None:
            raise PeerMisbehaved(Reasons.request_context_wrong, "it is of no open request")
        answer = Answer(message, request.transcript.add(message.raw))
        left = {name: one for name, one in self.open.items() if name != context}
        closed = kept(replace(self, open=left))
        if not message.certificate_list:
            if self.config.client_auth == "required":
                raise CertificateRejected(Reasons.certificate_required)
            return WaitClientFinished(**closed, answer=answer, proved=None)
        check_solicited(message, request.message, "the client's Certificate")
        known = None
        if self.types.client_is_raw:
            known = judge_raw(self.config.client_trust, chain_of(message))
        key = leaf_key(chain_of(message)[0]) if known is None else known.public_key
        return WaitClientCertificateVerify(**closed, answer=answer, known=known, public_key=key)


@value
class WaitClientCertificateVerify(ServerEnd):
    """Does the client hold the certificate's key?"""

    answer: Answer
    known: KnownKey | None
    public_key: PublicKey
    allows_data: ClassVar[bool] = False

    def on_certificate_verify(self, message: CertificateVerify, flow: Flow) -> WaitClientFinished:
        """RFC 9846, 4.5.2, over the handshake, the request and the certificate."""
        answer = self.answer
        content = signed_content(CLIENT_CONTEXT, answer.transcript)
        receipt = check_signature(self.config, self.public_key, message, content)
        flow.note(SignatureChecked, message.algorithm)
        chosen = peer_chose("scheme", self.config.schemes, message.algorithm)
        flow.tell(replace(chosen, by=Role.CLIENT))
        proved = Proved(answer.certificate, self.known, receipt, message.algorithm)
        longer = replace(answer, transcript=answer.transcript.add(message.raw))
        return WaitClientFinished(**kept(self), answer=longer, proved=proved)


@value
class WaitClientFinished(ServerEnd):
    """The checksum over the answer; ``proved`` is ``None`` where the client shows nothing."""

    answer: Answer
    proved: Proved | None
    allows_data: ClassVar[bool] = False

    def on_finished(self, message: Finished, flow: Flow) -> ConnectedServer | AskingServer:
        """RFC 9846, 4.5.3, keyed by what protects it. Now the judge may be asked."""
        context = self.answer.context
        self.reading.check_finished(self.answer.transcript.digest(), message.verify_data)
        flow.note(FinishedChecked)
        state = replace(self, outcome=replace(self.outcome, asked_for_certificate=True))
        if self.proved is None:
            flow.tell(ClientDeclined(context))
            return between_answers(state)
        if self.proved.known is not None:
            known = self.proved.known
            return between_answers(authenticated(state, context, self.proved, known, flow))
        certificate = self.proved.certificate
        ask_about_client(
            self.config,
            client_trust(self.config),
            chain_of(certificate),
            flow,
            stapled=staples_in(certificate),
            aside=context,
        )
        return between_answers(replace(state, judging={**self.judging, context: self.proved}))


def authenticated(
    state: AnyServer, context: bytes, proved: Proved, claimed: Claimed, flow: Flow
) -> AnyServer:
    """Who the client is, from now on and in the next ticket.

    Raises:
        CertificateRejected: the verdict refuses.
    """
    config, before = state.config, state.outcome
    proof = prove(claimed, proved.receipt, client_trust(config))
    outcome = replace(
        before,
        peer=proof,
        client_scheme=proved.scheme,
        peer_chain=provenance(proof, config.provider.now)[0],
        shaken_with=before.peer if before.shaken_with is None else before.shaken_with,
    )
    flow.tell(ClientAuthenticated(context, proof))
    # A session keeps no raw public key, by which to judge again.
    wanted = state.wanted and not isinstance(proof, ByRawPublicKey)
    number = min(config.tickets, 1, defaults.TICKETS_LIMIT - state.tickets)
    return replace(state, outcome=outcome, wanted=wanted).do_send_tickets(number, flow)


def kept(state: ServerEnd) -> dict[str, Any]:
    """What every state of this end holds, for the next one."""
    return {name: getattr(state, name) for name in fields_of(ServerEnd)}


def between_answers(state: ServerEnd) -> ConnectedServer | AskingServer:
    """The state in which no answer has begun: does one have to be expected?"""
    return AskingServer(**kept(state)) if state.open else ConnectedServer(**kept(state))


def chain_of(message: Certificate) -> tuple[bytes, ...]:
    """The certificates, DER."""
    return tuple(entry.cert_data for entry in message.certificate_list)


def client_trust(config: ServerConfig) -> Trust:
    """Whom to believe about clients; without it none is asked."""
    if config.client_trust is None:
        raise CertificateRejected(Reasons.unknown_ca, "no client_trust")
    return config.client_trust
