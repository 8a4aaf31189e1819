"""After the handshake (RFC 9846, 4.7): new keys, and tickets for the next one."""

from __future__ import annotations

from typing import ClassVar

from tlsee import defaults
from tlsee.codes import KeyUpdateRequest
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons
from tlsee.handshake.compose import Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.outcome import KeysUpdated, Outcome, TicketArrived
from tlsee.handshake.tickets13 import issued, received, session_behind, session_key
from tlsee.identity.proof import ByRawPublicKey
from tlsee.keys.exporter import export_keying_material
from tlsee.keys.schedule13 import FinishedValid, MainStage, TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.trace import Direction, Epoch
from tlsee.values import replace, value
from tlsee.wire.messages13 import KeyUpdate, NewSessionTicket


@value
class Connected(State):
    """The handshake is done: both Finished are checked, the peer's proof is in ``outcome``.

    ``transcript`` ends with the client's Finished; later exchanges build on it.
    """

    outcome: Outcome
    receipt: FinishedValid
    reading: TrafficSecret
    writing: TrafficSecret
    main: MainStage
    exporter: bytes
    transcript: Transcript
    config: ClientConfig | ServerConfig
    rfc: ClassVar[str] = "CONNECTED"
    connected: ClassVar[bool] = True
    allows_change_cipher_spec: ClassVar[bool] = False

    def export(self, label: bytes, context: bytes | None, length: int) -> bytes:
        """RFC 9846, 7.5; no context is an empty one."""
        name = self.reading.suite.hash_name
        return export_keying_material(name, self.exporter, label, context or b"", length)


@value
class ConnectedClient(Connected):
    """The client's end."""

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
class ConnectedServer(Connected):
    """The server's end; ``tickets`` counts those it has sent, ``wanted``: the client knows them."""

    config: ServerConfig
    composer: Composer
    wanted: bool
    tickets: int

    def on_key_update(self, message: KeyUpdate, flow: Flow) -> ConnectedServer:
        """RFC 9846, 4.7.3."""
        reading, writing = follow_update(self.reading, self.writing, message, flow)
        return replace(self, reading=reading, writing=writing)

    def do_update_keys(self, request: bool, flow: Flow) -> ConnectedServer:
        """Change our sending keys; ``request`` asks the peer to change its own as well."""
        return replace(self, writing=send_update(self.writing, request, flow))

    def do_send_tickets(self, number: int, flow: Flow) -> ConnectedServer:
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


def send_update(writing: TrafficSecret, request: bool, flow: Flow) -> TrafficSecret:
    """KeyUpdate under the old keys, everything after it under the new ones."""
    wish = KeyUpdateRequest.update_requested if request else KeyUpdateRequest.update_not_requested
    flow.send(KeyUpdate(wish))
    following = writing.next()
    flow.install(Direction.WRITE, Epoch.APPLICATION, following)
    flow.tell(KeysUpdated(Direction.WRITE, request))
    return following


def follow_update(
    reading: TrafficSecret, writing: TrafficSecret, message: KeyUpdate, flow: Flow
) -> tuple[TrafficSecret, TrafficSecret]:
    """The peer changed its keys; where it asks for ours, they change before any more data."""
    if not message.request_update.is_known:
        raise PeerMisbehaved(
            Reasons.illegal_value, f"KeyUpdate.request_update is {message.request_update}"
        )
    wanted = message.request_update == KeyUpdateRequest.update_requested
    reading = reading.next()
    flow.install(Direction.READ, Epoch.APPLICATION, reading)
    flow.tell(KeysUpdated(Direction.READ, wanted))
    if wanted:
        writing = send_update(writing, False, flow)
    return reading, writing
