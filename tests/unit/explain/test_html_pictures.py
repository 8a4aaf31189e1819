"""The pictures of the page: nothing is written over."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.html import Page, parse
from tests.support.recordings import SCENARIOS, record
from tlsee.explain.account import Account
from tlsee.explain.report.html import page
from tlsee.recording.recording import Recording

ADVANCE = 7.3  # of a letter; the style sheet has 11 pixels, bold, in type of one width
ABOVE, BELOW = 9, 3  # of a line of text, from its base line

Point = tuple[float, float]
Box = tuple[float, float, float, float]


def points(path: str) -> Iterator[Point]:
    """Points on a path of M, H, V and C, close to each other."""
    x = y = 0.0
    for command, numbers in re.findall(r"([MHVC])([^MHVC]*)", path):
        values = [float(one) for one in numbers.split()]
        if command == "M":
            x, y = values
            yield x, y
            continue
        ends = {"H": [*values, y], "V": [x, *values], "C": values[-2:]}[command]
        inner = values[:4] if command == "C" else [x, y, *ends]
        for part in range(1, 201):
            t = part / 200
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield tuple(  # type: ignore[misc]
                sum(
                    weight * at
                    for weight, at in zip(
                        weights, (start, inner[axis], inner[2 + axis], ends[axis]), strict=True
                    )
                )
                for axis, start in enumerate((x, y))
            )
        x, y = ends


def labels(found: Page) -> list[Box]:
    """Where the ways' names stand: left, top, right, bottom."""
    drawn = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="on">([^<]*)<', found.text)
    return [
        (float(x), float(y) - ABOVE, float(x) + ADVANCE * len(text), float(y) + BELOW)
        for x, y, text in drawn
    ]


@pytest.mark.parametrize("who", [0, 1], ids=["client", "server"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_way_runs_through_a_name(name: str, who: int) -> None:
    """Of all ways of the machine, taken or not, none crosses what another is called."""
    recording = record(name).recorders[who].recording
    found = parse(page(Account.of(Recording.from_bytes(recording.to_bytes()))))
    boxes = labels(found)
    ways = re.findall(r'<path d="([^"]*)" class="way', found.text)
    assert boxes
    assert len(ways) > len(boxes)
    for way in ways:
        for x, y in points(way):
            assert not any(
                left <= x <= right and top <= y <= bottom for left, top, right, bottom in boxes
            ), way
