"""A story told: block by block, who said what, why, how long it was, which key protects it."""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.codes import ContentType
from tlsee.explain.fields import fields_of_message
from tlsee.explain.layout import WIDTH, Line, paragraph, rule
from tlsee.explain.sentences import sentence_of
from tlsee.explain.story import Kind, Step, Story, merged
from tlsee.text import count, printable
from tlsee.trace import Epoch, Role
from tlsee.values import value

NAME_WIDTH = 34  # columns for what a step is called
DATA_SHOWN = 30  # characters of application data in a step's name

_KEYS = {
    Epoch.EARLY: "early data keys",
    Epoch.HANDSHAKE: "handshake keys",
    Epoch.APPLICATION: "application keys",
}


@value
class Block:
    """A step with its lines; a pause after each is a good pace to read."""

    step: Step
    lines: tuple[Line, ...]


class Protection:
    """Notices where what is said begins to be encrypted under other keys.

    In 1.3 both sides change at the same message, or all but; in 1.2 each has a ChangeCipherSpec of
    its own, and what the other one says stays readable until then.
    """

    def __init__(self, story: Story) -> None:
        self._story = story
        self._epochs: dict[Role | None, Epoch] = {}

    def announced(self, step: Step) -> str:
        """What to say before this step, or nothing."""
        older = self._story.is_older
        side = step.sender if older else None
        if step.epoch <= self._epochs.get(side, Epoch.INITIAL):
            return ""
        self._epochs[side] = step.epoch
        if not older:
            return f"encrypted from here on: {_KEYS[step.epoch]}"
        return f"encrypted from here on, {way_of(step)}: {step.sender.value}_write_key"


def narrate(
    story: Story, peer_story: Story | None = None, *, detail: bool = False, width: int = WIDTH
) -> Iterator[Block]:
    """Tell a story.

    Args:
        story: what one side saw; its steps are told.
        peer_story: what the other side saw, where both were watched.
        detail: add every field of every message with its bytes.
        width: the longest line.
    """
    protection = Protection(story)
    for step, both in merged(story.steps):
        lines: list[Line] = []
        announced = protection.announced(step)
        if announced:
            lines.append(rule(announced, width))
        lines.append(Line(_heading(step, both, width), "step"))
        if step.kind is not Kind.ALERT:
            for text in sentence_of(step, story, peer_story).splitlines():
                lines.extend(paragraph(text, width))
            if detail and step.kind is not Kind.DATA:
                lines.extend(fields_of_message(step.message, step.raw, width, story.key_exchange))
        yield Block(step, tuple(lines))


def _heading(step: Step, both: bool, width: int) -> str:
    way = "both ways" if both else way_of(step)
    start, name, measure = f"{step.number:>2}  {way:<16}  ", title(step), _measure(step)
    room = min(NAME_WIDTH, width - len(start) - len(measure))  # large numbers move to the left
    return f"{start}{name:<{max(room, len(name) + 2)}}{measure}".rstrip()[:width]


def way_of(step: Step) -> str:
    """Who speaks to whom, the client always on the left."""
    return "client -> server" if step.sender is Role.CLIENT else "client <- server"


def title(step: Step) -> str:
    """What a step is called: the message's name as in the RFC, or the data itself."""
    if step.kind is Kind.CHANGE:
        return "ChangeCipherSpec"
    if step.kind is Kind.MESSAGE:
        if step.message is not None:
            return type(step.message).__name__
        return str(step.handshake_type)
    if step.kind is Kind.ALERT:
        return str(step.description)
    spoken = step.spoken
    if not spoken:
        if step.records is None or not step.is_closed:
            return "application data"
        kind = step.records.content_type  # in TLS 1.2 the header tells
        return "closed records" if kind == ContentType.application_data else f"closed {kind}"
    return f'"{printable(spoken, DATA_SHOWN)}"'


def _measure(step: Step) -> str:
    if step.kind is Kind.CHANGE:
        return "1 byte, readable"
    if step.kind is Kind.MESSAGE:
        readable = ", readable" if step.is_readable else ""
        return f"{count(len(step.raw), 'byte')}{readable}"
    if step.kind is Kind.ALERT:
        if step.is_goodbye:
            return "goodbye: nothing cut off"
        return "fatal alert" if step.is_refusal else "warning"
    records = step.records
    if records is None:
        return ""
    if records.closed:
        return f"{count(records.number, 'record')}, {records.wire:,} on the wire"
    return f"{count(records.content, 'byte')}, {records.wire:,} on the wire"
