"""The RFC's structs as Python classes: one declaration reads, writes and dissects.

    @struct
    class KeyShareEntry:
        group: NamedGroup = u16(NamedGroup)
        key_exchange: bytes = opaque(1, 0xFFFF)

is RFC 9846's

    struct {
        NamedGroup group;
        opaque key_exchange<1..2^16-1>;
    } KeyShareEntry;

``read(KeyShareEntry, data)`` and ``write(entry)`` are compiled from it when they are first used;
``dissect`` walks it. A handshake message is a struct that knows its type and keeps the bytes it
came as: ``decode`` and ``encode`` handle it with its header.
"""

from __future__ import annotations

import struct as packing
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar, dataclass_transform

from tlsee.codes import HandshakeType
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons
from tlsee.values import build
from tlsee.wire import faults
from tlsee.wire.dissector import dissect_struct
from tlsee.wire.fields import (
    constant,
    fixed,
    nested,
    opaque,
    rest,
    select,
    u8,
    u16,
    u24,
    u32,
    u64,
    vector,
)
from tlsee.wire.kinds import Constant, Kind, Layout, Rest, Select
from tlsee.wire.reader import compile_reader
from tlsee.wire.span import Span
from tlsee.wire.writer import compile_writer, fault_in

__all__ = [
    "Message",
    "Span",
    "constant",
    "decode",
    "dissect",
    "dissect_message",
    "encode",
    "fixed",
    "message",
    "nested",
    "opaque",
    "read",
    "rest",
    "select",
    "struct",
    "u8",
    "u16",
    "u24",
    "u32",
    "u64",
    "vector",
    "write",
]

T = TypeVar("T")
M = TypeVar("M", bound="Message")


def _layout(cls: type) -> Layout:
    layout: list[tuple[str, Kind]] = []
    for name in cls.__dict__.get("__annotations__", {}):
        kind = cls.__dict__.get(name)
        if not isinstance(kind, Kind):
            raise TypeError(f"{cls.__name__}.{name} says nothing about its bytes")
        layout.append((name, kind))
    for _, kind in layout[:-1]:
        if isinstance(kind, Rest | Select):
            raise TypeError(f"{cls.__name__}: what takes all that is left stands last")
    return tuple(layout)


def declare(cls: type[T], **also: object) -> type[T]:
    """Make a struct of a class; ``also`` are class attributes."""
    layout = _layout(cls)
    names = tuple(name for name, kind in layout if not isinstance(kind, Constant))
    made: Any = build(cls, names, {})
    for name, kind in layout:
        if isinstance(kind, Constant):
            setattr(made, name, kind.data)
    for name, item in also.items():
        setattr(made, name, item)
    made._layout = layout

    def first_read(data: bytes, at: int, end: int) -> tuple[Any, int]:
        made._read = staticmethod(compile_reader(made))
        found: tuple[Any, int] = made._read(data, at, end)
        return found

    def first_write(item: object) -> bytes:
        made._write = staticmethod(compile_writer(made))
        data: bytes = made._write(item)
        return data

    made._read = staticmethod(first_read)
    made._write = staticmethod(first_write)
    result: type[T] = made
    return result


@dataclass_transform(
    frozen_default=True,
    eq_default=True,
    field_specifiers=(u8, u16, u24, u32, u64, opaque, fixed, rest, nested, vector, select),
)
def struct(cls: type[T]) -> type[T]:
    """Class decorator: the annotated names are the struct's fields, in the order of the wire."""
    return declare(cls)


class Message:
    """Base of the handshake messages.

    ``raw`` is the whole message as it came or went, its 4-byte header included; empty as long as
    the message was only built. It takes no part in comparisons.
    """

    __slots__ = ("raw",)
    raw: bytes
    msg_type: ClassVar[HandshakeType]
    _keeps_raw: ClassVar[bool] = True
    _wire_type: ClassVar[int]


@dataclass_transform(
    frozen_default=True,
    eq_default=True,
    field_specifiers=(u8, u16, u24, u32, u64, opaque, fixed, rest, nested, vector, select),
)
def message(
    msg_type: HandshakeType, wire_type: HandshakeType | None = None
) -> Callable[[type[M]], type[M]]:
    """Class decorator: a struct that is the body of a handshake message (RFC 9846, 4).

    ``wire_type`` is what the header says where that is not ``msg_type``.
    """

    def decorate(cls: type[M]) -> type[M]:
        wire = msg_type if wire_type is None else wire_type
        made = declare(cls, msg_type=msg_type, _wire_type=int(wire))
        plain: Any = made
        names = plain._fields
        plain.__init__ = _raw_init(names)
        return made

    return decorate


def _raw_init(names: tuple[str, ...]) -> Callable[..., None]:
    """The constructor of a message: ``raw`` is there, and empty."""
    scope: dict[str, Any] = {}
    lines = [f"def __init__({', '.join(('self', *names))}):", "    self.raw = b''"]
    exec("\n".join(lines + [f"    self.{name} = {name}" for name in names]), scope)  # noqa: S102
    init: Callable[..., None] = scope["__init__"]
    return init


def read(cls: type[T], data: bytes | bytearray | memoryview) -> T:
    """The struct that ``data`` is, from the first byte to the last.

    A message is read without its header here; see ``decode``.

    Raises:
        PeerMisbehaved: malformed, trailing_bytes, or what an extension in it adds to these.
    """
    data = bytes(data)
    plain: Any = cls
    item, at = plain._read(data, 0, len(data))
    if at != len(data):
        raise faults.trailing(cls.__name__, len(data) - at)
    found: T = item
    return found


def write(item: object) -> bytes:
    """The bytes of a struct; of a message, those behind the header.

    Raises:
        ApiMisuse: a field's value is outside of what its declaration allows.
    """
    plain: Any = type(item)
    try:
        data: bytes = plain._write(item)
    except (packing.error, TypeError, AttributeError, ValueError, OverflowError) as error:
        if not hasattr(plain, "_layout"):
            raise ApiMisuse(f"{plain.__name__} is no struct") from None
        raise fault_in(plain, item, error) from None
    return data


def dissect(cls: type, data: bytes | bytearray | memoryview, offset: int = 0) -> Span:
    """What ``read`` reads, as a tree of spans that covers every byte once.

    ``offset`` is where ``data`` begins in what the positions of the tree shall refer to.

    Raises:
        PeerMisbehaved: as ``read`` does.
    """
    data = bytes(data)
    span = dissect_struct(cls.__name__, cls, data, 0, len(data))
    if span.end != len(data):
        raise faults.trailing(cls.__name__, len(data) - span.end)
    return span.moved(offset)


def decode(cls: type[M], raw: bytes) -> M:
    """A whole handshake message, header included; the result keeps it as ``raw``.

    Raises:
        PeerMisbehaved: as ``read`` does; unexpected_message if the header names another type.
    """
    raw = bytes(raw)
    end = _checked_header(cls, raw)
    plain: Any = cls
    item, at = plain._read(raw, 4, end)
    if at != end:
        raise faults.trailing(cls.__name__, end - at)
    item.raw = raw
    found: M = item
    return found


def encode(item: Message) -> bytes:
    """A whole handshake message: ``raw`` if it is there, else header and body, kept as ``raw``.

    Raises:
        ApiMisuse: as ``write`` does, or the body is longer than 2^24-1 bytes.
    """
    if not item.raw:
        body = write(item)
        if len(body) >= 1 << 24:
            raise ApiMisuse(f"{type(item).__name__}: {len(body)} bytes are no handshake message")
        item.raw = packing.pack(">I", item._wire_type << 24 | len(body)) + body
    return item.raw


def dissect_message(cls: type[Message], raw: bytes, offset: int = 0) -> Span:
    """A whole handshake message as a tree: msg_type, length, and the fields of the body.

    ``offset`` is where ``raw`` begins in what the positions of the tree shall refer to.

    Raises:
        PeerMisbehaved: as ``decode`` does.
    """
    raw = bytes(raw)
    end = _checked_header(cls, raw)
    body = dissect_struct(cls.__name__, cls, raw, 4, end)
    if body.end != end:
        raise faults.trailing(cls.__name__, end - body.end)
    found: Any = body.value
    found.raw = raw
    head = (
        Span("msg_type", 0, 1, HandshakeType.of(raw[0])),
        Span("length", 1, 4, end - 4),
    )
    return Span(cls.__name__, 0, end, found, (*head, *body.children)).moved(offset)


def _checked_header(cls: type[Message], raw: bytes) -> int:
    """Where the message ends, after a look at its type and length."""
    name = cls.__name__
    if len(raw) < 4:
        raise faults.short(f"{name}.header", 4, len(raw))
    if raw[0] != cls._wire_type:
        found = HandshakeType.of(raw[0])
        raise PeerMisbehaved(Reasons.unexpected_message, f"{found} where {name} is expected")
    end = 4 + int.from_bytes(raw[1:4])
    if end > len(raw):
        raise faults.short(name, end - 4, len(raw) - 4)
    if end < len(raw):
        raise faults.trailing(name, len(raw) - end)
    return end
