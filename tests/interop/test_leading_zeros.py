"""Diffie-Hellman secrets that begin with a zero byte, with peers that others wrote.

TLS 1.2 strips it (RFC 5246, 8.1.2) and TLS 1.3 keeps it (RFC 9846, 7.4.1): one secret in 256 tells
whether a program knows that. Here each does, because whoever answers second can choose an exponent.
"""

from __future__ import annotations

import pytest
from _pytest.mark import ParameterSet

from tests.interop.cells import Cell, run
from tests.interop.cells12 import DHE, Cell12, run12
from tests.interop.matrix import FOREIGN, OURS, need
from tests.interop.peers.spec import Peer, Role
from tests.interop.pki import Pki
from tlsee.crypto.finite_field import FiniteField

pytestmark = pytest.mark.peers

TRIES = 8_000  # that none of so many begins with a zero has a chance of e^-31


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The secrets that our side computed as the second one, all with a leading zero."""
    found: list[bytes] = []
    encapsulate = FiniteField.encapsulate

    def search(group: FiniteField, client_share: bytes) -> tuple[bytes, bytes]:
        for _ in range(TRIES):
            share, secret = encapsulate(group, client_share)
            if secret[0] == 0:
                found.append(secret)
                return share, secret
        raise AssertionError("no secret begins with a zero")

    monkeypatch.setattr(FiniteField, "encapsulate", search)
    return found


def _peers(role: Role, *, without: set[str]) -> list[ParameterSet]:
    """Those that have DHE and can be told which group."""
    return [
        pytest.param(peer, id=peer.name)
        for peer in FOREIGN
        if role in peer.roles and peer.fields12 and peer.name not in without
    ]


@pytest.mark.parametrize("server", _peers("server", without=set()))
def test_tls12_strips_it(server: Peer, pki: Pki, secrets: list[bytes]) -> None:
    """Our client answers the server's value; with the zero, its Finished would be wrong."""
    need(server)
    run12(OURS, server, Cell12("leading-zero", DHE, "ffdhe2048", "rsa2048"), pki)
    assert [len(secret) for secret in secrets] == [256]


@pytest.mark.parametrize("client", _peers("client", without={"curl"}))  # which takes curves alone
def test_tls13_keeps_it(client: Peer, pki: Pki, secrets: list[bytes]) -> None:
    """Our server answers the client's share; without the zero, nothing could be decrypted."""
    need(client)
    run(client, OURS, Cell("leading-zero", group="ffdhe2048"), pki)
    assert [len(secret) for secret in secrets] == [256]
