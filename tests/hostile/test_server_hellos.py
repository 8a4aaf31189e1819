"""What a server must not say before its certificate: ServerHello and EncryptedExtensions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import client_config
from tests.support.hostile import Edit, raw_messages
from tests.support.hostile_server import TLS12, HostileServer
from tests.support.refusals import (
    Misdeed,
    also,
    bearing,
    before,
    carrying,
    changed,
    cut,
    done,
    instead,
    longer,
    names,
    omitted,
    repeated,
    twice,
    without,
)
from tlsee.codes import CipherSuite, ExtensionType, KeyUpdateRequest, NamedGroup, ProtocolVersion
from tlsee.errors import PeerIncompatible, Reasons
from tlsee.handshake.compose import Composer
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.block import UnknownExtension
from tlsee.wire.extensions.key_share import (
    KeyShareClientHello,
    KeyShareEntry,
    KeyShareServerHello,
)
from tlsee.wire.extensions.record_size_limit import RecordSizeLimit
from tlsee.wire.extensions.supported_versions import SupportedVersionsServerHello
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import KeyUpdate

GREASE = range(0x0A0A, 0x10000, 0x1010)
SHA256_SUITE_NOT_OFFERED = CipherSuite.of(0x1304)  # TLS_AES_128_CCM_SHA256
GREASE_SUITES = [CipherSuite.of(code) for code in GREASE]
KEY_SHARE, VERSIONS = ExtensionType.key_share, ExtensionType.supported_versions
TLS13 = [ProtocolVersion.TLS13]


def says(name: str, edit: Edit, **config: Any) -> Any:
    """A server whose message of this name is edited."""
    edits: Any = {name: edit}
    return lambda: HostileServer(client_config(**config), **edits).flight()


def sh(edit: Edit, **config: Any) -> Any:
    return says("server_hello", edit, **config)


def ee(edit: Edit, **config: Any) -> Any:
    return says("encrypted_extensions", edit, **config)


def share(group: int, key_exchange: bytes) -> Edit:
    return carrying(KeyShareServerHello(KeyShareEntry(NamedGroup.of(group), key_exchange)))


def version(code: int) -> Edit:
    return carrying(SupportedVersionsServerHello(ProtocolVersion.of(code)))


def of_tls12(tail: bytes) -> Edit:
    """The ServerHello of an older version, whose random ends like this."""

    def edit(message: Any) -> Any:
        made = without(VERSIONS, KEY_SHARE)(message)
        return changed(random=bytes(32 - len(tail)) + tail)(made)

    return edit


def an_echoed_grease() -> HostileServer:
    """A GREASE extension that the client itself sent comes back in EncryptedExtensions."""
    peer = HostileServer()
    kind = next(kind for kind in peer.hello.extensions.types if kind.is_grease)
    peer.edits["encrypted_extensions"] = bearing(kind)
    return peer.flight()


def the_clients_own_grease_share() -> HostileServer:
    """The server takes the GREASE share for a share."""
    peer = HostileServer()
    grease = peer.hello.extensions.require(KeyShareClientHello).client_shares[0]
    assert grease.group.is_grease
    peer.edits["server_hello"] = share(grease.group, b"\x00")
    return peer.flight()


class OffersTicket(Composer):
    """The wording of a session that had a ticket; the machine below knows of none."""

    def client_hello(self, *arguments: Any) -> ClientHello:
        hello = super().client_hello(*arguments)
        edited: ClientHello = bearing(41, TICKET_OFFER)(hello)
        return edited


def takes_a_ticket() -> HostileServer:
    """The server selects a pre-shared key that the wording offered and nobody has."""
    return HostileServer(composer=OffersTicket(), server_hello=bearing(41, b"\0\0")).flight()


def hello_with_more_behind() -> HostileServer:
    """ServerHello and the beginning of another message in one record."""
    peer = HostileServer()
    peer.edits["server_hello"] = lambda message: raw_messages(message)[0] + b"\x08"
    return peer.flight()


TICKET_OFFER = b"\0\7\0\1i" + bytes(4) + b"\0\x21\x20" + bytes(32)
ONE_NAME = b"\x00\x03\x02h2"


def _two_unknown(message: Any) -> Any:
    """An extension that nobody knows, twice: that is what is named, whichever is seen first."""
    return repeated(UnknownExtension(ExtensionType.of(0x4242), b""))(bearing(0x4242)(message))


def _long_session_id(message: Any) -> bytes:
    raw = raw_messages(changed(legacy_session_id_echo=bytes(32))(message))[0]
    body = raw[4:38] + b"\x21" + bytes(33) + raw[71:]
    return raw[:1] + len(body).to_bytes(3, "big") + body


SERVER_HELLO = [
    Misdeed("suite not offered", Reasons.suite_not_offered, sh(changed(cipher_suite=SHA256_SUITE_NOT_OFFERED))),
    Misdeed(
        "suite switched off",
        Reasons.suite_not_offered,
        sh(lambda m: m, suites=[CipherSuite.TLS_CHACHA20_POLY1305_SHA256]),
        words="TLS_AES_128_GCM_SHA256",
    ),
    Misdeed("suite of TLS 1.2", Reasons.suite_not_offered, sh(changed(cipher_suite=CipherSuite.of(0xC02F)))),
    Misdeed("session id not echoed", Reasons.session_id_not_echoed, sh(changed(legacy_session_id_echo=b""))),
    Misdeed("another session id", Reasons.session_id_not_echoed, sh(changed(legacy_session_id_echo=bytes(32)))),
    Misdeed("session id of 33 bytes", Reasons.malformed, sh(_long_session_id)),
    Misdeed("compression", Reasons.illegal_compression, sh(changed(legacy_compression_method=1))),
    Misdeed("legacy_version 1.3", Reasons.illegal_legacy_version, sh(changed(legacy_version=ProtocolVersion.TLS13))),
    Misdeed("legacy_version 1.1", Reasons.illegal_legacy_version, sh(changed(legacy_version=ProtocolVersion.TLS11))),
    Misdeed("version 1.2 selected", Reasons.version_not_offered, sh(version(0x0303))),
    Misdeed("version 1.4 selected", Reasons.version_not_offered, sh(version(0x0305))),
    Misdeed("draft version selected", Reasons.version_not_offered, sh(version(0x7F1C))),
    Misdeed("GREASE version selected", Reasons.version_not_offered, sh(version(0x0A0A))),
    Misdeed("downgraded to 1.2", Reasons.downgrade, sh(of_tls12(b"DOWNGRD\x01"))),
    Misdeed("downgraded to 1.1", Reasons.downgrade, sh(of_tls12(b"DOWNGRD\x00"))),
    Misdeed(
        "honest 1.2",
        Reasons.version_too_old,
        sh(of_tls12(b""), versions=TLS13),
        PeerIncompatible,
        "TLS 1.2",
    ),
    Misdeed(
        "no extensions at all",
        Reasons.version_too_old,
        sh(changed(extensions=Extensions.ABSENT), versions=TLS13),
        PeerIncompatible,
    ),
    Misdeed(
        "1.1 of old",
        Reasons.version_too_old,
        sh(lambda m: changed(legacy_version=ProtocolVersion.TLS11)(of_tls12(b"")(m))),
        PeerIncompatible,
    ),
    Misdeed("no key_share", Reasons.missing_extension, sh(without(KEY_SHARE)), words="key_share"),
    Misdeed("share of a group not offered", Reasons.group_not_offered, sh(share(0x0100, bytes(256)))),
    Misdeed("share that the client did not send", Reasons.share_not_sent, sh(share(23, b"\x04" + bytes(64)))),
    Misdeed("GREASE share", Reasons.group_not_offered, the_clients_own_grease_share),
    Misdeed("empty share", Reasons.malformed, sh(bearing(KEY_SHARE, b"\x00\x1d\x00\x00"))),
    Misdeed("key_share of a HelloRetryRequest", Reasons.malformed, sh(bearing(KEY_SHARE, b"\x00\x1d"))),
    Misdeed("two shares", Reasons.trailing_bytes, sh(bearing(KEY_SHARE, (b"\x00\x1d\x00\x20" + bytes(32)) * 2))),
    Misdeed("pre_shared_key that nobody offered", Reasons.unsolicited_extension, sh(bearing(41, b"\x00\x00"))),
    Misdeed("a ticket of nobody's", Reasons.psk_not_offered, takes_a_ticket),
    Misdeed("unknown extension", Reasons.unsolicited_extension, sh(bearing(0x4242))),
    Misdeed("GREASE extension", Reasons.unsolicited_extension, sh(bearing(0x3A3A))),
    Misdeed("extension of EncryptedExtensions", Reasons.misplaced_extension, sh(bearing(16, ONE_NAME))),
    Misdeed("cookie", Reasons.misplaced_extension, sh(bearing(44, b"\x00\x01c"))),
    Misdeed("early_data", Reasons.misplaced_extension, sh(bearing(42))),
    Misdeed("extended_main_secret", Reasons.misplaced_extension, sh(bearing(23))),
    Misdeed("renegotiation_info", Reasons.misplaced_extension, sh(bearing(0xFF01, b"\x00"))),
    Misdeed("duplicate", Reasons.duplicate_extension, sh(repeated())),
    Misdeed("duplicate of an unknown one", Reasons.duplicate_extension, sh(_two_unknown)),
    Misdeed("cut", Reasons.malformed, sh(cut())),
    Misdeed("cut in the random", Reasons.malformed, sh(cut(80))),
    Misdeed("trailing bytes", Reasons.trailing_bytes, sh(longer())),
    Misdeed("more in the same record", Reasons.misaligned_key_change, hello_with_more_behind, protected=False),
    Misdeed("left out", Reasons.plaintext_data, sh(omitted), protected=False),
    Misdeed("EncryptedExtensions instead", Reasons.unexpected_message, sh(instead(b"\x08\0\0\0")), words="expected hello_retry_request or server_hello"),
    Misdeed("a ClientHello", Reasons.unexpected_message, sh(instead(b"\x01\x00\x00\x00")), words="client_hello"),
    Misdeed("a HelloRequest", Reasons.unexpected_message, sh(before(b"\x00\x00\x00\x00"))),
    Misdeed("number 6, which no message has", Reasons.unexpected_message, sh(before(b"\x06\x00\x00\x00"))),
    Misdeed("said to be too long", Reasons.message_too_long, sh(instead(b"\x02\x01\x00\x01")), words="65,537"),
]  # fmt: skip

ENCRYPTED_EXTENSIONS = [
    Misdeed("left out", Reasons.unexpected_message, ee(omitted), words="expected encrypted_extensions"),
    Misdeed("twice", Reasons.unexpected_message, ee(twice)),
    Misdeed("a second ServerHello first", Reasons.unexpected_message, ee(before(b"\x02\x00\x00\x00"))),
    Misdeed("a KeyUpdate first", Reasons.unexpected_message, ee(before(KeyUpdate(KeyUpdateRequest.update_not_requested)))),
    Misdeed("a ticket first", Reasons.unexpected_message, ee(before(b"\x04\x00\x00\x00"))),
    Misdeed("EndOfEarlyData", Reasons.unexpected_message, ee(also(b"\x05\x00\x00\x00"))),
    Misdeed("key_share", Reasons.misplaced_extension, ee(bearing(51, b"\x00\x1d\x00\x01\x00"))),
    Misdeed("supported_versions", Reasons.misplaced_extension, ee(bearing(43, b"\x03\x04"))),
    Misdeed("signature_algorithms", Reasons.misplaced_extension, ee(bearing(13, b"\x00\x02\x04\x03"))),
    Misdeed("status_request", Reasons.misplaced_extension, ee(bearing(5))),
    Misdeed("padding", Reasons.misplaced_extension, ee(bearing(21))),
    Misdeed("session_ticket", Reasons.misplaced_extension, ee(bearing(35))),
    Misdeed("alpn that nobody offered", Reasons.unsolicited_extension, ee(bearing(16, ONE_NAME))),
    Misdeed("early_data", Reasons.unsolicited_extension, ee(bearing(42)), words="early_data"),
    Misdeed("unknown extension", Reasons.unsolicited_extension, ee(bearing(0x4242))),
    Misdeed("GREASE extension", Reasons.unsolicited_extension, ee(bearing(0xFAFA))),
    Misdeed("the client's own GREASE", Reasons.unsolicited_extension, an_echoed_grease),
    Misdeed("alpn not offered", Reasons.alpn_not_offered, ee(bearing(16, ONE_NAME), alpn=["http/1.1"])),
    Misdeed("two protocols", Reasons.alpn_not_offered, ee(bearing(16, b"\x00\x06\x02h2\x02h3"), alpn=["h2", "h3"])),
    Misdeed("no protocol", Reasons.malformed, ee(bearing(16, b"\x00\x00"), alpn=["h2"])),
    Misdeed("an empty protocol", Reasons.malformed, ee(bearing(16, b"\x00\x01\x00"), alpn=["h2"])),
    Misdeed("server_name with content", Reasons.trailing_bytes, ee(bearing(0, b"\x00"))),
    Misdeed("record_size_limit of 63", Reasons.record_size_limit_too_small, ee(carrying(RecordSizeLimit(63)))),
    Misdeed("record_size_limit of one byte", Reasons.malformed, ee(bearing(28, b"\x40"))),
    Misdeed("duplicate", Reasons.duplicate_extension, ee(lambda m: repeated()(carrying(RecordSizeLimit(64))(m)))),
    Misdeed("trailing bytes", Reasons.trailing_bytes, ee(longer())),
    Misdeed("cut", Reasons.malformed, ee(cut())),
]  # fmt: skip

MISDEEDS = SERVER_HELLO + ENCRYPTED_EXTENSIONS


@pytest.mark.parametrize("misdeed", SERVER_HELLO, ids=names)
def test_a_bad_server_hello_is_refused_in_the_clear(misdeed: Misdeed) -> None:
    """There are no keys yet: the alert is readable, and right by RFC 9846, 4.2.3 and 4.3."""
    misdeed.check()


@pytest.mark.parametrize("misdeed", ENCRYPTED_EXTENSIONS, ids=names)
def test_bad_encrypted_extensions_are_refused_under_keys(misdeed: Misdeed) -> None:
    """RFC 9846, 4.4.1; the alert is protected by the client's handshake keys."""
    misdeed.check()


@pytest.mark.parametrize("code", GREASE)
def test_grease_is_refused_wherever_a_server_selects_it(code: int) -> None:
    """RFC 8701, 3: suite, group, version, and extensions of both messages."""
    for name, edit, reason in (
        ("server_hello", changed(cipher_suite=CipherSuite.of(code)), Reasons.suite_not_offered),
        ("server_hello", share(code, b"\x00"), Reasons.group_not_offered),
        ("server_hello", version(code), Reasons.version_not_offered),
        ("server_hello", bearing(code), Reasons.unsolicited_extension),
        ("encrypted_extensions", bearing(code), Reasons.unsolicited_extension),
    ):
        Misdeed("", reason, says(name, edit)).check()


def test_a_random_of_1_3_may_end_like_a_sentinel_once_1_3_is_negotiated() -> None:
    """RFC 9846, 4.2.3: the sentinel means something only where the version is older."""
    peer = HostileServer(server_hello=changed(random=bytes(24) + b"DOWNGRD\x01")).flight()

    assert done(peer)


def test_what_a_server_may_add_is_accepted() -> None:
    """Groups that it likes better, an acknowledged name, one protocol of ours, a limit."""
    peer = HostileServer(
        client_config(alpn=["h2"]),
        encrypted_extensions=carrying(
            UnknownExtension(ExtensionType.supported_groups, b"\x00\x04\x4a\x4a\x00\x17"),
            UnknownExtension(ExtensionType.server_name, b""),
            UnknownExtension(ExtensionType.of(16), ONE_NAME),
            RecordSizeLimit(64),
        ),
    ).flight()

    assert done(peer)
    assert peer.victim.info.alpn == b"h2"


def test_the_legacy_versions_constant() -> None:
    """What the tests above leave unchanged is what the RFC wants."""
    assert TLS12 == 0x0303
