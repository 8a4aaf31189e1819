"""The state machine of the side that was recorded, with the way it took."""

from __future__ import annotations

import re

from htpy import (
    Element,
    Node,
    a,
    details,
    h3,
    i,
    li,
    ol,
    p,
    span,
    summary,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
)

from tlsee.codes import ProtocolVersion
from tlsee.explain.dictionary import look_up
from tlsee.explain.machine_view import MachineEdge, MachineView, machine_of
from tlsee.explain.report.html.bounds import PATH_SHOWN
from tlsee.explain.report.html.markup import part, sign, step_link, wide
from tlsee.explain.report.html.sheet import Sheet
from tlsee.explain.report.html.states_picture import picture
from tlsee.text import count

__all__ = ["states"]


def states(sheet: Sheet) -> Element | None:
    """The machine, or ``None`` where none was watched."""
    view = machine_of(sheet.account.recording)
    if view is None:
        return None
    lead = (
        f"The {view.role.value}'s machine in {view.version.label}, as the code has it: all that "
        "may happen, and what did. The way that was taken is drawn thick, from the top."
    )
    return part(
        "states",
        "States",
        lead,
        picture(sheet, view),
        h3["The way in words"],
        _path(sheet, view),
        _edges(sheet, view.edges) if sheet.amounts.ways else None,
    )


def _path(sheet: Sheet, view: MachineView) -> Node:
    shown = view.path[:PATH_SHOWN]
    left = len(view.path) - len(shown)
    last = len(view.path) - 1
    return [
        ol(".path")[
            [
                li[
                    span(".name")[name],
                    span(".dim")[f" {view.figure[name]}"] if name in view.figure else None,
                    _arrived(sheet, number),
                    span(".bad")[" ", sign("bad"), " here it failed"]
                    if view.refused and place == last
                    else None,
                    _about(name, view),
                ]
                for place, (name, number) in enumerate(shown)
            ]
        ],
        p(".cut")[f"{count(left, 'state')} more: the page has no place."] if left else None,
    ]


def _arrived(sheet: Sheet, number: int) -> Node:
    if not number:
        return span(".dim")[" at the start"]
    return [", ", step_link(number, sheet.href(number))]


# An entry says for each role and version what the state of this name is there.
_NEXT = re.compile(r"(?<=[.?!]) (?=(?:A client|A server|Either side)\b)")


def _about(name: str, view: MachineView) -> Node:
    """What the dictionary says of a state, as far as it is about this role and version."""
    entry = next((one for one in look_up(name).entries if one.kind == "state"), None)
    if entry is None:
        return None
    older = " of TLS 1.2" if view.version < ProtocolVersion.TLS13 else ""
    whose = f"A {view.role.value}{older}: "
    parts = _NEXT.split(entry.what)
    either = f"Either side in {view.version.label}: "
    for start in (whose, either, f"A {view.role.value}: "):
        for part_of in parts:
            if part_of.startswith(start):
                return i[part_of.removeprefix(start).strip()]
    return i[entry.what]


def _edges(sheet: Sheet, edges: tuple[MachineEdge, ...]) -> Element:
    heads = ("from", "on", "to", "taken")
    return details(".fold")[
        summary[f"All {count(len(edges), 'way')} of the machine"],
        wide(
            "Ways of the machine",
            table(".matrix")[
                thead[tr[[th(scope="col")[head] for head in heads]]],
                tbody[[_edge(sheet, edge) for edge in edges]],
            ],
        ),
    ]


def _edge(sheet: Sheet, edge: MachineEdge) -> Element:
    links: list[Node] = []
    for number in edge.steps[:8]:
        href = sheet.href(number)
        links += [" ", a(href=href)[f"step {number}"] if href else f"step {number}"]
    return tr(class_="chosen" if edge.taken else None)[
        th(".name", scope="row")[edge.source],
        td(".name")[edge.message],
        td(".name")[edge.target],
        td[[sign("ok"), " taken", links] if edge.taken else None],
    ]
