"""After the handshake of TLS 1.2: data, and a renegotiation that is always refused."""

from __future__ import annotations

from typing import ClassVar

from tlsee import defaults
from tlsee.codes import AlertDescription
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.outcome import Outcome
from tlsee.keys.schedule12 import MainSecret
from tlsee.keys.schedule13 import FinishedValid
from tlsee.values import replace, value
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages12 import HelloRequest


@value
class Connected12(State):
    """Both Finished are checked; the peer's proof is in ``outcome``.

    ``first_finished`` is the verify_data of the handshake's first Finished, ours or the peer's.
    ``refusals`` counts the renegotiations that were refused: each costs us a message to read and
    an alert to send, so there is a last one.
    """

    outcome: Outcome
    receipt: FinishedValid
    main: MainSecret
    client_random: bytes
    server_random: bytes
    first_finished: bytes
    refusals: int = 0
    rfc: ClassVar[str] = "CONNECTED"
    connected: ClassVar[bool] = True
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def export(self, label: bytes, context: bytes | None, length: int) -> bytes:
        """RFC 5705, 4; refused without extended_main_secret (RFC 7627, 5.3)."""
        return self.main.export(self.client_random, self.server_random, label, context, length)


@value
class ConnectedClient12(Connected12):
    """The client's end."""

    def on_hello_request(self, message: HelloRequest, flow: Flow) -> ConnectedClient12:  # noqa: ARG002
        """RFC 5246, 7.4.1.1: the server would like to renegotiate. We would not (RFC 9325, 3.5)."""
        return replace(self, refusals=_refuse(self.refusals, flow))


@value
class ConnectedServer12(Connected12):
    """The server's end."""

    def on_client_hello(self, message: ClientHello, flow: Flow) -> ConnectedServer12:  # noqa: ARG002
        """RFC 5246, 7.2.2: the client would like to renegotiate. We would not."""
        return replace(self, refusals=_refuse(self.refusals, flow))


def _refuse(refusals: int, flow: Flow) -> int:
    """Say no once more; gives how often that was.

    Raises:
        PeerMisbehaved: ``too_many_renegotiations``.
    """
    if refusals == defaults.RENEGOTIATION_LIMIT:
        raise PeerMisbehaved(Reasons.too_many_renegotiations)
    flow.warn(AlertDescription.no_renegotiation_RESERVED)
    return refusals + 1
