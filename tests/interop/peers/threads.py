"""Servers that are Python code: one connection, in a thread, over a real socket."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from tests.interop.peers.spec import DEADLINE, PeerFailed, Report


class ThreadServer:
    """Listens at once; ``handle`` has the connection and says what it was.

    ``handle`` owns the socket and must come to an end by itself: every wait in it is bounded.
    """

    def __init__(self, handle: Callable[[socket.socket], Report]) -> None:
        self._handle = handle
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.port: int = self._listener.getsockname()[1]
        self._report: Report | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._listener:
                accepted, _ = self._listener.accept()
            accepted.settimeout(DEADLINE)
            with accepted:
                self._report = self._handle(accepted)
        except BaseException as error:  # noqa: BLE001 # handed to whoever asks for the report
            self._error = error

    def report(self) -> Report:
        self._thread.join(2 * DEADLINE)
        if self._error is not None:
            raise self._error
        if self._report is None:
            raise PeerFailed("the server is still busy")
        return self._report

    def close(self) -> None:
        """Give the port back; a thread that still waits for a caller ends at its deadline."""
        if self._thread.is_alive() and self._report is None:
            self._wake()
        self._thread.join(DEADLINE)

    def _wake(self) -> None:
        """Call our own listener, so that its accept returns."""
        with contextlib.suppress(OSError):  # it had its connection
            socket.create_connection(("127.0.0.1", self.port), DEADLINE).close()


def connect(port: int) -> socket.socket:
    """A connected socket whose every wait is bounded."""
    return socket.create_connection(("127.0.0.1", port), DEADLINE)
