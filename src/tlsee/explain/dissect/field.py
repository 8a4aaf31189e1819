"""A field: a stretch of bytes with its name, its meaning in words, and the clause behind it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from tlsee.values import replace, value


@value
class Field:
    """The bytes ``start`` to ``end`` (exclusive) of what was dissected.

    Attributes:
        name: as the RFC has it; an item of a list has its number behind it, from 0.
        raw: the bytes as they can be read: plaintext wherever it is known.
        words: what they mean here, one line of printable ASCII.
        about: what the field is for, one line; the same for every value of it.
        clause: where it is defined, such as ``RFC 9846, 4.3.8``.
        protected_by: the key under which the bytes travelled, or ``None`` for bytes in the clear.
        children: the parts, which cover the same stretch without gap or overlap; a leaf has none.
        problem: why the bytes cannot be read further, or what is wrong with them; else empty.
    """

    name: str
    start: int
    end: int
    raw: bytes
    words: str
    about: str = ""
    clause: str = ""
    protected_by: str | None = None
    children: tuple[Field, ...] = ()
    problem: str = ""

    def __len__(self) -> int:
        return self.end - self.start

    def __bool__(self) -> bool:
        """A field is there even where it is empty."""
        return True

    def leaves(self) -> Iterator[Field]:
        """The fields without parts, in the order of the bytes."""
        for field in self.walk():
            if not field.children:
                yield field

    def walk(self) -> Iterator[Field]:
        """This field and everything within it, each before its parts."""
        waiting = [self]
        while waiting:
            field = waiting.pop()
            yield field
            waiting.extend(reversed(field.children))

    def find(self, name: str) -> Field | None:
        """The first field of this name, looking at outer ones before inner ones."""
        waiting = [self]
        for field in waiting:
            if field.name == name:
                return field
            waiting.extend(field.children)
        return None

    def filled(self, about: str = "", clause: str = "") -> Field:
        """The same tree, where a field without about or clause takes those of what it is in."""
        about, clause = self.about or about, self.clause or clause
        children = tuple([child.filled(about, clause) for child in self.children])
        return self._like(0, about, clause, self.protected_by, children)

    def moved(self, offset: int) -> Field:
        """The same tree, every position ``offset`` further on."""
        if not offset:
            return self
        children = tuple([child.moved(offset) for child in self.children])
        return self._like(offset, self.about, self.clause, self.protected_by, children)

    def protected(self, key: str) -> Field:
        """The same tree, every field of it protected by this key."""
        children = tuple([child.protected(key) for child in self.children])
        return self._like(0, self.about, self.clause, key, children)

    def _like(
        self, offset: int, about: str, clause: str, key: str | None, children: tuple[Field, ...]
    ) -> Field:
        """Trees are rebuilt often, and ``replace`` takes three times as long."""
        return Field(
            self.name,
            self.start + offset,
            self.end + offset,
            self.raw,
            self.words,
            about,
            clause,
            key,
            children,
            self.problem,
        )

    def clipped(self, start: int, end: int) -> Field:
        """The part of the tree between two positions within it; what is cut says so in words."""
        if start <= self.start and self.end <= end:
            return self
        first, last = max(start, self.start), min(end, self.end)
        # A long list is cut once for each of many short records: the search must be quick.
        begin = bisect_right(self.children, first, key=lambda child: child.end)
        stop = bisect_left(self.children, last, key=lambda child: child.start)
        kept = tuple(child.clipped(start, end) for child in self.children[begin:stop])
        piece = f"bytes {first - self.start} to {last - self.start - 1} of {len(self)}"
        return replace(
            self,
            start=first,
            end=last,
            raw=self.raw[first - self.start : last - self.start],
            words=f"{self.words} ({piece})",
            children=kept,
        )
