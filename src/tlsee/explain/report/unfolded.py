"""What ``-v`` and ``-vv`` unfold of a recording: decisions, cost, states, keys, records."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tlsee.codes import ContentType
from tlsee.explain.account import Account, RecordView
from tlsee.explain.cost import cost_of
from tlsee.explain.dissect import Field
from tlsee.explain.keytree import KeyNode, key_graph
from tlsee.explain.layout import Line, paragraph, row, rule, wrap
from tlsee.explain.machine_view import machine_of
from tlsee.explain.report.trees import field_lines, hex_lines
from tlsee.explain.why import Candidate, Why, reasons_of
from tlsee.text import count
from tlsee.values import replace

__all__ = ["choice_lines", "cost_lines", "key_lines", "record_lines", "state_lines"]

LABEL = 10  # columns of a row's label
MARGIN = 4
CANDIDATES_SHOWN = 64  # of one decision; a peer may offer thousands
INPUT_SHOWN = 48  # bytes of an input that comes from no other value
RECORDS_SHOWN = 512  # of a long connection; each has some ten lines


def choice_lines(account: Account, width: int) -> Iterator[Line]:
    """Each decision with its losers, its rule, and what would have been otherwise."""
    for why in reasons_of(account.recording):
        yield from _choice(why, width)
        yield Line("")


def _title(text: str, width: int) -> list[Line]:
    """A section's first line, across where it fits."""
    if len(text) + 4 <= width:
        return [rule(text, width)]
    return [Line(line, "rule") for line in wrap(text, width)]


def _choice(why: Why, width: int) -> Iterator[Line]:
    clause = f" [{why.clause}]" if why.clause else ""
    yield from _title(f"{why.title}, decided by the {why.by.value}", width)
    yield from row("rule", f"{why.rule}{clause}", width, LABEL)
    shown = why.candidates[:CANDIDATES_SHOWN]
    for _, alike in groupby(shown, key=lambda one: (one.chosen, one.offered, one.words)):
        yield from _candidates(list(alike), width)
    more = len(why.candidates) - CANDIDATES_SHOWN
    if more > 0:
        yield Line(f"{'':{MARGIN}}.. and {more:,} more")
    for found in why.what_ifs:
        certain = "" if found.certain else " (likely)"
        yield from row("what if", f"{found.change}: {found.result}{certain}", width, LABEL)


def _candidates(alike: list[Candidate], width: int) -> Iterator[Line]:
    """``won   TLS_AES_128_GCM_SHA256: ...``; neighbours that lost for one reason share a row."""
    one = alike[0]
    word = "won" if one.chosen else "lost" if one.offered else "absent"
    names = ", ".join(found.name for found in alike)
    text = f"{names}: {one.words}" if one.words else names
    kind = "ok" if one.chosen else "row"
    yield from (Line(line.text, kind) for line in row(f"  {word}", text, width, LABEL))


def key_lines(account: Account, width: int) -> Iterator[Line]:
    """The key schedule, each value with what it is made of and where it counts first."""
    graph = key_graph(account.recording)
    if graph is None:
        return
    yield from _title(f"the keys, {graph.version.label}", width)
    if graph.missing:
        yield from paragraph(graph.missing, width, 2)
    stage = ""
    for node in graph.nodes:
        if node.stage != stage:
            stage = node.stage
            yield Line(f"  {stage}", "step")
        yield from _key(node, width)
    yield Line("")


def _key(node: KeyNode, width: int) -> Iterator[Line]:
    public = ", public" if node.public else ""
    size = f", {count(node.length, 'byte')}" if node.length else ""
    clause = f"  [{node.clause}]" if node.clause else ""
    for text in wrap(f"{node.name}{size}{public}{clause}", width, MARGIN + 2, " " * MARGIN):
        yield Line(text, "row")
    inner = MARGIN + 4
    parts = []
    for one in node.inputs:
        data = one.data
        if one.node:
            parts.append(f"{one.role}: {one.node}")
        elif data is not None and len(data) <= INPUT_SHOWN:
            parts.append(f"{one.role}: {data.hex() or 'empty'}")
        else:
            size = count(len(data), "byte") if data is not None else "not in this recording"
            parts.append(f"{one.role}: {size}")
    parts += [f'label: "{node.label}"'] if node.label else []
    parts += [f"context: {node.context_words}"] if node.context_words else []
    made = f"{node.operation} of {'; '.join(parts)}" if parts else node.operation
    texts = [made]
    if node.used_first is not None:
        texts.append(f"first used in step {node.used_first}: {node.used_words}")
    texts += [f"problem: {node.problem}"] if node.problem else []
    for text in texts:
        for line in wrap(text, width, inner + 2, " " * inner):
            yield Line(line, "byte")
    if node.output is None:
        yield Line(f"{'':{inner}}= not in this recording", "byte")
    else:
        for line in hex_lines(node.output, width, inner):
            yield Line(line, "byte")


def cost_lines(account: Account, width: int) -> Iterator[Line]:
    """The cost of the handshake, part by part, and each step's time of the processor."""
    cost = cost_of(account.recording)
    yield from _title("cost", width)
    rows = [
        ("client", f"{count(cost.client_bytes, 'byte')} on the wire in the handshake"),
        ("server", f"{count(cost.server_bytes, 'byte')} on the wire in the handshake"),
        ("overhead", f"{count(cost.overhead_bytes, 'byte')} of them are headers, tags, padding"),
    ]
    if cost.certificate_bytes:
        rows.append(("of these", f"{count(cost.certificate_bytes, 'byte')} of certificates"))
    if cost.post_quantum_bytes:
        rows.append(("and", f"{count(cost.post_quantum_bytes, 'byte')} that are post-quantum"))
    if cost.milliseconds is not None:
        trips = count(cost.round_trips, "round trip")
        rows.append(("time", f"{cost.milliseconds:,.1f} ms, {trips}"))
    timed = [step for step in cost.steps if step.cpu_us is not None]
    if cost.cpu_us is not None and timed:
        dearest = sorted(timed, key=lambda step: -(step.cpu_us or 0.0))[:3]
        parts = ", ".join(f"{s.number} {s.title} {s.cpu_us:,.0f}" for s in dearest)
        rows.append(("processor", f"{cost.cpu_us:,.0f} us on this side; most of it: {parts}"))
    for label, text in rows:
        yield from row(label, text, width, LABEL)
    yield Line("")


def state_lines(account: Account, width: int) -> Iterator[Line]:
    """The path through the state machine."""
    machine = machine_of(account.recording)
    if machine is None:
        return
    yield from _title(f"the {machine.role.value}'s states, {machine.version.label}", width)
    for state, number in machine.path:
        since = f"after step {number}" if number else "at the start"
        yield Line(f"  {state:<{LABEL * 3}} {since}", "row")
    if machine.refused:
        yield Line("  there it failed", "fail")
    yield Line("")


def record_lines(account: Account, width: int) -> Iterator[Line]:
    """Every record from outside: header, what it holds, and what its protection adds."""
    yield from _title("records", width)
    pairs = list(zip(account.records, account.record_fields, strict=True))
    for view, field in pairs[:RECORDS_SHOWN]:
        yield from _record(view, field, width)
    if len(pairs) > RECORDS_SHOWN:
        more = count(len(pairs) - RECORDS_SHOWN, "record")
        yield Line(f"  .. and {more} more: --html and --json have them")
    yield Line("")


def _record(view: RecordView, field: Field, width: int) -> Iterator[Line]:
    way = f"{view.sender.value} to {view.sender.other.value}"
    held = f"{count(view.length, 'byte')} of {view.content}"
    yield Line(f"  record {view.number}, {way}, {held}, {view.wire:,} on the wire"[:width], "step")
    yield from field_lines(_outside(view, field), width)


def _outside(view: RecordView, field: Field) -> Field:
    """The same without the insides of messages, which stand among the flights."""
    if view.content != ContentType.handshake:
        return field
    parts = (
        replace(part, children=(), raw=b"") if part.name[:1].isupper() else part
        for part in field.children
    )
    return replace(field, children=tuple(parts))
