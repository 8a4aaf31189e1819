"""Views of a recording as files: the page, the capture, the diagram; and who may read them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tlsee.cli.exit_codes import Usage
from tlsee.cli.output import BAD, Screen, lost
from tlsee.cli.stores import reason_of
from tlsee.explain.account import Account
from tlsee.recording.recording import Recording, create
from tlsee.text import count, printable
from tlsee.trace import SecretDerived

STANDARD_OUTPUT = "-"
KEEP_IT = "KEEP IT SECRET: the keys to all that was said are in it"
QUOTES = "KEEP IT SECRET: the beginning of what was said is in it"
# What can be written, and what to call each.
KINDS = {"html": "page", "pcapng": "capture", "mermaid": "diagram", "record": "recording"}
BINARY = ("pcapng", "record")


def write_view(account: Account, kind: str, path: str, notes: Screen | None) -> None:
    """Write a view; ``notes`` is where it is said, with what whoever gets the file should know.

    Raises:
        Usage: the file cannot be written.
    """
    data = made(account, kind)
    secret = holds_secrets(account.recording)
    if path == STANDARD_OUTPUT:
        _print(data)
    else:
        with writing(path, f"--{kind}"):
            save(path, data, secret=secret)
    if notes is None:
        return
    if path != STANDARD_OUTPUT:
        notes.row(KINDS[kind], f"{printable(path, 100)}, {count(len(data), 'byte')}")
    if secret:
        notes.row("", QUOTES if kind == "mermaid" else KEEP_IT, BAD)


def holds_secrets(recording: Recording) -> bool:
    """Whether whoever has it can read the connection."""
    if recording.reveals_secrets:
        return True
    return any(isinstance(event, SecretDerived) for event in recording.events())


@contextlib.contextmanager
def writing(path: str, option: str) -> Iterator[None]:
    """Whatever the system says against a file becomes a sentence.

    Raises:
        Usage: it cannot be written.
    """
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = reason_of(error) if isinstance(error, OSError) else "that is no name of a file"
        raise Usage(
            f"cannot write {printable(path)} ({option}): {why}", "name a file that can be written"
        ) from None


def made(account: Account, kind: str) -> bytes:
    """The bytes of a view."""
    if kind == "html":
        from tlsee.explain.report.html import page

        return page(account).encode("utf-8")
    if kind == "pcapng":
        from tlsee.explain.report.pcapng import to_pcapng

        return to_pcapng(account.recording)
    if kind == "record":
        return account.recording.to_bytes()
    from tlsee.explain.report.mermaid import mermaid

    return mermaid(account).encode("ascii")


def save(path: str, data: bytes, *, secret: bool) -> None:
    """Write a file; only its owner can read one with secrets in it.

    Raises:
        OSError: it cannot be written.
    """
    if not secret:
        Path(path).write_bytes(data)
        return
    with os.fdopen(create(path), "wb") as file:
        file.write(data)


def _print(data: bytes) -> None:
    """The bytes as they are on standard output."""
    stream = sys.stdout.buffer
    try:
        stream.write(data)
        stream.flush()
    except (OSError, ValueError) as error:
        lost(stream, error)
