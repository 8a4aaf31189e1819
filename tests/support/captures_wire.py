"""Listening to programs on the loopback: dumpcap where that is allowed, else a relay that notes."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Protocol

from tests.interop.peers.processes import Program
from tests.interop.peers.spec import DEADLINE, PeerFailed
from tests.support.captures_made import Talker, pcapng

__all__ = ["Listening", "listening"]

PIECE = 2**16
MARK = b"the end of what is listened to "


class Listening(Protocol):
    """Somebody on the wire before a server's port.

    Attributes:
        port: where clients connect. capture: a capture file's bytes, once the context was left.
    """

    port: int
    capture: bytes


@contextlib.contextmanager
def listening(port: int) -> Iterator[Listening]:
    """Hear what is said to and by the server at this port of 127.0.0.1."""
    with _dumpcap(port) as found:
        if found is not None:
            yield found
            return
    relay = _Relay(port)
    try:
        yield relay
    finally:
        relay.close()


class _Dumpcap:
    def __init__(self, port: int) -> None:
        self.port = port
        self.capture = b""


@contextlib.contextmanager
def _dumpcap(port: int) -> Iterator[_Dumpcap | None]:
    """``None`` where it is not installed, or may not."""
    if shutil.which("dumpcap") is None:
        yield None
        return
    argv = ["dumpcap", "-q", "-i", "lo", "-f", f"port {port}", "-w", "-"]
    with Program(argv) as program:
        try:
            program.stdout.wait_for(rb"\A\n\r\r\n(?s:.)*\x01\0\0\0")  # its section, its interface
        except PeerFailed:
            yield None
            return
        found = _Dumpcap(port)
        yield found
        mark = MARK + os.urandom(8).hex().encode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(mark, ("127.0.0.1", port))
        program.stdout.wait_for(mark)
        program.terminate()
        found.capture = program.stdout.all()


class _Relay:
    """Passes connections on, one at a time in each thread, and keeps what was said as packets."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._talkers: list[Talker] = []
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.capture = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        for thread in self._threads:
            thread.join(DEADLINE)
        self._socket.close()
        self.capture = pcapng([packet for talker in self._talkers for packet in talker.packets])

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, place = self._socket.accept()
                begin = 10**9 * len(self._talkers)
                talker = Talker(place, ("127.0.0.1", self._target), begin=begin).hands()
                self._talkers.append(talker)
                thread = threading.Thread(target=self._carry, args=(client, talker), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, client: socket.socket, talker: Talker) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            back = threading.Thread(target=self._pass, args=(server, client, talker, False))
            back.start()
            self._pass(client, server, talker, True)
            back.join()
        talker.bye()

    def _pass(
        self, source: socket.socket, sink: socket.socket, talker: Talker, from_client: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(PIECE):
                with self._lock:
                    talker.say(from_client, data)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
