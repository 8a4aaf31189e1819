"""One thread that talks to Redis, so that nobody else ever waits for it longer than agreed.

Questions stand in a bounded queue. Whoever asks waits for a bounded time, whatever hangs: the name
service, the connection, the server. After the first failure nobody asks any more: calls are
declined at once, while the thread tries again in pauses. Answers that are errors (out of memory,
a replica that may not write) decline that call alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any, Final, TypeAlias

from tlsee.errors import ApiMisuse
from tlsee.sessions.bounds import REDIS_PAUSE, REDIS_QUEUE_LIMIT, REDIS_REFRESH, REDIS_TIMEOUT

__all__ = ["AWAY", "Away", "Job", "RedisLink", "Send"]


class Away:
    """The class of ``AWAY``: Redis gave no answer, or none that can be used."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "AWAY"

    def __bool__(self) -> bool:
        return False


AWAY: Final = Away()

Send: TypeAlias = Callable[..., Any]  # a command and its arguments; gives the reply
Job: TypeAlias = Callable[[Send], Any]  # runs in the thread, and may send several commands


class RedisLink:
    """A connection to one Redis or Valkey, and the thread that has it to itself.

    Args:
        url: ``redis://``, ``rediss://`` (TLS) or ``unix://``, as the ``redis`` package reads it.
        timeout: seconds that a call waits at most.
        pause: seconds between two attempts while Redis is away.
        refresh: seconds between two runs of what ``every_refresh`` was given.

    Attributes:
        declined: calls without an answer: Redis was away, too slow, or the queue was full.
        refused: calls that Redis answered with an error, such as that its memory is full.

    Raises:
        ApiMisuse: the ``redis`` package is missing, or cannot read the URL.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = REDIS_TIMEOUT,
        pause: float = REDIS_PAUSE,
        refresh: float = REDIS_REFRESH,
    ) -> None:
        self.declined = 0
        self.refused = 0
        self._timeout, self._pause, self._refresh = timeout, pause, refresh
        self._redis, self._connection = _open(url, timeout)
        self._away = False
        self._closed = False
        self._queue: Queue[tuple[Job, Future[Any]] | None] = Queue(REDIS_QUEUE_LIMIT)
        self._lock = Lock()
        self._thread: Thread | None = None
        self._process = 0
        self._again: list[Job] = []
        self._due = 0.0
        self.refreshed = Event()

    def __repr__(self) -> str:
        return f"RedisLink({'away' if self._away else 'there'})"  # a URL may have a password

    @property
    def is_away(self) -> bool:
        """Whether calls are declined at once now."""
        return self._away or self._closed

    def every_refresh(self, job: Job) -> None:
        """Run this when the connection stands, and again from time to time."""
        self._again.append(job)
        self._due = 0.0

    def refresh_soon(self) -> None:
        """Run it again at the next occasion, at most once per pause."""
        soon = monotonic() + self._pause
        if soon < self._due:
            self._due = soon
            self._wake()

    def ask(self, job: Job) -> Any:
        """The job's result after a bounded time, or ``AWAY``; never raises."""
        future = self._submit(job)
        try:
            answer = AWAY if future is None else future.result(self._timeout)
        except TimeoutError:
            answer = AWAY
            self._away = True  # the thread hangs, and tries again when it does not any more
            self._due = min(self._due, monotonic() + self._pause)
        if answer is AWAY:
            self._count_declined()
        return answer

    def tell(self, *command: Any) -> bool:
        """Send a command some time, its reply unread; whether it was taken."""
        taken = self._submit(lambda send: send(*command)) is not None
        if not taken:
            self._count_declined()
        return taken

    def start(self) -> None:
        """Have the thread, also in a process that was forked from the one that had it."""
        with self._lock:
            if self._closed or (self._thread and self._thread.is_alive() and self._is_ours()):
                return
            if not self._is_ours():
                self._connection = self._redis.fresh()
                self._queue = Queue(REDIS_QUEUE_LIMIT)
            self._process = os.getpid()
            self._thread = Thread(target=self._run, name="tlsee-redis", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread and the connection; from then on every call is declined."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None and self._is_ours():
            self._wake()
            thread.join(self._timeout * 20)

    def _wake(self) -> None:
        with suppress(Full):  # then it is awake
            self._queue.put_nowait(None)

    def _is_ours(self) -> bool:
        return self._process == os.getpid()

    def _count_declined(self) -> None:
        with self._lock:
            self.declined += 1

    def _submit(self, job: Job) -> Future[Any] | None:
        self.start()
        if self.is_away:
            return None
        future: Future[Any] = Future()
        try:
            self._queue.put_nowait((job, future))
        except Full:
            return None
        return future

    def _run(self) -> None:
        """The thread: what was asked, and in between what is due."""
        while not self._closed:
            self._refresh_if_due()
            try:
                item = self._queue.get(timeout=self._idle())
            except Empty:
                continue
            if item is not None:
                job, future = item
                answer = AWAY if self._away else self._attempt(job)
                future.set_result(answer)
        self._connection.disconnect()

    def _idle(self) -> float:
        return max(0.0, self._due - monotonic())

    def _refresh_if_due(self) -> None:
        if monotonic() < self._due:
            return
        self._due = monotonic() + self._refresh
        if self._attempt(lambda send: send("PING"), asks_for_help=True) is AWAY:
            self._due = monotonic() + self._pause
            return
        for job in self._again:
            self._attempt(job)
        self.refreshed.set()

    def _attempt(self, job: Job, *, asks_for_help: bool = False) -> Any:
        """Run a job; what Redis or the network does wrong ends as ``AWAY``."""
        try:
            answer = job(self._send)
        except self._redis.refusals:
            with self._lock:
                self.refused += 1
            return AWAY
        except self._redis.failures:
            self._away = True
            self._connection.disconnect()
            if not asks_for_help:
                self._due = min(self._due, monotonic() + self._pause)
            return AWAY
        self._away = False
        return answer

    def _send(self, *command: Any) -> Any:
        self._connection.connect()  # does nothing where it is connected
        self._connection.send_command(*command)
        return self._connection.read_response()


class _Redis:
    """What we use of the ``redis`` package, which is there only for those who use it."""

    def __init__(self, url: str, timeout: float) -> None:
        try:
            import redis
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError as error:
            raise ApiMisuse("the redis package is missing", "pip install tlsee[redis]") from error
        options: dict[str, Any] = {
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "retry": Retry(NoBackoff(), 0),
        }
        try:
            self._pool = redis.ConnectionPool.from_url(url, **options)
        except ValueError as error:
            raise ApiMisuse("no URL of a Redis server", "redis://HOST:PORT/0") from error
        # Errors of ours would be among them only where an answer is not what was asked for.
        self.refusals = (redis.ResponseError,)
        self.failures = (redis.RedisError, OSError)

    def fresh(self) -> Any:
        """A connection that is not open yet."""
        return self._pool.make_connection()


def _open(url: str, timeout: float) -> tuple[_Redis, Any]:
    found = _Redis(url, timeout)
    return found, found.fresh()
