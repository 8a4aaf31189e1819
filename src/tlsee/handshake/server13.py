"""The server's TLS 1.3 handshake, downwards in the order of the wire (RFC 9846, Appendix A.2).

NEGOTIATED is passed through in one breath: ServerHello to Finished leave together, unless the
signature has to be waited for.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import ProtocolVersion, SignatureScheme
from tlsee.config import ServerConfig
from tlsee.crypto.schemes import PublicKey
from tlsee.deciders import CredentialRequest, JudgeRequest
from tlsee.errors import (
    CertificateRejected,
    PeerIncompatible,
    PeerMisbehaved,
    Reasons,
)
from tlsee.handshake.authenticate import (
    CLIENT_CONTEXT,
    SERVER_CONTEXT,
    certificate_message,
    check_signature,
    check_solicited,
    prove,
    signed_content,
    tell_secret,
    tell_selection,
)
from tlsee.handshake.compose import Agreement, Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import peer_chose
from tlsee.handshake.outcome import Outcome
from tlsee.handshake.post13 import ConnectedServer
from tlsee.handshake.record_limits import keep_to
from tlsee.identity.certificate import leaf_key
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.identity.path.judge import Purpose, Verdict
from tlsee.identity.proof import Anonymous, PeerProof
from tlsee.keys.schedule13 import EarlyStage, MainStage, TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.questions import ChooseCredential, Judge, Sign
from tlsee.text import printable
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
from tlsee.wire.extensions.certificate_authorities import CertificateAuthorities
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms, SignatureAlgorithmsCert
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import Certificate, CertificateRequest, CertificateVerify, Finished


@value
class ServerBasis:
    """What the server goes by; ``hello`` is the last one the client sent."""

    config: ServerConfig
    composer: Composer
    hello: ClientHello


def choose_credential(
    basis: ServerBasis,
    agreement: Agreement,
    transcript: Transcript,
    client_share: bytes,
    retried: bool,
    flow: Flow,
) -> AwaitCredential:
    """NEGOTIATED, first step: which certificate this client should see (RFC 9846, 4.5.1.3)."""
    config = basis.config
    extensions = basis.hello.extensions
    schemes = extensions.require(SignatureAlgorithms).supported_signature_algorithms
    for_chain = extensions.get(SignatureAlgorithmsCert)
    authorities = extensions.get(CertificateAuthorities)
    able = frozenset(config.schemes)
    request = CredentialRequest(
        config.credential_index,
        agreement.server_name,
        tuple([scheme for scheme in schemes if scheme in able]),
        for_chain.supported_signature_algorithms if for_chain is not None else None,
        authorities.authorities if authorities is not None else (),
    )
    flow.ask(ChooseCredential(request, config.choose_credential))
    return AwaitCredential(basis, agreement, transcript, client_share, retried)


@value
class AwaitCredential(State):
    """The certificate is being chosen."""

    basis: ServerBasis
    agreement: Agreement
    transcript: Transcript
    client_share: bytes
    retried: bool
    rfc: ClassVar[str] = "NEGOTIATED"

    def on_credential(self, answer: Selection, flow: Flow) -> AwaitSignature:
        """ServerHello to Certificate; the secret both sides now share protects what follows."""
        basis, agreement = self.basis, self.agreement
        config, hello = basis.config, basis.hello
        credential, scheme = _chosen(basis, agreement, answer, flow)
        suite = config.provider.suites[agreement.suite]
        response = config.provider.groups[agreement.group].respond(self.client_share)
        server_hello = basis.composer.server_hello(config, hello, agreement, response.share)
        transcript = self.transcript.add(flow.send(server_hello))
        if hello.legacy_session_id and not self.retried:
            flow.change_cipher_spec()
        stage = EarlyStage.start(suite).handshake(response.secret)
        client, server = stage.traffic(transcript.digest())
        tell_secret(flow, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", hello.random, client)
        tell_secret(flow, "SERVER_HANDSHAKE_TRAFFIC_SECRET", hello.random, server)
        flow.install(Direction.WRITE, Epoch.HANDSHAKE, server)
        keep_to(agreement.limits, config, flow, older=False)
        settings = basis.composer.encrypted_extensions(config, hello, agreement)
        transcript = transcript.add(flow.send(settings))
        request = None
        if config.client_auth != "none":
            request = basis.composer.certificate_request(config)
            transcript = transcript.add(flow.send(request))
        transcript = transcript.add(flow.send(certificate_message(credential)))
        content = signed_content(SERVER_CONTEXT, transcript)
        flow.ask(Sign(credential.signer, scheme, content, config.provider))
        main = stage.main()
        session = ServerSession(
            basis, agreement, self.retried, credential, scheme, request, main, client, server
        )
        return AwaitSignature(session, transcript)


@value
class ServerSession:
    """What both sides know since ServerHello, and what the server showed."""

    basis: ServerBasis
    agreement: Agreement
    retried: bool
    credential: Credential
    scheme: SignatureScheme
    request: CertificateRequest | None
    main: MainStage
    client: TrafficSecret
    server: TrafficSecret
    _hidden: ClassVar[frozenset[str]] = frozenset({"main", "client", "server"})


@value
class AwaitSignature(State):
    """Our key signs, wherever it is."""

    session: ServerSession
    transcript: Transcript
    rfc: ClassVar[str] = "NEGOTIATED"

    def on_signature(self, answer: bytes, flow: Flow) -> WaitCertificate | WaitFinished:
        """CertificateVerify and Finished; K_send = application, K_recv = handshake.

        The server may write from here on, although it does not know yet who listens
        (RFC 9846, 4.5.3).
        """
        session = self.session
        transcript = self.transcript.add(flow.send(CertificateVerify(session.scheme, answer)))
        finished = Finished(session.server.finished(transcript.digest()))
        transcript = transcript.add(flow.send(finished))
        client, server, exporter = session.main.application(transcript.digest())
        random = session.basis.hello.random
        tell_secret(flow, "CLIENT_TRAFFIC_SECRET_0", random, client)
        tell_secret(flow, "SERVER_TRAFFIC_SECRET_0", random, server)
        tell_secret(flow, "EXPORTER_SECRET", random, exporter)
        flow.install(Direction.WRITE, Epoch.APPLICATION, server)
        flow.install(Direction.READ, Epoch.HANDSHAKE, session.client)
        flow.open(Direction.WRITE)
        flight = Flight(session, client, server, exporter)
        if session.request is not None:
            return WaitCertificate(flight, transcript, session.request)
        return WaitFinished(flight, transcript, Anonymous(), None)


@value
class Flight:
    """The server's flight is out: the keys of both directions are known."""

    session: ServerSession
    client: TrafficSecret
    server: TrafficSecret
    exporter: bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"client", "server", "exporter"})


@value
class WaitCertificate(State):
    """We asked for the client's certificate."""

    flight: Flight
    transcript: Transcript
    request: CertificateRequest
    rfc: ClassVar[str] = "WAIT_CERT"

    def on_certificate(self, message: Certificate, flow: Flow) -> AwaitVerdict | WaitFinished:
        """RFC 9846, 4.5.1: an empty list is an answer where the certificate is optional."""
        config = self.flight.session.basis.config
        if message.certificate_request_context != self.request.certificate_request_context:
            raise PeerMisbehaved(Reasons.request_context_wrong)
        transcript = self.transcript.add(message.raw)
        if not message.certificate_list:
            if config.client_auth == "required":
                raise CertificateRejected(Reasons.certificate_required)
            return WaitFinished(self.flight, transcript, Anonymous(), None)
        check_solicited(message, self.request, "the client's Certificate")
        chain = tuple(entry.cert_data for entry in message.certificate_list)
        key = leaf_key(chain[0])
        if config.client_trust is None:  # client_auth was checked when the configuration was made
            raise CertificateRejected(Reasons.unknown_ca, "no client_trust")
        now = config.provider.now()
        request = JudgeRequest(chain, config.client_trust, Purpose.CLIENT, None, now)
        flow.ask(Judge(request, config.judge))
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
        trust = self.flight.session.basis.config.client_trust
        if trust is None or not trust.insecure:
            answer.require()
        return WaitCertificateVerify(self.flight, self.transcript, self.public_key, answer)


@value
class WaitCertificateVerify(State):
    """Does the client hold the certificate's key?"""

    flight: Flight
    transcript: Transcript
    public_key: PublicKey
    verdict: Verdict
    rfc: ClassVar[str] = "WAIT_CV"

    def on_certificate_verify(self, message: CertificateVerify, flow: Flow) -> WaitFinished:
        """RFC 9846, 4.5.2, the client's."""
        config = self.flight.session.basis.config
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
        agreement = session.agreement
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
            session.retried,
        )
        transcript = self.transcript.add(message.raw)
        return ConnectedServer(
            outcome,
            receipt,
            flight.client,
            flight.server,
            session.main,
            flight.exporter,
            transcript,
        )


def _chosen(
    basis: ServerBasis, agreement: Agreement, answer: Selection, flow: Flow
) -> tuple[Credential, SignatureScheme]:
    """The selection as Choices; without a winner the handshake ends."""
    offered = basis.hello.extensions.require(SignatureAlgorithms).supported_signature_algorithms
    names = (agreement.server_name,) if agreement.server_name is not None else ()
    tell_selection(answer, offered, names, Role.SERVER, flow)
    if not answer.name_known and names and basis.config.policy.strict_server_name:
        raise PeerIncompatible(Reasons.unrecognized_name, printable(names[0]))
    if answer.chosen is None or answer.scheme is None:
        listed = ", ".join(str(scheme) for scheme in offered[:12])
        raise PeerIncompatible(Reasons.no_common_scheme, f"the client accepts {listed}")
    return answer.chosen, answer.scheme
