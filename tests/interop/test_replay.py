"""What we said to programs that somebody else wrote, said again from its recording."""

from __future__ import annotations

import pytest

from tests.interop.cells import Cell, run
from tests.interop.matrix import FOREIGN, OURS, need, parameters
from tests.interop.peers.spec import Peer
from tests.interop.pki import Pki
from tests.support.recordings import reread
from tests.support.watched import watched_ends
from tlsee.recording.replay import replay

pytestmark = pytest.mark.peers

_EACH = 9  # one cell of so many: each peer has its turn, and so has each kind of cell
_CLIENTS = parameters([(OURS, peer) for peer in FOREIGN if "server" in peer.roles])[::_EACH]
_SERVERS = parameters([(peer, OURS) for peer in FOREIGN if "client" in peer.roles])[::_EACH]


@pytest.mark.parametrize(("client", "server", "cell"), [*_CLIENTS, *_SERVERS])
def test_our_end_runs_again(client: Peer, server: Peer, cell: Cell, pki: Pki) -> None:
    """100 kB echoed over real sockets, and every byte of ours is the same in the replay."""
    need(server if client is OURS else client)
    with watched_ends() as recorders:
        run(client, server, cell, pki)
    assert recorders
    for recorder in recorders:
        outcome = replay(reread(recorder.recording))
        assert outcome.difference is None
        assert outcome.same
        assert outcome.sent_bytes > 0
