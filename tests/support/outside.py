"""A loopback server that plays the hosts of the outside world which the documents name."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import trustme
from OpenSSL import SSL

__all__ = ["outside_world"]

_PAGE = b"It is the stand-in of the documents' tests.\n"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b"


@contextlib.contextmanager
def outside_world(authority: trustme.CA, *names: str) -> Iterator[int]:
    """Serve TLS under `names` on a loopback port, which is yielded.

    One GET request is answered with a page; anything else is sent back. Each connection is closed
    in order, as the real hosts do.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    authority.issue_cert(*names).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, context), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, context: SSL.Context) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, context), daemon=True).start()


def _serve(client: socket.socket, context: SSL.Context) -> None:
    connection = SSL.Connection(context, client)
    connection.set_accept_state()
    with client, contextlib.suppress(SSL.Error, OSError):
        connection.do_handshake()
        with contextlib.suppress(SSL.ZeroReturnError):
            _converse(connection)
        connection.shutdown()


def _converse(connection: SSL.Connection) -> None:
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        data = connection.recv(65536)
        request += data
        if not request.startswith(b"GET "[: len(request)]):
            connection.sendall(data)
            request = b""
    connection.sendall(_ANSWER % (len(_PAGE), _PAGE))
