"""After the handshake (RFC 9846, 4.7): what both ends hold, and new keys.

The client's end is in ``post13_client``, the server's in ``post13_server``.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import KeyUpdateRequest
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.outcome import KeysUpdated, Outcome
from tlsee.keys.exporter import export_keying_material
from tlsee.keys.schedule13 import FinishedValid, MainStage, TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.trace import Direction, Epoch
from tlsee.values import value
from tlsee.wire.messages13 import KeyUpdate


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
