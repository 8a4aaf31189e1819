"""Fields as indented lines: each with its meaning, its clause where that changes, and its bytes."""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.explain.dissect import Field
from tlsee.explain.layout import WIDTH, Line, wrap
from tlsee.text import count

__all__ = ["HEX_SHOWN", "field_lines", "hex_lines"]

INDENT = 6
NAME_COLUMN = 36  # where the meaning begins
BYTES_COLUMN = 60  # where few bytes stand, behind the meaning
FEW = 8  # bytes that may stand there
DEEPEST = 15  # levels that are indented; DER may go deeper, and goes on below that
HEX_SHOWN = 256  # bytes of a field; a longer one says how many more there are
LINES_SHOWN = 4000  # of one message


def field_lines(field: Field, width: int = WIDTH, *, first: str = "") -> list[Line]:
    """A field's parts, and theirs; of what it is itself its clause and key.

    ``first`` is put before them, such as the name of what is cut in parts.
    """
    head = [first] if first else []
    head += [field.clause] if field.clause else []
    head += [f"protected by the {field.protected_by}"] if field.protected_by else []
    lines = [Line(text, "byte") for text in wrap(", ".join(head), width, INDENT)] if head else []
    rows = _rows(field, width)
    for text in rows:
        if len(lines) >= LINES_SHOWN:
            lines.append(
                Line(f"{'':{INDENT}}.. and {count(sum(1 for _ in rows) + 1, 'line')} more")
            )
            break
        lines.append(Line(text, "byte"))
    return lines


def _rows(field: Field, width: int) -> Iterator[str]:
    waiting = [(part, field, 0) for part in reversed(field.children)]
    if not waiting:
        yield from hex_lines(field.raw, width, INDENT + 2)
    while waiting:
        part, within, depth = waiting.pop()
        yield from _one(part, within, min(depth, DEEPEST), width)
        waiting.extend((child, part, depth + 1) for child in reversed(part.children))


def _one(field: Field, within: Field, depth: int, width: int) -> Iterator[str]:
    """``legacy_version          TLS 1.2 (0x0303)  03 03``."""
    indent = INDENT + 2 * depth
    text = f"{'':{indent}}{_short(field.name, within.name)}"
    words = field.words
    if field.clause not in ("", within.clause) and not field.name.endswith(".length"):
        words = f"{words}  [{field.clause}]" if words else f"[{field.clause}]"
    raw = b"" if field.children else field.raw
    start = f"{text:<{min(NAME_COLUMN, width // 2)}} "
    line = f"{start}{words}".rstrip()
    beside = f"{line:<{BYTES_COLUMN}}  {raw.hex(' ')}"
    if raw and len(raw) <= FEW and len(beside) <= width:
        yield beside
        raw = b""
    elif len(line) <= width:
        yield line
    elif len(start) + max(map(len, words.split())) <= width:
        yield from wrap(words, width, len(start), start)
    else:  # a long name would be broken there
        yield text
        yield from wrap(words, width, indent + 4)
    yield from hex_lines(raw, width, indent + 2)
    if field.problem:
        yield from wrap(f"problem: {field.problem}", width, indent + 2)


def _short(name: str, within: str) -> str:
    """An item of a list without the list's name, which stands above it."""
    short = name.removeprefix(within)
    return short.removeprefix(".") if short != name and short[:1] in (".", "[") else name


def hex_lines(data: bytes, width: int, indent: int) -> Iterator[str]:
    """Bytes in hexadecimal, as many in a line as fit of 32, 16, 8 or 4."""
    fits = (width - indent + 1) // 3
    each = next((number for number in (32, 16, 8, 4) if number <= fits), 4)
    for start in range(0, min(len(data), HEX_SHOWN), each):
        yield f"{'':{indent}}{data[start : min(start + each, HEX_SHOWN)].hex(' ')}"
    if len(data) > HEX_SHOWN:
        yield f"{'':{indent}}.. and {count(len(data) - HEX_SHOWN, 'byte')} more"
