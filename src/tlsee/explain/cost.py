"""What a connection cost: bytes, round trips, time and processor, and what is post-quantum of it.

All of it was measured, and what was not is ``None``. The bytes are those of the records; a message
has those that it filled, and the overhead of the records that begin with it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from tlsee.codes import ContentType
from tlsee.explain.narrate import title
from tlsee.explain.placed import Placed
from tlsee.explain.post_quantum import PostQuantum, certificate_bytes, post_quantum, shown_by
from tlsee.explain.story import Kind, Step, Story
from tlsee.recording.kept import Moment
from tlsee.recording.recording import Recording
from tlsee.recording.redact import wire_length
from tlsee.trace import MessageReceived, MessageSent, RecordReceived, RecordSent, Role, StateEntered
from tlsee.values import value

__all__ = ["Cost", "StepCost", "cost_of"]

_ALERT_LENGTH = 2  # RFC 9846, 6


@value
class StepCost:
    """What one step of the story cost.

    Attributes:
        content: bytes of the message, the alert or the data, its handshake header included.
        wire: those with headers, tags and padding, as far as records are in the recording.
        at_ms: milliseconds from the first event to its own.
        cpu_us: microseconds of processor time that the recorded side spent on it: making it, or
            taking it and all that came of that. Not the decryption of its record, which cannot be
            told from what the application did before; ``None`` where nothing is certain.
    """

    number: int
    title: str
    sender: Role
    content: int
    wire: int
    at_ms: float
    cpu_us: float | None


@value
class Cost:
    """What a connection cost.

    Attributes:
        round_trips: how often the client waited for the server before it could send data.
        milliseconds: until the handshake was done; ``None`` if it was not.
        client_bytes, server_bytes: on the wire until the handshake is done, or failed: the records
            of messages, of alerts and of ChangeCipherSpec. Early data is not among them.
        content_bytes, overhead_bytes: of both together, the messages and alerts themselves; and
            headers, tags and padding, with 1.3's change_cipher_spec, which means nothing.
        certificate_bytes: certificates and raw public keys that were shown until then, DER.
        post_quantum_bytes: the sum of ``post_quantum``, which has each part.
        cpu_us: the sum of what is known of the recorded side's steps until the handshake is done.
        steps: of the story, all of them.
    """

    round_trips: int
    milliseconds: float | None
    client_bytes: int
    server_bytes: int
    content_bytes: int
    overhead_bytes: int
    certificate_bytes: int
    post_quantum_bytes: int
    cpu_us: float | None
    steps: tuple[StepCost, ...]
    post_quantum: tuple[PostQuantum, ...]


def cost_of(recording: Recording) -> Cost:
    """What the connection of a recording cost."""
    placed = Placed(recording)
    story = placed.story
    wire = _Wire(placed, recording.moments)
    work = _work(placed, recording.moments)
    began = story.began or 0.0
    steps = tuple(
        StepCost(
            step.number,
            title(step),
            step.sender,
            _content(step),
            wire.of_step.get(step.number, 0),
            max(0.0, (step.at - began) * 1000),
            work.get(step.number),
        )
        for step in story.steps
    )
    last = placed.number_at(placed.done)
    known = [cost.cpu_us for cost in steps[:last] if cost.cpu_us is not None]
    parts = tuple(post_quantum(story.steps[:last]))
    return Cost(
        _round_trips(story),
        story.milliseconds,
        wire.handshake[Role.CLIENT],
        wire.handshake[Role.SERVER],
        wire.content,
        sum(wire.handshake.values()) - wire.content,
        certificate_bytes(story.steps[:last]),
        sum(part.size for part in parts),
        sum(known) if known else None,
        steps,
        parts,
    )


def _round_trips(story: Story) -> int:
    """As the story has it, but that a listener knows a resumption of 1.2 by what it lacks."""
    shown = any(step.sender is Role.SERVER and shown_by(step) for step in story.steps)
    if story.done is not None and story.is_older and not story.resumed and not shown:
        return 1
    return story.round_trips


def _content(step: Step) -> int:
    if step.kind is Kind.MESSAGE:
        return len(step.raw)
    if step.kind is Kind.DATA:
        return step.records.content if step.records is not None else 0
    return _ALERT_LENGTH if step.kind is Kind.ALERT else 1


# --- Bytes ----------------------------------------------------------------------------------------


class _Part:
    """Bytes that wait for their counterpart: of a step, or of a record and what is around it."""

    def __init__(self, left: int, number: int = 0, wire: int = 0) -> None:
        self.left = left
        self.number = number
        self.wire = wire
        self.around = wire - left


class _Wire:
    """The bytes of records, by the steps that they carry and by who sent them.

    What is sent is told before its record, what is received after it. So bytes of steps and of
    records wait for one another, in queues for each direction, kind of content and epoch.

    Attributes:
        of_step: bytes on the wire by the step's number.
        handshake, content: bytes of the handshake: on the wire by sender; of what was said.
    """

    def __init__(self, placed: Placed, moments: tuple[Moment, ...]) -> None:
        self.of_step: dict[int, int] = {}
        self.handshake = {Role.CLIENT: 0, Role.SERVER: 0}
        self.content = 0
        self._placed = placed
        self._last = placed.number_at(placed.done)
        self._queues: dict[Any, tuple[deque[_Part], deque[_Part]]] = {}
        for place, moment in enumerate(moments):
            step = placed.step_at(place) if placed.starts(place) else None
            if isinstance(moment.item, RecordSent | RecordReceived):
                self._record(place, moment.item, step)
            elif step is not None:
                kind = ContentType.alert if step.kind is Kind.ALERT else ContentType.handshake
                part = _Part(_content(step), step.number)
                self._settle((step.sent, kind, step.epoch), said=part)
        for step in placed.story.steps:
            if step.kind is Kind.DATA and step.records is not None:
                self.of_step[step.number] = step.records.wire

    def _record(self, place: int, record: RecordSent | RecordReceived, step: Step | None) -> None:
        kind, wire = record.content_type, wire_length(record.raw)
        if kind == ContentType.application_data:
            return
        sent = isinstance(record, RecordSent)
        content = record.content_length
        if step is not None:  # a ChangeCipherSpec of TLS 1.2
            self.of_step[step.number] = wire
        elif kind == ContentType.change_cipher_spec:
            content = 0
        early = place <= self._placed.done
        if early:
            self._count(sent, wire, content)
        if kind != ContentType.change_cipher_spec:
            part = _Part(content, wire=wire)
            part.number = int(early)
            self._settle((sent, kind, record.epoch), carried=part)

    def _count(self, sent: bool, wire: int, content: int) -> None:
        role = self._placed.story.role
        self.handshake[role if sent else role.other] += wire
        self.content += content

    def _settle(self, key: Any, said: _Part | None = None, carried: _Part | None = None) -> None:
        """Let bytes that were said and bytes that were carried meet, as far as there are both."""
        steps, records = self._queues.setdefault(key, (deque(), deque()))
        steps.extend([said] if said is not None else [])
        records.extend([carried] if carried is not None else [])
        while steps and records:
            step, record = steps[0], records[0]
            if not record.number and step.number <= self._last:
                record.number = 1  # told late: what it carries was said before all was done
                self._count(key[0], record.wire, record.wire - record.around)
            moved = min(step.left, record.left)
            met = self.of_step.get(step.number, 0)
            self.of_step[step.number] = met + moved + record.around
            record.around = 0
            step.left -= moved
            record.left -= moved
            if not step.left:
                steps.popleft()
            if not record.left:
                records.popleft()


# --- The processor --------------------------------------------------------------------------------


def _work(placed: Placed, moments: tuple[Moment, ...]) -> dict[int, float | None]:
    """Microseconds of processor time by the step's number.

    Between a record that came and the state that followed there was nothing but us: a moment
    there counts for the step that was the last. What a record itself took is not known, for before
    it the application may have done anything; likewise all that was said unasked.
    """
    spent: dict[int, float | None] = {}
    ours = False  # whether the moment before this was ours, and nothing can be between
    for place, moment in enumerate(moments):
        item = moment.item
        step = placed.step_at(place)
        if isinstance(item, RecordReceived) or (step is not None and step.kind is Kind.DATA):
            ours = isinstance(item, RecordReceived) and item.content_type != (
                ContentType.application_data
            )
            continue
        begins = isinstance(item, MessageSent | MessageReceived) and placed.starts(place)
        if step is not None and (begins or (ours and step.number in spent)):
            before = 0.0 if begins else spent[step.number]
            if ours and moment.cpu is not None and before is not None:
                spent[step.number] = before + moment.cpu / 1000
            else:
                spent[step.number] = None
        if isinstance(item, StateEntered) and place > placed.done:
            ours = False  # the handshake is done, and the application may speak
    return spent
