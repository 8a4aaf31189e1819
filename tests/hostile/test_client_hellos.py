"""What a client must not say first: everything that a ClientHello can have wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import server_config, server_credential
from tests.support.hostile import Edit, raw_messages
from tests.support.hostile_client import HostileClient
from tests.support.refusals import (
    Misdeed,
    bearing,
    before,
    carrying,
    changed,
    cut,
    done,
    instead,
    longer,
    names,
    repeated,
    without,
)
from tlsee import policies
from tlsee.codes import (
    CipherSuite,
    ExtensionType,
    NamedGroup,
    ProtocolVersion,
    SignatureScheme,
)
from tlsee.errors import PeerIncompatible, Reasons
from tlsee.values import replace
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.block import UnknownExtension
from tlsee.wire.extensions.key_share import KeyShareClientHello, KeyShareEntry
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.extensions.supported_versions import SupportedVersionsClientHello

KEY_SHARE, VERSIONS = ExtensionType.key_share, ExtensionType.supported_versions
TLS13 = [ProtocolVersion.TLS13]
GROUPS, ALPN = ExtensionType.supported_groups, 16
PSK = b"\x00\x07\x00\x01i\x00\x00\x00\x00" + b"\x00\x21\x20" + bytes(32)
PSK_MODES = UnknownExtension(ExtensionType.psk_key_exchange_modes, b"\x01\x01")
PSK_OFFER = UnknownExtension(ExtensionType.pre_shared_key, PSK)


def ch(edit: Edit, **config: Any) -> Any:
    """A client whose hello is edited."""
    return lambda: HostileClient(server_config(**config), client_hello=edit).greet()


def groups(*codes: int) -> Edit:
    """Only these groups, and an empty list of shares."""
    return carrying(SupportedGroups(tuple(map(NamedGroup.of, codes))), KeyShareClientHello(()))


def shares(*entries: tuple[int, bytes]) -> Edit:
    return carrying(
        KeyShareClientHello(tuple(KeyShareEntry(NamedGroup.of(g), data) for g, data in entries))
    )


def versions(*codes: int) -> Edit:
    return carrying(SupportedVersionsClientHello(tuple(map(ProtocolVersion.of, codes))))


def schemes(*codes: int) -> Edit:
    return carrying(SignatureAlgorithms(tuple(map(SignatureScheme.of, codes))))


def both(*edits: Edit) -> Edit:
    """One edit after another."""

    def edit(message: Any) -> Any:
        for one in edits:
            message = one(message)
        return message

    return edit


def psk_not_last(message: Any) -> Any:
    items = [*message.extensions, PSK_MODES]
    return replace(message, extensions=Extensions.of(PSK_OFFER, *items))


def first_share_twice(message: Any) -> Any:
    entry = message.extensions.require(KeyShareClientHello).client_shares[1]
    return carrying(KeyShareClientHello((entry, entry)))(message)


def hello_with_more_behind() -> HostileClient:
    """ClientHello and the beginning of another message in one record."""
    peer = HostileClient()
    with peer.together():
        peer.greet()
        assert peer._held is not None
        length = int.from_bytes(peer._held[3:5], "big") + 1
        peer._held[3:5] = length.to_bytes(2, "big")
        peer._held += b"\x01"
    return peer


def a_psk_alone() -> HostileClient:
    """A ticket's offer without the extensions for a full handshake: we have no tickets."""
    edit = both(without(ExtensionType.signature_algorithms), carrying(PSK_MODES, PSK_OFFER))
    return HostileClient(client_hello=edit).greet()


STRICT = policies.Policy("strict", strict_server_name=True)
CHACHA = [CipherSuite.TLS_CHACHA20_POLY1305_SHA256]
SUITES = (CipherSuite.of(0x1304), CipherSuite.of(0xC02F), CipherSuite.of(0x0A0A))
OTHER_NAME = b"\x00\x0e\x00\x00\x0bother.names"

MISDEEDS = [
    # Versions
    Misdeed("legacy_version 1.3", Reasons.illegal_legacy_version, ch(changed(legacy_version=ProtocolVersion.TLS13))),
    Misdeed("legacy_version 1.0", Reasons.illegal_legacy_version, ch(changed(legacy_version=ProtocolVersion.TLS10))),
    Misdeed("legacy_version SSL 3", Reasons.illegal_legacy_version, ch(changed(legacy_version=ProtocolVersion.of(0x0300)))),
    Misdeed("no supported_versions", Reasons.version_too_old, ch(without(VERSIONS), versions=TLS13), PeerIncompatible, "TLS 1.2 at most"),
    Misdeed("no extensions", Reasons.version_too_old, ch(changed(extensions=Extensions.ABSENT), versions=TLS13), PeerIncompatible),
    Misdeed("1.2 alone", Reasons.version_too_old, ch(versions(0x0303), versions=TLS13), PeerIncompatible, "TLS 1.2 at most"),
    Misdeed("1.4 alone", Reasons.version_too_old, ch(versions(0x0305)), PeerIncompatible),
    Misdeed("GREASE version alone", Reasons.version_too_old, ch(versions(0x0A0A)), PeerIncompatible),
    Misdeed("no version", Reasons.malformed, ch(bearing(43, b"\x00"))),
    Misdeed("half a version", Reasons.malformed, ch(bearing(43, b"\x03\x03\x04\x03"))),
    # Fields
    Misdeed("no compression", Reasons.malformed, ch(lambda m: _compression(m, b""))),
    Misdeed("DEFLATE", Reasons.illegal_compression, ch(changed(legacy_compression_methods=(1,)))),
    Misdeed("null and DEFLATE", Reasons.illegal_compression, ch(changed(legacy_compression_methods=(0, 1)))),
    Misdeed("null twice", Reasons.illegal_compression, ch(changed(legacy_compression_methods=(0, 0)))),
    Misdeed("session id of 33 bytes", Reasons.malformed, ch(lambda m: _session_id(m, 33))),
    Misdeed("no suites", Reasons.malformed, ch(lambda m: _suites(m, b""))),
    Misdeed("half a suite", Reasons.malformed, ch(lambda m: _suites(m, b"\x13"))),
    Misdeed("cut", Reasons.malformed, ch(cut())),
    Misdeed("cut to nothing", Reasons.malformed, ch(instead(b"\x01\x00\x00\x00"))),
    Misdeed("trailing byte", Reasons.trailing_bytes, ch(longer())),
    Misdeed("said to be too long", Reasons.message_too_long, ch(instead(b"\x01\x01\x00\x01"))),
    # Negotiation
    Misdeed("no suite in common", Reasons.no_common_suite, ch(changed(cipher_suites=SUITES)), PeerIncompatible, "TLS_AES_128_CCM_SHA256"),
    Misdeed("suite switched off", Reasons.no_common_suite, ch(changed(cipher_suites=(CipherSuite.of(0x1301),)), suites=CHACHA), PeerIncompatible),
    Misdeed("no group in common", Reasons.no_common_group, ch(groups(0x0100, 0x2A2A)), PeerIncompatible, "ffdhe2048"),
    Misdeed("no scheme in common", Reasons.no_common_scheme, ch(schemes(0x0804)), PeerIncompatible, "rsa_pss_rsae_sha256"),
    Misdeed("PKCS#1 schemes alone", Reasons.no_common_scheme, ch(schemes(0x0401, 0x0601), credentials=[server_credential("rsa2048")]), PeerIncompatible),
    Misdeed("SHA-1 scheme alone", Reasons.no_common_scheme, ch(schemes(0x0203)), PeerIncompatible),
    Misdeed("no protocol in common", Reasons.no_application_protocol, ch(bearing(ALPN, b"\x00\x05\x04\x1b[2J"), alpn=["h2"]), PeerIncompatible, "\\x1b[2J"),
    Misdeed("name of another server", Reasons.unrecognized_name, ch(bearing(0, OTHER_NAME), policy=STRICT), PeerIncompatible, "other.names"),
    Misdeed("name with control characters", Reasons.unrecognized_name, ch(bearing(0, b"\x00\x07\x00\x00\x04a\n\x1bb"), policy=STRICT), PeerIncompatible, "a\\x0a\\x1bb"),
    Misdeed("name that is not ASCII", Reasons.illegal_value, ch(bearing(0, b"\x00\x05\x00\x00\x02\xc3\xa4"))),
    Misdeed("two host names", Reasons.illegal_value, ch(bearing(0, b"\x00\x0a\x00\x00\x02a.\x00\x00\x02b."))),
    Misdeed("no name", Reasons.malformed, ch(bearing(0, b"\x00\x00"))),
    Misdeed("an empty name", Reasons.malformed, ch(bearing(0, b"\x00\x03\x00\x00\x00"))),
    Misdeed("record_size_limit of 63", Reasons.record_size_limit_too_small, ch(bearing(28, b"\x00\x3f"))),
    Misdeed("no protocols", Reasons.malformed, ch(bearing(ALPN, b"\x00\x00"))),
    Misdeed("an empty protocol", Reasons.malformed, ch(bearing(ALPN, b"\x00\x01\x00"))),
    # Extensions that must be there, must not, or only once
    Misdeed("no key_share", Reasons.missing_extension, ch(without(KEY_SHARE)), words="key_share"),
    Misdeed("no supported_groups", Reasons.missing_extension, ch(without(GROUPS)), words="supported_groups"),
    Misdeed("neither", Reasons.missing_extension, ch(without(GROUPS, KEY_SHARE))),
    Misdeed("no signature_algorithms", Reasons.missing_extension, ch(without(ExtensionType.signature_algorithms))),
    Misdeed("pre-shared key alone", Reasons.missing_extension, a_psk_alone),
    Misdeed("pre_shared_key without modes", Reasons.psk_modes_missing, ch(carrying(PSK_OFFER))),
    Misdeed("pre_shared_key not last", Reasons.pre_shared_key_not_last, ch(psk_not_last)),
    Misdeed("oid_filters", Reasons.misplaced_extension, ch(bearing(48, b"\x00\x00"))),
    Misdeed("duplicate", Reasons.duplicate_extension, ch(repeated())),
    Misdeed("duplicate of an unknown one", Reasons.duplicate_extension, ch(lambda m: repeated(UnknownExtension(ExtensionType.of(0x4242), b""))(bearing(0x4242)(m)))),
    # Shares
    Misdeed("two shares for one group", Reasons.duplicate_share, ch(first_share_twice)),
    Misdeed("a share without a group", Reasons.share_without_group, ch(shares((0x0100, bytes(256))))),
    Misdeed("an empty share", Reasons.malformed, ch(bearing(KEY_SHARE, b"\x00\x04\x00\x1d\x00\x00"))),
    Misdeed("no groups", Reasons.malformed, ch(bearing(GROUPS, b"\x00\x00"))),
    # Order
    Misdeed("Finished first", Reasons.unexpected_message, ch(before(b"\x14\x00\x00\x00")), words="expected client_hello"),
    Misdeed("a ServerHello", Reasons.unexpected_message, ch(instead(b"\x02\x00\x00\x00"))),
    Misdeed("more in the same record", Reasons.misaligned_key_change, hello_with_more_behind),
]  # fmt: skip


def _field(message: Any, name: str, put: bytes) -> bytes:
    """A hello with these bytes, length included, in the place of a field."""
    fields = {
        "legacy_session_id": bytes([len(message.legacy_session_id)]) + message.legacy_session_id,
        "cipher_suites": (2 * len(message.cipher_suites)).to_bytes(2, "big")
        + b"".join(suite.to_bytes(2, "big") for suite in message.cipher_suites),
        "legacy_compression_methods": b"\x01\x00",
    }
    raw = raw_messages(message)[0]
    head = 4 + 2 + 32
    block = raw[head + sum(map(len, fields.values())) :]
    fields[name] = put
    body = raw[4:head] + b"".join(fields.values()) + block
    return raw[:1] + len(body).to_bytes(3, "big") + body


def _compression(message: Any, methods: bytes) -> bytes:
    return _field(message, "legacy_compression_methods", bytes([len(methods)]) + methods)


def _session_id(message: Any, length: int) -> bytes:
    return _field(message, "legacy_session_id", bytes([length]) + bytes(length))


def _suites(message: Any, codes: bytes) -> bytes:
    return _field(message, "cipher_suites", len(codes).to_bytes(2, "big") + codes)


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=names)
def test_a_bad_client_hello_is_refused_in_the_clear(misdeed: Misdeed) -> None:
    """The alert of RFC 9846, 4.2.2, 4.3 and 9.2, readable because there are no keys."""
    misdeed.check()


@pytest.mark.parametrize(
    "edit",
    [
        both(changed(cipher_suites=(*SUITES, CipherSuite.TLS_AES_256_GCM_SHA384))),
        both(bearing(0x4242, b"what is this?"), bearing(0xFAFA), bearing(65_000, bytes(1000))),
        both(versions(0x0A0A, 0x7F1C, 0x0305, 0x0304, 0x0303)),
        both(schemes(0x0A0A, 0x0201, 0x0403)),
        both(bearing(23), bearing(35), bearing(0xFF01, b"\x00"), bearing(11, b"\x01\x00")),
        both(carrying(PSK_MODES, PSK_OFFER)),
        both(bearing(28, b"\xff\xff")),
        both(bearing(44, b"\x00\x01c")),
        both(bearing(0, b"\x00\x16\x07\x00\x01?\x00\x00\x0bserver.test\x08\x00\x01?")),
    ],
    ids=[
        "suites",
        "extensions",
        "versions",
        "schemes",
        "extensions of TLS 1.2",
        "a ticket",
        "record_size_limit of the future",
        "a cookie from elsewhere",
        "names of other types",
    ],
)
def test_what_a_server_does_not_know_it_ignores(edit: Edit) -> None:
    """RFC 9846, 4.2.2 and 4.3.1: unknown things are no reason to refuse."""
    assert done(HostileClient(client_hello=edit).flight())


def test_a_record_version_of_any_kind_is_ignored() -> None:
    """RFC 9846, 5.1: the field means nothing."""
    peer = HostileClient()
    with peer.together():
        peer.greet()
        assert peer._held is not None
        peer._held[1:3] = b"\x7f\xff"
    peer.finish()

    assert done(peer)
