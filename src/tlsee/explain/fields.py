"""Every field of a message with its bytes: the dissection, set in lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tlsee.codes import ExtensionType, OpenEnum
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.errors import TLSError
from tlsee.explain.dissect.registered import registered_name
from tlsee.explain.layout import WIDTH, Line, wrap
from tlsee.text import count, printable
from tlsee.wire.codec import dissect, dissect_message
from tlsee.wire.messages12 import CONTENTS
from tlsee.wire.span import Span

BYTES_SHOWN = 5  # of a field, in hexadecimal
ROWS_SHOWN = 80  # lines of a message; a long chain or list is cut there
INDENT = 8
NAME_COLUMN = 38  # where the meaning begins
BYTES_COLUMN = 62


def fields_of_message(
    message: Any,
    raw: bytes,
    width: int = WIDTH,
    key_exchange: KeyExchangeAlgorithm | None = None,
) -> list[Line]:
    """The fields of a message, a line each; nothing for one that could not be read.

    ``key_exchange`` tells what the key exchange messages of 1.2 hold.
    """
    if message is None:
        return []
    span = _with_content(dissect_message(type(message), raw), message, raw, key_exchange)
    rows = list(_rows(span, raw, 0, width))
    lines = [Line(text.rstrip(), "byte") for text in rows[:ROWS_SHOWN]]
    if len(rows) > ROWS_SHOWN:
        lines.append(Line(f"{'':{INDENT}}.. and {len(rows) - ROWS_SHOWN:,} more lines", "byte"))
    return lines


def _with_content(
    span: Span, message: Any, raw: bytes, key_exchange: KeyExchangeAlgorithm | None
) -> Span:
    """Where the suite tells what a message's bytes are, those instead of the bytes."""
    known = CONTENTS.get(type(message).msg_type, {})
    held = known.get(key_exchange) if key_exchange is not None else None
    if held is None:
        return span
    try:
        found = dissect(held, raw[span.children[-1].start :], span.children[-1].start)
    except TLSError:
        return span
    children = (*span.children[:-1], *found.children)
    return Span(span.name, span.start, span.end, span.value, children)


def _rows(span: Span, raw: bytes, depth: int, width: int) -> Iterator[str]:
    for child in span.children:
        name = child.name
        if name.endswith(".length") or name == "extension_type":
            continue  # the size says it, and the extension's name does
        parts = [part for part in child.children if not part.name.endswith(".length")]
        if name[:1].isupper():  # the struct inside an extension, which is named already
            yield from _rows(child, raw, depth, width)
        elif _is_opaque(parts) or not child.children:
            held = parts[0] if parts else child
            yield _leaf(name.removesuffix(".data"), held, raw, depth, width)
        elif _is_list(parts):
            yield _group(name, child, depth)
            yield from _names(parts, depth + 1, width)
        else:
            yield _group(name, child, depth)
            yield from _rows(child, raw, depth + 1, width)


def _is_opaque(parts: list[Span]) -> bool:
    return len(parts) == 1 and parts[0].name.endswith(".data") and not parts[0].children


def _is_list(parts: list[Span]) -> bool:
    return bool(parts) and all(not part.children and isinstance(part.value, int) for part in parts)


def _label(name: str, depth: int) -> str:
    known = f"{'':{INDENT}}{'  ' * depth}{name}"
    return f"{known:<{NAME_COLUMN}}"


def _group(name: str, span: Span, depth: int) -> str:
    number = ""
    for child in span.children:
        if child.name == "extension_type" and isinstance(child.value, ExtensionType):
            number = f", type {int(child.value)}{', GREASE' if child.value.is_grease else ''}"
    return f"{_label(name, depth)} {count(span.end - span.start, 'byte')}{number}"


def _leaf(name: str, span: Span, raw: bytes, depth: int, width: int) -> str:
    line = f"{_label(name, depth)} {_meaning(span.value)}"
    line = f"{line:<{BYTES_COLUMN}} "
    data = raw[span.start : span.end]
    fits = min(BYTES_SHOWN, (width - len(line) + 1) // 3)
    if len(data) > fits:
        fits = min(BYTES_SHOWN, (width - len(line) - 2) // 3)
        return f"{line}{data[:fits].hex(' ')} .." if fits > 0 else line[:width]
    return line + data.hex(" ")


def _names(parts: list[Span], depth: int, width: int) -> Iterator[str]:
    names = [_name(part.value) for part in parts]
    yield from wrap(", ".join(names), width, INDENT + 2 * depth)


def _name(item: object) -> str:
    """As it shows itself; a number that nobody here speaks by its registered name."""
    registered = registered_name(item) if isinstance(item, OpenEnum) else ""
    return registered or str(item)


def _meaning(item: object) -> str:
    if isinstance(item, OpenEnum):
        return printable(f"{item} ({int(item)})" if item.is_known else str(item), 40)
    if isinstance(item, int):
        return f"{item:,}"
    if isinstance(item, bytes):
        return count(len(item), "byte") if item else "empty"
    return "none" if not item else ""
