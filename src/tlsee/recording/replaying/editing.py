"""Changing one field of a handshake message, by the names that the codec declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlsee.codes import (
    ExtensionType,
    HandshakeType,
    NamedGroup,
    NameType,
    OpenEnum,
    ProtocolVersion,
)
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.recording.replaying.spelling import meant
from tlsee.text import printable
from tlsee.values import fields_of, replace, value
from tlsee.wire.codec import Message, read
from tlsee.wire.extensions import Extensions, ServerName, ServerNameList, UnknownExtension
from tlsee.wire.extensions.block import classes_of
from tlsee.wire.extensions.field import ExtensionsField
from tlsee.wire.kinds import Fixed, Kind, Nested, Opaque, Rest, Select, UInt, Vector, layout_of

NOTHING = "none"
MESSAGES = {kind.name: kind for kind in HandshakeType.members()}
# What people call them, beside the registries' names.
ALIASES: dict[type, dict[str, OpenEnum]] = {
    ProtocolVersion: {"1.3": ProtocolVersion.TLS13, "1.2": ProtocolVersion.TLS12},
    NamedGroup: {
        "p-256": NamedGroup.secp256r1,
        "p-384": NamedGroup.secp384r1,
        "p-521": NamedGroup.secp521r1,
    },
    ExtensionType: {"alpn": ExtensionType.application_layer_protocol_negotiation},
}


@value
class Edit:
    """One change to a message.

    Attributes:
        message: which. ``received``: the peer's; else ours, or whoever sends it.
        path: the names of the fields down to the one that changes.
        item: what it becomes: text, or a value as the codec has it.
    """

    message: HandshakeType
    received: bool
    path: tuple[str, ...]
    item: Any

    @property
    def name(self) -> str:
        """How it was named."""
        way = "received." if self.received else ""
        return ".".join((f"{way}{self.message}", *self.path))


def edit_of(name: str, item: Any) -> Edit | None:
    """The change that a name such as ``client_hello.legacy_session_id`` asks for; else ``None``.

    ``received.`` before it means the peer's message, where both send one of the name.

    Raises:
        ApiMisuse: it names a message and no field of it.
    """
    words = name.split(".")
    received = words[0] == "received"
    if words[0] in ("sent", "received"):
        del words[0]
    kind = MESSAGES.get(words[0]) if words else None
    if kind is None:
        return None
    if len(words) < 2:
        raise ApiMisuse(
            f"{printable(name, 80)} is a whole message",
            "name a field of it, such as client_hello.legacy_session_id",
        )
    return Edit(kind, received, tuple(words[1:]), item)


def edited(message: Message, edits: Sequence[Edit]) -> Any:
    """The message with the changes that are for it.

    Raises:
        ApiMisuse: there is no such field, or the item does not fit in it.
    """
    for edit in edits:
        if edit.message == message.msg_type:
            message = _changed(message, edit.path, edit.item, edit.name)
    return message


def _changed(holder: Any, path: tuple[str, ...], item: Any, name: str) -> Any:
    field, *rest = path
    kinds = dict(layout_of(type(holder)))
    if field not in fields_of(type(holder)):
        fields = ", ".join(fields_of(type(holder))) or "none"
        what = type(holder).__name__
        near = meant(field, fields_of(type(holder)))
        raise ApiMisuse(
            f"{printable(name, 80)}: {what} has no such field",
            f"did you mean {near}? It has: {fields}" if near else f"it has: {fields}",
        )
    kind, now = kinds[field], getattr(holder, field)
    return replace(holder, **{field: _new(kind, now, tuple(rest), item, name)})


def _new(kind: Kind, now: Any, path: tuple[str, ...], item: Any, name: str) -> Any:
    if isinstance(kind, ExtensionsField):
        return _extensions(kind, now, path, item, name)
    if not path:
        return parsed(kind, item, name)
    if isinstance(kind, Vector) and path[0].isascii() and path[0].isdigit():
        place, items = int(path[0]), list(now)
        if place >= len(items):
            raise ApiMisuse(f"{printable(name, 80)}: there are {len(items)}, counted from 0")
        items[place] = _new(kind.item, items[place], path[1:], item, name)
        return tuple(items)
    if isinstance(kind, Nested | Select) and hasattr(now, "_layout"):
        return _changed(now, path, item, name)
    above = name[: -len(".".join(path)) - 1].rpartition(".")[2]
    if isinstance(kind, Vector):
        raise ApiMisuse(
            f"{printable(name, 80)}: {above} is a list", f"name a place in it: {above}.0"
        )
    raise ApiMisuse(f"{printable(name, 80)}: there is nothing below {above}", "leave the rest out")


def _extensions(
    kind: ExtensionsField, now: Extensions, path: tuple[str, ...], item: Any, name: str
) -> Extensions:
    if not path:
        raise ApiMisuse(f"{printable(name, 80)}: name one of the extensions")
    which = _code(ExtensionType, path[0], name)
    if int(which) >= 1 << 16:
        raise ApiMisuse(f"{printable(name, 80)}: an extension's number has 16 bits")
    items = list(now)
    place = next((n for n, one in enumerate(items) if one.extension_type == which), None)
    if item in (None, NOTHING) and len(path) == 1:
        return Extensions.of(*(one for one in items if one.extension_type != which))
    if place is None:
        made = _extension(kind, which, item, name)
        last = bool(items) and items[-1].extension_type == ExtensionType.pre_shared_key
        items.insert(len(items) - last, made)  # which stands last (RFC 9846, 4.3.11)
    elif len(path) > 1:
        items[place] = _changed(items[place], path[1:], item, name)
    else:
        items[place] = _extension(kind, which, item, name)
    return Extensions.of(*items)


def _extension(kind: ExtensionsField, which: ExtensionType, item: Any, name: str) -> Any:
    """An extension with this content: bytes, or the text of its one field."""
    cls: Any = classes_of(kind.block).get(int(which))
    if not isinstance(item, str | bytes):
        if getattr(item, "extension_type", None) != which:
            kind_of_item = type(item).__name__
            raise ApiMisuse(
                f"{printable(name, 80)}: {kind_of_item} is no {which}",
                "give text, bytes, or the extension itself",
            )
        return item
    if isinstance(item, bytes) or item.startswith("hex:"):
        data = _bytes(item, name)
        if cls is None:
            return UnknownExtension(which, data)
        try:
            return read(cls, data)
        except PeerMisbehaved:
            return UnknownExtension(which, data)
    if cls is ServerNameList:
        return ServerNameList((ServerName(NameType.host_name, _bytes(item, name)),))
    fields = fields_of(cls) if cls is not None else ()
    if len(fields) == 1:
        return cls(parsed(dict(layout_of(cls))[fields[0]], item, name))
    if not fields and not item and cls is not None:
        return cls()
    raise ApiMisuse(f"{printable(name, 80)}: no text stands for this", "give hex: and its bytes")


def parsed(kind: Kind, item: Any, name: str) -> Any:
    """The value of a field that a text stands for; other things stay as they are.

    Numbers are decimal or 0x.., code points have their registry's names, bytes are hex:.. or text,
    items of a vector have commas between them.

    Raises:
        ApiMisuse: it stands for none.
    """
    if not isinstance(item, str):
        return item
    if isinstance(kind, UInt):
        return _code(kind.enum, item, name) if kind.enum is not None else _number(item, name)
    if isinstance(kind, Opaque | Fixed | Rest):
        return _bytes(item, name)
    if isinstance(kind, Vector):
        parts = [part.strip() for part in item.split(",")] if item else []
        return tuple(parsed(kind.item, part, name) for part in parts)
    if isinstance(kind, Nested) and len(fields_of(kind.cls)) == 1:
        (field,) = fields_of(kind.cls)
        made: Any = kind.cls
        return made(parsed(dict(layout_of(kind.cls))[field], item, name))
    raise ApiMisuse(f"{printable(name, 80)}: it has fields of its own", "name one of them")


def code_point(registry: type[OpenEnum], text: str) -> OpenEnum | None:
    """A registry's code point by its name, in any case, or by its number."""
    word = text.strip().lower()
    alias = ALIASES.get(registry, {}).get(word)
    if alias is not None:
        return alias
    for member in registry.members():
        if member.name.lower() in (word, f"tls_{word}"):
            return member
    try:
        number = int(word, 0)
    except ValueError:
        return None
    return registry.of(number) if 0 <= number < 1 << 32 else None


def no_code(registry: type[OpenEnum], text: str, where: str = "") -> ApiMisuse:
    """What to say of a text that is no code point of the registry."""
    names = [member.name for member in registry.members()]
    near = meant(text.strip(), [*names, *ALIASES.get(registry, {})])
    return ApiMisuse(
        f"{where}{printable(text, 40)!r} is no {registry.__name__}",
        f"did you mean {near}?"
        if near
        else f"names are such as {', '.join(names[:4])}; numbers are 0x..",
    )


def _code(registry: type[OpenEnum], text: str, name: str) -> Any:
    found = code_point(registry, text)
    if found is None:
        raise no_code(registry, text, f"{printable(name, 80)}: ")
    return found


def _number(text: str, name: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise ApiMisuse(f"{printable(name, 80)}: {printable(text, 40)!r} is no number") from None


def _bytes(item: str | bytes, name: str) -> bytes:
    if isinstance(item, bytes):
        return item
    if not item.startswith("hex:"):
        return item.encode("utf-8")
    try:
        return bytes.fromhex(item[4:])
    except ValueError:
        raise ApiMisuse(f"{printable(name, 80)}: hexadecimal digits follow hex:") from None
