"""The cells of the matrix: what two peers are asked to agree on, and what both must then say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.interop.peers.spec import HYBRID_GROUPS, SUITES, Peer, Report, Role, Spec
from tests.interop.pki import Pki

SCHEMES = {
    "ecdsa_secp256r1": {"ecdsa_secp256r1_sha256"},
    "ecdsa_secp384r1": {"ecdsa_secp384r1_sha384"},
    "ecdsa_secp521r1": {"ecdsa_secp521r1_sha512"},
    "rsa2048": {f"rsa_pss_rsae_sha{size}" for size in (256, 384, 512)},
    "rsa_pss": {f"rsa_pss_pss_sha{size}" for size in (256, 384, 512)},
    "ed25519": {"ed25519"},
    "ed448": {"ed448"},
    "mldsa44": {"mldsa44"},
    "mldsa65": {"mldsa65"},
    "mldsa87": {"mldsa87"},
    "": {""},
}


@dataclass(frozen=True)
class Cell:
    """One connection between two peers.

    ``decoy`` is the group that the client sends its only share for and that the server does not
    take; ``client_key`` the key type of the client's certificate, ``""`` for none.
    """

    name: str
    suite: str = SUITES[0]
    group: str = "x25519"
    decoy: str = ""
    cookie: bool = False
    key: str = "ecdsa_secp256r1"
    client_auth: Literal["none", "optional", "required"] = "none"
    client_key: str = ""
    alpn: bool = False
    key_updates: bool = False
    quick: bool = False


def cells(client: Peer, server: Peer) -> Iterator[Cell]:
    """Every cell that these two have; the quick ones are a selection that touches each subject."""
    groups = [group for group in client.groups if group in server.groups]
    keys = [key for key in client.keys if key in server.keys]
    for suite in SUITES:
        yield Cell(suite, suite=suite, quick=True)
    for group in groups:
        yield Cell(group, group=group, quick=group in {"X25519MLKEM768", "secp256r1"})
    for key in keys:
        yield Cell(f"server-{key}", key=key, quick=key in {"rsa2048", "mldsa65"})
        quick = key == "ed25519"
        yield Cell(f"client-{key}", client_auth="required", client_key=key, quick=quick)
    yield Cell("optional-given", client_auth="optional", client_key=keys[0])
    yield Cell("optional-not-given", client_auth="optional", quick=True)
    yield Cell("alpn", alpn=True, quick=True)
    yield Cell("key-updates", key_updates=True, quick=not server.sleeps_on_key_updates)
    for decoy, group in _retries(client, groups):
        quick = group in {"secp384r1", "SecP256r1MLKEM768"}
        yield Cell(f"retry-{group}", group=group, decoy=decoy, quick=quick)
    decoy, group = "x25519", "secp384r1"
    everything = Cell(
        *("retry-and-client-certificate", SUITES[1], group, decoy),
        client_auth="required",
        client_key="ecdsa_secp384r1",
        key="ecdsa_secp384r1",
        alpn=True,
    )
    yield everything
    if server.sends_cookies:
        yield Cell("retry-with-cookie", group=group, decoy=decoy, cookie=True, quick=True)


def _retries(client: Peer, groups: list[str]) -> Iterator[tuple[str, str]]:
    """For each group another one to lure with, of the same kind, that the client tries first."""
    for group in groups:
        hybrid = group in HYBRID_GROUPS
        others = [one for one in groups if (one in HYBRID_GROUPS) == hybrid and one != group]
        if client.keeps_own_order:
            others = [one for one in others if groups.index(one) < groups.index(group)]
        if others:
            yield others[0], group


def run(client: Peer, server: Peer, cell: Cell, pki: Pki) -> None:
    """Connect the two as the cell says and hold both reports against it."""
    http = "http" in {client.application, server.application}
    protocols = ("http/1.1",) if http else ("h2",) if cell.alpn else ()
    first = server.server_wants_close_from or client.client_wants_close_from or "client"
    identity = pki.client(cell.client_key) if cell.client_key else None
    server_spec = Spec(
        ca=pki.ca,
        identity=pki.server(cell.key),
        suites=(cell.suite,),
        groups=(cell.group,),
        client_auth=cell.client_auth,
        alpn=protocols,
        closes_first=first,
        cookie=cell.cookie,
        key_updates=cell.key_updates,
        application="http" if http else "echo",
    )
    client_spec = Spec(
        ca=pki.ca,
        identity=identity,
        suites=(cell.suite,),
        groups=(cell.decoy, cell.group) if cell.decoy else (cell.group,),
        alpn=("spdy/1", "h2") if cell.alpn and not http else protocols,
        closes_first=first,
        answer=server.answer,
        key_updates=cell.key_updates,
        application="http" if http else "echo",
    )
    running = server.serve(server_spec)
    try:
        seen_by_client = client.connect(client_spec, running.port)
        seen_by_server = running.report()
    finally:
        running.close()
    told = {"suite": cell.suite, "group": cell.group, "alpn": protocols[0] if protocols else ""}
    common = {"version": "TLS13", "retried": bool(cell.decoy), "received": 100_000, **told}
    expected = {**common, "identity": pki.server(cell.key).name, "closed": True}
    if client.client_wants_close_from not in {None, first}:
        del expected["closed"]  # it left before the server's close_notify could come
    check(client, "client", seen_by_client, expected, cell.key)
    expected = {**common, "identity": identity.name if identity else "", "closed": True}
    check(server, "server", seen_by_server, expected, cell.client_key)


def check(peer: Peer, role: Role, report: Report, expected: dict[str, object], signer: str) -> None:
    """Compare what the peer said with what had to come about, field by field."""
    tells = peer.tells(role)
    assert tells <= report.said(), f"{peer.name} as a {role} did not say {tells - report.said()}"
    if "scheme" in tells:
        assert report.scheme in SCHEMES[signer], f"{peer.name} as a {role}: {report}"
    said = {name: getattr(report, name) for name in expected if name in tells}
    assert said == {name: expected[name] for name in said}, f"{peer.name} as a {role}: {report}"
