"""How the lines of a story or a verdict look where there is colour."""

from __future__ import annotations

from collections.abc import Iterable

from tlsee.cli.output import BAD, HEADING, HINT, OK, QUIET, Screen
from tlsee.explain.layout import Line

_STYLES = {
    "step": HEADING, "rule": HINT, "byte": QUIET, "ok": OK, "fail": BAD, "accepted": OK,
    "refused": BAD, "soon": HINT,
}  # fmt: skip


def show(screen: Screen, lines: Iterable[Line]) -> None:
    """Print the lines of a story."""
    for line in lines:
        screen.line(line.text, _STYLES.get(line.kind))
