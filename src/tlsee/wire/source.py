"""Python source in the making: lines, indentation, fresh names and the objects they refer to."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# By size in bytes: the format of ``struct`` and what combines its numbers. There is no 24-bit one.
FORMATS = {1: "B", 2: "H", 3: "BH", 4: "I", 8: "Q"}


class Source:
    """One function being written."""

    def __init__(self, head: str) -> None:
        self.lines = [f"{head}:"]
        self.scope: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._depth = 1
        self._count = 0

    def add(self, line: str) -> None:
        """One more line at the current depth."""
        self.lines.append("    " * self._depth + line)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines that are added inside are indented under ``head``."""
        self.add(f"{head}:")
        self._depth += 1
        yield
        self._depth -= 1

    def fresh(self, stem: str) -> str:
        """A name that is used nowhere else in this function."""
        self._count += 1
        return f"{stem}{self._count}"

    def bind(self, item: object, stem: str) -> str:
        """The name by which the function sees an object from here."""
        name = self._names.get(id(item))
        if name is None:
            name = self._names[id(item)] = self.fresh(f"{stem}_")
            self.scope[name] = item  # keeps it alive, so that its id stays its own
        return name

    def packer(self, formats: str) -> struct.Struct:
        """The big-endian ``Struct`` of these formats."""
        return struct.Struct(">" + formats)

    def made(self, name: str) -> Callable[..., Any]:
        """Compile it."""
        exec("\n".join(self.lines), self.scope)  # noqa: S102  our own text, no peer's
        function: Callable[..., Any] = self.scope[name]
        return function
