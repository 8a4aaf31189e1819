"""Holding what a replay does against what was recorded, event by event."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlsee.codes import HandshakeType
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.recording.encoding import encode
from tlsee.recording.kept import NO_EVENTS, Moment
from tlsee.recording.recording import Recording
from tlsee.recording.redact import in_full
from tlsee.text import printable
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    Failed,
    MessageReceived,
    MessageSent,
    RecordReceived,
    RecordSent,
    StateEntered,
    TraceEvent,
)
from tlsee.values import value
from tlsee.wire.framing import kind_of


@value
class Difference:
    """Where a replay first went another way.

    Attributes:
        what: ``message``, ``record``, ``alert``, ``state``, ``journal``, or an event's class.
        name: its name, such as ``ClientHello``; of a journal what was asked for.
        number: of the message in whose making or handling it lies, counting from 1 all that were
            sent and received; 0 where none follows.
        message: that message's name, or ``""``.
        expected, got: the events, as recorded and now; ``None`` where there was or is none.
        sentence: what happened, in words.
    """

    what: str
    name: str
    number: int
    message: str
    expected: TraceEvent | None
    got: TraceEvent | None
    sentence: str

    @property
    def bytes(self) -> tuple[bytes, bytes]:
        """The bytes of both, where they have some."""
        return getattr(self.expected, "raw", b""), getattr(self.got, "raw", b"")

    @property
    def first_byte(self) -> int | None:
        """The place of the first byte that differs; ``None`` where not both have bytes."""
        expected, got = self.bytes
        if not expected or not got:
            return None
        pairs = enumerate(zip(expected, got, strict=False))
        place = next((n for n, (one, other) in pairs if one != other), None)
        return min(len(expected), len(got)) if place is None else place


class _Stream:
    """Expected events, and how many of them have come."""

    def __init__(self, events: list[TraceEvent]) -> None:
        self.events = events
        self.place = 0

    @property
    def next(self) -> TraceEvent | None:
        """The one that comes next; ``None`` behind the last."""
        return self.events[self.place] if self.place < len(self.events) else None


class Comparison:
    """An observer that compares.

    Attributes:
        difference: the first there is, or ``None``.
        told: all events of the replay; ``exchanged``: the messages among them.
        state: the machine's. ``names``: of the states and messages that there were.
        messages, records, sent_bytes, received_bytes: how much was as recorded.

    Args:
        recording: what is expected.
        problem: says what the journal did not answer, if anything: events that differ after that
            differ for it.
    """

    def __init__(self, recording: Recording, problem: Callable[[], str]) -> None:
        self._problem = problem
        items = [m.item for m in recording.moments if not isinstance(m.item, NO_EVENTS)]
        # Records are read without a lock, beside whatever else happens: they have an order of
        # their own.
        self._read = _Stream([item for item in items if isinstance(item, RecordReceived)])
        self._done = _Stream([item for item in items if not isinstance(item, RecordReceived)])
        self._cut_off = bool(recording.damage)
        self.told: list[TraceEvent] = []
        self.exchanged: list[MessageSent | MessageReceived] = []
        self.names: set[str] = set()  # of messages and states
        self.state = ""
        self.difference: Difference | None = None
        self.messages = 0
        self.records = 0
        self.sent_bytes = 0
        self.received_bytes = 0

    def on_event(self, event: TraceEvent) -> None:
        """Hold it against the next one of the recording."""
        self._note(event)
        if self.difference is not None:
            return
        if self._problem():
            self.note("journal", "journal", self._problem())
            return
        stream = self._read if isinstance(event, RecordReceived) else self._done
        expected = stream.next
        if expected is None:
            if not self._cut_off:
                self.difference = self._differs(None, event)
            return
        if not alike(expected, event):
            self.difference = self._differs(expected, event)
            return
        stream.place += 1
        self._count(event)

    @property
    def expects_nothing(self) -> bool:
        """Whether nothing came of what was recorded: the program's first call was a mistake."""
        return not (self._read.events or self._done.events)

    def end(self) -> None:
        """Nothing more will come."""
        missing = self._done.next or self._read.next
        if self.difference is None and missing is not None:
            self.difference = self._differs(missing, None)

    def note(self, what: str, name: str, sentence: str) -> None:
        """Something beside the events went another way, unless an event did before."""
        at_cut = self._cut_off and self._done.next is None
        if self.difference is None and not at_cut:
            number, message = self._message()
            self.difference = Difference(what, name, number, message, None, None, sentence)

    def _note(self, event: TraceEvent) -> None:
        self.told.append(event)
        if isinstance(event, MessageSent | MessageReceived):
            self.exchanged.append(event)
            self.names.add(name_of(event))
        elif isinstance(event, StateEntered):
            self.state = event.name
            self.names.add(event.name)

    def _count(self, event: TraceEvent) -> None:
        if isinstance(event, MessageSent | MessageReceived):
            self.messages += 1
        elif isinstance(event, RecordSent):
            self.records += 1
            self.sent_bytes += len(event.raw)
        elif isinstance(event, RecordReceived):
            self.records += 1
            self.received_bytes += len(event.raw)

    def _message(self) -> tuple[int, str]:
        """The message that comes next in the recording: it is being made, or handled, or read."""
        for event in self._done.events[self._done.place :]:
            if isinstance(event, MessageSent | MessageReceived):
                return self.messages + 1, name_of(event)
        return 0, ""

    def _differs(self, expected: TraceEvent | None, got: TraceEvent | None) -> Difference:
        number, message = self._message()
        shown = expected if expected is not None else got
        what, name = kind_and_name(shown)
        if expected is None:
            sentence = f"the replay goes on where the recording ends: {_words(got)}"
        elif got is None:
            sentence = f"the recording goes on where the replay ends: {_words(expected)}"
        elif type(expected) is type(got) and name_of(expected) == name_of(got):
            sentence = f"{_words(expected)} differs"
        else:
            sentence = f"{_words(expected)} was recorded, and now {_words(got)}"
        return Difference(what, name, number, message, expected, got, sentence)


def alike(one: TraceEvent, other: Any) -> bool:
    """Whether a recorded event and one of now say the same."""
    if type(one) is not type(other):
        return False
    try:
        return encode(Moment(0, 0, one)) == encode(Moment(0, 0, in_full(other)))
    except (ValueError, ApiMisuse):
        return False


def name_of(event: Any) -> str:
    """What a person calls it."""
    if isinstance(event, MessageSent | MessageReceived):
        try:
            kind = kind_of(event.raw)
        except PeerMisbehaved:
            kind = HandshakeType.of(event.raw[0]) if event.raw else HandshakeType.of(0)
        return str(kind)
    if isinstance(event, RecordSent | RecordReceived):
        return str(event.content_type)
    if isinstance(event, AlertSent | AlertArrived):
        return str(event.description)
    if isinstance(event, StateEntered):
        return printable(event.name, 60)
    if isinstance(event, Failed):
        reason = getattr(event.error, "name", "")
        return printable(str(reason), 60) or type(event.error).__name__
    for attribute in ("what", "label", "kind"):
        found = getattr(event, attribute, None)
        if isinstance(found, str):
            return printable(found, 60)
    return type(event).__name__


_KINDS = {
    MessageSent: "message",
    MessageReceived: "message",
    RecordSent: "record",
    RecordReceived: "record",
    StateEntered: "state",
    AlertSent: "alert",
    AlertArrived: "alert",
}


def kind_and_name(event: Any) -> tuple[str, str]:
    """The kind of thing, and what a person calls this one."""
    return _KINDS.get(type(event), type(event).__name__), name_of(event)


_SENT = {MessageSent: "sent", RecordSent: "sent", AlertSent: "sent"}
_CAME = {MessageReceived: "received", RecordReceived: "received", AlertArrived: "received"}


def _words(event: Any) -> str:
    what, name = kind_and_name(event)
    way = _SENT.get(type(event)) or _CAME.get(type(event))
    return f"the {way} {what} {name}" if way else f"{what} {name}" if what != name else what
