"""The key logs that a command was asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from tlsee.cli.exit_codes import Usage
from tlsee.cli.stores import reason_of
from tlsee.recording.keylog import KeyLog
from tlsee.text import printable


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
