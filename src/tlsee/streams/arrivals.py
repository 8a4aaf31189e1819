"""What has come for the readers of an asyncio stream, and how they wait for it."""

from __future__ import annotations

import asyncio
from collections import deque

from tlsee.connection.connection import Connection
from tlsee.errors import ApiMisuse
from tlsee.sessions.session import Session
from tlsee.streams.early import EarlyWords


class Arrivals:
    """Data in order, early data in front; how the handshake ended, and how the stream did.

    Attributes:
        done: the handshake. begun: that, or early data came. closed: the transport.
        chunks, buffered: data that nobody has read, and its bytes.
        early_came, early_left: bytes of early data; those that are still in ``chunks``.
        ended: nothing follows what is in ``chunks``. failure: raised for a reader after it.
    """

    def __init__(self, connection: Connection, early_words: EarlyWords | None) -> None:
        self.loop = asyncio.get_running_loop()
        self.connection = connection
        self.done: asyncio.Future[None] = self.loop.create_future()
        self.begun: asyncio.Future[None] = self.loop.create_future()
        self.closed: asyncio.Future[None] = self.loop.create_future()
        self.chunks: deque[memoryview] = deque()
        self.buffered = 0
        self.early_words = early_words
        self.early_came = 0
        self.early_left = 0
        self.last_session: Session | None = None
        self.ended = False
        self.failure: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._closing = False

    def _keep(self, data: bytes | bytearray, *, early: bool) -> None:
        self.chunks.append(memoryview(data))
        self.buffered += len(data)
        if early:
            self.early_came += len(data)
            self.early_left += len(data)
            if not self.begun.done():
                self.begun.set_result(None)
        self._wake_reader()

    async def wait_for_data(self) -> bool:
        """Until there is data (true) or its orderly end (false).

        Raises:
            TLSError: the connection failed, or was cut.
        """
        if not self.done.done():  # a server that does not read early waits for Finished
            await asyncio.shield(self.done)
        while not self.chunks:
            if self.failure is not None:
                raise self.failure
            if self.ended:
                return False
            if self._closing:
                raise ApiMisuse("the stream is closed", "open another one")
            await self._next_news()
        return True

    async def _next_news(self) -> None:
        if self._reader is not None:
            raise ApiMisuse("two tasks read from one stream", "let one of them read")
        self._reader = self.loop.create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    async def wait_for_early_data(self) -> bool:
        """Until there is early data (true), or the handshake is done (false).

        Raises:
            TLSError: the handshake failed.
        """
        while not self.early_left:
            if self.done.done():
                self.done.result()
                return False
            await self._next_news()
        return True

    @property
    def handshake_failure(self) -> BaseException | None:
        """Why the handshake failed; ``None`` where it did not, so far."""
        if not self.done.done() or self.done.cancelled():
            return None
        return self.done.exception()

    def _settle(self, error: Exception | None) -> None:
        if self.done.done():
            return
        if error is not None:
            self._annotate(error)
        for future in (self.done, self.begun):
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
                future.exception()  # seen, also where nobody waits for it
        self._wake_reader()

    def _annotate(self, error: Exception) -> None:
        """Nothing that was said early is dropped without a word."""
        if self.early_words is not None:
            self.early_words.annotate(error)
        if self.early_left:
            error.add_note(f"{self.early_left:,} bytes of early data had come and were not read")

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
