"""Plain values: classes of named fields that cost as little as Python allows.

States, messages and events are made by the dozen in every handshake. A frozen dataclass pays for
its frozenness with an ``object.__setattr__`` per field and for its definition with several
compilations at import. ``@value`` makes a slotted class with one generated ``__init__``; that
nobody assigns to a field afterwards is a promise that the type checker enforces
(``frozen_default``), not the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

_MISSING = object()


def fields_of(cls: type) -> tuple[str, ...]:
    """The field names of a value class, in the order of its constructor."""
    return getattr(cls, "_fields", ())


def _repr(self: Any) -> str:
    shown = ", ".join(
        f"{name}={_brief(getattr(self, name))}" for name in self._fields if name not in self._hidden
    )
    return f"{type(self).__name__}({shown})"


def _brief(item: object) -> str:
    if isinstance(item, bytes | bytearray) and len(item) > 16:
        return f"<{len(item)} bytes {item[:8].hex()}..>"
    return repr(item)


def _eq(self: object, other: object) -> Any:
    if type(self) is not type(other):
        return NotImplemented
    names = fields_of(type(self))
    return all(getattr(self, name) == getattr(other, name) for name in names)


def _hash(self: Any) -> int:
    return hash((type(self), *(getattr(self, name) for name in self._fields)))


def replace(item: T, /, **changes: object) -> T:
    """A copy of a value with some fields changed.

    Raises:
        TypeError: a name in ``changes`` is no field.
    """
    kept: dict[str, object] = {name: getattr(item, name) for name in fields_of(type(item))}
    for name in changes:
        if name not in kept:
            raise TypeError(f"{type(item).__name__} has no field {name!r}")
    kept.update(changes)
    return type(item)(**kept)


def _plain_repr(cls: type) -> bool:
    return getattr(cls, "__repr__", None) is object.__repr__


def compile_init(names: tuple[str, ...], defaults: dict[str, object]) -> Callable[..., None]:
    """One straight ``__init__`` that assigns each name; fields with a default come last."""
    arguments = ", ".join(f"{n}=_default_{n}" if n in defaults else n for n in names)
    body = "\n".join(f"    self.{n} = {n}" for n in names) or "    pass"
    scope: dict[str, Any] = {f"_default_{n}": v for n, v in defaults.items()}
    exec(f"def __init__(self{', ' if names else ''}{arguments}):\n{body}", scope)  # noqa: S102
    init: Callable[..., None] = scope["__init__"]
    return init


def build(
    cls: type,
    names: tuple[str, ...],
    defaults: dict[str, object],
    hidden: frozenset[str] = frozenset(),
    more_slots: tuple[str, ...] = (),
) -> type:
    """Make ``cls`` again with slots, an ``__init__``, equality, hash and a short repr."""
    inherited = fields_of(cls.__base__ or object)
    inherited_defaults: dict[str, object] = getattr(cls, "_defaults", {})
    every = inherited + tuple(n for n in names if n not in inherited)
    space = dict(cls.__dict__)
    for name in (*names, *more_slots, "__dict__", "__weakref__"):
        space.pop(name, None)
    space["__slots__"] = tuple(n for n in names if n not in inherited) + more_slots
    space["_fields"] = every
    space["_defaults"] = {**inherited_defaults, **defaults}
    space["_hidden"] = hidden | getattr(cls, "_hidden", frozenset())
    required = tuple(n for n in every if n not in space["_defaults"])
    optional = tuple(n for n in every if n in space["_defaults"])
    space["__init__"] = compile_init(required + optional, space["_defaults"])
    if _plain_repr(cls):  # a base that hides its fields goes on hiding them
        space["__repr__"] = _repr
    if "__eq__" not in cls.__dict__:
        space["__eq__"] = _eq
        space["__hash__"] = _hash
    space["__match_args__"] = every
    made = type(cls)(cls.__name__, cls.__bases__, space)
    made.__qualname__ = cls.__qualname__
    return made


@dataclass_transform(frozen_default=True, eq_default=True)
def value(cls: type[T]) -> type[T]:
    """Class decorator: annotated names become fields; an assigned value is a default.

    Names listed in a class attribute ``_hidden`` (a frozenset) are left out of the repr: that is
    where secrets go. A ``ClassVar`` is no field. ``super()`` without arguments and ``__class__``
    do not work inside such a class, because it is made a second time.
    """
    names = tuple(
        name
        for name, note in cls.__dict__.get("__annotations__", {}).items()
        if not (isinstance(note, str) and note.startswith(("ClassVar", "typing.ClassVar")))
    )
    defaults = {n: cls.__dict__[n] for n in names if n in cls.__dict__}
    hidden = cls.__dict__.get("_hidden", frozenset())
    return build(cls, names, defaults, hidden)
