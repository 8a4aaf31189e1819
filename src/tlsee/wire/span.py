"""A stretch of bytes with its name, its meaning and its parts: what a dissection is made of."""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.values import value


@value
class Span:
    """The bytes ``start`` to ``end`` (exclusive), named as in the RFC.

    ``value`` is what they mean: an int or open enum, bytes, or the struct they make up.
    ``children`` cover the same stretch without gap or overlap; a leaf has none.
    """

    name: str
    start: int
    end: int
    value: object
    children: tuple[Span, ...] = ()

    def leaves(self) -> Iterator[Span]:
        """The spans without parts, in the order of the bytes."""
        waiting = [self]
        while waiting:
            span = waiting.pop()
            if span.children:
                waiting.extend(reversed(span.children))
            else:
                yield span

    def find(self, name: str) -> Span | None:
        """The first span of this name, looking at the outer ones before the inner ones."""
        waiting = [self]
        for span in waiting:
            if span.name == name:
                return span
            waiting.extend(span.children)
        return None

    def moved(self, offset: int) -> Span:
        """The same tree, every position ``offset`` further on."""
        if not offset:
            return self
        children = tuple(child.moved(offset) for child in self.children)
        return Span(self.name, self.start + offset, self.end + offset, self.value, children)
