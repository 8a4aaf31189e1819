"""asyncio streams: ``connect`` and ``serve`` with the same configurations as the blocking ones.

Questions are answered by awaiting. Reading pauses while the application does not read, ``drain``
waits while the peer does not; one deadline covers the whole handshake.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tlsee import defaults
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, ServerConnection
from tlsee.connection.info import ConnectionInfo
from tlsee.errors import ApiMisuse, HandshakeTimeout, TLSError
from tlsee.sessions.session import Session
from tlsee.streams.answers import OnQuestion
from tlsee.streams.blocking import default_client_config
from tlsee.streams.bound import Bound
from tlsee.streams.early import EarlyWords, IfRefused
from tlsee.streams.protocol import TLSProtocol
from tlsee.streams.stream import PIECE
from tlsee.text import printable
from tlsee.trace import Observer, Role

__all__ = ["Reader", "Writer", "connect", "serve"]

SEPARATOR_LIMIT = 2**16  # bytes that readuntil() looks through, as asyncio's own streams do

Handler = Callable[["Reader", "Writer"], Awaitable[None]]

_log = logging.getLogger("tlsee.server")


class Reader:
    """The reading half. One task at a time reads."""

    def __init__(self, protocol: TLSProtocol) -> None:
        self._protocol = protocol

    async def read(self, size: int = -1) -> bytes:
        """Between one and ``size`` bytes, ``b""`` after close_notify; all of it if negative.

        Raises:
            Truncation: the transport ended without close_notify.
            TLSError: the connection failed. In TLS 1.3 a server judges a client's certificate
                after the client's handshake is done: its refusal comes here.
        """
        if size < 0:
            parts = []
            while part := await self.read(PIECE):
                parts.append(part)
            return b"".join(parts)
        if size == 0 or not await self._protocol.wait_for_data():
            return b""
        return self._next_chunk(size)

    async def read_early(self, size: int = PIECE) -> bytes:
        """A server's look at early data before the handshake is done; ``b""`` when there is none.

        For handlers of ``serve(..., wait_for_finished=False)``. What this returns may be a replay:
        see ``Stream.recv_early``.

        Raises:
            ApiMisuse: on a client. TLSError: the handshake failed.
        """
        if self._protocol.connection.role is Role.CLIENT:
            raise ApiMisuse("read_early() on a client", "early data goes from client to server")
        if size <= 0 or not await self._protocol.wait_for_early_data():
            return b""
        return self._next_chunk(size)

    def _next_chunk(self, size: int) -> bytes:
        chunks = self._protocol.chunks
        chunk = chunks[0]
        if len(chunk) <= size:
            chunks.popleft()
        else:
            chunks[0] = chunk[size:]
            chunk = chunk[:size]
        self._protocol.taken(len(chunk))
        return bytes(chunk)

    async def readexactly(self, size: int) -> bytes:
        """``size`` bytes.

        Raises:
            asyncio.IncompleteReadError: the peer said close_notify before.
            Truncation, TLSError: as ``read``.
        """
        parts: list[bytes] = []
        missing = size
        while missing:
            part = await self.read(missing)
            if not part:
                raise asyncio.IncompleteReadError(b"".join(parts), size)
            parts.append(part)
            missing -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Up to and with the separator.

        Raises:
            asyncio.IncompleteReadError: the peer said close_notify before.
            asyncio.LimitOverrunError: no separator within 64 KiB.
            Truncation, TLSError: as ``read``.
        """
        found = bytearray()
        while True:
            part = await self.read(SEPARATOR_LIMIT)
            if not part:
                raise asyncio.IncompleteReadError(bytes(found), None)
            start = max(0, len(found) - len(separator) + 1)
            found += part
            at = found.find(separator, start)
            if at >= 0:
                self._give_back(found[at + len(separator) :])
                return bytes(found[: at + len(separator)])
            if len(found) > SEPARATOR_LIMIT:
                self._give_back(found)
                raise asyncio.LimitOverrunError("no separator within the limit", len(found))

    async def readline(self) -> bytes:
        """A line with its end; the rest where the peer's close_notify comes first."""
        try:
            return await self.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            return error.partial

    def at_eof(self) -> bool:
        """Whether the end has come and everything before it was read."""
        return self._protocol.ended and not self._protocol.chunks

    def __aiter__(self) -> Reader:
        return self

    async def __anext__(self) -> bytes:
        line = await self.readline()
        if not line:
            raise StopAsyncIteration
        return line

    def _give_back(self, data: bytearray) -> None:
        if data:
            self._protocol.chunks.appendleft(memoryview(data))
            self._protocol.taken(-len(data))


class Writer(Bound):
    """The writing half, and what is known of the connection.

    Attributes:
        connection: the connection without I/O under this stream.
    """

    def __init__(self, protocol: TLSProtocol) -> None:
        self._protocol = protocol
        self.connection = protocol.connection

    @property
    def info(self) -> ConnectionInfo:
        """What was negotiated and proved."""
        return self._protocol.connection.info

    @property
    def last_session(self) -> Session | None:
        """The newest session that a server of TLS 1.3 gave on this connection."""
        return self._protocol.last_session

    @property
    def early_data_length(self) -> int:
        """As ``Stream.early_data_length``."""
        return self._protocol.early_came

    @property
    def unsent_early_data(self) -> bytes:
        """As ``Stream.unsent_early_data``."""
        words = self._protocol.early_words
        return words.left if words is not None else b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Seal and send, without waiting; ``await drain()`` after it.

        Raises:
            ApiMisuse: after ``write_eof`` or ``close``. TLSError: the connection has failed.
        """
        view = memoryview(data).cast("B")
        for start in range(0, len(view), PIECE):
            self._protocol.connection.write(view[start : start + PIECE])
            self._protocol.flush()

    async def drain(self) -> None:
        """Wait until the transport takes more.

        Raises:
            TLSError: the connection failed. ConnectionResetError: it is gone.
        """
        await self._protocol.drain()

    async def sendall(self, data: bytes | bytearray | memoryview) -> None:
        """Send everything, a piece at a time, so that little of it is in memory twice."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), PIECE):
            self.write(view[start : start + PIECE])
            await self.drain()

    def write_eof(self) -> None:
        """Say close_notify: nothing more comes from here. Reading goes on."""
        self._protocol.connection.close_write()
        self._protocol.flush()

    def update_keys(self, *, request: bool = False) -> None:
        """Change the keys we send with; ``request`` has the peer change its own (4.7.3)."""
        self._protocol.connection.update_keys(request)
        self._protocol.flush()

    def request_certificate(self) -> bytes:
        """As ``Connection.request_certificate``; ``client_answer`` knows what came of it."""
        context = self._protocol.connection.request_certificate()
        self._protocol.flush()
        return context

    def close(self) -> None:
        """close_notify, then the peer's is waited for within a bound; see ``wait_closed``."""
        self._protocol.close()

    def abort(self) -> None:
        """Close without a word: the peer sees a truncation, and rightly."""
        self._protocol.abort()

    def is_closing(self) -> bool:
        """Whether ``close`` or ``abort`` was called, or the transport is gone."""
        return self._protocol.is_closing()

    async def wait_closed(self) -> None:
        """Until the transport is closed."""
        await asyncio.shield(self._protocol.closed)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows: ``peername``, ``sockname``, ``socket``."""
        transport = self._protocol.transport
        return default if transport is None else transport.get_extra_info(name, default)


async def connect(
    host: str,
    port: int,
    config: ClientConfig | None = None,
    *,
    server_name: str | None = None,
    identity: str | None = None,
    timeout: float | None = defaults.HANDSHAKE_TIMEOUT,  # noqa: ASYNC109 - it has a wider meaning
    observers: Sequence[Observer] = (),
    on_question: OnQuestion | None = None,
    insecure_accept_truncation: bool = False,
    early_data: bytes = b"",
    early_data_refused: IfRefused = "tell",
) -> tuple[Reader, Writer]:
    """Connect over TCP and shake hands; arguments as for the blocking ``connect``.

    Args:
        timeout: seconds for connecting and the handshake together; ``None`` for no limit.
        on_question: answers questions to which ``LATER`` was the first answer; a coroutine
            function is awaited.

    Raises:
        OSError: no TCP connection came about; no byte of TLS was sent.
        TLSError: the handshake failed. Where this task is cancelled, the connection is dropped.
    """
    loop = asyncio.get_running_loop()
    settings = default_client_config() if config is None else config
    name = host if server_name is None else server_name
    words = EarlyWords(early_data, early_data_refused)
    connection = ClientConnection(
        settings, name, identity=identity, early_data=len(words.data), observers=observers
    )
    end = None if timeout is None else loop.time() + timeout
    protocol = TLSProtocol(
        connection,
        on_question,
        end,
        insecure_accept_truncation=insecure_accept_truncation,
        early_words=words,
    )
    try:
        async with asyncio.timeout_at(end):
            await loop.create_connection(lambda: protocol, host, port)
    except TimeoutError:
        raise TimeoutError(f"connecting to {host}:{port} took too long") from None
    try:
        await protocol.done
    except HandshakeTimeout:
        raise
    except TLSError:
        await protocol.closed  # the alert has arrived, or its time is over
        raise
    except BaseException:
        protocol.abort()
        raise
    return Reader(protocol), Writer(protocol)


async def serve(
    handler: Handler,
    host: str | None,
    port: int,
    config: ServerConfig,
    *,
    handshake_timeout: float | None = defaults.HANDSHAKE_TIMEOUT,
    on_question: OnQuestion | None = None,
    on_failure: Callable[[BaseException, Any], None] | None = None,
    observers: Callable[[], Sequence[Observer]] = tuple,
    wait_for_finished: bool = True,
) -> asyncio.Server:
    """Listen; for each client that shook hands ``handler(reader, writer)`` runs as a task.

    When it returns the stream is closed, when it raises it is aborted.

    Args:
        on_failure: told of a handshake that failed, and the peer's address; unless given, a line
            is logged as a warning of ``tlsee.server``.
        observers: called for each connection.
        wait_for_finished: ``False`` runs the handler as soon as early data has come, before the
            client has proved that it is there: ``read_early`` gives that, ``write`` answers at
            once, ``read`` waits for the end of the handshake.

    Raises:
        OSError: the address is not this machine's, or in use.
    """
    if not isinstance(config, ServerConfig):
        raise ApiMisuse("serve() takes a ServerConfig", "ServerConfig(credentials=[...])")
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    def accept() -> TLSProtocol:
        end = None if handshake_timeout is None else loop.time() + handshake_timeout
        connection = ServerConnection(config, observers=observers())
        return TLSProtocol(connection, on_question, end, on_made=attend)

    def attend(protocol: TLSProtocol) -> None:
        until = protocol.done if wait_for_finished else protocol.begun
        task = loop.create_task(_attend(protocol, handler, on_failure or _log_failure, until))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return await loop.create_server(accept, host, port)


async def _attend(
    protocol: TLSProtocol,
    handler: Handler,
    on_failure: Callable[[BaseException, Any], None],
    until: asyncio.Future[None],
) -> None:
    """One client, from its handshake to the end of the handler."""
    try:
        await until
    except (TLSError, OSError) as error:
        on_failure(error, protocol.peername)
        return
    except BaseException:
        protocol.abort()
        raise
    writer = Writer(protocol)
    try:
        await handler(Reader(protocol), writer)
    except BaseException as error:
        writer.abort()
        if not isinstance(error, Exception):
            raise
        if protocol.handshake_failure is error:  # the handler had not waited for its end
            on_failure(error, protocol.peername)
            return
        context = {"message": "unhandled exception in a handler of tlsee", "exception": error}
        protocol.loop.call_exception_handler(context)
    else:
        writer.close()


def _log_failure(error: BaseException, address: Any) -> None:
    where = f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "an unknown address"
    _log.warning("%s: %s", printable(where), error)
