"""The dictionary is complete, and every entry is short, plain and leads somewhere."""

from __future__ import annotations

import re

import pytest

from tests.support.structs import every_struct
from tlsee import codes, codes12
from tlsee.codes import CipherSuite, OpenEnum
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.explain.dictionary import Entry, entries, kinds, look_up
from tlsee.explain.dictionary.errors import ALSO
from tlsee.explain.dictionary.suites import compose, openssl_name
from tlsee.handshake import client12, client13, hello_client, hello_server, server12, server13
from tlsee.handshake.machine import State
from tlsee.reasons import catalogue
from tlsee.wire.codec import Message
from tlsee.wire.extensions.matrix import MATRIX
from tlsee.wire.kinds import layout_of

LONGEST = 400  # characters of one text
CLAUSE = re.compile(r"(RFC|FIPS) \d{3,5}, ([A-F]|\d+)(\.\d+)*( \([a-z]\))?")
REGISTRIES = [
    item
    for module in (codes, codes12)
    for item in vars(module).values()
    if isinstance(item, type) and issubclass(item, OpenEnum) and item is not OpenEnum
]
STATES = (client12, client13, hello_client, hello_server, server12, server13)


@pytest.mark.parametrize("registry", dict.fromkeys(REGISTRIES), ids=lambda cls: cls.__name__)
def test_every_code_has_an_entry(registry: type[OpenEnum]) -> None:
    """Each number that a registry here names is found by its name and by its number."""
    for member in registry.members():
        for word in (member.name, f"{int(member)}", f"0x{int(member):04x}"):
            found = [e for e in look_up(word).entries if type(e.code) is registry]
            assert [e.code for e in found] == [member], (word, found)


def test_every_way_to_the_premaster_secret_has_an_entry() -> None:
    """ECDHE, DHE and RSA are words as well."""
    for member in KeyExchangeAlgorithm:
        assert look_up(member.value).entries


def test_every_reason_message_extension_state_and_field_has_an_entry() -> None:
    """What this stack can say or show is in the dictionary."""
    wanted = {row.name: "reason" for row in catalogue()}
    for cls in every_struct():
        if issubclass(cls, Message):
            wanted[cls.__name__] = "message"
        for field, _ in layout_of(cls):
            assert look_up(field).entries, f"{cls.__name__}.{field}"
    wanted |= {kind.name: "extension" for kind in MATRIX}
    for module in STATES:
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, State) and item.rfc:
                wanted[item.__name__] = "state"
    for name, kind in wanted.items():
        assert kind in {entry.kind for entry in look_up(name).entries}, name


@pytest.mark.parametrize("kind", kinds())
def test_entries_are_short_plain_and_whole(kind: str) -> None:
    """ASCII, a sentence or a few, a clause, and a name that finds the entry."""
    for entry in entries():
        if entry.kind != kind:
            continue
        assert entry.what, entry.name
        assert CLAUSE.fullmatch(entry.clause), (entry.name, entry.clause)
        for text in (entry.what, entry.means, entry.do, entry.security):
            assert text.isascii(), text
            assert len(text) <= LONGEST, (entry.name, len(text))
            assert not text or text[-1] in ".?", (entry.name, text)
            assert "  " not in text, text
        assert entry in look_up(entry.name).entries
        for name in entry.also:
            assert entry in look_up(name).entries, name


def test_every_reference_leads_somewhere() -> None:
    """Every name to see as well is an entry, and not only the entry itself."""
    for entry in entries():
        for name in entry.see:
            found = look_up(name).entries
            assert found, (entry.name, name)
            assert entry.kind == "reason" or found != (entry,), (entry.name, name)


def test_errors_of_others_belong_to_reasons() -> None:
    """A name that the catalogue does not have would never be found."""
    assert set(ALSO) <= {row.name for row in catalogue()}


def test_alerts_say_what_to_do() -> None:
    """An alert is looked up by somebody who has a problem."""
    for entry in entries():
        if entry.kind == "alert":
            assert entry.do, entry.name
            assert entry.means, entry.name
            assert entry.sender, entry.name


def names(word: str) -> list[str]:
    return [entry.name for entry in look_up(word).entries]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("master secret", "main secret"),
        ("CLIENT_RANDOM", "main secret"),
        ("pre-master secret", "premaster secret"),
        ("DHE_EXPORT", "export cipher"),
        ("sni", "server_name"),
        ("ALPN", "application_layer_protocol_negotiation"),
        ("perfect forward secrecy", "forward secrecy"),
        ("mutual TLS", "mTLS"),
        ("external PSK", "PSK"),
        ("0RTT", "0-RTT"),
        ("extended_master_secret", "extended_main_secret"),
        ("ESNI", "encrypted_client_hello"),
        ("HRR", "HelloRetryRequest"),
        ("P-256", "secp256r1"),
        ("prime256v1", "secp256r1"),
        ("Kyber", "X25519MLKEM768"),
        ("4588", "X25519MLKEM768"),
        ("0x11EC", "X25519MLKEM768"),
        ("alert 48", "unknown_ca"),
        ("48 alert", "unknown_ca"),
        ("extension 16", "application_layer_protocol_negotiation"),
        ("group 0x001d", "x25519"),
        ("sslv3 alert handshake failure", "handshake_failure"),
        ("tlsv13 alert certificate required", "certificate_required"),
        ("SSL alert number 40", "handshake_failure"),
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        ("TLS_RSA_WITH_RC4_128_SHA", "TLS_RSA_WITH_RC4_128_SHA"),
        ("certificate", "Certificate"),
        ("WAIT_SH", "WaitServerHello"),
        ("SSLv3", "SSL 3.0"),
        ("root CA", "trust anchor"),
        ("TLSv1.2", "TLS 1.2"),
        ("1.3", "TLS 1.3"),
        ("wrong version number", "not_tls"),
        ("unable to get local issuer certificate", "unknown_ca"),
        ("certificate verify failed", "certificate verification"),
        ("ERR_SSL_VERSION_OR_CIPHER_MISMATCH", "no_common_suite"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED]", "certificate verification"),
    ],
)
def test_what_people_type(word: str, name: str) -> None:
    """Older words, libraries' names and messages, numbers in either base."""
    assert names(word)[0] == name


def test_two_of_one_number_are_both_told() -> None:
    """48 is an alert and an extension; the alert is what people look for."""
    assert names("48") == ["unknown_ca", "oid_filters"]


def test_a_slip_of_the_finger_is_forgiven() -> None:
    """What is not found leads to suggestions, and nonsense to none."""
    assert look_up("certifcate").suggestions[0] == "Certificate"
    assert "bad_record_mac" in look_up("bad_record_mca").suggestions
    assert look_up("record_mac").suggestions[0] == "bad_record_mac"
    assert look_up("qqqqqqqq").suggestions == ()
    assert look_up("").entries == ()
    assert look_up("x" * 100_000).entries == ()


def test_a_kind_in_the_plural_lists() -> None:
    """All alerts, and nothing else."""
    found = look_up("alerts").entries
    assert {entry.kind for entry in found} == {"alert"}
    assert len(found) == len(codes.AlertDescription.members())
    assert {entry.kind for entry in look_up("cipher suites").entries} == {"cipher suite"}


def test_suites_are_composed_of_their_parts() -> None:
    """Key exchange, authentication, cipher, hash and policy come out of the name."""
    entry = compose("TLS_RSA_WITH_AES_256_CBC_SHA", CipherSuite.TLS_RSA_WITH_AES_256_CBC_SHA)
    assert entry is not None
    assert "premaster secret is encrypted" in entry.what
    assert "AES-256 in CBC" in entry.what
    assert "legacy policy" in entry.security
    assert "encrypt_then_mac" in entry.security
    assert compose("TLS_FOO_WITH_BAR") is None
    assert openssl_name("TLS_RSA_WITH_AES_128_CBC_SHA") == "AES128-SHA"


def test_entries_are_values() -> None:
    """An entry without a code has no number, one with a code has it in its title."""
    assert Entry("x", "term", "y", "RFC 1, 1").title == "x"
    assert look_up("unknown_ca").entries[0].title == "unknown_ca (48)"
