"""A recording as a Mermaid sequence diagram, for Markdown files, issues and wikis that draw them.

What a peer sent goes into labels, and no label is anything but text: every character outside a
small set of harmless ones is written as a numbered entity, which Mermaid turns back when it draws.
"""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.explain.account import Account, StepView
from tlsee.explain.story import Kind
from tlsee.text import count, printable
from tlsee.trace import Role

__all__ = ["label", "mermaid"]

# Neither a statement's end (; # newline), nor an arrow or a comment, nor the start of markup, of a
# directive or of a formula.
_HARMLESS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._()/")
_IN_TEXT = _HARMLESS | {","}  # which ends the name of a participant
TEXT_SHOWN = 160  # characters of a label before it is escaped
STEPS_SHOWN = 400  # Mermaid draws no more than 500 edges and 50,000 characters unless told to
LENGTH_SHOWN = 40_000  # characters of lines for steps
_SHADES = ("rgba(11, 110, 79, 0.08)", "rgba(11, 80, 140, 0.08)")


def mermaid(account: Account) -> str:
    """The diagram, lines of printable ASCII with a newline behind each.

    Never raises for what is in a recording.
    """
    heading = account.heading
    lines = [
        "sequenceDiagram",
        f"    participant C as {label(_end(heading.left, Role.CLIENT), _HARMLESS)}",
        f"    participant S as {label(_end(heading.right, Role.SERVER), _HARMLESS)}",
        f"    Note over C,S: {label(account.outcome.headline)}",
        *_steps(account),
    ]
    outcome = account.outcome
    if not outcome.good:
        told = (*outcome.sentences, *([f"Fix: {outcome.fix}"] if outcome.fix else []))
        lines += (f"    Note over C,S: {label(text)}" for text in told)
    return "\n".join(lines) + "\n"


def label(text: str, harmless: frozenset[str] = _IN_TEXT) -> str:
    """A text as a label, whoever it came from: drawn as it is, and never read as anything else."""
    shown = printable(text, TEXT_SHOWN).strip()
    escaped = "".join(c if c in harmless else f"#{ord(c)};" for c in shown)
    # ``end`` closes a block wherever it stands alone.
    return f"#{ord(shown[0])};{shown[1:]}" if escaped.lower() == "end" else escaped or "#45;"


def _end(name: str, role: Role) -> str:
    return name if name == role.value else f"{name} ({role.value})"


def _steps(account: Account) -> Iterator[str]:
    shaded, room = 0, LENGTH_SHOWN
    shown = 0
    for view in account.steps[:STEPS_SHOWN]:
        lines = []
        if view.announces:
            lines += ["    end"] if shaded else []
            lines.append(f"    rect {_SHADES[shaded % len(_SHADES)]}")
            lines.append(f"    Note over C,S: {label(view.announces)}")
        lines.append(_arrow(view))
        room -= sum(map(len, lines))
        if room < 0:
            break
        shaded += bool(view.announces)
        shown += 1
        yield from lines
    if shaded:
        yield "    end"
    if shown < len(account.steps):
        more = count(len(account.steps) - shown, "step")
        yield f"    Note over C,S: {label(f'and {more} more')}"


def _arrow(view: StepView) -> str:
    step = view.step
    ends = ("C", "S") if step.sender is Role.CLIENT else ("S", "C")
    size = len(step.raw) if step.records is None else step.records.content
    text = f"{step.number} {view.title}"
    fatal = step.is_refusal
    if step.kind is Kind.ALERT:
        number = f" ({int(step.description)})" if step.description is not None else ""
        text = f"{step.number} alert {view.title}{number}{', fatal' if fatal else ''}"
    elif size:
        text = f"{text}, {count(size, 'byte')}"
    sign = "-x" if fatal else "->>" if view.key is None else "-->>"
    return f"    {ends[0]}{sign}{ends[1]}: {label(text)}"
