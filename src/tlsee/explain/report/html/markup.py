"""Small pieces of markup that several sections use."""

from __future__ import annotations

import re
from collections.abc import Iterable

from htpy import Element, Node, a, div, section, span
from htpy import h2 as heading2
from markupsafe import Markup

from tlsee.text import count

__all__ = [
    "SIGNS",
    "clause_of",
    "crumbs",
    "only_ascii",
    "part",
    "sign",
    "size",
    "step_link",
    "under_key",
    "wide",
]

# Signs that go with words, never instead of them.
SIGNS = {
    "ok": Markup("&#x2713;"),
    "bad": Markup("&#x2717;"),
    "open": Markup("&#x25CB;"),
    "lock": Markup("&#x25A0;"),
    "right": Markup("&rarr;"),
    "left": Markup("&larr;"),
    "dot": Markup(" &middot; "),
    "dash": Markup("&ndash;"),
}
_FOREIGN = re.compile(r"[^\n -~]")


def sign(name: str) -> Element:
    """A sign that a screen reader passes over: the words beside it say the same."""
    return span(".sign", aria_hidden="true")[SIGNS[name]]


def only_ascii(text: str) -> str:
    """A finished page without a character that could hide or turn what stands beside it.

    Bidirectional marks, control characters and letters that look like others come out as escapes.
    """
    return _FOREIGN.sub(lambda found: _escape(ord(found.group())), text)


def _escape(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def part(name: str, title: str, lead: Node, *children: Node) -> Element:
    """A section of the page with its heading and a sentence on what it shows."""
    return section(id=name, aria_labelledby=f"{name}-h")[
        heading2(id=f"{name}-h")[a(href=f"#{name}")[title]],
        span(".lead")[lead] if lead else None,
        *children,
    ]


def crumbs(items: Iterable[Node]) -> Node:
    """Several facts in a line."""
    found = [item for item in items if item is not None and item != ""]
    return [[SIGNS["dot"] if place else None, item] for place, item in enumerate(found)]


def wide(label: str, content: Node) -> Element:
    """What may be wider than the window: it scrolls for itself, also by the keyboard."""
    return div(".wide", role="group", aria_label=label, tabindex="0")[content]


def clause_of(clause: str) -> Node:
    """Where something is defined; text, as a page that is read offline has nowhere to lead to."""
    return span(".clause")[clause] if clause else None


def size(number: int) -> str:
    """``1,476 bytes``."""
    return count(number, "byte")


def step_link(number: int, href: str | None, text: str = "") -> Node:
    """A step by its number."""
    words = text or f"step {number}"
    return a(href=href)[words] if href else words


def under_key(key: str, href: str | None) -> Node:
    """What protects something; it leads to how that key is made."""
    return span(".key")[sign("lock"), " ", a(href=href)[key] if href else key]
