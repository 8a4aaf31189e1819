"""From a declaration to the source of its writer, and from a failure to the field at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import pack
from typing import Any

from tlsee.codes import OpenEnum
from tlsee.errors import ApiMisuse
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
from tlsee.wire.source import FORMATS, Source

Writer = Callable[[Any], bytes]


def compile_writer(cls: type) -> Writer:
    """A function ``(value) -> bytes``; what is wrong with a value shows as whatever Python raises.

    ``struct.error``, ``TypeError`` and ``AttributeError`` mean that ``fault_in`` finds a field.
    """
    source = Source("def write(x)")
    source.scope["faults"] = faults
    writer = _StructWriter(source)
    for name, kind in layout_of(cls):
        writer.field(f"{cls.__name__}.{name}", f"x.{name}", kind)
    writer.flush()
    # Also for a single piece: join refuses what is no bytes.
    source.add(f"return b''.join(({''.join(piece + ',' for piece in writer.pieces)}))")
    return source.made("write")


class _StructWriter:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.pieces: list[str] = []
        self.formats = ""  # the run of numbers that is pending
        self.numbers: list[str] = []

    def flush(self) -> None:
        """Make a piece of the pending numbers."""
        if self.numbers:
            packer = self.source.bind(self.source.packer(self.formats).pack, "pack")
            self.pieces.append(f"{packer}({', '.join(self.numbers)})")
            self.formats, self.numbers = "", []

    def field(self, label: str, item: str, kind: Kind) -> None:
        """Lines and pieces for the value that the expression ``item`` gives."""
        match kind:
            case UInt(size=size):
                self._number(item, size)
            case Fixed(length=length):
                self._piece(self._checked(label, item, length, length)[0])
            case Opaque(low=low, high=high):
                self._behind_length(label, item, low, high)
            case Rest():
                self._piece(item)
            case Constant(data=data):
                self._piece(self.source.bind(data, "constant"))
            case Vector():
                write = self.source.bind(_item_writer(label, kind.item), "items")
                self._behind_length(label, f"{write}({item})", kind.low, kind.high)
            case Nested(cls=cls):
                self._piece(f"{self.source.bind(cls, cls.__name__)}._write({item})")
            case Select():
                on = item.rpartition(".")[0] + "." + kind.on
                write = self.source.bind(_variant_writer(kind), "variant")
                self._piece(f"{write}({on}, {item})")
            case Custom():
                self._piece(f"{self.source.bind(kind.write, 'write')}({item})")

    def _number(self, item: str, size: int) -> None:
        self.formats += FORMATS[size]
        if size == 3:
            self.numbers += [f"{item} >> 16", f"{item} & 0xFFFF"]
        else:
            self.numbers.append(item)

    def _piece(self, item: str) -> None:
        self.flush()
        self.pieces.append(item)

    def _checked(self, label: str, item: str, low: int, high: int) -> tuple[str, str]:
        """Lines that hold a length against its bounds; returns the variables of both."""
        held, length = self.source.fresh("v"), self.source.fresh("n")
        self.source.add(f"{held} = {item}")
        self.source.add(f"{length} = len({held})")
        self.source.add(
            f"if not {low} <= {length} <= {high}:"
            f" raise faults.unfit_length({label!r}, {length}, {low}, {high})"
        )
        return held, length

    def _behind_length(self, label: str, item: str, low: int, high: int) -> None:
        held, length = self._checked(label, item, low, high)
        self._number(length, prefix_size(high))
        self._piece(held)


def _item_writer(label: str, kind: Kind) -> Callable[[Iterable[Any]], bytes]:
    """What writes the items of a vector, without the length."""
    match kind:
        case UInt(size=1):
            return lambda items: bytes([*items])  # bytes(3) would be three zeros
        case UInt(size=2):
            return lambda items: pack(f">{len(items)}H", *items)  # type: ignore[arg-type]
        case UInt(size=size):
            return lambda items: b"".join([int(item).to_bytes(size) for item in items])
        case Opaque(low=low, high=high):
            return _opaque_items(label, low, high)
        case Nested(cls=cls):
            struct: Any = cls
            return lambda items: b"".join([struct._write(item) for item in items])
        case _:
            raise TypeError(f"{label}: no vector of {kind!r}")


def _opaque_items(label: str, low: int, high: int) -> Callable[[Iterable[Any]], bytes]:
    size = prefix_size(high)

    def write(items: Iterable[Any]) -> bytes:
        parts: list[bytes] = []
        for item in items:
            if not low <= len(item) <= high:
                raise faults.unfit_length(label, len(item), low, high)
            parts += (len(item).to_bytes(size), item)
        return b"".join(parts)

    return write


def _variant_writer(kind: Select) -> Callable[[int, Any], bytes]:
    cases: dict[int, Any] = {int(number): cls for number, cls in kind.cases.items()}

    def write(chosen: int, item: Any) -> bytes:
        cls = cases.get(chosen)
        return bytes(memoryview(item)) if cls is None else cls._write(item)

    return write


def fault_in(cls: type, item: object, error: Exception) -> ApiMisuse:
    """Which field of a value cannot be written, after its writer has failed with ``error``.

    Numbers are named, bytes are not: they may be secret.
    """
    found = _struct_fault(cls.__name__, item, cls)
    return found or ApiMisuse(f"{cls.__name__}: cannot be written: {type(error).__name__}")


def _struct_fault(label: str, item: Any, cls: type) -> ApiMisuse | None:
    if type(item) is not cls:
        return ApiMisuse(f"{label}: {_type(item)} where {cls.__name__} belongs")
    for name, kind in layout_of(cls):
        if not isinstance(kind, Constant):
            chosen = getattr(item, kind.on) if isinstance(kind, Select) else None
            found = _fault(f"{cls.__name__}.{name}", getattr(item, name), kind, chosen)
            if found is not None:
                return found
    return None


def _fault(label: str, item: Any, kind: Kind, chosen: Any = None) -> ApiMisuse | None:
    match kind:
        case UInt(size=size):
            if not isinstance(item, int):
                return ApiMisuse(f"{label}: {_type(item)} where a number belongs")
            if not 0 <= item < 1 << 8 * size:
                number = int(item) if isinstance(item, OpenEnum) else item
                return ApiMisuse(f"{label}: {number} does not fit {8 * size} bits")
        case Opaque() | Fixed() | Rest():
            if not isinstance(item, bytes | bytearray | memoryview):
                return ApiMisuse(f"{label}: {_type(item)} where bytes belong")
        case Vector(item=inner):
            if not isinstance(item, tuple | list):
                return ApiMisuse(f"{label}: {_type(item)} where a tuple belongs")
            found = (_fault(label, one, inner) for one in item)
            return next((fault for fault in found if fault is not None), None)
        case Nested(cls=cls):
            return _struct_fault(label, item, cls)
        case Select(cases=cases):
            inner = Nested(cases[chosen]) if chosen in cases else Rest()
            return _fault(label, item, inner)
        case Custom():
            if not isinstance(item, kind.holds):
                return ApiMisuse(f"{label}: {_type(item)} where {kind.holds.__name__} belongs")
        case _:
            pass
    return None


def _type(item: object) -> str:
    return type(item).__name__
