"""HelloRetryRequest against either role: where it is right, and every abuse of it (RFC 9846, 4.2.4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import client_config, server_config
from tests.support.hostile import CHANGE_CIPHER_SPEC, Edit
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import (
    Misdeed,
    bearing,
    carrying,
    changed,
    done,
    instead,
    longer,
    names,
    repeated,
    without,
)
from tlsee import policies
from tlsee.codes import CipherSuite, ExtensionType, NamedGroup, ProtocolVersion
from tlsee.errors import PeerIncompatible, Reasons
from tlsee.values import replace
from tlsee.wire.codec import decode
from tlsee.wire.extensions import Extensions
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.key_share import (
    KeyShareClientHello,
    KeyShareEntry,
)
from tlsee.wire.extensions.supported_versions import SupportedVersionsServerHello
from tlsee.wire.hellos import ClientHello

X25519, P256, P384 = NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1
HYBRID, HYBRID_P256 = NamedGroup.X25519MLKEM768, NamedGroup.SecP256r1MLKEM768
KEY_SHARE, VERSIONS = ExtensionType.key_share, ExtensionType.supported_versions
TLS13 = [ProtocolVersion.TLS13]
AES256 = CipherSuite.TLS_AES_256_GCM_SHA384

# --- A server that retries, against our client -------------------------------------------------


def hrr(edit: Edit, group: NamedGroup | None = P256, cookie: bytes = b"") -> Any:
    """A HelloRetryRequest that is edited."""
    return lambda: HostileServer(hello_retry_request=edit).retry(group, cookie)


def retry_twice() -> HostileServer:
    return HostileServer().retry(P256).retry(P384)


def retry_for_a_cookie_twice() -> HostileServer:
    return HostileServer().retry(None, b"one").retry(None, b"two")


def retry_after_server_hello() -> HostileServer:
    """Under handshake keys, where EncryptedExtensions is due."""
    return HostileServer().answer().retry(P256)


def then(edit: Edit, group: NamedGroup | None = P256, **options: Any) -> Any:
    """A right HelloRetryRequest, and a ServerHello that does not keep to it."""
    return lambda: HostileServer(server_hello=edit, **options).retry(group, b"c").answer()


def retry_then_another_group() -> HostileServer:
    """The retry asks for P-256; the answer is to an x25519 that was in the first hello."""
    peer = HostileServer()
    old = peer.share_of(X25519)
    peer.retry(P256)
    peer.share_of = lambda group: old  # type: ignore[method-assign]
    peer.group = X25519
    return peer.answer()


def retry_with_another_suite() -> HostileServer:
    """The retry settles AES-128, the ServerHello says AES-256."""
    return HostileServer(server_hello=changed(cipher_suite=AES256)).retry(P256).answer()


def retry_with_more_behind() -> HostileServer:
    """The first byte of ServerHello comes with the HelloRetryRequest, a record interrupts it."""
    peer = HostileServer()
    with peer.together():
        peer.retry(P256)
        assert peer._held is not None
        end = 5 + int.from_bytes(peer._held[3:5], "big")
        peer._held[3:5] = (end - 4).to_bytes(2, "big")
        peer._held[end:] = b"\x02" + CHANGE_CIPHER_SPEC
    return peer


def _own_grease() -> HostileServer:
    peer = HostileServer()
    grease = peer.hello.extensions.require(KeyShareClientHello).client_shares[0].group
    assert grease.is_grease
    return peer.retry(grease)


AGAINST_CLIENTS = [
    Misdeed("nothing changes", Reasons.retry_changes_nothing, hrr(without(KEY_SHARE))),
    Misdeed("group already shared", Reasons.group_already_shared, hrr(lambda m: m, X25519)),
    Misdeed("hybrid already shared", Reasons.group_already_shared, hrr(lambda m: m, HYBRID)),
    Misdeed("shared, and a cookie", Reasons.group_already_shared, hrr(lambda m: m, X25519, b"c")),
    Misdeed("group not offered", Reasons.group_not_offered, hrr(lambda m: m, NamedGroup.of(0x100))),
    Misdeed("GREASE group", Reasons.group_not_offered, lambda: HostileServer(client_config(key_shares=[])).retry(NamedGroup.of(0x0A0A))),
    Misdeed("the client's own GREASE group", Reasons.group_already_shared, _own_grease),
    Misdeed("no supported_versions", Reasons.missing_extension, hrr(without(VERSIONS)), words="supported_versions"),
    Misdeed("version 1.2", Reasons.version_not_offered, hrr(carrying(SupportedVersionsServerHello(ProtocolVersion.TLS12)))),
    Misdeed("legacy_version 1.3", Reasons.illegal_legacy_version, hrr(changed(legacy_version=ProtocolVersion.TLS13))),
    Misdeed("session id not echoed", Reasons.session_id_not_echoed, hrr(changed(legacy_session_id_echo=b"x"))),
    Misdeed("compression", Reasons.illegal_compression, hrr(changed(legacy_compression_method=1))),
    Misdeed("suite not offered", Reasons.suite_not_offered, hrr(changed(cipher_suite=CipherSuite.of(0x1304)))),
    Misdeed("GREASE suite", Reasons.suite_not_offered, hrr(changed(cipher_suite=CipherSuite.of(0x1A1A)))),
    Misdeed("unknown extension", Reasons.unsolicited_extension, hrr(bearing(0x4242))),
    Misdeed("GREASE extension", Reasons.unsolicited_extension, hrr(bearing(0x5A5A))),
    Misdeed("misplaced extension", Reasons.misplaced_extension, hrr(bearing(28, b"\x40\x00"))),
    Misdeed("early_data", Reasons.misplaced_extension, hrr(bearing(42))),
    Misdeed("pre_shared_key", Reasons.misplaced_extension, hrr(bearing(41, b"\x00\x00"))),
    Misdeed("duplicate", Reasons.duplicate_extension, hrr(repeated())),
    Misdeed("empty cookie", Reasons.malformed, hrr(bearing(44, b"\x00\x00"))),
    Misdeed("cookie and rubbish", Reasons.trailing_bytes, hrr(bearing(44, b"\x00\x01cc"))),
    Misdeed("a whole share", Reasons.trailing_bytes, hrr(bearing(51, b"\x00\x17\x00\x01\x00"))),
    Misdeed("trailing byte", Reasons.trailing_bytes, hrr(longer())),
    Misdeed("without extensions", Reasons.missing_extension, hrr(changed(extensions=Extensions.of()))),
    Misdeed("a second retry", Reasons.unexpected_message, retry_twice, words="expected server_hello"),
    Misdeed("a second cookie", Reasons.unexpected_message, retry_for_a_cookie_twice),
    Misdeed("after ServerHello", Reasons.unexpected_message, retry_after_server_hello, words="got hello_retry_request"),
    Misdeed("another suite than promised", Reasons.suite_changed, retry_with_another_suite, words="TLS_AES_128_GCM_SHA256"),
    Misdeed("another version than promised", Reasons.version_not_offered, then(carrying(SupportedVersionsServerHello(ProtocolVersion.TLS12)))),
    Misdeed("no version", Reasons.version_too_old, then(without(VERSIONS, KEY_SHARE), config=client_config(versions=TLS13)), PeerIncompatible),
    Misdeed("1.2 behind a retry of 1.3", Reasons.version_not_offered, then(without(VERSIONS, KEY_SHARE)), words="TLS 1.2 behind"),
    Misdeed("another group than asked for", Reasons.group_changed, retry_then_another_group, words="secp256r1, then x25519"),
    Misdeed("no share", Reasons.missing_extension, then(without(KEY_SHARE))),
    Misdeed("another session id", Reasons.session_id_not_echoed, then(changed(legacy_session_id_echo=b""))),
    Misdeed("a message begun behind it", Reasons.interleaved_handshake, retry_with_more_behind),
]  # fmt: skip


@pytest.mark.parametrize("misdeed", AGAINST_CLIENTS, ids=names)
def test_a_bad_retry_is_refused(misdeed: Misdeed) -> None:
    """RFC 9846, 4.2.4 and 4.3.8: a retry must change something, once, and be kept to."""
    misdeed.check()


@pytest.mark.parametrize(
    ("group", "cookie"), [(P256, b""), (P256, b"crumbs"), (None, b"crumbs"), (HYBRID_P256, b"")]
)
def test_a_client_follows_a_retry(group: NamedGroup | None, cookie: bytes) -> None:
    """The second hello has one share, or the same ones, the cookie, and nothing else new."""
    peer = HostileServer().retry(group, cookie)
    first, second = (decode(ClientHello, raw) for raw in peer.messages)

    assert done(peer.flight())
    returned = second.extensions.get(Cookie)
    assert (returned.cookie if returned else b"") == cookie
    shares = second.extensions.require(KeyShareClientHello).client_shares
    if group is None:
        assert shares == first.extensions.require(KeyShareClientHello).client_shares
    else:
        assert [entry.group for entry in shares] == [group]
    same = [
        item for item in second.extensions if not isinstance(item, KeyShareClientHello | Cookie)
    ]
    assert same == [item for item in first.extensions if not isinstance(item, KeyShareClientHello)]
    assert replace(second, extensions=first.extensions) == first


def test_a_cookie_of_the_greatest_length_comes_back() -> None:
    """Nothing in a client bounds it below what a hello can carry."""
    peer = HostileServer().retry(None, bytes(60_000)).flight()

    assert done(peer)


# --- A client that is asked to retry, against our server ---------------------------------------

COOKIE = policies.Policy("cookie", cookie=True)


def second(edit: Edit, cookie: bool = False, **settings: Any) -> Any:
    """A client without shares, whose second hello is edited."""

    def attack() -> HostileClient:
        config = server_config(policy=COOKIE) if cookie else server_config()
        peer = HostileClient(
            config, settings=client_config(key_shares=[], **settings), second_client_hello=edit
        )
        peer.greet()
        assert peer.retry_raw
        return peer.follow_retry()

    return attack


def swapped(kind: int) -> Edit:
    """Another content for an extension that both hellos have."""

    def edit(message: Any) -> Any:
        data = message.extensions.data_of(ExtensionType.of(kind))
        return bearing(kind, data[:-1] + bytes((data[-1] ^ 1,)))(message)

    return edit


def no_grease(message: Any) -> Any:
    kept = [item for item in message.extensions if not item.extension_type.is_grease]
    return replace(message, extensions=Extensions.of(*kept))


def another_share(message: Any) -> Any:
    share = client_config().provider.groups[X25519].generate()
    return carrying(KeyShareClientHello((KeyShareEntry(X25519, share.public),)))(message)


def two_shares(message: Any) -> Any:
    (entry,) = message.extensions.require(KeyShareClientHello).client_shares
    share = client_config().provider.groups[X25519].generate()
    more = KeyShareEntry(X25519, share.public)
    return carrying(KeyShareClientHello((entry, more)))(message)


def other_order(message: Any) -> Any:
    return changed(cipher_suites=tuple(reversed(message.cipher_suites)))(message)


AGAINST_SERVERS = [
    Misdeed("legacy_version", Reasons.hello_changed, second(changed(legacy_version=ProtocolVersion.TLS11))),
    Misdeed("random", Reasons.hello_changed, second(changed(random=bytes(32)))),
    Misdeed("session id", Reasons.hello_changed, second(changed(legacy_session_id=b""))),
    Misdeed("suites", Reasons.hello_changed, second(changed(cipher_suites=(CipherSuite.of(0x1301),)))),
    Misdeed("order of suites", Reasons.hello_changed, second(other_order)),
    Misdeed("compression", Reasons.hello_changed, second(changed(legacy_compression_methods=(0, 1)))),
    Misdeed("name", Reasons.hello_changed, second(swapped(0)), words="server_name"),
    Misdeed("groups", Reasons.hello_changed, second(swapped(10)), words="supported_groups"),
    Misdeed("schemes", Reasons.hello_changed, second(swapped(13)), words="signature_algorithms"),
    Misdeed("schemes in certificates", Reasons.hello_changed, second(swapped(50), versions=TLS13)),
    Misdeed("record_size_limit", Reasons.hello_changed, second(swapped(28))),
    Misdeed("versions", Reasons.hello_changed, second(swapped(43)), words="supported_versions"),
    Misdeed("a protocol more", Reasons.hello_changed, second(bearing(16, b"\x00\x03\x02h2"))),
    Misdeed("an unknown extension more", Reasons.hello_changed, second(bearing(0x4242)), words="0x4242"),
    Misdeed("no record_size_limit", Reasons.hello_changed, second(without(ExtensionType.record_size_limit))),
    Misdeed("no GREASE", Reasons.hello_changed, second(no_grease)),
    Misdeed("no schemes", Reasons.hello_changed, second(without(ExtensionType.signature_algorithms))),
    Misdeed("no groups", Reasons.hello_changed, second(without(ExtensionType.supported_groups))),
    Misdeed("no extensions", Reasons.hello_changed, second(changed(extensions=Extensions.ABSENT))),
    Misdeed("no key_share", Reasons.missing_extension, second(without(KEY_SHARE))),
    Misdeed("no share", Reasons.retry_not_followed, second(carrying(KeyShareClientHello(())))),
    Misdeed("two shares", Reasons.retry_not_followed, second(two_shares)),
    Misdeed("another share", Reasons.retry_not_followed, second(another_share), words="X25519MLKEM768"),
    Misdeed("a share of no use", Reasons.bad_key_share, second(carrying(KeyShareClientHello((KeyShareEntry(HYBRID, bytes(1216)),))))),
    Misdeed("early data again", Reasons.early_data_after_retry, second(bearing(42))),
    Misdeed("cookie unasked", Reasons.cookie_wrong, second(bearing(44, b"\x00\x01c"))),
    Misdeed("cookie missing", Reasons.cookie_wrong, second(without(ExtensionType.cookie), cookie=True)),
    Misdeed("cookie wrong", Reasons.cookie_wrong, second(swapped(44), cookie=True)),
    Misdeed("cookie cut", Reasons.cookie_wrong, second(bearing(44, b"\x00\x01c"), cookie=True)),
    Misdeed("not a hello", Reasons.unexpected_message, second(instead(b"\x14\x00\x00\x00")), words="expected client_hello"),
    Misdeed("duplicate", Reasons.duplicate_extension, second(repeated())),
]  # fmt: skip


@pytest.mark.parametrize("misdeed", AGAINST_SERVERS, ids=names)
def test_a_second_hello_that_differs_is_refused(misdeed: Misdeed) -> None:
    """RFC 9846, 4.2.2: field by field and extension by extension."""
    misdeed.check()


@pytest.mark.parametrize(
    "edit",
    [
        bearing(21, bytes(50)),
        bearing(41, b"\x00\x07\x00\x01i\x00\x00\x00\x00\x00\x21\x20" + bytes(32)),
    ],
    ids=["padding", "pre_shared_key"],
)
def test_what_a_second_hello_may_change(edit: Edit) -> None:
    """RFC 9846, 4.2.2: padding and pre_shared_key (with its modes, which must not change)."""
    modes = bearing(45, b"\x01\x01")
    peer = HostileClient(
        settings=client_config(key_shares=[]),
        client_hello=modes,
        second_client_hello=lambda message: edit(modes_again(message)),
    )
    assert done(peer.flight())


def modes_again(message: Any) -> Any:
    return bearing(45, b"\x01\x01")(message)
