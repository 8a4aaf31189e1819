"""Recordings at the command line: ``--record FILE`` makes one, ``--html FILE`` a page of it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from tlsee.cli import view_files
from tlsee.cli.exit_codes import Usage
from tlsee.cli.output import BAD, LABEL, Screen
from tlsee.cli.stores import reason_of
from tlsee.cli.surprises import confession
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.journal import Journal
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse
from tlsee.explain.account import Account
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording, create
from tlsee.recording.watching import watched_config
from tlsee.text import printable
from tlsee.trace import Deed, TraceEvent
from tlsee.values import replace, value

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", ClientConfig, ServerConfig)

KEY_LENGTH = 32  # of what pseudonyms are made with: one for a recording, its page and the peer's


@value
class RecordWish:
    """Where to record to, and whether with everything in it.

    Attributes:
        path: of the recording; ``None`` where a page is all that is wished for.
        html: of the page that is made of it when the connection is over, or ``None``.
    """

    path: str | None
    reveal_secrets: bool = False
    pseudonyms: bool = False
    html: str | None = None

    def beside(self, what: str | int) -> RecordWish:
        """Other files beside them: for ``a.tlsrec`` and ``server`` that is ``a-server.tlsrec``."""
        return replace(self, path=_beside(self.path, what), html=_beside(self.html, what))

    def begin(self) -> Recorder:
        """A recorder that writes while it happens; with pseudonyms names are known at the end only.

        Raises:
            OSError: a file cannot be made.
        """
        if self.html is not None:
            with Path(self.html).open("ab"):
                pass  # now is the time to say that it cannot be written
        if self.path is None:
            return Recorder(reveal_secrets=self.reveal_secrets)
        if not self.pseudonyms:
            return Recorder(self.path, reveal_secrets=self.reveal_secrets)
        os.close(create(self.path))
        return Recorder()

    def end(self, recorder: Recorder, peer: Sequence[Recorder] = ()) -> str:
        """The connection is over. A complaint, where the files tell less than there was.

        ``peer`` has whoever recorded the other side: the page knows more with it.
        """
        recorder.close()
        failure: Exception | None = recorder.failure
        sides = [one.recording for one in (recorder, *peer)]
        if self.pseudonyms:
            key = PROVIDER.random(KEY_LENGTH)
            sides = [with_pseudonyms(side, key) for side in sides]
        try:
            if self.pseudonyms and self.path is not None:
                sides[0].save(self.path)
            if self.html is not None:
                page = view_files.made(Account.of(*sides), "html")
                view_files.save(self.html, page, secret=self.reveal_secrets)
        except OSError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - the connection was as it was
            return f"tlsee: {confession(error)}"
        return self.complaint(failure) if failure is not None else ""

    def complaint(self, failure: Exception) -> str:
        """What to say of a file that is not what was wished for."""
        path = getattr(failure, "filename", None) or self.path or self.html or ""
        why = reason_of(failure) if isinstance(failure, OSError) else str(failure)
        return f"tlsee: {printable(str(path))} is not complete: {why}"

    def tell(self, screen: Screen, label_width: int = LABEL) -> None:
        """Say which page there is now, and what whoever gets it can do."""
        if self.html is None:
            return
        screen.row("page", printable(self.html, 100), label_width=label_width)
        if self.reveal_secrets:
            screen.row("", view_files.KEEP_IT, BAD, label_width)


def _beside(path: str | None, what: str | int) -> str | None:
    if path is None:
        return None
    return str(Path(path).with_stem(f"{Path(path).stem}-{what}"))


def record_options(command: F) -> F:
    """The options that ``record_wish`` reads."""
    record = click.option(
        "--record", metavar="FILE", help="Record it, without secrets, for tlsee explain FILE."
    )
    page = click.option("--html", metavar="FILE", help="Write it down as a page, to look at.")
    reveal = click.option(
        "--reveal-secrets",
        is_flag=True,
        help="Keep secrets and data in recording and page: whoever gets them can read all.",
    )
    pseudonyms = click.option(
        "--pseudonyms", is_flag=True, help="Replace names, addresses and certificates' identities."
    )
    return record(page(reveal(pseudonyms(command))))


def record_wish(options: Mapping[str, Any], *, shown: bool = False) -> RecordWish | None:
    """What the options ask for.

    Args:
        shown: connections are recorded in any case, for a page that shows them.

    Raises:
        Usage: they do not go together, or nothing is recorded.
    """
    path, page = options["record"], options["html"]
    reveal, pseudonyms = options["reveal_secrets"], options["pseudonyms"]
    if (reveal or pseudonyms) and path is None and page is None and not shown:
        option = "--reveal-secrets" if reveal else "--pseudonyms"
        raise Usage(f"{option} is about a recording", "add --record FILE or --html FILE")
    if reveal and pseudonyms:
        raise Usage(
            "--reveal-secrets and --pseudonyms contradict each other",
            "whoever has the secrets reads the names: leave one out",
        )
    for option, name in (("--record", path), ("--html", page)):
        if name == view_files.STANDARD_OUTPUT:
            raise Usage(f"standard output has the story, not {option} -", "name a file")
    if path is None and page is None:
        return None
    if path is not None and page is not None and Path(path).absolute() == Path(page).absolute():
        raise Usage("--record and --html cannot be one file", "name another for one of them")
    return RecordWish(path, reveal, pseudonyms, page)


def watched(recorder: Recorder | None, config: C) -> C:
    """The configuration for a connection that is recorded: all of it, where that is wished for."""
    if recorder is None or not recorder.reveals_secrets:
        return config
    return recorder.watched(config)


@contextlib.contextmanager
def open_recorder(
    wish: RecordWish | None, peer: Sequence[Recorder] = ()
) -> Iterator[Recorder | None]:
    """A recorder that writes to the file while it happens, or ``None`` where none is wished for.

    ``peer`` has whoever records the other side by the time the connection is over.

    Raises:
        Usage: a file cannot be made.
    """
    if wish is None:
        yield None
        return
    try:
        recorder = wish.begin()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        path = getattr(error, "filename", None) or wish.path or wish.html or ""
        option = "--html" if path == wish.html else "--record"
        why = reason_of(error) if isinstance(error, OSError) else "that is no name of a file"
        raise Usage(
            f"cannot write {printable(str(path))} ({option}): {why}",
            "name a file that can be written",
        ) from None
    try:
        yield recorder
    finally:
        complaint = wish.end(recorder, peer)
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
        except (OSError, ValueError) as error:
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
