"""Two blocking streams with a real socket between them, and work in other threads."""

from __future__ import annotations

import contextlib
import itertools
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from tests.support.endpoints import NAME, client_config, server_config
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, ServerConnection
from tlsee.streams.stream import Stream

Result = TypeVar("Result")
PATIENCE = 60.0  # seconds until a test that hangs fails; no test waits for it to pass


@contextlib.contextmanager
def threads(count: int = 4) -> Iterator[Callable[..., Future[Any]]]:
    """``submit(function, *arguments)``: a future; at the end every one has been waited for.

    Not after a failure: the failed test is to be told, and who closes the streams then wakes them.
    """
    pool = ThreadPoolExecutor(count)
    failed = True
    try:
        yield pool.submit
        failed = False
    finally:
        pool.shutdown(wait=not failed, cancel_futures=failed)


@contextlib.contextmanager
def tcp() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a TCP connection over the loopback: the client's, the server's."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        server, _ = listener.accept()
        with server:
            yield client, server


@contextlib.contextmanager
def streams(
    client: ClientConfig | None = None,
    server: ServerConfig | None = None,
    *,
    client_options: dict[str, Any] | None = None,
    server_options: dict[str, Any] | None = None,
    shaken: bool = True,
) -> Iterator[tuple[Stream, Stream]]:
    """A client's and a server's stream; after the handshake unless ``shaken`` is false."""
    with tcp() as (one, other):
        at_client = Stream(
            one, ClientConnection(client or client_config(), NAME), **(client_options or {})
        )
        at_server = Stream(
            other, ServerConnection(server or server_config()), **(server_options or {})
        )
        if shaken:
            with threads() as submit:
                shaking = submit(at_server.handshake)
                at_client.handshake()
                shaking.result(PATIENCE)
        try:
            yield at_client, at_server
        finally:
            at_client.abort()
            at_server.abort()


def raw_socket(stream: Stream) -> socket.socket:
    """The socket under a stream, in blocking mode again, to play a peer that breaks the rules."""
    sock = stream._transport.sock
    sock.setblocking(True)
    return sock


def receive_all(stream: Stream) -> bytes:
    """Everything until the peer's close_notify."""
    return b"".join(iter(stream.recv, b""))


def send_and_end(stream: Stream, data: bytes) -> None:
    """Send it, then close_notify."""
    stream.sendall(data)
    stream.send_eof()


def send_for_ever(stream: Stream) -> int:
    """Send numbered pieces of 16,000 bytes until something is raised; how many were begun."""
    number = 0
    try:
        while True:
            number += 1
            stream.sendall(numbered(number))
    except TimeoutError:
        return number


def numbered(number: int) -> bytes:
    """The piece with this number."""
    return b"%08d" % number * 2000


def ticking(step: float) -> Callable[[], float]:
    """A clock that is ``step`` seconds later each time somebody looks."""
    times = itertools.count(0.0, step)
    return lambda: next(times)
