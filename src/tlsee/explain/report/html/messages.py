"""Every step: what it is for, what it says, its fields beside its bytes."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import (
    Element,
    Node,
    a,
    article,
    b,
    blockquote,
    details,
    div,
    h3,
    header,
    p,
    span,
    summary,
)

from tlsee.explain.account import StepView
from tlsee.explain.dictionary import Entry, look_up
from tlsee.explain.report.html.fields import beside
from tlsee.explain.report.html.markup import clause_of, crumbs, part, sign, under_key
from tlsee.explain.report.html.proving import proving
from tlsee.explain.report.html.sequence import measure
from tlsee.explain.report.html.sheet import Sheet, epoch_class, is_bad
from tlsee.explain.story import Kind
from tlsee.text import count
from tlsee.trace import Role

__all__ = ["entry_of", "messages"]

RECORDS_NAMED = 8


def messages(sheet: Sheet) -> Element:
    """The messages."""
    lead = (
        "What each message is for and what this one said. Unfold one: its fields stand beside its "
        "bytes, and each leads to the other."
    )
    return part("messages", "Messages", lead, list(_articles(sheet)))


def _articles(sheet: Sheet) -> Iterator[Element]:
    first = next((view.step.number for view in sheet.steps if view.field is not None), 0)
    unfolded = {first} if sheet.account.outcome.good else sheet.evidence
    for view in sheet.steps:
        if view.step.number == sheet.gap_before:
            yield p(".cut")[f"{sheet.left_out:,} steps are left out here: the page has no place."]
        yield _article(sheet, view, unfolded=view.step.number in unfolded)


def _article(sheet: Sheet, view: StepView, *, unfolded: bool) -> Element:
    step = view.step
    name = f"m{step.number}"
    entry = entry_of(view)
    toward = "client" if step.sender is Role.CLIENT else "server"
    classes = f".message.{toward}.{epoch_class(step.epoch)}" + (".bad" if is_bad(view) else "")
    clause = view.field.clause if view.field is not None else entry.clause if entry else ""
    return article(classes, id=name, aria_labelledby=f"{name}-h", tabindex="-1")[
        header[
            h3(id=f"{name}-h")[a(href=f"#{name}")[span(".no")[f"{step.number}"], f" {view.title}"]],
            p(".facts")[
                crumbs(
                    (sheet.way(step.sender), measure(view), _key(sheet, view), clause_of(clause))
                )
            ],
        ],
        p(".purpose")[_purpose(entry)] if entry is not None else None,
        [blockquote[sentence] for sentence in view.sentences],
        _alert(view, entry),
        _folded(sheet, view, name, unfolded=unfolded),
        proving(sheet, view),
        _records(sheet, view),
    ]


def entry_of(view: StepView) -> Entry | None:
    """What the dictionary has about a step."""
    if view.step.kind is Kind.MESSAGE:
        wanted, kind = str(view.step.handshake_type), "message"
    elif view.step.kind is Kind.ALERT:
        wanted, kind = str(view.step.description), "alert"
    else:
        wanted = "application_data" if view.step.kind is Kind.DATA else "change_cipher_spec"
        kind = "record type"
    return next((entry for entry in look_up(wanted).entries if entry.kind == kind), None)


def _purpose(entry: Entry) -> str:
    return f"{entry.what} {entry.means}".strip()


def _facts(sheet: Sheet, view: StepView) -> Iterator[Node]:
    yield sheet.way(view.step.sender)
    yield measure(view)
    yield _key(sheet, view)


def _key(sheet: Sheet, view: StepView) -> Node:
    if view.key is None:
        return span(".key.open")[sign("open"), " readable by everybody"]
    return under_key(view.key, sheet.key_href(view.key))


def _alert(view: StepView, entry: Entry | None) -> Node:
    if not is_bad(view) or entry is None or not entry.do:
        return None
    return p[b["What to do: "], entry.do]


def _folded(sheet: Sheet, view: StepView, name: str, *, unfolded: bool) -> Node:
    field = view.field
    if field is None:
        return _spoken(view)
    number = sum(1 for _ in field.walk()) - 1
    inside, sheet.rows[view.step.number] = beside(
        field, name, sheet.budget, sheet.amounts.fields, terse=sheet.amounts.terse
    )
    title = f"{count(number, 'field')} in {count(len(field), 'byte')}"
    return details(".fold", open=unfolded)[summary[title], inside]


def _spoken(view: StepView) -> Node:
    if view.step.kind is not Kind.DATA or view.step.spoken:
        return None
    return p(".cut")["What was said is not in this recording, not even encrypted."]


def _records(sheet: Sheet, view: StepView) -> Node:
    """The records it travelled in."""
    if not view.records:
        return None
    shown = view.records[:RECORDS_NAMED]
    links = [
        [", " if place else None, a(href=f"#r{number}")[f"{number}"]]
        if number in sheet.record_ids
        else [", " if place else None, f"{number}"]
        for place, number in enumerate(shown)
    ]
    more = len(view.records) - len(shown)
    word = "record" if len(view.records) == 1 else "records"
    return div(".carried")[
        f"It travelled in {word} ", links, f" and {more:,} more" if more else None, "."
    ]
