"""Standard input and output as a source and a sink of bytes."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from tlsee.cli.output import is_terminal, lost

PIECE = 65_536  # bytes read at a time
KEPT_LIMIT = 1 << 20  # bytes of a peer's that --json repeats; what is more is only counted


def standard_input() -> Iterator[bytes]:
    """What comes in, as it comes, to its end.

    Read below Python's buffer: a thread that waits there would hold its lock when the program
    ends.
    """
    handle = sys.stdin.fileno()
    while piece := os.read(handle, PIECE):
        yield piece


class Sink:
    """Where the peer's bytes go. ``received`` counts them, ``kept`` has the first of them."""

    def __init__(self) -> None:
        self.received = 0
        self.kept = bytearray()
        self.closed = False

    def write(self, data: bytes) -> None:
        """Take bytes of the peer's.

        Raises:
            Usage: they cannot be passed on, and nobody said that they are not wanted.
        """
        self.received += len(data)
        self.kept += data[: KEPT_LIMIT - len(self.kept)]
        if not self.closed:
            self._pass_on(data)

    def finish(self) -> None:
        """No more will come."""

    def _pass_on(self, data: bytes) -> None:
        """Nowhere: they are kept or counted only."""


class Pipe(Sink):
    """Standard output where it is no terminal: the bytes as they are, and nothing else."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def _pass_on(self, data: bytes) -> None:
        try:
            self._stream.write(data)
            self._stream.flush()
        except (OSError, ValueError) as error:
            self.closed = True
            lost(self._stream, error)


class Terminal(Sink):
    """Standard output where somebody looks at it: text stays text, all else is escaped."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._last = "\n"

    def _pass_on(self, data: bytes) -> None:
        self._show(self._decoder.decode(data))

    def finish(self) -> None:
        """End the last line, so that the next one begins at the margin."""
        self._show(self._decoder.decode(b"", True))
        if self._last != "\n":
            self._show("\n")

    def _show(self, text: str) -> None:
        if not text or self.closed:
            return
        shown = harmless(text, getattr(self._stream, "encoding", None) or "ascii")
        self._last = text[-1]
        try:
            self._stream.write(shown)
            self._stream.flush()
        except (OSError, ValueError) as error:
            self.closed = True
            lost(self._stream, error)


def harmless(text: str, encoding: str) -> str:
    """Text fit for a terminal: lines and tabs stay, other control characters, marks that reverse
    the direction and what the encoding lacks are escaped.
    """
    text = text.replace("\r\n", "\n")
    shown = "".join(
        c if c in "\n\t" or c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in text
    )
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def standard_output(*, shown: bool) -> Sink:
    """The sink for the peer's bytes; not ``shown`` only keeps them."""
    if not shown or sys.stdout is None:
        return Sink()
    if is_terminal(sys.stdout):
        return Terminal(sys.stdout)
    return Pipe(sys.stdout.buffer)
