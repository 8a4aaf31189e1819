"""The field specifiers: what stands behind a field's name in a declaration.

They return Any, so that a field is annotated with the type of its value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlsee.codes import OpenEnum
from tlsee.wire.kinds import (
    Constant,
    Fixed,
    Kind,
    Nested,
    Opaque,
    Rest,
    Select,
    UInt,
    Vector,
    least_size,
)


def u8(enum: type[OpenEnum] | None = None, *, closed: bool = False) -> Any:
    """uint8, or an enumeration of that width; ``closed`` refuses numbers it does not name."""
    return UInt(1, enum, closed)


def u16(enum: type[OpenEnum] | None = None, *, closed: bool = False) -> Any:
    """uint16, or an enumeration of that width."""
    return UInt(2, enum, closed)


def u24() -> Any:
    """uint24."""
    return UInt(3)


def u32() -> Any:
    """uint32."""
    return UInt(4)


def u64() -> Any:
    """uint64."""
    return UInt(8)


def opaque(low: int, high: int) -> Any:
    """opaque<low..high>, as bytes."""
    return Opaque(low, high)


def fixed(length: int) -> Any:
    """opaque[length], as bytes."""
    return Fixed(length)


def rest() -> Any:
    """All bytes that are left in what surrounds the struct."""
    return Rest()


def constant(data: bytes) -> Any:
    """Bytes that are always these; annotate with ClassVar, since it is no field."""
    return Constant(data)


def nested(cls: type) -> Any:
    """A struct within the struct."""
    return Nested(cls)


def vector(item: Any, low: int, high: int) -> Any:
    """item<low..high>, as a tuple; an item is a struct or what ``u16(...)``, ``opaque(...)`` give.

    Raises:
        TypeError: such items could be empty, so that their number would have no bound.
    """
    kind: Kind = Nested(item) if isinstance(item, type) else item
    if least_size(kind) < 1:
        raise TypeError(f"no vector of items that may be empty: {item!r}")
    return Vector(kind, low, high)


def select(on: str, cases: Mapping[Any, type]) -> Any:
    """A variant, ``select (on) { case ...: struct }``; otherwise the bytes that are left."""
    return Select(on, cases)
