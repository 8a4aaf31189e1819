"""Bytes that are no such struct: what can be read of them all the same, as spans.

``codec.dissect`` refuses bytes as strictly as the protocol does. Here the same declarations are
walked once more, field by field, and where one cannot be read a span says why and the walk goes on
behind it, if it is known where that is.
"""

from __future__ import annotations

from tlsee.codes import ExtensionType
from tlsee.errors import PeerMisbehaved
from tlsee.values import value
from tlsee.wire.dissector import dissect_field, dissect_struct, dissect_variant
from tlsee.wire.extensions.block import UnknownExtension, classes_of
from tlsee.wire.extensions.field import ExtensionsField, ServerHelloField
from tlsee.wire.extensions.matrix import Block
from tlsee.wire.kinds import (
    Fixed,
    Kind,
    Nested,
    Opaque,
    Select,
    UInt,
    Vector,
    layout_of,
    prefix_size,
)
from tlsee.wire.span import Span


@value
class Unreadable:
    """In place of a value: why the bytes cannot be read as what stands there."""

    why: str


@value
class Partial:
    """In place of a struct's value: not every field of it could be read."""

    cls: type


@value
class ExtensionBlock:
    """In place of ``Extensions``: which message's block it is."""

    block: Block


def salvage(name: str, cls: type, data: bytes, at: int, end: int) -> Span:
    """What can be read of a struct that should fill ``at`` to ``end``; never raises.

    What is left at the end is a span of its own.
    """
    children: list[Span] = []
    values: dict[str, object] = {}
    position, broken = at, False
    for field, kind in layout_of(cls):
        label = f"{cls.__name__}.{field}"
        try:
            if isinstance(kind, Select):
                span = dissect_variant(field, kind, values.get(kind.on), data, position, end)
            else:
                span = dissect_field(field, label, kind, data, position, end)
        except PeerMisbehaved as error:
            broken = True
            span = _part(field, kind, values, data, position, end, error.detail)
        children.append(span)
        values[field] = span.value
        position = span.end
        if broken and position == end:
            break
    if position < end:
        children.append(unreadable("trailing_bytes", position, end, "bytes that belong to nothing"))
    return Span(name, at, end, Partial(cls), tuple(children))


def unreadable(name: str, at: int, end: int, why: str) -> Span:
    """A span for bytes that cannot be read."""
    return Span(name, at, end, Unreadable(why))


def _part(
    name: str, kind: Kind, values: dict[str, object], data: bytes, at: int, end: int, why: str
) -> Span:
    match kind:
        case Nested(cls=cls):
            return salvage(name, cls, data, at, end)
        case UInt(size=size) | Fixed(length=size) if size <= end - at:
            return unreadable(name, at, at + size, why)
        case Opaque(high=high):
            return _behind_length(name, None, prefix_size(high), data, at, end, why)
        case Vector(item=item, high=high):
            return _behind_length(name, item, prefix_size(high), data, at, end, why)
        case Select(on=on, cases=cases):
            chosen = next((cls for number, cls in cases.items() if number == values.get(on)), None)
            return (
                salvage(name, chosen, data, at, end) if chosen else unreadable(name, at, end, why)
            )
        case ExtensionsField():
            return _block(name, kind, data, at, end, why)
        case _:
            return unreadable(name, at, end, why)


def _behind_length(
    name: str, item: Kind | None, size: int, data: bytes, at: int, end: int, why: str
) -> Span:
    """Something behind its length: what of it is there."""
    if size > end - at:
        return unreadable(name, at, end, why)
    begin = at + size
    length = int.from_bytes(data[at:begin])
    stop = min(begin + length, end)
    parts = [Span(f"{name}.length", at, begin, length)]
    if item is not None:
        parts += _items(name, item, data, begin, stop, why)
    elif stop > begin:
        parts.append(unreadable(f"{name}.data", begin, stop, why))
    return Span(name, at, stop, Unreadable(why), tuple(parts))


def _items(name: str, item: Kind, data: bytes, at: int, stop: int, why: str) -> list[Span]:
    found: list[Span] = []
    while at < stop:
        label = f"{name}[{len(found)}]"
        try:
            span = dissect_field(label, label, item, data, at, stop)
        except PeerMisbehaved as error:
            span = _part(label, item, {}, data, at, stop, error.detail or why)
        found.append(span)
        at = span.end
    return found


def _block(name: str, kind: ExtensionsField, data: bytes, at: int, end: int, why: str) -> Span:
    if end - at < 2:
        return unreadable(name, at, end, why)
    length = int.from_bytes(data[at : at + 2])
    stop = min(at + 2 + length, end)
    block = kind.block
    if isinstance(kind, ServerHelloField) and not _has_versions(data, at + 2, stop):
        block = Block.SH12
    parts = [Span(f"{name}.length", at, at + 2, length)]
    position = at + 2
    while position < stop:
        span = _extension(block, data, position, stop, why)
        parts.append(span)
        position = span.end
    return Span(name, at, stop, ExtensionBlock(block), tuple(parts))


def _has_versions(data: bytes, at: int, stop: int) -> bool:
    while at + 4 <= stop:
        if int.from_bytes(data[at : at + 2]) == ExtensionType.supported_versions:
            return True
        at += 4 + int.from_bytes(data[at + 2 : at + 4])
    return False


def _extension(block: Block, data: bytes, at: int, stop: int, why: str) -> Span:
    if stop - at < 4:
        return unreadable("extension", at, stop, why)
    kind = ExtensionType.of(int.from_bytes(data[at : at + 2]))
    length = int.from_bytes(data[at + 2 : at + 4])
    begin, end = at + 4, min(at + 4 + length, stop)
    head = (
        Span("extension_type", at, at + 2, kind),
        Span("extension_data.length", at + 2, at + 4, length),
    )
    cls = classes_of(block).get(int(kind))
    if length > stop - begin:
        body = unreadable(
            "extension_data", begin, end, f"{length} bytes announced, {end - begin} here"
        )
    elif cls is None:
        body = Span("extension_data", begin, end, data[begin:end])
    else:
        body = _body(cls, data, begin, end)
    item = UnknownExtension(kind, data[begin:end])
    return Span(kind.name, at, end, item, (*head, body))


def _body(cls: type, data: bytes, begin: int, end: int) -> Span:
    try:
        body = dissect_struct(cls.__name__, cls, data, begin, end)
    except PeerMisbehaved:
        return salvage(cls.__name__, cls, data, begin, end)
    return body if body.end == end else salvage(cls.__name__, cls, data, begin, end)
