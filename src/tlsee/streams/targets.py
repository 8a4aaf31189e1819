"""Sockets: reaching an address within a deadline, listening at one, and how ours are set up."""

from __future__ import annotations

import os
import socket

from tlsee.errors import ApiMisuse
from tlsee.streams.deadline import Deadline

BACKLOG = 128  # connections that the kernel completes before accept(); Linux's default somaxconn


def dial(host: str, port: int, deadline: Deadline) -> socket.socket:
    """A TCP connection to the first address of ``host`` that answers.

    Raises:
        OSError: the name does not resolve, or no address could be reached (the last one's error).
        TimeoutError: the deadline passed.
    """
    failure: OSError | None = None
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        seconds = deadline.remaining
        if seconds == 0.0:
            failure = failure or TimeoutError(f"connecting to {host}:{port} took too long")
            break
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(seconds)
            sock.connect(address)
        except OSError as error:
            failure = error
            sock.close()
        except BaseException:
            sock.close()
            raise
        else:
            sock.settimeout(None)
            return sock
    raise failure or OSError(f"{host} has no address")


def bind(address: tuple[str, int]) -> socket.socket:
    """A listening TCP socket; an address with a colon is IPv6.

    Raises:
        OSError: the address is not ours, or in use.
    """
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would let two programs share a port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def prepare(sock: socket.socket) -> float | None:
    """Make a socket fit for a stream; returns the timeout it had.

    It is put into non-blocking mode, because a reader and a writer wait with limits of their own,
    and small records are not held back: a handshake is a conversation of small packets.

    Raises:
        ApiMisuse: it is in non-blocking mode already, which a blocking stream cannot honour.
    """
    timeout = sock.gettimeout()
    if timeout == 0.0:
        raise ApiMisuse(
            "the socket is in non-blocking mode",
            "call setblocking(True), or use ClientConnection and ServerConnection yourself",
        )
    no_delay(sock)
    sock.setblocking(False)
    return timeout


def no_delay(sock: socket.socket) -> None:
    """Set TCP_NODELAY where the socket is one of TCP."""
    if sock.family in {socket.AF_INET, getattr(socket, "AF_INET6", socket.AF_INET)}:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
