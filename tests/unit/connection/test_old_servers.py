"""A server that knows only older versions is named by the form of what it answers."""

from __future__ import annotations

import pytest

from tests.support.endpoints import NAME, client_config
from tlsee.connection.connection import ClientConnection
from tlsee.errors import AlertReceived, PeerIncompatible, Reasons

HANDSHAKE_FAILURE, PROTOCOL_VERSION = 40, 70


@pytest.mark.parametrize(
    ("version", "alert", "label"),
    [
        (0x0300, HANDSHAKE_FAILURE, "SSL 3.0"),
        (0x0301, PROTOCOL_VERSION, "TLS 1.0"),
        (0x0302, PROTOCOL_VERSION, "TLS 1.1"),
        (0x0302, HANDSHAKE_FAILURE, "TLS 1.1"),
    ],
)
def test_an_old_servers_alert_names_its_version(version: int, alert: int, label: str) -> None:
    """It is all that such a server says."""
    client = ClientConnection(client_config(), NAME)
    client.receive_data(bytes((21,)) + version.to_bytes(2, "big") + bytes((0, 2, 2, alert)))
    assert isinstance(client.failure, AlertReceived)
    assert f"its alert has the form of {label}" in str(client.failure)


@pytest.mark.parametrize(("version", "alert"), [(0x0301, HANDSHAKE_FAILURE), (0x0303, 70)])
def test_what_any_server_may_write_names_nothing(version: int, alert: int) -> None:
    """Many write 0x0301 in front of their first alert, and 0x0303 is ours."""
    client = ClientConnection(client_config(), NAME)
    client.receive_data(bytes((21,)) + version.to_bytes(2, "big") + bytes((0, 2, 2, alert)))
    assert isinstance(client.failure, AlertReceived)
    assert "the form of" not in str(client.failure)


@pytest.mark.parametrize("kind", [4, 0])
def test_an_answer_in_ssl2s_form_is_named(kind: int) -> None:
    """A ServerHello or an error of SSL 2.0."""
    client = ClientConnection(client_config(), NAME)
    client.receive_data(bytes((0x80, 0x2B, kind)) + bytes(40))
    assert isinstance(client.failure, PeerIncompatible)
    assert client.failure.reason == Reasons.version_too_old
    assert "SSL 2.0" in str(client.failure)
