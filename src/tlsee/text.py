"""Peers' bytes made fit for a person's terminal: one line, ASCII, no control characters."""

from __future__ import annotations

SHOWN_LENGTH = 120  # characters of a peer's text in one message; a name of 253 bytes is cut


def printable(item: str | bytes | bytearray, limit: int = SHOWN_LENGTH) -> str:
    """Text that came from a peer, escaped to printable ASCII and cut to ``limit`` characters.

    A certificate's name or an ALPN identifier is an attacker's input: escape sequences, newlines,
    bidirectional marks and bytes that are no text come out as backslash escapes.
    """
    text = item if isinstance(item, str) else bytes(item).decode("ascii", "backslashreplace")
    escaped = text.encode("ascii", "backslashreplace").decode("ascii")
    shown = "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in escaped)
    return shown if len(shown) <= limit else shown[: limit - 2] + ".."


def count(number: int, noun: str) -> str:
    """``1 share``, ``2 shares``, ``1,476 bytes``: regular plurals only."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
