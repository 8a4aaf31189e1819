"""Headless Chromium opens pages that tlsee serves; what it negotiated stands in its own log."""

from __future__ import annotations

import pytest

from tests.interop.cells import Cell, check
from tests.interop.matrix import need
from tests.interop.peers import http
from tests.interop.peers.chromium import Chromium
from tests.interop.peers.ours import PageServer
from tests.interop.peers.spec import HYBRID_GROUPS, SUITES, Spec
from tests.interop.pki import Pki

pytestmark = pytest.mark.peers

CHROMIUM = Chromium()
_HYBRID = "X25519MLKEM768"
_CELLS = [
    Cell("as-it-comes", group=_HYBRID, quick=True),
    *(Cell(suite, suite=suite, group=_HYBRID) for suite in SUITES[1:]),
    Cell("x25519", group="x25519"),
    *(Cell(f"server-{key}", key=key, group=_HYBRID) for key in CHROMIUM.keys[1:]),
    Cell("retry-secp384r1", group="secp384r1", decoy=_HYBRID, quick=True),
    Cell("retry-with-cookie", group="secp256r1", decoy=_HYBRID, cookie=True),
    Cell("optional-not-given", group=_HYBRID, client_auth="optional"),
]


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param(cell, id=cell.name, marks=() if cell.quick else pytest.mark.slow)
        for cell in _CELLS
    ],
)
def test_a_browser_opens_our_page(cell: Cell, pki: Pki) -> None:
    """It believes the chain, agrees on what the server takes, and posts 100 kB to and fro."""
    need(CHROMIUM)
    groups = ("X25519MLKEM768", "x25519", "secp256r1") if cell.group in HYBRID_GROUPS else ()
    spec = Spec(
        ca=pki.ca,
        identity=pki.server(cell.key),
        suites=(cell.suite,),
        groups=groups or (cell.group,),
        client_auth=cell.client_auth,
        alpn=("http/1.1",),
        cookie=cell.cookie,
        application="http",
    )
    server = PageServer(spec)
    try:
        report = CHROMIUM.connect(spec, server.port)
    finally:
        server.close()
    expected: dict[str, object] = {
        "version": "TLS13",
        "suite": cell.suite,
        "group": cell.group,
        "identity": pki.server(cell.key).name,
        "alpn": "http/1.1",
        "retried": bool(cell.decoy),
        "received": 100_000,
    }
    check(CHROMIUM, "client", report, expected, cell.key)
    assert {str(info.group) for info in server.seen} == {cell.group}
    assert {info.retried for info in server.seen} == {bool(cell.decoy)}


@pytest.mark.parametrize("sessions", [True, False])
def test_a_browser_comes_back(sessions: bool, pki: Pki) -> None:
    """Our server ends each connection: the browser resumes later ones, and its log says so.

    A browser may open one to spare before it has a ticket; of three fetches, one after the other,
    that can serve the first only. Without sessions no log says that anything was resumed.
    """
    need(CHROMIUM)
    spec = Spec(pki.ca, pki.server("ecdsa_secp256r1"), alpn=("http/1.1",), application="http")
    server = PageServer(spec, http.give_once, sessions=sessions)
    try:
        told, page = CHROMIUM.handshakes(spec, f"https://{spec.server_name}:{server.port}/")
    finally:
        server.close()
    assert "came back 3 times" in page
    assert {version for version, _ in told} == {"TLS13"}
    assert told[0] == ("TLS13", False)
    for resumed in ([came for _, came in told], [info.resumed for info in server.seen]):
        assert sum(resumed) >= 2 if sessions else not any(resumed)
