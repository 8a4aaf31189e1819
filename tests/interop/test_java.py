"""Java's JSSE in both roles and both versions: a handful of cells, judged by what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from _pytest.mark import ParameterSet

from tests.interop.cells import Cell, run
from tests.interop.cells12 import Cell12, cells12, run12
from tests.interop.matrix import OURS, need
from tests.interop.peers.json_lines import Java
from tests.interop.peers.spec import SUITES, Peer
from tests.interop.pki import Pki

pytestmark = pytest.mark.peers

_JAVA = Java()
_PAIRS = [pytest.param(OURS, _JAVA, id="tlsee-java"), pytest.param(_JAVA, OURS, id="java-tlsee")]
_SHARES = ("x25519", "secp256r1")  # what its first hello brings; other groups cost a retry
_KEYS = [key for key in _JAVA.keys if key not in {"ecdsa_secp256r1", "rsa2048"}]


def _cells13() -> list[Cell]:
    return [
        *(Cell(suite, suite=suite, quick=True) for suite in SUITES),
        *(Cell(group, group=group) for group in _JAVA.groups),
        *(Cell(f"server-{key}", key=key) for key in _KEYS),
        *(Cell(f"client-{key}", client_auth="required", client_key=key) for key in _KEYS),
        Cell(
            *("client-certificate", SUITES[1], "secp384r1"),
            key="rsa2048",
            client_auth="required",
            client_key="ecdsa_secp256r1",
            alpn=True,
            quick=True,
        ),
        Cell("optional-not-given", client_auth="optional"),
    ]


def _parameter(cell: Cell | Cell12) -> ParameterSet:
    return pytest.param(cell, id=cell.name, marks=() if cell.quick else (pytest.mark.slow,))


@pytest.mark.parametrize("cell", [_parameter(cell) for cell in _cells13()])
@pytest.mark.parametrize(("client", "server"), _PAIRS)
def test_tls13(client: Peer, server: Peer, cell: Cell, pki: Pki) -> None:
    """Both agree on what was asked for, exchange 100 kB and close in order."""
    need(_JAVA)
    if client is _JAVA and cell.group not in _SHARES:
        cell = replace(cell, decoy=_SHARES[0])
    run(client, server, cell, pki)


@pytest.mark.parametrize("cell", [_parameter(cell) for cell in cells12(OURS, _JAVA)])
@pytest.mark.parametrize(("client", "server"), _PAIRS)
def test_tls12(client: Peer, server: Peer, cell: Cell12, pki: Pki) -> None:
    """The same with all of 1.2 that JSSE has; its CBC knows no encrypt_then_mac."""
    need(_JAVA)
    run12(client, server, cell, pki)
