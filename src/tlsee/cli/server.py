"""The loop of ``tlsee serve``: accept, serve each client in a thread, stop when told to."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Sequence

from tlsee.cli.exit_codes import CommandError, ExitCode
from tlsee.cli.live.board import Board, Shown
from tlsee.cli.output import Screen
from tlsee.cli.recordings import ManyRecordings, OneOfMany
from tlsee.cli.served import Manner, Served
from tlsee.cli.stores import reason_of
from tlsee.explain.collector import Collector
from tlsee.recording.keylog import KeyLog
from tlsee.streams.blocking import Listener, Stream
from tlsee.text import count
from tlsee.trace import Role

CONNECTIONS_AT_ONCE = 256  # threads; a further client waits in the kernel's queue

# Seconds for a handshake. A tool for looking need not be as patient as a service: a silent client
# holds one of the threads for as long.
HANDSHAKE_SECONDS = 10.0
FAREWELL_SECONDS = 5.0  # for connections that are still open when the server is told to stop

# accept() on Windows does not notice Ctrl-C; there it looks up this often, in seconds.
LOOK_UP = 0.5 if os.name == "nt" else None


class Server:
    """Accepts, and serves each client in a thread of its own."""

    def __init__(
        self,
        listener: Listener,
        manner: Manner,
        keylogs: Sequence[KeyLog],
        recordings: ManyRecordings,
        out: Screen,
        err: Screen,
        printing: threading.Lock,
        board: Board | None = None,
    ) -> None:
        self._listener = listener
        self._keylogs = tuple(keylogs)
        self._recordings = recordings
        self._board = board
        self._manner = manner
        self._out = out
        self._err = err
        self._room = threading.BoundedSemaphore(CONNECTIONS_AT_ONCE)
        self._printing = printing
        self._threads: set[threading.Thread] = set()
        self.served = 0

    def run(self, limit: int | None) -> int:
        """Serve until told to stop, or until ``limit`` connections have come and gone."""
        with _stoppable():
            try:
                self._accept_all(limit)
                self._wait_for_all(None)
            except KeyboardInterrupt:
                self._listener.close()
                with contextlib.suppress(KeyboardInterrupt):
                    self._wait_for_all(FAREWELL_SECONDS)
        closing = self._err if self._manner.as_json else self._out
        closing.line(f"stopped after {count(self.served, 'connection')}")
        closing.flush()
        return ExitCode.WORKED

    def _accept_all(self, limit: int | None) -> None:
        self._listener.settimeout(LOOK_UP)
        accepted = 0
        while limit is None or accepted < limit:
            self._room.acquire()
            collector, record = Collector(Role.SERVER), self._recordings.next()
            shown = (Shown(self._board),) if self._board is not None else ()
            try:
                stream = self._listener.accept(
                    config=record.watched(self._listener.config),
                    observers=[collector, *self._keylogs, *record.observers, *shown],
                )
            except TimeoutError:
                self._room.release()
                continue
            except OSError as error:
                self._room.release()
                self._complain(f"accept: {reason_of(error)}")
                threading.Event().wait(LOOK_UP or 0.1)  # out of file handles: let some go
                continue
            accepted += 1
            thread = threading.Thread(
                target=self._serve, args=(stream, collector, record, *shown), daemon=True
            )
            self._threads.add(thread)
            thread.start()

    def _wait_for_all(self, seconds: float | None) -> None:
        for thread in list(self._threads):
            thread.join(seconds)

    def _serve(
        self,
        stream: Stream,
        collector: Collector,
        record: OneOfMany,
        shown: Shown | None = None,
    ) -> None:
        try:
            served = Served(stream, collector, self._manner)
            if shown is not None:
                shown.arrive(served.address)
            served.run()
            if shown is not None:
                shown.close(served.error, served.said)
            with self._printing:
                self.served += 1
                with contextlib.suppress(CommandError):  # nobody is told any more; the rest goes on
                    self._report(served)
        finally:
            record.close()
            self._threads.discard(threading.current_thread())
            self._room.release()

    def _report(self, served: Served) -> None:
        if self._manner.as_json:
            self._out.line(served.as_json())
        elif served.error is None:
            self._out.line(served.as_line())
        self._out.flush()
        if served.error is not None:
            self._err.line(served.as_complaint())
            self._err.flush()

    def _complain(self, text: str) -> None:
        with self._printing, contextlib.suppress(CommandError):
            self._err.line(text)
            self._err.flush()


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and a terminal that closes end the server as Ctrl-C does, where they exist."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [(number, signal.signal(number, stop)) for number in _stop_signals()]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _stop_signals() -> list[int]:
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]
