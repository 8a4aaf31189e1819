"""Every record: what a listener saw of it, and what was inside."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import (
    Element,
    Node,
    a,
    details,
    div,
    h3,
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

from tlsee.codes import ContentType
from tlsee.explain.account import RecordView
from tlsee.explain.dissect import Field
from tlsee.explain.report.html.bounds import FIELDS_OF_RECORDS, RECORDS_SHOWN, Budget
from tlsee.explain.report.html.fields import beside
from tlsee.explain.report.html.markup import part, sign, size
from tlsee.explain.report.html.opening import opening
from tlsee.explain.report.html.sheet import Sheet, content_name, epoch_class
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.text import count
from tlsee.values import replace

__all__ = ["records", "runs_of", "shown"]

# What of a record is not its content, by the names that dissection gives.
_FRAME = frozenset(
    {
        "type", "opaque_type", "legacy_record_version", "version", "length", "nonce_explicit",
        "IV", "MAC", "tag", "zeros", "padding", "padding_length", "encrypted_record", "fragment",
        "trailing_bytes",
    }
)  # fmt: skip

_NONCES = frozenset({"nonce_explicit", "IV"})
_TAGS = frozenset({"tag", "MAC"})  # where they come last they are not encrypted

Run = tuple[RecordView, ...]


def runs_of(views: tuple[RecordView, ...]) -> list[Run]:
    """Records in rows: application data of one side and key, one behind the other, is one row."""
    runs: list[list[RecordView]] = []
    for view in views:
        last = runs[-1][-1] if runs else None
        data = view.content == ContentType.application_data
        if (
            last is not None
            and data
            and (last.content, last.sender) == (view.content, view.sender)
            and last.seen.protection == view.seen.protection
        ):
            runs[-1].append(view)
        else:
            runs.append([view])
    return [tuple(run) for run in runs]


def records(sheet: Sheet, runs: list[Run], left_out: int) -> Element:
    """The records of ``runs``; ``left_out`` is how many others there are."""
    account = sheet.account
    budget = Budget(FIELDS_OF_RECORDS, sheet.budget.octets)
    rows = [_row(sheet, run, account.record_fields[run[0].number - 1], budget) for run in runs]
    lead = (
        "What the record layer carried: the header is all that a listener can read of an encrypted "
        "one. Runs of application data are one row."
    )
    return part(
        "records",
        "Records",
        lead,
        div(".rows")[rows],
        p(".cut")[f"{count(left_out, 'record')} more: the page has no place."]
        if left_out
        else None,
    )


def shown(views: tuple[RecordView, ...]) -> tuple[list[Run], int]:
    """The rows that are shown, and how many records are in none."""
    runs = runs_of(views)
    kept = runs[:RECORDS_SHOWN]
    return kept, sum(len(run) for run in runs[RECORDS_SHOWN:])


def _row(sheet: Sheet, run: Run, field: Field, budget: Budget) -> Element:
    view = run[0]
    name = f"r{view.number}"
    number = f"{view.number}" if len(run) == 1 else f"{view.number}-{run[-1].number}"
    wire = sum(each.wire for each in run)
    length = sum(max(0, each.length) for each in run)
    protection = view.seen.protection
    key: Node = [sign("open"), " readable"]
    if protection is not None:
        key = [sign("lock"), f" {protection.key}"]
    side = view.sender.value
    return details(f".record.{side}.{epoch_class(view.epoch)}", id=name)[
        summary[
            span(".no")[number],
            " ",
            span(".title")[f"{content_name(view.content)}"],
            span(".who")[f" {sheet.way(view.sender)}"],
            span(".measure")[f" {size(length)}, {wire:,} on the wire"],
            span(".key")[" ", key],
        ],
        _lengths(run) if len(run) > 1 else _inside(sheet, view, field, name, budget),
    ]


def _lengths(run: Run) -> Node:
    """What is known of each record in a run."""
    kept = run[:RECORDS_SHOWN]
    heads = ("record", "at", "content", "on the wire")
    return [
        table[
            thead[tr[[th(scope="col")[head] for head in heads]]],
            tbody[
                [
                    tr[
                        th(scope="row")[f"{view.number}"],
                        td[f"{view.at * 1000:,.1f} ms"],
                        td[size(max(0, view.length))],
                        td[size(view.wire)],
                    ]
                    for view in kept
                ]
            ],
        ],
        p(".cut")[f"{len(run) - len(kept):,} more."] if len(run) > len(kept) else None,
    ]


def _inside(sheet: Sheet, view: RecordView, field: Field, name: str, budget: Budget) -> Node:
    slim, carried = _without_messages(sheet, view, field.moved(-field.start))
    inner, _ = beside(slim, name, budget, gutter=carried is None)
    return [
        p[carried] if carried else None,
        _outside(view, field, sheet.amounts.sealed, budget),
        opening(sheet, view),
        h3["As its reader saw it" if view.seen.protection else "Its bytes"],
        inner,
    ]


def _outside(view: RecordView, field: Field, limit: int, budget: Budget) -> Node:
    """The record as it travelled, where it was encrypted and its bytes are there."""
    raw = view.seen.raw
    if view.seen.protection is None or view.seen.left_out or len(raw) <= HEADER_LENGTH:
        return None
    cuts = [(HEADER_LENGTH, "header")]
    nonces = [child for child in field.children if child.name in _NONCES]
    cuts += [(HEADER_LENGTH + len(child), "nonce") for child in nonces]
    last = field.children[-1] if field.children else None
    behind = len(last) if last is not None and last.name in _TAGS else 0
    cuts += [(len(raw) - behind, "encrypted"), (len(raw), "tag")]
    return [
        h3["As it travelled"],
        div(".octets", role="group", aria_label="The record as it travelled", tabindex="0")[
            div(".hex.sealed")[list(_stretches(raw, cuts, limit, budget))]
        ],
    ]


def _stretches(
    raw: bytes, cuts: list[tuple[int, str]], limit: int, budget: Budget
) -> Iterator[Node]:
    start = 0
    for end, word in cuts:
        if end <= start:
            continue
        piece, start = raw[start:end], end
        given = budget.take_bytes(min(limit, len(piece)))
        more = f" .. {len(piece) - given:,} more" if given < len(piece) else ""
        yield span(".apart")[f"{word}: "]
        yield span(f".{word}")[piece[:given].hex(" ", -4) + more]
        yield " "


def _without_messages(sheet: Sheet, view: RecordView, field: Field) -> tuple[Field, Node]:
    """The record with each message as one field: its own fields stand with the message."""
    if view.content != ContentType.handshake or not view.messages:
        return field, None
    places = iter(view.messages)
    children: list[Field] = []
    links: list[Node] = []
    for child in field.children:
        if child.name in _FRAME:
            children.append(child)
            continue
        place = next(places, None)
        found = sheet.message(view.sender, place) if place is not None else None
        href = sheet.href(found.step.number) if found is not None else None
        # Its bytes stand with the message.
        children.append(replace(child, children=(), raw=b"" if href is not None else child.raw))
        if found is not None:
            text = f"{found.step.number} {found.title}"
            links.append([", " if links else None, a(href=href)[text] if href else text])
    slim = replace(field, children=tuple(children))
    return slim, ["It carries ", links, "; their bytes stand there."] if links else None
