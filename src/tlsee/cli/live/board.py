"""The connections that a live page shows: kept within bounds, and followed by number of change.

There are no queues. Each change of a connection gets the next number, and a connection remembers
its last. A watcher knows the number that it has seen and asks for what is newer: whoever is slow
sees the latest state and skips what was between, and whoever is absent costs nothing.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from tlsee.cli.live.bounds import (
    KEPT_BYTES,
    KEPT_CONNECTIONS,
    RECORDING_LIMIT,
    ROWS_AT_ONCE,
    WATCHERS,
)
from tlsee.crypto.pyca import PROVIDER
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import TraceEvent
from tlsee.values import value

__all__ = ["Board", "Changes", "Shown", "TooManyWatchers"]


NAMES_KEY = 32  # bytes, from which pseudonyms are made


class TooManyWatchers(Exception):
    """So many pages follow already."""


@value
class Changes:
    """What is new to a watcher.

    Attributes:
        upto: the number of the last change that this tells of. rows: the connections that changed,
            the longest ago first. kept: the numbers of all connections there are.
        more: whether there is more, which did not fit. begun, failed, forgotten: how many
            connections there were in all, how many of those that are over failed, and how many
            are no longer kept.
    """

    upto: int
    rows: tuple[Shown, ...]
    kept: tuple[int, ...]
    more: bool
    begun: int
    failed: int
    forgotten: int


class Shown:
    """One connection: an observer that records it, and what is known of it besides.

    It is made before its client is there, as an observer has to be, and shown from ``arrive`` on.

    Attributes:
        number: from 1, in the order of arrival. address: the client's. began: seconds since the
            epoch. changed: the number of its last change.
        over: whether it has ended. error: what ended it, where something went wrong. said: the
            request, in a few words.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        self._recorder: Recorder | None = None
        self._kept = b""
        self.number = 0
        self.address = ""
        self.began = 0.0
        self.changed = 0
        self.over = False
        self.error: BaseException | None = None
        self.said = ""

    def arrive(self, address: str) -> None:
        """The client is there, and has said nothing yet."""
        self.address, self.began = address, time.time()
        self._recorder = Recorder(reveal_secrets=self._board.reveal_secrets, limit=RECORDING_LIMIT)
        self._board.add(self)

    def on_event(self, event: TraceEvent) -> None:
        """Keep it, and note that there is something new."""
        recorder = self._recorder
        if recorder is not None:
            recorder.on_event(event)
            self._board.note(self)

    def close(self, error: BaseException | None, said: str) -> None:
        """It is over. What was recorded is kept as a file would have it."""
        recorder = self._recorder
        if recorder is not None:
            self._kept = recorder.recording.to_bytes()
        self.error, self.said, self.over = error, said, True
        self._recorder = None
        self._board.ended(self)

    @property
    def size(self) -> int:
        """Bytes that are kept of it, once it is over."""
        return len(self._kept)

    @property
    def recording(self) -> Recording:
        """What was recorded so far."""
        recorder = self._recorder  # once: the connection may end meanwhile
        return recorder.recording if recorder is not None else Recording.from_bytes(self._kept)

    @property
    def given_away(self) -> Recording:
        """The same as it leaves: with pseudonyms, where those were asked for."""
        found = self.recording
        return self._board.renamed(found)


class Board:
    """All of them. Its methods never wait for a watcher and may be called from any thread.

    Args:
        reveal_secrets: whether recordings keep secrets and data. pseudonyms: whether names are
            replaced in what is given away.
    """

    def __init__(self, *, reveal_secrets: bool = False, pseudonyms: bool = False) -> None:
        self.pseudonyms = pseudonyms
        self._names = PROVIDER.random(NAMES_KEY, "pseudonyms") if pseudonyms else b""
        self.reveal_secrets = reveal_secrets
        self._lock = threading.Lock()
        self._shown: dict[int, Shown] = {}
        self._wakes: set[Callable[[], None]] = set()
        self._changes = 0
        self._size = 0
        self._begun = 0
        self._failed = 0
        self._forgotten = 0
        self.closed = False

    # --- The server's side ----------------------------------------------------------------------

    def add(self, shown: Shown) -> None:
        """A client has come."""
        with self._lock:
            self._begun += 1
            shown.number = self._begun
            self._shown[shown.number] = shown
            self._bound()
        self.note(shown)

    def note(self, shown: Shown) -> None:
        """A connection has changed."""
        with self._lock:
            self._changes += 1
            shown.changed = self._changes
            wakes = tuple(self._wakes)
        for wake in wakes:
            wake()

    def ended(self, shown: Shown) -> None:
        """A connection is over."""
        with self._lock:
            self._failed += shown.error is not None
            self._size += shown.size
            self._bound()
        self.note(shown)

    def close(self) -> None:
        """Nothing will come any more."""
        with self._lock:
            self.closed = True
            wakes = tuple(self._wakes)
        for wake in wakes:
            wake()

    def _bound(self) -> None:
        """Forget the oldest that are over."""
        for number in [n for n, shown in self._shown.items() if shown.over]:
            if len(self._shown) <= KEPT_CONNECTIONS and self._size <= KEPT_BYTES:
                return
            self._size -= self._shown.pop(number).size
            self._forgotten += 1

    # --- The watchers' side ---------------------------------------------------------------------

    @contextlib.contextmanager
    def watched(self, wake: Callable[[], None]) -> Iterator[None]:
        """Call ``wake`` whenever something is new: from any thread, and it must not wait.

        Raises:
            TooManyWatchers: there are as many as there may be.
        """
        with self._lock:
            if len(self._wakes) >= WATCHERS:
                raise TooManyWatchers
            self._wakes.add(wake)
        try:
            yield
        finally:
            with self._lock:
                self._wakes.discard(wake)

    def since(self, seen: int, limit: int = ROWS_AT_ONCE) -> Changes:
        """What has changed after a number; 0 for all there is."""
        with self._lock:
            news = sorted(
                (shown for shown in self._shown.values() if shown.changed > seen),
                key=lambda shown: shown.changed,
            )
            more = len(news) > limit
            upto = news[limit - 1].changed if more else self._changes
            kept = tuple(self._shown)
            totals = (self._begun, self._failed, self._forgotten)
            return Changes(upto, tuple(news[:limit]), kept, more, *totals)

    def renamed(self, recording: Recording) -> Recording:
        """With pseudonyms, where those were asked for: the same ones for all that is given away."""
        return with_pseudonyms(recording, self._names) if self.pseudonyms else recording

    def get(self, number: int) -> Shown | None:
        """The connection with this number, if it is kept."""
        with self._lock:
            return self._shown.get(number)
