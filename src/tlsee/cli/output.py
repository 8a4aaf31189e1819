"""Printing that fits every terminal: ASCII, at most 80 columns, no colour where none is wanted.

Colour only adds. Whatever is printed is escaped to ASCII once more here, so that no encoding of a
stream can fail and no control character of a peer gets through, even where a caller forgot.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import IO, Any, TextIO

from tlsee.cli.exit_codes import Usage
from tlsee.explain.layout import WIDTH, labelled, safe, wrap
from tlsee.text import printable

NARROWEST = 40  # below this, lines may be cut by the terminal
NO_OUTPUT = "output"  # the name of the problem that nothing can be printed
LABEL = 12  # columns of a row's label, behind two of indent

OK, BAD, HINT, HEADING, QUIET = "green", "bold red", "cyan", "bold", "dim"


class Screen:
    """One output stream as a place for lines.

    A reader that went away (a closed pipe) is no error: what follows is dropped and ``closed``
    tells. Where writing fails for another reason, such as a full disk, that is said once, by
    ``Usage``, and what follows is dropped as well.

    Args:
        stream: a text stream.
        environ: where NO_COLOR, FORCE_COLOR, TERM and COLUMNS are looked up.
    """

    def __init__(self, stream: TextIO, environ: Mapping[str, str] | None = None) -> None:
        self.stream = stream
        self.closed = False
        self._environ = os.environ if environ is None else environ
        self.width = _width(self._environ)
        self._console: Any = None
        if _wants_colour(stream, self._environ):
            self._console = _console(stream, self._environ)

    def line(self, text: str = "", style: str | None = None) -> None:
        """Print one line; ``style`` is how it looks where there is colour."""
        self._write(safe(text), style)

    def lines(self, texts: Iterable[str], style: str | None = None) -> None:
        """Print several lines."""
        for text in texts:
            self.line(text, style)

    def row(
        self, label: str, text: str, style: str | None = None, label_width: int = LABEL
    ) -> None:
        """Print ``  label       text``, wrapped under the text."""
        shown = labelled(label, text, self.width, label_width)
        if self._console is None or style is None:
            self.lines(shown)
            return
        for line in shown:
            start = min(2 + label_width, len(line))
            self._styled([(line[:start], ""), (line[start:], style)])

    def verdict(self, word: str, text: str, style: str) -> None:
        """Print ``connected   who, how``: the line that says how it went."""
        start = f"{word:<{LABEL}}"
        lines = wrap(text, self.width, LABEL, start)
        if self._console is None:
            self.lines(lines)
            return
        self._styled([(start, style), (lines[0][len(start) :], HEADING)])
        self.lines(lines[1:])

    def paragraph(self, text: str, indent: int = 0, style: str | None = None) -> None:
        """Print wrapped text."""
        self.lines(wrap(text, self.width, indent), style)

    def flush(self) -> None:
        """Let what was printed be seen."""
        try:
            self.stream.flush()
        except OSError as error:
            self._lost(error)

    def _write(self, text: str, style: str | None) -> None:
        if self.closed:
            return
        if self._console is not None and style:
            self._styled([(text, style)])
            return
        try:
            self.stream.write(text + "\n")
        except (OSError, ValueError) as error:  # ValueError: somebody closed it on this side
            self._lost(error)

    def _styled(self, parts: list[tuple[str, str]]) -> None:
        from rich.text import Text

        try:
            self._console.print(Text.assemble(*((safe(t), s) for t, s in parts)), soft_wrap=True)
        except (OSError, ValueError) as error:
            self._lost(error)

    def _lost(self, error: OSError | ValueError) -> None:
        if not self.closed:
            self.closed = True
            lost(self.stream, error)


def lost(stream: IO[Any], error: OSError | ValueError) -> None:
    """Writing has failed: nothing more goes there.

    Raises:
        Usage: unless the reader went away or somebody closed the stream, which is their right.
    """
    silence(stream)
    if isinstance(error, BrokenPipeError | ValueError):
        return
    if error.errno != errno.EINVAL:  # what Windows calls a closed pipe
        name = "standard error" if stream in (sys.stderr, sys.__stderr__) else "standard output"
        why = printable(error.strerror or type(error).__name__).lower()
        raise Usage(f"cannot write to {name}: {why}", "send it elsewhere", name=NO_OUTPUT)


def silence(stream: IO[Any]) -> None:
    """Send what a stream still holds nowhere, so that the interpreter's end does not stumble."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError, AttributeError):
        pass


def command(line: str, width: int = WIDTH, indent: int = 2) -> list[str]:
    """A command to copy: where it is too long, continued with a backslash and never cut."""
    words = safe(line).split(" ")
    shown: list[str] = []
    current = " " * indent + words[0]
    for word in words[1:]:
        if len(current) + len(word) + 3 > width:
            shown.append(current + " \\")
            current = " " * (indent + 4) + word
        else:
            current += " " + word
    return [*shown, current]


def _width(environ: Mapping[str, str]) -> int:
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        found = int(columns)
    else:
        found = shutil.get_terminal_size((WIDTH, 24)).columns
    return max(NARROWEST, min(WIDTH, found))


def _wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    if environ.get("TERM") == "dumb":
        return False
    return is_terminal(stream)


def is_terminal(stream: IO[Any] | None) -> bool:
    """Whether a person sits at the other end; a closed or missing stream has nobody."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False


def _console(stream: TextIO, environ: Mapping[str, str]) -> Any:
    """A rich console: it knows the colours of terminals, Windows' old ones among them."""
    from rich.console import Console

    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        force_terminal=True if environ.get("FORCE_COLOR") else None,
        width=WIDTH * 2,  # lines are wrapped here, not there
    )
