"""What the harness asks of a library; each adapter implements the part its library has."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from benchmarks.material import Material

RECEIVE_LENGTH = 1 << 16  # bytes asked for in one read of a socket or stream
X25519 = "X25519"
HYBRID = "X25519MLKEM768"
SUITE = "TLS_AES_128_GCM_SHA256"
SUITE12 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"


@dataclass(frozen=True)
class Negotiated:
    """What came out, in RFC spelling; ``None`` where the library does not tell."""

    suite: str | None
    group: str | None


class NotAlike(Exception):
    """A contender negotiated something else than what is compared."""


def demand(pair: MemoryPair, contender: str, group: str, suite: str = SUITE) -> None:
    """Check that like is compared with like.

    Raises:
        NotAlike: another suite or group was negotiated.
    """
    got = pair.negotiated()
    if got.suite not in (None, suite) or (got.group or group).lower() != group.lower():
        raise NotAlike(f"{contender} negotiated {got}, not {suite} with {group}")


class MemoryPair(Protocol):
    """A connected client and server whose bytes are carried by hand."""

    def negotiated(self) -> Negotiated:
        """What the handshake agreed on."""

    def to_server(self, data: bytes) -> int:
        """Write at the client, carry, read all of it at the server; the plaintext's length."""

    def to_client(self, data: bytes) -> int:
        """The same from the server to the client."""


Handshake = Callable[[], MemoryPair]


class Contender(Protocol):
    """A library.

    ``module`` is what a program imports; ``groups`` are those it can be measured with; ``bulk`` is
    the largest write in bytes that it carries in reasonable time (0: it has no record layer).
    """

    name: str
    module: str
    groups: frozenset[str]
    bulk: int

    def version(self) -> str:
        """The library's version, for the report."""

    def memory(self, material: Material, group: str) -> Handshake:
        """Make both configurations; each call of the result is one full handshake in memory."""


@runtime_checkable
class OlderContender(Protocol):
    """A library that is measured with TLS 1.2 too: X25519 and ``SUITE12``."""

    def memory12(self, material: Material) -> Handshake:
        """As ``memory``."""


class Stream(Protocol):
    """A TLS stream over a blocking socket, its handshake done."""

    def sendall(self, data: bytes, /) -> object:
        """Send all of it."""

    def recv_into(self, buffer: memoryview, /) -> int:
        """Read what is there, at least a byte; 0 at the end."""

    def close(self) -> object:
        """Close the socket too."""


Wrap = Callable[[socket.socket], Stream]


@runtime_checkable
class BlockingContender(Protocol):
    """A library that wraps sockets."""

    def wrap_client(self, material: Material) -> Wrap:
        """Configure a client; each call of the result does a handshake."""

    def wrap_server(self, material: Material) -> Wrap:
        """Configure a server; each call of the result does a handshake."""


class Reader(Protocol):
    """What is used of ``asyncio.StreamReader``."""

    def read(self, limit: int, /) -> Awaitable[bytes]:
        """Up to ``limit`` bytes; empty at the end."""


class Writer(Protocol):
    """What is used of ``asyncio.StreamWriter``."""

    def write(self, data: bytes, /) -> object:
        """Queue for sending."""

    def drain(self) -> Awaitable[object]:
        """Wait while too much is queued."""

    def close(self) -> object:
        """Close the connection."""


Handler = Callable[[Reader, Writer], Awaitable[None]]


@runtime_checkable
class AsyncContender(Protocol):
    """A library with asyncio streams."""

    async def open_stream(self, material: Material, port: int) -> tuple[Reader, Writer]:
        """Connect to the loopback, handshake done."""

    async def serve_streams(self, material: Material, handler: Handler) -> int:
        """Listen on a port of the loopback in the running loop; the port."""


async def forever() -> None:
    """Wait until cancelled."""
    await asyncio.Event().wait()
