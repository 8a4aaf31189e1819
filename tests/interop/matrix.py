"""The peers there are, and the cells as parameters of tests."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from tests.interop.cells import Cell, cells
from tests.interop.peers.curl import Curl
from tests.interop.peers.gnutls import GnuTls
from tests.interop.peers.json_lines import Go, Rustls
from tests.interop.peers.nginx import Nginx
from tests.interop.peers.openssl_cli import OpenSslCli
from tests.interop.peers.ours import Ours
from tests.interop.peers.pyopenssl import PyOpenSsl
from tests.interop.peers.spec import Peer
from tests.support.missing import missing

OURS = Ours()
FOREIGN: tuple[Peer, ...] = (
    OpenSslCli(),
    PyOpenSsl(),
    Go(),
    Rustls(),
    GnuTls(),
    Curl(),
    Nginx(),
)


def need(*peers: Peer) -> None:
    """Skip, with the package's name, where a peer is not on this machine."""
    for peer in peers:
        package = peer.missing()
        if package is not None:
            missing(peer.name, package)


def parameters(pairs: Iterable[tuple[Peer, Peer]]) -> list[ParameterSet]:
    """``client, server, cell`` for every pair; those that are not quick are marked slow."""
    return [
        pytest.param(
            *(client, server, cell),
            id=f"{client.name}-{server.name}-{cell.name}",
            marks=() if cell.quick else (pytest.mark.slow,),
        )
        for client, server in pairs
        for cell in cells(client, server)
    ]


__all__ = ["FOREIGN", "OURS", "Cell", "need", "parameters"]
