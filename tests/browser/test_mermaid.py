"""Mermaid itself draws our diagrams: each text as it was, and nothing else, whoever sent it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.driving import Browser
from tests.browser.pages import PAGES, recording_of
from tests.support.missing import missing
from tlsee.explain.account import Account
from tlsee.explain.report.mermaid import label, mermaid
from tlsee.text import printable

_MERMAID = Path(__file__).parent / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
_NPM = "npm install --prefix tests/browser --no-package-lock --ignore-scripts"
# What means something in Mermaid's language, in HTML or in KaTeX, and must mean nothing here.
EVIL = (
    "end", "End ", "END", "loop", "rect", "participant", "as", "C->>S: x", "-->>", "a;b", "a,b",
    "#quot;", "#35;", "%%{init: {}}%%", "%% no", "wrap: x", "nowrap:x", "$$x$$", "{a}", "()",
    '@{ "type": "database" }', "<script>done(1)</script>", "<img src=x onerror=alert(1)>", "<br/>",
    '"; click C "javascript:alert(1)"', "a\nC->>S: x", "title x", "accTitle: x", "__proto__",
    "[x](javascript:alert(1))", "`x`", "**x**", "&lt;", "\\n", "\x1b[31m", "\u202e", "_", "...",
)  # fmt: skip
_DRAW = """
const done = arguments[arguments.length - 1], text = arguments[0];
mermaid.initialize({startOnLoad: false, maxTextSize: 50000, maxEdges: 500});
mermaid.render('drawn', text).then(({svg}) => {
  document.body.innerHTML = svg;
  done([...document.querySelectorAll('text')].map(one => one.textContent));
}, problem => done(String(problem)));
"""


@pytest.fixture
def drawing(browser: Browser, tmp_path: Path) -> Browser:
    """A page with Mermaid in it, as its makers ship it."""
    if not _MERMAID.exists():
        missing("mermaid", f"it: {_NPM}")
    page = tmp_path / "drawing.html"
    source = f'<script src="{_MERMAID.as_uri()}"></script>'
    page.write_text(f"<!doctype html><meta charset=utf-8><title>x</title><body>{source}")
    browser.open(page.as_uri())
    return browser


def _drawn(drawing: Browser, text: str) -> list[str]:
    """The texts of the drawing."""
    found: Any = drawing.driver.execute_async_script(_DRAW, text)
    assert isinstance(found, list), f"{found}\n{text}"
    return found


def _shown(text: str) -> str:
    """A label as it is drawn: spaces in a row are one, as in any SVG."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", PAGES)
def test_it_draws_every_recording(name: str, drawing: Browser) -> None:
    """Each step's name stands in the drawing, and both sides."""
    account = Account.of(recording_of(name))
    drawn = [_shown(text) for text in _drawn(drawing, mermaid(account))]
    assert sum("client" in text or "server" in text for text in drawn) >= 2
    for view in account.steps[:50]:
        start = f"{view.step.number} "
        assert any(text.startswith(start) and view.title in text for text in drawn), view.title
    assert len(drawing.all("svg")) == 1


def test_whatever_a_peer_says_is_drawn_as_text(drawing: Browser) -> None:
    """Names of participants, notes and arrows with all that the language knows: text, no more."""
    for evil in EVIL:
        text = "\n".join(
            (
                "sequenceDiagram",
                "    participant C as client",
                f"    Note over C: {label(evil)}",
                f"    C->>C: {label(evil)}",
                "",
            )
        )
        drawn = [_shown(one) for one in _drawn(drawing, text)]
        assert drawn.count(_shown(printable(evil))) == 2, (evil, drawn)
        assert drawing.all("svg script, svg img, svg a, svg foreignObject") == []
    assert not [line for line in drawing.console() if "SEVERE" in line]
