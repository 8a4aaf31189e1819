"""Records of handshakes of ours with what is in them, as a recording will have them."""

from __future__ import annotations

from typing import Any

from tests.support.endpoints import Pair
from tlsee.codes import ContentType, ProtocolVersion
from tlsee.connection.connection import Connection
from tlsee.explain.dissect import Opened, Protection, RecordSeen
from tlsee.trace import AlertSent, Epoch, MessageSent, RecordSent

__all__ = ["Heard", "seen", "talk"]


class Heard:
    """An observer that keeps what one side sent."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def on_event(self, event: Any) -> None:
        self.events.append(event)


def talk(client: Any, server: Any, data: bytes = b"hello") -> tuple[Pair, Heard, Heard]:
    """A handshake, data both ways and a goodbye."""
    ours, theirs = Heard(), Heard()
    pair = Pair(
        client, server, client_options={"observers": [ours]}, server_options={"observers": [theirs]}
    ).run()
    for side in (pair.client, pair.server):
        side.write(data)
        pair.run()
    for side in (pair.client, pair.server):
        side.close_write()
        pair.run()
    return pair, ours, theirs


def seen(side: Connection, heard: Heard, data: bytes = b"hello") -> list[RecordSeen]:
    """What a side sent, each record with what is inside it; ``data`` is what it wrote, once."""
    waiting = {ContentType.handshake: b"", ContentType.application_data: data}
    # An alert is told behind its record.
    alerts = [event for event in heard.events if isinstance(event, AlertSent)]
    waiting[ContentType.alert] = b"".join(bytes((a.level, a.description)) for a in alerts)
    waiting[ContentType.change_cipher_spec] = b"\x01"
    found = []
    for event in heard.events:
        if isinstance(event, MessageSent):
            waiting[ContentType.handshake] += event.raw
        elif isinstance(event, RecordSent):
            found.append(_record(side, event, waiting))
    return found


def _record(side: Connection, event: RecordSent, waiting: dict[ContentType, bytes]) -> RecordSeen:
    kind, length = event.content_type, event.content_length
    content = waiting[kind][:length]
    if kind != ContentType.change_cipher_spec:
        waiting[kind] = waiting[kind][length:]
    assert len(content) == length
    if event.epoch is Epoch.INITIAL or kind == ContentType.change_cipher_spec:
        return RecordSeen(event.raw)
    version, suite = side.info.version, side.info.suite
    etm = version == ProtocolVersion.TLS12 and "CBC" in suite.name
    key = f"{event.epoch.name.lower()} key"
    protection = Protection(key, version, suite, encrypt_then_mac=etm)
    return RecordSeen(event.raw, protection, Opened(kind, content, length))
