"""A field tree beside its bytes, each row linked to its bytes and back.

Both sides name a field by its place in ``Field.walk``: ``m4.f7`` is the eighth of message 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from htpy import Element, Node, a, b, details, div, i, p, small, span, summary

from tlsee.explain.dissect import Field
from tlsee.explain.report.html.bounds import DEPTH_SHOWN, FIELDS_OF_A_MESSAGE, Budget
from tlsee.text import count
from tlsee.values import replace

__all__ = ["beside"]

_PLAIN = frozenset({"length", "header"})  # every vector and every DER element has one
TINTS = 6  # colours that leaves take in turn, so that neighbours are told apart
OPEN_DEPTH = 1  # fields down to here are unfolded where there is more within
ROW = 16  # bytes in a row of hexadecimal; the style sheet's width goes with it


def beside(
    field: Field,
    prefix: str,
    budget: Budget,
    limit: int = FIELDS_OF_A_MESSAGE,
    *,
    gutter: bool = True,
    terse: bool = False,
) -> tuple[Node, frozenset[int]]:
    """The tree and its bytes side by side, and which of its fields have a row.

    ``gutter``: count the bytes beside their rows; not where some of them stand elsewhere.
    ``terse``: say what a field is for at the first of its kind alone, and have one row for an
    element of DER and its header.
    """
    total = sum(1 for _ in field.walk())
    shown = budget.take_fields(total, limit)
    tree = _Tree(prefix, shown, terse=terse)
    rows = list(tree.parts_of(field))
    left = total - shown
    missing = p(".cut")[f"{count(left, 'field')} more: the page has no place for them."]
    octets = _Octets(prefix, tree.rows, budget, terse=terse)
    node = div(".split")[
        div(".tree", role="group", aria_label=f"Fields of {field.name}")[
            rows, missing if left else None
        ],
        octets.pane(field, gutter=gutter),
    ]
    return node, frozenset(tree.numbers)


class _Tree:
    """The rows of a tree; counts as ``Field.walk`` does.

    Attributes:
        numbers: of the fields that have a row. rows: for these and those that share one, which.
    """

    def __init__(self, prefix: str, shown: int, *, terse: bool) -> None:
        self._prefix = prefix
        self._shown = shown
        self._terse = terse
        self._number = 0
        self._leaf = 0
        self._told: set[str] = set()
        self.rows: dict[int, int] = {}

    @property
    def numbers(self) -> frozenset[int]:
        """Of the fields that have a row."""
        return frozenset(self.rows.values())

    def parts_of(self, field: Field) -> Iterator[Element]:
        """The rows of a whole message: its parts, for its own name is the heading already."""
        self._number = 1
        if not field.children:
            self._number = 0
            yield self._leaf_row(field, field.name, "", "")
        for child in field.children:
            yield from self._row(child, field, 1)

    def _row(self, field: Field, parent: Field, depth: int) -> Iterator[Element]:
        if self._number >= self._shown:
            return
        about = field.about if field.about not in (parent.about, field.words) else ""
        clause = field.clause if field.clause != parent.clause else ""
        _, inner, kind = field.name.rpartition(".")
        if inner and kind in _PLAIN:
            if kind in self._told:  # once is enough
                about = clause = ""
            self._told.add(kind)
        elif self._terse and about:
            about = "" if about in self._told else about
            self._told.add(field.about)
        if self._terse and _is_element(field) and len(field.children) == 2:
            yield self._element(field, parent, about, clause)
        elif field.children and depth < DEPTH_SHOWN:
            yield self._branch(field, parent, about, clause, depth)
        else:
            yield self._leaf_row(field, _short(field, parent), about, clause)
            self._number += sum(1 for _ in field.walk()) - 1

    def _branch(self, field: Field, parent: Field, about: str, clause: str, depth: int) -> Element:
        name = self._name()
        deeper = any(child.children for child in field.children)
        # What holds nothing but one thing would say the same over and over.
        words = field.words if field.words != parent.words else ""
        children = field.children
        if self._terse and children[0].name == f"{field.name}.header":
            words = ", ".join(filter(None, (words, children[0].words)))
            children = children[1:]
            self._share(1)
        head = summary[b[_short(field, parent)], self._rest(field, words, about, clause)]
        inside = [row for child in children for row in self._row(child, field, depth + 1)]
        unfolded = depth <= OPEN_DEPTH and deeper
        return details(id=name, open=unfolded)[head, inside]

    def _leaf_row(self, field: Field, title: str, about: str, clause: str) -> Element:
        name = self._name()
        tint = f"c{self._leaf % TINTS}" if field.raw else None
        self._leaf += bool(field.raw)
        return p(id=name, class_=tint)[
            a(href=f"#{name}")[title], self._rest(field, field.words, about, clause)
        ]

    def _element(self, field: Field, parent: Field, about: str, clause: str) -> Element:
        """A primitive element of DER: its header and its value, one row for all three."""
        header, inner = field.children
        name = self._name()
        self._share(2)
        tint = f"c{self._leaf % TINTS}"
        self._leaf += 1
        words = ", ".join(filter(None, (field.words or inner.words, header.words)))
        problem = field if field.problem else inner if inner.problem else header
        return p(id=name, class_=tint)[
            a(href=f"#{name}")[_short(field, parent)],
            self._rest(replace(field, problem=problem.problem), words, about, clause),
        ]

    def _name(self) -> str:
        name = f"{self._prefix}.f{self._number}"
        self.rows[self._number] = self._number
        self._number += 1
        return name

    def _share(self, fields: int) -> None:
        """The next fields stand in the row that was begun last."""
        row = self._number - 1
        for _ in range(fields):
            self.rows[self._number] = row
            self._number += 1

    @staticmethod
    def _rest(field: Field, words: str, about: str, clause: str) -> Node:
        problem = field.problem and span(".bad")[f" ! {field.problem}"]
        return [
            [" ", span[words]] if words else None,
            problem or None,
            [" ", small[_place(field), f", {clause}" if clause else ""]],
            i[about] if about else None,
        ]


class _Octets:
    """The bytes of a tree, a link for each leaf that stands in a row."""

    def __init__(self, prefix: str, rows: dict[int, int], budget: Budget, *, terse: bool) -> None:
        self._prefix = prefix
        self._rows = rows
        self._budget = budget
        self._terse = terse
        self._cut = False  # whether bytes were left out

    def pane(self, field: Field, *, gutter: bool) -> Element:
        cells = list(self._cells(field))
        rows = range(0, max(1, len(field.raw)), ROW)
        places = "\n".join(f"{at:04x}" for at in rows)
        label = f"Bytes of {field.name}; each stretch leads to its field"
        return div(".octets", role="group", aria_label=label, tabindex="0")[
            span(".gutter", aria_hidden="true")[places] if gutter and not self._cut else None,
            div(".hex")[cells],
        ]

    def _cells(self, field: Field) -> Iterator[Node]:
        last = max(self._rows, default=0)
        for number, leaf in enumerate(field.walk()):
            if leaf.children or not leaf.raw:
                continue
            if number > last:  # no field behind it has a row: their bytes are one stretch
                yield span[self._hex(field.raw[leaf.start - field.start :])]
                return
            text = self._hex(leaf.raw)
            if number in self._rows:
                name = f"#{self._prefix}.f{self._rows[number]}"
                yield a(href=name, tabindex="-1", title=None if self._terse else leaf.name)[text]
            else:
                yield span[text]
            yield " "

    def _hex(self, raw: bytes) -> str:
        """The bytes in hexadecimal, as far as there is place for them."""
        given = self._budget.take_bytes(len(raw))
        if given == len(raw):
            return raw.hex(" ")
        self._cut = True
        return f"{raw[:given].hex(' ')} .. {len(raw) - given:,} more"


def _is_element(field: Field) -> bool:
    """Whether it is an element of DER, of which nothing but header and contents is known."""
    names = [child.name for child in field.children if not child.children]
    return names == [f"{field.name}.header", f"{field.name}.value"]


def _place(field: Field) -> str:
    """Its first byte and its last."""
    if not len(field):
        return f"at {field.start}"
    return f"{field.start}" if len(field) == 1 else f"{field.start}-{field.end - 1}"


def _short(field: Field, parent: Field) -> str:
    """A name within its parent: what the parent's name says already is left out."""
    return field.name.removeprefix(f"{parent.name}.") or field.name
