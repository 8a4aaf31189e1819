"""Connections of ours over a real socket, one event at a time: for what comes before the data."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from typing import Any, TypeVar

from tests.interop.peers.spec import DEADLINE
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import NEED_DATA, DataReceived, HandshakeDone, PeerClosed, Truncated

E = TypeVar("E")

_OPEN: list[socket.socket] = []


def hang_up() -> None:
    """Close every socket that a ``Talk`` had; for a fixture."""
    while _OPEN:
        _OPEN.pop().close()


HELLO, ANSWER, EARLY = b"what the client says\n", b"what the server says\n", b"said early\n"


class Talk:
    """Carries bytes between a connection and a socket; ``events`` are all that there were."""

    def __init__(self, connection: Connection, sock: socket.socket) -> None:
        self.connection, self.sock = connection, sock
        self.events: list[Any] = []
        _OPEN.append(sock)

    def flush(self) -> None:
        """Send what waits."""
        data = self.connection.data_to_send()
        if data:
            self.sock.sendall(data)

    def until(self, kind: type[E], enough: Callable[[E], bool] = lambda _: True) -> E:
        """The next event of this kind; raises what the connection fails with."""
        while True:
            self.flush()
            event = self.connection.next_event()
            if event is NEED_DATA:
                data = self.sock.recv(65536)
                if data:
                    self.connection.receive_data(data)
                else:
                    self.connection.receive_eof()
                continue
            self.events.append(event)
            if isinstance(event, kind) and enough(event):
                return event

    def data(self, expected: bytes) -> None:
        """Read this, and nothing else."""
        got = bytearray()
        while len(got) < len(expected):
            got += self.until(DataReceived).data
        assert bytes(got) == expected

    def say(self, data: bytes) -> None:
        """Write and send."""
        self.connection.write(data)
        self.flush()

    def close(self) -> None:
        """close_notify both ways, as far as the other side cares."""
        self.connection.close_write()
        with contextlib.suppress(OSError):
            self.flush()
            while True:
                if isinstance(self.until(object), PeerClosed | Truncated):
                    return

    def seen(self, kind: type[E]) -> list[E]:
        """The events of this kind so far."""
        return [event for event in self.events if isinstance(event, kind)]


def visit(port: int, config: ClientConfig, early: bytes = b"", name: str = "server.test") -> Talk:
    """A client of ours that has shaken hands."""
    sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
    connection = ClientConnection(config, name, early_data=bool(early))
    talk = Talk(connection, sock)
    if early:
        connection.write_early_data(early)
    talk.until(HandshakeDone)
    return talk


def welcome(sock: socket.socket, config: ServerConfig) -> Talk:
    """A server of ours that has shaken hands."""
    talk = Talk(ServerConnection(config), sock)
    talk.until(HandshakeDone)
    return talk
