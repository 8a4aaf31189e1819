"""A real Redis or Valkey on the loopback, to be stopped, killed, filled and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from tests.support.missing import missing

__all__ = ["RedisServer", "eventually", "running"]

PATIENCE = 20.0  # seconds; a bound for a machine under load, not a measure


def eventually(holds: Callable[[], object], what: str) -> None:
    """Ask again and again until it holds; a deadline ends the test with ``what``."""
    end = monotonic() + PATIENCE
    tick = Event()
    while not holds():
        if monotonic() > end:
            raise AssertionError(f"it never came: {what}")
        tick.wait(0.01)


class RedisServer:
    """The program and its data, which survive each other only where that is asked for."""

    def __init__(self, home: Path, *options: str) -> None:
        found = shutil.which("redis-server") or shutil.which("valkey-server")
        self.program = found or missing("redis-server or valkey-server", "redis-server")
        self.home, self.options = home, options
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is, or would be."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Run it, and wait until it answers."""
        command = [self.program, "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--dir", str(self.home), "--save", "", "--appendonly", "no", *self.options]
        with (self.home / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        eventually(self._answers, f"an answer of {self.program}, see {self.home / 'redis.log'}")

    def kill(self) -> None:
        """As a power cut: nothing is written any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """SIGSTOP: connections stand, and nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *command: str | bytes | int) -> Any:
        """A command past everything that is tested."""
        import redis

        with redis.Redis(host="127.0.0.1", port=self.port) as client:
            return client.execute_command(*command)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


@contextmanager
def running(home: Path, *options: str) -> Iterator[RedisServer]:
    """A server that ends with the block, stopped or not."""
    server = RedisServer(home, *options)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
