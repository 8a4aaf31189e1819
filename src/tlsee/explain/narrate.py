"""A story told: block by block, who said what, why, how long it was, which key protects it."""

from __future__ import annotations

from collections.abc import Iterator

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
    Epoch.INITIAL: "",
    Epoch.EARLY: "early data keys",
    Epoch.HANDSHAKE: "handshake keys",
    Epoch.APPLICATION: "application keys",
}


@value
class Block:
    """A step with its lines; a pause after each is a good pace to read."""

    step: Step
    lines: tuple[Line, ...]


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
    epoch = Epoch.INITIAL
    for step, both in merged(story.steps):
        lines: list[Line] = []
        if step.epoch > epoch:
            epoch = step.epoch
            lines.append(rule(f"encrypted from here on: {_KEYS[epoch]}", width))
        lines.append(Line(_heading(step, both, width), "step"))
        if step.kind is Kind.MESSAGE:
            for text in sentence_of(step, story, peer_story).splitlines():
                lines.extend(paragraph(text, width))
            if detail:
                lines.extend(fields_of_message(step.message, step.raw, width))
        yield Block(step, tuple(lines))


def _heading(step: Step, both: bool, width: int) -> str:
    if both:
        way = "both ways"
    else:
        way = "client -> server" if step.sender is Role.CLIENT else "client <- server"
    start, name, measure = f"{step.number:>2}  {way:<16}  ", title(step), _measure(step)
    room = min(NAME_WIDTH, width - len(start) - len(measure))  # large numbers move to the left
    return f"{start}{name:<{max(room, len(name) + 2)}}{measure}".rstrip()[:width]


def title(step: Step) -> str:
    """What a step is called: the message's name as in the RFC, or the data itself."""
    if step.kind is Kind.MESSAGE:
        if step.message is not None:
            return type(step.message).__name__
        return str(step.handshake_type)
    if step.kind is Kind.ALERT:
        return str(step.description)
    spoken = step.spoken
    if not spoken:
        return "application data"
    return f'"{printable(spoken, DATA_SHOWN)}"'


def _measure(step: Step) -> str:
    if step.kind is Kind.MESSAGE:
        readable = ", readable" if step.epoch is Epoch.INITIAL else ""
        return f"{count(len(step.raw), 'byte')}{readable}"
    if step.kind is Kind.ALERT:
        return "goodbye: nothing cut off" if step.is_goodbye else "fatal alert"
    records = step.records
    if records is None:
        return ""
    return f"{count(records.content, 'byte')}, {records.wire:,} on the wire"
