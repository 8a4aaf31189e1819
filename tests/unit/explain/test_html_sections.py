"""The page's sections: choices, keys, certificates, states, cost, records, glossary."""

from __future__ import annotations

import contextlib
import io
import re
from functools import cache
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from htpy import fragment

from tests.support.endpoints import Pair, client_config, server_config, server_credential
from tests.support.html import Page, parse
from tests.support.recordings import SAID, SCENARIOS, TLS12, TLS13, converse, record
from tlsee import policies
from tlsee.codes import CipherSuite, ContentType, ExtensionType, NamedGroup
from tlsee.errors import TLSError
from tlsee.explain.account import Account
from tlsee.explain.keytree import key_graph
from tlsee.explain.machine_view import machine_of
from tlsee.explain.report.html import page
from tlsee.explain.report.html.certificates import _judgement
from tlsee.explain.report.html.sheet import Sheet
from tlsee.explain.report.html.shown_certificates import Places
from tlsee.explain.why import reasons_of
from tlsee.handshake.compose import Composer
from tlsee.identity.authority import Authority
from tlsee.identity.trust import Trust
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.values import replace
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.hellos import ClientHello

pytestmark = pytest.mark.long

FULL = 2  # the client's recorder that keeps everything
CBC_SUITES = [
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
]


@cache
def account(name: str, who: int) -> Account:
    made = record(name).recorders[who].recording
    return Account.of(Recording.from_bytes(made.to_bytes()))


@cache
def shown(name: str, who: int) -> Page:
    return parse(page(account(name, who)))


@pytest.mark.parametrize("who", [0, FULL])
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_key_has_a_row_and_a_place_in_the_picture(name: str, who: int) -> None:
    """Values where they are known, 'not in this recording' where not, and links to inputs."""
    found = shown(name, who)
    graph = key_graph(account(name, who).recording)
    assert graph is not None
    picture = "".join(found.attributes("href"))
    for place, node in enumerate(graph.nodes, 1):
        row = found.text_of(f"k{place}")
        assert node.name in row
        assert node.about in row
        if node.output is None:
            assert "not in this recording" in row
        elif any(node.output):
            assert node.output.hex(" ")[:100] in row
        assert f"#k{place}" in picture
    for place, node in enumerate(graph.transcripts, 1):
        assert node.output is not None
        assert node.output.hex(" ") in found.text_of(f"h{place}")


def test_a_full_recording_shows_secrets_and_what_was_said() -> None:
    """The main secret stands there, and the application's words among the records."""
    found = shown("1.3", FULL)
    graph = key_graph(account("1.3", FULL).recording)
    assert graph is not None
    main = graph.node("main secret")
    assert main is not None
    assert main.output is not None
    assert main.output.hex(" ") in found.prose
    number = next(
        view.number
        for view in account("1.3", FULL).records
        if view.content == ContentType.application_data
    )
    assert SAID.hex(" ") in found.text_of(f"r{number}")
    assert SAID.hex(" ") not in shown("1.3", 0).prose


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_choice_has_its_candidates(name: str) -> None:
    """Each with the rule, each candidate with why it won or lost."""
    found = shown(name, 0)
    whys = reasons_of(account(name, 0).recording)
    assert whys
    for place, why in enumerate(whys, 1):
        text = found.text_of(f"c{place}")
        assert why.title in text
        assert why.rule in text
        for candidate in why.candidates:
            assert candidate.name in text
            assert candidate.words in text
        for what_if in why.what_ifs:
            assert what_if.result in text


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_way_through_the_machine_is_lit(name: str, who: int) -> None:
    """Each state that was entered is marked, each other one drawn and not marked."""
    found = shown(name, who)
    view = machine_of(account(name, who).recording)
    assert view is not None
    lit = [
        dict(attributes)["class"]
        for tag, attributes in found.starts
        if tag == "g" and "state" in dict(attributes).get("class", "")
    ]
    assert len(lit) == len(view.states)
    assert sum("taken" in kinds for kinds in lit) == len({state for state, _ in view.path})
    for state, _ in view.path:
        assert state in found.text_of("states")


@pytest.mark.parametrize("name", ["1.3", "1.2", "1.3, client certificate"])
def test_every_check_of_a_path_is_a_row(name: str) -> None:
    """Name, clause, result; and the certificate's bytes are a link away."""
    verdict = account(name, 0).verdict
    assert verdict is not None
    found = shown(name, 0)
    text = found.text_of("certificates")
    for path in verdict.tried:
        for check in path.checks:
            assert check.name in text
            assert check.clause in text
    assert verdict.presented[0].fingerprint in text
    assert "down to each DER element" in text


def test_a_refusal_leads_to_the_bytes_that_broke_the_rule() -> None:
    """From the verdict to the field of the certificate, which is unfolded around it."""
    ours = Recorder()
    pair = Pair(
        client_config(**TLS13),
        server_config(**TLS13),
        name="elsewhere.test",
        client_options={"observers": [ours]},
    )
    with pytest.raises(TLSError):
        pair.run()
    found = parse(page(Account.of(Recording.from_bytes(ours.recording.to_bytes()))))
    card = found.text_of("verdict")
    assert "Refused by this side" in card
    assert "name_mismatch" in card
    assert "the bytes that broke the rule" in card
    links = found.links_in("verdict")
    proof = [href for href in links if href.startswith("#m") and ".f" in href]
    assert proof
    assert "server.test" in found.text_of(proof[0][1:])
    assert "failed here" in found.text_of("states")


def test_nothing_in_common_still_makes_a_page() -> None:
    """A refusal before any key: no keys, no certificates, and no empty section for them."""
    theirs = Recorder()
    pair = Pair(
        client_config(groups=[NamedGroup.x25519]),
        server_config(groups=[NamedGroup.secp384r1]),
        server_options={"observers": [theirs]},
    )
    with pytest.raises(TLSError):
        pair.run()
    found = parse(page(Account.of(Recording.from_bytes(theirs.recording.to_bytes()))))
    assert "keys" not in found.ids
    assert "certificates" not in found.ids
    assert "choices" in found.ids
    assert "no key exchange group in common" in found.text_of("verdict").lower()


@pytest.mark.parametrize("who", [0, FULL])
@pytest.mark.parametrize("name", SCENARIOS)
def test_each_record_is_there_outside_and_inside(name: str, who: int) -> None:
    """The bytes as they travelled, and as their reader saw them."""
    found = shown(name, who)
    made = account(name, who)
    rows = [record for record in made.records if f"r{record.number}" in found.ids]
    assert rows
    for view in rows:
        text = found.text_of(f"r{view.number}")
        raw = view.seen.raw
        if view.seen.protection is not None and not view.seen.left_out:
            sealed = re.sub(r"[a-z]+: ", "", found.text_of(f"r{view.number}", within="sealed"))
            assert bytes.fromhex(sealed) == raw
            assert "As its reader saw it" in text


@pytest.mark.parametrize("who", [FULL, FULL + 1])
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_lines_that_open_a_record_do(name: str, who: int) -> None:
    """Run as they stand on a full recording's page, they print what was inside."""
    found = shown(name, who)
    tried = 0
    for view in account(name, who).records:
        program = found.text_of(f"r{view.number}", within="recipe").removeprefix("Copy")
        opened = view.seen.opened
        if not program or opened is None or opened.content is None:
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(program, {})
        assert bytes.fromhex(out.getvalue()).startswith(opened.content)
        tried += 1
    assert tried > 2


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_lines_that_verify_a_signature_do(name: str) -> None:
    """Each CertificateVerify, and ServerKeyExchange of 1.2; over anything else it is refused."""
    found = shown(name, 0)
    wanted = {"CertificateVerify", "ServerKeyExchange"}
    for view in account(name, 0).steps:
        program = found.text_of(f"m{view.step.number}", within="recipe").removeprefix("Copy")
        assert bool(program) is (view.title in wanted), view.title
        if program:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(program, {})
            assert out.getvalue() == "valid\n"
            other = program.replace("(signature, content", "(signature, content[::-1]")
            with pytest.raises(InvalidSignature):
                exec(other, {})


@pytest.mark.parametrize("key", ["rsa2048", "ecdsa_secp384r1"])
def test_a_clients_signature_of_older_days_is_verified(key: str) -> None:
    """TLS 1.2's is over all messages; the page has their hash and says so to the library."""
    ours = Recorder()
    authority = Authority.create("Clients")
    Pair(
        client_config(**TLS12, credentials=[authority.issue("client", key=key, client=True)]),
        server_config(**TLS12, client_trust=Trust.from_pem(authority.pem)),
        client_options={"observers": [ours]},
    ).run()
    made = Account.of(Recording.from_bytes(ours.recording.to_bytes()))
    found = parse(page(made))
    step = next(view.step for view in made.steps if view.title == "CertificateVerify")
    program = found.text_of(f"m{step.number}", within="recipe").removeprefix("Copy")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(program, {})
    assert out.getvalue() == "valid\n"
    assert "Prehashed" in program


class MacFirst(Composer):
    """A client that does not know encrypt_then_mac."""

    def client_hello(self, *arguments: Any) -> ClientHello:
        hello = super().client_hello(*arguments)
        unwanted = ExtensionType.encrypt_then_mac
        items = [item for item in hello.extensions if item.extension_type != unwanted]
        return replace(hello, extensions=Extensions.of(*items))


@pytest.mark.parametrize("late", [True, False], ids=["encrypt, MAC", "MAC, encrypt"])
@pytest.mark.parametrize("suite", CBC_SUITES, ids=str)
def test_the_lines_that_open_a_record_of_cbc_do(suite: CipherSuite, *, late: bool) -> None:
    """In either order, whichever MAC; under another number the lines refuse it."""
    full = Recorder(reveal_secrets=True)
    older: dict[str, Any] = {**TLS12, "suites": [suite], "policy": policies.insecure_old_machines}
    options: dict[str, Any] = {} if late else {"composer": MacFirst()}
    pair = Pair(
        full.watched(client_config(**older)),
        server_config(**older),
        client_options={"observers": [full], **options},
    ).run()
    assert pair.done
    converse(pair)
    made = Account.of(Recording.from_bytes(full.recording.to_bytes()))
    found = parse(page(made))
    tried = 0
    for view, field in zip(made.records, made.record_fields, strict=True):
        program = found.text_of(f"r{view.number}", within="recipe").removeprefix("Copy")
        if view.seen.protection is None or not program:
            continue
        assert view.seen.protection.encrypt_then_mac is late
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(program, {})
        inside = b"".join(leaf.raw for leaf in field.leaves())
        assert bytes.fromhex(out.getvalue()) in inside
        with pytest.raises(AssertionError):
            exec(program.replace("number = (", "number = (1 + "), {})
        tried += 1
    assert tried > 2


@pytest.mark.parametrize("key", ["rsa2048", "ed25519", "mldsa65"])
def test_signatures_of_every_kind_are_verified(key: str) -> None:
    """RSA-PSS, EdDSA and ML-DSA have lines of their own."""
    ours = Recorder()
    Pair(
        client_config(**TLS13),
        server_config(**TLS13, credentials=[server_credential(key)]),
        client_options={"observers": [ours]},
    ).run()
    found = parse(page(Account.of(Recording.from_bytes(ours.recording.to_bytes()))))
    program = found.text_of("m5", within="recipe").removeprefix("Copy")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(program, {})
    assert out.getvalue() == "valid\n"


def test_without_the_keys_the_lines_say_what_is_missing() -> None:
    """A redacted page has the same lines, and names the keys to fill in."""
    text = shown("1.3", 0).text_of("r5", within="recipe")
    assert "# not in this recording: server_write_key (handshake)" in text
    assert "^ 0)" in text


@pytest.mark.parametrize("name", SCENARIOS)
def test_words_of_the_connection_are_explained(name: str) -> None:
    """The glossary has the messages that were said; the cost has a row for each step."""
    found = shown(name, 0)
    glossary = found.text_of("glossary")
    assert "ClientHello" in glossary
    for view in account(name, 0).steps:
        assert view.title in found.text_of("cost")


def test_a_certificate_that_was_sent_twice_is_shown_once() -> None:
    """Servers that are given a whole chain to add to their certificate do so; it is said."""
    found = account("1.3", 0)
    verdict = found.verdict
    assert verdict is not None
    twice = replace(verdict, presented=(*verdict.presented, verdict.presented[0]))
    sheet = Sheet(found)
    once, shown_twice = (
        str(fragment[_judgement(each, Places(sheet))]) for each in (verdict, twice)
    )
    assert shown_twice.count("<dt>Whence</dt>") == once.count("<dt>Whence</dt>")
    assert "sent by the peer, 1st, 2 times" in shown_twice
    assert "times" not in once


def test_certificates_that_nobody_judged_are_shown_too() -> None:
    """This side's own, beside the peer's that it judged; and alone, where nobody judged."""
    ours = shown("1.3, client certificate", 0).text_of("certificates")
    assert "shown by you" in ours
    assert "client.test" in ours
    assert "Accepted" in ours
    alone = shown("1.3", 1).text_of("certificates")
    assert "did not judge" in alone
    assert "server.test" in alone


def test_a_refusal_says_what_would_have_helped() -> None:
    """What nothing was chosen for has its what-ifs in the verdict, and leads to its candidates."""
    theirs = Recorder()
    pair = Pair(
        client_config(groups=[NamedGroup.x25519]),
        server_config(groups=[NamedGroup.secp384r1]),
        server_options={"observers": [theirs]},
    )
    with pytest.raises(TLSError):
        pair.run()
    found = parse(page(Account.of(Recording.from_bytes(theirs.recording.to_bytes()))))
    assert "If the client had offered secp384r1" in found.text_of("verdict")
    assert any(href.startswith("#c") for href in found.links_in("verdict"))
    assert "If " not in shown("1.3", 0).text_of("verdict")
