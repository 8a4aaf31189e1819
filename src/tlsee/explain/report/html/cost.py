"""What the connection cost: bytes, round trips, time and processor, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import (
    Element,
    Node,
    a,
    caption,
    dd,
    dl,
    dt,
    h3,
    li,
    p,
    span,
    svg,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
    ul,
)

from tlsee.explain.cost import Cost, StepCost, cost_of
from tlsee.explain.report.html.markup import part, size, step_link, wide
from tlsee.explain.report.html.sheet import Sheet
from tlsee.explain.report.html.svg import element, number
from tlsee.text import count
from tlsee.trace import Role

__all__ = ["cost"]

BAR = 180  # pixels of the longest bar


def cost(sheet: Sheet) -> Element | None:
    """The costs, or ``None`` where nothing was said."""
    found = cost_of(sheet.account.recording)
    if not found.steps:
        return None
    measured = any(one.cpu_us is not None for one in found.steps)
    work = ", in time, and of this side's processor" if measured else " and in time"
    lead = f"What it took: on the wire{work}. All was measured."
    return part(
        "cost",
        "Cost",
        lead,
        dl[[(dt[term], dd[text]) for term, text in _sums(sheet, found)]],
        _table(sheet, found, measured=measured),
        _post_quantum(sheet, found),
    )


def _sums(sheet: Sheet, found: Cost) -> Iterator[tuple[str, Node]]:
    took = f", {found.milliseconds:,.1f} ms" if found.milliseconds is not None else ""
    yield "Waiting", f"{count(found.round_trips, 'round trip')}{took}"
    total = found.client_bytes + found.server_bytes
    left, right = sheet.name_of(Role.CLIENT), sheet.name_of(Role.SERVER)
    yield (
        "Handshake",
        (
            f"{size(total)} on the wire: {found.client_bytes:,} from {left}, "
            f"{found.server_bytes:,} from {right}"
        ),
    )
    yield (
        "Of these",
        (
            f"{size(found.content_bytes)} of messages and alerts, "
            f"{found.overhead_bytes:,} of headers, tags and padding"
        ),
    )
    if found.certificate_bytes:
        yield "Certificates", size(found.certificate_bytes)
    if found.post_quantum_bytes:
        share = f" ({found.post_quantum_bytes * 100 / total:.0f} %)" if total else ""
        yield "Post-quantum", f"{size(found.post_quantum_bytes)}{share}"
    if found.cpu_us is not None:
        yield "Processor", f"{found.cpu_us / 1000:,.1f} ms on this side"


def _table(sheet: Sheet, found: Cost, *, measured: bool) -> Element:
    heads = ["step", "from", "content", "on the wire", "", "at", "processor"]
    if not measured:
        heads.pop()
    shown = [one for one in found.steps if one.number in sheet.numbers]
    longest = max((one.wire for one in shown), default=0)
    return wide(
        "Cost of each step",
        table(".matrix")[
            caption(".apart")["Cost of each step"],
            thead[tr[[_head(head) for head in heads]]],
            tbody[[_row(sheet, one, longest, measured=measured) for one in shown]],
        ],
    )


def _head(head: str) -> Element:
    kind = "count" if head in {"content", "on the wire", "at", "processor"} else None
    return th(scope="col", class_=kind)[head or span(".apart")["bar"]]


def _row(sheet: Sheet, one: StepCost, longest: int, *, measured: bool) -> Element:
    cpu = f"{one.cpu_us / 1000:,.2f} ms" if one.cpu_us is not None else ""
    return tr[
        th(scope="row")[a(href=f"#m{one.number}")[f"{one.number} {one.title}"]],
        td[sheet.name_of(one.sender)],
        td(".count")[f"{one.content:,}"],
        td(".count")[f"{one.wire:,}"],
        td[_bar(one, longest)],
        td(".count")[f"{one.at_ms:,.1f} ms"],
        td(".count")[cpu] if measured else None,
    ]


def _bar(one: StepCost, longest: int) -> Node:
    """Content in full colour, what is put around it lighter."""
    if not longest or not one.wire:
        return None
    whole = max(1.0, BAR * one.wire / longest)
    inner = min(whole, BAR * one.content / longest)
    side = "client" if one.sender is Role.CLIENT else "server"
    return svg(f".bar-of.{side}", width=f"{BAR}", height="12", aria_hidden="true")[
        element("rect", class_="around", y="2", width=number(whole), height="8"),
        element("rect", class_="content", y="2", width=number(inner), height="8"),
    ]


def _post_quantum(sheet: Sheet, found: Cost) -> Node:
    if not found.post_quantum:
        return None
    return [
        h3["What post-quantum cryptography added"],
        p(".lead")["Bytes that are there for it and for nothing else."],
        ul[
            [
                li[
                    f"{size(item.size)}: {item.what}, ",
                    step_link(item.number, sheet.href(item.number)),
                ]
                for item in found.post_quantum[:40]
            ]
        ],
    ]
