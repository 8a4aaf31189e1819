"""The key log: secrets as lines that Wireshark and other tools read (RFC 9850).

Whoever has the file can read the connections that it is of. It is written only when somebody makes
a ``KeyLog`` and passes it as an observer; no environment variable makes the library do it.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from tlsee.trace import SecretDerived, TraceEvent

OWNER_ONLY = 0o600


class KeyLog:
    """An observer that appends each secret to a file; one may serve many connections at once.

    Args:
        file: a path, created readable by its owner alone and appended to; or a text file, which
            stays the caller's to close.

    Attributes:
        failure: the ``OSError`` or ``ValueError`` that ended the log, or ``None``: an observer
            does not disturb what it observes, so a full disk ends the log and not the connection.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, file: str | Path | TextIO) -> None:
        self.failure: OSError | ValueError | None = None
        self._lock = threading.Lock()
        self._own = isinstance(file, str | Path)
        self._file: TextIO = _append(file) if isinstance(file, str | Path) else file

    def on_event(self, event: TraceEvent) -> None:
        """For a secret a line: its label, the client's random, itself (RFC 9850, 2)."""
        if type(event) is not SecretDerived or self.failure is not None:
            return
        line = f"{event.label} {event.client_random.hex()} {event.secret.hex()}\n"
        with self._lock:
            try:
                self._file.write(line)
                self._file.flush()
            except (OSError, ValueError) as error:
                self.failure = error

    def close(self) -> None:
        """Close the file, if it was opened here."""
        if not self._own:
            return
        try:
            self._file.close()
        except OSError as error:
            self.failure = self.failure or error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _append(path: str | Path) -> TextIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWNER_ONLY)
    return os.fdopen(handle, "a", encoding="ascii", newline="\n")
