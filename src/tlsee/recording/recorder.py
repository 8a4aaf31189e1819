"""The recorder: an observer that keeps what it is told, and writes it down while it goes on.

In memory an event costs a look at three clocks and a place in a list; nothing is encoded before
somebody asks. With a file each event is written at once, so that what was said before a crash is
there after it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.journal import Journal
from tlsee.errors import ApiMisuse
from tlsee.recording.answers import answered_of
from tlsee.recording.encoding import BY_CLASS, encode
from tlsee.recording.format import FrameWriter, Header, header_bytes
from tlsee.recording.kept import LeftOut, Moment
from tlsee.recording.recording import Recording, create
from tlsee.recording.redact import in_full, redacted
from tlsee.recording.settings import configuration_of
from tlsee.recording.watching import watched_config
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    CertificateJudged,
    Deed,
    Failed,
    HandshakeCompleted,
    QuestionAnswered,
    TraceEvent,
)

C = TypeVar("C", ClientConfig, ServerConfig)

# A handshake takes some 20 kB, a gigabyte of application data 4 MB of headers. What comes beyond is
# counted; how it ended is kept even so, and the protocol bounds how often that can come.
RECORDING_LIMIT = 32 << 20  # bytes in memory, as ``_size`` counts
MOMENT_SIZE = 64
_ALWAYS_KEPT = (AlertSent, AlertArrived, CertificateJudged, Failed, HandshakeCompleted)


class Recorder:
    """An observer that records one connection.

        recorder = tlsee.Recorder()
        connection = tlsee.ClientConnection(config, name, observers=[recorder])
        ...
        recorder.recording.save("handshake.tlsrec")

    Args:
        file: a path to write to while it happens, or ``None``: ``recording.save`` does it later.
        reveal_secrets: keep secrets, journal and encrypted application data too. Whoever gets
            such a recording reads the connection.
        limit: bytes to keep in memory, and in the file before compression.
        clock, cpu_clock, today: nanoseconds, from any start; of this thread's processor time;
            since the epoch.

    Attributes:
        failure: what ended the writing, or ``None``: an observer does not disturb what it
            observes, so a full disk ends the file and not the connection.
        on_deed: takes a ``trace.Deed``; ``None`` unless all is kept.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | None = None,
        *,
        reveal_secrets: bool = False,
        limit: int = RECORDING_LIMIT,
        clock: Callable[[], int] = time.perf_counter_ns,
        cpu_clock: Callable[[], int] = time.thread_time_ns,
        today: Callable[[], int] = time.time_ns,
    ) -> None:
        self.failure: Exception | None = None
        self._in_full = reveal_secrets
        # What the program does is no event, and holds all that it says.
        self.on_deed: Callable[[Deed], None] | None = self._take if reveal_secrets else None
        self._keeps = in_full if reveal_secrets else redacted
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._header = Header(max(0, today()), reveals_secrets=reveal_secrets, program="tlsee")
        self._moments: list[Moment] = []
        self._lost = 0
        self._room = limit
        self._lock = threading.Lock()  # one thread may read while another writes
        self._journal = Journal()
        self._journal_read = 0
        self._file: int | None = None
        if file is not None:
            self._file = create(file)
            self._writer = FrameWriter()
            self._append(header_bytes(self._header))
        self._began = clock()
        self._thread = 0
        self._cpu = 0

    @property
    def reveals_secrets(self) -> bool:
        """Whether it keeps all."""
        return self._in_full

    @property
    def recording(self) -> Recording:
        """What was recorded so far."""
        with self._lock:
            try:
                self._drain()
            except Exception as error:  # noqa: BLE001 - what there is is there all the same
                self.failure = self.failure or error
            moments = list(self._moments)
            if self._lost:
                moments.append(Moment(self._clock() - self._began, None, LeftOut(self._lost)))
        return Recording(self._header, moments)

    def watched(self, config: C) -> C:
        """The same configuration, whose provider's answers this recorder writes down.

        A connection made with it can be replayed. Use it for one connection.

        Raises:
            ApiMisuse: the recorder does not reveal secrets, and the answers are nothing else.
        """
        self.adopt(config, self._journal)
        return watched_config(config, self._journal)

    def adopt(self, config: ClientConfig | ServerConfig, book: Journal) -> None:
        """Write down what a configuration was asked that is watched already.

        Args:
            config: as it was given to ``watched_config``. ``book``: the journal beside it.

        Raises:
            ApiMisuse: as ``watched``.
        """
        if not self._in_full:
            raise ApiMisuse(
                "a redacted recording has no journal", "make a Recorder(reveal_secrets=True)"
            )
        with self._lock:
            self._journal = book
            self._keep(configuration_of(config))

    def on_event(self, event: TraceEvent) -> None:
        """Keep an event, or what may be kept of it."""
        if type(event) is QuestionAnswered and self._in_full:
            self._take(event, answered_of(event))
        else:
            self._take(event)

    def _take(self, *items: Any) -> None:
        thread = threading.get_ident()
        used = self._cpu_clock()
        with self._lock:
            spent = used - self._cpu  # negative: a thread that is new, under the name of another
            cpu = spent if thread == self._thread and spent >= 0 else None
            try:
                self._drain()
                for item in items:
                    if item is not None:
                        self._keep(item, cpu)
                        cpu = None
            except Exception as error:  # noqa: BLE001 - whoever is observed must not hear of it
                self._lost += 1
                self.failure = self.failure or error
            self._thread = thread
            self._cpu = self._cpu_clock()

    def close(self) -> None:
        """Write what is left and close the file; without a file there is nothing to do."""
        with self._lock:
            if self._file is None:
                return
            try:
                self._drain()
                if self._lost:
                    self._write(Moment(self._clock() - self._began, None, LeftOut(self._lost)))
            except Exception as error:  # noqa: BLE001 - the file ends here either way
                self.failure = self.failure or error
            handle, self._file = self._file, None
            try:
                os.close(handle)
            except OSError as error:
                self.failure = self.failure or error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- Within ---------------------------------------------------------------------------------

    def _drain(self) -> None:
        """The provider's answers since the last event came before this one."""
        entries = self._journal.entries
        while self._journal_read < len(entries):
            self._journal_read += 1
            self._keep(entries[self._journal_read - 1])

    def _keep(self, item: Any, cpu: int | None = None) -> None:
        kept = self._keeps(item)
        if kept is None:
            return
        size = MOMENT_SIZE + len(getattr(kept, "raw", b""))
        if self._room < size and not isinstance(kept, _ALWAYS_KEPT):
            self._lost += 1
            return
        if type(kept) not in BY_CLASS:
            raise ValueError(f"no kind of the format stands for a {type(kept).__name__}")
        self._room -= size
        moment = Moment(max(0, self._clock() - self._began), cpu, kept)
        self._moments.append(moment)
        self._write(moment)

    def _write(self, moment: Moment) -> None:
        if self._file is not None and self.failure is None:
            self._append(self._writer.frame(encode(moment)))

    def _append(self, data: bytes) -> None:
        """All of it, to the system: what the program does next cannot lose it."""
        if self._file is None:
            return
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            self.failure = error
