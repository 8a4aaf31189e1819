"""The words of the presentation language (RFC 9846, 3) as values: what a field can be.

A declaration is walked when it is compiled and when bytes are dissected, never per message.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, TypeAlias

from tlsee.codes import OpenEnum
from tlsee.values import value
from tlsee.wire.span import Span


@value
class UInt:
    """uint8 to uint64, big-endian; ``closed``: a number that ``enum`` does not name is illegal."""

    size: int
    enum: type[OpenEnum] | None = None
    closed: bool = False


@value
class Opaque:
    """opaque<low..high>: bytes behind their length."""

    low: int
    high: int


@value
class Fixed:
    """opaque[length]."""

    length: int


@value
class Rest:
    """All bytes that are left: the length stands further out."""


@value
class Constant:
    """Bytes that are always the same and therefore no field."""

    data: bytes


@value
class Nested:
    """A struct within a struct."""

    cls: type


@value
class Vector:
    """T<low..high>: items behind the length in bytes of them all."""

    item: Kind
    low: int
    high: int


@value
class Select:
    """A variant: ``cases`` tells by the number in the field ``on`` which struct follows.

    It is the last field of its struct; where no case matches, the value is the bytes that are left.
    """

    on: str
    cases: Mapping[int, type]


class Custom(ABC):
    """A field with a reader, writer and dissector of its own: the extensions block."""

    __slots__ = ()

    @abstractmethod
    def read(self, data: bytes, at: int, end: int) -> tuple[Any, int]:
        """The value that begins at ``at``, and where it ends.

        Raises:
            PeerMisbehaved: the bytes up to ``end`` are not such a value.
        """

    @abstractmethod
    def write(self, item: Any) -> bytes:
        """The bytes of a value.

        Raises:
            ApiMisuse: it cannot be written.
        """

    @abstractmethod
    def dissect(self, name: str, data: bytes, at: int, end: int) -> Span:
        """What ``read`` reads, as a tree of spans."""

    @property
    @abstractmethod
    def holds(self) -> type:
        """The type of its values."""

    @property
    @abstractmethod
    def least(self) -> int:
        """The fewest bytes that it takes."""


Kind: TypeAlias = UInt | Opaque | Fixed | Rest | Constant | Nested | Vector | Select | Custom

Layout: TypeAlias = tuple[tuple[str, Kind], ...]


def layout_of(cls: type) -> Layout:
    """A struct's fields and constants in the order of the wire."""
    found: Layout | None = getattr(cls, "_layout", None)
    if found is None:
        raise TypeError(f"{cls.__name__} is no struct")
    return found


def prefix_size(high: int) -> int:
    """How many bytes the length of a vector with this ceiling takes (RFC 9846, 3.4)."""
    return max(1, (high.bit_length() + 7) // 8)


def least_size(kind: Kind) -> int:
    """The fewest bytes that a value of this kind takes."""
    match kind:
        case UInt(size=size):
            return size
        case Opaque(low=low, high=high) | Vector(low=low, high=high):
            return prefix_size(high) + low
        case Fixed(length=length):
            return length
        case Constant(data=data):
            return len(data)
        case Nested(cls=cls):
            return sum(least_size(part) for _, part in layout_of(cls))
        case Custom():
            return kind.least
        case _:
            return 0
