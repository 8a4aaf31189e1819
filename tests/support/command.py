"""The command run within the test's own process, with streams of any encoding, and peers for it."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tlsee.cli.main import run
from tlsee.config import ServerConfig
from tlsee.errors import TLSError
from tlsee.identity.authority import Authority
from tlsee.streams.blocking import Stream, listen

__all__ = ["ENCODINGS", "Result", "looks_good", "plain_server", "tls_server", "tlsee", "world"]

ENCODINGS = ["ascii", "cp1252", "utf-8"]
WIDTH = 80


@dataclass(frozen=True)
class Result:
    """How it ended and what it printed."""

    code: int
    out: str
    err: str
    raw: bytes


def tlsee(
    *arguments: str | os.PathLike[str],
    stdin: bytes | None = None,
    encoding: str = "ascii",
    environ: dict[str, str] | None = None,
) -> Result:
    """Run ``tlsee`` with these arguments; ``stdin`` is a file with these bytes, else nothing.

    The streams are strict: a character that the encoding lacks is a failure.
    """
    out, err = (
        io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n") for _ in ("out", "err")
    )
    with pytest.MonkeyPatch.context() as patch, contextlib.ExitStack() as files:
        for name, content in {"COLUMNS": str(WIDTH), **(environ or {})}.items():
            patch.setenv(name, content)
        source = files.enter_context(_input(stdin))
        patch.setattr(sys, "stdin", source)
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        code = run([os.fspath(argument) for argument in arguments])
        out.flush()
        err.flush()
    raw = _bytes_of(out)
    return Result(code, raw.decode(encoding, "replace"), _bytes_of(err).decode(encoding), raw)


@contextlib.contextmanager
def _input(data: bytes | None) -> Iterator[Any]:
    """A file with the data, or what has none: the null device."""
    if data is None:
        with Path(os.devnull).open("rb") as nothing:
            yield nothing
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def _bytes_of(stream: io.TextIOWrapper) -> bytes:
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue()


def looks_good(text: str) -> None:
    """Assert what holds for every screen: ASCII, no control characters, at most 80 columns."""
    assert text.isascii()
    for line in text.splitlines():
        assert line.isprintable(), line
        assert len(line) <= WIDTH, line
        assert line == line.rstrip(), repr(line)


@dataclass(frozen=True)
class World:
    """A throw-away authority, and files with what it issued."""

    authority: Authority
    ca: Path
    client: Path
    directory: Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An authority whose certificate is in ``ca.pem``, and a client's in ``client.pem``."""
    authority = Authority.create("a test's CA")
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.pem)
    client = tmp_path / "client.pem"
    client.write_bytes(b"".join(authority.issue_pem("joe", server=False, client=True)))
    return World(authority, ca, client, tmp_path)


def echo(stream: Stream) -> None:
    """Send back what comes, to its end."""
    while data := stream.recv():
        stream.sendall(data)


@contextlib.contextmanager
def tls_server(
    config: ServerConfig, talk: Callable[[Stream], None] = echo
) -> Iterator[tuple[int, list[BaseException]]]:
    """Our own server on the loopback: its port, and what went wrong in it."""
    errors: list[BaseException] = []

    def serve(stream: Stream) -> None:
        try:
            with stream:
                talk(stream)
        except (TLSError, OSError) as error:
            errors.append(error)

    with (
        listen(("127.0.0.1", 0), config) as listener,
        _accepting(lambda: _serving(serve, listener.accept())),
    ):
        yield listener.address[1], errors
        socket.create_connection(("127.0.0.1", listener.address[1])).close()


@contextlib.contextmanager
def plain_server(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A TCP server on the loopback that says what ``talk`` says: its port."""

    def serve(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            talk(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        with _accepting(lambda: _serving(serve, listener.accept()[0])):
            yield port
            socket.create_connection(("127.0.0.1", port)).close()


def _serving(serve: Callable[[Any], None], peer: Any) -> None:
    threading.Thread(target=serve, args=(peer,), daemon=True).start()


@contextlib.contextmanager
def _accepting(accept: Callable[[], None]) -> Iterator[None]:
    """Accept in a thread until the body is done; a last connection wakes it."""
    done = threading.Event()

    def loop() -> None:
        with contextlib.suppress(OSError):
            while not done.is_set():
                accept()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
