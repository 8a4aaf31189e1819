"""A message's extensions block: the parsed ones, the unknown ones, their order and their bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, TypeAlias, TypeVar, dataclass_transform

from tlsee.codes import ExtensionType
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons
from tlsee.values import value
from tlsee.wire import codec
from tlsee.wire.codec import (
    declare,
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
from tlsee.wire.extensions.matrix import Block


class Extension:
    """Base of the extensions that are parsed: the struct is the extension_data."""

    __slots__ = ()
    extension_type: ClassVar[ExtensionType]
    blocks: ClassVar[frozenset[Block]]


@value
class UnknownExtension:
    """An extension that nothing here parses: GREASE, private use, or newer than this code.

    Written as it stands and where it stands, so that it can also carry what a class would refuse.
    """

    extension_type: ExtensionType
    data: bytes


GreaseExtension = UnknownExtension

AnyExtension: TypeAlias = Extension | UnknownExtension

X = TypeVar("X", bound=Extension)

_classes: dict[Block, dict[int, type[Any]]] = {block: {} for block in Block}


def classes_of(block: Block) -> Mapping[int, type[Extension]]:
    """The extensions that are parsed in this block, by their type; a view, not a copy."""
    return _classes[block]


@dataclass_transform(
    frozen_default=True,
    eq_default=True,
    field_specifiers=(u8, u16, u24, u32, u64, opaque, fixed, rest, nested, vector, select),
)
def extension(extension_type: ExtensionType, *blocks: Block) -> Callable[[type[X]], type[X]]:
    """Class decorator: a struct that is an extension_data, and the blocks where it is.

    Raises:
        TypeError: another class claims the same type in the same block.
    """

    def decorate(cls: type[X]) -> type[X]:
        made = declare(cls, extension_type=extension_type, blocks=frozenset(blocks))
        for block in blocks:
            if _classes[block].setdefault(int(extension_type), made) is not made:
                raise TypeError(f"two classes for {extension_type} in {block.name}")
        return made

    return decorate


class Extensions:
    """The extensions of one message, in the order of the wire, found by their class.

    ``present`` is False for a hello of TLS 1.2 or older that ends before the block
    (``Extensions.ABSENT``); that differs from a block of no extensions.
    """

    __slots__ = ("_by_type", "_raw", "block", "present")
    ABSENT: ClassVar[Extensions]

    def __init__(
        self, by_type: dict[int, Any], block: Block | None, raw: bytes | None, present: bool
    ) -> None:
        self._by_type = by_type
        self._raw = raw
        self.block = block
        self.present = present

    @classmethod
    def of(cls, *items: AnyExtension) -> Extensions:
        """A block of these, in this order.

        Raises:
            ApiMisuse: two of one type.
        """
        by_type: dict[int, Any] = {item.extension_type: item for item in items}
        if len(by_type) != len(items):
            raise ApiMisuse("two extensions of one type in a block")
        return cls(by_type, None, None, True)

    def get(self, cls: type[X]) -> X | None:
        """The extension of this class, or None."""
        found: Any = self._by_type.get(cls.extension_type)
        return found if found.__class__ is cls else None

    def require(self, cls: type[X]) -> X:
        """The extension of this class.

        Raises:
            PeerMisbehaved: missing_extension.
        """
        found: Any = self._by_type.get(cls.extension_type)
        if found.__class__ is cls:
            item: X = found
            return item
        where = f"{self.block.value} without " if self.block else "no "
        raise PeerMisbehaved(Reasons.missing_extension, f"{where}{cls.extension_type}")

    def has(self, extension_type: ExtensionType) -> bool:
        """Whether one of this type is there, parsed or not."""
        return extension_type in self._by_type

    @property
    def types(self) -> tuple[ExtensionType, ...]:
        """The types in the order of the wire."""
        return tuple([ExtensionType.of(number) for number in self._by_type])

    def data_of(self, extension_type: ExtensionType) -> bytes:
        """The extension_data of this type, as it came or as it would be written.

        Raises:
            KeyError: there is none.
        """
        item = self._by_type[extension_type]
        return item.data if type(item) is UnknownExtension else codec.write(item)

    def __iter__(self) -> Iterator[AnyExtension]:
        return iter(self._by_type.values())

    def __len__(self) -> int:
        return len(self._by_type)

    def __bool__(self) -> bool:
        """Whether any is there."""
        return bool(self._by_type)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Extensions):
            return NotImplemented
        return self.present == other.present and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash((self.present, *self))

    def __repr__(self) -> str:
        if not self.present:
            return "Extensions.ABSENT"
        return f"Extensions({', '.join(map(repr, self))})"


Extensions.ABSENT = Extensions({}, None, None, False)
