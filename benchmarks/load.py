"""A load generator with an end: a few threads, a few seconds."""

from __future__ import annotations

import socket
import struct
import threading
import time

from benchmarks.contenders.base import Wrap

# A reset instead of TIME_WAIT, or the loopback runs out of ports within a minute.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def hammer(wrap: Wrap, port: int, seconds: float, threads: int) -> tuple[int, float]:
    """Connect, shake hands, read a byte, close, over and over; the count and the time it took.

    Raises:
        RuntimeError: a connection failed; nothing is compared with failures.
    """
    done: list[int] = []
    failures: list[BaseException] = []
    start = time.perf_counter()

    def run() -> None:
        count = 0
        try:
            while count == 0 or time.perf_counter() < start + seconds:
                once(wrap, port)
                count += 1
        except Exception as failure:  # noqa: BLE001 - a thread's failure is told by the caller
            failures.append(failure)
        done.append(count)

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    elapsed = time.perf_counter() - start
    if failures:
        raise RuntimeError("the server failed a connection") from failures[0]
    return sum(done), elapsed


def once(wrap: Wrap, port: int) -> None:
    """One connection."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    stream = wrap(sock)
    try:
        if stream.recv_into(memoryview(bytearray(1))) != 1:
            raise EOFError("no byte after the handshake")
    finally:
        stream.close()
