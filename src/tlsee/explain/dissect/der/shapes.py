"""The words of ASN.1 as values: what an element can be, in the order of the modules.

A shape says which tags it takes; ``walking`` reads bytes by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from tlsee.explain.dissect.field import Field
from tlsee.values import value

CONSTRUCTED = 0x20
CONTEXT = 0x80

BOOLEAN_TAG = 0x01
INTEGER_TAG = 0x02
BIT_STRING_TAG = 0x03
OCTET_STRING_TAG = 0x04
NULL_TAG = 0x05
OID_TAG = 0x06
ENUMERATED_TAG = 0x0A
SEQUENCE_TAG = 0x30
SET_TAG = 0x31

Say: TypeAlias = Callable[[bytes], str]
Cut: TypeAlias = Callable[[bytes], "tuple[Field, ...]"]
SumUp: TypeAlias = Callable[[Iterable[Field]], str]


@value
class Primitive:
    """A value: ``say`` puts its contents in words; ``cut``, if there, divides them further.

    ``tags`` are those it may have, ``tag`` in its place where the module says IMPLICIT.
    """

    label: str
    tags: frozenset[int]
    say: Say
    cut: Cut | None = None


@value
class Part:
    """A component of a SEQUENCE."""

    name: str
    shape: Shape
    optional: bool = False
    about: str = ""
    clause: str = ""


@value
class Sequence:
    """SEQUENCE { ... }; ``tag`` is another where the module says IMPLICIT.

    ``sum_up`` puts it in words by those of its parts; without, the first part's do.
    """

    parts: tuple[Part, ...]
    tag: int = SEQUENCE_TAG
    sum_up: SumUp | None = None


@value
class Many:
    """SEQUENCE OF or SET OF; ``named`` gives an item a better name than its number, if it can."""

    item: Shape
    item_name: str
    tag: int = SEQUENCE_TAG
    named: Callable[[bytes], str] | None = None
    sum_up: SumUp | None = None


@value
class Explicit:
    """[n] EXPLICIT: an element around another one."""

    number: int
    inner: Shape

    @property
    def tag(self) -> int:
        """The tag of the outer element."""
        return CONTEXT | CONSTRUCTED | self.number


@value
class Choice:
    """CHOICE: the names and shapes, told apart by their tags."""

    parts: tuple[Part, ...]


@value
class Holding:
    """An OCTET STRING or BIT STRING with DER inside; a bit string's first octet counts bits."""

    inner: Shape
    tag: int = OCTET_STRING_TAG


@value
class Open:
    """A shape that earlier components decide; they are given by their names."""

    choose: Callable[[Mapping[str, Field]], Shape]


@value
class Anything:
    """Whatever the tags say."""


Shape: TypeAlias = Primitive | Sequence | Many | Explicit | Choice | Holding | Open | Anything


def implicit(number: int, shape: Shape) -> Shape:
    """[n] IMPLICIT: the same with another tag."""
    match shape:
        case Primitive():
            tag = frozenset({CONTEXT | number})
            return Primitive(shape.label, tag, shape.say, shape.cut)
        case Sequence():
            return Sequence(shape.parts, CONTEXT | CONSTRUCTED | number, shape.sum_up)
        case Many():
            tag_number = CONTEXT | CONSTRUCTED | number
            return Many(shape.item, shape.item_name, tag_number, shape.named, shape.sum_up)
        case _:
            raise TypeError(f"no implicit tag for {type(shape).__name__}")


def takes(shape: Shape, tag: int) -> bool:
    """Whether an element of this tag may be of this shape."""
    match shape:
        case Primitive(tags=tags):
            return tag in tags
        case Sequence() | Many() | Explicit() | Holding():
            return tag == shape.tag
        case Choice(parts=parts):
            return any(takes(part.shape, tag) for part in parts)
        case _:
            return True
