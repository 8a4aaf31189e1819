"""Between a connection and a socket: bytes each way, waiting with limits, and orderly ends."""

from __future__ import annotations

import contextlib
import socket
import threading

from tlsee import defaults
from tlsee.connection.connection import Connection
from tlsee.keys.protection import MAX_PLAINTEXT
from tlsee.streams.cuts import CUT, blame
from tlsee.streams.deadline import Deadline
from tlsee.streams.outgoing import Outgoing
from tlsee.streams.targets import prepare
from tlsee.streams.waiting import Waiter

SMALL_READ = 2**14  # bytes asked of the socket while little comes
# And while much comes: six full records. What is allocated for a read then stays below the 128 KiB
# from which malloc maps fresh pages each time: a read of 256 KiB costs three times the time.
LARGE_READ = 6 * (MAX_PLAINTEXT + 22)


class Transport:
    """A socket in non-blocking mode that feeds a connection and sends what it has to say.

    One thread reads (``fill``; whoever does holds ``reading``), one writes (``flush``); ``push``
    is for both. ``record_exact`` takes no byte beyond the current record.
    """

    def __init__(self, sock: socket.socket, connection: Connection, *, record_exact: bool) -> None:
        self.timeout = prepare(sock)
        self.sock = sock
        self.released = False
        self.broken: OSError | None = None  # how the transport ended, where it was no orderly end
        self.reading = threading.Lock()  # the reader's token, as Outgoing has the sender's
        self._connection = connection
        self._record_exact = record_exact
        self._outgoing = Outgoing(sock, connection)
        self._read_waiter, self._write_waiter = Waiter(sock), Waiter(sock)
        self._read_size = SMALL_READ
        self._eager = False  # whether the socket probably has more without waiting

    # --- In -----------------------------------------------------------------------------------

    def fill(self, deadline: Deadline) -> None:
        """Give the connection what the socket has; wait for it where it has nothing.

        Raises:
            Exception: what the deadline makes when it passes.
            OSError: the socket is broken in a way that is no mere end.
        """
        size = self._connection.bytes_needed if self._record_exact else self._read_size
        try:
            if not self._eager:
                self._wait_to_read(deadline)
            data = self.sock.recv(size)
        except BlockingIOError:
            self._eager = False
            return
        except CUT as error:
            self._cut(error)
            return
        self._eager = len(data) == size and not self._record_exact
        self._read_size = LARGE_READ if self._eager else max(SMALL_READ, self._read_size // 2)
        if data:
            self._connection.receive_data(data)
        else:
            self._connection.receive_eof()

    def hear_last_words(self, error: OSError) -> None:
        """The peer has hung up on us; what it said before that may lie in the socket."""
        with contextlib.suppress(OSError):
            while data := self.sock.recv(LARGE_READ):
                self._connection.receive_data(data)
                if self._connection.failure is not None:
                    return
        self._cut(error)

    def _cut(self, error: OSError) -> None:
        """An end without close_notify, with the transport's own word for it."""
        self.broken = error
        self._connection.receive_eof()
        blame(self._connection.failure, error)

    def _wait_to_read(self, deadline: Deadline) -> None:
        """Until there is something to read; meanwhile send what got stuck, as far as it goes."""
        while True:
            stuck = self._outgoing.stuck
            ready = self._read_waiter.wait(read=True, write=stuck, seconds=deadline.left())
            if ready.write and stuck:
                self.push()
            if ready.read:
                return

    # --- Out ----------------------------------------------------------------------------------

    def push(self) -> None:
        """Send what the socket takes without waiting.

        That the peer has hung up is no error here: what it said before is still to be read.
        """
        with contextlib.suppress(OSError):
            self._outgoing.push()

    def flush(self, deadline: Deadline) -> None:
        """Send everything.

        Raises:
            Exception: what the deadline makes when it passes; what is left goes out later.
            OSError: the socket is broken.
        """
        self._outgoing.flush(lambda: self._wait_to_write(deadline))

    def _wait_to_write(self, deadline: Deadline) -> None:
        ready = False
        while not ready:
            ready = self._write_waiter.wait(read=False, write=True, seconds=deadline.left()).write

    # --- Ends ---------------------------------------------------------------------------------

    def end_writing(self) -> None:
        """Push, then half-close: the peer sees our end, and a writer that waits wakes up."""
        self.push()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def linger(self, deadline: Deadline) -> None:
        """Read and drop until the peer hangs up, within a bound and a deadline.

        A socket that is closed with unread input resets the connection, and the reset can destroy
        what was sent last: an alert, the end of an answer.
        """
        taken = 0
        with contextlib.suppress(OSError):
            while taken < defaults.LINGER_LIMIT:
                seconds = deadline.remaining
                ready = self._read_waiter.wait(read=True, write=False, seconds=seconds)
                if not ready.read:
                    return
                data = self.sock.recv(LARGE_READ)
                if not data:
                    return
                taken += len(data)

    def release(self) -> None:
        """Close the socket; a thread that waits for it wakes up and leaves first."""
        if self.released:
            return
        self.released = True
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        alone = self.reading.acquire(timeout=defaults.LINGER_TIMEOUT)
        self.sock.close()
        if alone:
            self.reading.release()

    def detach(self, timeout: float | None) -> socket.socket:
        """The socket, no longer ours, with the timeout it should have."""
        self.released = True
        self.sock.settimeout(timeout)
        return self.sock
