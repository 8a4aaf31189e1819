"""TLS 1.2 with what is out there, over real sockets, judged by what the other side says."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from tests.interop.cells12 import DHE, RSA, Cell12, cells12, run12
from tests.interop.matrix import FOREIGN, OURS, need
from tests.interop.peers.openssl_cli import OpenSslCli
from tests.interop.peers.spec import Peer
from tests.interop.pki import Pki

pytestmark = pytest.mark.peers

_CLIENTS = [(OURS, peer) for peer in FOREIGN if "server" in peer.roles]
_SERVERS = [(peer, OURS) for peer in FOREIGN if "client" in peer.roles]


def _parameters(pairs: Iterable[tuple[Peer, Peer]]) -> list[ParameterSet]:
    return [
        pytest.param(
            *(client, server, cell),
            id=f"{client.name}-{server.name}-{cell.name}",
            marks=() if cell.quick else (pytest.mark.slow,),
        )
        for client, server in pairs
        for cell in cells12(client, server)
    ]


@pytest.mark.parametrize(("client", "server", "cell"), _parameters(_CLIENTS))
def test_our_client(client: Peer, server: Peer, cell: Cell12, pki: Pki) -> None:
    """The peer's server agrees on what was asked for, echoes 100 kB and closes in order."""
    need(server)
    run12(client, server, cell, pki)


@pytest.mark.parametrize(("client", "server", "cell"), _parameters(_SERVERS))
def test_our_server(client: Peer, server: Peer, cell: Cell12, pki: Pki) -> None:
    """The peer's client agrees on what was asked for, gets 100 kB back and closes in order."""
    need(client)
    run12(client, server, cell, pki)


@pytest.mark.parametrize(("client", "server", "cell"), _parameters([(OURS, OURS)]))
def test_both_ours(client: Peer, server: Peer, cell: Cell12, pki: Pki) -> None:
    """Both ends are ours: every cell there is, over the same sockets."""
    run12(client, server, cell, pki)


_SCHEMES = [f"rsa_pkcs1_sha{size}" for size in (1, 256, 384, 512)]


@pytest.mark.parametrize("scheme", _SCHEMES)
@pytest.mark.parametrize("role", ["client", "server"])
def test_openssl_with_one_scheme(role: str, scheme: str, pki: Pki) -> None:
    """PKCS #1 signs in 1.2, each hash by itself; SHA-1 where the policy says insecure."""
    peer = OpenSslCli()
    need(peer)
    client, server = (peer, OURS) if role == "client" else (OURS, peer)
    run12(client, server, Cell12(scheme, RSA, key="rsa2048", schemes=(scheme,)), pki)


def test_group_of_the_servers_own(pki: Pki) -> None:
    """OpenSSL's server describes RFC 3526's group by itself; our client checks it and takes it."""
    peer = OpenSslCli()
    need(peer)
    run12(OURS, peer, Cell12("own", DHE, "own", "rsa2048"), pki)
