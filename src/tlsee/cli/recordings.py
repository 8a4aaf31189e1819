"""Recordings at the command line: ``--record FILE`` makes one, ``tlsee explain FILE`` tells it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from tlsee.cli.exit_codes import Usage
from tlsee.cli.output import Screen
from tlsee.cli.stores import reason_of
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.journal import Journal
from tlsee.errors import ApiMisuse
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording, create
from tlsee.recording.watching import watched_config
from tlsee.text import printable
from tlsee.trace import Deed, TraceEvent
from tlsee.values import replace, value

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", ClientConfig, ServerConfig)


@value
class RecordWish:
    """Where to record to, and whether with everything in it."""

    path: str
    reveal_secrets: bool = False
    pseudonyms: bool = False

    def beside(self, what: str | int) -> RecordWish:
        """Another file beside it: for ``a.tlsrec`` and ``server`` that is ``a-server.tlsrec``."""
        path = Path(self.path)
        return replace(self, path=str(path.with_stem(f"{path.stem}-{what}")))

    def begin(self) -> Recorder:
        """A recorder that writes while it happens; with pseudonyms names are known at the end only.

        Raises:
            OSError: the file cannot be made.
        """
        if not self.pseudonyms:
            return Recorder(self.path, reveal_secrets=self.reveal_secrets)
        os.close(create(self.path))
        return Recorder()

    def end(self, recorder: Recorder) -> str:
        """The connection is over. A complaint, where the file tells less than there was."""
        recorder.close()
        failure: Exception | None = recorder.failure
        if self.pseudonyms:
            try:
                with_pseudonyms(recorder.recording).save(self.path)
            except OSError as error:
                failure = error
        if failure is None:
            return ""
        return self.complaint(failure)

    def complaint(self, failure: Exception) -> str:
        """What to say of a file that is not what was wished for."""
        why = reason_of(failure) if isinstance(failure, OSError) else str(failure)
        return f"tlsee: {printable(self.path)} is not complete: {why}"


def record_options(command: F) -> F:
    """The options ``--record FILE`` and ``--reveal-secrets``; ``record_wish`` reads them."""
    record = click.option(
        "--record", metavar="FILE", help="Record it, without secrets, for tlsee explain FILE."
    )
    reveal = click.option(
        "--reveal-secrets",
        is_flag=True,
        help="Keep secrets and data in the recording too: whoever gets it can read them.",
    )
    pseudonyms = click.option(
        "--pseudonyms", is_flag=True, help="Replace names, addresses and certificates' identities."
    )
    return record(reveal(pseudonyms(command)))


def record_wish(options: Mapping[str, Any], *, shown: bool = False) -> RecordWish | None:
    """What the options ask for.

    Args:
        shown: connections are recorded in any case, for a page that shows them.

    Raises:
        Usage: they do not go together, or nothing is recorded.
    """
    path, reveal, pseudonyms = (options[n] for n in ("record", "reveal_secrets", "pseudonyms"))
    if (reveal or pseudonyms) and path is None and not shown:
        option = "--reveal-secrets" if reveal else "--pseudonyms"
        raise Usage(f"{option} is about a recording", "add --record FILE")
    if reveal and pseudonyms:
        raise Usage(
            "--reveal-secrets and --pseudonyms contradict each other",
            "whoever has the secrets reads the names: leave one out",
        )
    return RecordWish(path, reveal, pseudonyms) if path is not None else None


def watched(recorder: Recorder | None, config: C) -> C:
    """The configuration for a connection that is recorded: all of it, where that is wished for."""
    if recorder is None or not recorder.reveals_secrets:
        return config
    return recorder.watched(config)


@contextlib.contextmanager
def open_recorder(wish: RecordWish | None) -> Iterator[Recorder | None]:
    """A recorder that writes to the file while it happens, or ``None`` where none is wished for.

    Raises:
        Usage: the file cannot be made.
    """
    if wish is None:
        yield None
        return
    try:
        recorder = wish.begin()
    except OSError as error:
        raise Usage(
            f"cannot write {printable(wish.path)} (--record): {reason_of(error)}",
            "name a file that can be written",
        ) from None
    try:
        yield recorder
    finally:
        complaint = wish.end(recorder)
        if complaint:
            screen = Screen(sys.stderr)
            screen.paragraph(complaint)
            screen.flush()


class ManyRecordings:
    """The files of a server: FILE for the first client that says something, FILE-2 for the next."""

    def __init__(self, wish: RecordWish | None, complain: Callable[[str], None]) -> None:
        self.wish = wish
        self.complain = complain
        self._number = 0
        self._lock = threading.Lock()

    def next(self) -> OneOfMany:
        """Who listens to the next connection; its file is made once there is something to keep."""
        return OneOfMany(self)

    def open(self) -> tuple[RecordWish, Recorder] | None:
        """The next file and its recorder; ``None`` where none is wished for or can be made."""
        if self.wish is None:
            return None
        with self._lock:
            self._number += 1
            wish = self.wish if self._number == 1 else self.wish.beside(self._number)
        try:
            return wish, wish.begin()
        except OSError as error:
            self.complain(wish.complaint(error))
            return None


class OneOfMany:
    """An observer that opens a recorder when it first hears of something."""

    def __init__(self, of: ManyRecordings) -> None:
        self._of = of
        self._made: tuple[RecordWish, Recorder] | None = None
        self._began = False
        self._watched: tuple[ServerConfig, Journal] | None = None
        self._before: list[Deed] = []  # from before there was something to hear of
        self.on_deed: Callable[[Deed], None] | None = None

    def watched(self, config: ServerConfig) -> ServerConfig | None:
        """A configuration for this connection alone; ``None`` where the one for all will do."""
        if self._of.wish is None or not self._of.wish.reveal_secrets:
            return None
        self._watched = config, Journal()
        self.on_deed = self._take_deed
        return watched_config(*self._watched)

    @property
    def observers(self) -> tuple[OneOfMany, ...]:
        """Itself, where recordings are wished for."""
        return (self,) if self._of.wish is not None else ()

    def on_event(self, event: TraceEvent) -> None:
        """Keep it."""
        if not self._began:
            self._begin()
        if self._made is not None:
            self._made[1].on_event(event)

    def _take_deed(self, deed: Deed) -> None:
        if not self._began:
            self._before.append(deed)  # no more than a record's bytes
        elif self._made is not None and self._made[1].on_deed is not None:
            self._made[1].on_deed(deed)

    def _begin(self) -> None:
        self._began = True
        self._made = self._of.open()
        if self._made is not None and self._watched is not None:
            self._made[1].adopt(*self._watched)
        before, self._before = self._before, []
        for deed in before:
            self._take_deed(deed)

    def close(self) -> None:
        """The connection is over."""
        if self._made is not None:
            wish, recorder = self._made
            complaint = wish.end(recorder)
            if complaint:
                self._of.complain(complaint)


def load(path: str) -> Recording:
    """The recording in a file, as far as it can be read.

    Raises:
        Usage: there is none.
    """
    try:
        return Recording.load(path)
    except OSError as error:
        raise Usage(
            f"{printable(path, 60)} is a file that cannot be read: {reason_of(error)}",
            "look at its name and its permissions",
        ) from None
    except ApiMisuse as problem:
        fix = problem.fix or "tlsee connect HOST --record FILE makes one"
        raise Usage(f"{printable(path, 60)} is a file, and {problem.detail}", fix) from None
