"""The wire that keeps what goes over it."""

from __future__ import annotations

import socket

import pytest

from tests.support.command import plain_server
from tlsee.cli import overheard
from tlsee.cli.overheard import Wire

PATIENCE = 30.0


def answer(peer: socket.socket) -> None:
    """Read to the end, then say it back."""
    data = b""
    while piece := peer.recv(2**16):
        data += piece
    peer.sendall(data[::-1])


def spoken(port: int, data: bytes) -> tuple[Wire, bytes]:
    with (
        Wire(("127.0.0.1", port), PATIENCE) as wire,
        socket.create_connection(wire.address, PATIENCE) as client,
    ):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        heard = b""
        while piece := client.recv(2**16):
            heard += piece
    return wire, heard


def test_both_directions_pass_and_are_kept() -> None:
    """Nothing is lost or added, and an end is passed on as one: half a connection may be closed."""
    data = bytes(range(256)) * 2000
    with plain_server(answer) as port:
        wire, heard = spoken(port, data)
    assert heard == data[::-1]
    assert (wire.client_to_server, wire.server_to_client) == (data, data[::-1])


def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """More is passed on, and not kept."""
    monkeypatch.setattr(overheard, "KEPT_LIMIT", 1000)
    data = b"x" * 100_000
    with plain_server(answer) as port:
        wire, heard = spoken(port, data)
    assert heard == data
    assert len(wire.client_to_server) == len(wire.server_to_client) == 1000


def test_nobody_at_the_other_end() -> None:
    """The client is told by an end, and nothing hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    wire, heard = spoken_to_nobody(port)
    assert (wire.server_to_client, heard) == (b"", b"")


def spoken_to_nobody(port: int) -> tuple[Wire, bytes]:
    with (
        Wire(("127.0.0.1", port), PATIENCE) as wire,
        socket.create_connection(wire.address, PATIENCE) as client,
    ):
        return wire, client.recv(1)
