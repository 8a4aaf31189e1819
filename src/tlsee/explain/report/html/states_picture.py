"""The machine as a picture: the way that was taken goes straight down, the rest is beside it."""

from __future__ import annotations

from htpy import Element, Node, a, div, svg
from htpy import title as title_element

from tlsee.explain.machine_view import MachineEdge, MachineView
from tlsee.explain.report.html.sheet import Sheet
from tlsee.explain.report.html.svg import element, number

__all__ = ["picture"]

WIDTH, HEIGHT = 210, 40
ACROSS, DOWN = 252, 74  # from state to state
COLUMNS = 4
BESIDE = 64  # more room behind the first column, for what its ways are called
TURN = 20  # before a state to the right, where a way turns to it
EDGE = 60  # room on the left, for ways that lead back


def picture(sheet: Sheet, view: MachineView) -> Element:
    """All states and ways; a taken way leads to its step."""
    places = _places(view)
    rows = max(row for _, row in places.values()) + 1
    columns = max(column for column, _ in places.values())
    width = EDGE + ACROSS * (columns + 1) + BESIDE
    taken = {name for name, _ in view.path}
    ways = [edge for edge in view.edges if edge.source != edge.target]
    faint = [_way(edge, places, "way") for edge in ways if not edge.taken]
    lit = [_way(edge, places, "way taken") for edge in ways if edge.taken]
    labels = [_label(sheet, edge, places) for edge in ways if edge.taken]
    last = view.path[-1][0] if view.path else ""
    boxes = [
        _box(name, view, places[name], lit=name in taken, failed=view.refused and name == last)
        for name in places
    ]
    label = f"The {view.role.value}'s state machine; the list below says the same"
    return div(".picture", tabindex="0", role="group", aria_label=label)[
        svg(viewBox=f"0 0 {width} {rows * DOWN - DOWN + HEIGHT + 10}", width=f"{width}")[
            faint, lit, boxes, labels
        ]
    ]


def _places(view: MachineView) -> dict[str, tuple[int, int]]:
    """Column and row of each state: the path in the first, others beside where one comes from."""
    places: dict[str, tuple[int, int]] = {}
    for name, _ in view.path:
        places.setdefault(name, (0, len(places)))
    filled: dict[int, int] = {}
    waiting = [name for name in view.states if name not in places]
    if not places and waiting:
        places[waiting.pop(0)] = (0, 0)
    while waiting:
        name = next((one for one in waiting if _before(one, view, places)), waiting[0])
        waiting.remove(name)
        row = min((places[one][1] + 1 for one in _before(name, view, places)), default=0)
        while filled.get(row, 0) >= COLUMNS - 1:
            row += 1
        filled[row] = filled.get(row, 0) + 1
        places[name] = (filled[row], row)
    return places


def _before(name: str, view: MachineView, places: dict[str, tuple[int, int]]) -> list[str]:
    """The states from which a way leads here, of those that have a place."""
    return [
        edge.source
        for edge in view.edges
        if edge.target == name and edge.source != name and edge.source in places
    ]


def _corner(place: tuple[int, int]) -> tuple[float, float]:
    return EDGE + place[0] * ACROSS + (BESIDE if place[0] else 0), place[1] * DOWN + 4


def _way(edge: MachineEdge, places: dict[str, tuple[int, int]], kind: str) -> Element:
    shape = element("path", d=_shape(places[edge.source], places[edge.target]), class_=kind)
    return shape[title_element[f"{edge.source}, {edge.message}, {edge.target}"]]


def _shape(source: tuple[int, int], target: tuple[int, int]) -> str:
    """The line between two places."""
    x, y = _corner(source)
    tx, ty = _corner(target)
    side, there = number(y + HEIGHT / 2), number(ty + HEIGHT / 2)
    if source[0] == target[0] == 0:
        if target[1] == source[1] + 1:
            return f"M{number(x + 40)} {number(y + HEIGHT)}V{number(ty)}"
        # Around what stands between, on the left.
        out = number(max(6.0, EDGE - 12 - 7 * abs(target[1] - source[1])))
        return f"M{number(x)} {side}C{out} {side} {out} {there} {number(tx)} {there}"
    if target[1] > source[1] and source[0] and target[0]:
        middle = number((y + HEIGHT + ty) / 2)
        start, end = number(x + WIDTH / 2), number(tx + WIDTH / 2)
        foot, head = number(y + HEIGHT), number(ty)
        return f"M{start} {foot}C{start} {middle} {end} {middle} {end} {head}"
    right = target[0] > source[0]
    leaves, arrives = (x + WIDTH, tx) if right else (x, tx + WIDTH)
    if source[0] and target[0]:
        bend = number((leaves + arrives) / 2)
        return f"M{number(leaves)} {side}C{bend} {side} {bend} {there} {number(arrives)} {there}"
    # From the first column or to it: up and down only beyond what the ways there are called.
    turn = EDGE + ACROSS + BESIDE - TURN
    start, end = number(turn - TURN), number(turn + TURN)
    if not right:
        start, end = end, start
    bend = number(turn)
    line = f"H{start}C{bend} {side} {bend} {there} {end} {there}H{number(arrives)}"
    return f"M{number(leaves)} {side}{line}"


def _label(sheet: Sheet, edge: MachineEdge, places: dict[str, tuple[int, int]]) -> Node:
    (column, row), (to_column, to_row) = places[edge.source], places[edge.target]
    if not (column == to_column == 0 and to_row == row + 1):
        return None
    x, y = _corner((column, row))
    step = edge.steps[0] if edge.steps else 0
    words = f"{edge.message}, step {step}" if step else edge.message
    text = element("text", x=number(x + 50), y=number(y + HEIGHT + 20), class_="on")[words]
    href = sheet.href(step)
    return a(href=href)[text] if href else text


def _box(
    name: str, view: MachineView, place: tuple[int, int], *, lit: bool, failed: bool
) -> Element:
    x, y = _corner(place)
    kind = "state" + (" taken" if lit else "") + (" failed" if failed else "")
    figure = view.figure.get(name, "")
    return element("g", class_=kind)[
        element("rect", x=number(x), y=number(y), width=f"{WIDTH}", height=f"{HEIGHT}", rx="8"),
        element("text", x=number(x + 10), y=number(y + 17))[name],
        element("text", x=number(x + 10), y=number(y + 32), class_="figure")[
            f"{figure}: failed here" if failed else figure
        ],
    ]
