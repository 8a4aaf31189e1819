"""Bytes as a tree of named spans, by walking the declaration.

This is the slow and obvious way to read. It shares no line with the generated readers, so that
the property tests, which hold the two together, compare two opinions.
"""

from __future__ import annotations

from typing import Any

from tlsee.wire import faults
from tlsee.wire.kinds import (
    Constant,
    Custom,
    Fixed,
    Kind,
    Nested,
    Opaque,
    Rest,
    Select,
    UInt,
    Vector,
    layout_of,
    prefix_size,
)
from tlsee.wire.span import Span


def dissect_struct(name: str, cls: type, data: bytes, at: int, end: int) -> Span:
    """The struct that begins at ``at``; it may end before ``end``.

    Raises:
        PeerMisbehaved: the bytes are no such struct.
    """
    children: list[Span] = []
    values: dict[str, object] = {}
    position = at
    for field, kind in layout_of(cls):
        label = f"{cls.__name__}.{field}"
        if isinstance(kind, Select):
            span = dissect_variant(field, kind, values[kind.on], data, position, end)
        else:
            span = dissect_field(field, label, kind, data, position, end)
        children.append(span)
        values[field] = span.value
        position = span.end
    made: Any = object.__new__(cls)
    for field, kind in layout_of(cls):
        if not isinstance(kind, Constant):
            setattr(made, field, values[field])
    if getattr(cls, "_keeps_raw", False):
        made.raw = b""
    return Span(name, at, position, made, tuple(children))


def _need(label: str, size: int, at: int, end: int) -> int:
    if size > end - at:
        raise faults.short(label, size, end - at)
    return at + size


def dissect_field(name: str, label: str, kind: Kind, data: bytes, at: int, end: int) -> Span:
    """One field that is no variant; ``label`` is what a refusal calls it.

    Raises:
        PeerMisbehaved: as ``dissect_struct`` does.
    """
    match kind:
        case UInt():
            return _number(name, label, kind, data, at, end)
        case Fixed(length=length):
            stop = _need(label, length, at, end)
            return Span(name, at, stop, data[at:stop])
        case Constant(data=wanted):
            stop = _need(label, len(wanted), at, end)
            if data[at:stop] != wanted:
                raise faults.illegal(label, "not the value fixed for it")
            return Span(name, at, stop, wanted)
        case Rest():
            return Span(name, at, end, data[at:end])
        case Nested(cls=cls):
            return dissect_struct(name, cls, data, at, end)
        case Custom():
            return kind.dissect(name, data, at, end)
        case Opaque(low=low, high=high):
            head = _length(name, label, low, high, data, at, end)
            stop = head.end + _int(head)
            held = Span(f"{name}.data", head.end, stop, data[head.end : stop])
            return Span(name, at, stop, held.value, (head, held))
        case Vector():
            return _vector(name, label, kind, data, at, end)
        case Select():
            raise TypeError(f"{label}: a variant stands only in a struct")


def _int(span: Span) -> int:
    assert isinstance(span.value, int)
    return span.value


def _number(name: str, label: str, kind: UInt, data: bytes, at: int, end: int) -> Span:
    stop = _need(label, kind.size, at, end)
    number = int.from_bytes(data[at:stop])
    if kind.enum is None:
        return Span(name, at, stop, number)
    member = kind.enum.of(number)
    if kind.closed and not member.is_known:
        raise faults.illegal(label, f"the value {number}")
    return Span(name, at, stop, member)


def _length(name: str, label: str, low: int, high: int, data: bytes, at: int, end: int) -> Span:
    span = _number(f"{name}.length", label, UInt(prefix_size(high)), data, at, end)
    length = _int(span)
    if not low <= length <= high:
        raise faults.bad_length(label, length, low, high)
    _need(label, length, span.end, end)
    return span


def _vector(name: str, label: str, kind: Vector, data: bytes, at: int, end: int) -> Span:
    length = _length(name, label, kind.low, kind.high, data, at, end)
    stop = length.end + _int(length)
    if isinstance(kind.item, UInt) and _int(length) % kind.item.size:
        raise faults.uneven(label, _int(length), kind.item.size)
    items: list[Span] = []
    position = length.end
    while position < stop:
        item = dissect_field(f"{name}[{len(items)}]", label, kind.item, data, position, stop)
        items.append(item)
        position = item.end
    return Span(name, at, stop, tuple(item.value for item in items), (length, *items))


def dissect_variant(
    name: str, kind: Select, chosen: object, data: bytes, at: int, end: int
) -> Span:
    """The variant for the value ``chosen`` of the field that decides.

    Raises:
        PeerMisbehaved: as ``dissect_struct`` does.
    """
    for number, cls in kind.cases.items():
        if number == chosen:
            return dissect_struct(name, cls, data, at, end)
    return Span(name, at, end, data[at:end])
