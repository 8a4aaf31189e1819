"""Who the peer is, as an application reads it off ``connection.info``."""

from __future__ import annotations

from hashlib import sha256

import pytest
from cryptography import x509

from tests.support.certificates import alt_names, authority, forge
from tests.support.endpoints import (
    Pair,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tlsee.codes import ProtocolVersion
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import CertificateView
from tlsee.identity.peer_identity import PeerIdentity, identity_of
from tlsee.insecure import accept_anyone

ID = "spiffe://mesh.example/ns/shop/sa/pay"


def _of(*uris: str) -> PeerIdentity:
    names = alt_names("pay.test", *map(x509.UniformResourceIdentifier, uris))
    return identity_of(CertificateView(forge(authority(), [(names, False)], subject="pay")))


def test_what_a_certificate_says() -> None:
    """Subject, every kind of name, and both fingerprints."""
    credential = Authority.create().issue(
        "a.test", "10.0.0.7", ID, "joe@a.test", client=True, common_name="joe"
    )
    who = identity_of(credential.certificate)
    assert (who.subject, who.dns_names, who.ip_addresses) == ("joe", ("a.test",), ("10.0.0.7",))
    assert (who.uris, who.emails, who.spiffe_id) == ((ID,), ("joe@a.test",), ID)
    assert who.names == (ID, "a.test", "10.0.0.7", "joe@a.test")
    assert who.fingerprint == sha256(credential.chain[0]).hexdigest()
    assert who.key_fingerprint == sha256(credential.public_key.spki).hexdigest()


@pytest.mark.parametrize(
    "uri",
    [
        "spiffe://mesh.example",
        "spiffe://mesh.example/a/b",
        "spiffe://mesh_1/a.b-C_d/...",
    ],
)
def test_spiffe_ids(uri: str) -> None:
    """A trust domain, and a path if there is one."""
    assert _of(uri).spiffe_id == uri


@pytest.mark.parametrize(
    "uri",
    [
        "https://mesh.example/a",
        "SPIFFE://mesh.example/a",
        "spiffe://Mesh.example/a",
        "spiffe:///a",
        "spiffe://mesh.example:80/a",
        "spiffe://me@mesh.example/a",
        "spiffe://mesh.example/a?b",
        "spiffe://mesh.example/a#b",
        "spiffe://mesh.example/",
        "spiffe://mesh.example/a/",
        "spiffe://mesh.example//a",
        "spiffe://mesh.example/../a",
        "spiffe://mesh.example/a/..",
        "spiffe://mesh.example/./a",
        "spiffe://mesh.example/%61",
        "spiffe://mesh.example/a\n",
        "spiffe://mesh.example/" + "a" * 2048,
    ],
)
def test_what_is_no_spiffe_id(uri: str) -> None:
    """Whatever two readers could read differently is no identity; the URI is still there."""
    who = _of(uri)
    assert who.spiffe_id is None
    assert who.uris == (uri,)


def test_two_uris_are_no_spiffe_id() -> None:
    """X.509-SVID has exactly one, so that nobody can choose."""
    assert _of(ID, "spiffe://mesh.example/other").spiffe_id is None


@pytest.mark.parametrize("version", [ProtocolVersion.TLS13, ProtocolVersion.TLS12])
def test_in_the_connection(version: ProtocolVersion) -> None:
    """Both sides know whom they speak to, in both versions."""
    pair = Pair(
        client_config(credentials=[client_credential()], versions=[version]),
        server_config(client_trust=trust(), versions=[version]),
    ).run()
    theirs, ours = pair.server.info.peer_identity, pair.client.info.peer_identity
    assert theirs is not None
    assert ours is not None
    assert (theirs.dns_names, ours.dns_names) == (("client.test",), ("server.test",))


def test_nobody_vouches() -> None:
    """Neither a client without a certificate nor a server taken on trust has an identity."""
    with pytest.warns(match="not verified"):
        anyone = accept_anyone()
    pair = Pair(client_config(trust=anyone)).run()
    assert pair.server.info.peer_identity is None
    assert pair.client.info.peer_identity is None
