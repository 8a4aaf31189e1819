"""Sessions of TLS 1.2 in memory: by ticket and by id, resumed, renewed and refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import (
    Pair,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tlsee import policies
from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.events import DataReceived
from tlsee.errors import AlertReceived, Reasons, TLSError
from tlsee.handshake.compose import Composer
from tlsee.handshake.outcome import ByPsk
from tlsee.sessions.stores import StoredSessions
from tlsee.values import replace
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.extended_main_secret import ExtendedMainSecret
from tlsee.wire.extensions.session_ticket import SessionTicket12

TLS12 = [ProtocolVersion.TLS12]


class WithoutTickets(Composer):
    """A client that knows no tickets, or that has lost another extension."""

    def __init__(self, dropped: type = SessionTicket12) -> None:
        self.dropped = dropped

    def client_hello(self, *given: Any) -> Any:
        """As ever, without one extension."""
        hello = super().client_hello(*given)
        kept = [item for item in hello.extensions if not isinstance(item, self.dropped)]
        return replace(hello, extensions=Extensions.of(*kept))


def configurations(**server: Any) -> tuple[ClientConfig, ServerConfig]:
    """Of both versions for the client, of 1.2 for the server."""
    return client_config(sessions=True), server_config(
        **{"sessions": True, "versions": TLS12, **server}
    )


@pytest.mark.parametrize("versions", [TLS12, None], ids=["1.2", "both"])
def test_a_ticket_resumes(versions: list[ProtocolVersion] | None) -> None:
    """Two flights in place of four, and data both ways under new keys."""
    client = client_config(sessions=True, versions=versions)
    server = server_config(sessions=True, versions=TLS12)
    first, second = Pair(client, server).run(), Pair(client, server).run()
    assert not first.client.info.resumed
    assert second.client.info.resumed
    assert second.server.info.resumed
    assert isinstance(second.client.info.peer, ByPsk)
    assert second.client.info.established_at == first.client.info.established_at
    second.client.write(b"there")
    second.server.write(b"back")
    second.run()
    for events, data in ((second.server_events, b"there"), (second.client_events, b"back")):
        assert [event.data for event in events if isinstance(event, DataReceived)] == [data]


def test_a_session_id_resumes_where_a_client_knows_no_tickets() -> None:
    """The server keeps the session, the client its name."""
    client, server = configurations(sessions=StoredSessions())
    options: dict[str, Any] = {"client_options": {"composer": WithoutTickets()}}
    Pair(client, server, **options).run()
    assert Pair(client, server, **options).run().client.info.resumed


def test_without_a_store_and_without_tickets_nothing_is_resumed() -> None:
    """A server that keeps nothing gives no id."""
    client, server = configurations()
    options: dict[str, Any] = {"client_options": {"composer": WithoutTickets()}}
    Pair(client, server, **options).run()
    assert not Pair(client, server, **options).run().client.info.resumed


@pytest.mark.parametrize(
    "change",
    [
        {"suites": [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]},
        {"alpn": ["h2"]},
        {"sessions": True},
        {"sessions": False},
    ],
    ids=["suite", "alpn", "keys", "none"],
)
def test_what_does_not_fit_leads_to_a_full_handshake(change: dict[str, Any]) -> None:
    """Nothing fails; a certificate is shown."""
    client = client_config(sessions=True, alpn=["http/1.1", "h2"])
    server = server_config(sessions=True, versions=TLS12, alpn=["http/1.1"])
    Pair(client, server).run()
    other = server_config(**{"sessions": server.sessions, "versions": TLS12, **change})
    assert not Pair(client, other).run().server.info.resumed


def test_a_client_keeps_its_certificate_through_a_resumption() -> None:
    """It is judged again; where it is required and the session has none, it is asked for."""
    client = client_config(sessions=True, credentials=[client_credential()])
    server = server_config(sessions=True, versions=TLS12, client_trust=trust())
    Pair(client, server).run()
    resumed = Pair(client, server).run().server.info
    assert resumed.resumed
    assert isinstance(resumed.peer, ByPsk)
    assert resumed.peer.peer is not None


def test_a_session_without_certificate_does_not_pass_for_one_with() -> None:
    """A ticket of a server that asked for nothing, shown to one that requires a certificate."""
    client = client_config(sessions=True, credentials=[client_credential()])
    server = server_config(sessions=True, versions=TLS12)
    Pair(client, server).run()
    strict = server_config(sessions=server.sessions, versions=TLS12, client_trust=trust())
    assert not Pair(client, strict).run().server.info.resumed


def test_extended_main_secret_may_not_get_lost() -> None:
    """RFC 7627, 5.3: the session had it, the hello has not: that is an end."""
    client, _ = configurations()
    server = server_config(sessions=True, versions=TLS12, policy=policies.legacy)
    Pair(client, server).run()
    options = {"composer": WithoutTickets(ExtendedMainSecret)}
    pair = Pair(client, server, client_options=options)
    with pytest.raises(AlertReceived):
        pair.run()
    assert pair.server.failure is not None
    assert pair.server.failure.reason == Reasons.session_lost_its_hash


class OtherSuite(Composer):
    """A server that resumes under another suite."""

    def server_hello12(self, *given: Any) -> Any:
        """As ever, with another suite."""
        hello = super().server_hello12(*given)
        suite = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        return replace(hello, cipher_suite=suite)


def test_a_session_keeps_its_suite_and_is_forgotten_when_it_fails() -> None:
    """The client refuses; its next handshake is a full one, and goes well."""
    client, server = configurations()
    Pair(client, server).run()
    pair = Pair(client, server, server_options={"composer": OtherSuite()})
    with pytest.raises(TLSError):
        pair.run()
    assert pair.client.failure is not None
    assert pair.client.failure.reason == Reasons.session_changed
    assert not Pair(client, server).run().client.info.resumed
