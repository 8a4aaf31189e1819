"""The words of this connection, explained: entries of the dictionary for what occurs in it."""

from __future__ import annotations

from collections.abc import Iterator

from htpy import Element, Node, dd, dl, dt, span

from tlsee.explain.dictionary import Entry, look_up
from tlsee.explain.report.html.bounds import TERMS_SHOWN
from tlsee.explain.report.html.markup import clause_of, part
from tlsee.explain.report.html.messages import entry_of
from tlsee.explain.report.html.sheet import Sheet, slug
from tlsee.explain.summary import describe
from tlsee.text import printable

__all__ = ["glossary"]

_ALWAYS = ("handshake", "record", "transcript hash", "main secret", "key share", "AEAD")


def glossary(sheet: Sheet) -> Element | None:
    """The glossary."""
    found: dict[str, Entry] = {}
    for entry in _entries(sheet):
        found.setdefault(slug(f"{entry.kind} {entry.name}"), entry)
        if len(found) == TERMS_SHOWN:
            break
    if not found:
        return None
    ordered = sorted(found.items(), key=lambda pair: pair[1].name.lower())
    lead = "The words of this connection. The command tlsee explain WORD says more."
    return part("glossary", "Glossary", lead, dl(".terms")[[_term(*pair) for pair in ordered]])


def _term(name: str, entry: Entry) -> Node:
    return [
        dt(id=f"g-{name}")[entry.title, span(".kind")[f" {entry.kind}"]],
        dd[entry.what, " ", clause_of(entry.clause)],
    ]


def _entries(sheet: Sheet) -> Iterator[Entry]:
    """Messages and alerts, then what the hellos hold, then what was chosen."""
    for view in sheet.steps:
        entry = entry_of(view)
        if entry is not None:
            yield entry
    story = sheet.account.story
    for choice in story.choices:
        if choice.chosen is not None:
            yield from _of(printable(describe(choice.chosen)))
    for name in _ALWAYS:
        yield from _of(name)
    for view in sheet.steps:
        extensions = view.field.find("extensions") if view.field is not None else None
        for item in extensions.children if extensions is not None else ():
            yield from _of(item.name, "extension")


def _of(word: str, kind: str = "") -> Iterator[Entry]:
    found = [entry for entry in look_up(word).entries if kind in ("", entry.kind)]
    yield from found[:1]
