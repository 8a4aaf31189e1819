"""The outgoing bytes of a stream: kept in order, whoever sends them.

Bytes are taken from the connection and given to the socket only by the one who holds the token, so
two threads never mix theirs. A writer may wait for the socket while it holds the token; a reader
never waits, neither for the token nor for the socket: what it cannot send now, the writer sends.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from tlsee.connection.connection import Connection

_NOTHING = memoryview(b"")


class Outgoing:
    """Moves bytes from a connection's queue to a socket in non-blocking mode."""

    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        self._sock = sock
        self._connection = connection
        self._token = threading.Lock()
        self._rest = _NOTHING  # taken from the connection, not yet by the socket
        # Set before trying for the token, cleared before taking bytes: so what is queued while
        # somebody else holds the token is seen by them after they have let it go.
        self._more = False

    @property
    def stuck(self) -> bool:
        """Whether bytes wait that the socket did not take, and nobody is at it."""
        return self._more and not self._token.locked()

    def push(self) -> None:
        """Send what the socket takes without waiting.

        Raises:
            OSError: the socket is broken.
        """
        self._more = True
        while self._more and self._token.acquire(blocking=False):
            try:
                if not self._send():
                    return
            finally:
                self._token.release()

    def flush(self, wait: Callable[[], None]) -> None:
        """Send everything; ``wait`` returns when the socket takes more, or raises.

        Raises:
            OSError: the socket is broken.
        """
        self._more = True
        while self._more:
            with self._token:
                while not self._send():
                    wait()

    def _send(self) -> bool:
        """Send until nothing is left (true) or the socket is full (false)."""
        rest = self._rest
        while rest or self._more:
            if not rest:
                self._more = False
                rest = memoryview(self._connection.data_to_send())
                if not rest:
                    break
            try:
                rest = rest[self._sock.send(rest) :]
            except BlockingIOError:
                self._rest, self._more = rest, True
                return False
            except BaseException:
                self._rest = rest
                raise
        self._rest = _NOTHING
        return True
