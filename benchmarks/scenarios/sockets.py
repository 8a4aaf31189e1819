"""Over TCP on the loopback: the server's end in a process of its own, the same library at both."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

from benchmarks import contenders
from benchmarks.children import Child, saved
from benchmarks.contenders.base import AsyncContender, BlockingContender, Contender
from benchmarks.material import Material
from benchmarks.measure import Effort, Work, in_turn
from benchmarks.results import Case, Outcome
from benchmarks.wire import Async, Blocking

TOTAL = 1 << 22  # bytes each way in one call: so many that the command's round trip is nothing
SIZES = {"16 KiB": 1 << 14, "64 KiB": 1 << 16, "1 MiB": 1 << 20}
ECHOES = 20


def bulk(material: Material, effort: Effort) -> Outcome:
    """Up, then down, with blocking streams."""
    with saved(material) as directory, contextlib.ExitStack() as stack:
        ends, notes = _blocking(material, directory, stack, at_least=1 << 20)
        cases = []
        for label, size in SIZES.items():
            data = bytes(size)
            seconds = in_turn({name: _up_down(end, data) for name, end in ends.items()}, effort)
            cases.append(_throughput(f"writes of {label}", seconds))
    return Outcome("bulk-socket", "Bulk data over a socket, blocking streams", cases, notes)


def round_trip(material: Material, effort: Effort) -> Outcome:
    """A byte there and back between two processes."""
    with saved(material) as directory, contextlib.ExitStack() as stack:
        ends, notes = _blocking(material, directory, stack, at_least=1)
        work = {name: _echo(end) for name, end in ends.items()}
        seconds = in_turn(work, effort)
        each = {name: [one / ECHOES for one in figures] for name, figures in seconds.items()}
    title = "One-byte round trips over a socket"
    return Outcome("round-trip-socket", title, [Case("one byte each way", "s", each)], notes)


def bulk_asyncio(material: Material, effort: Effort) -> Outcome:
    """Up, then down, with asyncio streams."""
    found, notes = _found()
    able = {n: each for n, each in found.items() if isinstance(each, AsyncContender)}
    with (
        saved(material) as directory,
        contextlib.ExitStack() as stack,
        asyncio.Runner() as runner,
    ):
        ends: dict[str, Async] = {}
        for name, each in able.items():
            port = int(stack.enter_context(Child("commands-asyncio", name, directory)).line())
            reader, writer = runner.run(each.open_stream(material, port))
            ends[name] = Async(reader, writer)
        cases = []
        for label, size in SIZES.items():
            data = bytes(size)
            work = {name: _up_down_async(runner, end, data) for name, end in ends.items()}
            cases.append(_throughput(f"writes of {label}", in_turn(work, effort)))
        for end in ends.values():
            end.writer.close()
        runner.run(asyncio.sleep(0))
    return Outcome("bulk-asyncio", "Bulk data over a socket, asyncio streams", cases, notes)


def _found() -> tuple[dict[str, Contender], list[str]]:
    found, missing = contenders.available()
    return found, [f"{name} is not installed" for name in missing]


def _blocking(
    material: Material, directory: Path, stack: contextlib.ExitStack, at_least: int
) -> tuple[dict[str, Blocking], list[str]]:
    found, notes = _found()
    ends: dict[str, Blocking] = {}
    for name, each in found.items():
        if not isinstance(each, BlockingContender) or each.bulk < at_least:
            continue
        port = int(stack.enter_context(Child("commands", name, directory)).line())
        sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        stack.callback(sock.close)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = each.wrap_client(material)(sock)
        stack.callback(stream.close)
        ends[name] = Blocking(stream)
    return ends, notes


def _up_down(end: Blocking, data: bytes) -> Work:
    def work() -> None:
        end.upload(TOTAL, data)
        end.download(TOTAL, len(data))

    return work


def _up_down_async(runner: asyncio.Runner, end: Async, data: bytes) -> Work:
    async def both() -> None:
        await end.upload(TOTAL, data)
        await end.download(TOTAL, len(data))

    return lambda: runner.run(both())


def _echo(end: Blocking) -> Work:
    return lambda: end.echoes(ECHOES)


def _throughput(title: str, seconds: dict[str, list[float]]) -> Case:
    figures = {name: [2 * TOTAL / each for each in seconds[name]] for name in seconds}
    return Case(title, "B/s", figures, more_is_better=True)
