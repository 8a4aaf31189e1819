"""DER read by a shape into fields: header octets and contents of each element, and nothing lost.

What does not fit its shape is read by its tags, and what is no DER at all is a leaf that says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from tlsee.explain.dissect.der.saying import UNIVERSAL, say_octets, tag_label
from tlsee.explain.dissect.der.shapes import (
    BIT_STRING_TAG,
    CONSTRUCTED,
    Anything,
    Choice,
    Explicit,
    Holding,
    Many,
    Open,
    Part,
    Primitive,
    Sequence,
    Shape,
    takes,
)
from tlsee.explain.dissect.field import Field
from tlsee.identity.der import Element, NotDER, element
from tlsee.text import count
from tlsee.values import replace, value

DEEPEST = 40  # elements within elements; certificates have some ten
HEADER_CLAUSE = "X.690, 8.1"
_NOTHING: Mapping[str, Field] = {}


def read_der(name: str, shape: Shape, data: bytes, about: str = "", clause: str = "") -> Field:
    """The element that should fill ``data``, as a tree; positions count from its start.

    Never raises: what cannot be read is a leaf with a ``problem``.
    """
    part = Part(name, shape, False, about, clause)
    walk = _Walk(data)
    fields = walk.elements((part,), 0, len(data), 0)
    if len(fields) == 1 and fields[0].name == name:
        return fields[0]
    words = fields[0].words if fields else "empty"
    return Field(name, 0, len(data), data, words, about, clause, None, tuple(fields))


@value
class _Walk:
    data: bytes

    def elements(self, parts: tuple[Part, ...], at: int, end: int, depth: int) -> list[Field]:
        """The elements between two places, by the parts they should be."""
        found: list[Field] = []
        seen: dict[str, Field] = {}
        left = list(parts)
        while at < end:
            try:
                one = element(self.data, at, end)
            except NotDER as problem:
                found.append(self._unreadable(at, end, f"no DER: {problem}"))
                return found
            part = _next_part(left, one.tag)
            field = self.field(part or _UNNAMED, one, depth, seen)
            if part is None and parts:
                field = replace(field, problem="an element that has no place here")
            found.append(field)
            seen[field.name] = field
            at = one.end
        return found

    def field(self, part: Part, one: Element, depth: int, seen: Mapping[str, Field]) -> Field:
        """One element as a field with its header and its contents."""
        shape = part.shape
        while isinstance(shape, Open):
            shape = shape.choose(seen)
        if isinstance(shape, Choice):
            chosen = next((p for p in shape.parts if takes(p.shape, one.tag)), None)
            if chosen is not None:
                inner = self.field(chosen, one, depth, seen)
                name = f"{part.name}.{chosen.name}"
                return replace(inner, name=name, about=inner.about or part.about)
        if not takes(shape, one.tag):
            shape = Anything()
        words, contents = self._contents(part.name, shape, one, depth)
        header = self._header(part.name, one)
        children = (header, *contents)
        clause = part.clause
        raw = self.data[one.start : one.end]
        return Field(part.name, one.start, one.end, raw, words, part.about, clause, None, children)

    def _contents(
        self, name: str, shape: Shape, one: Element, depth: int
    ) -> tuple[str, list[Field]]:
        if depth >= DEEPEST:
            why = f"more than {DEEPEST} elements within each other"
            return why, [self._unreadable(one.body, one.end, why)] if one.end > one.body else []
        match shape:
            case Sequence(parts=parts, sum_up=sum_up):
                fields = self.elements(parts, one.body, one.end, depth + 1)
                if not fields:
                    return "nothing: each part has its default", fields
                return sum_up(fields) if sum_up is not None else fields[0].words, fields
            case Many(sum_up=sum_up):
                fields = self._many(shape, one, depth + 1)
                words = sum_up(fields) if sum_up is not None else ""
                return words or count(len(fields), "element"), fields
            case Explicit(inner=inner):
                fields = self.elements(
                    (Part(f"{name}.value", inner),), one.body, one.end, depth + 1
                )
                return fields[0].words if fields else "empty", fields
            case Holding(inner=inner, tag=tag):
                return self._holding(name, inner, tag, one, depth + 1)
            case Primitive():
                return self._primitive(name, shape, one)
            case _:
                return self._anything(name, one, depth)

    def _many(self, shape: Many, one: Element, depth: int) -> list[Field]:
        found: list[Field] = []
        at = one.body
        while at < one.end:
            try:
                item = element(self.data, at, one.end)
            except NotDER as problem:
                found.append(self._unreadable(at, one.end, f"no DER: {problem}"))
                break
            better = shape.named(self.data[item.start : item.end]) if shape.named else ""
            name = better or f"{shape.item_name}[{len(found)}]"
            found.append(self.field(Part(name, shape.item), item, depth, _NOTHING))
            at = item.end
        return found

    def _holding(
        self, name: str, inner: Shape, tag: int, one: Element, depth: int
    ) -> tuple[str, list[Field]]:
        at = one.body
        found: list[Field] = []
        if tag == BIT_STRING_TAG and at < one.end:
            found.append(self._unused(at))
            at += 1
        found += self.elements((Part(f"{name}.value", inner),), at, one.end, depth)
        return found[-1].words if found else "empty", found

    def _primitive(self, name: str, shape: Primitive, one: Element) -> tuple[str, list[Field]]:
        body = self.data[one.body : one.end]
        words = shape.say(body)
        at = one.body
        found: list[Field] = []
        if shape.label == "BIT STRING" and body:
            found.append(self._unused(at))
            at += 1
        contents = self.data[at : one.end]
        parts = shape.cut(contents) if shape.cut is not None and contents else ()
        found += [part.moved(at) for part in parts]
        if contents and not parts:
            found.append(self._leaf(f"{name}.value", at, one.end, words))
        return words, found

    def _anything(self, name: str, one: Element, depth: int) -> tuple[str, list[Field]]:
        if one.tag & CONSTRUCTED:
            fields = self.elements((), one.body, one.end, depth + 1)
            return count(len(fields), "element"), fields
        shape = UNIVERSAL.get(one.tag)
        if shape is not None:
            return self._primitive(name, shape, one)
        words = say_octets(self.data[one.body : one.end])
        if one.end == one.body:
            return words, []
        return words, [self._leaf(f"{name}.value", one.body, one.end, words)]

    def _header(self, name: str, one: Element) -> Field:
        words = f"{tag_label(one.tag)} (0x{one.tag:02x}), {count(one.end - one.body, 'byte')}"
        about = "the element's tag and the length of its contents"
        raw = self.data[one.start : one.body]
        return Field(f"{name}.header", one.start, one.body, raw, words, about, HEADER_CLAUSE)

    def _unused(self, at: int) -> Field:
        bits = self.data[at]
        about = "how many bits of the last octet do not count"
        return Field(
            "unused_bits", at, at + 1, self.data[at : at + 1], f"{bits}", about, "X.690, 8.6"
        )

    def _leaf(self, name: str, at: int, end: int, words: str) -> Field:
        return Field(name, at, end, self.data[at:end], words, "the contents", HEADER_CLAUSE)

    def _unreadable(self, at: int, end: int, why: str) -> Field:
        words = f"unreadable: {why}"
        return Field("unreadable", at, end, self.data[at:end], words, problem=why)


_UNNAMED = Part("element", Anything())


def _next_part(left: list[Part], tag: int) -> Part | None:
    """The part that an element of this tag is: those before it may be missing if optional."""
    for number, part in enumerate(left):
        if takes(part.shape, tag):
            del left[: number + 1]
            return part
        if not part.optional:
            break
    return None
