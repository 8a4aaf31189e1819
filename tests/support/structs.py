"""Values of any declared struct, made from the declaration itself."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tlsee.codes import ExtensionType
from tlsee.wire.codec import Message
from tlsee.wire.extensions import (
    MATRIX,
    Block,
    Extensions,
    SupportedVersionsServerHello,
    UnknownExtension,
)
from tlsee.wire.extensions.block import classes_of
from tlsee.wire.extensions.field import ExtensionsField, ServerHelloField
from tlsee.wire.framing import Alert
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
    layout_of,
    least_size,
)
from tlsee.wire.messages12 import CONTENTS
from tlsee.wire.messages12 import MESSAGES as MESSAGES12
from tlsee.wire.messages13 import MESSAGES as MESSAGES13

MORE = 4  # items beyond those that a vector must have
LONGER = 24  # bytes beyond those that an opaque must have


def every_struct() -> tuple[type[Any], ...]:
    """All messages, all extensions, the alert, and the structs within them."""
    found: dict[type[Any], None] = {}
    waiting: list[type[Any]] = [*MESSAGES13.values(), *MESSAGES12.values(), Alert]
    waiting += [cls for contents in CONTENTS.values() for cls in contents.values()]
    waiting += [cls for block in Block for cls in classes_of(block).values()]
    while waiting:
        cls = waiting.pop()
        if cls not in found:
            found[cls] = None
            for _, kind in layout_of(cls):
                waiting += _within(kind)
    return tuple(sorted(found, key=lambda cls: cls.__name__))


def _within(kind: Kind) -> list[type[Any]]:
    match kind:
        case Nested(cls=cls):
            return [cls]
        case Vector(item=item):
            return _within(item)
        case Select(cases=cases):
            return list(cases.values())
        case _:
            return []


def ends_by_itself(cls: type[Any]) -> bool:
    """Whether a struct's own bytes tell where it ends."""
    kinds = [kind for _, kind in layout_of(cls)]
    return not kinds or not (
        isinstance(kinds[-1], Rest | Select)
        or (isinstance(kinds[-1], ExtensionsField) and kinds[-1].optional)
    )


@st.composite
def structs(draw: st.DrawFn, cls: type[Any]) -> Any:
    """A value of the struct within what its declaration allows."""
    fields: dict[str, Any] = {}
    for name, kind in layout_of(cls):
        if isinstance(kind, Select):
            case = kind.cases.get(int(fields[kind.on]))
            fields[name] = draw(st.binary(max_size=LONGER) if case is None else structs(case))
        elif not isinstance(kind, Constant):
            fields[name] = draw(_values(kind))
    return cls(**fields)


def _values(kind: Kind) -> st.SearchStrategy[Any]:
    match kind:
        case UInt():
            return _numbers(kind)
        case Opaque(low=low, high=high):
            return st.binary(min_size=low, max_size=min(high, low + LONGER))
        case Fixed(length=length):
            return st.binary(min_size=length, max_size=length)
        case Rest():
            return st.binary(max_size=LONGER)
        case Nested(cls=cls):
            return structs(cls)
        case Vector(item=item, low=low):
            least = -(-low // least_size(item))
            return st.lists(_values(item), min_size=least, max_size=least + MORE).map(tuple)
        case ServerHelloField():
            older = st.just(Extensions.ABSENT) | extension_blocks(Block.SH12)
            return older | extension_blocks(Block.SH)
        case ExtensionsField(block=block, optional=optional):
            blocks = extension_blocks(block)
            return st.just(Extensions.ABSENT) | blocks if optional else blocks
        case _:
            raise TypeError(kind)


def _numbers(kind: UInt) -> st.SearchStrategy[int]:
    any_number = st.integers(0, (1 << 8 * kind.size) - 1)
    if kind.enum is None:
        return any_number
    known = st.sampled_from(kind.enum.members())
    return known if kind.closed else known | any_number.map(kind.enum.of)


@st.composite
def extension_blocks(draw: st.DrawFn, block: Block) -> Extensions:
    """Extensions that this block may hold, known and unknown, each type once."""
    known = list(classes_of(block).values())
    chosen = draw(st.lists(st.sampled_from(known), unique=True, max_size=MORE)) if known else []
    unknown = st.integers(0, 0xFFFF).map(ExtensionType.of).filter(lambda kind: kind not in MATRIX)
    others = draw(st.lists(unknown, unique=True, max_size=2))
    items: list[Any] = [draw(structs(cls)) for cls in chosen]
    items += [UnknownExtension(kind, draw(st.binary(max_size=LONGER))) for kind in others]
    if block is Block.SH and SupportedVersionsServerHello not in chosen:
        items.append(draw(structs(SupportedVersionsServerHello)))  # without it, it is SH12's
    items = draw(st.permutations(items))
    # RFC 9846, 4.3.11: in a ClientHello the last one; elsewhere the order means nothing.
    items.sort(key=lambda item: item.extension_type == ExtensionType.pre_shared_key)
    return Extensions.of(*items)


def is_message(cls: type[Any]) -> bool:
    """Whether the struct has a header of its own."""
    return issubclass(cls, Message)
