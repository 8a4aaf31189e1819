"""What goes wrong between tlsee and a foreign peer is called the same by both."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.interop.matrix import FOREIGN, OURS, need
from tests.interop.peers.spec import Peer, PeerFailed, Spec
from tests.interop.pki import Pki
from tlsee.errors import AlertReceived, TLSError
from tlsee.identity.authority import Authority

pytestmark = pytest.mark.peers

# How the foreign programs spell an alert's name, or its number.
_WORDS = {
    "unknown_ca": r"unknown.?ca|unknown certificate authority|\[2\|48\]",
    "certificate_required": r"certificate.?required|\[2\|116\]",
    "no_application_protocol": r"no.?application.?protocol|\[2\|120\]",
    "handshake_failure": r"handshake.?failure|\[2\|40\]",
}
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


def _quarrel(client: Peer, server: Peer, client_spec: Spec, server_spec: Spec) -> list[PeerFailed]:
    """Both sides' failures, the client's first."""
    running = server.serve(server_spec)
    try:
        with pytest.raises(PeerFailed) as from_client:
            client.connect(client_spec, running.port)
        with pytest.raises(PeerFailed) as from_server:
            running.report()
    finally:
        running.close()
    return [from_client.value, from_server.value]


def _specs(pki: Pki) -> tuple[Spec, Spec]:
    return Spec(ca=pki.ca), Spec(ca=pki.ca, identity=pki.server("ecdsa_secp256r1"))


def _told(failure: PeerFailed, alert: str) -> None:
    """A foreign peer names the alert that we sent."""
    assert re.search(_WORDS[alert], str(failure), re.IGNORECASE), str(failure)


def _sent(failure: PeerFailed, alert: str) -> None:
    """We refused, with this alert."""
    error = failure.__cause__
    assert isinstance(error, TLSError), failure
    assert not isinstance(error, AlertReceived)
    assert (error.alert.name, error.evidence.alert_sent) == (alert, error.alert)


def _heard(failure: PeerFailed, alert: str) -> None:
    """We were refused, with this alert."""
    error = failure.__cause__
    assert isinstance(error, AlertReceived), failure
    assert error.alert.name == alert


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_refuse_a_server_of_strangers(peer: Peer, pki: Pki, strangers: Path) -> None:
    """Our client does not know the root: the server is told unknown_ca."""
    need(peer)
    client, server = _specs(pki)
    ours, theirs = _quarrel(OURS, peer, replace(client, ca=strangers), server)
    _sent(ours, "unknown_ca")
    _told(theirs, "unknown_ca")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_a_client_of_strangers_refuses_us(peer: Peer, pki: Pki, strangers: Path) -> None:
    """Their client does not know the root: our server's handshake says that it was refused."""
    need(peer)
    client, server = _specs(pki)
    _, ours = _quarrel(peer, OURS, replace(client, ca=strangers), server)
    _heard(ours, _DISTRUST.get(peer.name, "unknown_ca"))


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_refuse_a_client_of_strangers(peer: Peer, pki: Pki, strangers: Path) -> None:
    """Our server does not know the client's root: the client is told, after its handshake."""
    need(peer)
    client, server = _specs(pki)
    client = replace(client, identity=pki.client("ed25519"))
    server = replace(server, ca=strangers, client_auth="required")
    theirs, ours = _quarrel(peer, OURS, client, server)
    alert = "certificate_required" if peer.name in _CHOOSERS else "unknown_ca"
    _sent(ours, alert)
    _told(theirs, alert)


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_require_a_certificate(peer: Peer, pki: Pki) -> None:
    """Our server requires a certificate and gets none: the client is told."""
    need(peer)
    client, server = _specs(pki)
    theirs, ours = _quarrel(peer, OURS, client, replace(server, client_auth="required"))
    _sent(ours, "certificate_required")
    _told(theirs, "certificate_required")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_they_require_a_certificate(peer: Peer, pki: Pki) -> None:
    """Their server requires a certificate and gets none: our client's first read says so."""
    need(peer)
    client, server = _specs(pki)
    ours, _ = _quarrel(OURS, peer, client, replace(server, client_auth="required"))
    _heard(ours, "certificate_required")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_share_no_protocol(peer: Peer, pki: Pki) -> None:
    """Both use ALPN and have no name in common: our server says which alert that is."""
    need(peer)
    client, server = _specs(pki)
    client, server = replace(client, alpn=("spdy/1",)), replace(server, alpn=("h2",))
    theirs, ours = _quarrel(peer, OURS, client, server)
    _sent(ours, "no_application_protocol")
    _told(theirs, "no_application_protocol")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_we_share_no_group(peer: Peer, pki: Pki) -> None:
    """Our server takes none of the client's groups: no HelloRetryRequest, but handshake_failure."""
    need(peer)
    client, server = _specs(pki)
    client, server = replace(client, groups=("x25519",)), replace(server, groups=("secp384r1",))
    theirs, ours = _quarrel(peer, OURS, client, server)
    _sent(ours, "handshake_failure")
    _told(theirs, "handshake_failure")


@pytest.mark.parametrize("peer", _TALKERS, ids=lambda peer: peer.name)
def test_they_share_no_group(peer: Peer, pki: Pki) -> None:
    """Their server takes none of our groups: our client names the alert that came."""
    need(peer)
    client, server = _specs(pki)
    client, server = replace(client, groups=("x25519",)), replace(server, groups=("secp384r1",))
    ours, _ = _quarrel(OURS, peer, client, server)
    _heard(ours, "handshake_failure")
