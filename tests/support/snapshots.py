"""Screens held by files in tests/snapshots/. What differs from run to run is masked.

To accept a screen as it is now: ``TLSEE_UPDATE_SNAPSHOTS=1 pytest tests/unit/cli``, and read the
difference before it is committed.
"""

from __future__ import annotations

import os
import re

from tests.support.house import REPOSITORY

__all__ = ["masked", "matches_snapshot"]

SNAPSHOTS = REPOSITORY / "tests" / "snapshots"
# Of the same length wherever there is a layout to keep.
_MASKS = (
    (re.compile(r"\b[0-9a-f]{8}\.\.[0-9a-f]{8}\b"), "RANDOM00..RANDOM00"),
    (re.compile(r"\b\d+\.\d ms"), "N.N ms"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d{2,5}"), r"\1:PORT"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), "YYYY-MM-DD HH:MM:SS UTC"),
    (re.compile(r"\d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d"), "YYYY-MM-DD to YYYY-MM-DD"),
)
# DER signatures, and certificates with one inside, are a byte or two longer or shorter each time.
_VARYING = re.compile(
    r"^ ?\d+  client .. server  (?:Certificate(?:Verify)?|ServerKeyExchange) +(?P<size>[\d,]+)"
    r"|^  (?:cost|saved) +(?P<cost>[\d,]+)"
    r"|have met here: (?P<met>[\d,]+)"
)


def masked(text: str) -> str:
    """The screen with masks over what is another each time."""
    lines = []
    for line in text.splitlines():
        shown = line
        for pattern, mask in _MASKS:
            shown = pattern.sub(mask, shown)
        found = _VARYING.search(shown)
        if found is not None:
            start, end = next(found.span(name) for name, text in found.groupdict().items() if text)
            shown = shown[:start] + re.sub(r"\d", "N", shown[start:end]) + shown[end:]
        lines.append(shown)
    return "\n".join(lines) + "\n"


def matches_snapshot(name: str, text: str, *, exactly: bool = False) -> None:
    """Assert that a screen is the one in ``tests/snapshots/NAME.txt``; ``exactly``: no masks."""
    path = SNAPSHOTS / f"{name}.txt"
    found = text if exactly else masked(text)
    if os.environ.get("TLSEE_UPDATE_SNAPSHOTS"):
        path.write_text(found, encoding="ascii")
    assert found == path.read_text(encoding="ascii")
