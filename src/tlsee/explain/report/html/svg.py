"""Pieces of SVG: numbers, lines and curves."""

from __future__ import annotations

from htpy import Element

__all__ = ["curve", "element", "number"]

Point = tuple[float, float]


def element(name: str, **attributes: str) -> Element:
    """An element of SVG."""
    return Element(name)(**attributes)


def number(place: float) -> str:
    """A coordinate, with one digit at most."""
    return f"{place:.1f}".removesuffix(".0")


def curve(start: Point, end: Point, kind: str, bend: float = 0.5) -> Element:
    """A line that leaves and arrives level."""
    middle = start[0] + (end[0] - start[0]) * bend
    path = (
        f"M{number(start[0])} {number(start[1])}C{number(middle)} {number(start[1])} "
        f"{number(middle)} {number(end[1])} {number(end[0])} {number(end[1])}"
    )
    return element("path", d=path, class_=kind)
