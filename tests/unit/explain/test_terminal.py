"""A recording on the terminal: its screens, how they unfold, and that every line says who speaks.

The screens are files in tests/snapshots; what is another from run to run is masked.
"""

from __future__ import annotations

import re
from functools import cache

import pytest

from tests.support.endpoints import Pair, client_config
from tests.support.recordings import SCENARIOS, record
from tests.support.snapshots import matches_snapshot
from tlsee.errors import CertificateRejected
from tlsee.explain.account import Account
from tlsee.explain.keytree import key_graph
from tlsee.explain.report.flights import LEAST, ladder
from tlsee.explain.report.terminal import terminal
from tlsee.explain.report.trees import HEX_SHOWN, field_lines
from tlsee.explain.why import reasons_of
from tlsee.identity.authority import Authority
from tlsee.identity.trust import Trust
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording

_SIZE = re.compile(r"(?<= )(?:Certificate|CertificateVerify|ServerKeyExchange)[ ,]+([\d,]+) B")
_VARYING = (
    (_SIZE, lambda found: re.sub(r"\d", "N", found[0])),  # of DER signatures within
    (re.compile(r"(?<=\|) +\d+\.\d"), lambda found: f"{'N.N':>{len(found[0])}}"),
    (re.compile(r"(?<=, )\d+\.\d ms"), lambda _: "N.N ms"),
    (re.compile(r"cost +[\d,]+ bytes"), lambda found: re.sub(r"\d", "N", found[0])),
    (re.compile(r"DER bytes \d+-\d+"), lambda _: "DER bytes NN-NN"),
)


def _screen(account: Account, detail: int = 0, width: int = 80) -> str:
    lines = terminal(account, "handshake.tlsrec", detail=detail, width=width)
    return "\n".join(line.text for line in lines) + "\n"


def _steady(text: str) -> str:
    for pattern, mask in _VARYING:
        text = pattern.sub(mask, text)
    return text


@cache
def _account(name: str, side: str = "client") -> Account:
    recording: Recording = getattr(record(name), side).recording
    return Account.of(recording)


def _refused() -> Account:
    recorder = Recorder()
    nobody = client_config(trust=Trust.from_pem(Authority.create("somebody else").pem))
    pair = Pair(nobody, client_options={"observers": [recorder]})
    with pytest.raises(CertificateRejected):
        pair.run()
    return Account.of(recorder.recording)


# --- The screens --------------------------------------------------------------------------------


def test_the_screen() -> None:
    """Heading, verdict, flights, what was chosen, who it was: 80 columns of ASCII."""
    matches_snapshot("explain-recording", _steady(_screen(_account("1.3"))))


def test_the_screen_of_1_2() -> None:
    """Both sides change their keys on their own; a server's view, with a client's certificate."""
    account = _account("1.2, client certificate", "server")
    matches_snapshot("explain-recording-12", _steady(_screen(account)))


def test_the_screen_of_a_refusal() -> None:
    """The verdict first: cause, the path that was tried, evidence, alert, fix; then the flights."""
    matches_snapshot("explain-recording-refused", _steady(_screen(_refused())))


def test_a_narrow_screen() -> None:
    """Without room for rails the same is said in plain lines."""
    matches_snapshot("explain-recording-narrow", _steady(_screen(_account("1.3"), width=56)))


# --- The flights --------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [56, LEAST, 80])
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_line_says_who_speaks_to_whom(name: str, width: int) -> None:
    """In words, with the step's number and name: arrows and rails only add."""
    account = _account(name)
    said: dict[int, str] = {}
    for view, line in ladder(account, width):
        if view is not None and line.kind != "rule":
            said[view.step.number] = f"{said.get(view.step.number, '')} {line.text}"
    assert list(said) == [view.step.number for view in account.steps]
    for view in account.steps:
        step = view.step
        text = said[step.number]
        assert f"{step.number} {step.sender.value} to {step.sender.other.value}: " in text
        assert view.title[:20] in text


def test_the_rails_are_straight() -> None:
    """Both rails stand in the same columns on every line, however long a name is."""
    for name in SCENARIOS:
        lines = [line.text for _, line in ladder(_account(name, "full_client"))][1:]
        assert {line[2] for line in lines} == {"|"}
        assert {line[69] for line in lines} == {"|"}


def test_a_long_text_of_a_peers_keeps_the_ladder() -> None:
    """A name of 253 bytes, with what moves a cursor, is cut and escaped in the first line."""
    recorder = Recorder()
    name = ".".join(["a" * 60] * 4)
    pair = Pair(name=name, client_options={"observers": [recorder]})
    with pytest.raises(CertificateRejected):
        pair.run()
    screen = _screen(Account.of(recorder.recording))
    assert max(map(len, screen.splitlines())) <= 80


# --- What unfolds -------------------------------------------------------------------------------


def _words(text: str) -> str:
    return " ".join(text.replace("|", " ").split())


@pytest.mark.parametrize("name", SCENARIOS)
def test_v_adds_what_was_meant(name: str) -> None:
    """Each message's sentences, each decision with its losers and what-ifs, the states."""
    account = _account(name, "full_server")
    brief, more = _words(_screen(account)), _words(_screen(account, 1))
    for view in account.steps:
        for sentence in view.sentences:
            assert _words(sentence) in more
    for why in reasons_of(account.recording):
        assert _words(f"{why.title}, decided by the {why.by.value}") in more
        assert _words(why.rule) in more
        for candidate in why.candidates[:20]:
            assert _words(candidate.name) in more
        for found in why.what_ifs:
            assert _words(f"{found.change}: {found.result}") in more
    assert "the server's states" in more
    assert "the server's states" not in brief
    assert "msg_type" not in more


@pytest.mark.parametrize("name", SCENARIOS)
def test_vv_adds_every_field_and_every_key(name: str) -> None:
    """The fields of each message with clause and key, the records, the key schedule."""
    account = _account(name, "full_client")
    text = _screen(account, 2)
    words = _words(text)
    for view in account.steps:
        if view.field is not None:
            for field in view.field.leaves():
                assert _words(field.words) in words
            assert view.key is None or f"protected by the {view.key}" in words
    for record_view in account.records:
        assert f"record {record_view.number}, {record_view.sender.value} to" in words
    graph = key_graph(account.recording)
    assert graph is not None
    digits = text.replace(" ", "").replace("\n", "")
    for node in graph.nodes:
        assert _words(node.name) in words
        if node.output is not None and len(node.output) <= HEX_SHOWN:
            assert node.output.hex() in digits


def test_every_byte_stands_in_the_tree() -> None:
    """The bytes of the fields of a message, line by line, are the message."""
    for view in _account("1.3").steps:
        if view.field is None:
            continue
        shown = "".join(
            "".join(re.findall(r"(?:(?<=  )|(?<=^))(?:[0-9a-f]{2} ?)+$", line.text)).replace(
                " ", ""
            )
            for line in field_lines(view.field)
        )
        short = [field for field in view.field.leaves() if len(field) <= HEX_SHOWN]
        if len(short) == len(list(view.field.leaves())):
            assert shown == view.step.raw.hex()


def test_a_long_field_says_how_much_more_there_is() -> None:
    """An ML-KEM share has 1,216 bytes; some are shown, and the number of the others."""
    hello = _account("1.3").steps[0].field
    assert hello is not None
    longest = max(hello.leaves(), key=len)
    text = "\n".join(line.text for line in field_lines(hello))
    assert f".. and {len(longest) - HEX_SHOWN:,} bytes more" in text


def test_what_lost_for_one_reason_is_told_once() -> None:
    """Neighbours with the very same words share a row, and none of their names is left out."""
    recording = record("1.3").client.recording
    found = next(why for why in reasons_of(recording) if why.what == "suite")
    words = [one.words for one in found.candidates if not one.chosen]
    assert len(words) > len(set(words)) > 0
    lines = [line.text for line in terminal(Account.of(recording), detail=1, width=80)]
    start = next(at for at, line in enumerate(lines) if " Cipher suite, decided by " in line)
    section = " ".join(line.strip() for line in lines[start : lines.index("", start)])
    assert all(one.name in section for one in found.candidates)
    assert section.count(f": {words[-1]}") == 1
