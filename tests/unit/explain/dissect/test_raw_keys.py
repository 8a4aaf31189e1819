"""Raw public keys (RFC 7250) and the requests of RFC 6961: read by what they are."""

from __future__ import annotations

import pytest

from tests.support.endpoints import server_credential
from tests.support.fields import assert_explains
from tlsee.codes import CipherSuite, ExtensionType, ProtocolVersion
from tlsee.explain.dissect import Context, Field, dissect_handshake
from tlsee.explain.dissect.refining import is_key_info
from tlsee.wire import messages12, messages13
from tlsee.wire.codec import encode
from tlsee.wire.extensions import Extensions, UnknownExtension
from tlsee.wire.hellos import ClientHello

# The key info of an Ed25519 key: the algorithm's identifier and 32 bytes of BIT STRING.
KEY = bytes.fromhex("302a300506032b6570032100") + bytes(range(32))
TLS12, TLS13 = ProtocolVersion.TLS12, ProtocolVersion.TLS13


def names(field: Field) -> list[str]:
    return [one.name for one in field.walk()]


@pytest.mark.parametrize("version", [None, TLS12])
def test_a_key_in_12(version: ProtocolVersion | None) -> None:
    """It fills the message, without a list: its algorithm and its bits are fields."""
    raw = encode(messages12.RawPublicKeyCertificate(KEY))
    found = dissect_handshake(raw, Context(version))
    assert_explains(found, raw)
    assert {"subject_public_key_info.data", "subjectPublicKey"} <= set(names(found))
    assert not [one for one in found.walk() if one.problem]


@pytest.mark.parametrize("version", [None, TLS13])
def test_a_key_in_13(version: ProtocolVersion | None) -> None:
    """It stands in an entry, where a certificate would."""
    entry = messages13.CertificateEntry(KEY, Extensions.of())
    raw = encode(messages13.Certificate(b"", (entry,)))
    found = dissect_handshake(raw, Context(version))
    assert_explains(found, raw)
    assert {"cert_data.data", "SubjectPublicKeyInfo", "subjectPublicKey"} <= set(names(found))
    assert "tbsCertificate" not in names(found)
    assert not [one for one in found.walk() if one.problem]


@pytest.mark.parametrize("kind", ["ecdsa_secp256r1", "rsa2048", "ed25519"])
def test_a_certificate_is_none(kind: str) -> None:
    """A certificate stays one, in both versions."""
    der = server_credential(kind).chain[0]
    assert not is_key_info(der)
    entry = messages13.CertificateEntry(der, Extensions.of())
    for message in (messages12.Certificate((der,)), messages13.Certificate(b"", (entry,))):
        assert "tbsCertificate" in names(dissect_handshake(encode(message)))


@pytest.mark.parametrize(
    "data",
    [b"", b"\x30", b"\x30\x00", KEY[:-1], KEY + b"\0", KEY[2:], b"\x31" + KEY[1:]],
)
def test_no_key(data: bytes) -> None:
    """Less, more, or something else is no key."""
    assert is_key_info(KEY)
    assert not is_key_info(data)


def test_requests_of_rfc_6961() -> None:
    """Both kinds of OCSP ask in the same struct; of another kind the request stays bytes."""
    item = "{:02x}000400000000"
    items = bytes.fromhex("".join(item.format(kind) for kind in (1, 2, 9)))
    data = len(items).to_bytes(2) + items
    extensions = Extensions.of(UnknownExtension(ExtensionType.status_request_v2, data))
    hello = ClientHello(TLS12, bytes(32), b"", (CipherSuite.of(0x1301),), (0,), extensions)
    raw = encode(hello)
    found = dissect_handshake(raw)
    assert_explains(found, raw)
    kinds = [one.words for one in found.walk() if one.name == "status_type"]
    assert kinds == ["ocsp (1)", "ocsp_multi (2)", "unknown (9)"]
    assert names(found).count("OCSPStatusRequest") == 2
