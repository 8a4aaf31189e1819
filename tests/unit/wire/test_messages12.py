"""TLS 1.2's messages: their bytes, the bounds of their declarations, and the two-step ones."""

from __future__ import annotations

import pytest

from tlsee.codes import CertificateStatusType, HandshakeType, NamedGroup, SignatureScheme
from tlsee.codes12 import (
    ClientCertificateType,
    ECCurveType,
    KeyExchangeAlgorithm,
    MaxFragmentLength,
)
from tlsee.errors import PeerMisbehaved
from tlsee.wire.codec import Message, decode, encode, read, write
from tlsee.wire.extensions import MaxFragmentLengthNegotiation, OCSPResponse
from tlsee.wire.messages12 import (
    CONTENTS,
    MESSAGES,
    Certificate,
    CertificateRequest,
    CertificateStatus,
    CertificateVerify,
    ClientDiffieHellmanPublic,
    ClientECDiffieHellmanPublic,
    ClientKeyExchange,
    DigitallySigned,
    EncryptedPreMasterSecret,
    Finished,
    HelloRequest,
    NewSessionTicket,
    ServerDHParams,
    ServerECDHParams,
    ServerHelloDone,
    ServerKeyExchange,
    SignedDHParams,
    SignedECDHParams,
)

SIGNED = DigitallySigned(SignatureScheme.ecdsa_secp256r1_sha256, b"sig")
ECDH = SignedECDHParams(
    ServerECDHParams(ECCurveType.named_curve, NamedGroup.x25519, b"key"), SIGNED
)
DH = SignedDHParams(ServerDHParams(b"\x17", b"\x05", b"\x08"), SIGNED)


@pytest.mark.parametrize(
    ("message", "raw"),
    [
        (HelloRequest(), "00 000000"),
        (Certificate(()), "0b 000003 000000"),
        (Certificate((b"\x30", b"ab")), "0b 00000c 000009 000001 30 000002 6162"),
        (
            CertificateStatus(CertificateStatusType.ocsp, OCSPResponse(b"der")),
            "16 000007 01 000003 646572",
        ),
        (ServerKeyExchange(b"any"), "0c 000003 616e79"),
        (ServerKeyExchange(write(ECDH)), "0c 00000e 03 001d 03 6b6579 0403 0003 736967"),
        (ServerKeyExchange(write(DH)), "0c 000010 0001 17 0001 05 0001 08 0403 0003 736967"),
        (
            CertificateRequest(
                (ClientCertificateType.rsa_sign, ClientCertificateType.ecdsa_sign),
                (SignatureScheme.rsa_pkcs1_sha256,),
                (b"dn",),
            ),
            "0d 00000d 02 01 40 0002 0401 0004 0002 646e",
        ),
        (ServerHelloDone(), "0e 000000"),
        (ClientKeyExchange(write(ClientECDiffieHellmanPublic(b"key"))), "10 000004 03 6b6579"),
        (ClientKeyExchange(write(ClientDiffieHellmanPublic(b"key"))), "10 000005 0003 6b6579"),
        (ClientKeyExchange(write(EncryptedPreMasterSecret(b""))), "10 000002 0000"),
        (CertificateVerify(SignatureScheme.ed25519, b"sig"), "0f 000007 0807 0003 736967"),
        (NewSessionTicket(300, b"T"), "04 000007 0000012c 0001 54"),
        (Finished(b"verify_data."), "14 00000c 7665726966795f646174612e"),
    ],
)
def test_the_bytes(message: Message, raw: str) -> None:
    """Each message as its RFC lays it out, typed by hand."""
    expected = bytes.fromhex(raw)
    assert encode(message) == expected
    assert decode(type(message), expected) == message


def test_every_message_is_in_the_table() -> None:
    """The table has RFC 5246's messages, and each class under the number that it is sent with."""
    names = """hello_request client_hello server_hello new_session_ticket certificate
    server_key_exchange certificate_request server_hello_done certificate_verify
    client_key_exchange finished certificate_status"""
    assert {kind.name for kind in MESSAGES} == set(names.split())
    assert all(cls.msg_type == kind for kind, cls in MESSAGES.items())


@pytest.mark.parametrize(
    ("kind", "raw", "name"),
    [
        (HandshakeType.hello_request, "00", "trailing_bytes"),
        (HandshakeType.certificate, "000003 000000", "malformed"),  # an empty certificate
        (HandshakeType.server_hello_done, "00", "trailing_bytes"),
        (HandshakeType.certificate_request, "00 0002 0401 0000", "malformed"),  # no type
        (HandshakeType.certificate_request, "01 01 0000 0000", "malformed"),  # no scheme
        (HandshakeType.certificate_request, "01 01 0003 040105 0000", "malformed"),  # half a one
        (HandshakeType.certificate_request, "01 01 0002 0401 0002 0000", "malformed"),  # empty name
        (HandshakeType.finished, "00" * 11, "malformed"),
        (HandshakeType.finished, "00" * 13, "trailing_bytes"),
        (HandshakeType.certificate_status, "01 000000", "malformed"),
    ],
)
def test_what_a_message_must_not_be(kind: HandshakeType, raw: str, name: str) -> None:
    """Bodies that break a bound of the RFC's declaration."""
    with pytest.raises(PeerMisbehaved) as caught:
        read(MESSAGES[kind], bytes.fromhex(raw))
    assert caught.value.name == name


@pytest.mark.parametrize("found", [ECDH, DH], ids=["ecdhe", "dhe"])
def test_the_signed_bytes_are_those_that_came(found: SignedECDHParams | SignedDHParams) -> None:
    """What is signed is everything before the signature, also where that is empty."""
    for signature in (b"", b"s", b"s" * 512):
        signed = type(found)(found.params, DigitallySigned(SIGNED.algorithm, signature))  # type: ignore[arg-type]
        message = ServerKeyExchange(write(signed))
        again = message.ecdh() if isinstance(found, SignedECDHParams) else message.dh()
        assert again == signed
        assert message.params(again) == write(found.params)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("01 0001 17", "illegal_value"),  # explicit_prime
        ("02 0001 17", "illegal_value"),  # explicit_char2
        ("00 001d 01 6b 0403 0000", "illegal_value"),
        ("03 001d 00 0403 0000", "malformed"),  # an empty point
        ("03 001d 01 6b 0403 0000 00", "trailing_bytes"),
        ("03 001d 01 6b", "malformed"),  # not signed
        ("", "malformed"),
    ],
)
def test_parameters_of_ecdhe_that_are_none(raw: str, name: str) -> None:
    """RFC 8422, 5.4: a named curve and nothing else, a point, a signature, the end."""
    with pytest.raises(PeerMisbehaved) as caught:
        ServerKeyExchange(bytes.fromhex(raw)).ecdh()
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("0000 0001 05 0001 08 0403 0000", "malformed"),
        ("0001 17 0000 0001 08 0403 0000", "malformed"),
        ("0001 17 0001 05 0000 0403 0000", "malformed"),
        ("0001 17 0001 05 0001 08 0403 0000 00", "trailing_bytes"),
        ("0001 17 0001 05 0001 08", "malformed"),
    ],
)
def test_parameters_of_dhe_that_are_none(raw: str, name: str) -> None:
    """RFC 5246, 7.4.3: no integer is empty."""
    with pytest.raises(PeerMisbehaved) as caught:
        ServerKeyExchange(bytes.fromhex(raw)).dh()
    assert caught.value.name == name


def test_the_clients_content() -> None:
    """One message, three readings; each refuses an empty key and bytes behind it."""
    assert ClientKeyExchange(b"\x01k").ecdh().ecdh_Yc == b"k"
    assert ClientKeyExchange(b"\0\x01k").dh().dh_Yc == b"k"
    assert ClientKeyExchange(b"\0\x01k").rsa().pre_master_secret == b"k"
    assert ClientKeyExchange(b"\0\0").rsa().pre_master_secret == b""
    wrong = ClientKeyExchange(b"\x00\x01kk")
    for reading in (wrong.ecdh, wrong.dh, wrong.rsa):
        with pytest.raises(PeerMisbehaved):
            reading()
    with pytest.raises(PeerMisbehaved, match="ClientDiffieHellmanPublic"):
        ClientKeyExchange(b"\0\0").dh()
    with pytest.raises(PeerMisbehaved, match="ClientECDiffieHellmanPublic"):
        ClientKeyExchange(b"\0").ecdh()


def test_contents_are_told_by_the_key_exchange() -> None:
    """Each key exchange has its client's message; RSA alone has none of the server's."""
    server = CONTENTS[HandshakeType.server_key_exchange]
    client = CONTENTS[HandshakeType.client_key_exchange]
    assert set(client) == set(KeyExchangeAlgorithm)
    assert set(client) - set(server) == {KeyExchangeAlgorithm.rsa}


def test_fragment_lengths() -> None:
    """RFC 6066, 4: four lengths, and an answer of any other number is illegal."""
    lengths = [member.length for member in MaxFragmentLength.members()]
    assert lengths == [512, 1024, 2048, 4096]
    for number in (0, 5, 255):
        with pytest.raises(PeerMisbehaved) as caught:
            read(MaxFragmentLengthNegotiation, bytes([number]))
        assert caught.value.name == "illegal_value"
