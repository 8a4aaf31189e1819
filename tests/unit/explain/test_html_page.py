"""The page: one file that fetches nothing, shows everything, and holds no peer's markup."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from functools import cache
from hashlib import sha256

import pytest

from tests.support.html import Page, parse
from tests.support.recordings import SCENARIOS, opened, record, secrets_of
from tlsee.explain.account import Account
from tlsee.explain.report.html import page
from tlsee.recording.recording import Recording

pytestmark = pytest.mark.long

ORDINARY = 400_000  # characters of an ordinary handshake's page
WHO = ("client", "server", "full client", "full server")


@cache
def account(name: str, who: int = 0) -> Account:
    """What one recorder of a scenario wrote, read again."""
    made = record(name).recorders[who].recording
    return Account.of(Recording.from_bytes(made.to_bytes()))


@cache
def shown(name: str, who: int = 0) -> Page:
    return parse(page(account(name, who)))


@pytest.mark.parametrize("who", range(4), ids=WHO)
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_page_is_whole_and_small(name: str, who: int) -> None:
    """Elements closed, identifiers used once, every link within the page leads somewhere."""
    found = shown(name, who)
    assert len(found.text) <= ORDINARY
    assert found.text.isascii()
    assert not found.unclosed
    assert len(found.ids) == len(set(found.ids))
    targets = {href[1:] for href in found.attributes("href")}
    assert targets <= set(found.ids)
    assert {"sequence", "messages", "records"} <= set(found.ids)


@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_fetched(name: str) -> None:
    """No address anywhere but within the page, no handler, no style in an attribute."""
    found = shown(name)
    for element, attribute, text in found.all_attributes():
        assert not attribute.startswith("on"), (element, attribute)
        assert attribute not in {"style", "src", "srcset", "action", "formaction", "data", "ping"}
        if attribute in {"href", "xlink:href"}:
            assert text.startswith("#"), text
    assert not {"link", "img", "iframe", "object", "embed", "form", "base"} & set(found.elements)
    assert "url(" not in found.text
    assert "@import" not in found.text


def test_the_policy_names_what_runs() -> None:
    """The digests are those of the page's style and script, and nothing else is allowed."""
    found = shown("1.3")
    [policy] = [
        dict(attributes)["content"]
        for element, attributes in found.starts
        if element == "meta" and dict(attributes).get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    for kind in ("style", "script"):
        [content] = re.findall(rf"<{kind}>(.*?)</{kind}>", found.text, re.DOTALL)
        digest = b64encode(sha256(content.encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in policy


@pytest.mark.parametrize("who", range(4), ids=WHO)
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_field_of_every_message_is_there(name: str, who: int) -> None:
    """Each with an identifier of its own and its words; a byte for each byte of a message."""
    found = shown(name, who)
    for view in account(name, who).steps:
        number = view.step.number
        assert f"m{number}" in found.ids
        if view.field is None:
            continue
        above = {id(child): field for field in view.field.walk() for child in field.children}
        for place, field in enumerate(view.field.walk()):
            if not place:
                continue
            assert f"m{number}.f{place}" in found.ids
            if not field.children or field.words != above[id(field)].words:
                assert field.words in found.text_of(f"m{number}.f{place}")
        leaves = [leaf for leaf in view.field.leaves() if leaf.raw]
        octets = found.text_of(f"m{number}", within="hex")
        assert bytes.fromhex(octets) == view.step.raw
        assert len(leaves) <= octets.count(" ") + 1


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_redacted_recording_makes_a_page_without_secrets(name: str) -> None:
    """No secret, private number or application byte, in hexadecimal or as text."""
    made = record(name)
    for recorder in (made.client, made.server):
        text = page(Account.of(Recording.from_bytes(recorder.recording.to_bytes())))
        packed = re.sub(r"[^0-9a-f]", "", text.lower())
        for what, secret in secrets_of(made).items():
            assert secret.hex() not in packed, what
            assert secret.decode("latin-1") not in text, what


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_recording_goes_along_where_it_has_no_secrets(name: str) -> None:
    """The same bytes, in a block that nothing runs; never those of a recording with its keys."""
    for who in range(4):
        found = shown(name, who)
        blocks = [
            dict(attributes)
            for element, attributes in found.starts
            if element == "script" and dict(attributes).get("id") == "recording"
        ]
        if who >= 2:
            assert not blocks
            continue
        assert blocks[0]["type"] == "application/octet-stream"
        data = b64decode(found.text_of("recording"))
        assert data == account(name, who).recording.to_bytes()
        assert not Recording.from_bytes(data).damage
        unpacked = opened(data)
        for what, secret in secrets_of(record(name)).items():
            assert secret not in unpacked, what
