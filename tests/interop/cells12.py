"""The cells of TLS 1.2's matrix. A suite says here who signs and how keys are exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tests.interop.cells import SCHEMES
from tests.interop.peers.older import exchange_of, is_cbc
from tests.interop.peers.spec import Peer, Report, Role, Spec
from tests.interop.pki import Pki

# In 1.2 an ECDSA scheme names a hash and any curve, and PKCS #1 may sign.
_ECDSA = {
    "ecdsa_secp256r1_sha256",
    "ecdsa_secp384r1_sha384",
    "ecdsa_secp521r1_sha512",
}
_PKCS1 = {f"rsa_pkcs1_sha{size}" for size in (256, 384, 512)}
SCHEMES12 = {
    key: schemes | (_ECDSA if key.startswith("ecdsa") else _PKCS1 if key == "rsa2048" else set())
    for key, schemes in SCHEMES.items()
    if not key.startswith("mldsa")
}
ECDSA, RSA = (f"TLS_ECDHE_{kind}_WITH_AES_128_GCM_SHA256" for kind in ("ECDSA", "RSA"))
DHE, TRANSPORT = (f"TLS_{kind}_WITH_AES_128_GCM_SHA256" for kind in ("DHE_RSA", "RSA"))
QUICK_SUITES = {
    *(ECDSA, RSA, DHE, TRANSPORT),
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CCM",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
}


@dataclass(frozen=True)
class Cell12:
    """One connection of TLS 1.2 between two peers.

    ``group`` is the one for (EC)DHE, ``""`` under RSA and ``"own"`` for a finite field that the
    server describes by itself; ``schemes`` are the only ones that a server signs with.
    """

    name: str
    suite: str = ECDSA
    group: str = "x25519"
    key: str = "ecdsa_secp256r1"
    client_auth: Literal["none", "optional", "required"] = "none"
    client_key: str = ""
    alpn: bool = False
    encrypt_then_mac: bool = True
    schemes: tuple[str, ...] = ()
    quick: bool = False


def cells12(client: Peer, server: Peer) -> Iterator[Cell12]:
    """Every cell that these two have; the quick ones are a selection that touches each subject."""
    suites = [suite for suite in client.suites12 if suite in server.suites12]
    for suite in suites:
        yield from _orders(client, server, suite)
    if ECDSA in suites:
        yield from _elliptic(client, server)
    if DHE in suites:
        yield from _finite(client, server)
    if TRANSPORT in suites:
        yield Cell12(
            *("client-ecdsa_secp256r1-under-RSA", TRANSPORT, "", "rsa2048", "required"),
            client_key="ecdsa_secp256r1",
            quick=True,
        )


def _orders(client: Peer, server: Peer, suite: str) -> Iterator[Cell12]:
    """The suite; with CBC, once in each order of MAC and cipher that both have."""
    plain = _at(suite, suite)
    if not is_cbc(suite):
        yield plain
        return
    if client.encrypts_then_macs and server.encrypts_then_macs:
        yield plain
    if client.macs_then_encrypts and server.macs_then_encrypts:
        yield _at(f"{suite}-mac-then-encrypt", suite, encrypt_then_mac=False)


def _at(name: str, suite: str, *, encrypt_then_mac: bool = True) -> Cell12:
    """A cell for the sake of its suite."""
    exchange = exchange_of(suite)
    group = {"DHE_RSA": "ffdhe2048", "RSA": ""}.get(exchange, "x25519")
    key = "ecdsa_secp256r1" if exchange.endswith("ECDSA") else "rsa2048"
    return Cell12(
        *(name, suite, group, key),
        encrypt_then_mac=encrypt_then_mac,
        quick=suite in QUICK_SUITES,
    )


def _elliptic(client: Peer, server: Peer) -> Iterator[Cell12]:
    """Groups, keys of both sides, and what else a hello settles, under ECDHE."""
    for group in client.groups:
        if group in server.groups and "MLKEM" not in group:
            yield Cell12(group, RSA, group, "rsa2048", quick=group in {"secp256r1", "x448"})
    keys = [key for key in client.keys if key in server.keys and key in SCHEMES12]
    for key in keys:
        suite = RSA if key.startswith("rsa") else ECDSA
        quick = key in {"ecdsa_secp384r1", "ed25519", "rsa_pss"}
        curve = key.removeprefix("ecdsa_") if key.startswith("ecdsa") else ""
        if not curve or curve in client.groups:  # RFC 8422, 5.1.1: its list holds for the key too
            yield Cell12(f"server-{key}", suite, key=key, quick=quick)
        quick = key in {"ecdsa_secp384r1", "rsa2048"}
        yield Cell12(f"client-{key}", client_auth="required", client_key=key, quick=quick)
    given = "ed25519" if "ed25519" in keys else keys[0]
    yield Cell12("optional-given", client_auth="optional", client_key=given)
    yield Cell12("optional-not-given", client_auth="optional", quick=True)
    yield Cell12("alpn", alpn=True, quick=True)


def _finite(client: Peer, server: Peer) -> Iterator[Cell12]:
    """DHE in each group that both can be told to use, and with a certificate from the client."""
    for field in client.fields12:
        if field in server.fields12:
            yield Cell12(field, DHE, field, "rsa2048", quick=field == "ffdhe3072")
    yield Cell12(
        *("client-rsa2048-under-DHE", DHE, "ffdhe2048", "rsa2048", "required"),
        client_key="rsa2048",
    )


def specs(client: Peer, server: Peer, cell: Cell12, pki: Pki) -> tuple[Spec, Spec]:
    """What the cell asks of each, the client first."""
    http = "http" in {client.application, server.application}
    protocols = ("http/1.1",) if http else ("h2",) if cell.alpn else ()
    first = server.server_wants_close_from or client.client_wants_close_from or "client"
    named = () if cell.group in {"", "own"} else _curves(cell)
    application: Literal["echo", "http"] = "http" if http else "echo"
    server_spec = Spec(
        ca=pki.ca,
        identity=pki.server(cell.key),
        suites=(cell.suite,),
        groups=named,
        client_auth=cell.client_auth,
        alpn=protocols,
        closes_first=first,
        application=application,
        version="TLS12",
        encrypt_then_mac=cell.encrypt_then_mac,
        schemes=cell.schemes,
    )
    client_spec = Spec(
        ca=pki.ca,
        identity=pki.client(cell.client_key) if cell.client_key else None,
        suites=(cell.suite,),
        groups=named,
        alpn=("spdy/1", "h2") if cell.alpn and not http else protocols,
        closes_first=first,
        answer=server.answer,
        application=application,
        version="TLS12",
        encrypt_then_mac=cell.encrypt_then_mac,
        schemes=cell.schemes,
    )
    return client_spec, server_spec


def _curves(cell: Cell12) -> tuple[str, ...]:
    """The group, and behind it the certificates' curves: one list for both (RFC 8422, 5.1.1)."""
    shown = (key.removeprefix("ecdsa_") for key in (cell.key, cell.client_key) if "ecdsa" in key)
    return tuple(dict.fromkeys((cell.group, *shown)))


def run12(client: Peer, server: Peer, cell: Cell12, pki: Pki) -> None:
    """Connect the two as the cell says and hold both reports against it."""
    client_spec, server_spec = specs(client, server, cell, pki)
    running = server.serve(server_spec)
    try:
        seen_by_client = client.connect(client_spec, running.port)
        seen_by_server = running.report()
    finally:
        running.close()
    told = {"suite": cell.suite, "alpn": server_spec.alpn[0] if server_spec.alpn else ""}
    if cell.group != "own":
        told["group"] = cell.group
    common = {"version": "TLS12", "retried": False, "received": 100_000, **told}
    expected = {**common, "identity": pki.server(cell.key).name, "closed": True}
    if client.client_wants_close_from not in {None, server_spec.closes_first}:
        del expected["closed"]  # it left before the server's close_notify could come
    signer = "" if exchange_of(cell.suite) == "RSA" else cell.key
    _check(client, "client", seen_by_client, expected, cell, signer)
    identity = client_spec.identity
    expected = {**common, "identity": identity.name if identity else "", "closed": True}
    _check(server, "server", seen_by_server, expected, cell, cell.client_key)


def _check(
    peer: Peer, role: Role, report: Report, expected: dict[str, object], cell: Cell12, signer: str
) -> None:
    """Compare what the peer said with what had to come about, field by field."""
    who = f"{peer.name} as a {role}"
    tells = peer.tells(role)
    if "_DHE_" in cell.suite and role == "server" and not peer.names_fields12:
        tells -= {"group"}
    assert tells <= report.said(), f"{who} did not say {tells - report.said()}"
    if "scheme" in tells:
        restricted = cell.schemes if role == "client" else ()
        assert report.scheme in (restricted or SCHEMES12[signer]), f"{who}: {report}"
    said = {name: getattr(report, name) for name in expected if name in tells}
    assert said == {name: expected[name] for name in said}, f"{who}: {report}"
    # RFC 7366, 3: a server takes it for CBC alone. RFC 7627 is never absent between new programs.
    with_mac = is_cbc(cell.suite) and cell.encrypt_then_mac
    assert report.encrypt_then_mac in {None, with_mac}, f"{who}: {report}"
    assert report.extended_main_secret is not False, f"{who}: {report}"
