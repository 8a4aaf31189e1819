"""``Extension extensions<0..2^16-1>`` as a field of a message: its reader, writer and dissector."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Any

from tlsee.codes import ExtensionType
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reason, Reasons
from tlsee.wire import codec, faults
from tlsee.wire.dissector import dissect_struct
from tlsee.wire.extensions.block import AnyExtension, Extensions, UnknownExtension, classes_of
from tlsee.wire.extensions.matrix import MISPLACED, Block
from tlsee.wire.kinds import Custom
from tlsee.wire.span import Span

_HEADER = Struct(">HH")
_LONGEST = 0xFFFF  # bytes of extension_data, and of the block: RFC 9846, 4.3
_VERSION = ExtensionType.supported_versions
_LAST = int(ExtensionType.pre_shared_key)  # in a ClientHello: RFC 9846, 4.3.11


class ExtensionsField(Custom):
    """``Extension extensions<0..2^16-1>`` of one block; ``optional``: the message may end before.

    The parsed ones are read at once, the others are kept.
    """

    __slots__ = ("_readers", "block", "misplaced", "optional")

    def __init__(self, block: Block, optional: bool = False) -> None:
        self.block = block
        self.optional = optional
        self.misplaced = MISPLACED[block]
        self._readers: Mapping[int, Any] = classes_of(block)

    @property
    def holds(self) -> type:
        """``Extensions``."""
        return Extensions

    @property
    def least(self) -> int:
        """Two bytes, the length."""
        return 0 if self.optional else 2

    def read(self, data: bytes, at: int, end: int) -> tuple[Extensions, int]:
        """The block that begins at ``at``.

        Raises:
            PeerMisbehaved: malformed, trailing_bytes, duplicate_extension, misplaced_extension,
                pre_shared_key_not_last.
        """
        if at == end and self.optional:
            return Extensions.ABSENT, at
        stop = self._stop(data, at, end)
        begin = at = at + 2
        unpack = _HEADER.unpack_from
        readers = self._readers
        found: dict[int, Any] = {}
        moved: list[int] = []
        while at < stop:
            if at + 4 > stop:
                raise self._cut(stop - at)
            number, length = unpack(data, at)
            at += 4
            limit = at + length
            if limit > stop:
                raise self._short(number, length, stop - at)
            if number in found:
                raise self._refused(Reasons.duplicate_extension, number)
            cls = readers.get(number)
            if cls is None:
                if number in self.misplaced:
                    moved.append(number)
                found[number] = UnknownExtension(ExtensionType.of(number), data[at:limit])
            else:
                found[number], ended = cls._read(data, at, limit)
                if ended != limit:
                    raise faults.trailing(cls.__name__, limit - ended)
            at = limit
        if moved:
            self._check_places(moved, found)
        if _LAST in found and self.block is Block.CH:
            self._check_last(found)
        return Extensions(found, self.block, data[begin:stop], True), stop

    def _stop(self, data: bytes, at: int, end: int) -> int:
        label = f"{self.block.value}.extensions"
        if at + 2 > end:
            raise faults.short(label, 2, end - at)
        length = data[at] << 8 | data[at + 1]
        if at + 2 + length > end:
            raise faults.short(label, length, end - at - 2)
        return at + 2 + length

    def _check_places(self, moved: list[int], found: dict[int, Any]) -> None:
        del found
        raise self._refused(Reasons.misplaced_extension, moved[0])

    def _check_last(self, found: dict[int, Any]) -> None:
        last = next(reversed(found))
        if last != _LAST:
            raise PeerMisbehaved(
                Reasons.pre_shared_key_not_last, f"{ExtensionType.of(last)} comes after it"
            )

    def _cut(self, left: int) -> PeerMisbehaved:
        return faults.short(f"{self.block.value}.extensions", 4, left)

    def _short(self, number: int, length: int, left: int) -> PeerMisbehaved:
        name = ExtensionType.of(number).name
        return faults.short(f"{self.block.value}.extensions.{name}", length, left)

    def _refused(self, reason: Reason, number: int) -> PeerMisbehaved:
        return PeerMisbehaved(reason, f"{ExtensionType.of(number)} in {self.block.value}")

    def write(self, item: Extensions) -> bytes:
        """The bytes of the block, its length included; nothing for ``Extensions.ABSENT``.

        Raises:
            ApiMisuse: an extension of a class that has no place here, or too many bytes.
        """
        if item._raw is not None and item.block is self.block:
            return len(item._raw).to_bytes(2) + item._raw
        if not item.present:
            if self.optional:
                return b""
            raise ApiMisuse(f"{self.block.value}.extensions cannot be absent")
        parts: list[bytes] = [b""]
        total = 0
        for one in item:
            data = self._data(one)
            if len(data) > _LONGEST:
                raise faults.unfit_length(str(one.extension_type), len(data), 0, _LONGEST)
            total += 4 + len(data)
            parts += (_HEADER.pack(one.extension_type, len(data)), data)
        if total > _LONGEST:
            raise faults.unfit_length(f"{self.block.value}.extensions", total, 0, _LONGEST)
        parts[0] = total.to_bytes(2)
        return b"".join(parts)

    def _data(self, one: Any) -> bytes:
        if type(one) is UnknownExtension:
            return one.data
        if self.block not in one.blocks:
            raise ApiMisuse(f"{type(one).__name__} has no place in {self.block.value}")
        return codec.write(one)

    def dissect(self, name: str, data: bytes, at: int, end: int) -> Span:
        """The block as a tree: its length, then each extension with type, length and data."""
        whole, stop = self.read(data, at, end)
        if not whole.present:
            return Span(name, at, at, whole)
        children = [Span(f"{name}.length", at, at + 2, stop - at - 2)]
        position = at + 2
        for item in whole:
            child = _dissect_one(item, data, position)
            children.append(child)
            position = child.end
        return Span(name, at, stop, whole, tuple(children))


def _dissect_one(item: AnyExtension, data: bytes, at: int) -> Span:
    number, length = _HEADER.unpack_from(data, at)
    begin, end = at + 4, at + 4 + length
    kind = ExtensionType.of(number)
    head = (
        Span("extension_type", at, at + 2, kind),
        Span("extension_data.length", at + 2, at + 4, length),
    )
    if isinstance(item, UnknownExtension):
        body = Span("extension_data", begin, end, item.data)
    else:
        body = dissect_struct(type(item).__name__, type(item), data, begin, end)
    return Span(kind.name, at, end, item, (*head, body))


class ServerHelloField(ExtensionsField):
    """The block of a ServerHello: TLS 1.3's with supported_versions, else TLS 1.2's or older.

    ``Extensions.block`` says which it was. What is written follows the same rule.
    """

    __slots__ = ("older",)

    def __init__(self) -> None:
        super().__init__(Block.SH, optional=True)
        self.older = ExtensionsField(Block.SH12, optional=True)

    def read(self, data: bytes, at: int, end: int) -> tuple[Extensions, int]:
        """The block that begins at ``at``.

        Raises:
            PeerMisbehaved: as the block of either version does.
        """
        whole, stop = super().read(data, at, end)
        if whole.present and not whole.has(_VERSION):
            return self.older.read(data, at, end)
        return whole, stop

    def _check_places(self, moved: list[int], found: dict[int, Any]) -> None:
        if _VERSION in found:
            super()._check_places(moved, found)

    def write(self, item: Extensions) -> bytes:
        """The bytes of the block, its length included; nothing for ``Extensions.ABSENT``.

        Raises:
            ApiMisuse: as the block of either version does.
        """
        return super().write(item) if item.has(_VERSION) else self.older.write(item)


def extensions(block: Block, *, optional: bool = False) -> Any:
    """The extensions of a message as a field, of type ``Extensions``."""
    return ExtensionsField(block, optional)


def server_hello_extensions() -> Any:
    """The extensions of a ServerHello of either version as a field, of type ``Extensions``."""
    return ServerHelloField()
