"""The views of a recording at the command line: the screen, or files and standard output."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from tlsee.cli.exit_codes import Usage
from tlsee.cli.json_output import line_of
from tlsee.cli.output import HINT, Screen, is_terminal
from tlsee.cli.styles import show
from tlsee.cli.view_files import BINARY, KINDS, STANDARD_OUTPUT, write_view
from tlsee.explain.account import Account
from tlsee.recording.recording import Recording
from tlsee.text import printable
from tlsee.values import value

F = TypeVar("F", bound=Callable[..., Any])


@value
class ViewWish:
    """How a recording is to be shown.

    Attributes:
        files: for ``html``, ``pcapng``, ``mermaid`` and ``record`` where each is to be written,
            ``-`` being standard output. as_json: an object on standard output. detail: 0, 1 or 2.
    """

    files: dict[str, str]
    as_json: bool
    detail: int

    def spare(self, path: str) -> None:
        """Refuse to write over the file that is shown.

        Raises:
            Usage: one of the views would.
        """
        for kind, out in self.files.items():
            with contextlib.suppress(OSError, ValueError):
                if out != STANDARD_OUTPUT and Path(out).samefile(path):
                    name = printable(out, 60)
                    raise Usage(
                        f"--{kind} {name} would write over what it shows", "name another file"
                    )

    @property
    def on_screen(self) -> bool:
        """Whether it is told: where nothing else was asked for, or details were."""
        return not self.is_printed and (not self.files or self.detail > 0)

    @property
    def is_printed(self) -> bool:
        """Whether standard output belongs to a view for programs."""
        return self.as_json or STANDARD_OUTPUT in self.files.values()


def view_options(command: F) -> F:
    """The options that ``view_wish`` reads."""
    options = (
        click.option("--html", metavar="FILE", help="Of a recording: one page with everything."),
        click.option("--pcapng", metavar="FILE", help="Of a recording: a capture, for Wireshark."),
        click.option("--mermaid", metavar="FILE", help="Of a recording: a diagram for Markdown."),
        click.option("--record", metavar="FILE", help="Of a capture: the connection, to keep."),
        click.option("--json", "as_json", is_flag=True, help="One object on standard output."),
        click.option(
            "-v", "--verbose", count=True, help="Of a recording what was meant; -vv every field."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def view_wish(options: Mapping[str, Any]) -> ViewWish:
    """What the options ask for.

    Raises:
        Usage: they do not go together.
    """
    files = {name: options[name] for name in KINDS if options[name] is not None}
    printed = [f"--{name} -" for name, path in files.items() if path == STANDARD_OUTPUT]
    printed += ["--json"] if options["as_json"] else []
    if len(printed) > 1:
        raise Usage(
            f"{' and '.join(printed)} would be mixed on standard output", "name files for the rest"
        )
    for name in BINARY:
        if files.get(name) == STANDARD_OUTPUT and is_terminal(sys.stdout):
            on = ", or pipe it on: --pcapng - | tshark -r -" if name == "pcapng" else ""
            raise Usage(
                f"a {KINDS[name]} is binary, and standard output is a terminal",
                f"name a file{on}",
            )
    named = [Path(path).absolute() for path in files.values() if path != STANDARD_OUTPUT]
    if len(set(named)) < len(named):
        raise Usage("two views cannot be written into one file", "name another for one of them")
    return ViewWish(files, options["as_json"], options["verbose"])


def show_recording(
    recording: Recording, name: str, wish: ViewWish, notes: Sequence[str] = ()
) -> None:
    """Show a recording as it was wished for.

    Args:
        name: what to call it, such as its file's. notes: sentences to put behind the screen.

    Raises:
        Usage: a file cannot be written.
    """
    account = Account.of(recording)
    screen = Screen(sys.stdout)
    aside = Screen(sys.stderr) if wish.is_printed else screen
    for kind, path in wish.files.items():
        write_view(account, kind, path, aside)
    if wish.as_json:
        from tlsee.explain.report.json_report import report

        screen.line(line_of(report(account)))
    elif wish.on_screen:
        from tlsee.explain.report.terminal import terminal

        if wish.files:
            screen.line()
        show(screen, terminal(account, name, detail=wish.detail, width=screen.width))
        for note in notes:
            screen.paragraph(note, 0, HINT)
        if notes:
            screen.line()
        more = {0: "-v what was meant", 1: "-vv every field"}.get(wish.detail)
        others = "   ".join(filter(None, (more, "--html FILE", "--pcapng FILE", "--json")))
        screen.line(f"more:  {others}", HINT)
    screen.flush()
    aside.flush()
