"""The little protocol that a child process speaks, so that one end is in another process.

A command is nine bytes: a letter, a total and a chunk. ``U``: the other sends ``total`` bytes and
gets one back. ``D``: the other gets ``total`` bytes, written ``chunk`` at a time. ``E``: the
other sends ``total`` single bytes and gets each back.
"""

from __future__ import annotations

import struct

from benchmarks.contenders.base import RECEIVE_LENGTH, Reader, Stream, Writer

COMMAND = struct.Struct("!cII")
DONE = b"."


class Blocking:
    """Both sides of the protocol over a blocking stream."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.buffer = memoryview(bytearray(RECEIVE_LENGTH))

    def upload(self, total: int, data: bytes) -> None:
        """Send ``total`` bytes, ``data`` at a time, and wait until the other has them."""
        self.stream.sendall(COMMAND.pack(b"U", total, len(data)))
        for _ in range(total // len(data)):
            self.stream.sendall(data)
        self._take(len(DONE))

    def download(self, total: int, chunk: int) -> None:
        """Have ``total`` bytes sent."""
        self.stream.sendall(COMMAND.pack(b"D", total, chunk))
        self._take(total)

    def echoes(self, count: int) -> None:
        """``count`` single bytes there and back."""
        self.stream.sendall(COMMAND.pack(b"E", count, 1))
        for _ in range(count):
            self.stream.sendall(DONE)
            self._take(1)

    def serve(self) -> None:
        """Answer commands until the other closes."""
        while command := self._exactly(COMMAND.size):
            letter, total, chunk = COMMAND.unpack(command)
            if letter == b"U":
                self._take(total)
                self.stream.sendall(DONE)
            elif letter == b"D":
                data = bytes(chunk)
                for _ in range(total // chunk):
                    self.stream.sendall(data)
            else:
                for _ in range(total):
                    self._take(1)
                    self.stream.sendall(DONE)

    def _take(self, total: int) -> None:
        receive, buffer = self.stream.recv_into, self.buffer
        while total > 0:
            got = receive(buffer if total >= len(buffer) else buffer[:total])
            if not got:
                raise EOFError("the other end closed in the middle")
            total -= got

    def _exactly(self, length: int) -> bytes:
        taken = b""
        while len(taken) < length:
            got = self.stream.recv_into(self.buffer[: length - len(taken)])
            if not got:
                return b""
            taken += self.buffer[:got]
        return taken


class Async:
    """The same over asyncio streams."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self.reader, self.writer = reader, writer

    async def upload(self, total: int, data: bytes) -> None:
        """Send ``total`` bytes, ``data`` at a time, and wait until the other has them."""
        self.writer.write(COMMAND.pack(b"U", total, len(data)))
        await self._send(total, data)
        await self._take(len(DONE))

    async def download(self, total: int, chunk: int) -> None:
        """Have ``total`` bytes sent."""
        self.writer.write(COMMAND.pack(b"D", total, chunk))
        await self._take(total)

    async def serve(self) -> None:
        """Answer commands until the other closes."""
        while True:
            command = b""
            while len(command) < COMMAND.size:
                got = await self.reader.read(COMMAND.size - len(command))
                if not got:
                    return
                command += got
            letter, total, chunk = COMMAND.unpack(command)
            if letter == b"U":
                await self._take(total)
                self.writer.write(DONE)
            else:
                await self._send(total, bytes(chunk))

    async def _send(self, total: int, data: bytes) -> None:
        for _ in range(total // len(data)):
            self.writer.write(data)
            await self.writer.drain()

    async def _take(self, total: int) -> None:
        while total > 0:
            got = await self.reader.read(min(total, RECEIVE_LENGTH))
            if not got:
                raise EOFError("the other end closed in the middle")
            total -= len(got)
