"""The account of a connection: its heading, verdict, steps and records, read once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from tlsee.codes import ContentType
from tlsee.explain.account.heading import Heading, heading_of
from tlsee.explain.account.opening import openers_of
from tlsee.explain.account.outcome import Outcome, outcome_of
from tlsee.explain.account.records import RecordView, key_name, records_of
from tlsee.explain.account.tickets import ticket_opener
from tlsee.explain.collector import SPOKEN_LIMIT, Spoken
from tlsee.explain.dissect import Context, Dissection, Field, dissect_connection, dissect_handshake
from tlsee.explain.narrate import Protection as Announcer
from tlsee.explain.narrate import title
from tlsee.explain.recorded import story_of
from tlsee.explain.rejudging import revived
from tlsee.explain.sentences import sentence_of
from tlsee.explain.story import Kind, Step, Story
from tlsee.identity.path.verdict import Verdict
from tlsee.recording.recording import Recording
from tlsee.trace import Epoch, Role
from tlsee.values import replace, value

__all__ = ["Account", "StepView"]


@value
class StepView:
    """Something that one side said.

    Attributes:
        step: of the story. title: its name as in the RFC. sentences: what it means, in words.
        announces: what changes before it, such as ``encrypted from here on: handshake keys``.
        key: what protects it, or ``None`` where everybody can read it.
        field: the message as fields, positions from its own first byte; ``None`` for what is no
            message. records: the numbers of the records that it travelled in.
    """

    step: Step
    title: str
    sentences: tuple[str, ...]
    announces: str
    key: str | None
    field: Field | None
    records: tuple[int, ...]


class Account:
    """What there is to say about a recording; made by ``of``."""

    def __init__(self, recording: Recording, peer: Recording | None = None) -> None:
        self.recording = recording
        self.story: Story = story_of(recording)
        self.peer_story: Story | None = story_of(peer) if peer is not None else None

    @classmethod
    def of(cls, recording: Recording, peer: Recording | None = None) -> Account:
        """The account of a recording.

        Args:
            peer: what the other side recorded of the same connection, where there is that: it
                knows how it took what was said.
        """
        return cls(recording, peer)

    @property
    def overheard(self) -> bool:
        """Whether a listener recorded it, and neither side."""
        return self.recording.header.overheard

    @cached_property
    def heading(self) -> Heading:
        """What the recording is."""
        return heading_of(self.recording, self.story)

    @cached_property
    def outcome(self) -> Outcome:
        """How it ended."""
        return outcome_of(self.story, overheard=self.overheard)

    @cached_property
    def verdict(self) -> Verdict | None:
        """What was judged of the peer's certificate, and what would have been accepted."""
        return revived(self.recording, self.story)

    @cached_property
    def records(self) -> tuple[RecordView, ...]:
        """All records in the order in which this side saw them."""
        return records_of(self.recording, self.story, openers_of(self.recording, self.story))

    @cached_property
    def _dissections(self) -> dict[Role, Dissection]:
        halves = {
            role: [view.seen for view in self.records if view.sender is role] for role in Role
        }
        client, server = dissect_connection(halves[Role.CLIENT], halves[Role.SERVER], self.context)
        return {Role.CLIENT: client, Role.SERVER: server}

    @cached_property
    def context(self) -> Context:
        """What is known around the messages."""
        ours = self.story.role is Role.SERVER and not self.overheard
        opener = ticket_opener(self.recording, self.story)
        return Context(own_tickets=ours, open_ticket=opener)

    @cached_property
    def record_fields(self) -> tuple[Field, ...]:
        """A tree for each of ``records``, positions from the first byte of its direction."""
        trees = {role: iter(found.records) for role, found in self._dissections.items()}
        return tuple(next(trees[view.sender]) for view in self.records)

    @cached_property
    def steps(self) -> tuple[StepView, ...]:
        """What was said, in order, each message with its fields."""
        announcer = Announcer(self.story)
        carried = self._carried()
        return tuple(self._step(step, announcer, carried) for step in self.story.steps)

    def _step(
        self, step: Step, announcer: Announcer, carried: dict[int, tuple[int, ...]]
    ) -> StepView:
        numbers = carried.get(step.number, ())
        if step.kind is Kind.DATA and not step.spoken:
            self._hear(step, numbers)
        sentences: tuple[str, ...] = ()
        if step.kind is not Kind.ALERT:
            told = sentence_of(step, self.story, self.peer_story)
            sentences = tuple(line for line in told.splitlines() if line)
        key = self._key(step, numbers)
        field = self._field(step, key) if step.kind is Kind.MESSAGE else None
        announces = announcer.announced(step)
        return StepView(step, title(step), sentences, announces, key, field, numbers)

    def _hear(self, step: Step, numbers: tuple[int, ...]) -> None:
        """What was said, where the recording has the keys to it."""
        for number in numbers:
            opened = self.records[number - 1].seen.opened
            if opened is None or not opened.content:
                return
            step.facts.append(Spoken(step.sent, opened.content[:SPOKEN_LIMIT]))

    def _key(self, step: Step, numbers: tuple[int, ...]) -> str | None:
        """The key of its first record, or the one that its epoch would have."""
        if step.epoch is Epoch.INITIAL:
            return None
        protection = self.records[numbers[0] - 1].seen.protection if numbers else None
        if protection is not None:
            return protection.key
        return key_name(step.sender, step.epoch, 0, older=self.story.is_older)

    def _field(self, step: Step, key: str | None) -> Field:
        suite = self._dissections[Role.SERVER].context.suite
        version = self.story.version
        known = replace(self.context, version=version, suite=suite, sender=step.sender)
        field = dissect_handshake(step.raw, known)
        return field.protected(key) if key is not None else field

    def _carried(self) -> dict[int, tuple[int, ...]]:
        """Which records each step travelled in."""
        carried: dict[int, list[int]] = {}
        for role in Role:
            views = [view for view in self.records if view.sender is role]
            steps = [step for step in self.story.steps if step.sender is role]
            messages = [step for step in steps if step.kind is Kind.MESSAGE]
            others = iter(step for step in steps if step.kind is not Kind.MESSAGE)
            waiting = _Waiting(others)
            for view in views:
                for place in view.messages:
                    if place < len(messages):
                        carried.setdefault(messages[place].number, []).append(view.number)
                if not view.messages:
                    number = waiting.step_of(view, older=self.story.is_older)
                    if number:
                        carried.setdefault(number, []).append(view.number)
        return {number: tuple(found) for number, found in carried.items()}


_KINDS = {
    ContentType.application_data: Kind.DATA,
    ContentType.alert: Kind.ALERT,
    ContentType.change_cipher_spec: Kind.CHANGE,
}


class _Waiting:
    """The steps of one direction that are no messages, in order: each takes its records."""

    def __init__(self, steps: Iterator[Step]) -> None:
        self._steps = steps
        self._step: Step | None = next(steps, None)
        self._taken = 0

    def step_of(self, view: RecordView, *, older: bool) -> int:
        """The number of the step that a record belongs to; 0 for one that is no step's."""
        wanted = _KINDS.get(view.content)
        if self._step is not None and self._step.is_closed and wanted is not Kind.CHANGE:
            wanted = Kind.DATA
        if self._step is None or wanted is None or (wanted is Kind.CHANGE and not older):
            return 0
        if self._step.kind is not wanted:
            return 0
        number = self._step.number
        self._taken += 1
        records = self._step.records
        if records is None or self._taken >= records.number:
            self._step, self._taken = next(self._steps, None), 0
        return number
