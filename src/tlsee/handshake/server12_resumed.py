"""The server resumes a session of TLS 1.2 (RFC 5246, 7.3, figure 2; RFC 5077, 3.1).

Our Finished comes first; the client's answers it, and shows that it has the main secret.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import ExtensionType
from tlsee.handshake.compose import Agreement12
from tlsee.handshake.flow import Flow
from tlsee.handshake.hello_facts import application_protocol
from tlsee.handshake.machine import State
from tlsee.handshake.outcome import ByPsk
from tlsee.handshake.post12 import ConnectedServer12
from tlsee.handshake.record_limits import keep_to, limits_of_client
from tlsee.handshake.server13 import ServerBasis
from tlsee.handshake.session12 import Session12, digest_of, outcome12, tell_main_secret
from tlsee.handshake.tickets12 import restored, ticket_for
from tlsee.identity.path.judge import Verdict
from tlsee.keys.schedule12 import MainSecret, TrafficKeys12
from tlsee.sessions.session import Session
from tlsee.trace import Choice, Direction, Epoch, FinishedChecked, HandshakeCompleted, Role
from tlsee.values import value
from tlsee.wire.messages12 import VERIFY_DATA_LENGTH, Finished

RENEWED_BEFORE = 2  # a ticket that has lived for this part of its life is replaced


@value
class Resuming:
    """Our Finished is out; both sides have the keys."""

    basis: ServerBasis
    session: Session12
    main: MainSecret
    proof: ByPsk
    reading: TrafficKeys12
    _hidden: ClassVar[frozenset[str]] = frozenset({"main", "reading"})


def resume(
    basis: ServerBasis, known: Session, verdict: Verdict | None, flow: Flow
) -> WaitResumedChangeCipherSpec:
    """ServerHello that names the session, perhaps a new ticket, ChangeCipherSpec, Finished."""
    config, hello = basis.config, basis.hello
    suite = config.suites12[known.suite]
    late_mac = hello.extensions.has(ExtensionType.encrypt_then_mac) and not suite.is_aead
    able = tuple(config.suites12)
    rule = "the session keeps the suite that it began with"
    flow.tell(Choice("suite", hello.cipher_suites, able, suite.code, rule, Role.SERVER))
    renews = _renews(basis, known)
    agreement = Agreement12(
        suite.code,
        {},
        application_protocol(config, hello, flow),
        None,  # no server_name in the answer of a resumption (RFC 6066, 3)
        limits_of_client(config, hello),
        known.extended_main_secret,
        late_mac,
        False,
        session_id=hello.legacy_session_id,
        ticket=renews,
    )
    message = basis.composer.server_hello12(config, agreement)
    heard = hello.raw + flow.send(message)
    keep_to(agreement.limits, config, flow, older=True)
    session = Session12(
        suite,
        hello.random,
        message.random,
        known.extended_main_secret,
        late_mac,
        agreement.alpn,
        known.server_name,
        renews,
        hello.legacy_session_id,
    )
    main = restored(known, suite)
    tell_main_secret(flow, session, main)
    client, server = main.keys(
        session.client_random, session.server_random, encrypt_then_mac=late_mac
    )
    proof = ByPsk(known, verdict)
    if renews:
        outcome = outcome12(session, None, None, None, proof, None, False, config.provider.now)
        heard += flow.send(ticket_for(config, outcome, main))
    flow.change_cipher_spec(required=True)
    flow.install(Direction.WRITE, Epoch.APPLICATION, server)
    heard += flow.send(Finished(main.server_finished(digest_of(suite, heard))))
    return WaitResumedChangeCipherSpec(Resuming(basis, session, main, proof, client), heard)


def _renews(basis: ServerBasis, known: Session) -> bool:
    """Whether a ticket has lived long enough to be replaced by another one."""
    if not basis.hello.extensions.has(ExtensionType.session_ticket):
        return False
    age = basis.config.provider.now() - known.issued_at
    return bool(basis.config.tickets) and age > known.lifetime / RENEWED_BEFORE


@value
class WaitResumedChangeCipherSpec(State):
    """The client's keys change next, and by nothing but this."""

    resuming: Resuming
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_CHANGE_CIPHER_SPEC"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_change_cipher_spec(self, flow: Flow) -> WaitResumedFinished:
        """RFC 5246, 7.1."""
        flow.install(Direction.READ, Epoch.APPLICATION, self.resuming.reading)
        return WaitResumedFinished(self.resuming, self.heard)


@value
class WaitResumedFinished(State):
    """The client's checksum over everything, our Finished included."""

    resuming: Resuming
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_FINISHED"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_finished(self, message: Finished, flow: Flow) -> ConnectedServer12:
        """RFC 5246, 7.4.9: the client has the main secret, and the handshake is done."""
        resuming, session = self.resuming, self.resuming.session
        digest = digest_of(session.suite, self.heard)
        receipt = resuming.main.check_client_finished(digest, message.verify_data)
        flow.tell(FinishedChecked())
        flow.open(Direction.READ)
        flow.open(Direction.WRITE)
        flow.tell(HandshakeCompleted())
        now = resuming.basis.config.provider.now
        outcome = outcome12(session, None, None, None, resuming.proof, None, False, now)
        return ConnectedServer12(
            outcome,
            receipt,
            resuming.main,
            session.client_random,
            session.server_random,
            self.heard[-VERIFY_DATA_LENGTH:],  # of our Finished, which came first
        )
