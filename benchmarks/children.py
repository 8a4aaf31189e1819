"""Starting ``benchmarks.child`` and ending it, by its own handle."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.material import Material

ROOT = Path(__file__).parent.parent
PATIENCE = 10.0  # seconds for a child to end by itself


def environment() -> dict[str, str]:
    """This one's; modules are found as here, and both OpenSSLs are told what to offer."""
    inherited = os.environ.get("PYTHONPATH")
    own = [str(ROOT), str(ROOT / "src")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*own, *([inherited] if inherited else [])]),
        "OPENSSL_CONF": str(Path(__file__).with_name("openssl.cnf")),
    }


class Child:
    """A running job; closing its standard input ends it."""

    def __init__(self, job: str, contender: str, directory: Path, *more: object) -> None:
        command = [sys.executable, "-m", "benchmarks.child", job, contender, str(directory)]
        self._process = subprocess.Popen(
            [*command, *map(str, more)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment(),
        )

    def line(self) -> str:
        """The next line it prints.

        Raises:
            RuntimeError: it ended without one.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the child process ended early; its complaint is above")
        return line.strip()

    def ask(self) -> str:
        """Send an empty line; the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.line()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@contextlib.contextmanager
def saved(material: Material) -> Iterator[Path]:
    """The material as files that live as long as the block."""
    with tempfile.TemporaryDirectory() as directory:
        material.save(Path(directory))
        yield Path(directory)
