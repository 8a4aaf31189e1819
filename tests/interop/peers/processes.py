"""Foreign programs, started, watched and ended within bounds.

Waiting is on what a program prints, never on a clock; the deadline only ends what hangs.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import IO, Self

from tests.interop.peers.spec import DEADLINE, PeerFailed


class Output:
    """What one pipe brought so far; a thread drains it, so that no program blocks on it."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._data = bytearray()
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        while chunk := self._pipe.read1(65536):  # type: ignore[attr-defined] # buffered
            with self._changed:
                self._data += chunk
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, pattern: bytes) -> re.Match[bytes]:
        """The first match in all that came, as soon as it is there.

        Raises:
            PeerFailed: the pipe ended or the deadline passed before it came.
        """
        found: re.Match[bytes] | None = None

        def ready() -> bool:
            nonlocal found
            found = re.search(pattern, self._data, re.MULTILINE)
            return found is not None or self._ended

        with self._changed:
            self._changed.wait_for(ready, DEADLINE)
            if found is None:
                raise PeerFailed(f"waited for {pattern!r} and got {bytes(self._data)!r}")
            return found

    def wait_for_length(self, length: int) -> bytes:
        """All that came, once it is this long or the pipe has ended."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._data) >= length or self._ended, DEADLINE)
            return bytes(self._data)

    def all(self) -> bytes:
        """Everything, once the pipe has ended."""
        self._thread.join(DEADLINE)
        with self._changed:
            return bytes(self._data)

    def close(self) -> None:
        self._thread.join(DEADLINE)
        self._pipe.close()


class Program:
    """A child process with its three pipes; leaving the context ends it."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.argv = [str(word) for word in argv]
        self._process = subprocess.Popen(
            self.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=env,
            cwd=cwd,
            pass_fds=pass_fds,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin = self._process.stdin
        self.stdout = Output(self._process.stdout)
        self.stderr = Output(self._process.stderr)

    def write(self, data: bytes) -> None:
        """Give it to standard input.

        Raises:
            PeerFailed: the program has gone.
        """
        try:
            self._stdin.write(data)
            self._stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(self.describe()) from None

    def close_stdin(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def wait(self, expected: int | None = 0, *, within: float = DEADLINE) -> int:
        """The exit status.

        Raises:
            PeerFailed: it did not end within the deadline, or with another status.
        """
        until = monotonic() + within
        try:
            status = self._process.wait(max(0.0, until - monotonic()))
        except subprocess.TimeoutExpired:
            self.close()
            raise PeerFailed(f"still running: {self.describe()}") from None
        if expected is not None and status != expected:
            raise PeerFailed(f"status {status}: {self.describe()}")
        return status

    def describe(self) -> str:
        """The command line and both outputs; stops a program that still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(DEADLINE)
        out, err = self.stdout.all(), self.stderr.all()
        shown = b"\n".join(text if len(text) < 5000 else text[-5000:] for text in (err, out))
        return f"{' '.join(self.argv)}\n{shown.decode(errors='replace')}"

    def terminate(self) -> None:
        """Ask it to end, as a person would."""
        if self._process.poll() is None:
            self._process.terminate()

    def close(self) -> None:
        """End it now, if it has not ended, and give back its pipes."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(DEADLINE)
        self.close_stdin()
        self.stdout.close()
        self.stderr.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
