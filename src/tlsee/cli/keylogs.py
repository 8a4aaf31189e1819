"""The key logs that a command was asked for."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence

from tlsee.cli.exit_codes import Usage
from tlsee.cli.output import Screen
from tlsee.cli.stores import reason_of
from tlsee.recording.keylog import KeyLog
from tlsee.text import printable


def keylog_files(given: str | None, environ: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The files to log to: pairs of a path and who named it, an option or SSLKEYLOGFILE."""
    found = []
    if given is not None:
        found.append((given, "--keylog"))
    named = environ.get("SSLKEYLOGFILE", "")
    if named and named != given:
        found.append((named, "SSLKEYLOGFILE"))
    return tuple(found)


@contextlib.contextmanager
def open_keylogs(named: Sequence[tuple[str, str]]) -> Iterator[list[KeyLog]]:
    """Observers that append to these files; ``named`` has pairs of a path and who named it.

    Raises:
        Usage: a file cannot be written.
    """
    with contextlib.ExitStack() as files:
        logs = []
        for path, source in named:
            try:
                logs.append(files.enter_context(KeyLog(path)))
            except OSError as error:
                raise Usage(
                    f"cannot write {printable(path)} ({source}): {reason_of(error)}",
                    "name a file that can be written",
                ) from None
        try:
            yield logs
        finally:
            files.close()
            _complain(list(zip(named, logs, strict=True)))


def _complain(logs: list[tuple[tuple[str, str], KeyLog]]) -> None:
    """A log that stopped before the end is useless for what came after: say so."""
    screen = Screen(sys.stderr)
    for (path, _), log in logs:
        if log.failure is not None:
            why = reason_of(log.failure) if isinstance(log.failure, OSError) else str(log.failure)
            screen.paragraph(f"tlsee: the key log {printable(path)} is not complete: {why}")
    screen.flush()
