"""How long a page may be: what goes first where there is much to say, and that it is said."""

from __future__ import annotations

from functools import cache

import pytest

from tests.support.endpoints import NAME, Pair, client_config, server_config
from tests.support.html import Page, parse
from tests.support.recordings import TLS13
from tlsee.explain.account import Account
from tlsee.explain.report.html import page
from tlsee.explain.report.html.bounds import PAGE_LENGTH
from tlsee.identity.authority import Authority
from tlsee.identity.trust import Trust
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording

LESS = "Left out: most encrypted bytes of records; the list of the machine's ways"
CLIENT, SERVER, FULL_SERVER = range(3)


@cache
def mutual(names: int, key: str = "rsa2048") -> tuple[Account, ...]:
    """A mutual handshake: so many names in each certificate, an authority between."""
    root = Authority.create("Example Root", key=key)
    issuer = root.issue_intermediate("Example Issuing Authority", key=key)
    hosts = [NAME, *(f"host{number}.example.test" for number in range(names))]
    full = Recorder(reveal_secrets=True)
    recorders = Recorder(), Recorder(), full
    trust = Trust.from_pem(root.pem)
    ours = [issuer.issue("client.test", *hosts, key=key, client=True)]
    pair = Pair(
        client_config(**TLS13, trust=trust, credentials=ours),
        full.watched(
            server_config(**TLS13, credentials=[issuer.issue(*hosts, key=key)], client_trust=trust)
        ),
        client_options={"observers": [recorders[CLIENT]]},
        server_options={"observers": list(recorders[SERVER:])},
    ).run()
    assert pair.done
    pair.client.close_write()
    return tuple(Account.of(Recording.from_bytes(one.recording.to_bytes())) for one in recorders)


def packed(found: Page) -> bool:
    return any(dict(starts).get("id") == "recording" for tag, starts in found.starts)


def test_an_element_shares_its_row_with_its_header() -> None:
    """The first thing to go is what nobody misses: every byte is there and leads to its row."""
    account = mutual(12)[CLIENT]
    found = parse(page(account))
    assert len(found.text) <= PAGE_LENGTH
    assert "shares its row with its header" in found.prose
    assert LESS not in found.prose
    assert packed(found)
    ids = set(found.ids)
    for view in account.steps:
        if view.field is None:
            continue
        name = f"m{view.step.number}"
        assert bytes.fromhex(found.text_of(name, within="hex")) == view.step.raw
        text = found.text_of(name)
        for place, field in list(enumerate(view.field.walk()))[1:]:
            assert field.words in text
            if not field.name.endswith((".header", ".value")):
                assert f"{name}.f{place}" in ids
        assert {href[1:] for href in found.links_in(name) if href.startswith("#m")} <= ids


@pytest.mark.parametrize("who", [CLIENT, FULL_SERVER])
def test_long_chains_on_both_sides_still_fit(who: int) -> None:
    """RSA, an intermediate, 90 names, and tickets that hold the client's chain."""
    found = parse(page(mutual(90)[who]))
    assert len(found.text) <= PAGE_LENGTH
    assert LESS in found.prose
    assert "the lines that open records and those that verify signatures;" in found.prose
    assert "most recipes of keys; fields and bytes of messages" in found.prose
    assert "The recording does not go along" in found.prose
    assert not packed(found)
    assert "How the signature is verified" not in found.prose
    assert "How it is opened" not in found.prose


def test_the_foot_names_nothing_where_nothing_is_missing() -> None:
    """A page that has all of it, the recording as well, says nothing of the kind."""
    found = parse(page(mutual(0, "ecdsa_secp256r1")[CLIENT]))
    assert "How the signature is verified" in found.prose
    assert packed(found)
    for words in (LESS, "Shortened:", "go along", "shares its row"):
        assert words not in found.prose


def test_a_page_with_secrets_says_that_the_recording_is_not_in_it() -> None:
    """It has more than the page shows, so it does not go along, and Save is not there."""
    found = parse(page(mutual(0, "ecdsa_secp256r1")[FULL_SERVER]))
    assert not packed(found)
    assert "The recording does not go along: it has more secrets" in found.prose
