"""The processes beside the measuring one: ``python -m benchmarks.child JOB CONTENDER DIRECTORY``.

Each ends by itself: when its standard input closes, so that none outlives the run.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.contenders.base import Stream

ACCEPTING_THREADS = 4  # while one handshake waits for the client, others go on
SILENCE = 20.0  # seconds a connection may be quiet before a thread gives it up


def main() -> None:
    """Run one job; its answer is on standard output, a line at a time."""
    job, name, directory, *rest = sys.argv[1:]
    JOBS[job](name, Path(directory), *rest)


def commands(name: str, directory: Path) -> None:
    """Speak benchmarks.wire with every connection, one at a time."""
    from benchmarks.wire import Blocking

    wrap = _server(name, directory)

    def each(sock: socket.socket) -> None:
        stream = wrap(sock)
        with contextlib.suppress(EOFError):
            Blocking(stream).serve()
        stream.close()

    _listen(each, threads=1)
    sys.stdin.read()


def commands_asyncio(name: str, directory: Path) -> None:
    """The same on asyncio streams."""
    from benchmarks.contenders import contender
    from benchmarks.contenders.base import AsyncContender, Reader, Writer
    from benchmarks.material import Material
    from benchmarks.wire import Async

    adapter = contender(name)
    assert isinstance(adapter, AsyncContender)

    async def handler(reader: Reader, writer: Writer) -> None:
        with contextlib.suppress(EOFError):
            await Async(reader, writer).serve()
        writer.close()

    async def run() -> None:
        port = await adapter.serve_streams(Material.load(directory), handler)
        print(port, flush=True)
        await asyncio.to_thread(sys.stdin.read)

    asyncio.run(run())


def serve(name: str, directory: Path) -> None:
    """Handshake, one byte, close; a line of standard input asks for the CPU's seconds so far."""
    wrap = _server(name, directory)

    def each(sock: socket.socket) -> None:
        stream = wrap(sock)
        stream.sendall(b".")
        stream.close()

    _listen(each, threads=ACCEPTING_THREADS)
    for _ in sys.stdin:
        print(time.process_time(), flush=True)


def load(name: str, directory: Path, port: str, seconds: str, threads: str) -> None:
    """Handshake after handshake against a port, for a bounded time, always with ``ssl``."""
    del name
    from benchmarks.contenders.with_ssl import CONTENDER
    from benchmarks.load import hammer
    from benchmarks.material import Material

    wrap = CONTENDER.wrap_client(Material.load(directory))
    count, elapsed = hammer(wrap, int(port), float(seconds), int(threads))
    print(count, elapsed, flush=True)


def idle(name: str, directory: Path, how: str, count: str) -> None:
    """Hold ``count`` connected pairs; print the bytes that one end of one takes."""
    from benchmarks.idle import bytes_per_end

    print(bytes_per_end(name, directory, how, int(count)), flush=True)


def _server(name: str, directory: Path) -> Callable[[socket.socket], Stream]:
    from benchmarks.contenders import contender
    from benchmarks.contenders.base import BlockingContender
    from benchmarks.material import Material

    adapter = contender(name)
    assert isinstance(adapter, BlockingContender)
    return adapter.wrap_server(Material.load(directory))


def _listen(each: Callable[[socket.socket], None], threads: int) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)

    def accept() -> None:
        while True:
            sock, _ = listener.accept()
            sock.settimeout(SILENCE)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A client that hangs up costs its own connection; the run counts at the client.
            with contextlib.suppress(Exception), sock:
                each(sock)

    for _ in range(threads):
        threading.Thread(target=accept, daemon=True).start()


JOBS: dict[str, Callable[..., None]] = {
    "commands": commands,
    "commands-asyncio": commands_asyncio,
    "serve": serve,
    "load": load,
    "idle": idle,
}

if __name__ == "__main__":
    main()
