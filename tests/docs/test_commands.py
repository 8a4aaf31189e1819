"""README and tutorial do what they say: every command in them is run, as it stands, in order.

How a document marks its commands is told in ``tests/support/documents.py``. A command runs in a
shell, in an empty directory, with the Python that runs the tests. What is not as at a reader's
desk: outside hosts are played by a loopback server (``stand_in/sitecustomize.py``), ``uvx tlsee``
is this working tree instead of the released package, ``pip install tlsee`` finds it installed,
``make VERB`` is only checked to be a verb (CI runs them), port 8443 is another one that is free,
and a ``tlsee serve`` goes on in the background until the document ends. What a document shows after
a command must be printed, in that order; words with a digit in them may differ, and so may lines it
leaves out.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import pytest
import trustme

from tests.support.documents import Block, Command, blocks, loose_commands
from tests.support.house import REPOSITORY
from tests.support.outside import outside_world

DOCUMENTS = [REPOSITORY / "README.md", REPOSITORY / "docs" / "tutorial.md"]
OUTSIDE = ("www.python.org", "example.com", "www.example.com")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the documents speak to a POSIX shell")
LONGEST = 120  # seconds: a command that hangs is ended, nothing is measured
OURS = re.compile(r"MAKE.*|.*_proxy|COLUMNS", re.IGNORECASE)  # must not reach a command
STAND_IN = Path(__file__).parent / "stand_in"
MAKE = shutil.which("make") or "make"
SHIMS = {
    "uvx": 'while [ "$1" != tlsee ]; do shift; done; exec "$@"',
    "tlsee": f'exec {shlex.quote(sys.executable)} -m tlsee "$@"',
    "python": f'exec {shlex.quote(sys.executable)} "$@"',
    "pip": '[ "$1 $2" = "install tlsee" ]',
    "make": f'exec {shlex.quote(MAKE)} --just-print -C {shlex.quote(str(REPOSITORY))} "$@"',
}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The reader's shell: the shims first on its path, the outside world on the loopback."""
    shims = tmp_path / "bin"
    shims.mkdir()
    for name, script in SHIMS.items():
        (shims / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (shims / name).chmod(0o755)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with outside_world(authority, *OUTSIDE) as port:
        yield {
            **{name: value for name, value in os.environ.items() if not OURS.fullmatch(name)},
            "PATH": f"{shims}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(STAND_IN), str(REPOSITORY / "src")]),
            "PYTHONUNBUFFERED": "1",
            "TLSEE_DOCS_HOSTS": json.dumps(dict.fromkeys(OUTSIDE, port)),
            "TLSEE_DOCS_PORT": str(_free_port()),
            "TLSEE_DOCS_CA": str(tmp_path / "authority.pem"),
        }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@dataclass
class Reader:
    """Somebody who follows a document in one directory and one environment."""

    document: Path
    desk: Path
    environment: dict[str, str]
    cleanup: contextlib.ExitStack
    python: str = ""

    def follow(self, block: Block) -> None:
        """Do what `block` says; fail as ``DOCUMENT:LINE`` where it does not hold."""
        if block.language != "python":
            for command in block.commands:
                self._type(command, block)
            return
        self.python = (self.python + "\n" if block.continues else "") + block.body
        if block.filename:
            (self.desk / block.filename).write_text(self.python, encoding="utf-8")
            return
        self._run([sys.executable, "-W", "error", "-c", self.python], block.line, block.status)

    def _type(self, command: Command, block: Block) -> None:
        if re.match(r"(uvx )?tlsee serve\b(?!.*--count)", command.typed):
            self._start(command)
            return
        printed = self._run(["/bin/sh", "-c", command.typed], command.line, block.status)
        if block.compared:
            self._compare(printed, command)

    def _run(self, arguments: list[str], line: int, status: int) -> str:
        ran = subprocess.run(
            arguments,
            cwd=self.desk,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LONGEST,
            check=False,
        )
        printed = ran.stdout.decode("utf-8", "replace")
        if ran.returncode != status:
            self._fail(line, f"ended with {ran.returncode}, not {status}; it printed\n{printed}")
        return printed

    def _start(self, command: Command) -> None:
        """Leave a server running, from its first line on, until the document ends."""
        story = self.desk / f"line-{command.line}.stderr"
        with story.open("wb") as errors:
            server = self._background(command.typed, errors)
        self.cleanup.callback(self._stop, server, command.line)
        if not _first_line(server):
            self._fail(command.line, f"it never served: {story.read_text(encoding='utf-8')}")

    def _background(self, typed: str, errors: BinaryIO) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["/bin/sh", "-c", f"exec {typed}"],
            cwd=self.desk,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )

    def _stop(self, server: subprocess.Popen[bytes], line: int) -> None:
        server.terminate()
        try:
            server.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            server.kill()
            server.communicate()
        if server.returncode != 0:
            self._fail(line, f"the server ended with {server.returncode} when told to stop")

    def _compare(self, printed: str, command: Command) -> None:
        seen = iter(_blurred(line) for line in printed.splitlines())
        for shown in command.shown:
            if shown.strip() not in {"", "..."} and _blurred(shown) not in seen:
                self._fail(command.line, f"no such line, or not there: {shown!r} in\n{printed}")

    def _fail(self, line: int, what: str) -> NoReturn:
        pytest.fail(f"{self.document.name}:{line}: {what}", pytrace=False)


def _first_line(server: subprocess.Popen[bytes]) -> bytes:
    assert server.stdout is not None
    return server.stdout.readline()


def _blurred(line: str) -> str:
    """The line without what differs from run to run: words with a digit in them, and spacing."""
    return " ".join(re.sub(r"\S*\d\S*", "#", line).split())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_a_reader_can_follow(document: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Every command and program of the document, in its order, does what the document shows."""
    desk = tmp_path / "desk"
    desk.mkdir()
    with contextlib.ExitStack() as cleanup:
        reader = Reader(document, desk, environment, cleanup)
        for block in blocks(document):
            reader.follow(block)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_no_command_escapes(document: Path) -> None:
    """A command in running text or an indented block would be run by nobody: fence it."""
    assert not loose_commands(document)


def _told(tmp_path: Path, text: str) -> Path:
    document = tmp_path / "told.md"
    document.write_text(text, encoding="utf-8")
    return document


def test_extraction_reads_what_is_meant(tmp_path: Path) -> None:
    """Commands, what is shown after them, files and remarks come out as documented."""
    document = _told(
        tmp_path,
        "# x\n```console\n$ one \\\n>   two\nseen\n$ three\n```\n```python watch.py\nx = 1\n```\n"
        "<!-- exit: 1 -->\n```sh\n$ no\n```\n<!-- not run: needs a phone -->\n```sh\n$ call\n```\n"
        "```text\n$ a picture\n```\n",
    )
    first, second, third = blocks(document)
    assert first.commands == (Command(3, "one two", ("seen",)), Command(6, "three", ()))
    assert (second.language, second.filename, second.body) == ("python", "watch.py", "x = 1\n")
    assert (third.status, third.commands[0].typed) == (1, "no")


@pytest.mark.parametrize("remark", ["not run", "not run:", "output not compared: ", "no run: why"])
def test_a_remark_needs_its_reason(tmp_path: Path, remark: str) -> None:
    """A block is left out only for a reason that stands beside it."""
    document = _told(tmp_path, f"<!-- {remark} -->\n```sh\n$ x\n```\n")
    with pytest.raises(ValueError, match=r"needs a reason|not understood"):
        blocks(document)


def test_a_loose_command_is_found(tmp_path: Path) -> None:
    """Commands that are indented or in running text are named; fenced ones are not."""
    document = _told(tmp_path, "Try `uvx tlsee demo`.\n\n    $ tlsee x\n\n```sh\n$ uvx y\n```\n")
    assert loose_commands(document) == ["$ tlsee x", "uvx tlsee demo"]


def test_a_document_that_lies_is_caught(environment: dict[str, str], tmp_path: Path) -> None:
    """A status or a line that is not as shown fails, with the document's line."""
    with contextlib.ExitStack() as cleanup:
        reader = Reader(tmp_path / "lies.md", tmp_path, environment, cleanup)
        reader.follow(Block(1, "sh", "", "$ echo took 3 ms, well\ntook 5 ms, well\n"))
        with pytest.raises(pytest.fail.Exception, match=r"lies\.md:2: no such line"):
            reader.follow(Block(1, "sh", "", "$ echo fine\nbad\n"))
        with pytest.raises(pytest.fail.Exception, match=r"lies\.md:2: ended with 3, not 0"):
            reader.follow(Block(1, "sh", "", "$ exit 3\n"))


VISIT = """\
import os, socket, ssl
context = ssl.create_default_context(cafile=os.environ["TLSEE_DOCS_CA"])
with socket.create_connection(("www.python.org", 443)) as tcp:
    with context.wrap_socket(tcp, server_hostname="www.python.org") as tls:
        tls.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
        assert tls.recv(4096).startswith(b"HTTP/1.1 200 OK")
        tls.unwrap()
try:
    socket.create_connection(("unheard.example", 443))
except socket.gaierror as error:
    assert "no stand-in plays unheard.example" in str(error)
else:
    raise SystemExit("it went out")
"""


def test_outside_hosts_are_played(environment: dict[str, str], tmp_path: Path) -> None:
    """A program that names an outside host meets the stand-in; one nobody plays is refused."""
    with contextlib.ExitStack() as cleanup:
        Reader(tmp_path / "x.md", tmp_path, environment, cleanup).follow(
            Block(1, "python", "", VISIT)
        )
