"""A page read as a browser reads it, as far as tests ask: elements, attributes, texts."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

_VOID = frozenset({"meta", "input", "br", "hr", "img", "link", "wbr"})

Attributes = list[tuple[str, str]]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.starts: list[tuple[str, Attributes]] = []
        self.open: list[tuple[str, str, str]] = []  # element, id, class
        self.wrong: list[str] = []
        self.links: list[tuple[set[str], str]] = []  # identifiers above, address
        self.texts: list[tuple[tuple[tuple[str, str, str], ...], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = [(name, text or "") for name, text in attrs]
        self.starts.append((tag, known))
        if dict(known).get("href"):
            above = {name for _, name, _ in self.open if name}
            self.links.append((above, dict(known)["href"]))
        if tag not in _VOID:
            named = dict(known)
            self.open.append((tag, named.get("id", ""), named.get("class", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.starts.append((tag, [(name, text or "") for name, text in attrs]))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.wrong.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))


class Page:
    """A page.

    Attributes:
        text: the file. starts: elements with their attributes, in order.
        unclosed: elements that were not closed where they had to be.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        reader = _Reader()
        reader.feed(text)
        reader.close()
        self.starts = reader.starts
        self.unclosed = reader.wrong + [tag for tag, _, _ in reader.open]
        self._texts = reader.texts
        self._links = reader.links
        self._by_id: dict[str, list[tuple[tuple[tuple[str, str, str], ...], str]]] = {}
        for above, data in self._texts:
            for _, name, _ in above:
                if name:
                    self._by_id.setdefault(name, []).append((above, data))

    @property
    def ids(self) -> list[str]:
        """All identifiers, in order."""
        return self.attributes("id")

    @property
    def elements(self) -> list[str]:
        """All elements, in order."""
        return [tag for tag, _ in self.starts]

    def attributes(self, name: str) -> list[str]:
        """The values of an attribute, in order."""
        return [text for _, attribute, text in self.all_attributes() if attribute == name]

    def all_attributes(self) -> Iterator[tuple[str, str, str]]:
        """Element, attribute, value."""
        for tag, attributes in self.starts:
            for attribute, text in attributes:
                yield tag, attribute, text

    def text_of(self, name: str, within: str = "") -> str:
        """The text of the element with this identifier; of those parts that have a class."""
        return "".join(
            data
            for above, data in self._by_id.get(name, [])
            if not within or any(within in kinds.split() for _, _, kinds in above)
        )

    def links_in(self, name: str) -> list[str]:
        """The addresses of the links in the element with this identifier."""
        return [href for above, href in self._links if name in above]

    @property
    def prose(self) -> str:
        """What a reader sees: all text but that of style and script."""
        return "".join(
            data
            for above, data in self._texts
            if not any(tag in {"style", "script"} for tag, _, _ in above)
        )


def parse(text: str) -> Page:
    """A page, read."""
    return Page(text)
