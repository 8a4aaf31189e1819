"""Spans of the codec as fields: words, clauses, and parts inside the parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tlsee.codes import ExtensionType
from tlsee.errors import PeerMisbehaved
from tlsee.explain.dissect.context import NOTHING_KNOWN, Context
from tlsee.explain.dissect.damaged import ExtensionBlock, Partial, Unreadable, salvage
from tlsee.explain.dissect.field import Field
from tlsee.explain.dissect.meaning import (
    SAYS_IT,
    bytes_words,
    code_words,
    list_words,
    number_words,
)
from tlsee.explain.dissect.structs import CONTENTS
from tlsee.explain.dissect.vocabulary import LENGTH_CLAUSE, Words, words_of, words_of_struct
from tlsee.text import count
from tlsee.values import replace, value
from tlsee.wire.codec import dissect
from tlsee.wire.extensions.block import Extensions, UnknownExtension
from tlsee.wire.extensions.matrix import Block
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
)
from tlsee.wire.span import Span

_UNKNOWN = Words("an extension that nothing here knows", "RFC 9846, 4.3")
_GREASE = Words("a value that nobody may react to, so that servers stay tolerant", "RFC 8701, 2")
_TYPE = Words("which extension it is", "RFC 9846, 4.3")


@value
class Content:
    """Bytes of a field, with what their meaning depends on: the other fields of their struct."""

    data: bytes
    values: Mapping[str, object]
    context: Context


Reading: TypeAlias = tuple[str, tuple[Field, ...]]
Reader: TypeAlias = Callable[[Content], Reading]

_readers: dict[tuple[type, str], Reader] = {}


def reads(*places: tuple[type, str]) -> Callable[[Reader], Reader]:
    """File a function that reads the bytes of these fields: words for them, and their parts.

    No parts mean that they stay one leaf; empty words that the usual ones do.
    """

    def file(reader: Reader) -> Reader:
        _readers.update(dict.fromkeys(places, reader))
        return reader

    return file


def struct_field(cls: type, data: bytes, context: Context = NOTHING_KNOWN, name: str = "") -> Field:
    """Bytes that are a struct, as a field; positions count from their start. Never raises."""
    span, problem = span_of(cls, data)
    field = Converter(data, context).struct(span, cls, name or cls.__name__)
    return replace(field, problem=problem) if problem else field


def span_of(cls: type, data: bytes) -> tuple[Span, str]:
    """A struct's spans, and why they are not all; empty where they are."""
    try:
        return dissect(cls, data), ""
    except PeerMisbehaved as error:
        return salvage(cls.__name__, cls, data, 0, len(data)), error.detail


class Converter:
    """Turns the spans over one piece of data into fields."""

    def __init__(self, data: bytes, context: Context) -> None:
        self.data = data
        self.context = context

    def struct(self, span: Span, cls: type, name: str) -> Field:
        """A struct's span."""
        row = words_of_struct(cls)
        children = self.fields(span.children, cls)
        wanted = SAYS_IT.get(cls)
        said = [c.words for c in children if wanted is None or c.name in wanted]
        words = list_words(said if wanted else said[-1:]) if said else "empty"
        return self._field(name, span, words, row, children)

    def fields(self, spans: tuple[Span, ...], cls: type) -> tuple[Field, ...]:
        """The fields of a struct; what is left over has a name of its own."""
        layout = layout_of(cls)
        values = {span.name: span.value for span in spans}
        found = [
            self.field(span, cls, field, kind, values)
            for (field, kind), span in zip(layout, spans, strict=False)
        ]
        found += [self._unreadable(span, Words("", "")) for span in spans[len(layout) :]]
        return tuple(found)

    def field(
        self, span: Span, cls: type, field: str, kind: Kind, values: Mapping[str, object]
    ) -> Field:
        """One field of a struct, or an item of it."""
        row = words_of(cls, field)
        if isinstance(span.value, Unreadable) and not span.children:
            return self._unreadable(span, row)
        match kind:
            case UInt():
                return self._field(span.name, span, self._number(cls, field, span), row)
            case Fixed() | Rest() | Constant():
                return self._bytes(span, cls, field, row, values)
            case Opaque():
                return self._opaque(span, cls, field, row, values)
            case Vector(item=item):
                return self._vector(span, cls, field, item, row, values)
            case Nested(cls=inner):
                return replace(self.struct(span, inner, span.name), **_row(row))
            case Select():
                return self._variant(span, cls, field, kind, row, values)
            case Custom():
                return self._block(span, row)

    def _number(self, cls: type, field: str, span: Span) -> str:
        assert isinstance(span.value, int)
        return number_words(cls, field, span.value)

    def _bytes(
        self, span: Span, cls: type, field: str, row: Words, values: Mapping[str, object]
    ) -> Field:
        data = self.data[span.start : span.end]
        words = ""
        parts: tuple[Field, ...] = ()
        reader = _readers.get((cls, field))
        if reader is not None and data:
            words, parts = reader(Content(data, values, self.context))
        words = words or bytes_words(cls, field, data)
        return self._field(span.name, span, words, row, tuple(p.moved(span.start) for p in parts))

    def _opaque(
        self, span: Span, cls: type, field: str, row: Words, values: Mapping[str, object]
    ) -> Field:
        head, *rest = span.children
        length = self._length(head, span.name)
        if not rest or rest[0].start == rest[0].end:
            words = "empty" if not isinstance(span.value, Unreadable) else "cut off"
            return self._field(span.name, span, words, row, (length,))
        if isinstance(rest[0].value, Unreadable):
            held = self._unreadable(rest[0], row)
        else:
            held = self._bytes(rest[0], cls, field, row, values)
        return self._field(span.name, span, held.words, row, (length, held))

    def _length(self, span: Span, name: str) -> Field:
        assert isinstance(span.value, int)
        row = Words(f"how long {name} is", LENGTH_CLAUSE)
        return self._field(span.name, span, count(span.value, "byte"), row)

    def _vector(
        self,
        span: Span,
        cls: type,
        field: str,
        item: Kind,
        row: Words,
        values: Mapping[str, object],
    ) -> Field:
        head, *rest = span.children
        items = [self.field(one, cls, field, item, values) for one in rest]
        words = list_words(one.words for one in items)
        return self._field(span.name, span, words, row, (self._length(head, span.name), *items))

    def _variant(
        self,
        span: Span,
        cls: type,
        field: str,
        kind: Select,
        row: Words,
        values: Mapping[str, object],
    ) -> Field:
        chosen = next((c for n, c in kind.cases.items() if n == values.get(kind.on)), None)
        if chosen is None:
            return self._bytes(span, cls, field, row, values)
        return replace(self.struct(span, chosen, span.name), **_row(row))

    def _block(self, span: Span, row: Words) -> Field:
        """``Extension extensions<..>``."""
        if not span.children:
            return self._field(span.name, span, "absent: the message ends before", row)
        block = None
        if isinstance(span.value, Extensions | ExtensionBlock):
            block = span.value.block
        head, *rest = span.children
        items = [self._extension(one, block) for one in rest]
        words = list_words(one.name for one in items)
        return self._field(span.name, span, words, row, (self._length(head, span.name), *items))

    def _extension(self, span: Span, block: Block | None) -> Field:
        if isinstance(span.value, Unreadable):
            return self._unreadable(span, _UNKNOWN)
        kind_span, length_span, body_span = span.children
        kind = kind_span.value
        assert isinstance(kind, ExtensionType)
        name = "GREASE" if kind.is_grease else kind.name if kind.is_known else f"extension {kind}"
        body = self._extension_body(body_span, span.value, kind, block)
        children = [
            self._field("extension_type", kind_span, code_words(kind), _TYPE),
            self._length(length_span, "extension_data"),
        ]
        if len(body) or body.problem:
            children.append(body)
        row = Words(body.about, body.clause)
        whole = self._field(name, span, body.words, row, tuple(children))
        return replace(whole, problem=body.problem) if body.problem else whole

    def _extension_body(
        self, span: Span, item: object, kind: ExtensionType, block: Block | None
    ) -> Field:
        if isinstance(span.value, Unreadable):
            return self._unreadable(span, _UNKNOWN)
        if isinstance(span.value, Partial):
            return replace(self.struct(span, span.value.cls, "extension_data"), problem="damaged")
        if not isinstance(item, UnknownExtension) or not isinstance(span.value, bytes):
            return self.struct(span, type(span.value), "extension_data")
        cls = CONTENTS.get(kind, {}).get(block) if block is not None else None
        if cls is not None:
            inner, problem = span_of(cls, span.value)
            if not problem:
                made = Converter(span.value, self.context).struct(inner, cls, "extension_data")
                return made.moved(span.start)
        row = _GREASE if kind.is_grease else _UNKNOWN
        words = "empty" if not span.value else bytes_words(UnknownExtension, "data", span.value)
        if kind.is_grease:
            words = f"GREASE, {words}"
        return self._field("extension_data", span, words, row)

    def _unreadable(self, span: Span, row: Words) -> Field:
        why = span.value.why if isinstance(span.value, Unreadable) else "bytes without a place"
        field = self._field(span.name, span, f"unreadable: {why}", row)
        return replace(field, problem=why)

    def _field(
        self, name: str, span: Span, words: str, row: Words, children: tuple[Field, ...] = ()
    ) -> Field:
        # What takes no bytes is said by the words of what it is in.
        kept = tuple(child for child in children if len(child) or child.problem)
        raw = self.data[span.start : span.end]
        return Field(name, span.start, span.end, raw, words, row.about, row.clause, None, kept)


def _row(row: Words) -> dict[str, Any]:
    return {"about": row.about, "clause": row.clause}
