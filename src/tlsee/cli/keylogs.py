"""The key logs that a command was asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from tlsee.cli.exit_codes import Usage
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
        yield logs
