"""What goes wrong between tlsee and a foreign peer is called the same by both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.interop.matrix import FOREIGN, OURS, need
from tests.interop.peers.spec import Peer, Spec
from tests.interop.pki import Pki
from tests.interop.quarrels import heard, quarrel, sent, told
from tlsee.identity.authority import Authority

pytestmark = pytest.mark.peers

# What they send for a chain that ends nowhere, where that is not unknown_ca.
_DISTRUST = {"go": "bad_certificate", "gnutls": "bad_certificate"}
# They show no certificate that none of the named authorities issued, not even their only one.
_CHOOSERS = {"go"}
_TALKERS = [peer for peer in FOREIGN if peer.application == "echo"]


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that issued nothing."""
    path = tmp_path_factory.mktemp("strangers") / "root.pem"
    path.write_bytes(Authority.create("somebody else").pem)
    return path


def _specs(pki: Pki) -> tuple[Spec, Spec]:
    return Spec(ca=pki.ca), Spec(ca=pki.ca, identity=pki.server("ecdsa_secp256r1"))


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_refuse_a_server_of_strangers(peer: Peer, pki: Pki, strangers: Path) -> None:
    """Our client does not know the root: the server is told unknown_ca."""
    need(peer)
    client, server = _specs(pki)
    ours, theirs = quarrel(OURS, peer, replace(client, ca=strangers), server)
    sent(ours, "unknown_ca")
    told(theirs, "unknown_ca")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_a_client_of_strangers_refuses_us(peer: Peer, pki: Pki, strangers: Path) -> None:
    """Their client does not know the root: our server's handshake says that it was refused."""
    need(peer)
    client, server = _specs(pki)
    _, ours = quarrel(peer, OURS, replace(client, ca=strangers), server)
    heard(ours, _DISTRUST.get(peer.name, "unknown_ca"))


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_refuse_a_client_of_strangers(peer: Peer, pki: Pki, strangers: Path) -> None:
    """Our server does not know the client's root: the client is told, after its handshake."""
    need(peer)
    client, server = _specs(pki)
    client = replace(client, identity=pki.client("ed25519"))
    server = replace(server, ca=strangers, client_auth="required")
    theirs, ours = quarrel(peer, OURS, client, server)
    alert = "certificate_required" if peer.name in _CHOOSERS else "unknown_ca"
    sent(ours, alert)
    told(theirs, alert)


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_require_a_certificate(peer: Peer, pki: Pki) -> None:
    """Our server requires a certificate and gets none: the client is told."""
    need(peer)
    client, server = _specs(pki)
    theirs, ours = quarrel(peer, OURS, client, replace(server, client_auth="required"))
    sent(ours, "certificate_required")
    told(theirs, "certificate_required")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_they_require_a_certificate(peer: Peer, pki: Pki) -> None:
    """Their server requires a certificate and gets none: our client's first read says so."""
    need(peer)
    client, server = _specs(pki)
    ours, _ = quarrel(OURS, peer, client, replace(server, client_auth="required"))
    heard(ours, "certificate_required")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_share_no_protocol(peer: Peer, pki: Pki) -> None:
    """Both use ALPN and have no name in common: our server says which alert that is."""
    need(peer)
    client, server = _specs(pki)
    client, server = replace(client, alpn=("spdy/1",)), replace(server, alpn=("h2",))
    theirs, ours = quarrel(peer, OURS, client, server)
    sent(ours, "no_application_protocol")
    told(theirs, "no_application_protocol")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_share_no_group(peer: Peer, pki: Pki) -> None:
    """Our server takes none of the client's groups: no HelloRetryRequest, but handshake_failure."""
    need(peer)
    client, server = _specs(pki)
    client, server = replace(client, groups=("x25519",)), replace(server, groups=("secp384r1",))
    theirs, ours = quarrel(peer, OURS, client, server)
    sent(ours, "handshake_failure")
    told(theirs, "handshake_failure")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_they_share_no_group(peer: Peer, pki: Pki) -> None:
    """Their server takes none of our groups: our client names the alert that came."""
    need(peer)
    client, server = _specs(pki)
    client, server = replace(client, groups=("x25519",)), replace(server, groups=("secp384r1",))
    ours, _ = quarrel(OURS, peer, client, server)
    heard(ours, "handshake_failure")
