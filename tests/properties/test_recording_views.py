"""Whatever is in a recording, every view of it is made, and each keeps what it promises."""

from __future__ import annotations

import json
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.damaged_recordings import damaged_recordings
from tests.support.schemas import complaints, schema
from tlsee.explain.account import Account
from tlsee.explain.report.html import page
from tlsee.explain.report.json_report import report
from tlsee.explain.report.mermaid import label, mermaid
from tlsee.explain.report.pcapng import to_pcapng
from tlsee.explain.report.terminal import terminal
from tlsee.recording.recording import Recording

_LABEL = re.compile(r"(?:[A-Za-z0-9 ._()/,]|#\d+;)+")
_NAME = re.compile(r"(?:[A-Za-z0-9 ._()/]|#\d+;)+")
_LINES = (
    re.compile(rf"    participant [CS] as {_NAME.pattern}"),
    re.compile(rf"    Note over C,S: {_LABEL.pattern}"),
    re.compile(rf"    (?:C(?:->>|-->>|-x)S|S(?:->>|-->>|-x)C): {_LABEL.pattern}"),
    re.compile(r"    rect rgba\([\d., ]+\)|    end"),
)


@settings(max_examples=60, deadline=None)
@given(damaged_recordings(), st.integers(40, 80))
def test_the_terminal(recording: Recording, width: int) -> None:
    """No exception; printable ASCII, no line wider than the screen, none with a ragged end."""
    for detail in range(3):
        for line in terminal(Account.of(recording), "a file", detail=detail, width=width):
            assert line.text.isascii()
            assert line.text.isprintable()
            assert len(line.text) <= width, line.text
            assert line.text == line.text.rstrip()


@settings(max_examples=60, deadline=None)
@given(damaged_recordings())
def test_the_object(recording: Recording) -> None:
    """It is as the schema says, and JSON; its texts are printable ASCII."""
    found = report(Account.of(recording))
    assert complaints(found, schema("tlsee.recording/1")) == []
    text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    assert text.isascii()
    assert json.loads(text) == found


def well_formed(diagram: str) -> bool:
    """Whether each line is one of those that the diagram is made of, and blocks are closed."""
    first, *lines = diagram.splitlines()
    assert first == "sequenceDiagram"
    for line in lines:
        assert any(pattern.fullmatch(line) for pattern in _LINES), line
    opened = sum(line.startswith("    rect") for line in lines)
    return opened == lines.count("    end")


@settings(max_examples=60, deadline=None)
@given(damaged_recordings())
def test_the_diagram(recording: Recording) -> None:
    """Lines of four kinds, and whatever a peer sent is within a label."""
    assert well_formed(mermaid(Account.of(recording)))


@given(st.text(max_size=200))
@example("end")
@example(" End")
def test_no_label_can_be_broken_out_of(text: str) -> None:
    """Harmless characters and numbered entities, never empty, never the word that ends a block."""
    found = label(text)
    assert _LABEL.fullmatch(found)
    assert found.strip().lower() != "end"


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=100))
def test_a_label_is_drawn_as_it_was(text: str) -> None:
    """Mermaid turns the entities back into what the text was."""
    shown = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label(text))
    assert shown == (text.strip() or "-")


@settings(max_examples=40, deadline=None)
@given(damaged_recordings())
def test_the_page_and_the_capture(recording: Recording) -> None:
    """They are made."""
    assert page(Account.of(recording)).startswith("<!doctype html>")
    assert to_pcapng(recording)
