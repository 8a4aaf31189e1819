"""The top of the page: what the recording is of, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import Element, Node, a, button, dd, div, dl, dt, h1, header, label, nav, p, span
from htpy import input as field

from tlsee.explain.account import Ending
from tlsee.explain.report.html.markup import clause_of, crumbs, sign, step_link
from tlsee.explain.report.html.sheet import Sheet
from tlsee.explain.report.html.shown_certificates import Places
from tlsee.identity.path.verdict import Verdict

__all__ = ["banner", "bar", "verdict_card"]

_OPTIONAL = frozenset({"session", "name", "alpn", "early_data", "record_size", "compression"})
_WORDS = {
    Ending.CONNECTED: "Connected",
    Ending.CUT: "Broken afterwards",
    Ending.REFUSED_HERE: "Refused by this side",
    Ending.REFUSED_THERE: "Refused by the other side",
    Ending.UNFINISHED: "Not finished",
}


def bar(sections: list[tuple[str, str]]) -> Element:
    """The bar that stays in view: the sections, and what a script adds to them."""
    links = [a(href=f"#{name}")[title] for name, title in sections]
    tools = div(".tools", hidden=True)[
        label(".seek")[
            span(".apart")["Search fields and messages"],
            field(type="search", id="seek", placeholder="Search  /", autocomplete="off"),
        ],
        span(id="found", role="status"),
        button(type="button", id="unfold", aria_pressed="false")["Unfold all"],
        button(type="button", id="quiz", aria_pressed="false")["Quiz"],
        button(type="button", id="theme", aria_pressed="false")["Dark"],
        button(type="button", id="print")["Print"],
        button(type="button", id="save")["Save", span(".apart")[" the recording"]],
    ]
    return div(".bar")[nav(aria_label="Sections")[links], tools]


def banner(sheet: Sheet) -> Element:
    """Whose recording it is, of when, and what is in it."""
    heading = sheet.account.heading
    return header(".banner")[
        p(".mark")["tlsee"],
        h1[heading.title],
        p(".facts")[crumbs((f"recorded by {heading.whose}", heading.when, _version(sheet)))],
        _note(sheet),
        [p(".note.bad")[sign("bad"), " ", sentence] for sentence in heading.missing],
    ]


def _note(sheet: Sheet) -> Node:
    """What is in the recording; loud where that is the keys."""
    note = sheet.account.heading.note
    if not note:
        return None
    if sheet.account.recording.header.reveals_secrets:
        return p(".note.loud")[sign("bad"), " ", note]
    return p(".note")[note]


def _version(sheet: Sheet) -> str:
    version = sheet.account.story.version
    return version.label if version is not None else ""


def verdict_card(sheet: Sheet) -> Element:
    """How it ended, why, where to look, and what helps."""
    outcome = sheet.account.outcome
    kind = "ok" if outcome.good else "open" if outcome.ending is Ending.UNFINISHED else "bad"
    return div(f".verdict.{kind}", id="verdict", role="region", aria_label="Verdict")[
        p(".ending")[sign(kind), f" {_WORDS[outcome.ending]}"],
        p(".headline")[outcome.headline.removeprefix("Connected: ")],
        dl[[(dt[term], dd[text]) for term, text in _rows(sheet)]],
    ]


def _rows(sheet: Sheet) -> Iterator[tuple[str, Node]]:
    outcome = sheet.account.outcome
    told = [sentence.partition(": ") for sentence in outcome.sentences]
    if outcome.good and all(colon for _, colon, _ in told):
        yield from ((term, _capital(rest)) for term, _, rest in told)
    elif outcome.sentences:
        yield "Why", [p[sentence] for sentence in outcome.sentences]
    if outcome.name:
        yield "Reason", crumbs((span(".name")[outcome.name], clause_of(outcome.clause)))
    if outcome.alert:
        yield "Alert", outcome.alert
    if outcome.fix:
        yield "What helps", _capital(outcome.fix)
    changes = list(_changes(sheet))
    if changes:
        yield "What if", changes
    links = [_evidence(sheet, number) for number in outcome.evidence]
    links += _proof(sheet)
    if links:
        yield "Evidence", crumbs(links)


def _changes(sheet: Sheet) -> Iterator[Node]:
    """What would have come of it otherwise: of what nothing was chosen for, or of the chain."""
    if sheet.account.outcome.good:
        return
    for place, why in enumerate(sheet.whys, 1):
        if why.chosen or why.what in _OPTIONAL:
            continue
        for what_if in why.what_ifs[:2]:
            likely = "" if what_if.certain else " (likely, not certain)"
            words = f"{what_if.change}: {what_if.result}{likely}"
            yield p["If ", words, ". ", a(href=f"#c{place}")[why.title]]
    verdict: Verdict | None = sheet.account.verdict
    for found in verdict.what_ifs()[:3] if verdict is not None else ():
        if found.verdict is not None:
            yield p[f"{_capital(found.change)}: {'accepted' if found.accepted else 'refused'}."]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _proof(sheet: Sheet) -> list[Node]:
    """Of a certificate that was refused: the path, and the bytes that broke the rule."""
    verdict: Verdict | None = sheet.account.verdict
    if verdict is None or verdict.accepted or verdict.path is None:
        return []
    found: list[Node] = [a(href="#p1")["path 1"]]
    ended = verdict.path.ended_by
    if ended is not None and ended[1].span is not None:
        href = Places(sheet).href_of(ended[0], ended[1].span)
        if href is not None:
            found.append(a(href=href)[f"the bytes that broke the rule: {ended[1].name}"])
    return found


def _evidence(sheet: Sheet, number: int) -> Node:
    titles = {view.step.number: view.title for view in sheet.account.steps}
    text = f"step {number}, {titles[number]}" if number in titles else f"step {number}"
    return step_link(number, sheet.href(number), text)
