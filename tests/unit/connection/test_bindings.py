"""Channel bindings and early exporters: the same on both sides, and refused where not sound."""

from __future__ import annotations

import hashlib
import socket
import threading
from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, server_config, server_credential
from tests.support.resuming import resumable
from tests.unit.connection.test_exporters import Older
from tlsee import policies
from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.connection.bindings import KINDS
from tlsee.connection.connection import Connection
from tlsee.errors import ApiMisuse
from tlsee.identity.authority import Authority
from tlsee.sessions.psk import ExternalPsk
from tlsee.streams.blocking import wrap_client, wrap_server
from tlsee.trace import SecretDerived

BOTH = pytest.mark.parametrize(
    "version", [ProtocolVersion.TLS13, ProtocolVersion.TLS12], ids=["1.3", "1.2"]
)
TLS12 = {"versions": [ProtocolVersion.TLS12]}


def pair(version: ProtocolVersion, **server: Any) -> Pair:
    return Pair(
        client_config(versions=[version]), server_config(versions=[version], **server)
    ).run()


def the_same(pair: Pair, kind: str) -> bytes:
    """The value that both sides have; that they have the same is checked here."""
    found = pair.client.channel_binding(kind)
    assert found == pair.server.channel_binding(kind)
    return found


def refused(side: Connection, kind: str) -> str:
    with pytest.raises(ApiMisuse) as caught:
        side.channel_binding(kind)
    return str(caught.value)


@BOTH
def test_tls_exporter_is_the_exporter_with_an_empty_context(version: ProtocolVersion) -> None:
    """RFC 9266, 2: label, empty context (not none), 32 bytes; another one on each connection."""
    one, other = pair(version), pair(version)
    found = the_same(one, "tls-exporter")
    assert found == one.client.export_keying_material("EXPORTER-Channel-Binding", b"", 32)
    assert found == one.client.channel_binding()
    assert found != the_same(other, "tls-exporter")


@BOTH
def test_tls_server_end_point_hashes_the_certificate(version: ProtocolVersion) -> None:
    """RFC 5929, 4.1: the server's own, as it was sent, on both sides."""
    der = server_credential().certificate.der
    found = the_same(pair(version), "tls-server-end-point")
    assert found == hashlib.sha256(der).digest()


@pytest.mark.parametrize("key", ["ed25519", "mldsa44"])
def test_tls_server_end_point_is_refused_where_it_is_not_defined(key: str) -> None:
    """The issuer's signature has no hash function of its own; the other kinds are not harmed."""
    issuer = Authority.create("without a hash", key=key)
    connected = Pair(
        client_config(trust=issuer.trust),
        server_config(credentials=[issuer.issue("server.test")]),
    ).run()
    for side in (connected.client, connected.server):
        assert "has no hash function" in refused(side, "tls-server-end-point")
    the_same(connected, "tls-exporter")


def test_tls_server_end_point_names_the_server_not_the_connection() -> None:
    """Two connections with one certificate have the same."""
    one, other = pair(ProtocolVersion.TLS13), pair(ProtocolVersion.TLS12)
    kind = "tls-server-end-point"
    assert the_same(one, kind) == the_same(other, kind)


def test_tls_server_end_point_survives_resumption_where_the_certificate_is_known() -> None:
    """A client remembers the server's; a server's ticket does not say which one it had shown."""
    client, server = resumable()
    second = Pair(client, server).run()
    der = server_credential().certificate.der
    assert second.client.info.resumed
    found = second.client.channel_binding("tls-server-end-point")
    assert found == hashlib.sha256(der).digest()
    assert "showed no certificate" in refused(second.server, "tls-server-end-point")


def test_tls_server_end_point_needs_a_certificate() -> None:
    """An external key is no certificate."""
    psk = ExternalPsk(b"both", bytes(32))
    connected = Pair(
        client_config(psks=[psk]),
        server_config(credentials=[], psks=[psk], insecure_accept_own_hellos=True),
    ).run()
    for side in (connected.client, connected.server):
        assert side.info.psk_identity == b"both"
        assert "showed no certificate" in refused(side, "tls-server-end-point")
    the_same(connected, "tls-exporter")


def test_tls_unique_is_the_first_finished() -> None:
    """RFC 5929, 3.1: 12 bytes of the client's Finished, others in each connection."""
    one, other = pair(ProtocolVersion.TLS12), pair(ProtocolVersion.TLS12)
    found = the_same(one, "tls-unique")
    assert len(found) == 12
    assert found != the_same(other, "tls-unique")


def test_tls_unique_of_a_resumed_handshake_is_the_servers_finished() -> None:
    """There the server finishes first; and it is not the value of the first connection."""
    client = client_config(sessions=True, **TLS12)
    server = server_config(sessions=True, **TLS12)
    first, second = Pair(client, server).run(), Pair(client, server).run()
    assert second.server.info.resumed
    assert the_same(first, "tls-unique") != the_same(second, "tls-unique")


def test_tls_unique_is_refused_in_1_3() -> None:
    """RFC 9266, 3: no such thing is defined; the message names what to use."""
    for side in (pair(ProtocolVersion.TLS13).client, pair(ProtocolVersion.TLS13).server):
        said = refused(side, "tls-unique")
        assert "no tls-unique in TLS 1.3" in said
        assert "use tls-exporter" in said


def test_nothing_is_bound_to_a_secret_that_two_connections_can_share() -> None:
    """RFC 7627, 1: without extended_main_secret neither kind that names the connection is sound."""
    legacy = {**TLS12, "policy": policies.legacy}
    older = Pair(
        client_config(**legacy), server_config(**legacy), client_options={"composer": Older()}
    ).run()
    assert "no exporter without extended_main_secret" in refused(older.client, "tls-exporter")
    assert "no tls-unique without extended_main_secret" in refused(older.server, "tls-unique")
    the_same(older, "tls-server-end-point")


def test_with_rsa_key_exchange_the_certificate_is_the_same_end_point() -> None:
    """The proof is of another kind there; the certificate is found all the same."""
    suites = [CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256]
    legacy = {**TLS12, "policy": policies.legacy, "suites": suites}
    credential = server_credential("rsa2048")
    connected = Pair(
        client_config(**legacy), server_config(**legacy, credentials=[credential])
    ).run()
    expected = hashlib.sha256(credential.certificate.der).digest()
    assert the_same(connected, "tls-server-end-point") == expected


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_none_before_the_handshake_is_done(kind: str) -> None:
    """Nothing is known yet, and nothing guessed."""
    assert "the handshake is not done" in refused(Pair().client, kind)


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    """A misspelt name is no empty value."""
    assert "tls-exporter, tls-server-end-point, tls-unique" in refused(
        pair(ProtocolVersion.TLS13).client, "tls_exporter"
    )


def test_streams_pass_them_on() -> None:
    """Both ends of a socket, by the stream's own methods."""
    one, other = socket.socketpair()
    found: list[bytes] = []

    def serve() -> None:
        with wrap_server(other, server_config()) as stream:
            stream.handshake()
            found.append(stream.channel_binding())
            found.append(stream.export_keying_material("EXPORTER-test", None, 16))

    thread = threading.Thread(target=serve)
    thread.start()
    with wrap_client(one, client_config(), server_name="server.test") as stream:
        stream.handshake()
        mine = [
            stream.channel_binding("tls-exporter"),
            stream.export_keying_material("EXPORTER-test", None, 16),
        ]
        stream.recv()
    thread.join()
    assert mine == found


# --- The early exporter -------------------------------------------------------------------------

LABEL = "EXPORTER-early"


def early(**server: Any) -> Pair:
    client, first = resumable(early_data=1000)
    serving = server_config(**{"sessions": first.sessions, "early_data": 1000, **server})
    return Pair(client, serving, client_options={"early_data": True})


def test_the_early_exporter_is_there_before_the_handshake_is_done() -> None:
    """A client has it at once, a server with the hello; it is another one than the later."""
    connecting = early()
    mine = connecting.client.export_early(LABEL, b"context", 40)
    connecting.client.write_early_data(b"early")
    Pair.carry(connecting.client, connecting.server)
    assert mine == connecting.server.export_early(LABEL, b"context", 40)
    connecting.run()
    assert connecting.done
    for side in (connecting.client, connecting.server):
        assert side.export_early(LABEL, b"context", 40) == mine
        assert side.export_keying_material(LABEL, b"context", 40) != mine
        assert side.export_early(LABEL, None, 40) == side.export_early(LABEL, b"", 40) != mine


def test_the_early_exporter_ends_with_the_early_data() -> None:
    """Refused early data takes it along: the server never had it."""
    connecting = early(early_data=0)
    connecting.client.export_early(LABEL, None, 32)
    connecting.client.write_early_data(b"early")
    connecting.run()
    for side in (connecting.client, connecting.server):
        with pytest.raises(ApiMisuse, match="no early exporter"):
            side.export_early(LABEL, None, 32)


@BOTH
def test_there_is_no_early_exporter_without_early_data(version: ProtocolVersion) -> None:
    """Neither before nor after the handshake."""
    for side in (Pair().client, pair(version).client, pair(version).server):
        with pytest.raises(ApiMisuse, match="no early exporter"):
            side.export_early(LABEL, None, 32)


class Gathering:
    """Everything that observers hear."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def on_event(self, event: Any) -> None:
        self.events.append(event)


def test_the_early_exporters_secret_goes_to_the_key_log_alone() -> None:
    """RFC 9850 has a label for it; no other event and no repr holds it."""
    client, server = resumable(early_data=1000)
    heard = Gathering()
    connecting = Pair(client, server, client_options={"early_data": True, "observers": [heard]})
    kept = connecting.client._early_exporter
    assert kept is not None
    assert kept.secret.hex() not in repr(kept)
    assert kept not in heard.events
    (logged,) = [e for e in heard.events if getattr(e, "label", "") == "EARLY_EXPORTER_SECRET"]
    assert isinstance(logged, SecretDerived)
    assert logged.secret == kept.secret
