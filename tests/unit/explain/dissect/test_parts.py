"""What stands inside opaque fields: halves, points, signatures, sentinels, tickets."""

from __future__ import annotations

from functools import lru_cache

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.endpoints import client_config, server_config, server_credential
from tests.support.fields import assert_explains
from tests.support.recorded import talk
from tests.support.sessions import NOW, Random, session
from tlsee.codes import CipherSuite, ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.explain.dissect import Context, Field, dissect_handshake
from tlsee.explain.dissect.structs import ECHClientHello, OuterClientHello
from tlsee.explain.dissect.structs import HpkeSymmetricCipherSuite as Hpke
from tlsee.sessions.keyring import KeyRing, TicketKey
from tlsee.sessions.session import encode_session
from tlsee.sessions.tickets import open_ticket, seal
from tlsee.trace import MessageSent
from tlsee.wire.codec import decode, encode, write
from tlsee.wire.extensions import Extensions, SignedCertificateTimestampList, UnknownExtension
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages13 import Certificate, CertificateEntry, CertificateVerify, NewSessionTicket


@lru_cache(maxsize=16)
def hellos(group: NamedGroup) -> tuple[Field, Field]:
    """The two hellos of a handshake with this group."""
    _, ours, theirs = talk(client_config(groups=[group]), server_config(groups=[group]))
    found = []
    for heard in (ours, theirs):
        raw = next(event.raw for event in heard.events if isinstance(event, MessageSent))
        found.append(dissect_handshake(raw, Context(ProtocolVersion.TLS13)))
    return found[0], found[1]


def share(hello: Field, group: NamedGroup) -> Field:
    """The share of a group in a hello."""
    for field in hello.walk():
        if field.words.startswith(str(group)) and field.name in {
            "client_shares[1]",
            "server_share",
        }:
            found = field.find("key_exchange.data")
            assert found is not None
            return found
    raise AssertionError(f"no share of {group}")


@pytest.mark.parametrize(
    ("group", "client", "server"),
    [
        (NamedGroup.x25519, ["u"], ["u"]),
        (NamedGroup.secp256r1, ["form", "x", "y"], ["form", "x", "y"]),
        (NamedGroup.X25519MLKEM768, ["t", "rho", "X25519"], ["c1", "c2", "X25519"]),
        (
            NamedGroup.SecP256r1MLKEM768,
            ["form", "x", "y", "t", "rho"],
            ["form", "x", "y", "c1", "c2"],
        ),
        (
            NamedGroup.SecP384r1MLKEM1024,
            ["form", "x", "y", "t", "rho"],
            ["form", "x", "y", "c1", "c2"],
        ),
    ],
    ids=lambda item: str(item) if isinstance(item, NamedGroup) else "",
)
def test_shares_fall_into_their_parts(
    group: NamedGroup, client: list[str], server: list[str]
) -> None:
    """A hybrid has two halves, in the order of RFC 10024, and each its own parts."""
    ours, theirs = hellos(group)
    assert [leaf.name for leaf in share(ours, group).leaves()] == client
    assert [leaf.name for leaf in share(theirs, group).leaves()] == server
    if group is NamedGroup.X25519MLKEM768:
        halves = [(half.name, len(half)) for half in share(theirs, group).children]
        assert halves == [("ML-KEM-768", 1088), ("X25519", 32)]


def test_the_downgrade_sentinel() -> None:
    """The last eight bytes of a server's random are a field of their own where they warn."""
    _, _, theirs = talk(client_config(), server_config())
    raw = next(event.raw for event in theirs.events if isinstance(event, MessageSent))
    assert dissect_handshake(raw).find("downgrade_sentinel") is None
    changed = raw[:30] + b"DOWNGRD\x01" + raw[38:]
    found = dissect_handshake(changed).find("downgrade_sentinel")
    assert found is not None
    assert (found.start, found.end) == (30, 38)
    assert "was made to take TLS 1.2" in found.words


@pytest.mark.parametrize(
    ("scheme", "data", "parts"),
    [
        (SignatureScheme.ed25519, bytes(64), [("R", 32), ("S", 32)]),
        (SignatureScheme.ed448, bytes(114), [("R", 57), ("S", 57)]),
        (SignatureScheme.rsa_pss_rsae_sha256, bytes(256), [("s", 256)]),
        (SignatureScheme.mldsa44, bytes(2420), [("c_tilde", 32), ("z", 2304), ("h", 84)]),
        (SignatureScheme.mldsa65, bytes(3309), [("c_tilde", 48), ("z", 3200), ("h", 61)]),
        (SignatureScheme.mldsa87, bytes(4627), [("c_tilde", 64), ("z", 4480), ("h", 83)]),
        (SignatureScheme.ed25519, bytes(63), []),
    ],
    ids=str,
)
def test_signatures_fall_into_their_parts(
    scheme: SignatureScheme, data: bytes, parts: list[tuple[str, int]]
) -> None:
    """Each scheme's own parts; what has not its length stays one leaf."""
    raw = encode(CertificateVerify(scheme, data))
    found = dissect_handshake(raw)
    assert_explains(found, raw)
    held = found.find("signature.data")
    assert held is not None
    assert [(child.name, len(child)) for child in held.children] == parts


def test_ecdsa_is_two_numbers() -> None:
    """An ECDSA signature is DER: r and s."""
    data = ec.generate_private_key(ec.SECP256R1()).sign(b"x", ec.ECDSA(hashes.SHA256()))
    raw = encode(CertificateVerify(SignatureScheme.ecdsa_secp256r1_sha256, data))
    found = dissect_handshake(raw)
    assert_explains(found, raw)
    assert found.find("r") is not None
    assert found.find("s") is not None


def test_timestamps_of_logs() -> None:
    """A signed certificate timestamp in TLS's extension: version, log, time, signature."""
    stamp = (
        bytes((0,))
        + bytes(32)
        + (1_800_000_000_000).to_bytes(8)
        + bytes((0, 0, 4, 3, 0, 2))
        + b"\x30\x00"
    )
    entry = CertificateEntry(
        server_credential().chain[0],
        Extensions.of(SignedCertificateTimestampList((stamp,))),
    )
    raw = encode(Certificate(b"", (entry,)))
    found = dissect_handshake(raw, Context(ProtocolVersion.TLS13))
    assert_explains(found, raw)
    at = found.find("timestamp")
    assert at is not None
    assert at.words == "2027-01-15 08:00:00 UTC"


def test_ech_is_read_without_being_spoken() -> None:
    """Encrypted ClientHello, as browsers send it to everybody, is no opaque bytes."""
    item = ECHClientHello(0, OuterClientHello(Hpke(1, 1), 7, bytes(32), bytes(16)))  # type: ignore[arg-type]
    ech = UnknownExtension(ExtensionType.encrypted_client_hello, write(item))
    _, ours, _ = talk(client_config(), server_config())
    hello = decode(ClientHello, next(e.raw for e in ours.events if isinstance(e, MessageSent)))
    changed = ClientHello(
        hello.legacy_version, hello.random, hello.legacy_session_id, hello.cipher_suites,
        hello.legacy_compression_methods, Extensions.of(*hello.extensions, ech),
    )  # fmt: skip
    raw = encode(changed)
    found = dissect_handshake(raw)
    assert_explains(found, raw)
    kdf = found.find("kdf_id")
    assert kdf is not None
    assert kdf.words == "HKDF_SHA256 (0x0001)"


def test_tickets_of_ours() -> None:
    """A ticket's parts for everybody; what it holds for who has the key; its secret for nobody."""
    key = TicketKey(b"k" * 16, b"K" * 32, NOW, NOW + 9000)
    ring = KeyRing([key])
    content = encode_session(session(peer_chain=(server_credential().chain[0],)))
    ticket = seal(key, content, Random())
    raw = encode(NewSessionTicket(7200, 1, b"\0", ticket, Extensions.of()))
    stranger = dissect_handshake(raw, Context(ProtocolVersion.TLS13))
    assert stranger.find("encrypted_state") is None
    ours = dissect_handshake(raw, Context(ProtocolVersion.TLS13, own_tickets=True))
    assert_explains(ours, raw)
    state = ours.find("encrypted_state")
    assert state is not None
    assert not state.children
    opened = dissect_handshake(
        raw, Context(ProtocolVersion.TLS13, open_ticket=lambda t: open_ticket(ring, t, NOW + 1))
    )
    assert_explains(opened, raw)
    name = opened.find("server_name")
    assert name is not None
    assert (name.words, name.protected_by) == ('"server.example"', "the server's ticket key")
    for field in opened.walk():
        assert b"s" * 32 not in field.raw
        assert "73737373" not in field.words
    assert opened.find("tbsCertificate") is not None


def test_randoms_of_old_servers_are_left_alone() -> None:
    """A ServerHello that only looks odd has one random."""
    hello = ServerHello(
        ProtocolVersion.TLS12,
        b"DOWNGRD\x02" * 4,
        b"",
        CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA,
        0,
        Extensions.ABSENT,
    )
    raw = encode(hello)
    found = dissect_handshake(raw)
    assert_explains(found, raw)
    assert found.find("downgrade_sentinel") is None
