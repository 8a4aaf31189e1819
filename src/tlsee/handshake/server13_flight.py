"""The server's flight in TLS 1.3: from ServerHello to Finished (RFC 9846, Appendix A.2).

NEGOTIATED is passed through in one breath: all of it leaves together, unless the signature has to
be waited for. With a pre-shared key there is nothing to sign.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import ExtensionType, SignatureScheme
from tlsee.deciders import CredentialRequest
from tlsee.errors import (
    PeerIncompatible,
    Reasons,
)
from tlsee.handshake.authenticate import (
    SERVER_CONTEXT,
    certificate_message,
    signed_content,
    tell_early_exporter,
    tell_secret,
    tell_selection,
)
from tlsee.handshake.certificate_types import require_common, settle, wanted_of_server
from tlsee.handshake.compose import Agreement
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.outcome import ByPsk, SessionSpent
from tlsee.handshake.psk13 import early_limit
from tlsee.handshake.record_limits import keep_to
from tlsee.handshake.server13 import (
    Flight,
    ServerBasis,
    ServerSession,
    Terms,
    WaitCertificate,
    WaitEndOfEarlyData,
    WaitFinished,
)
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.keys.schedule13 import EarlyStage, MainStage, TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.questions import ChooseCredential, Sign
from tlsee.sessions.session import Session
from tlsee.text import printable
from tlsee.trace import (
    Direction,
    Epoch,
    Role,
)
from tlsee.values import replace, value
from tlsee.wire.extensions.certificate_authorities import CertificateAuthorities
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms, SignatureAlgorithmsCert
from tlsee.wire.messages13 import (
    CertificateVerify,
    Finished,
)


def choose_credential(terms: Terms, flow: Flow) -> AwaitCredential:
    """NEGOTIATED, first step: which certificate this client should see (RFC 9846, 4.5.1.2)."""
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
        types=wanted_of_server(terms.basis.hello),
    )
    flow.ask(ChooseCredential(request, config.choose_credential))
    return AwaitCredential(terms)


def resume(terms: Terms, flow: Flow) -> WaitFinished | WaitEndOfEarlyData:
    """NEGOTIATED with a key that both have: ServerHello, settings, Finished, and nothing signed."""
    if terms.psk is None:
        raise AssertionError("nothing to resume")
    said = _say_hello(terms, flow)
    sessions = terms.basis.config.sessions
    if isinstance(terms.psk.source, Session) and sessions is not None:
        flow.tell(SessionSpent(terms.psk.identity.identity, sessions))
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
        digest = terms.transcript.digest()
        early = first.early_traffic(digest)
        tell_secret(flow, "CLIENT_EARLY_TRAFFIC_SECRET", hello.random, early)
        tell_early_exporter(first, digest, hello.random, flow)
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
        agreement = replace(self.terms.agreement, types=settle(config, basis.hello, credential))
        terms = replace(self.terms, agreement=agreement)
        said = _say_hello(terms, flow)
        transcript = said.transcript
        request = None
        if config.client_auth != "none":
            request = basis.composer.certificate_request(config)
            transcript = transcript.add(flow.send(request))
        transcript = transcript.add(flow.send(certificate_message(credential, basis.hello)))
        content = signed_content(SERVER_CONTEXT, transcript)
        flow.ask(Sign(credential.signer, scheme, content, config.provider))
        session = ServerSession(
            terms, credential, scheme, request, said.main, said.client, said.server
        )
        return AwaitSignature(session, scheme, transcript)


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
        return WaitFinished(flight, transcript, session.terms.without_certificate, None)


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
        require_common(basis.config, basis.hello)
        listed = ", ".join(str(scheme) for scheme in offered[:12])
        raise PeerIncompatible(Reasons.no_common_scheme, f"the client accepts {listed}")
    return answer.chosen, answer.scheme
