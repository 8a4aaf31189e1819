"""A row of the live list: the verdict first, and nothing of a client's that could be markup."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.endpoints import (
    Pair,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tests.support.resuming import resumable
from tlsee.cli.live.board import Board, Shown
from tlsee.cli.live.bounds import STEPS_SHOWN
from tlsee.cli.live.markup import fragment
from tlsee.cli.live.rows import Row, row_of
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import TLSError
from tlsee.identity.authority import Authority

HOSTILE = b"</script><img src=x onerror=alert(1)>\x1b[31m\xe2\x80\xae"


def seen(
    client: ClientConfig | None = None,
    server: ServerConfig | None = None,
    then: Callable[[Pair], object] = lambda pair: None,
) -> Row:
    """The row of a connection between two configurations, once it is over."""
    shown = Shown(Board())
    shown.arrive("127.0.0.1:4711")
    error: BaseException | None = None
    pair = Pair(client, server, server_options={"observers": [shown]})
    try:
        pair.run()
        then(pair)
    except TLSError as problem:
        error = problem
        try:
            pair.run()  # the alert is on its way
        except TLSError as told:
            error = told
    shown.close(error, "GET /")
    return row_of(shown)


def heard(data: bytes) -> Row:
    """The row of a client that says this and goes."""
    shown = Shown(Board())
    shown.arrive("127.0.0.1:4711")
    pair = Pair(server_options={"observers": [shown]})
    error: BaseException | None = None
    try:
        pair.server.receive_data(data)
        pair.server.next_event()
        pair.server.receive_eof()
        pair.server.next_event()
    except TLSError as problem:
        error = problem
    shown.close(error, "")
    return row_of(shown)


def test_one_that_went_well() -> None:
    """Version in the headline; name, exchange, suite, request and steps beneath."""
    row = seen()
    assert (row.kind, row.word, row.headline) == ("good", "Connected", "TLS 1.3")
    facts = dict(row.facts)
    assert facts["asked for"] == "server.test"
    assert facts["key exchange"] == "X25519MLKEM768"
    assert facts["suite"].startswith("TLS_")
    assert facts["request"] == "GET /"
    assert "client" not in facts
    assert [step.title for step in row.steps][:2] == ["ClientHello", "ServerHello"]


@pytest.mark.parametrize("version", [ProtocolVersion.TLS13, ProtocolVersion.TLS12])
def test_who_the_client_is(version: ProtocolVersion) -> None:
    """A certificate that was asked for: shown and believed, or not shown at all."""
    versions = [version]
    server = {"versions": versions, "client_trust": trust()}
    row = seen(
        client_config(versions=versions, credentials=[client_credential()]), server_config(**server)
    )
    assert dict(row.facts)["client"] == "client.test, accepted"
    row = seen(client_config(versions=versions), server_config(**server, client_auth="optional"))
    assert "showed none" in dict(row.facts)["client"]
    row = seen(client_config(versions=versions), server_config(**server))
    assert (row.kind, row.word) == ("bad", "Refused here")


def test_a_resumed_one_says_so() -> None:
    """In the headline, where the eye is."""
    versions: Any = {"versions": [ProtocolVersion.TLS13]}
    client, server = resumable(versions, **versions)
    assert seen(client, server).headline == "TLS 1.3, resumed"


def test_a_client_that_distrusts_us() -> None:
    """Its alert is the verdict, with what it mostly means and what helps."""
    row = seen(client_config(trust=Authority.create("another").trust))
    assert (row.kind, row.word) == ("bad", "Refused by the client")
    assert row.headline == "unknown_ca (48)"
    assert row.fix
    assert any("RFC 9846, 6.2" in text for text in row.sentences)


@pytest.mark.parametrize(
    ("said", "word", "part"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "Refused here", "does not speak TLS"),
        (b"", "Cut off", "closed the connection"),
        (b"\x16\x03\x01", "Cut off", "closed the connection"),
        (b"\x80\x2e\x01\x00\x02", "Refused here", ""),
    ],
)
def test_clients_that_are_none(said: bytes, word: str, part: str) -> None:
    """HTTP, silence, half a record, SSL 2: each is a failure with a reason."""
    row = heard(said)
    assert (row.kind, row.word) == ("bad", word)
    assert part in row.headline
    assert row.sentences[-1].startswith("Reason: ")


def test_one_that_goes_on_and_one_that_fell_silent() -> None:
    """Before the end there is no verdict; a time that ran out is one."""
    shown = Shown(Board())
    shown.arrive("127.0.0.1:4711")
    assert (row_of(shown).kind, row_of(shown).word) == ("open", "Shaking hands")
    Pair(server_options={"observers": [shown]}).run()
    assert (row_of(shown).kind, row_of(shown).word) == ("open", "Open")
    shown.close(TimeoutError(), "")
    assert (row_of(shown).kind, row_of(shown).word) == ("bad", "Timed out")


def test_a_broken_socket_is_said_of_the_connection() -> None:
    """No event tells of it; whoever served the connection does."""
    shown = Shown(Board())
    shown.arrive("127.0.0.1:4711")
    shown.close(ConnectionResetError(104, "Connection reset by peer"), "")
    row = row_of(shown)
    assert row.kind == "bad"
    assert "Connection reset by peer" in row.sentences[0]


def test_hostile_names_are_text() -> None:
    """Protocols, first bytes and addresses: escaped to ASCII, and never an element."""
    asked = seen(client_config(alpn=[HOSTILE, b"h2"]), server_config(alpn=[HOSTILE]))
    for row in (asked, heard(b"GET /" + HOSTILE)):
        markup = fragment(row)
        assert "<img" not in markup
        assert "</script" not in markup
        assert markup.isascii()
        assert markup.isprintable()
    assert "&lt;img" in fragment(asked)


def test_a_connection_of_many_steps_is_cut() -> None:
    """The list shows the first of them and says how many there are."""

    def talk(pair: Pair) -> None:
        for _ in range(STEPS_SHOWN):
            pair.client.write(b"x")
            pair.run()
            pair.server.write(b"y")
            pair.run()

    row = seen(then=talk)
    assert len(row.steps) == STEPS_SHOWN
    assert row.more > 0
    assert f"and {row.more:,} more" in fragment(row)
