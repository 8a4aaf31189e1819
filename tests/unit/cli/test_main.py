"""How the command begins and ends, whatever the verb."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import looks_good, tlsee
from tests.support.house import REPOSITORY
from tlsee.cli import main as command
from tlsee.cli.main import VERBS

FULL = Path("/dev/full")


def _program(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tlsee", *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), **environ},
    )


def test_version_names_what_matters() -> None:
    """Python, cryptography and its OpenSSL are what a report needs."""
    result = tlsee("--version")
    assert result.code == 0
    first, second, third = result.out.splitlines()
    assert first.startswith("tlsee ")
    assert second.startswith(f"Python {platform.python_version()} (")
    assert third.startswith("cryptography ")
    assert " with OpenSSL " in third


def test_version_imports_no_verb() -> None:
    """The verbs and rich stay where they are until somebody wants them."""
    look = (
        "import sys; from tlsee.cli.main import run; run(['--version']); "
        "print([m for m in sys.modules if m.startswith('tlsee.cli.') and m.count('.') == 2 "
        "and m.split('.')[2] in ('demo', 'connect', 'serve')], 'rich' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", look],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
    )
    assert ran.stdout.splitlines()[-1] == "[] False"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "tlsee connect HOST"),
        (("example.com",), "type: tlsee connect example.com"),
        (("example.com:8443",), "type: tlsee connect example.com:8443"),
        (("https://u:secret@h.example/secret",), "type: tlsee connect h.example"),
        (("localhost",), "type: tlsee connect localhost"),
        (("dem",), "type: tlsee demo"),
        (("conect",), "'conect' is no verb; type: tlsee connect"),
        (("u:secret@h.example/secret",), "type: tlsee connect h.example"),
        (("frobnicate",), "is no verb"),
        (("--frob",), "--frob is no option"),
        (("demo", "--frob"), "--frob is no option of tlsee demo"),
        (("connect",), "Missing argument 'TARGET'"),
        (("connect", "x", "--timeout", "soon"), "is not a valid float"),
        (("connect", "x\x1b[31m"), r"x\x1b[31m is no host name"),
    ],
)
def test_wrong_usage_is_one_sentence(arguments: tuple[str, ...], says: str) -> None:
    """Exit code 2, nothing on standard output, and what to type instead."""
    result = tlsee(*arguments)
    assert (result.code, result.out) == (2, "")
    text = " ".join(result.err.split())
    assert text.startswith("tlsee: ")
    assert says in text
    assert "secret" not in text
    looks_good(result.err)


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_fits(verb: str) -> None:
    """Every help ends with 0, has examples first and fits 80 columns."""
    result = tlsee(*([verb] if verb else []), "--help")
    assert result.code == 0
    looks_good("\n".join(line.rstrip() for line in result.out.splitlines()))
    assert result.out.index("Examples:") < result.out.index("Options:")


def test_a_bug_is_confessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What escapes is exit code 70 and a sentence that says how to report it, no traceback."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("half\x1b[31m")

    monkeypatch.setattr(command.group, "main", broken)
    result = tlsee("demo")
    assert result.code == 70
    text = " ".join(result.err.split())
    assert r"a bug in tlsee (ZeroDivisionError: half\x1b[31m" in text
    assert "report it" in text
    assert "Traceback" not in text
    assert "Traceback" in tlsee("demo", environ={"TLSEE_TRACEBACK": "1"}).err


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is exit code 130 and one word."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command.group, "main", interrupted)
    result = tlsee("demo")
    assert (result.code, result.err) == (130, "tlsee: interrupted\n")


@pytest.mark.skipif(os.name != "posix", reason="a pipe that closes is POSIX's here")
def test_a_closed_pipe_is_no_traceback() -> None:
    """Whoever reads may stop at any line."""
    with subprocess.Popen(
        [sys.executable, "-m", "tlsee", "demo", "-v"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


@pytest.mark.skipif(os.name != "posix", reason="closing a stream before the start is POSIX's")
@pytest.mark.parametrize("closed", ["1", "2", "0 1 2"])
def test_closed_streams_are_no_traceback(closed: str) -> None:
    """Started without standard streams it works all the same, and says nothing where it cannot."""
    close = " ".join(f"{number}>&-" for number in closed.split())
    ran = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m tlsee demo {close}', sys.executable],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
    )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("verb", ["demo", "--version"])
def test_a_full_disk_is_told(verb: str) -> None:
    """Output that is lost is no success: exit code 2 and a sentence."""
    with FULL.open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "tlsee", verb],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        )
    assert ran.returncode == 2
    assert ran.stderr.startswith("tlsee: cannot write to standard output: no space left")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_the_program_under_narrow_encodings(encoding: str) -> None:
    """``python -m tlsee demo`` prints under encodings that lack most of Unicode."""
    ran = _program("demo", PYTHONIOENCODING=f"{encoding}:strict", COLUMNS="80")
    assert (ran.returncode, ran.stderr) == (0, "")
    looks_good(ran.stdout)
