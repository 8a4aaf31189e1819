"""The live page and its parts as markup: one function for a row, whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from htpy import (
    Element,
    Node,
    a,
    article,
    body,
    button,
    dd,
    details,
    div,
    dl,
    dt,
    h1,
    h2,
    head,
    header,
    html,
    input,  # noqa: A004 - the element's name
    label,
    li,
    link,
    main,
    meta,
    ol,
    p,
    script,
    span,
    strong,
    summary,
    title,
)
from htpy import time as time_element

from tlsee.cli.live.board import Changes
from tlsee.cli.live.rows import Row, StepRow
from tlsee.text import count, printable

__all__ = ["fragment", "message_page", "page", "status_line"]

_SIGNS = {"good": "✓", "bad": "✗", "open": "…"}


def _ascii(markup: object) -> str:
    """No character beyond ASCII leaves as itself: none can hide or turn what stands beside it."""
    return str(markup).encode("ascii", "xmlcharrefreplace").decode("ascii")


def status_line(changes: Changes) -> str:
    """How many there were."""
    if not changes.begun:
        return "No connection yet."
    text = f"{count(changes.begun, 'connection')}, {changes.failed:,} failed."
    if changes.forgotten:
        text += f" The oldest {changes.forgotten:,} are no longer kept."
    return text


def page(where: str, changes: Changes, rows: Sequence[Row], note: str) -> str:
    """The whole page, newest connection first.

    Args:
        where: the address that is served, such as ``https://localhost:8443/``.
        note: what recordings have, in a sentence.
    """
    tools = div("#tools.tools", hidden=True)[
        button("#pause", type="button", aria_pressed="false")["Pause"],
        label[input("#failures", type="checkbox"), " failures only"],
    ]
    return _ascii(
        html(lang="en")[
            _head("tlsee: live", script(src="live.js", defer=True)),
            body(data_upto=str(changes.upto))[
                header[
                    p(".mark")["tlsee serve --live"],
                    h1["Connections as they happen"],
                    p["To ", strong[where], ". ", note],
                    p("#status", role="status")[status_line(changes)],
                    p("#following.soft")[
                        "This is what there was when the page was opened. ",
                        a("#refresh", href="./")["Look again"],
                    ],
                    tools,
                ],
                main("#connections", aria_label="Connections, newest first")[
                    [_row(row) for row in rows]
                ],
            ],
        ]
    )


def fragment(row: Row) -> str:
    """A row alone, as an event carries it."""
    return _ascii(_row(row))


def message_page(heading: str, text: str) -> str:
    """A page of one sentence."""
    return _ascii(
        html(lang="en")[
            _head(heading, None),
            body[main[h1[heading], p[text], p[a(href="./")["All connections"]]]],
        ]
    )


def _head(text: str, *more: Node) -> Element:
    return head[
        meta(charset="utf-8"),
        meta(name="viewport", content="width=device-width,initial-scale=1"),
        title[text],
        link(rel="icon", href="icon.svg"),
        link(rel="stylesheet", href="live.css"),
        more,
    ]


def _row(row: Row) -> Element:
    name = f"c{row.number}"
    return article(f"#{name}.{row.kind}", data_number=str(row.number), aria_labelledby=f"{name}-h")[
        h2(f"#{name}-h")[
            span(".sign", aria_hidden="true")[_SIGNS[row.kind]],
            f" {row.word}: {row.headline}",
        ],
        p(".meta")[
            f"#{row.number}, ",
            time_element(datetime=row.moment)[row.clock],
            f", from {row.address}",
        ],
        [p(".why")[sentence] for sentence in row.sentences],
        p(".fix")[strong["What helps: "], row.fix] if row.fix else None,
        dl[[div[dt[term], dd[text]] for term, text in row.facts]] if row.facts else None,
        _steps(row) if row.steps else None,
        _links(row) if row.steps else None,
    ]


def _steps(row: Row) -> Element:
    total = count(len(row.steps) + row.more, "step")
    more = li(".soft")[f"and {row.more:,} more: see its page"] if row.more else None
    return details(f"#c{row.number}-steps")[
        summary[f"{total}, last: {printable(row.steps[-1].title)}" if not row.more else total],
        ol[[_step(step) for step in row.steps], more],
    ]


def _step(step: StepRow) -> Element:
    who = "client" if step.sender == "client" else "server"
    return li(f".{who}")[
        span(".who")[f"{step.number} {who} "],
        strong[step.title],
        p[step.text] if step.text else None,
    ]


def _links(row: Row) -> Element:
    base = f"connection/{row.number}"
    which = span(".apart")[f" of connection {row.number}"]
    return p(".links")[
        a(f"#c{row.number}-page", href=base)["Every byte explained", which],
        a(f"#c{row.number}-tlsrec", href=f"{base}.tlsrec", download=True)["Recording", which],
        a(f"#c{row.number}-pcapng", href=f"{base}.pcapng", download=True)["Capture", which],
    ]
