"""The key schedule as a picture: what is mixed in on the left, what protects records on the right.

Four columns: what comes from outside, the spine of extractions, the secrets that are derived from
each, and what is made of those. A row of the picture is a leaf; everything else stands at the first
of its rows.
"""

from __future__ import annotations

from collections.abc import Mapping

from htpy import Element, Node, a, div, svg
from htpy import title as title_element

from tlsee.explain.keytree import KeyGraph, KeyNode
from tlsee.explain.report.html.svg import curve, element, number

__all__ = ["picture"]

WIDTHS = (262, 250, 268, 262)  # of the columns
GAP = 34  # between them, where the lines run
HEIGHT, PITCH = 24, 32  # of a box, and from row to row
TOP = 34  # the columns' headings
INDENT = 18  # of what is made of a leaf
_HEADS = ("mixed in", "the spine", "derived", "what does the work")


def picture(graph: KeyGraph, nodes: tuple[KeyNode, ...], ids: Mapping[str, str]) -> Element:
    """The graph of these nodes; each leads to its row, whose identifier is in ``ids``."""
    layout = _Layout(nodes)
    width = sum(WIDTHS) + GAP * (len(WIDTHS) - 1)
    height = TOP + layout.rows * PITCH
    lines = [line for node in nodes for line in _lines(node, layout)]
    boxes = [_box(node, layout, ids[node.name]) for node in nodes]
    heads = [
        element("text", x=number(_left(column)), y="14", class_="head")[text]
        for column, text in enumerate(_HEADS)
    ]
    label = f"The key schedule of {graph.version.label}, {len(nodes)} values; each leads to its row"
    return div(".picture", tabindex="0", role="group", aria_label=label)[
        svg(".keys-graph", viewBox=f"-14 0 {width + 16} {height}", width=f"{width}")[
            heads, lines, boxes
        ]
    ]


class _Layout:
    """Where each node stands: column, row, indent."""

    def __init__(self, nodes: tuple[KeyNode, ...]) -> None:
        self._known = {node.name: node for node in nodes}
        self.column: dict[str, int] = {}
        self.row: dict[str, int] = {}
        self.indent: dict[str, int] = {}
        self._below: dict[str, list[KeyNode]] = {}
        for node in nodes:
            self._place(node)
        self.rows = 0
        for node in nodes:
            if self._parent(node) is None and self.column[node.name]:
                self._fill(node)
        outside = [node for node in nodes if not self.column[node.name]]
        self._fill_outside(outside)

    def _parent(self, node: KeyNode) -> KeyNode | None:
        """The node above it in the tree; the spine has its salt, the rest what it is made of."""
        names = [one.node for one in node.inputs if one.node in self._known]
        inner = [name for name in names if self.column.get(name)]
        return self._known[inner[0]] if inner else None

    def _place(self, node: KeyNode) -> None:
        above = self._parent(node)
        column = 1
        if node.stage == "key exchange" or (node.operation == "given" and not node.inputs):
            column = 1 if node.name == "main secret" else 0
        elif above is not None and not _is_spine(node):
            same = node.label == "traffic upd"
            column = min(len(WIDTHS) - 1, self.column[above.name] + (not same))
        self.column[node.name] = column
        deep = above is not None and column == self.column[above.name] == len(WIDTHS) - 1
        above_indent = self.indent.get(above.name, 0) if above is not None else 0
        self.indent[node.name] = above_indent + INDENT if deep else 0
        if above is not None:
            self._below.setdefault(above.name, []).append(node)

    def _fill(self, node: KeyNode) -> None:
        """Give rows to a node and all below it, without recursion: chains of updates are long.

        The first thing to its right stands in its own row.
        """
        waiting: list[tuple[KeyNode, int | None]] = [(node, None)]
        while waiting:
            one, shared = waiting.pop()
            row = self.row[one.name] = self.rows if shared is None else shared
            self.rows = max(self.rows, row + 1)
            column = self.column[one.name]
            below = self._below.get(one.name, [])
            right = [each for each in below if self.column[each.name] > column]
            under = [each for each in below if self.column[each.name] <= column]
            following: list[tuple[KeyNode, int | None]] = [
                (each, None if place else row) for place, each in enumerate(right)
            ]
            waiting += reversed(following + [(each, None) for each in under])

    def _fill_outside(self, nodes: list[KeyNode]) -> None:
        """What comes from outside stands beside where it is used, one under the other."""
        for free, node in enumerate(nodes):
            self.row[node.name] = free
        self.rows = max(self.rows, len(nodes))

    def box(self, node: KeyNode) -> tuple[float, float, float]:
        """Left, top, width."""
        column = self.column[node.name]
        indent = self.indent[node.name]
        width = max(80.0, WIDTHS[column] - indent)
        return _left(column) + indent, TOP + self.row[node.name] * PITCH, width

    def known(self, name: str) -> KeyNode | None:
        """A node of the picture."""
        return self._known.get(name)


def _is_spine(node: KeyNode) -> bool:
    return node.operation == "HKDF-Extract" or node.label == "derived"


def _left(column: int) -> float:
    return sum(WIDTHS[:column]) + GAP * column


def _lines(node: KeyNode, layout: _Layout) -> list[Element]:
    """From each of its inputs to it."""
    x, y, _ = layout.box(node)
    found = []
    for one in node.inputs:
        source = layout.known(one.node)
        if source is None:
            continue
        sx, sy, width = layout.box(source)
        start = (sx + width, sy + HEIGHT / 2)
        end = (x, y + HEIGHT / 2)
        here, there = layout.column[node.name], layout.column[source.name]
        if here > there:
            found.append(curve(start, end, "line"))
        elif here == there:
            path = f"M{number(sx + 10)} {number(sy + HEIGHT)}V{number(y)}"
            if x > sx:
                path = f"M{number(sx + 8)} {number(sy + HEIGHT)}V{number(end[1])}H{number(x)}"
            elif not here and y - sy > PITCH:  # around the boxes between them
                top = number(sy + HEIGHT / 2)
                path = f"M{number(sx)} {top}H{number(sx - 10)}V{number(end[1])}H{number(x)}"
            found.append(element("path", d=path, class_="line"))
    return found


def _box(node: KeyNode, layout: _Layout, name: str) -> Node:
    x, y, width = layout.box(node)
    kinds = ["box"]
    if node.output is None:
        kinds.append("absent")
    if node.public:
        kinds.append("public")
    kinds += [side for side in ("client", "server") if node.name.startswith(side)]
    state = "" if node.output is not None else ", not in this recording"
    return a(href=f"#{name}", class_=" ".join(kinds))[
        title_element[f"{node.name}: {node.operation}{state}"],
        element("rect", x=number(x), y=number(y), width=number(width), height=f"{HEIGHT}", rx="6"),
        element("text", x=number(x + 9), y=number(y + 16))[node.name],
    ]
