"""Lines on streams of all kinds."""

from __future__ import annotations

import io

import pytest

from tlsee.cli.output import OK, Screen, command
from tlsee.cli.plumbing import Pipe, Terminal, harmless
from tlsee.explain.layout import labelled, listed, safe, wrap


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def _printed(environ: dict[str, str], stream: io.StringIO) -> str:
    Screen(stream, environ).line("fine", OK)
    return stream.getvalue()


def test_colour_only_where_somebody_sees_it() -> None:
    """A terminal gets colour; a pipe, NO_COLOR and a dumb terminal do not."""
    assert "\x1b[" in _printed({"TERM": "xterm"}, Tty())
    assert "\x1b[" in _printed({"FORCE_COLOR": "1"}, io.StringIO())
    assert _printed({}, io.StringIO()) == "fine\n"
    assert _printed({"TERM": "xterm", "NO_COLOR": "1"}, Tty()) == "fine\n"
    assert _printed({"TERM": "dumb"}, Tty()) == "fine\n"


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("200", 80), ("10", 40)])
def test_width(columns: str, width: int) -> None:
    """COLUMNS narrows, never widens beyond 80."""
    assert Screen(io.StringIO(), {"COLUMNS": columns}).width == width


def test_nothing_gets_through_unescaped() -> None:
    """Control characters, marks that reverse text and letters beyond ASCII come out escaped."""
    assert safe("a\x1b[31m\u202e\xfc\n") == r"a\x1b[31m\u202e\xfc\x0a"
    screen = Screen(stream := io.StringIO(), {})
    screen.row("name\x07", "x\x1b]0;t\x07", OK)
    screen.verdict("bad", "y\x08", OK)
    assert stream.getvalue().replace("\n", "").isprintable()


def test_a_reader_that_left() -> None:
    """A closed pipe is noticed once and is no error."""
    screen = Screen(Gone(), {})
    screen.line("one")
    screen.line("two")
    screen.row("three", "four")
    assert screen.closed


def test_rows_wrap_under_their_text() -> None:
    """The second line begins where the first one's text does."""
    lines = labelled("label", "word " * 40, 60, 10)
    assert len(lines) > 1
    assert all(line.startswith(" " * 12 + "word") for line in lines[1:])
    assert all(len(line) <= 60 for line in lines)
    assert labelled("a label too long", "text", 80, 5)[0] == "  a label too long  text"
    assert wrap("", 80, 4) == [""]


def test_commands_are_continued_and_not_cut() -> None:
    """A command to copy keeps its words whole, with a backslash at the end of a line."""
    lines = command("tlsee connect localhost:8443 --ca " + "/very" * 12 + "/ca.pem --http /", 80)
    assert len(lines) > 1
    joined = " ".join(line.strip().removesuffix("\\").strip() for line in lines)
    assert joined == "tlsee connect localhost:8443 --ca " + "/very" * 12 + "/ca.pem --http /"


def test_lists_of_words() -> None:
    """Commas, and a word before the last."""
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]


def test_a_peers_text_on_a_terminal() -> None:
    """Lines and letters stay; escape sequences, bells and reversing marks do not."""
    assert harmless("a\tb\r\nc\n", "utf-8") == "a\tb\nc\n"
    assert harmless("\x1b[2J\x07\u202e\x9b", "utf-8") == r"\x1b[2J\x07\u202e\x9b"
    assert harmless("\xfc\u20ac", "utf-8") == "\xfc\u20ac"
    assert harmless("\xfc\u20ac", "ascii") == r"\xfc\u20ac"
    stream = io.StringIO()
    sink = Terminal(stream)
    sink.write("\u20ac".encode()[:1])
    sink.write("\u20ac".encode()[1:] + b"\xff")
    sink.finish()
    assert stream.getvalue() == "\\u20ac\\xff\n"
    assert (sink.received, bytes(sink.kept)) == (4, b"\xe2\x82\xac\xff")


def test_a_peers_bytes_in_a_pipe() -> None:
    """Bytes pass as they are; a reader that left closes the sink and nothing else."""
    stream = io.BytesIO()
    sink = Pipe(stream)
    sink.write(b"\x00\x1b\xff")
    assert stream.getvalue() == b"\x00\x1b\xff"
    stream.close()
    sink.write(b"more")
    assert (sink.closed, sink.received) == (True, 7)
