"""The client's TLS 1.2 handshake, downwards in the order of the wire (RFC 5246, 7.3, figure 1).

The server proves itself by a signature over its key exchange parameters, or, with RSA key
exchange, by being able to decrypt: then its Finished is the proof. ChangeCipherSpec is a state's
business here: it is taken in exactly one of them.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import SignatureScheme
from tlsee.crypto.public_keys import PublicKey
from tlsee.deciders import CredentialRequest
from tlsee.handshake.authenticate import tell_selection
from tlsee.handshake.certificate_types import Claimed, wanted_of_client
from tlsee.handshake.client13_facts import ClientBasis
from tlsee.handshake.exchange12 import (
    ServerParameters,
    check_parameters,
    client_exchange,
)
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import peer_chose
from tlsee.handshake.post12 import ConnectedClient12
from tlsee.handshake.session12 import (
    Session12,
    certificate12,
    digest_of,
    main_secret,
    outcome12,
    prove12,
    tell_main_secret,
)
from tlsee.handshake.tickets12 import tell_received
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.keys.schedule12 import MainSecret, TrafficKeys12
from tlsee.questions import ChooseCredential, Sign
from tlsee.trace import (
    Direction,
    Epoch,
    FinishedChecked,
    HandshakeCompleted,
    Role,
    SignatureChecked,
)
from tlsee.values import replace, value
from tlsee.wire.messages12 import (
    CertificateRequest,
    CertificateVerify,
    Finished,
    NewSessionTicket,
    ServerHelloDone,
    ServerKeyExchange,
)


@value
class Proving:
    """Who the server says it is, and its signed parameters where the exchange has them."""

    basis: ClientBasis
    session: Session12
    public_key: PublicKey
    verdict: Claimed
    parameters: ServerParameters | None


@value
class WaitServerKeyExchange(State):
    """(EC)DHE: the server's ephemeral key, signed."""

    basis: ClientBasis
    session: Session12
    heard: bytes
    public_key: PublicKey
    verdict: Claimed
    rfc: ClassVar[str] = "1.2 WAIT_SERVER_KEY_EXCHANGE"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_server_key_exchange(self, message: ServerKeyExchange, flow: Flow) -> WaitRequestOrDone:
        """RFC 5246, 7.4.3: a signature over both randoms and the parameters."""
        config = self.basis.config
        found = check_parameters(config, self.session, self.public_key, message)
        flow.tell(SignatureChecked(found.scheme))
        flow.tell(peer_chose("group", (*config.groups12, *config.fields12), found.code))
        flow.tell(peer_chose("scheme", config.schemes12, found.scheme))
        proving = Proving(self.basis, self.session, self.public_key, self.verdict, found)
        return WaitRequestOrDone(proving, self.heard + message.raw)


@value
class WaitRequestOrDone(State):
    """The server may ask for our certificate before it is done."""

    proving: Proving
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_CERTIFICATE_REQUEST"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_certificate_request(self, message: CertificateRequest, _: Flow) -> WaitDone:
        """RFC 5246, 7.4.4."""
        return WaitDone(self.proving, self.heard + message.raw, message)

    def on_server_hello_done(self, message: ServerHelloDone, flow: Flow) -> WaitOurChange:
        """RFC 5246, 7.4.5: our turn, without a certificate."""
        heard, main = _exchange(self.proving, self.heard + message.raw, flow)
        return _finish(self.proving, heard, main, None, None, asked=False, flow=flow)


@value
class WaitDone(State):
    """The server asked for our certificate."""

    proving: Proving
    heard: bytes
    request: CertificateRequest
    rfc: ClassVar[str] = "1.2 WAIT_SERVER_HELLO_DONE"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_server_hello_done(self, message: ServerHelloDone, flow: Flow) -> AwaitCredential:
        """RFC 5246, 7.4.5: our turn; which certificate?"""
        config = self.proving.basis.config
        accepted = config.schemes12
        wanted = CredentialRequest(
            config.credential_index,
            None,
            tuple(s for s in self.request.supported_signature_algorithms if s in accepted),
            None,
            self.request.certificate_authorities,
            older=True,
            types=wanted_of_client(self.proving.session.types),
        )
        flow.ask(ChooseCredential(wanted, config.choose_credential))
        return AwaitCredential(self.proving, self.heard + message.raw, self.request)


@value
class AwaitCredential(State):
    """Which certificate do we show, if any?"""

    proving: Proving
    heard: bytes
    request: CertificateRequest
    rfc: ClassVar[str] = "1.2 WAIT_CHANGE_CIPHER_SPEC"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_credential(self, answer: Selection, flow: Flow) -> WaitOurChange | AwaitSignature:
        """No fitting certificate is an empty list (RFC 5246, 7.4.6)."""
        offered = self.request.supported_signature_algorithms
        config = self.proving.basis.config
        tell_selection(answer, offered, (), Role.CLIENT, flow, config.schemes12)
        credential, scheme = answer.chosen, answer.scheme
        chain = credential.chain if credential is not None and scheme is not None else ()
        raw = self.proving.session.types.client_is_raw
        heard = self.heard + flow.send(certificate12(chain, raw=raw))
        heard, main = _exchange(self.proving, heard, flow)
        if credential is None or scheme is None:
            return _finish(self.proving, heard, main, None, None, asked=True, flow=flow)
        flow.ask(Sign(credential.signer, scheme, heard, config.provider))
        return AwaitSignature(self.proving, heard, main, credential, scheme)


@value
class AwaitSignature(State):
    """Our key signs all messages so far, wherever it is."""

    proving: Proving
    heard: bytes
    main: MainSecret
    credential: Credential
    scheme: SignatureScheme
    rfc: ClassVar[str] = "1.2 WAIT_CHANGE_CIPHER_SPEC"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_signature(self, answer: bytes, flow: Flow) -> WaitOurChange:
        """RFC 5246, 7.4.8."""
        heard = self.heard + flow.send(CertificateVerify(self.scheme, answer))
        return _finish(
            self.proving, heard, self.main, self.credential, self.scheme, asked=True, flow=flow
        )


@value
class Ending12:
    """Our Finished is out; ``finished`` is its verify_data."""

    proving: Proving
    heard: bytes
    finished: bytes
    main: MainSecret
    reading: TrafficKeys12
    credential: Credential | None
    scheme: SignatureScheme | None
    asked: bool
    ticket: NewSessionTicket | None = None


@value
class WaitNewSessionTicket(State):
    """The server has promised a ticket (RFC 5077, 3.1); its keys change after it."""

    ending: Ending12
    rfc: ClassVar[str] = "1.2 WAIT_NEW_SESSION_TICKET"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_new_session_ticket(self, message: NewSessionTicket, _: Flow) -> WaitChangeCipherSpec:
        """RFC 5077, 3.3: kept when the handshake has come to a good end."""
        heard = self.ending.heard + message.raw
        return WaitChangeCipherSpec(replace(self.ending, heard=heard, ticket=message))


@value
class WaitChangeCipherSpec(State):
    """The server's keys change next, and by nothing but this."""

    ending: Ending12
    rfc: ClassVar[str] = "1.2 WAIT_CHANGE_CIPHER_SPEC"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_change_cipher_spec(self, flow: Flow) -> WaitFinished:
        """RFC 5246, 7.1."""
        flow.install(Direction.READ, Epoch.APPLICATION, self.ending.reading)
        return WaitFinished(self.ending)


@value
class WaitFinished(State):
    """The server's checksum over everything, our Finished included."""

    ending: Ending12
    rfc: ClassVar[str] = "1.2 WAIT_FINISHED"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_finished(self, message: Finished, flow: Flow) -> ConnectedClient12:
        """RFC 5246, 7.4.9."""
        ending, proving = self.ending, self.ending.proving
        session = proving.session
        digest = digest_of(session.suite, ending.heard)
        receipt = ending.main.check_server_finished(digest, message.verify_data)
        flow.tell(FinishedChecked())
        signed = proving.parameters.receipt if proving.parameters is not None else None
        proof = prove12(proving.verdict, signed, receipt, proving.basis.config.trust)
        flow.open(Direction.READ)
        flow.open(Direction.WRITE)
        flow.tell(HandshakeCompleted())
        group = proving.parameters.code if proving.parameters is not None else None
        scheme = proving.parameters.scheme if proving.parameters is not None else None
        basis = proving.basis
        outcome = outcome12(
            session,
            group,
            scheme,
            ending.scheme,
            proof,
            ending.credential,
            ending.asked,
            basis.config.provider.now,
            basis.identity,
        )
        connected = ConnectedClient12(
            outcome,
            receipt,
            ending.main,
            session.client_random,
            session.server_random,
            ending.finished,
        )
        tell_received(basis.config, connected, ending.ticket, session.session_id, flow)
        return connected


def _exchange(proving: Proving, heard: bytes, flow: Flow) -> tuple[bytes, MainSecret]:
    """Our half of the key exchange, and with it the main secret."""
    session = proving.session
    message, premaster = client_exchange(
        proving.basis.config.provider,
        session,
        proving.parameters,
        proving.public_key,
        proving.basis.hello.legacy_version,
    )
    heard += flow.send(message)
    main = main_secret(session, premaster, heard)
    tell_main_secret(flow, session, main)
    return heard, main


def _finish(
    proving: Proving,
    heard: bytes,
    main: MainSecret,
    credential: Credential | None,
    scheme: SignatureScheme | None,
    *,
    asked: bool,
    flow: Flow,
) -> WaitOurChange:
    """ChangeCipherSpec, new keys, Finished."""
    session = proving.session
    client, server = main.keys(
        session.client_random, session.server_random, encrypt_then_mac=session.encrypt_then_mac
    )
    flow.change_cipher_spec(required=True)
    flow.install(Direction.WRITE, Epoch.APPLICATION, client)
    finished = main.client_finished(digest_of(session.suite, heard))
    heard += flow.send(Finished(finished))
    ending = Ending12(proving, heard, finished, main, server, credential, scheme, asked)
    return WaitNewSessionTicket(ending) if session.ticket_follows else WaitChangeCipherSpec(ending)


# Where a client is that has said everything.
WaitOurChange = WaitNewSessionTicket | WaitChangeCipherSpec
