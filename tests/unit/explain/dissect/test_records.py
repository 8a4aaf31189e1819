"""Records of whole connections, in every way they are protected."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import client_config, client_credential, server_config, trust
from tests.support.fields import assert_explains
from tests.support.recorded import seen, talk
from tlsee import policies
from tlsee.codes import CipherSuite, ContentType, NamedGroup, ProtocolVersion
from tlsee.explain.dissect import (
    Context,
    Dissection,
    Opened,
    Protection,
    RecordSeen,
    dissect_connection,
    dissect_records,
    split,
)

SUITE = CipherSuite


def dissected(client: Any, server: Any, data: bytes = b"hello") -> tuple[Dissection, Dissection]:
    """Both directions of a connection, each checked byte by byte."""
    pair, ours, theirs = talk(client, server, data)
    both = (seen(pair.client, ours, data), seen(pair.server, theirs, data))
    found = dissect_connection(*both)
    for records, dissection in zip(both, found, strict=True):
        position = 0
        for record, field in zip(records, dissection.records, strict=True):
            assert field.start == position
            assert not any(one.problem for one in field.walk()), field.words
            # Where the bytes were encrypted the plaintext stands in their place.
            exact = record.protection is None
            assert_explains(field.moved(-field.start), record.raw, exact=exact)
            position = field.end
    return found


def names(found: Dissection) -> list[str]:
    return [message.name for message in found.messages]


def test_a_handshake_of_13() -> None:
    """With a client's certificate: all messages, all records, inside and outside."""
    client, server = dissected(
        client_config(credentials=[client_credential()], alpn=["h2"]),
        server_config(client_trust=trust(), client_auth="required", alpn=["h2"]),
    )
    assert names(client) == ["ClientHello", "Certificate", "CertificateVerify", "Finished"]
    assert names(server)[:3] == ["ServerHello", "EncryptedExtensions", "CertificateRequest"]
    last = client.records[-1]
    assert (last.words, last.clause) == ("alert: Alert", "RFC 9846, 5.2")
    description = last.find("description")
    assert description is not None
    assert (description.words, description.protected_by) == ("close_notify (0)", "application key")
    kinds = [leaf.name for leaf in last.leaves()]
    assert kinds == [
        "opaque_type", "legacy_record_version", "length", "level", "description", "type", "tag",
    ]  # fmt: skip


def test_padding_is_zeros() -> None:
    """What hides a length is a field, as long as it is."""
    policy = replace_policy(padding_block=256)
    client, _ = dissected(client_config(policy=policy), server_config())
    zeros = [leaf for record in client.records for leaf in record.leaves() if leaf.name == "zeros"]
    assert len(zeros) == 1
    assert zeros[0].raw == bytes(256 - len("hello"))


def replace_policy(**changes: Any) -> Any:
    from dataclasses import replace as change

    return change(policies.default, **changes)


def test_a_retry() -> None:
    """HelloRetryRequest is a message of its own with its fixed random, and two hellos follow."""
    client, server = dissected(
        client_config(groups=[NamedGroup.x25519, NamedGroup.secp384r1]),
        server_config(groups=[NamedGroup.secp384r1]),
    )
    assert names(client)[:2] == ["ClientHello", "ClientHello"]
    assert names(server)[:2] == ["HelloRetryRequest", "ServerHello"]
    random = server.messages[0].find("random")
    assert random is not None
    assert "HelloRetryRequest" in random.words
    share = server.messages[1].find("x")
    assert share is not None
    assert len(share) == 48


@pytest.mark.parametrize(
    "suite",
    [
        SUITE.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        SUITE.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        SUITE.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
        SUITE.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
    ],
    ids=str,
)
def test_a_handshake_of_12(suite: CipherSuite) -> None:
    """Nonces, IVs, MACs and padding stand where the suite's records have them."""
    versions = [ProtocolVersion.TLS12]
    client, server = dissected(
        client_config(policy=policies.legacy, versions=versions, suites=[suite]),
        server_config(policy=policies.legacy, suites=[suite]),
    )
    assert names(client) == ["ClientHello", "ClientKeyExchange", "Finished"]
    assert "ServerKeyExchange" in names(server)
    leaves = {leaf.name for leaf in client.records[-1].leaves()}
    if "CBC" in suite.name:
        assert {"IV", "MAC", "padding_length"} <= leaves
    elif "CHACHA20" in suite.name:
        assert leaves == {"type", "legacy_record_version", "length", "level", "description", "tag"}
    else:
        assert {"nonce_explicit", "tag"} <= leaves
    changes = [record for record in client.records if record.find("ChangeCipherSpec")]
    assert [record.find("ChangeCipherSpec").words for record in changes] == [  # type: ignore[union-attr]
        "change_cipher_spec (1)"
    ]


def test_the_older_order_of_mac_and_cipher() -> None:
    """Without encrypt_then_mac the MAC stands before the padding and is encrypted."""
    suite = SUITE.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
    raw = bytes((23, 3, 3, 0, 64)) + bytes(range(64))  # IV 16, content 5, MAC 20, padding 23
    protection = Protection("key", ProtocolVersion.TLS12, suite)
    opened = Opened(ContentType.application_data, b"hello", 5)
    (record,) = dissect_records([RecordSeen(raw, protection, opened)]).records
    assert_explains(record, raw, exact=False)
    assert [(leaf.name, len(leaf)) for leaf in record.leaves()][3:] == [
        ("IV", 16), ("data", 5), ("MAC", 20), ("padding", 22), ("padding_length", 1),
    ]  # fmt: skip
    mac = record.find("MAC")
    assert mac is not None
    assert mac.raw == bytes(range(21, 41))  # nobody gave its plaintext, so it is as it travelled


def test_a_message_across_records() -> None:
    """Each record shows its own bytes of the message, and the message is there as a whole."""
    _, ours, _ = talk(client_config(), server_config())
    hello = next(event.raw for event in ours.events if type(event).__name__ == "MessageSent")
    pieces = [hello[:3], hello[3:50], hello[50:]]
    records = [b"\x16\x03\x01" + len(piece).to_bytes(2) + piece for piece in pieces]
    found = dissect_records(map(RecordSeen, records))
    assert [message.name for message in found.messages] == ["ClientHello"]
    assert_explains(found.messages[0], hello)
    for raw, record in zip(records, found.records, strict=True):
        assert_explains(record.moved(-record.start), raw)
    random = found.records[1].find("random")
    assert random is not None
    assert len(random) == 32
    cut = found.records[1].find("cipher_suites") or found.records[1].find("legacy_session_id")
    assert cut is not None


def test_what_is_not_there_is_said() -> None:
    """Unreadable, redacted, cut and foreign records: a field that says so, nothing guessed."""
    suite = SUITE.TLS_AES_128_GCM_SHA256
    protection = Protection("server application key", ProtocolVersion.TLS13, suite)
    sealed = bytes((23, 3, 3, 0, 40)) + bytes(40)
    (record,) = dissect_records([RecordSeen(sealed, protection)]).records
    assert [(leaf.name, len(leaf)) for leaf in record.leaves()][3:] == [
        ("encrypted_record", 24), ("tag", 16),
    ]  # fmt: skip
    hidden = record.find("encrypted_record")
    assert hidden is not None
    assert "not readable without the server application key" in hidden.words

    opened = Opened(ContentType.application_data, None, 20)
    (record,) = dissect_records([RecordSeen(sealed, protection, opened)]).records
    content = record.find("content")
    assert content is not None
    assert content.words == "20 bytes of application_data, left out of this recording"
    wrong = Opened(ContentType.application_data, bytes(200), 200)
    (record,) = dissect_records([RecordSeen(sealed, protection, wrong)]).records
    assert_explains(record, sealed)

    (record,) = dissect_records([RecordSeen(sealed[:5], protection, opened, left_out=True)]).records
    assert (record.start, record.end) == (0, 45)
    assert "left out" in list(record.leaves())[-1].words

    (record,) = dissect_records([RecordSeen(sealed[:30], protection, opened)]).records
    assert "40 bytes announced, 25 here" in record.problem
    (record,) = dissect_records([RecordSeen(b"HTTP/1.1 400 Bad Request")]).records
    assert record.problem == "no record of TLS"


def test_a_stream_is_cut_at_headers() -> None:
    """Whole records, and what is left over."""
    alert = b"\x15\x03\x03\x00\x02\x02\x28"
    assert split(alert + alert + alert[:4]) == (alert, alert, alert[:4])
    assert split(alert + b"GET / HTTP/1.1") == (alert, b"GET / HTTP/1.1")
    found = dissect_records(map(RecordSeen, split(alert)))
    description = found.records[0].find("description")
    assert description is not None
    assert description.words == "handshake_failure (40)"


def test_an_unfinished_message_is_read_as_far_as_it_goes() -> None:
    """The connection ended in the middle of a hello: its first fields are there."""
    raw = b"\x16\x03\x01\x00\x2c\x01\x00\x00\x60\x03\x03" + bytes(32) + b"\x00\x00\x08\x13\x01\x13"
    found = dissect_records([RecordSeen(raw)], Context())
    assert_explains(found.records[0], raw)
    (hello,) = found.messages
    assert hello.problem
    suite = hello.find("cipher_suites[0]")
    assert suite is not None
    assert suite.words == "TLS_AES_128_GCM_SHA256 (0x1301)"
