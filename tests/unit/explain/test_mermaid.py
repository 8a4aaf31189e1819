"""A recording as a Mermaid diagram. What it may never hold is in tests/properties."""

from __future__ import annotations

import re

import pytest

from tests.support.recordings import SCENARIOS, record
from tests.support.snapshots import matches_snapshot
from tlsee.explain.account import Account
from tlsee.explain.report.mermaid import STEPS_SHOWN, label, mermaid
from tlsee.recording.kept import Moment
from tlsee.recording.recording import Recording
from tlsee.trace import MessageReceived


def _steady(text: str) -> str:
    return re.sub(r"(Certificate(?:Verify)?, )\d+", r"\1NN", text)


def test_the_diagram() -> None:
    """Participants, verdict, each step with its size, blocks for what is encrypted."""
    text = mermaid(Account.of(record("1.3").client.recording))
    matches_snapshot("explain-recording-mermaid", _steady(text), exactly=True)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_step_is_drawn(name: str) -> None:
    """With its number and name, from who said it to who heard it, dashed where it is encrypted."""
    account = Account.of(record(name).server.recording)
    lines = mermaid(account).splitlines()
    arrows = [line for line in lines if re.match(r"    [CS]-", line)]
    assert len(arrows) == len(account.steps)
    for line, view in zip(arrows, account.steps, strict=True):
        start = "C" if view.step.sender.value == "client" else "S"
        assert line.startswith(f"    {start}-")
        assert ("-->>" in line) is (view.key is not None)
        assert f": {view.step.number} " in line
        assert label(view.title) in line
    assert lines.count("    end") == sum(line.startswith("    rect") for line in lines)


def test_a_long_connection_is_cut() -> None:
    """Mermaid draws a few hundred edges: what is more is counted."""
    whole = record("1.3").client.recording
    last = next(m for m in reversed(whole.moments) if isinstance(m.item, MessageReceived))
    more = [Moment(last.at, None, last.item)] * 1000
    text = mermaid(Account.of(Recording(whole.header, [*whole.moments, *more])))
    assert text.count("->>") <= STEPS_SHOWN
    assert len(text) < 50_000
    assert re.search(r"and 6\d\d steps more", text)
