"""The client resumes a session of TLS 1.2 (RFC 5246, 7.3, figure 2; RFC 5077, 3.4).

Nobody shows a certificate: who has the main secret is who had it before. The server's Finished
comes first; ours answers it.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.client13_facts import ClientBasis, Recalled
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.outcome import ByPsk
from tlsee.handshake.post12 import ConnectedClient12
from tlsee.handshake.session12 import Session12, digest_of, outcome12, tell_main_secret
from tlsee.handshake.tickets12 import restored, tell_received
from tlsee.keys.schedule12 import MainSecret, TrafficKeys12
from tlsee.trace import Direction, Epoch, FinishedChecked, HandshakeCompleted
from tlsee.values import value
from tlsee.wire.messages12 import Finished, NewSessionTicket


def resume(
    basis: ClientBasis, older: Recalled, session: Session12, heard: bytes, flow: Flow
) -> WaitRenewal | WaitResumedChangeCipherSpec:
    """ServerHello named the session: the same suite, and the same binding to its handshake.

    Raises:
        PeerMisbehaved: ``session_changed``.
    """
    known = older.session
    if (known.suite, known.extended_main_secret) != (session.suite.code, session.extended):
        raise PeerMisbehaved(Reasons.session_changed)
    main = restored(known, session.suite)
    tell_main_secret(flow, session, main)
    client, server = main.keys(
        session.client_random, session.server_random, encrypt_then_mac=session.encrypt_then_mac
    )
    resuming = Resuming(basis, older, session, main, client, server)
    if session.ticket_follows:
        return WaitRenewal(resuming, heard)
    return WaitResumedChangeCipherSpec(resuming, heard, None)


@value
class Resuming:
    """Both sides have the keys."""

    basis: ClientBasis
    older: Recalled
    session: Session12
    main: MainSecret
    writing: TrafficKeys12
    reading: TrafficKeys12
    _hidden: ClassVar[frozenset[str]] = frozenset({"main", "writing", "reading"})


@value
class WaitRenewal(State):
    """The server has promised a new ticket for the session."""

    resuming: Resuming
    heard: bytes
    rfc: ClassVar[str] = "1.2 WAIT_NEW_SESSION_TICKET"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_new_session_ticket(
        self, message: NewSessionTicket, _: Flow
    ) -> WaitResumedChangeCipherSpec:
        """RFC 5077, 3.3."""
        return WaitResumedChangeCipherSpec(self.resuming, self.heard + message.raw, message)


@value
class WaitResumedChangeCipherSpec(State):
    """The server's keys change next, and by nothing but this."""

    resuming: Resuming
    heard: bytes
    ticket: NewSessionTicket | None
    rfc: ClassVar[str] = "1.2 WAIT_CHANGE_CIPHER_SPEC"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_change_cipher_spec(self, flow: Flow) -> WaitResumedFinished:
        """RFC 5246, 7.1."""
        flow.install(Direction.READ, Epoch.APPLICATION, self.resuming.reading)
        return WaitResumedFinished(self.resuming, self.heard, self.ticket)


@value
class WaitResumedFinished(State):
    """The server's checksum shows that it has the main secret."""

    resuming: Resuming
    heard: bytes
    ticket: NewSessionTicket | None
    rfc: ClassVar[str] = "1.2 WAIT_FINISHED"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_finished(self, message: Finished, flow: Flow) -> ConnectedClient12:
        """RFC 5246, 7.4.9: then ChangeCipherSpec, new keys, and Finished of our own."""
        resuming, session, main = self.resuming, self.resuming.session, self.resuming.main
        receipt = main.check_server_finished(
            digest_of(session.suite, self.heard), message.verify_data
        )
        flow.tell(FinishedChecked())
        flow.change_cipher_spec(required=True)
        flow.install(Direction.WRITE, Epoch.APPLICATION, resuming.writing)
        digest = digest_of(session.suite, self.heard + message.raw)
        flow.send(Finished(main.client_finished(digest)))
        flow.open(Direction.READ)
        flow.open(Direction.WRITE)
        flow.tell(HandshakeCompleted())
        basis = resuming.basis
        proof = ByPsk(resuming.older.session, resuming.older.verdict)
        outcome = outcome12(
            session, None, None, None, proof, None, False, basis.config.provider.now, basis.identity
        )
        connected = ConnectedClient12(
            outcome,
            receipt,
            main,
            session.client_random,
            session.server_random,
            message.verify_data,
        )
        tell_received(basis.config, connected, self.ticket, b"", flow)
        return connected
