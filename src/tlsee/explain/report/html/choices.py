"""What was negotiated: for each thing the candidates, who took which, by what rule, and what if."""

from __future__ import annotations

from htpy import (
    Element,
    Node,
    a,
    details,
    div,
    h3,
    li,
    p,
    span,
    summary,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
    ul,
)

from tlsee.explain.report.html.bounds import CANDIDATES_SHOWN
from tlsee.explain.report.html.markup import clause_of, crumbs, part, sign, wide
from tlsee.explain.report.html.sheet import Sheet
from tlsee.explain.why import Candidate, Why
from tlsee.text import count

__all__ = ["choices"]

UNFOLDED = 9  # candidates: a longer list is folded


def choices(sheet: Sheet) -> Element | None:
    """The choices, or ``None`` where there were none."""
    whys = sheet.whys
    if not whys:
        return None
    lead = (
        "For each thing that was agreed on: what there was, what the other could take, what won, "
        "by which rule, and what would have won if one thing were different."
    )
    names = [f"c{place}" for place, _ in enumerate(whys, 1)]
    parts = [_choice(sheet, why, name) for why, name in zip(whys, names, strict=True)]
    return part("choices", "Choices", lead, _overview(sheet, whys, names), parts)


def _overview(sheet: Sheet, whys: tuple[Why, ...], names: list[str]) -> Element:
    heads = ("", "chosen", "by", "offered", "rule")
    return wide(
        "All choices",
        table(".matrix")[
            thead[tr[[th(scope="col")[head or span(".apart")["what"]] for head in heads]]],
            tbody[
                [
                    tr[
                        th(scope="row")[a(href=f"#{name}")[why.title]],
                        td(".name")[why.chosen or "nothing"],
                        td[sheet.name_of(why.by)],
                        td[f"{sum(one.offered for one in why.candidates):,}"],
                        td[why.rule],
                    ]
                    for why, name in zip(whys, names, strict=True)
                ]
            ],
        ],
    )


def _choice(sheet: Sheet, why: Why, name: str) -> Element:
    shown = why.candidates[:CANDIDATES_SHOWN]
    left = len(why.candidates) - len(shown)
    return div(".choice", id=name)[
        h3[a(href=f"#{name}")[why.title], ": ", span(".name")[why.chosen or "nothing"]],
        p[crumbs((f"{why.rule} Decided by {sheet.name_of(why.by)}.", clause_of(why.clause)))],
        _candidates(shown, left),
        _what_ifs(why),
    ]


def _candidates(shown: tuple[Candidate, ...], left: int) -> Node:
    if not shown:
        return None
    heads = ("candidate", "number", "offered", "could be taken", "chosen", "why")
    return details(".fold", open=len(shown) <= UNFOLDED)[
        summary[count(len(shown) + left, "candidate")],
        wide(
            "Candidates",
            table(".matrix")[
                thead[tr[[th(scope="col")[head] for head in heads]]],
                tbody[[_row(one) for one in shown]],
            ],
        ),
        p(".cut")[f"{left:,} more: the page has no place."] if left else None,
    ]


def _row(one: Candidate) -> Element:
    return tr(class_="chosen" if one.chosen else None)[
        th(".name", scope="row")[one.name],
        td(".name")[f"0x{one.code:04x}" if one.code is not None else None],
        td[_answer(one.offered)],
        td[_answer(one.able)],
        td[[sign("ok"), " chosen"] if one.chosen else None],
        td[one.words],
    ]


def _answer(answer: bool | None) -> Node:
    if answer is None:
        return span(".dim")["not said"]
    return [sign("ok"), " yes"] if answer else span(".dim")[sign("bad"), " no"]


def _what_ifs(why: Why) -> Node:
    if not why.what_ifs:
        return None
    return ul(".whatifs")[
        [
            li[
                f"If {one.change}: {one.result}",
                None if one.certain else span(".dim")[" Likely, not certain: the peer decides."],
            ]
            for one in why.what_ifs
        ]
    ]
