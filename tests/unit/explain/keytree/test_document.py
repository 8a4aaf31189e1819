"""docs/key-schedule.md: its program runs, and the recipe that it shows is RFC 8448's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.house import REPOSITORY
from tests.support.keytrees import recordings
from tests.vectors.test_keytree import drawn
from tlsee.explain.keytree import recipe
from tlsee.trace import Role

TEXT = (REPOSITORY / "docs" / "key-schedule.md").read_text(encoding="utf-8")


def test_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints a line for each node, and what is missing."""
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    for recording in recordings("1.3"):
        recording.save(tmp_path / "handshake.tlsrec")
        monkeypatch.chdir(tmp_path)
        exec(program, {})
        printed = capsys.readouterr().out
        assert "handshake secret: HKDF-Extract of derived secret (early secret), shared" in printed
        assert ("no secrets" in printed) is not recording.reveals_secrets


def test_the_recipe() -> None:
    """It is the one of RFC 8448's section 3, word for word."""
    _, graph = drawn("3", Role.CLIENT)
    node = graph.node("handshake secret")
    assert node is not None
    assert f"```\n{recipe(graph, node)}```" in TEXT
