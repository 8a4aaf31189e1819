"""An overheard connection as events: what somebody in the client's place would have been told.

Records come in the order in which the capture made them whole. What is in the clear is read, what
is not is opened where a key fits, and where none does the record stands there closed: nothing is
told of it but its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from typing import Any

from tlsee import defaults
from tlsee.codes import AlertDescription, AlertLevel, ContentType
from tlsee.errors import TLSError
from tlsee.explain.capture import bounds
from tlsee.explain.capture.greeting import Greeting
from tlsee.explain.capture.records import Record, Records
from tlsee.explain.capture.talk import Talk
from tlsee.recording.kept import Moment
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    Epoch,
    MessageReceived,
    MessageSent,
    RecordReceived,
    RecordSent,
    Role,
    SecretDerived,
)
from tlsee.wire.framing import HandshakeBuffer, kind_of

__all__ = ["Listener"]

_ALERT_LENGTH = 2


class _Side:
    """What was heard of one side so far."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.buffer = HandshakeBuffer(defaults.message_limit)
        self.epoch = Epoch.INITIAL  # of the message that is not whole yet
        self.changed = False  # its ChangeCipherSpec came
        self.messages = 0
        self.lost = False  # its messages cannot be followed any more
        self.protected = 0
        self.opened = 0
        self.unopened: list[int] = []  # numbers of records that stayed closed


class Listener:
    """Makes the events of one connection.

    Args:
        greeting: its hellos. ``talk``: what is known of it beyond its records, and what follows.
        began: nanoseconds since the epoch.

    Attributes:
        moments: what was told, with the times of the packets.
        notes: sentences on what could not be read.
    """

    def __init__(self, greeting: Greeting, talk: Talk, began: int) -> None:
        self.moments: list[Moment] = []
        self.notes: list[str] = []
        self._greeting = greeting
        self._talk = talk
        self._began = began
        self._now = began
        self._sides = {role: _Side(role) for role in Role}

    def hear(self, client: Records, server: Records) -> None:
        """All records of both directions, in the order of their packets."""
        ordered = merge(
            ((r.packet, 0, r.number, r) for r in client.items),
            ((r.packet, 1, r.number, r) for r in server.items),
        )
        for _, from_server, _, record in ordered:
            self._now = max(self._now, record.at)
            self._record(self._sides[Role.SERVER if from_server else Role.CLIENT], record)
        for event in self._talk.rest():
            self._tell(event)
        self._drop_disproved()
        self.notes += self._talk.notes
        for side in self._sides.values():
            self.notes += self._of_side(side)

    # --- Records ------------------------------------------------------------------------------

    def _record(self, side: _Side, record: Record) -> None:
        kind = record.kind
        if self._is_protected(side, record):
            self._protected(side, record)
            return
        content = record.fragment
        if kind == ContentType.handshake:
            self._handshake(side, record, kind, content, Epoch.INITIAL)
            return
        self._tell_record(side, record, kind, len(content), Epoch.INITIAL)
        if kind == ContentType.alert:
            self._alert(side, content, Epoch.INITIAL)
        elif kind == ContentType.change_cipher_spec:
            self._change(side)

    def _is_protected(self, side: _Side, record: Record) -> bool:
        """What is behind ChangeCipherSpec is, where nobody knows that this is TLS 1.3."""
        older = self._greeting.is_older
        if record.kind == ContentType.change_cipher_spec:
            return side.changed and older
        if side.changed and (older or not self._greeting.version):
            return True
        return record.kind == ContentType.application_data

    def _protected(self, side: _Side, record: Record) -> None:
        side.protected += 1
        openers = self._talk.openers
        inside = openers.open(side.role, record.raw) if openers is not None else None
        if inside is None:
            self._closed(side, record)
            return
        side.opened += 1
        if inside.kind == ContentType.handshake:
            self._handshake(side, record, inside.kind, inside.content, inside.epoch)
            return
        self._tell_record(side, record, inside.kind, len(inside.content), inside.epoch)
        if inside.kind == ContentType.alert:
            self._alert(side, inside.content, inside.epoch)
        elif inside.kind == ContentType.change_cipher_spec:
            self._lose(side, "the keys change once more: a renegotiation, which is not followed")
            self._talk.forget()

    def _closed(self, side: _Side, record: Record) -> None:
        """Its length is the whole fragment's: how much of that is content nobody can tell."""
        side.unopened.append(record.number)
        self._talk.incomplete = True
        epoch = self._talk.epoch(side.role)
        self._tell_record(side, record, record.kind, len(record.fragment), epoch)
        if side.buffer.pending:
            self._lose(side, "a message of the handshake goes on in a record that stays closed")

    def _change(self, side: _Side) -> None:
        side.changed = True
        if not self._greeting.is_older:
            return
        for event in self._talk.changed(side.role):
            self._tell(event)

    # --- What is in them ----------------------------------------------------------------------

    def _handshake(
        self, side: _Side, record: Record, kind: ContentType, content: bytes, epoch: Epoch
    ) -> None:
        """A record of handshake: the client's messages are told before it, the server's behind."""
        messages = [] if side.lost else list(self._messages(side, content, epoch))
        if side.role is Role.SERVER:
            self._tell_record(side, record, kind, len(content), epoch)
        for raw in messages:
            made = MessageSent if side.role is Role.CLIENT else MessageReceived
            self._tell(made(epoch, raw))
        if side.role is Role.CLIENT:
            self._tell_record(side, record, kind, len(content), epoch)
        for raw in messages:
            for event in self._talk.said(side.role, raw, self._now):
                self._tell(event)

    def _messages(self, side: _Side, content: bytes, epoch: Epoch) -> Iterator[bytes]:
        if side.buffer.pending and side.epoch is not epoch:
            self._lose(side, "a message of the handshake goes on under other keys")
            return
        side.epoch = epoch
        side.buffer.append(content)
        try:
            while (raw := side.buffer.next()) is not None:
                kind_of(raw)
                side.messages += 1
                if side.messages > bounds.MESSAGES_LIMIT:
                    self._lose(side, f"it has more than {bounds.MESSAGES_LIMIT:,} messages")
                    return
                yield raw
        except TLSError as error:
            self._lose(side, error.detail or error.reason.sentence)

    def _lose(self, side: _Side, why: str) -> None:
        if not side.lost:
            side.lost = self._talk.incomplete = True
            self.notes.append(f"the {side.role.value}'s handshake cannot be followed: {why}")

    def _alert(self, side: _Side, content: bytes, epoch: Epoch) -> None:
        if len(content) != _ALERT_LENGTH:
            return
        made = AlertSent if side.role is Role.CLIENT else AlertArrived
        self._tell(made(AlertLevel.of(content[0]), AlertDescription.of(content[1]), epoch))

    # --- Telling ------------------------------------------------------------------------------

    def _tell_record(
        self, side: _Side, record: Record, kind: ContentType, length: int, epoch: Epoch
    ) -> None:
        made = RecordSent if side.role is Role.CLIENT else RecordReceived
        self._tell(made(record.raw, kind, length, epoch))

    def _tell(self, event: Any) -> None:
        self.moments.append(Moment(self._now - self._began, None, event))

    def _drop_disproved(self) -> None:
        """Secrets that have opened nothing where they should have are no secrets of this one."""
        wrong = self._talk.disproved()
        self.moments = [
            moment
            for moment in self.moments
            if not (isinstance(moment.item, SecretDerived) and moment.item.label in wrong)
        ]

    def _of_side(self, side: _Side) -> Iterable[str]:
        if not side.unopened:
            return ()
        return self._talk.closed(
            side.role, side.unopened[0], len(side.unopened), opened=side.opened
        )
