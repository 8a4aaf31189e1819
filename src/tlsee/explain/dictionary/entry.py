"""An entry of the dictionary, and how the files of data make them."""

from __future__ import annotations

from tlsee.codes import ExtensionType, OpenEnum
from tlsee.values import value


@value
class Entry:
    """What is said about one word; every text is a sentence or two of ASCII, or empty.

    Attributes:
        name: as the RFC spells it.
        kind: ``alert``, ``message``, ``extension``, ``cipher suite`` and so on.
        what: what it is.
        clause: where it stands, such as ``RFC 9846, 6.2``.
        code: the code point, where it has one.
        means: what it means when one sees it.
        do: what to do then.
        sender: who sends it.
        security: what it is worth, and what has gone wrong with it.
        also: other names of it, older ones among them.
        see: names of other entries.
    """

    name: str
    kind: str
    what: str
    clause: str
    code: OpenEnum | None = None
    means: str = ""
    do: str = ""
    sender: str = ""
    security: str = ""
    also: tuple[str, ...] = ()
    see: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The code point as people write it: ``48``, ``0x1301``; empty without one."""
        return number_of(self.code) if self.code is not None else ""

    @property
    def title(self) -> str:
        """The name with the number."""
        return f"{self.name} ({self.number})" if self.number else self.name


def number_of(code: OpenEnum) -> str:
    """A code point as its registry is usually written."""
    decimal = code._width == 2 or isinstance(code, ExtensionType)  # noqa: SLF001  the registry's
    return f"{int(code)}" if decimal else f"0x{int(code):04x}"
