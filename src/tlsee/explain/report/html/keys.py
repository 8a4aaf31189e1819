"""The key schedule: the picture, and a row for each value with how to compute it again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from htpy import Element, Node, a, button, code, dd, details, div, dl, dt, h3, p, pre, span, summary

from tlsee.explain.keytree import KeyGraph, KeyInput, KeyNode, recipe
from tlsee.explain.layout import short_hex
from tlsee.explain.report.html.bounds import NODES_SHOWN, RECIPE_SHOWN
from tlsee.explain.report.html.keys_picture import picture
from tlsee.explain.report.html.markup import clause_of, crumbs, part, sign, size, step_link
from tlsee.explain.report.html.sheet import Sheet
from tlsee.text import count

__all__ = ["keys"]

_HASH = "Transcript-Hash"
HEX_SHOWN = 64  # bytes of an input that stands in a row; a recipe has all of it
_ABSENT = "not in this recording"


def keys(sheet: Sheet) -> Element | None:
    """The key schedule, or ``None`` where no keys were agreed on."""
    graph = sheet.graph
    if graph is None:
        return None
    nodes = graph.nodes[:NODES_SHOWN]
    left = len(graph.nodes) - len(nodes)
    rows = _Rows(sheet, graph)
    lead = (
        "How the keys are made: what goes in, what comes out, and a few lines of Python that "
        "compute it again. A dashed box is a value that this recording does not have."
    )
    return part(
        "keys",
        "Keys",
        lead,
        [p(".note")[sentence] for sentence in (graph.missing, *graph.problems) if sentence],
        picture(graph, nodes, sheet.key_ids),
        div(".rows")[[rows.row(node) for node in nodes]],
        p(".cut")[f"{count(left, 'value')} more: the page has no place."] if left else None,
        _transcripts(graph, rows),
    )


def _transcripts(graph: KeyGraph, rows: _Rows) -> Node:
    if not graph.transcripts:
        return None
    return [
        h3(id="transcripts")["Transcript hashes"],
        p(".lead")["What ties the keys to every byte that was said until then."],
        div(".rows")[[rows.row(node) for node in graph.transcripts]],
    ]


class _Rows:
    """Writes rows; recipes have a common bound, for some hold whole messages."""

    def __init__(self, sheet: Sheet, graph: KeyGraph) -> None:
        self._sheet = sheet
        self._graph = graph
        self._ids = sheet.key_ids
        self._room = sheet.amounts.recipes

    def row(self, node: KeyNode) -> Element:
        value = short_hex(node.output) if node.output is not None else _ABSENT
        kind = "absent" if node.output is None else "present"
        return details(f".row.{kind}", id=self._ids[node.name])[
            summary[
                span(".title")[node.name],
                span(".who")[f" {node.operation}"],
                span(".measure")[f" {size(node.length)}" if node.length else None],
                span(".value")[" ", value],
            ],
            dl[[(dt[term], dd[text]) for term, text in self._facts(node)]],
            self._recipe(node),
        ]

    def _facts(self, node: KeyNode) -> Iterator[tuple[str, Node]]:
        yield "What it is", [node.about, " ", clause_of(node.clause)]
        if node.problem:
            yield "Problem", span(".bad")[sign("bad"), " ", node.problem]
        if node.operation == _HASH:
            yield "It hashes", self._messages(node)
        for one in node.inputs if node.operation != _HASH else ():
            yield one.role[:1].upper() + one.role[1:], self._input(one)
        if node.label:
            tls13 = node.operation in {"HKDF-Expand-Label", "Derive-Secret"}
            yield ("Label", code[f"tls13 {node.label}"]) if tls13 else ("With", code[node.label])
        if node.context or node.context_words:
            yield "Context", [self._link(node.context_words), " ", _octets(node.context)]
        output: Node = _octets(node.output) if node.output is not None else _ABSENT
        yield "Output", output
        yield "Who can compute it", _who(node)
        if node.used_words:
            yield "Used first", self._use(node)

    def _input(self, one: KeyInput) -> Node:
        if one.node:
            return self._link(one.node)
        return _octets(one.data) if one.data is not None else _ABSENT

    def _messages(self, node: KeyNode) -> Node:
        """What a transcript's hash is over."""
        found: list[Node] = []
        for one in node.inputs:
            number = re.match(r"message (\d+)", one.role)
            href = self._sheet.href(int(number[1])) if number else None
            words: Node = a(href=href)[one.role] if href else one.role
            found.append([words, f" ({size(len(one.data or b''))})"])
        name = node.hash_name
        return [
            crumbs(found),
            ": their bytes as they stand above, one behind another, through ",
            code[f"hashlib.{name}"],
        ]

    def _link(self, name: str) -> Node:
        target = self._ids.get(name)
        return a(href=f"#{target}")[name] if target else name

    def _use(self, node: KeyNode) -> Node:
        if node.used_first is None:
            return node.used_words
        link = step_link(node.used_first, self._sheet.href(node.used_first))
        return [link, ": ", node.used_words]

    def _recipe(self, node: KeyNode) -> Node:
        if node.operation == "given":
            return None
        text = recipe(self._graph, node)
        if len(text) > RECIPE_SHOWN:
            return None
        if len(text) > self._room:
            return p(".cut")["The page has no place for its recipe; tlsee explain --json has it."]
        self._room -= len(text)
        return div(".recipe")[
            button(".copy", type="button", hidden=True)["Copy"],
            pre(tabindex="0", role="group", aria_label=f"Python for {node.name}")[code[text]],
        ]


def _who(node: KeyNode) -> str:
    if node.public:
        return "Anybody: it needs nothing but what was readable."
    if node.operation == "given":
        return "Whoever made it."
    return "The two sides, and whoever gets what it is made of."


def _octets(raw: bytes) -> Node:
    if not raw:
        return "empty"
    if not any(raw):
        return f"{count(len(raw), 'zero byte')}"
    shown = raw[:HEX_SHOWN].hex(" ")
    more = f" .. {len(raw) - HEX_SHOWN:,} more" if len(raw) > HEX_SHOWN else ""
    return code(".octet")[shown + more]
