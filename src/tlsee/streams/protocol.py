"""TLS between an asyncio transport and whoever reads and writes.

The event loop calls; nothing here blocks. Bytes that come are given to the connection, its events
are acted on, and what it has to say goes to the transport. What the application does not read in
time stays in the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from tlsee import defaults
from tlsee.connection.connection import Connection
from tlsee.connection.events import (
    DataReceived,
    EarlyDataReceived,
    HandshakeDone,
    NeedData,
    PeerClosed,
    TicketReceived,
    Truncated,
)
from tlsee.crypto.provider import LATER
from tlsee.errors import HandshakeTimeout, Reasons, TLSError, Truncation
from tlsee.questions import Question
from tlsee.streams.answers import OnQuestion, settle
from tlsee.streams.arrivals import Arrivals
from tlsee.streams.cuts import blame
from tlsee.streams.early import EarlyWords
from tlsee.streams.transport import LARGE_READ, SMALL_READ

READ_AHEAD = 2**18  # decrypted bytes that wait for the application before reading pauses
WRITE_AHEAD = 2**18  # sealed bytes that wait for the network before ``drain`` waits


# Loops of selectors read at once into the buffer they are given, so one serves all connections.
_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, bytearray] = WeakKeyDictionary()


def _buffer(loop: asyncio.AbstractEventLoop) -> bytearray:
    if not isinstance(loop, asyncio.SelectorEventLoop):
        return bytearray(SMALL_READ)
    return _shared.setdefault(loop, bytearray(LARGE_READ))


class TLSProtocol(Arrivals, asyncio.BufferedProtocol):
    """One connection on one transport. ``Reader`` and ``Writer`` are its faces.

    ``deadline`` is when the handshake must be done, by the loop's clock; ``on_made`` is called
    once there is a transport; ``early_words`` is what a client says before it is done.
    """

    def __init__(
        self,
        connection: Connection,
        on_question: OnQuestion | None,
        deadline: float | None,
        *,
        on_made: Callable[[TLSProtocol], None] | None = None,
        insecure_accept_truncation: bool = False,
        early_words: EarlyWords | None = None,
    ) -> None:
        super().__init__(connection, early_words)
        self.transport: asyncio.Transport | None = None
        self._on_made = on_made
        self._on_question = on_question
        self._deadline = deadline
        self._accept_truncation = insecure_accept_truncation
        self._input = memoryview(_buffer(self.loop))
        self._timer: asyncio.TimerHandle | None = None
        self._asking: asyncio.Future[None] | None = None
        self._asides: set[asyncio.Future[None]] = set()  # nothing waits for their answers
        self._drainers: set[asyncio.Future[None]] = set()
        self._writing_paused = False
        self._reading_paused = False
        self._said_all = False

    @property
    def peername(self) -> Any:
        """The peer's address, or ``None``."""
        transport = self.transport
        return transport.get_extra_info("peername") if transport is not None else None

    # --- What the loop calls --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is connected: the handshake and its deadline begin."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(high=WRITE_AHEAD)
        if self._deadline is not None:
            self._timer = self.loop.call_at(self._deadline, self.time_out)
        if self._on_made is not None:
            self._on_made(self)
        self.advance()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - ours is as large as useful
        """Where the next bytes go."""
        return self._input

    def buffer_updated(self, nbytes: int) -> None:
        """Bytes from the network."""
        if self.failure is None:
            self.connection.receive_data(self._input[:nbytes])
            self.advance()

    def eof_received(self) -> bool:
        """The peer's half of the transport has ended; ours may go on."""
        self.connection.receive_eof()
        self.advance()
        if self._closing and self.transport is not None:
            self.transport.close()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone, in order or not."""
        self.connection.receive_eof()
        self.advance()
        if isinstance(self.failure, Truncation):
            blame(self.failure, exc)
        self._stop_timer()
        self._ask_no_more()
        self.ended = True
        self._wake_reader()
        self._wake_drainers()
        if not self.done.done():
            self._settle(ConnectionResetError("the connection was closed"))
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """It has room again."""
        self._writing_paused = False
        self._wake_drainers()

    # --- Events -------------------------------------------------------------------------------

    def advance(self) -> None:
        """Act on every event there is, and send what the connection has to say."""
        try:
            self._say_early()
            while not isinstance(event := self.connection.next_event(), NeedData):
                if isinstance(event, DataReceived):
                    self._take(event.data)
                elif isinstance(event, EarlyDataReceived):
                    self._take(event.data, early=True)
                elif isinstance(event, HandshakeDone):
                    self._stop_timer()
                    if self.early_words is not None:
                        self.connection.write(self.early_words.settle(event.info))
                    self._settle(None)
                elif isinstance(event, TicketReceived):
                    self.last_session = event.session or self.last_session
                elif isinstance(event, Question):
                    self._ask(event)
                elif isinstance(event, PeerClosed):
                    self._end(None)
                elif isinstance(event, Truncated):
                    self._end(None if self._accept_truncation else self._truncation())
        except TLSError as error:
            self.flush()
            self._fail(error)
        else:
            self.flush()

    def flush(self) -> None:
        """Hand the connection's bytes to the transport."""
        transport = self.transport
        if transport is None or transport.is_closing() or self._said_all:
            return
        data = self.connection.data_to_send()
        if data:
            transport.write(data)

    def _say_early(self) -> None:
        """Behind the hello, once the session is known that allows it."""
        if self.early_words is not None:
            self.early_words.say(self.connection)

    def _take(self, data: bytes | bytearray, *, early: bool = False) -> None:
        """The connection bounds what comes early: by what the ticket allows."""
        if not data or self._closing:
            return
        self._keep(data, early=early)
        if self.buffered > READ_AHEAD and not early:
            self._pause_reading()

    def taken(self, size: int) -> None:
        """The application has taken this many bytes."""
        self.buffered -= size
        self.early_left = max(0, self.early_left - max(size, 0))
        if self._reading_paused and self.buffered <= READ_AHEAD // 2 and self._asking is None:
            self._resume_reading()

    def _end(self, failure: Exception | None) -> None:
        self.ended = True
        self.failure = self.failure or failure
        self._wake_reader()
        if self._closing and self.transport is not None:
            self.transport.close()

    def _truncation(self) -> Truncation:
        error = Truncation(Reasons.truncated)
        error.evidence = self.connection.evidence
        return error

    def _fail(self, error: TLSError) -> None:
        if self.failure is not None:
            return
        self._stop_timer()
        self._end(error)
        self._wake_drainers()
        self._settle(error)
        self.linger(defaults.LINGER_TIMEOUT)

    def time_out(self) -> None:
        """The handshake was not done by its deadline."""
        if not self.done.done():
            error = HandshakeTimeout(Reasons.handshake_timeout)
            error.evidence = self.connection.evidence
            self.connection.close_write()  # user_canceled
            self.flush()
            self._fail(error)
            self.abort()

    # --- Questions ----------------------------------------------------------------------------

    def _ask(self, question: Question) -> None:
        if not self.connection.input_waits:
            task = asyncio.ensure_future(self._answer_aside(question))
            self._asides.add(task)
            task.add_done_callback(self._asides.discard)
            return
        self._pause_reading()
        self._asking = asyncio.ensure_future(self._answer(question))

    def _ask_no_more(self) -> None:
        for task in (self._asking, *self._asides):
            if task is not None:
                task.cancel()

    async def _answer(self, question: Question) -> None:
        answer = await self._find(question)
        self._asking = None
        if self.connection.failure is None:
            settle(self.connection, question, answer)
            if self.buffered <= READ_AHEAD:
                self._resume_reading()
            self.advance()

    async def _answer_aside(self, question: Question) -> None:
        answer = await self._find(question)
        if self.connection.failure is None:
            settle(self.connection, question, answer)
            self.advance()

    async def _find(self, question: Question) -> object:
        ask = self._on_question
        answer: object
        try:
            answer = ask(question) if ask is not None else LATER
            if inspect.isawaitable(answer):
                answer = await answer
            if answer is LATER:  # the question's own way may block, so not in the loop's thread
                answer = await asyncio.to_thread(question.resolve)
        except Exception as error:  # noqa: BLE001 - whatever it is, it refuses
            answer = error
        return answer

    # --- Ends ---------------------------------------------------------------------------------

    def close(self) -> None:
        """close_notify, then wait for the peer's within a bound; what still comes is dropped."""
        if self._closing or self.transport is None:
            return
        self._closing = True
        self.chunks.clear()
        self.buffered = 0
        if self.failure is None:
            self.connection.close_write()
            self.flush()
        if self.ended:
            self.transport.close()
        else:
            self.linger(defaults.CLOSE_TIMEOUT)

    def is_closing(self) -> bool:
        """Whether an end was begun here, or the transport is gone."""
        return self._closing or self.closed.done()

    def linger(self, seconds: float) -> None:
        """Half-close and read on for a while: closing at once could reset our last bytes away."""
        self._closing = True
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        self._said_all = True
        with contextlib.suppress(OSError):
            if transport.can_write_eof():
                transport.write_eof()
        self._resume_reading()
        timer = self.loop.call_later(seconds, transport.abort)
        self.closed.add_done_callback(lambda _: timer.cancel())

    def abort(self) -> None:
        """Close without a word."""
        self._closing = True
        self._ask_no_more()
        if self.transport is not None:
            self.transport.abort()

    # --- Waiting ------------------------------------------------------------------------------

    async def drain(self) -> None:
        """Until the transport takes more.

        Raises:
            TLSError: the connection failed. ConnectionResetError: it is gone.
        """
        if self.failure is not None and not isinstance(self.failure, Truncation):
            raise self.failure
        if self.transport is None or self.closed.done():
            raise ConnectionResetError("the connection is closed")
        if not self._writing_paused:
            return
        waiter: asyncio.Future[None] = self.loop.create_future()
        self._drainers.add(waiter)
        try:
            await waiter
        finally:
            self._drainers.discard(waiter)
        if self.closed.done():
            raise ConnectionResetError("the connection was closed while bytes waited")

    def _wake_drainers(self) -> None:
        for waiter in self._drainers:
            if not waiter.done():
                waiter.set_result(None)

    def _pause_reading(self) -> None:
        if not self._reading_paused and self.transport is not None:
            self._reading_paused = True
            self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._reading_paused and self.transport is not None:
            self._reading_paused = False
            self.transport.resume_reading()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
