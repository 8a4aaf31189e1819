"""The records of a recording with what is inside them: from its messages, or opened with its keys.

A redacted recording has the handshake's messages in clear and their records as they went over the
wire. So what a record holds is known by cutting the messages of its direction as its lengths say;
nothing has to be decrypted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tlsee.codes import (
    CipherSuite,
    ContentType,
    ExtensionType,
    HandshakeType,
    ProtocolVersion,
)
from tlsee.explain.account.opening import Openers
from tlsee.explain.dissect import Opened, Protection, RecordSeen
from tlsee.explain.story import Story
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.recording.recording import Recording
from tlsee.recording.redact import wire_length
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    Direction,
    Epoch,
    KeysInstalled,
    MessageReceived,
    MessageSent,
    RecordReceived,
    RecordSent,
    Role,
)
from tlsee.values import replace, value
from tlsee.wire.hellos import ServerHello

__all__ = ["RecordView", "key_name", "records_of"]

AnyRecord: TypeAlias = RecordSent | RecordReceived

_EPOCHS = {
    Epoch.EARLY: "early traffic key",
    Epoch.HANDSHAKE: "handshake traffic key",
    Epoch.APPLICATION: "application traffic key",
}


@value
class RecordView:
    """One record.

    Attributes:
        number: from 1, in the order in which this side saw them. at: seconds since the beginning.
        sender: who sent it. epoch: whose keys protected it. wire: its length with header.
        seen: the record for the dissection.
        messages: which of the sender's handshake messages it holds, or pieces of them, from 0.
        content: what it is; ``length`` how many bytes of content it has.
    """

    number: int
    at: float
    sender: Role
    epoch: Epoch
    wire: int
    seen: RecordSeen
    messages: tuple[int, ...]
    content: ContentType
    length: int


def key_name(sender: Role, epoch: Epoch, generation: int, *, older: bool) -> str:
    """What protects a record in words; ``generation`` counts the KeyUpdates before it."""
    if older:
        return f"{sender.value}_write_key"
    name = f"{sender.value} {_EPOCHS[epoch]}"
    return f"{name}, update {generation}" if generation else name


def records_of(
    recording: Recording, story: Story, openers: Openers | None = None
) -> tuple[RecordView, ...]:
    """All records, in order. Never raises for what they are."""
    walk = _Walk(recording, story, openers)
    return tuple(walk.run())


class _Half:
    """What one side said, waiting to be found in its records."""

    def __init__(self) -> None:
        self.stream = bytearray()  # its handshake messages
        self.ends: list[int] = []  # where each ends
        self.updates: list[int] = []  # where its KeyUpdates end
        self.at = 0
        self.message = 0  # the first that does not end before ``at``
        self.in_step = True  # whether stream and records have agreed so far
        self.alerts: list[bytes] = []
        self.alert = 0
        self.generation = 0

    def add(self, raw: bytes) -> None:
        self.stream += raw
        self.ends.append(len(self.stream))
        if raw[:1] == bytes((HandshakeType.key_update,)):
            self.updates.append(len(self.stream))

    def take(self, length: int, clear: bytes | None) -> tuple[bytes | None, tuple[int, ...]]:
        """The next ``length`` bytes and the messages they belong to."""
        start, self.at = self.at, self.at + length
        content = bytes(self.stream[start : self.at])
        if len(content) != length or (clear is not None and clear != content):
            self.in_step = False  # something was left out: from here on nothing is known
        if not self.in_step:
            return clear, ()
        while self.updates and self.updates[0] <= self.at:
            self.updates.pop(0)
            self.generation += 1
        first = self.message
        while self.message < len(self.ends) and self.ends[self.message] <= self.at:
            self.message += 1
        begun = self.message < len(self.ends) and (
            self.message == 0 or self.ends[self.message - 1] < self.at
        )
        return content, tuple(range(first, self.message + begun))

    def take_alert(self) -> bytes | None:
        self.alert += 1
        return self.alerts[self.alert - 1] if self.alert <= len(self.alerts) else None


class _Walk:
    """The events, once for what was said and once for the records."""

    def __init__(self, recording: Recording, story: Story, openers: Openers | None) -> None:
        self._recording = recording
        self._story = story
        self._openers = openers
        self._halves = {role: _Half() for role in Role}
        self._suites: dict[tuple[Role, Epoch], CipherSuite] = {}
        role = story.role
        for event in recording.events():
            sent = isinstance(event, MessageSent | AlertSent)
            half = self._halves[role if sent else role.other]
            if isinstance(event, MessageSent | MessageReceived):
                half.add(event.raw)
            elif isinstance(event, AlertSent | AlertArrived):
                half.alerts.append(bytes((event.level, event.description)))
            elif isinstance(event, KeysInstalled):
                mine = event.direction is Direction.WRITE
                self._suites[role if mine else role.other, event.epoch] = event.suite
        hello = story.first(ServerHello)
        self._suite = hello.cipher_suite if hello is not None else None
        self._mac_last = hello is not None and hello.extensions.has(ExtensionType.encrypt_then_mac)

    def run(self) -> Iterator[RecordView]:
        role, number = self._story.role, 0
        for at, event in self._recording.timed():
            if isinstance(event, RecordSent | RecordReceived):
                number += 1
                sender = role if isinstance(event, RecordSent) else role.other
                yield self._view(number, at, sender, event)

    def _view(self, number: int, at: float, sender: Role, event: AnyRecord) -> RecordView:
        half, kind, length = self._halves[sender], event.content_type, event.content_length
        protection = self._protection(sender, event, half.generation)
        wire = wire_length(event.raw)
        left_out = len(event.raw) < wire
        if protection is not None and not left_out and length == wire - HEADER_LENGTH:
            seen = RecordSeen(event.raw, _of_nobody(protection, sender))
            return RecordView(number, at, sender, event.epoch, wire, seen, (), kind, length)
        clear = event.raw[HEADER_LENGTH:] if protection is None and not left_out else None
        found = self._opened(sender, event, half.generation, protection, left_out=left_out)
        content = clear
        messages: tuple[int, ...] = ()
        if kind == ContentType.handshake:
            content, messages = half.take(length, clear)
        elif kind == ContentType.alert:
            content = half.take_alert() if clear is None else clear
        elif kind == ContentType.change_cipher_spec:
            content = b"\x01" if clear is None else clear
        opened = None
        if protection is not None:
            opened = found or Opened(kind, _fitting(content, length), max(0, length))
        seen = RecordSeen(event.raw, protection, opened, left_out)
        return RecordView(number, at, sender, event.epoch, wire, seen, messages, kind, length)

    def _protection(self, sender: Role, event: AnyRecord, generation: int) -> Protection | None:
        suite = self._suites.get((sender, event.epoch), self._suite)
        if event.epoch is Epoch.INITIAL or suite is None:
            return None
        older = self._story.is_older
        if not older and event.raw[:1] == bytes((ContentType.change_cipher_spec,)):
            return None  # in 1.3 it is never protected (RFC 9846, 5)
        version = ProtocolVersion.TLS12 if older else ProtocolVersion.TLS13
        if event.epoch is not Epoch.APPLICATION:
            generation = 0
        key = key_name(sender, event.epoch, generation, older=older)
        return Protection(key, version, suite, encrypt_then_mac=self._mac_last)

    def _opened(
        self,
        sender: Role,
        event: AnyRecord,
        generation: int,
        protection: Protection | None,
        *,
        left_out: bool,
    ) -> Opened | None:
        """What the keys of the recording open; the numbers of 1.2 want every record opened."""
        if self._openers is None or protection is None or left_out:
            return None
        return self._openers.open(sender, event.epoch, generation, protection.suite, event.raw)


def _of_nobody(protection: Protection, sender: Role) -> Protection:
    """Of a record that nobody could open: in TLS 1.3 which of the keys it was is not known."""
    if protection.version < ProtocolVersion.TLS13:
        return protection
    return replace(protection, key=f"{sender.value} traffic key")


def _fitting(content: bytes | None, length: int) -> bytes | None:
    return content if content is not None and len(content) == length else None
