"""Both sides as a sequence: who said what, how long it was, when, and under which keys."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import Element, Node, a, div, li, ol, span

from tlsee.explain.account import StepView
from tlsee.explain.report.html.markup import part, sign, size
from tlsee.explain.report.html.sheet import Sheet, epoch_class, is_bad
from tlsee.explain.story import Kind
from tlsee.trace import Role

__all__ = ["sequence"]


def sequence(sheet: Sheet) -> Element:
    """The sequence."""
    heading = sheet.account.heading
    ends = div(".ends", aria_hidden="true")[
        span(".client")[heading.left], span(".server")[heading.right]
    ]
    lead = "What was said, in order; time runs down. Each arrow leads to its message."
    return part("sequence", "Sequence", lead, div(".ladder")[ends, ol[list(_rungs(sheet))]])


def _rungs(sheet: Sheet) -> Iterator[Element]:
    began = sheet.account.story.began or 0.0
    for view in sheet.steps:
        if view.step.number == sheet.gap_before:
            yield li(".band")[f"{sheet.left_out:,} steps are left out here"]
        if view.announces:
            words: Node = a(href="#keys")[view.announces] if sheet.graph else view.announces
            yield li(f".band.{epoch_class(view.step.epoch)}")[sign("lock"), " ", words]
        yield _rung(sheet, view, (view.step.at - began) * 1000)


def _rung(sheet: Sheet, view: StepView, at: float) -> Element:
    step = view.step
    toward = "to-right" if step.sender is Role.CLIENT else "to-left"
    bad = is_bad(view)
    marked = step.number in sheet.evidence
    classes = f".rung.{toward}.{epoch_class(step.epoch)}" + (".bad" if bad else "")
    return li(classes)[
        span(".at")[f"{at:,.1f} ms"],
        a(".arrow", href=f"#m{step.number}")[
            span(".apart")[f"{sheet.way(step.sender)}: "],
            span(".no")[f"{step.number}"],
            " ",
            span(".title")[view.title],
            _flag(view, bad, marked),
            span(".shaft", aria_hidden="true"),
        ],
        span(".measure")[measure(view)],
    ]


def _flag(view: StepView, bad: bool, marked: bool) -> Node:
    if bad:
        return span(".flag")[" ", sign("bad"), " alert: something went wrong"]
    if marked:
        return span(".flag")[" ", sign("bad"), " look here"]
    if view.step.is_goodbye:
        return span(".aside")[" goodbye: nothing is cut off"]
    return None


def measure(view: StepView) -> str:
    """How long it is."""
    step = view.step
    if step.kind is Kind.MESSAGE:
        return size(len(step.raw))
    if step.kind is Kind.DATA and step.records is not None:
        return f"{size(step.records.content)}, {step.records.wire:,} on the wire"
    return "2 bytes" if step.kind is Kind.ALERT else "1 byte"
