"""docs/replay.md: its commands and its Python run as they stand, and its names are the code's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.support.command import tlsee
from tests.support.house import REPOSITORY
from tlsee.recording.replaying.changing import _POLICIES, _ROWS

TEXT = (REPOSITORY / "docs" / "replay.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ tlsee (.*)$", TEXT, re.MULTILINE)
EARLY = {"replay demo.tlsrec --set alpn=h2", COMMANDS[-1]}  # the last: another name is refused


def test_what_it_shows_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command in order with the exit code that the page says, then the Python."""
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == 8
    for line in COMMANDS:
        result = tlsee(*shlex.split(line))
        assert result.code == (1 if line in EARLY else 0), (line, result.out, result.err)
    shown = tlsee("replay", "demo.tlsrec").out.splitlines()[0]
    assert shown in TEXT
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(program, "docs/replay.md", "exec"), {})


def test_every_setting_is_named() -> None:
    """The table has each name that can be set, and no other."""
    table = [line for line in TEXT.splitlines() if line.startswith("| `")]
    named = {name for line in table for name in re.findall(r"`([a-z_]+)`", line.split("|")[1])}
    assert named == {*_ROWS, "policy"}
    assert all(f"`{name}`" in TEXT for name in _POLICIES)
