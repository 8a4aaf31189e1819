"""A wire with a listener on it: TCP passed on between two endpoints, and every byte kept."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

from tlsee.streams.targets import bind

PIECE = 2**16  # bytes read at once

# Bytes kept of a direction: a whole demo takes some five thousand. What is more is passed on alone.
KEPT_LIMIT = 2**20


class Wire:
    """Listens on the loopback for one connection and passes it on to ``target``.

    It knows what anybody on the way knows: bytes, and which direction they go. The two endpoints
    see a TCP connection like any other.

    Raises:
        OSError: nothing can listen there.
    """

    def __init__(self, target: tuple[str, int], patience: float) -> None:
        """``patience``: seconds without a byte after which it gives up."""
        self._target = target
        self._patience = patience
        self._kept = (bytearray(), bytearray())
        self._socket = bind(("127.0.0.1", 0))
        self._socket.settimeout(patience)
        name = self._socket.getsockname()
        self.address: tuple[str, int] = (name[0], name[1])
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:  # else perhaps nobody ever connected
            self._thread.join(self._patience)
        self._socket.close()

    @property
    def client_to_server(self) -> bytes:
        """What the client has sent; all of it once the context was left."""
        return bytes(self._kept[0])

    @property
    def server_to_client(self) -> bytes:
        """What the server has sent."""
        return bytes(self._kept[1])

    def _carry(self) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as open_ones:
            client = open_ones.enter_context(self._socket.accept()[0])
            server = open_ones.enter_context(socket.create_connection(self._target, self._patience))
            for sock in (client, server):
                sock.settimeout(self._patience)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=_pass, args=(server, client, self._kept[1]), daemon=True)
            back.start()
            _pass(client, server, self._kept[0])
            back.join(self._patience)


def _pass(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    """One direction, to its end."""
    with contextlib.suppress(OSError):
        while data := source.recv(PIECE):
            kept += data[: KEPT_LIMIT - len(kept)]
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
