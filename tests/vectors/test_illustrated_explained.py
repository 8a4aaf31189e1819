"""Illustrated pages are the standard to beat: what they explain of a session, ours explains too.

The two published sessions are read from their captures with their key logs, as anybody's would be,
and those of RFC 8448 from an endpoint's recording. The tables below are what a page that explains
TLS byte by byte has a sentence about: each is a field of ours, with its value in words, what it is
for, its clause and its key; or a value of the key schedule, which can be computed again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from tests.support.fields import assert_explains
from tests.support.keytrees import executed, graph_of
from tests.support.replays import _entries, replayed
from tests.support.traces import SECTIONS
from tests.vectors import test_illustrated12 as illustrated12
from tests.vectors import test_keytree as keytree
from tests.vectors.test_dissection import session
from tlsee.codes import NamedGroup
from tlsee.crypto.entries import Entry
from tlsee.explain.account.account import Account
from tlsee.explain.capture import read_capture
from tlsee.explain.dissect import Field
from tlsee.explain.keytree import KeyGraph
from tlsee.trace import Role, SecretDerived

Rows = dict[str, dict[str, str]]

CERTIFICATE = {
    "version.value.value": "v3 (2)",
    "serialNumber.value": "1,538,703,497,682,522,000",
    "signature/algorithm.value": "sha256WithRSAEncryption",
    "issuer/relativeDistinguishedName[1]": 'organizationName: "Example CA"',
    "notBefore": "2018-10-05 01:38:17 UTC",
    "notAfter": "2019-10-05 01:38:17 UTC",
    "subject/relativeDistinguishedName[1]/value.value": '"example.ulfheim.net"',
    "subjectPublicKeyInfo/algorithm": "rsaEncryption",
    "modulus.value": "2,048 bits",
    "publicExponent.value": "65,537",
    "keyUsage/critical.value": "TRUE",
    "keyUsage/extnValue.value.value": "digitalSignature, keyEncipherment",
    "extKeyUsage/keyPurposeId[0]": "id-kp-clientAuth",
    "extKeyUsage/keyPurposeId[1]": "id-kp-serverAuth",
    "authorityKeyIdentifier/keyIdentifier.value": "20 bytes",
    "signatureAlgorithm/algorithm.value": "sha256WithRSAEncryption",
    "signatureValue/s": "a number of 2,048 bits",
}

# By the message, or the number of the record: the field, and what its words have in them.
EXPLAINED13: Rows = {
    "1 ClientHello": {
        "msg_type": "client_hello (1)",
        "length": "244 bytes",
        "legacy_version": "TLS 1.2",
        "random": "00010203",
        "legacy_session_id.length": "32 bytes",
        "legacy_session_id.data": "e0e1e2e3",
        "cipher_suites.length": "8 bytes",
        "cipher_suites[0]": "TLS_AES_256_GCM_SHA384",
        "cipher_suites[3]": "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
        "legacy_compression_methods[0]": "null (0)",
        "extensions.length": "163 bytes",
        "server_name/extension_type": "server_name (0)",
        "server_name/extension_data.length": "24 bytes",
        "server_name/server_name_list.length": "22 bytes",
        "server_name/name_type": "host_name (0)",
        "server_name/name.length": "19 bytes",
        "server_name/name.data": '"example.ulfheim.net"',
        "ec_point_formats/ec_point_format_list[0]": "uncompressed (0)",
        "supported_groups/named_group_list[0]": "x25519 (0x001d)",
        "session_ticket/extension_data.length": "0 bytes",
        "encrypt_then_mac/extension_type": "encrypt_then_mac (22)",
        "extended_main_secret/extension_type": "extended_main_secret (23)",
        "signature_algorithms/supported_signature_algorithms[8]": "rsa_pss_rsae_sha256",
        "supported_versions/versions[0]": "TLS 1.3",
        "psk_key_exchange_modes/ke_modes[0]": "psk_dhe_ke (1)",
        "key_share/group": "x25519",
        "key_share/key_exchange.length": "32 bytes",
        "key_share/u": "358072d6",
    },
    "2 ServerHello": {
        "legacy_version": "TLS 1.2",
        "random": "70717273",
        "legacy_session_id_echo.data": "e0e1e2e3",
        "cipher_suite": "TLS_AES_256_GCM_SHA384",
        "legacy_compression_method": "null (0)",
        "supported_versions/selected_version": "TLS 1.3",
        "key_share/group": "x25519",
        "key_share/u": "9fd7ad6d",
    },
    "3 EncryptedExtensions": {"msg_type": "encrypted_extensions (8)", "extensions": "none"},
    "4 Certificate": {
        "certificate_request_context": "empty",
        "certificate_list.length": "810 bytes",
        "cert_data.length": "805 bytes",
        **CERTIFICATE,
        "certificate_list[0]/extensions.length": "",
    },
    "5 CertificateVerify": {
        "algorithm": "rsa_pss_rsae_sha256 (0x0804)",
        "signature.length": "256 bytes",
        "signature.data": "5cbb24c0",
    },
    "6 Finished": {"verify_data": "48 bytes"},
    "7 Finished": {"verify_data": "48 bytes"},
    "9 NewSessionTicket": {
        "ticket_lifetime": "7,200 s, 2 hours",
        "ticket_age_add": "0x00000000",
        "ticket_nonce.data": "0000000000000000",
        "ticket.length": "192 bytes",
        "ticket.data": "192 bytes",
        "extensions.length": "0 bytes",
    },
    "10 NewSessionTicket": {"ticket_nonce.data": "0000000000000001"},
    "record ClientHello": {
        "type": "handshake (22)",
        "legacy_record_version": "TLS 1.0",
        "length": "248 bytes",
    },
    "record ChangeCipherSpec": {"ChangeCipherSpec": "change_cipher_spec (1)"},
    "record EncryptedExtensions": {
        "opaque_type": "application_data (23)",
        "legacy_record_version": "TLS 1.2",
        "length": "23 bytes",
        "type": "handshake (22)",
        "tag": "16 bytes",
    },
    'record data "ping"': {"data": "70696e67", "type": "application_data (23)", "tag": "16 bytes"},
    'record data "pong"': {"data": "706f6e67", "type": "application_data (23)", "tag": "16 bytes"},
}
EXPLAINED12: Rows = {
    "1 ClientHello": {
        "length": "161 bytes",
        "legacy_version": "TLS 1.2",
        "random": "00010203",
        "legacy_session_id": "empty",
        "cipher_suites.length": "32 bytes",
        "cipher_suites[0]": "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        "cipher_suites[15]": "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "legacy_compression_methods[0]": "null (0)",
        "server_name/name.data": '"example.ulfheim.net"',
        "status_request/status_type": "ocsp (1)",
        "supported_groups/named_group_list[0]": "x25519",
        "ec_point_formats/ec_point_format_list[0]": "uncompressed (0)",
        "signature_algorithms/supported_signature_algorithms[0]": "rsa_pkcs1_sha256",
        "renegotiation_info/renegotiated_connection": "empty",
        "signed_certificate_timestamp/extension_data.length": "0 bytes",
    },
    "2 ServerHello": {
        "random": "70717273",
        "cipher_suite": "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA (0xc013)",
        "legacy_session_id_echo": "empty",
        "legacy_compression_method": "null (0)",
        "renegotiation_info/renegotiated_connection": "empty",
    },
    "3 Certificate": {
        "certificate_list.length": "808 bytes",
        "certificate_list[0].length": "805 bytes",
        **CERTIFICATE,
    },
    "4 ServerKeyExchange": {
        "curve_type": "named_curve (3)",
        "named_curve": "x25519 (0x001d)",
        "public.length": "32 bytes",
        "u": "9fd7ad6d",
        "algorithm": "rsa_pkcs1_sha256 (0x0401)",
        "signature.length": "256 bytes",
        "signature.data": "0402b661",
    },
    "5 ServerHelloDone": {"msg_type": "server_hello_done (14)", "length": "0 bytes"},
    "6 ClientKeyExchange": {"ecdh_Yc.length": "32 bytes", "u": "358072d6"},
    "8 Finished": {"verify_data": "cf919626..6aaad73a"},
    "10 Finished": {"verify_data": "844d3c10..f92f0c7e"},
    "record ClientHello": {
        "type": "handshake (22)",
        "legacy_record_version": "TLS 1.0",
        "length": "165 bytes",
    },
    "record ChangeCipherSpec": {"ChangeCipherSpec": "change_cipher_spec (1)"},
    "record Finished": {
        "IV": "40414243",
        "MAC": "20 bytes, encrypted",
        "padding": "11 bytes of 11",
        "padding_length": "11",
    },
    'record data "ping"': {"IV": "16 bytes", "data": "70696e67", "MAC": "20 bytes"},
    'record data "pong"': {"IV": "16 bytes", "data": "706f6e67", "MAC": "20 bytes"},
    "record Alert": {"level": "warning (1)", "description": "close_notify (0)", "MAC": "20 bytes"},
}
SESSIONS = {"illustrated-tls13": EXPLAINED13, "illustrated-tls12": EXPLAINED12}

# What the pages compute, in the order in which they do; the names are the RFCs'.
SCHEDULE13 = (
    *("client x25519 private key", "shared secret", "early secret"),
    *("derived secret (early secret)", "handshake secret"),
    *("client_handshake_traffic_secret", "server_handshake_traffic_secret"),
    *("client_write_key (handshake)", "client_write_iv (handshake)"),
    *("server_write_key (handshake)", "server_write_iv (handshake)"),
    *("server finished_key (handshake)", "server verify_data"),
    *("client finished_key (handshake)", "client verify_data"),
    *("derived secret (handshake secret)", "main secret"),
    *("client_application_traffic_secret_0", "server_application_traffic_secret_0"),
    *("client_write_key (application 0)", "client_write_iv (application 0)"),
    *("server_write_key (application 0)", "server_write_iv (application 0)"),
)
SCHEDULE12 = (
    *("client x25519 private key", "premaster secret", "main secret", "key_block"),
    *("client_write_MAC_key", "server_write_MAC_key", "client_write_key", "server_write_key"),
    *("client verify_data", "server verify_data"),
)

# Leaves of more than eight bytes may stay bytes where the RFC gives them no structure, or where
# they are encrypted, digests, numbers of a curve, or another party's own business.
NO_STRUCTURE = {
    *("random", "legacy_session_id.data", "legacy_session_id_echo.data", "cookie.data"),
    *("u", "x", "y", "verify_data", "binders[].data", "keyIdentifier.value"),
    *("ticket.data", "identity.data"),  # of other implementations
    *("key_name", "salt", "encrypted_state"),  # of ours
    *("IV", "MAC", "tag", "padding", "data"),
}


@lru_cache(maxsize=2)
def account(name: str) -> Account:
    """The one connection of a published session."""
    directory = session(name)
    found = read_capture(directory / "capture.pcap", directory / "keylog.txt")
    (only,) = found.connections
    return Account.of(only.recording)


def named(told: Account) -> dict[str, Field]:
    """Messages by their number and title, and the first record of each kind by what is in it."""
    found = {f"{s.step.number} {s.title}": s.field for s in told.steps if s.field is not None}
    for record in told.record_fields:
        inside = [child for child in record.children if child.children or child.name == "data"]
        for child in inside:
            text = f' "{child.raw.decode("latin-1")}"' if child.name == "data" else ""
            found.setdefault(f"record {child.name}{text}", record)
    return found


def at(field: Field, way: str) -> Field:
    """What a way of names leads to."""
    for name in way.split("/"):
        inside = field.find(name)
        assert inside is not None, f"{way}: no {name} in {field.name}"
        field = inside
    return field


@pytest.mark.parametrize("name", SESSIONS)
def test_what_the_pages_explain(name: str) -> None:
    """Each thing is a field with these words, which is about something and has a clause."""
    found = named(account(name))
    for title, rows in SESSIONS[name].items():
        assert title in found, sorted(found)
        for way, words in rows.items():
            field = at(found[title], way)
            assert words in field.words, (title, way, field.words)
            assert field.about, (title, way)
            assert re.match(r"(RFC|X\.|SEC|FIPS)", field.clause), (title, way, field.clause)


@pytest.mark.parametrize("name", SESSIONS)
def test_the_keys_around(name: str) -> None:
    """What was encrypted names its key, in records and messages; what was not has none."""
    told = account(name)
    for step in told.steps:
        if step.field is not None:
            keys = {leaf.protected_by for leaf in step.field.leaves()}
            assert keys == {step.key}
    encrypted = [field for field in told.record_fields if field.name == "TLSCiphertext"]
    assert len(encrypted) == {"illustrated-tls13": 9, "illustrated-tls12": 5}[name]
    for field in encrypted:
        assert {child.protected_by for child in field.children[3:]} - {None}


def everything() -> Iterator[tuple[str, Account]]:
    """The published sessions, and RFC 8448's at both ends."""
    for name in SESSIONS:
        yield name, account(name)
    for section in SECTIONS:
        for role in Role:
            run = replayed(section, role)
            items: list[Any] = [*_entries(run.trace, role), *run.told]
            yield f"{section} {role.value}", Account.of(keytree.recording_of(items))


def test_every_byte_of_all_of_them() -> None:
    """Each byte in a named field; none unreadable; none left as bytes that has a structure."""
    left: set[str] = set()
    for name, told in everything():
        assert told.steps, name
        for field in told.record_fields:
            assert not [one for one in field.walk() if one.problem], name
            whole = field.moved(-field.start)
            assert_explains(whole, whole.raw, exact=field.name == "TLSPlaintext")
        for leaf in (leaf for field in told.record_fields for leaf in field.leaves()):
            if len(leaf) > 8 and re.match(r"[\d,]+ bytes", leaf.words):
                left.add(re.sub(r"\[\d+\]", "[]", leaf.name))
    assert left <= NO_STRUCTURE


def in_order(graph: KeyGraph, names: tuple[str, ...]) -> None:
    """These stand in the graph in this order, and each can be computed again from what is shown."""
    places = [node.name for node in graph.nodes]
    assert [name for name in places if name in names] == list(names)
    for name in names:
        node = graph.node(name)
        assert node is not None
        assert node.output is not None
        assert node.about, name
        assert node.clause, name
        assert executed(graph, node) == node.output


def test_the_schedule_of_13() -> None:
    """From a private key to the keys of the records, each step that the page has."""
    entry = Entry.key_share(NamedGroup.x25519, keytree.CLIENT_KEY)
    graph = graph_of(keytree.recording_of([entry, *keytree.told13(Role.CLIENT)]))
    in_order(graph, SCHEDULE13)


def test_the_schedule_of_12() -> None:
    """The same with 1.2's PRF: from the premaster secret to the key block and its pieces."""
    entry = Entry.key_share(NamedGroup.x25519, keytree.CLIENT_KEY)
    random, main = illustrated12.main_secret()
    told = [entry, *keytree.told12(), SecretDerived("CLIENT_RANDOM", random, main.secret)]
    in_order(graph_of(keytree.recording_of(told)), SCHEDULE12)
