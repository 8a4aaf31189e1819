"""``tlsee serve`` in a process of its own."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.house import REPOSITORY

__all__ = ["LONGEST", "Running", "serving"]

LONGEST = 60  # seconds for a program to end; nothing is measured


class Running:
    """A server in a process of its own, with what it said when it began."""

    def __init__(self, process: subprocess.Popen[str], ca: Path) -> None:
        self.process = process
        self.ca = ca
        assert process.stdout is not None
        assert process.stderr is not None
        self.introduction: list[str] = []
        stream = process.stderr if "--json" in str(process.args) else process.stdout
        for line in stream:
            self.introduction.append(line)
            if line == "Ctrl-C ends it\n":
                break
        first = " ".join(self.introduction)
        assert "serving" in first, first + process.stderr.read()
        self.port = int(first.split(" at 127.0.0.1:")[1].split(",")[0])

    @property
    def live(self) -> str:
        """The address of the live page."""
        found = re.search(r"http://127\.0\.0\.1:\d+/[0-9a-f]{32}/", "".join(self.introduction))
        assert found is not None, self.introduction
        return found[0]

    def stop(self, number: int) -> tuple[int, str, str]:
        """Exit code, what else it printed, and its complaints."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=LONGEST)
        return self.process.returncode, out, err

    def wait(self) -> tuple[int, str, str]:
        """The same, where it ends by itself."""
        out, err = self.process.communicate(timeout=LONGEST)
        return self.process.returncode, out, err


@contextlib.contextmanager
def serving(directory: Path, *arguments: str | os.PathLike[str]) -> Iterator[Running]:
    """``tlsee serve`` on a free port; its authority's certificate is in a file."""
    ca = directory / "serve-ca.pem"
    command = [sys.executable, "-m", "tlsee", "serve", "--port", "0"]
    if "--cert" not in arguments:
        command += ["--ca-out", ca.name]
    process = subprocess.Popen(
        [*command, *(os.fspath(argument) for argument in arguments)],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "COLUMNS": "80"},
    )
    with process:
        try:
            yield Running(process, ca)
        finally:
            if process.poll() is None:
                process.kill()
