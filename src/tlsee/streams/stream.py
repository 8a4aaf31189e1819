"""A blocking TLS stream over a socket.

One thread may read while another writes. They share the outgoing bytes only; nobody holds a lock
that the other one needs while waiting for the network. Each operation has its own limit, and a
timeout leaves the stream usable: what was not sent yet goes first when the next bytes go.
"""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self

from tlsee import defaults
from tlsee.connection.events import (
    DataReceived,
    NeedData,
    PeerClosed,
    TicketReceived,
    Truncated,
)
from tlsee.errors import ApiMisuse, Reasons, TLSError, Truncation
from tlsee.questions import Question
from tlsee.streams.answers import ask
from tlsee.streams.cuts import CUT, blame
from tlsee.streams.deadline import NEVER, Deadline
from tlsee.streams.opening import PIECE, OpeningStream

__all__ = ["PIECE", "Stream"]


class Stream(OpeningStream):
    """TLS over a connected socket, which belongs to the stream until ``unwrap`` or ``close``.

    The handshake happens on first use, or by ``handshake()``. Made by ``connect``, ``wrap_client``,
    ``wrap_server`` and ``Listener.accept``.

    Args:
        sock: connected; its timeout becomes that of the stream.
        handshake_timeout: seconds for the whole handshake, ``None`` for no limit; the socket's
            timeout holds as well.
        on_question: answers questions to which ``LATER`` was the first answer; it may block.
        record_exact: never take a byte off the socket beyond the current record. Slower; for
            protocols that leave TLS and go on with the same socket in other hands.
        insecure_accept_truncation: take the end of the transport for the end of the data. Only
            where the application's own protocol tells whether all of it came.
        early_words: what a client says before the handshake is done.

    Attributes:
        connection: the connection without I/O under this stream.
        last_session: the newest session that a server of TLS 1.3 gave on this connection; kept
            already where the configuration keeps sessions.
    """

    @property
    def pending(self) -> int:
        """How many bytes ``recv`` can return without looking at the socket."""
        return sum(map(len, self._chunks))

    def settimeout(self, seconds: float | None) -> None:
        """How long one operation may take from now on; ``None`` waits for ever."""
        if seconds is not None and seconds <= 0:
            raise ApiMisuse(f"a timeout of {seconds} s", "give a positive number, or None")
        self._timeout = seconds

    def gettimeout(self) -> float | None:
        """The limit of one operation in seconds."""
        return self._timeout

    # --- Reading ------------------------------------------------------------------------------

    def recv(self, size: int = 65536) -> bytes:
        """Between one and ``size`` bytes; ``b""`` after the peer's close_notify.

        Raises:
            Truncation: the transport ended without close_notify: there may have been more.
            TimeoutError: nothing came in time; call again later.
            TLSError: the connection failed. In TLS 1.3 a server judges a client's certificate
                after the client's handshake is done: its refusal comes here.
        """
        if size < 0:
            raise ApiMisuse(f"recv({size})", "give a number of bytes that is not negative")
        if size == 0 or not self._await_data():
            return b""
        return self._next_chunk(size)

    def recv_into(self, buffer: bytearray | memoryview, size: int = 0) -> int:
        """Like ``recv``, into a buffer: how many bytes, 0 after the peer's close_notify.

        Args:
            size: the most bytes to take; 0 means as many as the buffer holds.
        """
        target = memoryview(buffer).cast("B")
        room = min(size, len(target)) if size else len(target)
        if room == 0 or not self._await_data():
            return 0
        chunk = self._chunks[0]
        taken = min(room, len(chunk))
        target[:taken] = chunk[:taken]
        if taken < len(chunk):
            self._chunks[0] = chunk[taken:]
        else:
            self._chunks.popleft()
        self._early_left = max(0, self._early_left - taken)
        return taken

    def _await_data(self) -> bool:
        """Whether there is data, or (false) its orderly end."""
        if not self._open:
            self.handshake()
        if not self._chunks:
            deadline = self._limit()
            while True:
                with self._transport.reading:
                    self._check_usable()
                    while not (self._at_rest or self._asides):
                        self._step(deadline)
                if self._at_rest:
                    break
                self._answer_asides()
            if self._truncation is not None and not self._chunks:
                raise self._truncation
        return bool(self._chunks)

    @property
    def _at_rest(self) -> bool:
        """Whether a reader has what it came for, or never will."""
        return bool(self._chunks) or self._ended

    def _answer_asides(self) -> None:
        """What was asked after the handshake, by whoever reads and finds no data.

        No lock is held: another thread may write meanwhile, or close.
        """
        while self._asides:
            ask(self.connection, self._asides.popleft(), self._on_question)
            self._transport.push()

    def _step(self, deadline: Deadline) -> None:
        """Take the connection's next event, or more bytes for it. The caller reads alone."""
        try:
            event = self.connection.next_event()
        except TLSError:
            self._transport.end_writing()
            raise
        if isinstance(event, NeedData):
            self._transport.fill(deadline)
            self._check_usable()  # it may have been closed while this thread waited
            if self.connection.has_data_to_send:
                self._transport.push()
        elif isinstance(event, DataReceived):
            if event.data:
                self._chunks.append(memoryview(event.data))
        elif isinstance(event, TicketReceived):
            self.last_session = event.session or self.last_session
        elif isinstance(event, Question):
            self._asides.append(event)
        elif isinstance(event, PeerClosed):
            self._ended = True
        elif isinstance(event, Truncated):
            self._ended = True
            if not self._accept_truncation:
                self._truncation = Truncation(Reasons.truncated)
                self._truncation.evidence = self.connection.evidence
                blame(self._truncation, self._transport.broken)

    # --- Writing ------------------------------------------------------------------------------

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        """Send everything, a bounded piece at a time. A server that has read early data with
        ``recv_early`` does not wait for the handshake to be done.

        Raises:
            TimeoutError: the peer did not take it in time. What was sealed goes out first when
                the next bytes go, but nothing tells how much of ``data`` that was.
            TLSError: the connection failed.
            ApiMisuse: after ``send_eof`` or ``close``.
        """
        if not (self._reads_early and self._early_came):
            self.handshake()
        self._check_usable()
        view = memoryview(data).cast("B")
        deadline = self._limit()
        for start in range(0, len(view), PIECE):
            self.connection.write(view[start : start + PIECE])
            self._flush(deadline)

    def send_eof(self) -> None:
        """Say close_notify: nothing more comes from here. Reading goes on (RFC 9846, 6.1)."""
        self.handshake()
        self._check_usable()
        self.connection.close_write()
        self._flush(self._limit())

    def update_keys(self, *, request: bool = False) -> None:
        """Change the keys we send with; ``request`` has the peer change its own (4.7.3)."""
        self.handshake()
        self._check_usable()
        self.connection.update_keys(request)
        self._flush(self._limit())

    def request_certificate(self) -> bytes:
        """As ``Connection.request_certificate``; the answer comes while somebody reads."""
        self.handshake()
        self._check_usable()
        context = self.connection.request_certificate()
        self._flush(self._limit())
        return context

    def _flush(self, deadline: Deadline) -> None:
        try:
            self._transport.flush(deadline)
        except OSError as error:
            self._check_usable()
            if isinstance(error, CUT) and self._transport.reading.acquire(blocking=False):
                try:  # nobody reads who would hear what the peer said before it hung up
                    self._transport.hear_last_words(error)
                finally:
                    self._transport.reading.release()
            if self.connection.failure is not None:
                raise self.connection.failure from error
            raise

    # --- The end ------------------------------------------------------------------------------

    def unwrap(self) -> tuple[socket.socket, bytes]:
        """Leave TLS in order: close_notify both ways, then the socket as it was before.

        Returns:
            The socket, and the bytes that were taken off it and come after the peer's
            close_notify.

        Raises:
            ApiMisuse: data is left to read. ``recv`` until ``b""`` first, then call again.
            Truncation: the transport ended without the peer's close_notify.
        """
        self.send_eof()
        if self._await_data():
            raise ApiMisuse(
                f"unwrap() with {self.pending:,} bytes left to read",
                'recv() until it returns b"", then unwrap()',
            )
        return self._transport.detach(self._timeout), self.connection.trailing_data

    def close(self, timeout: float | None = defaults.CLOSE_TIMEOUT) -> None:
        """Say close_notify, wait for the peer's, close the socket. Never raises for the peer.

        What arrives meanwhile is dropped, within a bound. Closing at once could destroy what was
        sent last: a socket that is closed with unread input resets the connection.

        Args:
            timeout: how many seconds to wait at most; 0 does not wait, ``None`` has no limit.
        """
        if self._transport.released:
            return
        try:
            if self._reads_early and not self._open:
                self.handshake()  # what was answered early is to end in order
            if self._open:
                self._say_goodbye(Deadline(timeout, self._clock))
        except (OSError, TLSError):
            pass  # the peer is gone, or says nonsense to the last
        finally:
            self._transport.release()

    def abort(self) -> None:
        """Close the socket without a word: the peer sees a truncation, and rightly."""
        self._transport.release()

    def _say_goodbye(self, deadline: Deadline) -> None:
        self.connection.close_write()
        if deadline.remaining != 0.0:
            self._transport.flush(deadline)
        self._transport.end_writing()
        if self.connection.failure is not None:
            self._transport.linger(Deadline(defaults.LINGER_TIMEOUT, self._clock))
        elif not self._ended and self._transport.reading.acquire(blocking=False):
            try:
                self._await_goodbye(deadline)
            finally:
                self._transport.reading.release()

    def _await_goodbye(self, deadline: Deadline) -> None:
        dropped = 0
        while not self._ended and dropped < defaults.LINGER_LIMIT and deadline.remaining != 0.0:
            self._step(deadline)
            dropped += self.pending
            self._chunks.clear()

    def _limit(self) -> Deadline:
        return NEVER if self._timeout is None else Deadline(self._timeout, self._clock)

    # --- As a context manager -----------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; after an exception abort, so that what was cut off does not look complete."""
        if kind is None:
            self.close()
        else:
            self.abort()
