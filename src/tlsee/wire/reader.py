"""From a declaration to the source of its reader.

The source is straight: neighbouring fields of fixed size, the length prefix that follows them
included, are unpacked by one call; structs within structs and within vectors are inlined; objects
are made by ``__new__`` and filled by assignment. Every slice is preceded by the check that the
bytes are there.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import unpack_from as _unpack
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
from tlsee.wire.source import FORMATS, Source

# Vectors of uint16 are unpacked at once; formats for the usual lengths are ready.
_COUNTED = tuple(f">{n}H" for n in range(128))

Reader = Callable[[bytes, int, int], tuple[Any, int]]


def compile_reader(cls: type) -> Reader:
    """A function ``(data, at, end) -> (value, where it ended)`` that raises PeerMisbehaved."""
    source = Source("def read(d, o, end)")
    source.scope["faults"] = faults
    target = _StructReader(source, "end").whole(cls)
    source.add(f"return {target}, o")
    return source.made("read")


class _StructReader:
    """Writes the lines for the fields between ``o`` and one end."""

    def __init__(self, source: Source, end: str) -> None:
        self.source = source
        self.end = end
        self.labels: list[tuple[str, int]] = []  # the run of fixed-size fields that is pending
        self.formats = ""
        self.targets: list[str] = []
        self.values: dict[str, str] = {}

    def whole(self, cls: type) -> str:
        """Lines that read a struct; returns the variable that holds it."""
        expressions = []
        for name, kind in layout_of(cls):
            expression = self.field(f"{cls.__name__}.{name}", kind)
            if not isinstance(kind, Constant):
                expressions.append((name, expression))
            self.values[name] = expression
        self.flush()
        source = self.source
        made = source.fresh("x")
        bound = source.bind(cls, cls.__name__)
        source.add(f"{made} = {source.bind(object.__new__, 'new')}({bound})")
        for name, expression in expressions:
            source.add(f"{made}.{name} = {expression}")
        if getattr(cls, "_keeps_raw", False):
            source.add(f"{made}.raw = b''")
        return made

    def field(self, label: str, kind: Kind) -> str:
        """Lines that read a field; returns the expression of its value, valid after a flush."""
        match kind:
            case UInt():
                return self._number(label, kind)
            case Fixed(length=length):
                return self._take(label, length, f"{length}s")
            case Constant():
                return self._constant(label, kind)
            case Opaque(low=low, high=high):
                stop = self._prefix(label, low, high)
                return self._slice(stop)
            case Vector():
                return self._vector(label, kind)
            case Nested(cls=cls):
                return self._nested(cls, self.end)
            case Rest():
                self.flush()
                return self._slice(self.end)
            case Select():
                return self._select(kind)
            case Custom():
                self.flush()
                item = self.source.fresh("v")
                read = self.source.bind(kind.read, "read")
                self.source.add(f"{item}, o = {read}(d, o, {self.end})")
                return item

    def flush(self) -> None:
        """Unpack what is pending."""
        if not self.targets:
            return
        source = self.source
        size = sum(size for _, size in self.labels)
        labels = source.bind(tuple(self.labels), "labels")
        source.add(f"if o + {size} > {self.end}: raise faults.short_run({labels}, {self.end} - o)")
        if self.formats == "B":
            source.add(f"{self.targets[0]} = d[o]")
        else:
            unpack = source.bind(source.packer(self.formats).unpack_from, "unpack")
            source.add(f"{', '.join(self.targets)}, = {unpack}(d, o)")
        source.add(f"o += {size}")
        self.labels, self.formats, self.targets = [], "", []

    def _take(self, label: str, size: int, formats: str) -> str:
        """Put a field of fixed size on the run."""
        names = [self.source.fresh("n") for _ in (formats if size == 3 else "1")]
        self.labels.append((label, size))
        self.formats += formats
        self.targets += names
        return names[0] if len(names) == 1 else f"({names[0]} << 16 | {names[1]})"

    def _number(self, label: str, kind: UInt) -> str:
        number = self._take(label, kind.size, FORMATS[kind.size])
        if kind.enum is None:
            return number
        if kind.closed:
            self.flush()
            known = self.source.bind(kind.enum._known, "known")
            told = f"{label!r}, f'the value {{{number}}}'"
            self.source.add(f"if {number} not in {known}: raise faults.illegal({told})")
        return self._member(kind, number)

    def _member(self, kind: UInt, number: str) -> str:
        assert kind.enum is not None
        known = self.source.bind(kind.enum._known.get, "known")
        return f"{known}({number}) or {self.source.bind(kind.enum.of, 'of')}({number})"

    def _constant(self, label: str, kind: Constant) -> str:
        found = self._take(label, len(kind.data), f"{len(kind.data)}s")
        self.flush()
        wanted = self.source.bind(kind.data, "constant")
        self.source.add(
            f"if {found} != {wanted}: raise faults.illegal({label!r}, 'not the value fixed for it')"
        )
        return found

    def _slice(self, stop: str) -> str:
        item = self.source.fresh("v")
        self.source.add(f"{item} = d[o:{stop}]")
        self.source.add(f"o = {stop}")
        return item

    def _prefix(self, label: str, low: int, high: int) -> str:
        """Lines that read and check a length; returns the variable that holds the end."""
        size = prefix_size(high)
        length = self._take(label, size, FORMATS[size])
        self.flush()
        source = self.source
        bounds = [f"{length} < {low}"] if low else []
        if high < (1 << 8 * size) - 1:
            bounds.append(f"{length} > {high}")
        if bounds:
            told = f"{label!r}, {length}, {low}, {high}"
            source.add(f"if {' or '.join(bounds)}: raise faults.bad_length({told})")
        stop = source.fresh("e")
        source.add(f"{stop} = o + {length}")
        source.add(
            f"if {stop} > {self.end}: raise faults.short({label!r}, {length}, {self.end} - o)"
        )
        return stop

    def _vector(self, label: str, kind: Vector) -> str:
        stop = self._prefix(label, kind.low, kind.high)
        if isinstance(kind.item, UInt):
            return self._numbers(label, kind.item, stop)
        source = self.source
        items = source.fresh("l")
        source.add(f"{items} = []")
        with source.block(f"while o < {stop}"):
            inner = _StructReader(source, stop)
            item = inner.field(label, kind.item)
            inner.flush()
            source.add(f"{items}.append({item})")
        return f"tuple({items})"

    def _numbers(self, label: str, kind: UInt, stop: str) -> str:
        source = self.source
        if kind.size > 1:
            source.add(
                f"if ({stop} - o) % {kind.size}:"
                f" raise faults.uneven({label!r}, {stop} - o, {kind.size})"
            )
        found = source.fresh("l")
        if kind.size == 1:
            source.add(f"{found} = d[o:{stop}]")
        else:
            unpack = source.bind(_numbers_of[kind.size], "numbers")
            source.add(f"{found} = {unpack}(d, o, {stop})")
        source.add(f"o = {stop}")
        if kind.enum is None:
            return f"tuple({found})"
        return f"tuple([{self._member(kind, 'n')} for n in {found}])"

    def _nested(self, cls: type, end: str) -> str:
        """A struct in place; it ends where its own fields end."""
        self.flush()
        return _StructReader(self.source, end).whole(cls)

    def _select(self, kind: Select) -> str:
        self.flush()
        source = self.source
        chosen = source.fresh("s")
        source.add(f"{chosen} = {self.values[kind.on]}")
        item = source.fresh("v")
        word = "if"
        for number, cls in kind.cases.items():
            with source.block(f"{word} {chosen} == {int(number)}"):
                source.add(f"{item} = {self._nested(cls, self.end)}")
            word = "elif"
        with source.block("else"):
            source.add(f"{item} = d[o:{self.end}]")
            source.add(f"o = {self.end}")
        return item


def _pairs(data: bytes, at: int, end: int) -> tuple[int, ...]:
    number = (end - at) >> 1
    return _unpack(_COUNTED[number] if number < 128 else f">{number}H", data, at)


def _wider(size: int) -> Callable[[bytes, int, int], list[int]]:
    def numbers(data: bytes, at: int, end: int) -> list[int]:
        return [int.from_bytes(data[i : i + size]) for i in range(at, end, size)]

    return numbers


_numbers_of: dict[int, Callable[[bytes, int, int], Any]] = {
    2: _pairs,
    **{size: _wider(size) for size in (3, 4, 8)},
}
