"""The server's TLS 1.3 handshake, downwards in the order of the wire (RFC 9846, Appendix A.2).

NEGOTIATED is passed through in one breath: ServerHello to Finished leave together, unless the
signature has to be waited for.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import ExtensionType, ProtocolVersion, SignatureScheme
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
from tlsee.handshake.outcome import ByPsk, EarlyData, Outcome, PeerProof
from tlsee.handshake.post13 import ConnectedServer
from tlsee.handshake.psk13 import SelectedPsk, early_limit, knows_tickets
from tlsee.handshake.record_limits import keep_to
from tlsee.handshake.tickets13 import provenance
from tlsee.identity.certificate import leaf_key
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.identity.path.judge import Purpose, Verdict
from tlsee.identity.proof import Anonymous
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
    def early_data(self) -> EarlyData:
        """What became of the client's early data, if there was any."""
        if self.early:
            return EarlyData.ACCEPTED
        return EarlyData.REFUSED if self.was_early else EarlyData.NOT_OFFERED


def choose_credential(terms: Terms, flow: Flow) -> AwaitCredential:
    """NEGOTIATED, first step: which certificate this client should see (RFC 9846, 4.5.1.3)."""
    config = terms.basis.config
    extensions = terms.basis.hello.extensions
    index = config.credential_index
    if not index.credentials:
        offered = extensions.has(ExtensionType.pre_shared_key)
        raise PeerIncompatible(Reasons.no_psk_and_no_certificate, "" if offered else "none offered")
    schemes = extensions.require(SignatureAlgorithms).supported_signature_algorithms
    for_chain = extensions.get(SignatureAlgorithmsCert)
    authorities = extensions.get(CertificateAuthorities)
    able = frozenset(config.schemes)
    request = CredentialRequest(
        index,
        terms.agreement.server_name,
        tuple([scheme for scheme in schemes if scheme in able]),
        for_chain.supported_signature_algorithms if for_chain is not None else None,
        authorities.authorities if authorities is not None else (),
    )
    flow.ask(ChooseCredential(request, config.choose_credential))
    return AwaitCredential(terms)


def resume(terms: Terms, flow: Flow) -> WaitFinished | WaitEndOfEarlyData:
    """NEGOTIATED with a key that both have: ServerHello, settings, Finished, and nothing signed."""
    if terms.psk is None:
        raise AssertionError("nothing to resume")
    said = _say_hello(terms, flow)
    proof = ByPsk(terms.psk.source, terms.verdict)
    session = ServerSession(terms, None, None, None, said.main, said.client, said.server)
    flight, transcript = _finish(session, said.transcript, flow)
    if terms.early:
        return WaitEndOfEarlyData(flight, transcript, proof)
    return WaitFinished(flight, transcript, proof, None)


@value
class Said:
    """ServerHello and EncryptedExtensions are out."""

    transcript: Transcript
    main: MainStage
    client: TrafficSecret
    server: TrafficSecret
    _hidden: ClassVar[frozenset[str]] = frozenset({"main", "client", "server"})


def _say_hello(terms: Terms, flow: Flow) -> Said:
    """ServerHello; the secret both sides now share protects what follows."""
    basis, agreement, psk = terms.basis, terms.agreement, terms.psk
    config, hello = basis.config, basis.hello
    suite = config.provider.suites[agreement.suite]
    share, secret = b"", b""
    if agreement.group is not None:
        response = config.provider.groups[agreement.group].respond(terms.client_share)
        share, secret = response.share, response.secret
    server_hello = basis.composer.server_hello(config, hello, agreement, share, psk)
    transcript = terms.transcript.add(flow.send(server_hello))
    if hello.legacy_session_id and not terms.retried:
        flow.change_cipher_spec()
    first = EarlyStage(suite, psk.stage.secret) if psk is not None else EarlyStage.start(suite)
    stage = first.handshake(secret)
    client, server = stage.traffic(transcript.digest())
    tell_secret(flow, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", hello.random, client)
    tell_secret(flow, "SERVER_HANDSHAKE_TRAFFIC_SECRET", hello.random, server)
    flow.install(Direction.WRITE, Epoch.HANDSHAKE, server)
    if terms.early and psk is not None:
        early = first.early_traffic(terms.transcript.digest())
        tell_secret(flow, "CLIENT_EARLY_TRAFFIC_SECRET", hello.random, early)
        flow.install(Direction.READ, Epoch.EARLY, early)
        flow.open_early(Direction.READ, early_limit(psk.source))
    keep_to(agreement.limits, config, flow, older=False)
    settings = basis.composer.encrypted_extensions(config, hello, agreement, terms.early)
    return Said(transcript.add(flow.send(settings)), stage.main(), client, server)


@value
class AwaitCredential(State):
    """The certificate is being chosen."""

    terms: Terms
    rfc: ClassVar[str] = "NEGOTIATED"

    def on_credential(self, answer: Selection, flow: Flow) -> AwaitSignature:
        """ServerHello to Certificate."""
        basis = self.terms.basis
        config = basis.config
        credential, scheme = _chosen(basis, self.terms.agreement, answer, flow)
        said = _say_hello(self.terms, flow)
        transcript = said.transcript
        request = None
        if config.client_auth != "none":
            request = basis.composer.certificate_request(config)
            transcript = transcript.add(flow.send(request))
        transcript = transcript.add(flow.send(certificate_message(credential)))
        content = signed_content(SERVER_CONTEXT, transcript)
        flow.ask(Sign(credential.signer, scheme, content, config.provider))
        session = ServerSession(
            self.terms, credential, scheme, request, said.main, said.client, said.server
        )
        return AwaitSignature(session, scheme, transcript)


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
class AwaitSignature(State):
    """Our key signs, wherever it is."""

    session: ServerSession
    scheme: SignatureScheme
    transcript: Transcript
    rfc: ClassVar[str] = "NEGOTIATED"

    def on_signature(self, answer: bytes, flow: Flow) -> WaitCertificate | WaitFinished:
        """CertificateVerify and Finished."""
        session = self.session
        transcript = self.transcript.add(flow.send(CertificateVerify(self.scheme, answer)))
        flight, transcript = _finish(session, transcript, flow)
        if session.request is not None:
            return WaitCertificate(flight, transcript, session.request)
        return WaitFinished(flight, transcript, Anonymous(), None)


def _finish(
    session: ServerSession, transcript: Transcript, flow: Flow
) -> tuple[Flight, Transcript]:
    """Our Finished; K_send = application, K_recv = handshake, or early data until it has ended.

    The server may write from here on, although it does not know yet who listens (RFC 9846, 4.5.3).
    """
    finished = Finished(session.server.finished(transcript.digest()))
    transcript = transcript.add(flow.send(finished))
    client, server, exporter = session.main.application(transcript.digest())
    random = session.terms.basis.hello.random
    tell_secret(flow, "CLIENT_TRAFFIC_SECRET_0", random, client)
    tell_secret(flow, "SERVER_TRAFFIC_SECRET_0", random, server)
    tell_secret(flow, "EXPORTER_SECRET", random, exporter)
    flow.install(Direction.WRITE, Epoch.APPLICATION, server)
    if not session.terms.early:
        flow.install(Direction.READ, Epoch.HANDSHAKE, session.client)
    flow.open(Direction.WRITE)
    return Flight(session, client, server, exporter), transcript


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

    def on_certificate(self, message: Certificate, flow: Flow) -> AwaitVerdict | WaitFinished:
        """RFC 9846, 4.5.1: an empty list is an answer where the certificate is optional."""
        config = self.flight.session.config
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
    verdict: Verdict
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
            knows_tickets(session.terms.basis.hello),
            0,
        )
        # One for the one that was used; a client that resumes has others left.
        number = config.tickets if session.terms.psk is None else min(config.tickets, 1)
        return connected.do_send_tickets(number, flow)


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
