"""The demo: its screen, and that it is the story of a real handshake."""

from __future__ import annotations

import pytest

from tests.support.command import ENCODINGS, looks_good, tlsee
from tests.support.snapshots import matches_snapshot
from tlsee import policies
from tlsee.cli.demo import HELLO_CLIENT, HELLO_SERVER, Cast, Performance
from tlsee.codes import NamedGroup, ProtocolVersion
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.explain.passive12 import Opened
from tlsee.explain.story import Kind
from tlsee.explain.summary_sessions import remade
from tlsee.trace import Role

LONGEST = 60  # lines
LONGEST_12 = 65  # the older handshake has more steps, and shows an attempt at the end
RSA_LINES = [
    "ClientKeyExchange, 256 encrypted bytes -> premaster secret, 48",
    "-> main secret (textbooks: master secret), 48 -> key block, 40",
    '-> "hello, server"   "hello, client"',
]


def test_the_screen() -> None:
    """Screen 1 of the design, line by line; what differs each time is masked."""
    result = tlsee("demo")
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    assert len(result.out.splitlines()) <= LONGEST
    matches_snapshot("demo", result.out)


def test_the_mutual_screen() -> None:
    """With the client's certificate it still fits, and says who proved what."""
    result = tlsee("demo", "--mutual")
    assert result.code == 0
    looks_good(result.out)
    assert len(result.out.splitlines()) <= LONGEST
    matches_snapshot("demo-mutual", result.out)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_field_in_every_encoding(encoding: str) -> None:
    """``-v`` adds the fields of all messages and stays within the columns and the encoding."""
    result = tlsee("demo", "-v", "--tls", "1.3", encoding=encoding)
    assert result.code == 0
    looks_good(result.out)
    for field in ("legacy_session_id", "named_group_list", "verify_data", "cert_data"):
        assert f"  {field} " in result.out


def test_a_step_at_a_time() -> None:
    """``--step`` waits after each message, and goes on by itself where nobody presses Enter."""
    result = tlsee("demo", "--step", stdin=b"\n\n")
    assert result.code == 0
    assert " 7  client -> server  Finished" in result.out


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_textbooks_handshake(encoding: str) -> None:
    """``--tls 1.2`` tells RFC 5246's messages by their names, with the textbooks' word beside."""
    result = tlsee("demo", "--tls", "1.2", encoding=encoding)
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    assert len(result.out.splitlines()) <= LONGEST_12
    matches_snapshot("demo-12", result.out)


@pytest.mark.parametrize("exchange", ["rsa", "dhe", "ecdhe"])
def test_each_key_exchange(exchange: str) -> None:
    """Its own story; the last is what 1.2 always has. What was set for it is said, or nothing."""
    result = tlsee("demo", "--tls", "1.2", "--key-exchange", exchange.upper())
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    assert len(result.out.splitlines()) <= LONGEST_12
    matches_snapshot("demo-12" if exchange == "ecdhe" else f"demo-12-{exchange}", result.out)
    assert ('the\npolicy "legacy"' in result.out) == (exchange != "ecdhe")
    assert ("NO forward secrecy" in result.out) == (exchange == "rsa")
    for line in RSA_LINES:
        assert (f"{'':14}{line}\n" in result.out) == (exchange == "rsa")


def test_a_key_exchange_means_1_2() -> None:
    """Without ``--tls`` it is 1.2; and the certificate of a client changes nothing of it."""
    result = tlsee("demo", "--key-exchange", "rsa", "--mutual")
    assert "TLS 1.2, TLS_RSA_WITH_AES_128_GCM_SHA256" in result.out
    assert RSA_LINES[2] in result.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tls", "1.3", "--key-exchange", "rsa"], "chooses among those of TLS 1.2"),
        (["--tls", "1.3,1.2", "--key-exchange", "dhe"], "use --tls 1.2, or leave --tls out"),
        (["--key-exchange", "dh_anon"], "use ecdhe, dhe or rsa"),
        (["--key-exchange", "r\x1bsa"], "r\\x1bsa"),
        (["--key-exchange", ""], "there is none of this name"),
    ],
)
def test_a_key_exchange_that_cannot_be(arguments: list[str], said: str) -> None:
    """Wrong usage, in a sentence on the error stream."""
    result = tlsee("demo", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in " ".join(result.err.split())
    looks_good(result.err)


@pytest.mark.parametrize("exchange", KeyExchangeAlgorithm)
def test_the_listener_heard_what_was_said(exchange: KeyExchangeAlgorithm) -> None:
    """The attempt sees the wire alone, and the wire has each message that is readable, in order."""
    cast = Cast(mutual=True, versions=[ProtocolVersion.TLS12], key_exchange=exchange)
    performance = Performance(cast)
    assert performance.wire is not None
    heard = {
        Role.CLIENT: performance.wire.client_to_server,
        Role.SERVER: performance.wire.server_to_client,
    }
    for step in performance.client.steps:
        if step.kind is Kind.MESSAGE and step.is_readable:
            before, found, heard[step.sender] = heard[step.sender].partition(step.raw)
            assert found
            assert len(before) in {0, 5}  # a record's header
    assert HELLO_SERVER not in heard[Role.CLIENT]
    assert isinstance(performance.attempt, Opened) == (exchange is KeyExchangeAlgorithm.rsa)


def test_the_cast_sets_its_policy_for_itself() -> None:
    """What is on by default stays what it was, and a default demo is not overheard."""
    Cast(mutual=False, versions=[ProtocolVersion.TLS12], key_exchange=KeyExchangeAlgorithm.rsa)
    assert Cast(mutual=False).client.policy is policies.default
    assert Performance(Cast(mutual=False)).attempt is None


def test_the_mutual_textbooks_handshake() -> None:
    """With the client's certificate, every field: what the key exchange messages hold as well."""
    result = tlsee("demo", "--tls", "1.2", "--mutual")
    looks_good(result.out)
    matches_snapshot("demo-12-mutual", result.out)
    result = tlsee("demo", "--tls", "1.2", "--mutual", "-v")
    looks_good(result.out)
    for field in ("named_curve", "ecdh_Yc", "certificate_types", "verify_data", "signed_params"):
        assert f"  {field} " in result.out


def test_a_version_that_is_not_spoken() -> None:
    """Older ones are wrong usage."""
    assert tlsee("demo", "--tls", "1.1").code == 2


def test_both_ends_tell_the_same_of_1_2() -> None:
    """Each saw each message and each ChangeCipherSpec, in the same order."""
    performance = Performance(Cast(mutual=True, versions=[ProtocolVersion.TLS12]))
    client, server = performance.client, performance.server
    told = [(s.kind, s.sender, s.raw, s.epoch) for s in client.steps if s.kind is not Kind.ALERT]
    assert told == [
        (s.kind, s.sender, s.raw, s.epoch) for s in server.steps if s.kind is not Kind.ALERT
    ]
    assert [s.number for s in client.steps if s.kind is Kind.CHANGE] == [10, 12]
    for story in (client, server):
        assert story.version == ProtocolVersion.TLS12
        assert story.round_trips == 2
        assert story.verdict.accepted
        assert all(s.message is not None for s in story.steps if s.kind is Kind.MESSAGE)


def test_nothing_is_staged() -> None:
    """Both ends tell the same bytes, and the data they exchanged is what each heard."""
    performance = Performance(Cast(mutual=True))
    client, server = performance.client, performance.server
    told = [step.raw for step in client.steps if step.kind is Kind.MESSAGE]
    assert told == [step.raw for step in server.steps if step.kind is Kind.MESSAGE]
    assert [step.spoken for step in client.steps if step.kind is Kind.DATA] == [
        HELLO_SERVER,
        HELLO_CLIENT,
    ]
    assert client.group == NamedGroup.X25519MLKEM768
    assert client.verdict.accepted
    assert server.verdict.accepted


def test_the_cast_is_unlike_another() -> None:
    """Every performance has an authority of its own: nothing of one fits another."""
    first, second = Cast(mutual=False), Cast(mutual=False)
    assert first.server.credentials[0].chain != second.server.credentials[0].chain


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ([], "demo-resume"),
        (["--early-data"], "demo-resume-early"),
        (["--tls", "1.2"], "demo-resume-12"),
    ],
)
def test_the_second_meeting(arguments: list[str], name: str) -> None:
    """What was saved, what a ticket is, what protects, what 0-RTT risks; it fits as the first."""
    result = tlsee("demo", "--resume", *arguments)
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    assert len(result.out.splitlines()) <= LONGEST_12
    matches_snapshot(name, result.out)


@pytest.mark.parametrize("more", [["--mutual"], ["--mutual", "--early-data"], ["-v"], ["--step"]])
def test_the_second_meeting_in_other_ways(more: list[str]) -> None:
    """Whatever else is asked for: within the columns, and both are known."""
    result = tlsee("demo", "--resume", *more)
    assert result.code == 0
    looks_good(result.out)
    assert "in which it proved to be demo.test" in " ".join(result.out.split())
    known = "in which it proved to be client.test" in " ".join(result.out.split())
    assert known is ("--mutual" in more)
    if "-v" not in more:
        assert len(result.out.splitlines()) <= LONGEST_12


def test_what_was_saved_is_counted() -> None:
    """The bytes of both handshakes differ by what the screen says, and nothing was signed."""
    cast = Cast(mutual=False, resume=True, early=True)
    first = Performance(cast)
    second = Performance(cast, first=first)
    assert not first.client.resumed
    assert second.client.resumed
    assert second.client.early_data_accepted
    assert second.server.early_data_accepted
    names = {type(step.message).__name__ for step in second.client.steps}
    assert not names & {"Certificate", "CertificateVerify"}
    assert [s.spoken for s in second.client.steps if s.kind is Kind.DATA] == [
        HELLO_SERVER,
        HELLO_CLIENT,
    ]
    less = first.client.handshake_wire - second.client.handshake_wire
    assert remade(first.client, second.client).startswith(f"{less:,} bytes, 1 certificate message")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--early-data"], "use --resume --early-data"),
        (["--resume", "--key-exchange", "rsa"], "use one of them"),
        (["--resume", "--early-data", "--tls", "1.2"], "TLS 1.2 has no early data"),
    ],
)
def test_a_second_meeting_that_cannot_be(arguments: list[str], said: str) -> None:
    """Wrong usage, in a sentence."""
    result = tlsee("demo", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in " ".join(result.err.split())
