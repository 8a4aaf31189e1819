"""What a peer sent is text on the page, whatever it is, and its amount is bounded."""

from __future__ import annotations

import contextlib
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.endpoints import Pair, client_config, events_of, server_config
from tests.support.html import Page, parse
from tests.support.recordings import TLS13, record
from tlsee.errors import TLSError
from tlsee.explain.account import Account, Heading, StepView
from tlsee.explain.dissect import Field
from tlsee.explain.report.html import bounds, page
from tlsee.explain.report.html.bounds import Budget
from tlsee.explain.report.html.fields import beside
from tlsee.explain.report.html.markup import only_ascii
from tlsee.explain.report.html.records import runs_of
from tlsee.identity.authority import Authority
from tlsee.identity.trust import Trust
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.values import replace

pytestmark = pytest.mark.long

MARKUP = "</title></script></style><script>alert(1)</script><img src=x onerror=x>&amp;'\"><b>"
ODD = [MARKUP, "<!--", "]]>", "&lt;script&gt;", "\u202egpj.exe", "\x1b[31m", "\x00<a>"]
TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(ODD),
    st.text(alphabet="<>&\"'/= \u202e\u2066\x00\x1b-!", max_size=40),
)


@cache
def plain() -> Recording:
    return Recording.from_bytes(record("1.3").recorders[0].recording.to_bytes())


@cache
def older() -> Recording:
    return Recording.from_bytes(record("1.2").recorders[1].recording.to_bytes())


def shape(found: Page) -> list[tuple[str, tuple[str, ...]]]:
    """Elements and the names of their attributes, without what they say."""
    return [(tag, tuple(name for name, _ in attributes)) for tag, attributes in found.starts]


def said(text: str) -> Page:
    """A page on which everything that comes from elsewhere says this."""
    account = Account.of(plain())
    heading = Heading(text, text, text, text, text, text, (text,))
    outcome = replace(
        account.outcome, headline=text, sentences=(text, text), name=text, alert=text, fix=text
    )
    steps = tuple(_saying(step, text) for step in account.steps[:2])
    account.__dict__.update(heading=heading, outcome=outcome, steps=steps)
    return parse(page(account))


def _saying(step: StepView, text: str) -> StepView:
    leaf = Field(text, 0, 2, b"ab", text, text, text, text, (), text)
    inner = Field(text, 2, 3, b"c", text, text, text, text, (), "")
    branch = Field(text, 2, 3, b"c", text + "!", text, text, text, (inner,), text)
    field = Field("Whole", 0, 3, b"abc", "whole", "", "", None, (leaf, branch), "")
    return replace(step, title=text, sentences=(text,), announces=text, key=text, field=field)


@settings(max_examples=20, deadline=None)
@given(TEXTS.filter(lambda text: text.strip()))
def test_no_text_is_ever_markup(text: str) -> None:
    """The elements are those of a page with harmless words, and the words are all there."""
    found = said(text)
    harmless = said("x" if ": " not in text else "x: x")
    assert shape(found) == shape(harmless)
    assert not found.unclosed
    assert only_ascii(text).strip() in only_ascii(found.prose)


@given(st.text())
def test_a_page_is_ascii_without_control_characters(text: str) -> None:
    """Whatever could hide or turn the words beside it stands there as an escape."""
    assert re.fullmatch(r"[\n -~]*", only_ascii(text))


def recorded(client: Any, server: Any, **options: Any) -> list[Recording]:
    """A connection that may fail, as both sides recorded it."""
    ours, theirs = Recorder(), Recorder()
    pair = Pair(
        client,
        server,
        client_options={"observers": [ours]},
        server_options={"observers": [theirs]},
        **options,
    )
    for run in (pair.run, lambda: Pair.carry(pair.client, pair.server)):
        with contextlib.suppress(TLSError):
            run()
    with contextlib.suppress(TLSError):
        events_of(pair.server)
    return [Recording.from_bytes(one.recording.to_bytes()) for one in (ours, theirs)]


NAMES = '<img src=x onerror="alert(1)">&lt;'
PROTOCOLS = [b"<script>alert(1)</script>", b"\xe2\x80\xae<img src=x>", b"h2"]


def test_hostile_certificates_and_protocols_stay_text() -> None:
    """Markup in subject, issuer and protocols, of a certificate that is refused and of one not."""
    bad = Authority.create(NAMES)
    credential = bad.issue("server.test", "<b>.test", common_name=NAMES)
    server = server_config(**TLS13, alpn=PROTOCOLS, credentials=[credential])
    for trusted in (True, False):
        trust = {"trust": Trust.from_pem(bad.pem)} if trusted else {}
        for recording in recorded(client_config(**TLS13, alpn=PROTOCOLS, **trust), server):
            account = Account.of(recording)
            found = parse(page(account))
            assert account.outcome.good is trusted
            assert found.elements.count("script") == 2  # ours, and the recording
            assert "img" not in found.elements
            assert "<img src=x onerror=" in found.prose
            assert "<script>alert(1)</script>" in found.prose
            assert not found.unclosed
            assert not any(name.startswith("on") for _, name, _ in found.all_attributes())


# ---- amounts


def connected() -> tuple[Pair, Recorder]:
    """A connection whose client is recorded."""
    ours = Recorder()
    options = {"observers": [ours]}
    pair = Pair(client_config(**TLS13), server_config(**TLS13), client_options=options)
    return pair.run(), ours


def test_two_hundred_records_stay_a_short_page() -> None:
    """Application data is one row for a run; a talk in turns is bounded, and says what is left."""
    pair, ours = connected()
    for number in range(200):
        side = pair.server if number % 2 else pair.client
        side.write(b"a line of a conversation")
        pair.run()
    account = Account.of(Recording.from_bytes(ours.recording.to_bytes()))
    assert len(account.records) > 200
    found = parse(page(account))
    assert len(found.text) < 500_000
    assert "left out here" in found.prose
    assert len(found.elements) < 10_000
    targets = {href[1:] for href in found.attributes("href")}
    assert targets <= set(found.ids)


def test_a_run_of_records_is_one_row() -> None:
    """A download is not a row for each record."""
    pair, ours = connected()
    before = len(runs_of(Account.of(ours.recording).records))
    for _ in range(150):
        pair.server.write(b"a piece")
        pair.run()
    account = Account.of(Recording.from_bytes(ours.recording.to_bytes()))
    assert len(runs_of(account.records)) == before + 1
    text = page(account)
    assert "1,050 bytes" in text


def tree(width: int, depth: int) -> Field:
    """A field with this many leaves, and one that goes deep."""
    leaves = tuple(Field(f"leaf[{n}]", n, n + 1, b"x", "x") for n in range(width))
    deep = Field("end", width, width + 1, b"y", "y")
    for level in range(depth):
        deep = Field(f"level{level}", width, width + 1, b"y", f"at {level}", children=(deep,))
    return Field("all", 0, width + 1, b"x" * width + b"y", "all", children=(*leaves, deep))


def test_many_fields_are_cut_and_said_to_be() -> None:
    """Rows and bytes end at their bounds, and links lead to rows that exist."""
    node, numbers = beside(tree(50_000, 4), "m1", Budget())
    found = parse(str(node))
    assert len(numbers) == bounds.FIELDS_OF_A_MESSAGE - 1  # its own name is the heading
    assert len(found.ids) <= bounds.FIELDS_OF_A_MESSAGE
    assert "more: the page has no place" in found.prose
    assert {href[1:] for href in found.attributes("href")} <= set(found.ids)
    assert len(found.text) < 800_000


def test_deep_fields_are_cut() -> None:
    """A tree of any depth neither recurses without end nor nests without end."""
    node, _ = beside(tree(3, 400), "m1", Budget())
    found = parse(str(node))
    assert found.elements.count("details") <= bounds.DEPTH_SHOWN
    assert not found.unclosed
    assert {href[1:] for href in found.attributes("href")} <= set(found.ids)


def test_long_bytes_are_cut() -> None:
    """A field of a megabyte shows its beginning, and how much more there is."""
    data = bytes(1_000_000)
    node, _ = beside(Field("long", 0, len(data), data, "long"), "m1", Budget())
    found = parse(str(node))
    assert len(found.text) < 4 * bounds.BYTES_OF_A_FIELD
    assert f"{len(data) - bounds.BYTES_OF_A_FIELD:,} more" in found.prose


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_damage_makes_a_page_too(data: st.DataObject) -> None:
    """Whatever moments are missing: a page, closed, with links that lead somewhere."""
    recording = data.draw(st.sampled_from([plain(), older()]))
    moments = list(recording.moments)
    kept = data.draw(st.lists(st.sampled_from(range(len(moments))), max_size=len(moments)))
    account = Account.of(Recording(recording.header, [moments[place] for place in kept]))
    found = parse(page(account))
    assert not found.unclosed
    assert len(found.ids) == len(set(found.ids))
    assert {href[1:] for href in found.attributes("href")} <= set(found.ids)
