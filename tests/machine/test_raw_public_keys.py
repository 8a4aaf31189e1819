"""Raw public keys (RFC 7250): both ways, both versions, and everything that can go wrong."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from tests.support.endpoints import (
    NAME,
    Pair,
    client_config,
    client_credential,
    server_config,
    server_credential,
    trust,
)
from tests.support.hostile_server import HostileServer
from tests.support.refusals import carrying, changed, refused
from tlsee import policies
from tlsee.codes import AlertDescription, CertificateType, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.private_keys import LocalSigner, generate, private_pem
from tlsee.errors import (
    ApiMisuse,
    CertificateRejected,
    PeerIncompatible,
    Reasons,
    TLSError,
)
from tlsee.explain.collector import Collector
from tlsee.explain.narrate import narrate
from tlsee.explain.story import Story
from tlsee.identity.credentials import Credential
from tlsee.identity.proof import ByCertificate, ByRawPublicKey
from tlsee.identity.trust import Trust
from tlsee.sessions.stores import ClientSessions, TicketSessions
from tlsee.trace import Role
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.certificate_types import (
    ClientCertTypeList,
    ClientCertTypeSelected,
    ServerCertTypeList,
    ServerCertTypeSelected,
)
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import CertificateEntry

BOTH = pytest.mark.parametrize(
    "version", [ProtocolVersion.TLS13, ProtocolVersion.TLS12], ids=lambda item: item.name
)
X509, RAW = CertificateType.X509, CertificateType.RawPublicKey
KINDS = ("ecdsa_secp256r1", "rsa2048", "ed25519")


def raw(kind: str = "ecdsa_secp256r1") -> Credential:
    return Credential.raw_public_key(generate(kind))


def believing(*credentials: Credential) -> Trust:
    return Trust.raw_public_keys(credential.public_key.spki for credential in credentials)


def ended(pair: Pair) -> list[TLSError]:
    """How both ends failed, the client's first."""
    with pytest.raises(TLSError):
        pair.run()
    for sender, receiver in ((pair.client, pair.server), (pair.server, pair.client)):
        Pair.carry(sender, receiver)
    found = []
    for side in (pair.client, pair.server):
        failure = side.failure
        assert failure is not None
        found.append(failure)
    return found


@BOTH
@pytest.mark.parametrize("kind", KINDS)
def test_both_ways(version: ProtocolVersion, kind: str) -> None:
    """Neither side has a certificate; each proves that it holds the key that the other knows."""
    server, client = raw(kind), raw(kind)
    pair = Pair(
        client_config(trust=believing(server), credentials=[client], versions=[version]),
        server_config(credentials=[server], client_trust=believing(client), versions=[version]),
    ).run()
    assert pair.done
    for side, peer in ((pair.client, server), (pair.server, client)):
        proof = side.info.peer
        assert isinstance(proof, ByRawPublicKey)
        assert proof.peer.public_key == peer.public_key
        who = side.info.peer_identity
        assert who is not None
        assert who.key_fingerprint == sha256(peer.public_key.spki).hexdigest()
        assert (who.names, who.fingerprint, who.spiffe_id) == ((), "", None)


@BOTH
def test_without_a_name(version: ProtocolVersion) -> None:
    """A key is for no name, so none is needed, and whatever is said does no harm."""
    server = raw()
    for name in (None, "any.test"):
        client = client_config(trust=believing(server), versions=[version])
        assert Pair(client, server_config(credentials=[server]), name).run().done


@BOTH
def test_one_way_each(version: ProtocolVersion) -> None:
    """A certificate on one side, a raw key on the other, in both combinations."""
    server, client = raw(), raw()
    pair = Pair(
        client_config(trust=believing(server), credentials=[client_credential()]),
        server_config(credentials=[server], client_trust=trust(), versions=[version]),
    ).run()
    assert isinstance(pair.client.info.peer, ByRawPublicKey)
    assert isinstance(pair.server.info.peer, ByCertificate)
    pair = Pair(
        client_config(credentials=[client]),
        server_config(client_trust=believing(client), versions=[version]),
    ).run()
    assert isinstance(pair.client.info.peer, ByCertificate)
    assert isinstance(pair.server.info.peer, ByRawPublicKey)


@BOTH
def test_whoever_does_not_ask_gets_a_certificate(version: ProtocolVersion) -> None:
    """A server with both shows each client what it can judge; the client's preference decides."""
    key = raw()
    server = server_config(credentials=[key, server_credential()], versions=[version])
    assert isinstance(Pair(client_config(), server).run().client.info.peer, ByCertificate)
    both = client_config(trust=believing(key).plus(trust()))
    assert isinstance(Pair(both, server).run().client.info.peer, ByRawPublicKey)
    only = server_config(versions=[version])
    assert isinstance(Pair(both, only).run().client.info.peer, ByCertificate)


@BOTH
def test_an_unknown_key(version: ProtocolVersion) -> None:
    """In either role: refused with certificate_unknown, and the digest is told."""
    server, stranger = raw(), raw()
    client, told = ended(
        Pair(
            client_config(trust=believing(stranger), versions=[version]),
            server_config(credentials=[server]),
        )
    )
    assert isinstance(client, CertificateRejected)
    assert client.reason == Reasons.unknown_raw_key
    assert sha256(server.public_key.spki).hexdigest() in str(client)
    assert told.alert is AlertDescription.certificate_unknown

    told, refusal = ended(
        Pair(
            client_config(credentials=[stranger], versions=[version]),
            server_config(client_trust=believing(server)),
        )
    )
    assert refusal.reason == Reasons.unknown_raw_key
    assert told.alert is AlertDescription.certificate_unknown
    assert "the server refused our raw public key sha256:" in str(told)


@BOTH
def test_nothing_in_common(version: ProtocolVersion) -> None:
    """unsupported_certificate, as RFC 7250, 4.2 has it, with both lists in the text."""
    key = raw()
    told, refusal = ended(
        Pair(
            client_config(trust=believing(key), versions=[version]),
            server_config(credentials=[server_credential()]),
        )
    )
    assert isinstance(refusal, PeerIncompatible)
    assert refusal.reason == Reasons.no_common_certificate_type
    assert "RawPublicKey, and this server has X509" in str(refusal)
    assert told.alert is AlertDescription.unsupported_certificate

    _, refusal = ended(Pair(client_config(versions=[version]), server_config(credentials=[key])))
    assert refusal.reason == Reasons.no_common_certificate_type
    _, refusal = ended(
        Pair(
            client_config(credentials=[key], versions=[version]),
            server_config(client_trust=trust()),
        )
    )
    assert refusal.reason == Reasons.no_common_certificate_type


@BOTH
def test_optional(version: ProtocolVersion) -> None:
    """A client without a key that is known need not show one where that is optional."""
    key = raw()
    server = server_config(client_trust=believing(key), client_auth="optional", versions=[version])
    assert Pair(client_config(), server).run().server.info.peer_identity is None
    pair = Pair(client_config(credentials=[key]), server).run()
    assert isinstance(pair.server.info.peer, ByRawPublicKey)


@BOTH
def test_required_and_none_shown(version: ProtocolVersion) -> None:
    """A client that offers a raw key whose scheme the server does not take shows none."""
    key = raw("ed25519")
    schemes = server_config().schemes12[:1]
    server = server_config(client_trust=believing(key), schemes=list(schemes), versions=[version])
    _, refusal = ended(Pair(client_config(credentials=[key]), server))
    assert refusal.name in ("certificate_required", "client_certificate_missing")


@BOTH
def test_a_session_keeps_no_raw_key(version: ProtocolVersion) -> None:
    """What could not be judged again is not resumed: every connection proves its keys."""
    server, client = raw(), raw()
    kept = ClientSessions()
    config = client_config(trust=believing(server), versions=[version], sessions=kept)
    serving = server_config(credentials=[server], sessions=TicketSessions())
    for _ in range(2):
        pair = Pair(config, serving).run()
        assert not pair.client.info.resumed
        assert isinstance(pair.client.info.peer, ByRawPublicKey)

    config = client_config(
        trust=believing(server), credentials=[client], versions=[version], sessions=kept
    )
    serving = server_config(
        credentials=[server], client_trust=believing(client), sessions=TicketSessions()
    )
    for _ in range(2):
        pair = Pair(config, serving).run()
        assert not pair.client.info.resumed
        assert isinstance(pair.server.info.peer, ByRawPublicKey)
        assert isinstance(pair.client.info.peer, ByRawPublicKey)


def test_rsa_key_exchange() -> None:
    """TLS 1.2, under the policy that has it: who can decrypt holds the key."""
    server = raw("rsa2048")
    suites = [suite for suite in policies.legacy.suites if suite.name.startswith("TLS_RSA_")]
    pair = Pair(
        client_config(trust=believing(server), policy=policies.legacy, suites=suites[:1]),
        server_config(credentials=[server], policy=policies.legacy),
    ).run()
    assert pair.client.info.version == ProtocolVersion.TLS12
    assert isinstance(pair.client.info.peer, ByRawPublicKey)


def test_the_hello_says_so_only_where_it_is_meant() -> None:
    """Without raw keys neither extension is there; with them, the preferred kind first."""
    key = raw()

    def lists(config: ClientConfig) -> list[Any]:
        hello = Pair(config).client._driver.heard  # what was sent
        from tlsee.codes import HandshakeType
        from tlsee.wire.codec import decode

        found = decode(ClientHello, hello[HandshakeType.client_hello]).extensions
        return [found.get(ClientCertTypeList), found.get(ServerCertTypeList)]

    assert lists(client_config(credentials=[client_credential()])) == [None, None]
    mixed = client_config(
        trust=believing(key).plus(trust()), credentials=[client_credential(), key]
    )
    shown, judged = lists(mixed)
    assert (shown.certificate_types, judged.certificate_types) == ((X509, RAW), (RAW, X509))


# --- Hostile peers --------------------------------------------------------------------------------


def test_a_type_that_was_not_offered() -> None:
    """A server that selects what the client did not list, for either side."""
    key = raw()
    config = client_config(trust=believing(key), credentials=[key])
    for item in (ServerCertTypeSelected(X509), ClientCertTypeSelected(X509)):
        peer = HostileServer(config, encrypted_extensions=carrying(item))
        refused(peer.flight(), Reasons.certificate_type_not_offered)


def test_a_raw_key_with_company() -> None:
    """RFC 9846, 4.5.1: it is the only entry; two, and be they the same, are one too many."""
    key = raw()
    entry = CertificateEntry(key.chain[0], Extensions.of())
    peer = HostileServer(
        client_config(trust=believing(key)),
        credential=key,
        encrypted_extensions=carrying(ServerCertTypeSelected(RAW)),
        certificate=changed(certificate_list=(entry, entry)),
    )
    refused(peer.flight(), Reasons.raw_key_not_alone)


def test_a_key_that_is_known_and_not_held() -> None:
    """Whoever shows a key that we know must sign with it."""
    key, other = raw(), raw()
    entry = CertificateEntry(key.chain[0], Extensions.of())
    peer = HostileServer(
        client_config(trust=believing(key)),
        credential=other,
        encrypted_extensions=carrying(ServerCertTypeSelected(RAW)),
        certificate=changed(certificate_list=(entry,)),
    )
    refused(peer.flight(), Reasons.bad_signature)


def test_a_certificate_where_a_raw_key_was_promised() -> None:
    """Bytes that are no key that we know, be they a good certificate of one."""
    key = raw()
    peer = HostileServer(
        client_config(trust=believing(key).plus(trust())),
        encrypted_extensions=carrying(ServerCertTypeSelected(RAW)),
    )
    refused(peer.flight(), Reasons.unknown_raw_key, kind=CertificateRejected)


def test_a_raw_key_where_a_certificate_was_promised() -> None:
    """The same the other way round: a known key is no certificate."""
    key = raw()
    peer = HostileServer(client_config(trust=believing(key).plus(trust())), credential=key)
    refused(peer.flight(), Reasons.unusable_certificate)


def test_an_answer_without_a_question() -> None:
    """As every extension that nobody asked for."""
    for item in (ServerCertTypeSelected(X509), ClientCertTypeSelected(RAW)):
        peer = HostileServer(client_config(), encrypted_extensions=carrying(item))
        refused(peer.flight(), Reasons.unsolicited_extension)


def test_keys_and_credentials_that_cannot_be() -> None:
    """Said when they are made."""
    with pytest.raises(ApiMisuse, match="no raw public key"):
        Trust.raw_public_keys([])
    with pytest.raises(ApiMisuse, match="cannot be used"):
        Trust.raw_public_keys([b"0"])
    with pytest.raises(ApiMisuse, match="has no certificate"):
        _ = raw().certificate
    with pytest.raises(ApiMisuse):
        Credential.raw_public_key(object())
    key = generate("ecdsa_secp256r1")
    made = Credential.raw_public_key(private_pem(key))
    assert made.public_key == Credential.raw_public_key(LocalSigner(key)).public_key
    assert made.flaws(0.0) == ()
    assert not made.serves(NAME)
    assert repr(made).startswith("Credential(raw public key sha256:")
    assert believing(made).sources == ("raw public keys (1)",)
    assert ServerConfig(credentials=[made]).credentials == (made,)


@BOTH
def test_it_can_be_told(version: ProtocolVersion) -> None:
    """The story of such a handshake names the keys, on both sides and in both versions."""
    server, client = raw(), raw()
    heard = Collector(Role.CLIENT)
    Pair(
        client_config(trust=believing(server), credentials=[client], versions=[version]),
        server_config(credentials=[server], client_trust=believing(client)),
        client_options={"observers": [heard]},
    ).run()
    told = " ".join(line.text for block in narrate(Story.of(heard)) for line in block.lines)
    words = " ".join(told.split()).replace(": ", ":")
    for key in (server, client):
        digest = key.public_key.fingerprint
        assert "raw public key" in words
        assert digest[:24] in words
    assert "cannot be read" not in told.lower()
