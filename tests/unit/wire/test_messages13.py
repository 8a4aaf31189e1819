"""The messages after the hellos: their bytes, and the bounds that their declarations give."""

from __future__ import annotations

import pytest

from tlsee.codes import HandshakeType, KeyUpdateRequest, SignatureScheme
from tlsee.errors import PeerMisbehaved
from tlsee.wire.codec import Message, decode, encode, read, write
from tlsee.wire.extensions import (
    CertificateStatus,
    EarlyDataTicket,
    Extensions,
    OCSPResponse,
    SignatureAlgorithms,
)
from tlsee.wire.messages13 import (
    MESSAGES,
    Certificate,
    CertificateEntry,
    CertificateRequest,
    CertificateVerify,
    EncryptedExtensions,
    EndOfEarlyData,
    Finished,
    KeyUpdate,
    NewSessionTicket,
)

NONE = Extensions.of()
TICKET = NewSessionTicket(30, 0xFAD6AAC5, b"\0\0", b"T", Extensions.of(EarlyDataTicket(1024)))


@pytest.mark.parametrize(
    ("message", "raw"),
    [
        (EncryptedExtensions(NONE), "08 000002 0000"),
        (
            CertificateRequest(
                b"\xcc", Extensions.of(SignatureAlgorithms((SignatureScheme.ed25519,)))
            ),
            "0d 00000c 01cc 0008 000d 0004 0002 0807",
        ),
        (Certificate(b"", ()), "0b 000004 00 000000"),
        (
            Certificate(b"\xcc", (CertificateEntry(b"\x30", NONE), CertificateEntry(b"ab", NONE))),
            "0b 000012 01cc 00000d 000001 30 0000 000002 6162 0000",
        ),
        (CertificateVerify(SignatureScheme.ed25519, b"sig"), "0f 000007 0807 0003 736967"),
        (Finished(b"\xab\xcd"), "14 000002 abcd"),
        (EndOfEarlyData(), "05 000000"),
        (KeyUpdate(KeyUpdateRequest.update_requested), "18 000001 01"),
        (TICKET, "04 000018 0000001e fad6aac5 02 0000 0001 54 0008 002a 0004 00000400"),
    ],
)
def test_the_bytes(message: Message, raw: str) -> None:
    """Each message as RFC 9846 lays it out, typed by hand."""
    expected = bytes.fromhex(raw)
    assert encode(message) == expected
    assert decode(type(message), expected) == message


def test_messages_by_type() -> None:
    """MESSAGES finds each by what it says of itself."""
    assert len(MESSAGES) == 11
    assert all(cls.msg_type is kind for kind, cls in MESSAGES.items())
    assert MESSAGES[HandshakeType.certificate] is Certificate


def test_an_empty_certificate_is_no_entry() -> None:
    """cert_data has at least one byte; an empty list is how nothing is sent."""
    with pytest.raises(PeerMisbehaved, match=r"CertificateEntry\.cert_data: a length of 0"):
        read(Certificate, bytes.fromhex("00 000005 000000 0000"))


def test_a_stapled_response() -> None:
    """status_request of an entry is a CertificateStatus with a 24-bit length."""
    status = CertificateStatus(read(KeyUpdate, b"\1").request_update, OCSPResponse(b"r"))  # type: ignore[arg-type]
    data = write(CertificateEntry(b"c", Extensions.of(status)))
    assert data == bytes.fromhex("000001 63 0009 0005 0005 01 000001 72")
    found = read(CertificateEntry, data).extensions.require(CertificateStatus)
    assert found.response == OCSPResponse(b"r")


def test_a_ticket_has_content() -> None:
    """RFC 9846, 4.7.1: ticket<1..>."""
    with pytest.raises(PeerMisbehaved, match=r"NewSessionTicket\.ticket: a length of 0"):
        read(NewSessionTicket, bytes.fromhex("00000000 00000000 00 0000 0000"))
