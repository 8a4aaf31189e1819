"""The server's TLS 1.3 handshake once its flight is out (RFC 9846, Appendix A.2).

Downwards in the order of the wire: what the client sends, until both are done.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import ExtensionType, ProtocolVersion, SignatureScheme
from tlsee.config import ServerConfig
from tlsee.crypto.schemes import PublicKey
from tlsee.errors import (
    CertificateRejected,
    PeerMisbehaved,
    Reasons,
)
from tlsee.handshake.authenticate import (
    CLIENT_CONTEXT,
    check_signature,
    check_solicited,
    prove,
    signed_content,
)
from tlsee.handshake.certificate_types import Claimed, judge_raw
from tlsee.handshake.compose import Agreement, Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.judging import ask_about_client, staples_in
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import peer_chose
from tlsee.handshake.outcome import ByPsk, EarlyData, Outcome, PeerProof
from tlsee.handshake.post13_server import ConnectedServer
from tlsee.handshake.psk13 import SelectedPsk, knows_tickets
from tlsee.handshake.tickets13 import provenance
from tlsee.identity.certificate import leaf_key
from tlsee.identity.credentials import Credential
from tlsee.identity.path.judge import Verdict
from tlsee.identity.proof import Anonymous, ByRawPublicKey
from tlsee.keys.schedule13 import MainStage, TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.sessions.psk import ExternalPsk
from tlsee.trace import (
    CertificateJudged,
    Direction,
    Epoch,
    FinishedChecked,
    HandshakeCompleted,
    Role,
    SignatureChecked,
)
from tlsee.values import replace, value
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    EndOfEarlyData,
    Finished,
)


@value
class ServerBasis:
    """What the server goes by; ``hello`` is the last one the client sent."""

    config: ServerConfig
    composer: Composer
    hello: ClientHello


@value
class Terms:
    """What NEGOTIATED stands on; ``transcript`` ends with the hello that is answered.

    ``client_share`` is empty without a group. ``psk`` is the key that was taken, ``verdict`` that
    of the chain behind it, judged again. ``was_early``: the first hello spoke of early data;
    ``early``: it is taken.
    """

    basis: ServerBasis
    agreement: Agreement
    transcript: Transcript
    client_share: bytes
    retried: bool
    was_early: bool
    psk: SelectedPsk | None = None
    verdict: Verdict | None = None
    early: bool = False

    @property
    def external_key(self) -> ExternalPsk | None:
        """The external key that counts beside certificates (RFC 9973)."""
        source = self.psk.source if self.psk is not None and self.agreement.beside_psk else None
        return source if isinstance(source, ExternalPsk) else None

    @property
    def without_certificate(self) -> PeerProof:
        """What a client proves that shows no certificate where it could."""
        key = self.external_key
        return ByPsk(key, None) if key is not None else Anonymous()

    @property
    def early_data(self) -> EarlyData:
        """What became of the client's early data, if there was any."""
        if self.early:
            return EarlyData.ACCEPTED
        return EarlyData.REFUSED if self.was_early else EarlyData.NOT_OFFERED


@value
class ServerSession:
    """What both sides know since ServerHello, and what the server showed."""

    terms: Terms
    credential: Credential | None
    scheme: SignatureScheme | None
    request: CertificateRequest | None
    main: MainStage
    client: TrafficSecret
    server: TrafficSecret
    _hidden: ClassVar[frozenset[str]] = frozenset({"main", "client", "server"})

    @property
    def config(self) -> ServerConfig:
        """What the server goes by."""
        return self.terms.basis.config


@value
class Flight:
    """The server's flight is out: the keys of both directions are known."""

    session: ServerSession
    client: TrafficSecret
    server: TrafficSecret
    exporter: bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"client", "server", "exporter"})


@value
class WaitEndOfEarlyData(State):
    """Early data was accepted, and goes on until the client says that it has ended."""

    flight: Flight
    transcript: Transcript
    proof: ByPsk
    rfc: ClassVar[str] = "WAIT_EOED"

    def on_end_of_early_data(self, message: EndOfEarlyData, flow: Flow) -> WaitFinished:
        """RFC 9846, 4.6: K_recv = handshake."""
        flow.install(Direction.READ, Epoch.HANDSHAKE, self.flight.session.client)
        return WaitFinished(self.flight, self.transcript.add(message.raw), self.proof, None)


@value
class WaitCertificate(State):
    """We asked for the client's certificate."""

    flight: Flight
    transcript: Transcript
    request: CertificateRequest
    rfc: ClassVar[str] = "WAIT_CERT"

    def on_certificate(
        self, message: Certificate, flow: Flow
    ) -> AwaitVerdict | WaitCertificateVerify | WaitFinished:
        """RFC 9846, 4.5.1: an empty list is an answer where the certificate is optional."""
        config = self.flight.session.config
        if message.certificate_request_context != self.request.certificate_request_context:
            raise PeerMisbehaved(Reasons.request_context_wrong)
        transcript = self.transcript.add(message.raw)
        if not message.certificate_list:
            if config.client_auth == "required":
                raise CertificateRejected(Reasons.certificate_required)
            proof = self.flight.session.terms.without_certificate
            return WaitFinished(self.flight, transcript, proof, None)
        check_solicited(message, self.request, "the client's Certificate")
        chain = tuple(entry.cert_data for entry in message.certificate_list)
        if self.flight.session.terms.agreement.types.client_is_raw:
            known = judge_raw(config.client_trust, chain)
            return WaitCertificateVerify(self.flight, transcript, known.public_key, known)
        key = leaf_key(chain[0])
        if config.client_trust is None:  # client_auth was checked when the configuration was made
            raise CertificateRejected(Reasons.unknown_ca, "no client_trust")
        ask_about_client(config, config.client_trust, chain, flow, stapled=staples_in(message))
        return AwaitVerdict(self.flight, transcript, key)


@value
class AwaitVerdict(State):
    """The judge looks at the client's chain."""

    flight: Flight
    transcript: Transcript
    public_key: PublicKey
    rfc: ClassVar[str] = "WAIT_CV"

    def on_verdict(self, answer: Verdict, flow: Flow) -> WaitCertificateVerify:
        """A certificate that was given must be good, also where it was optional."""
        flow.tell(CertificateJudged(answer))
        trust = self.flight.session.config.client_trust
        if trust is None or not trust.insecure:
            answer.require()
        return WaitCertificateVerify(self.flight, self.transcript, self.public_key, answer)


@value
class WaitCertificateVerify(State):
    """Does the client hold the certificate's key?"""

    flight: Flight
    transcript: Transcript
    public_key: PublicKey
    verdict: Claimed
    rfc: ClassVar[str] = "WAIT_CV"

    def on_certificate_verify(self, message: CertificateVerify, flow: Flow) -> WaitFinished:
        """RFC 9846, 4.5.2, the client's."""
        config = self.flight.session.config
        content = signed_content(CLIENT_CONTEXT, self.transcript)
        receipt = check_signature(config, self.public_key, message, content)
        flow.note(SignatureChecked, message.algorithm)
        chosen = peer_chose("scheme", config.schemes, message.algorithm)
        flow.tell(replace(chosen, by=Role.CLIENT))
        trust = config.client_trust
        if trust is None:
            raise CertificateRejected(Reasons.unknown_ca, "no client_trust")
        proof = prove(self.verdict, receipt, trust)
        transcript = self.transcript.add(message.raw)
        return WaitFinished(self.flight, transcript, proof, message.algorithm)


@value
class WaitFinished(State):
    """The client's checksum over everything."""

    flight: Flight
    transcript: Transcript
    proof: PeerProof
    client_scheme: SignatureScheme | None
    rfc: ClassVar[str] = "WAIT_FINISHED"

    def on_finished(self, message: Finished, flow: Flow) -> ConnectedServer:
        """RFC 9846, 4.5.3: K_recv = application."""
        flight, session = self.flight, self.flight.session
        receipt = session.client.check_finished(self.transcript.digest(), message.verify_data)
        flow.note(FinishedChecked)
        flow.install(Direction.READ, Epoch.APPLICATION, flight.client)
        flow.open(Direction.READ)
        flow.tell(HandshakeCompleted())
        agreement = session.terms.agreement
        config = session.config
        outcome = Outcome(
            ProtocolVersion.TLS13,
            agreement.suite,
            agreement.group,
            session.scheme,
            self.client_scheme,
            agreement.alpn,
            agreement.server_name,
            self.proof,
            session.credential,
            session.request is not None,
            session.terms.retried,
            *provenance(self.proof, config.provider.now),
            None,
            session.terms.early_data,
            external_key=session.terms.external_key,
        )
        connected = ConnectedServer(
            outcome,
            receipt,
            flight.client,
            flight.server,
            session.main,
            flight.exporter,
            self.transcript.add(message.raw),
            config,
            session.terms.basis.composer,
            # A session keeps no raw public key, by which to judge again.
            knows_tickets(session.terms.basis.hello) and not isinstance(self.proof, ByRawPublicKey),
            0,
            session.terms.basis.hello.extensions.has(ExtensionType.post_handshake_auth),
            0,
            agreement.types,
            {},
            {},
        )
        # One for the one that was used; a client that resumes has others left.
        full = session.credential is not None or session.terms.psk is None
        number = config.tickets if full else min(config.tickets, 1)
        return connected.do_send_tickets(number, flow)
