"""docs/verify.md: its picture is the tested screen, and its commands do what it says."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import pytest

from tests.docs.test_commands import Reader, environment
from tests.support.documents import blocks, loose_commands
from tests.support.house import REPOSITORY
from tests.support.missing import missing
from tlsee.cli.judging import JUDGING
from tlsee.cli.verify import command

__all__ = ["environment"]

DOCUMENT = REPOSITORY / "docs" / "verify.md"
SCREEN = REPOSITORY / "tests" / "snapshots" / "verify-expired.txt"


def test_the_picture_is_the_screen() -> None:
    """What the document shows first is what the design's case prints, to the letter."""
    assert SCREEN.read_text(encoding="ascii") in DOCUMENT.read_text(encoding="utf-8")


def test_every_option_is_told() -> None:
    """The table names each option that the command has."""
    text = DOCUMENT.read_text(encoding="utf-8")
    options = {name for option in command.params for name in option.opts if name.startswith("--")}
    assert {f"--{name}" for name in JUDGING} < options
    told = set(re.findall(r"--[a-z]+", text))
    assert options <= told, options - told


@pytest.mark.peers
def test_it_does_what_it_says(environment: dict[str, str], tmp_path: Path) -> None:
    """Certificates made by OpenSSL: accepted, refused in a fortnight, refused for another name."""
    if shutil.which("openssl") is None:
        missing("openssl", "openssl")
    assert loose_commands(DOCUMENT) == []
    desk = tmp_path / "desk"
    desk.mkdir()
    with contextlib.ExitStack() as cleanup:
        reader = Reader(DOCUMENT, desk, environment, cleanup)
        for block in blocks(DOCUMENT):
            reader.follow(block)
