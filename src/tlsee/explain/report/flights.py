"""The flights of a handshake as a ladder of ASCII: who says what to whom, how much of it, and when.

Every line says in words who speaks to whom, so that it makes sense to somebody who hears it; the
rails and arrows only add. Colour adds as little: nothing is told by it alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.explain.account import Account, StepView
from tlsee.explain.layout import WIDTH, Line, safe, wrap
from tlsee.explain.story import Kind, Step
from tlsee.text import printable
from tlsee.trace import Role

__all__ = ["MARK", "ladder", "milliseconds", "said"]

MARK = "X"  # stands behind the steps of which the verdict speaks
LEAST = 74  # columns; on a narrower screen there is no room for rails, and plain lines are told
CLOCK = 11  # columns on the right, for the time
NAME = 21  # columns for a step's name; a longer one takes them from the arrow
TEXT = 6  # columns between the left rail and a sentence
TIP = 2  # columns that an arrow has at least


def ladder(account: Account, width: int = WIDTH) -> Iterator[tuple[StepView | None, Line]]:
    """The lines with the step that each is about; ``None`` for those about none.

    Sentences and fields of a step may be put behind its last line: see ``said``.
    """
    if not account.steps:
        return
    drawn = width >= LEAST
    if drawn:
        yield None, Line(_ends(account, width), "step")
    evidence = () if account.outcome.good else account.outcome.evidence
    began, digits = account.steps[0].step.at, len(str(len(account.steps)))
    for place, view in enumerate(account.steps):
        if view.announces:
            bands = [_band(view.announces, width)] if drawn else wrap(view.announces, width, 4)
            yield from ((view, Line(band, "rule")) for band in bands)
        clock = f"{milliseconds(view.step.at - began):>7}{' ms' if not place else ''}"
        marked = view.step.number in evidence
        kind = _kind(view.step, marked=marked)
        if drawn:
            yield view, Line(_arrow(view, width, clock, digits, marked=marked), kind)
        else:
            for text in _plain(view, width, clock, marked=marked):
                yield view, Line(text, kind)


def said(view: StepView, width: int = WIDTH) -> list[Line]:
    """The sentences of a step, between the rails."""
    if width < LEAST:
        return [Line(text) for one in view.sentences for text in wrap(one, width, TEXT)]
    inner = width - CLOCK - TEXT - 4
    texts = [text for sentence in view.sentences for text in wrap(sentence, inner)]
    return [Line(f"  |{'':{TEXT}}{text:<{inner}} |") for text in texts]


def milliseconds(seconds: float) -> str:
    """``24.1``."""
    return f"{seconds * 1000:,.1f}"


def _ends(account: Account, width: int) -> str:
    """Whose rails they are."""
    names = {"you": {"left": "you (client)", "right": "you (server)"}}
    heading = account.heading
    left = names.get(heading.left, {}).get("left", heading.left)
    right = names.get(heading.right, {}).get("right", heading.right)
    room = width - CLOCK + 1
    left = f" {printable(left, room // 2 - 2)}"
    return f"{left}{printable(right, room // 2):>{room - len(left)}}"


def _kind(step: Step, *, marked: bool) -> str:
    return "fail" if step.is_refusal or marked else "step"


def _band(text: str, width: int) -> str:
    return f"  |{f' {safe(text)} ':=^{width - CLOCK - 3}}|"


def _arrow(view: StepView, width: int, clock: str, digits: int, *, marked: bool) -> str:
    """``|-- 1 client to server: ClientHello    1,486 B ----->|     0.0 ms``."""
    client = view.step.sender is Role.CLIENT
    start, end = ("  |-- ", ">|") if client else ("  |<- ", "-|")
    begin = f"{start}{view.step.number:>{digits}} {_way(view.step)}: "
    size = f" {_size(view.step):>7}{f' {MARK}' if marked else ''} "
    last = width - CLOCK + 1 - len(end)
    room = max(8, last - len(begin) - len(size) - TIP)
    text = f"{begin}{printable(_name(view), room):<{min(NAME, room)}}{size}"
    return f"{text:-<{last}}{end}{clock}".rstrip()


def _plain(view: StepView, width: int, clock: str, *, marked: bool) -> list[str]:
    size = _size(view.step)
    parts = [_name(view), *([size] if size else []), f"{clock.strip().removesuffix(' ms')} ms"]
    mark = f", {MARK}" if marked else ""
    first = f"  {view.step.number} {_way(view.step)}: "
    return wrap(f"{', '.join(parts)}{mark}", width, TEXT, first)


def _way(step: Step) -> str:
    return f"{step.sender.value} to {step.sender.other.value}"


def _name(view: StepView) -> str:
    step = view.step
    if step.kind is Kind.ALERT:
        number = f" ({int(step.description)})" if step.description is not None else ""
        return f"alert {view.title}{number}"
    return view.title


def _size(step: Step) -> str:
    """How long it is, or what it means."""
    if step.kind is Kind.MESSAGE:
        return f"{len(step.raw):,} B"
    if step.kind is Kind.ALERT:
        return "goodbye" if step.is_goodbye else "fatal" if step.is_refusal else "warning"
    if step.kind is Kind.CHANGE:
        return "1 B"
    return f"{step.records.content:,} B" if step.records is not None else ""
