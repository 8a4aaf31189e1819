"""What is said of resumed connections, early data and external keys: by real handshakes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.support.command import looks_good
from tests.support.endpoints import Pair, client_config, server_config
from tests.support.resuming import Bound, alone, resumable
from tlsee import policies
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.explain import summary
from tlsee.explain.collector import Collector
from tlsee.explain.narrate import narrate
from tlsee.explain.story import Story
from tlsee.sessions.psk import ExternalPsk
from tlsee.trace import Role

KEYS = [ExternalPsk(b"mesh", bytes(range(32)))]
OLDER = [ProtocolVersion.TLS12]


class Met:
    """The stories of a meeting, as both saw it."""

    def __init__(
        self, client: ClientConfig, server: ServerConfig, early: bytes = b"", **how: Any
    ) -> None:
        ours, theirs = Collector(Role.CLIENT), Collector(Role.SERVER)
        pair = Pair(
            client,
            server,
            client_options={"early_data": bool(early), "observers": [ours], **how},
            server_options={"observers": [theirs]},
        )
        if early:
            pair.client.write_early_data(early)
        pair.run()
        self.client, self.server = Story.of(ours), Story.of(theirs)

    def told(self, of: Story) -> str:
        """The whole of it in one line."""
        blocks = narrate(of, detail=True)
        lines = [line for block in blocks for line in block.lines]
        lines += summary.choices(of) + summary.summary(of)
        text = "\n".join(line.text for line in lines)
        looks_good(text)
        return " ".join(text.split())


def _mesh(**options: Any) -> tuple[ClientConfig, ServerConfig]:
    server = ServerConfig(
        credentials=[], psks=KEYS, sessions=False, insecure_accept_own_hellos=True, **options
    )
    return ClientConfig(psks=KEYS, sessions=False, **options), server


@pytest.mark.parametrize("versions", [None, OLDER])
def test_each_side_knows_that_it_resumed(versions: list[ProtocolVersion] | None) -> None:
    """Both tell it from their own observer alone: round trips, the session, who the peer is."""
    met = Met(*resumable({"versions": versions}, versions=versions))
    for story in (met.client, met.server):
        assert (story.resumed, story.round_trips) == (True, 1)
        assert story.early_data_accepted is None
        assert "session the session that began 20" in met.told(story)
    assert "in which it proved to be server.test" in met.told(met.client)
    assert summary.proved(met.server) == "nothing about who the other side is"
    fresh = summary.tomorrow(met.client).startswith("whoever steals the ticket's key cannot")
    assert fresh is (versions is None)


def test_a_session_that_is_not_known_is_said() -> None:
    """Another server's keys: the full handshake is told, and why it was one."""
    client, _ = resumable()
    met = Met(client, server_config(sessions=True))
    assert not met.client.resumed
    assert "session none: none is known here" in met.told(met.server)
    assert "session none: the server decided" in met.told(met.client)
    assert "the server holds server.test's key" in met.told(met.client)


@pytest.mark.parametrize("limit", [100, 0])
def test_early_data_is_told(limit: int) -> None:
    """Taken or refused; it is no part of what the handshake cost."""
    client, server = resumable(early_data=100)
    without = Met(client, server)
    met = Met(client, server_config(sessions=server.sessions, early_data=limit), b"x" * 90)
    taken = bool(limit)
    for story in (met.client, met.server):
        assert story.early_data_accepted is taken
        assert abs(story.handshake_wire - without.client.handshake_wire) < 60
    text = met.told(met.client)
    assert ("nobody has read it" in text) is not taken
    assert ('"I take what you said early."' in text) is taken
    assert ("early taken: fresh" in met.told(met.server)) is taken
    assert ("early refused: this server takes none" in met.told(met.server)) is not taken
    assert "The early data can be read: it had no fresh key" in text


def test_an_external_key_is_told() -> None:
    """By its name; and that it proves no more than that somebody has it."""
    met = Met(*_mesh())
    for story in (met.client, met.server):
        assert not story.resumed
        assert story.external_key is not None
        text = met.told(story)
        assert "I hold the key 'mesh'" in text
        assert "I hold that key, too" in text
        assert "and so do all who were given it" in text
        assert "session the key 'mesh'" in text


def test_a_key_that_stands_alone_is_no_secret_tomorrow() -> None:
    """psk_ke: no fresh key exchange, and that is said."""
    options = {"policy": dataclasses.replace(policies.default, legacy_psk_alone=True)}
    met = Met(*resumable(options, **options), composer=Bound(alone))
    assert met.client.group is None
    assert summary.tomorrow(met.client).startswith("NO fresh key exchange: whoever gets the ticket")
    assert "No fresh key exchange" in met.told(met.server)


def test_nothing_is_said_of_sessions_where_there_are_none() -> None:
    """A plain meeting has no such rows."""
    met = Met(client_config(), server_config())
    text = met.told(met.client) + met.told(met.server)
    for words in ("We have met", "session that began", "early data", "I know you"):
        assert words not in text
