"""The driver alone: no records, no sockets, bytes by epoch."""

from __future__ import annotations

from tests.support.drivers import DriverPair
from tests.support.endpoints import client_config, client_credential, server_config, trust
from tlsee.codes import NamedGroup
from tlsee.trace import Direction, Epoch
from tlsee.wire.framing import kind_of


def names(pair: DriverPair) -> list[tuple[str, str, str]]:
    """Who said what under which epoch."""
    return [(who, epoch.name, str(kind_of(raw))) for who, epoch, raw in pair.messages]


def test_a_handshake_runs_without_records() -> None:
    """Every message is handed out under the epoch whose keys protect it (RFC 9846, 2)."""
    pair = DriverPair().run()

    assert names(pair) == [
        ("client", "INITIAL", "client_hello"),
        ("server", "INITIAL", "server_hello"),
        ("server", "HANDSHAKE", "encrypted_extensions"),
        ("server", "HANDSHAKE", "certificate"),
        ("server", "HANDSHAKE", "certificate_verify"),
        ("server", "HANDSHAKE", "finished"),
        ("client", "HANDSHAKE", "finished"),
    ]
    assert pair.client.state.connected
    assert pair.server.state.connected


def test_retry_and_client_certificate_run_without_records() -> None:
    """HelloRetryRequest, CertificateRequest and the client's proof."""
    pair = DriverPair(
        client_config(
            groups=[NamedGroup.x25519, NamedGroup.secp384r1], credentials=[client_credential()]
        ),
        server_config(groups=[NamedGroup.secp384r1], client_trust=trust()),
    ).run()

    assert [name for _, _, name in names(pair)] == [
        "client_hello",
        "hello_retry_request",
        "client_hello",
        "server_hello",
        "encrypted_extensions",
        "certificate_request",
        "certificate",
        "certificate_verify",
        "finished",
        "certificate",
        "certificate_verify",
        "finished",
    ]


def test_both_sides_install_the_same_secrets() -> None:
    """What one side writes with, the other reads with, epoch by epoch."""
    pair = DriverPair().run()
    wrote = [
        (epoch, secret.secret)
        for direction, epoch, secret in pair.client_carrier.installed
        if direction is Direction.WRITE
    ]
    read = [
        (epoch, secret.secret)
        for direction, epoch, secret in pair.server_carrier.installed
        if direction is Direction.READ
    ]

    assert wrote == read
    assert [epoch for epoch, _ in wrote] == [Epoch.HANDSHAKE, Epoch.APPLICATION]


def test_the_server_may_write_after_its_own_finished() -> None:
    """RFC 9846, A.2: it opens for writing before it opens for reading."""
    pair = DriverPair().run()

    assert pair.server_carrier.opened == [Direction.WRITE, Direction.READ]
