"""The foreign peers with each other: a cell that fails only with tlsee in it is tlsee's fault."""

from __future__ import annotations

from itertools import product

import pytest

from tests.interop.cells import Cell, run
from tests.interop.cells12 import RSA, Cell12, run12
from tests.interop.matrix import FOREIGN, need
from tests.interop.peers.spec import Peer
from tests.interop.pki import Pki

pytestmark = pytest.mark.peers

_PAIRS = [
    (client, server)
    for client, server in product(FOREIGN, FOREIGN)
    if "client" in client.roles and "server" in server.roles
    if client.application == server.application
]
_CELL = Cell(
    *("retry-and-client-certificate", "TLS_AES_128_GCM_SHA256", "secp384r1", "x25519"),
    client_auth="required",
    client_key="rsa2048",
    key="ed25519",
    alpn=True,
)


@pytest.mark.parametrize(
    ("client", "server"),
    [pytest.param(*pair, id="-".join(p.name for p in pair)) for pair in _PAIRS],
)
def test_foreign_peers_agree(client: Peer, server: Peer, pki: Pki) -> None:
    """The drivers, the certificates and the reading of the reports hold without tlsee."""
    need(client, server)
    run(client, server, _CELL, pki)


_CELL12 = Cell12(
    *("client-certificate", RSA, "secp384r1", "rsa2048"),
    client_auth="required",
    client_key="ed25519",
    alpn=True,
)


@pytest.mark.parametrize(
    ("client", "server"),
    [pytest.param(*pair, id="-".join(p.name for p in pair)) for pair in _PAIRS],
)
def test_foreign_peers_agree_on_tls12(client: Peer, server: Peer, pki: Pki) -> None:
    """The same of the older version's drivers and of what they read."""
    need(client, server)
    run12(client, server, _CELL12, pki)
