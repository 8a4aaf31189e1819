"""tlsee with what is out there, over real sockets, judged by what the other side says."""

from __future__ import annotations

import pytest

from tests.interop.cells import Cell, run
from tests.interop.matrix import FOREIGN, OURS, need, parameters
from tests.interop.peers.spec import Peer
from tests.interop.pki import Pki

pytestmark = pytest.mark.peers

_CLIENTS = [(OURS, peer) for peer in FOREIGN if "server" in peer.roles]
_SERVERS = [(peer, OURS) for peer in FOREIGN if "client" in peer.roles]


@pytest.mark.parametrize(("client", "server", "cell"), parameters(_CLIENTS))
def test_our_client(client: Peer, server: Peer, cell: Cell, pki: Pki) -> None:
    """The peer's server agrees on what was asked for, echoes 100 kB and closes in order."""
    need(server)
    run(client, server, cell, pki)


@pytest.mark.parametrize(("client", "server", "cell"), parameters(_SERVERS))
def test_our_server(client: Peer, server: Peer, cell: Cell, pki: Pki) -> None:
    """The peer's client agrees on what was asked for, gets 100 kB back and closes in order."""
    need(client)
    run(client, server, cell, pki)


@pytest.mark.parametrize(("client", "server", "cell"), parameters([(OURS, OURS)]))
def test_both_ours(client: Peer, server: Peer, cell: Cell, pki: Pki) -> None:
    """Both ends are ours: every cell there is, over the same sockets."""
    run(client, server, cell, pki)
