"""The client's TLS 1.3 handshake, downwards in the order of the wire (RFC 9846, Appendix A.1).

The server's certificate is judged before its signature is looked at, and both before anything of
ours is sent; ``Connected`` cannot be made without the receipts of all three checks.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import ExtensionType, ProtocolVersion, SignatureScheme
from tlsee.crypto.schemes import PublicKey
from tlsee.errors import PeerMisbehaved, Reasons
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
from tlsee.handshake.certificate_types import Claimed, judge_raw, selected
from tlsee.handshake.client13_facts import (
    ClientBasis,
    ClientSession,
    Keys,
    selected_protocol,
    which_credential,
)
from tlsee.handshake.flow import Flow
from tlsee.handshake.judging import ask_about_server, staples_in
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import peer_chose
from tlsee.handshake.outcome import ByPsk, EarlyData, EarlyDataSettled, Outcome, PeerProof
from tlsee.handshake.post13_client import AskableClient, ConnectedClient
from tlsee.handshake.record_limits import keep_to, limits_of_server
from tlsee.handshake.tickets13 import provenance
from tlsee.identity.certificate import leaf_key
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.identity.path.judge import Verdict
from tlsee.keys.schedule13 import EarlyStage, FinishedValid
from tlsee.keys.transcript import Transcript
from tlsee.questions import Sign
from tlsee.sessions.session import Session
from tlsee.trace import (
    CertificateJudged,
    Direction,
    Epoch,
    ExtensionsIgnored,
    FinishedChecked,
    HandshakeCompleted,
    Role,
    SignatureChecked,
)
from tlsee.values import replace, value
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.messages13 import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    EncryptedExtensions,
    EndOfEarlyData,
    Finished,
)


def enter_handshake_keys(
    basis: ClientBasis,
    keys: Keys,
    transcript: Transcript,
    retried: bool,
    was_early: bool,
    flow: Flow,
) -> WaitEncryptedExtensions:
    """From WAIT_SH to WAIT_EE: K_recv = handshake.

    K_send changes here too, which Appendix A recommends, so that an alert about what follows is
    not sent in the clear; but where early data may be accepted, not before that is known.
    """
    suite, psk = keys.suite, keys.psk
    early = EarlyStage(suite, psk.stage.secret) if psk is not None else EarlyStage.start(suite)
    stage = early.handshake(keys.shared_secret)
    client, server = stage.traffic(transcript.digest())
    random = basis.hello.random
    tell_secret(flow, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", random, client)
    tell_secret(flow, "SERVER_HANDSHAKE_TRAFFIC_SECRET", random, server)
    flow.install(Direction.READ, Epoch.HANDSHAKE, server)
    if not keys.early:
        flow.install(Direction.WRITE, Epoch.HANDSHAKE, client)
    early_data = EarlyData.REFUSED if was_early else EarlyData.NOT_OFFERED
    session = ClientSession(basis, keys, retried, stage, client, server, None, early_data)
    return WaitEncryptedExtensions(session, transcript)


@value
class WaitEncryptedExtensions(State):
    """The server's settings come next."""

    session: ClientSession
    transcript: Transcript
    rfc: ClassVar[str] = "WAIT_EE"

    def on_encrypted_extensions(
        self, message: EncryptedExtensions, flow: Flow
    ) -> WaitCertificateOrRequest | WaitFinished:
        """RFC 9846, 4.4.1: answers only to what was asked. With a key that both have no more is
        proved by certificates.
        """
        basis = self.session.basis
        extensions = message.extensions
        for kind in extensions.types:
            if kind.is_grease or not basis.hello.extensions.has(kind):
                raise PeerMisbehaved(
                    Reasons.unsolicited_extension, f"{kind} in EncryptedExtensions"
                )
        keep_to(limits_of_server(basis.hello, extensions), basis.config, flow, older=False)
        alpn = selected_protocol(basis.config, extensions.get(ProtocolNameList), flow)
        early = extensions.has(ExtensionType.early_data)
        session = replace(
            self.session,
            alpn=alpn,
            early_data=self._settle_early(early, alpn, flow),
            types=selected(basis.hello, extensions),
        )
        transcript = self.transcript.add(message.raw)
        psk = session.keys.psk
        if psk is None or session.keys.beside is not None:
            return WaitCertificateOrRequest(session, transcript)
        return WaitFinished(session, transcript, None, ByPsk(psk.source, psk.verdict), None)

    def _settle_early(self, accepted: bool, alpn: bytes | None, flow: Flow) -> EarlyData:
        """RFC 9846, 4.3.10: only what was sent, under the same suite and for the same protocol."""
        session, keys = self.session, self.session.keys
        if not keys.early or keys.psk is None:
            if accepted:
                raise PeerMisbehaved(Reasons.early_data_not_possible)
            return session.early_data
        source = keys.psk.source
        if not accepted:
            flow.install(Direction.WRITE, Epoch.HANDSHAKE, session.client)
        elif keys.psk.stage.suite.code != keys.suite.code or (
            isinstance(source, Session) and source.alpn != alpn
        ):
            raise PeerMisbehaved(Reasons.early_data_not_possible, "the suite or ALPN is another")
        flow.tell(EarlyDataSettled(accepted))
        return EarlyData.ACCEPTED if accepted else EarlyData.REFUSED


@value
class WaitCertificateOrRequest(State):
    """The server proves itself; before that it may ask us to."""

    session: ClientSession
    transcript: Transcript
    rfc: ClassVar[str] = "WAIT_CERT_CR"

    def on_certificate_request(self, message: CertificateRequest, flow: Flow) -> WaitCertificate:
        """RFC 9846, 4.4.2."""
        if message.certificate_request_context:
            raise PeerMisbehaved(Reasons.request_context_wrong, "not empty in the handshake")
        message.extensions.require(SignatureAlgorithms)
        ignored = tuple(kind for kind in message.extensions.types if not kind.is_known)
        if ignored:
            flow.note(ExtensionsIgnored, ignored)
        return WaitCertificate(self.session, self.transcript.add(message.raw), message)

    def on_certificate(
        self, message: Certificate, flow: Flow
    ) -> AwaitVerdict | WaitCertificateVerify:
        """RFC 9846, 4.5.1."""
        return _judge(self.session, self.transcript, None, message, flow)


@value
class WaitCertificate(State):
    """The server asked for our certificate; now its own."""

    session: ClientSession
    transcript: Transcript
    request: CertificateRequest
    rfc: ClassVar[str] = "WAIT_CERT"

    def on_certificate(
        self, message: Certificate, flow: Flow
    ) -> AwaitVerdict | WaitCertificateVerify:
        """RFC 9846, 4.5.1."""
        return _judge(self.session, self.transcript, self.request, message, flow)


@value
class AwaitVerdict(State):
    """The judge looks at the chain."""

    session: ClientSession
    transcript: Transcript
    request: CertificateRequest | None
    public_key: PublicKey
    rfc: ClassVar[str] = "WAIT_CV"

    def on_verdict(self, answer: Verdict, flow: Flow) -> WaitCertificateVerify:
        """Refused chains end here, unless the trust is ``insecure``."""
        flow.tell(CertificateJudged(answer))
        if not self.session.basis.config.trust.insecure:
            answer.require()
        return WaitCertificateVerify(
            self.session, self.transcript, self.request, self.public_key, answer
        )


@value
class WaitCertificateVerify(State):
    """The chain is good; does the peer hold its key?"""

    session: ClientSession
    transcript: Transcript
    request: CertificateRequest | None
    public_key: PublicKey
    verdict: Claimed
    rfc: ClassVar[str] = "WAIT_CV"

    def on_certificate_verify(self, message: CertificateVerify, flow: Flow) -> WaitFinished:
        """RFC 9846, 4.5.2: a signature over everything so far."""
        config = self.session.basis.config
        content = signed_content(SERVER_CONTEXT, self.transcript)
        receipt = check_signature(config, self.public_key, message, content)
        flow.note(SignatureChecked, message.algorithm)
        flow.tell(peer_chose("scheme", config.schemes, message.algorithm))
        proof = prove(self.verdict, receipt, config.trust)
        transcript = self.transcript.add(message.raw)
        return WaitFinished(self.session, transcript, self.request, proof, message.algorithm)


@value
class WaitFinished(State):
    """The keyed checksum over everything the server said and heard."""

    session: ClientSession
    transcript: Transcript
    request: CertificateRequest | None
    proof: PeerProof
    scheme: SignatureScheme | None
    rfc: ClassVar[str] = "WAIT_FINISHED"

    def on_finished(
        self, message: Finished, flow: Flow
    ) -> ConnectedClient | AskableClient | AwaitCredential:
        """RFC 9846, 4.5.3. Then it is our turn, with or without a certificate."""
        session = self.session
        receipt = session.server.check_finished(self.transcript.digest(), message.verify_data)
        flow.note(FinishedChecked)
        transcript = self.transcript.add(message.raw)
        ending = Ending(session, transcript, receipt, self.proof, self.scheme)
        if session.early_data is EarlyData.ACCEPTED:
            transcript = transcript.add(flow.send(EndOfEarlyData()))
            flow.install(Direction.WRITE, Epoch.HANDSHAKE, session.client)
        if self.request is None:
            return _connect(ending, transcript, None, None, False, flow)
        flow.ask(which_credential(session.basis.config, self.request, session.types))
        return AwaitCredential(ending, self.request)


@value
class Ending:
    """The server is done and proved; ``server_finished`` ends with its Finished."""

    session: ClientSession
    server_finished: Transcript
    receipt: FinishedValid
    proof: PeerProof
    scheme: SignatureScheme | None


@value
class AwaitCredential(State):
    """Which certificate do we show, if any?"""

    ending: Ending
    request: CertificateRequest
    rfc: ClassVar[str] = "WAIT_FINISHED"

    def on_credential(
        self, answer: Selection, flow: Flow
    ) -> ConnectedClient | AskableClient | AwaitSignature:
        """No fitting certificate is an answer too: an empty list (RFC 9846, 4.5.1)."""
        config = self.ending.session.basis.config
        offered = self.request.extensions.require(SignatureAlgorithms)
        tell_selection(answer, offered.supported_signature_algorithms, (), Role.CLIENT, flow)
        credential = answer.chosen
        raw = flow.send(certificate_message(credential, self.request))
        transcript = self.ending.server_finished.add(raw)
        if credential is None or answer.scheme is None:
            return _connect(self.ending, transcript, None, None, True, flow)
        content = signed_content(CLIENT_CONTEXT, transcript)
        flow.ask(Sign(credential.signer, answer.scheme, content, config.provider))
        return AwaitSignature(self.ending, transcript, credential, answer.scheme)


@value
class AwaitSignature(State):
    """Our key signs, wherever it is."""

    ending: Ending
    transcript: Transcript
    credential: Credential
    scheme: SignatureScheme
    rfc: ClassVar[str] = "WAIT_FINISHED"

    def on_signature(self, answer: bytes, flow: Flow) -> ConnectedClient | AskableClient:
        """RFC 9846, 4.5.2, the client's."""
        raw = flow.send(CertificateVerify(self.scheme, answer))
        transcript = self.transcript.add(raw)
        return _connect(self.ending, transcript, self.credential, self.scheme, True, flow)


def _connect(
    ending: Ending,
    transcript: Transcript,
    credential: Credential | None,
    scheme: SignatureScheme | None,
    asked: bool,
    flow: Flow,
) -> ConnectedClient | AskableClient:
    """Send Finished; K_send = K_recv = application."""
    session = ending.session
    raw = flow.send(Finished(session.client.finished(transcript.digest())))
    main = session.stage.main()
    client, server, exporter = main.application(ending.server_finished.digest())
    random = session.basis.hello.random
    tell_secret(flow, "CLIENT_TRAFFIC_SECRET_0", random, client)
    tell_secret(flow, "SERVER_TRAFFIC_SECRET_0", random, server)
    tell_secret(flow, "EXPORTER_SECRET", random, exporter)
    flow.install(Direction.READ, Epoch.APPLICATION, server)
    flow.install(Direction.WRITE, Epoch.APPLICATION, client)
    flow.open(Direction.READ)
    flow.open(Direction.WRITE)
    flow.tell(HandshakeCompleted())
    outcome = Outcome(
        ProtocolVersion.TLS13,
        session.suite.code,
        session.keys.group,
        ending.scheme,
        scheme,
        session.alpn,
        session.basis.server_name,
        ending.proof,
        credential,
        asked,
        session.retried,
        *provenance(ending.proof, session.basis.config.provider.now),
        session.basis.identity,
        session.early_data,
        external_key=session.keys.beside,
    )
    connected = ConnectedClient(
        outcome,
        ending.receipt,
        server,
        client,
        main,
        exporter,
        transcript.add(raw),
        session.basis.config,
    )
    askable = session.basis.hello.extensions.has(ExtensionType.post_handshake_auth)
    return AskableClient.after(connected, session.types) if askable else connected


def _judge(
    session: ClientSession,
    transcript: Transcript,
    request: CertificateRequest | None,
    message: Certificate,
    flow: Flow,
) -> AwaitVerdict | WaitCertificateVerify:
    """Check the message's form, then ask who the peer is; a raw public key is known or not."""
    if message.certificate_request_context:
        raise PeerMisbehaved(Reasons.request_context_wrong, "a server's must be empty")
    if not message.certificate_list:
        raise PeerMisbehaved(Reasons.empty_certificate)
    check_solicited(message, session.basis.hello, "the server's Certificate")
    config = session.basis.config
    chain = tuple(entry.cert_data for entry in message.certificate_list)
    if session.types.server_is_raw:
        known = judge_raw(config.trust, chain)
        heard = transcript.add(message.raw)
        return WaitCertificateVerify(session, heard, request, known.public_key, known)
    key = leaf_key(chain[0])
    stapled = staples_in(message)
    ask_about_server(config, chain, session.basis.identity, flow, stapled=stapled)
    return AwaitVerdict(session, transcript.add(message.raw), request, key)
