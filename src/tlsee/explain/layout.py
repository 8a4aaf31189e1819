"""Lines of at most 80 columns, printable ASCII: how the story is set."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tlsee.values import value

WIDTH = 80  # columns; wider terminals do not make longer lines readable
INDENT = 6  # columns before a message's text


@value
class Line:
    """One line and what it is: ``step``, ``text``, ``rule``, ``row`` or ``byte``."""

    text: str
    kind: str = "text"


def safe(text: str) -> str:
    """The same line in printable ASCII, whatever was in it."""
    escaped = text.encode("ascii", "backslashreplace").decode("ascii")
    if escaped.isprintable():
        return escaped
    return "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in escaped)


def wrap(text: str, width: int = WIDTH, indent: int = 0, first: str | None = None) -> list[str]:
    """Lines of at most ``width`` columns; ``first`` begins the first one instead of the indent."""
    space = " " * indent
    start = space if first is None else first
    return textwrap.wrap(
        safe(text),
        width,
        initial_indent=start,
        subsequent_indent=space,
        break_on_hyphens=False,
    ) or [start.rstrip()]


def labelled(label: str, text: str, width: int = WIDTH, label_width: int = 10) -> list[str]:
    """``  label     text``, wrapped under the text."""
    first = f"  {label:<{label_width}}"
    if not first.endswith(" "):
        first += "  "
    return wrap(text, width, 2 + label_width, first)


def paragraph(text: str, width: int = WIDTH, indent: int = INDENT) -> list[Line]:
    """Wrapped text as lines."""
    return [Line(line) for line in wrap(text, width, indent)]


def row(label: str, text: str, width: int = WIDTH, label_width: int = 10) -> list[Line]:
    """``labelled`` as lines."""
    return [Line(line, "row") for line in labelled(label, text, width, label_width)]


def rule(text: str, width: int = WIDTH) -> Line:
    """A line across with a text in its middle."""
    return Line(f" {text} ".center(width, "-"), "rule")


def listed(items: Sequence[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def short_hex(data: bytes, ends: int = 4) -> str:
    """``5f0c91d2..e177ab40``; the whole where it is short."""
    if len(data) <= 2 * ends + 1:
        return data.hex()
    return f"{data[:ends].hex()}..{data[-ends:].hex()}"
