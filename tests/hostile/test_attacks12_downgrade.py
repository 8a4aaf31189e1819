"""Known attacks on what TLS 1.2 negotiates: POODLE's and Lucky 13's setting, version rollback,
SLOTH, the triple handshake.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from tests.support.endpoints import (
    NAME,
    Pair,
    authority,
    client_config,
    client_credential,
    events_of,
    server_config,
    server_credential,
    trust,
)
from tests.support.hostile import ALERT, DATA, Heard, Knowing, plain_record
from tests.support.hostile12_client import HostileClient12
from tests.support.hostile12_server import ECDSA, TLS12, HostileServer12
from tests.support.refusals import Misdeed, done, names, refused, without
from tlsee import insecure, policies
from tlsee.codes import CipherSuite, ExtensionType, ProtocolVersion, SignatureScheme
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.crypto.suites12 import CbcCipher, suites12
from tlsee.errors import ApiMisuse, PeerIncompatible, Reason, Reasons, TLSError
from tlsee.policies import Policy
from tlsee.values import replace
from tlsee.wire.codec import decode, encode
from tlsee.wire.hellos import ClientHello

BOTH = [ProtocolVersion.TLS13, TLS12]
RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
ECDHE_RSA = CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
CBC = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA

# --- POODLE, Lucky 13 -----------------------------------------------------------------------------

POLICIES = [value for value in vars(policies).values() if isinstance(value, Policy)]


def _is_cbc(code: CipherSuite) -> bool:
    row = suites12().get(code)
    return row is not None and isinstance(row.cipher, CbcCipher)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_poodle_and_lucky_13_have_no_setting(policy: Policy) -> None:
    """No SSL 3.0, and no MAC under the cipher, in any policy that does not say ``insecure``."""
    assert min(policy.versions) == TLS12
    assert policy.allow_mac_then_encrypt is ("insecure" in policy.name)
    assert policy.allow_sha1_signatures is ("insecure" in policy.name)
    if policy.name == "default":
        assert not [suite for suite in policy.suites if _is_cbc(suite)]


def test_there_are_policies_to_look_at() -> None:
    """The list above is read from the module, so a new policy is judged too."""
    assert {"default", "legacy", "insecure_old_machines"} <= {one.name for one in POLICIES}


def test_lucky_13_is_not_offered_a_mac_then_encrypt() -> None:
    """Under ``legacy`` the order of RFC 7366 is asked for, and its absence refused, both ways."""
    peer = HostileServer12(suite=CBC, server_hello=without(ExtensionType.encrypt_then_mac))
    assert peer.hello.extensions.has(ExtensionType.encrypt_then_mac)
    refused(peer.flight(), Reasons.mac_then_encrypt)
    hello = without(ExtensionType.encrypt_then_mac)
    refused(
        HostileClient12(suite=CBC, client_hello=hello).flight(),
        Reasons.no_common_suite,
        PeerIncompatible,
    )


def _padding(broken: Callable[[bytearray], None], *, etm: bool) -> Heard:
    """A server's last word on a CBC record of which some bytes are changed."""
    with pytest.warns(insecure.SecurityWarning):
        policy = insecure.old_machines()
    config = server_config(versions=[TLS12], policy=policy, suites=[CBC])
    edits: dict[str, Any] = {} if etm else {"client_hello": without(ExtensionType.encrypt_then_mac)}
    peer = HostileClient12(config, suite=CBC, **edits).flight()
    assert done(peer)
    assert peer.encrypt_then_mac is etm
    record = bytearray(peer.sealed(DATA, b"a cookie"))
    broken(record)
    peer.deliver(bytes(record))
    refused(peer, Reasons.bad_record_mac)
    return peer.heard[-1]


def _flip(position: int) -> Callable[[bytearray], None]:
    def broken(record: bytearray) -> None:
        record[position] ^= 0x41

    return broken


def _cut(record: bytearray) -> None:
    """Two blocks less: another end, whose padding and MAC are wrong in most ways."""
    del record[-32:]
    record[3:5] = (len(record) - 5).to_bytes(2)


@pytest.mark.parametrize("etm", [True, False], ids=["encrypt-then-mac", "mac-then-encrypt"])
def test_poodle_hears_one_alert_for_padding_and_mac(etm: bool) -> None:
    """Whatever is wrong with a CBC record is bad_record_mac, also where old machines are looked at.

    The padding's length, its content, the MAC and the length of the record: one answer. How long
    the answer takes is not promised for MAC-then-encrypt, which is why it is insecure.
    """
    said = [_padding(broken, etm=etm) for broken in (*map(_flip, (5, 20, 21, -33, -17, -1)), _cut)]
    assert said == [Heard(ALERT, b"\x02\x14", True)] * len(said)


# --- Version rollback -----------------------------------------------------------------------------


def rewritten(data: bytes, edit: Callable[[ClientHello], ClientHello]) -> bytes:
    """A flight whose ClientHello somebody on the way has rewritten."""
    hello = decode(ClientHello, data[5:])
    return plain_record(22, encode(edit(hello)))


def stripped(hello: ClientHello) -> ClientHello:
    """Without a word of TLS 1.3."""
    edit = without(ExtensionType.supported_versions, ExtensionType.key_share)
    kept: ClientHello = edit(hello)
    return kept


def in_the_middle(
    edit: Callable[[ClientHello], ClientHello], **settings: Any
) -> tuple[Connection, Connection, bytes]:
    """Both sides speak both versions; the server has answered the rewritten hello."""
    suites = settings.get("suites")
    common: dict[str, Any] = {"versions": BOTH, "policy": policies.legacy, "suites": suites}
    client = ClientConnection(client_config(**common), NAME)
    own = [server_credential("rsa2048"), server_credential()]
    server = ServerConnection(server_config(**common, credentials=own))
    server.receive_data(rewritten(bytes(client.data_to_send()), edit))
    return client, server, bytes(server.data_to_send())


def failed(side: Connection, reason: Reason) -> None:
    """The refusal and the alert on the wire."""
    with pytest.raises(TLSError) as caught:
        events_of(side)
    assert caught.value.reason == reason
    assert bytes(side.data_to_send()).endswith(bytes((2, reason.alert)))


def test_version_rollback_of_a_hello_on_the_way() -> None:
    """RFC 9846, 4.2.3: the server's random says that it could do better."""
    client, server, answer = in_the_middle(stripped)
    assert server.failure is None
    client.receive_data(answer)
    failed(client, Reasons.downgrade)


def test_version_rollback_that_hides_the_sentinel() -> None:
    """The random is signed with the server's parameters, so who changes it changes too much."""
    client, _, answer = in_the_middle(stripped)
    sentinel = answer.index(b"DOWNGRD\x01")
    client.receive_data(answer[:sentinel] + bytes(8) + answer[sentinel + 8 :])
    failed(client, Reasons.bad_signature)


def test_version_rollback_to_what_nothing_signs() -> None:
    """Under RSA key exchange nothing is signed; there the keys of the two sides differ."""
    suites = [CipherSuite.TLS_AES_128_GCM_SHA256, RSA]
    client, server, answer = in_the_middle(stripped, suites=suites)
    sentinel = answer.index(b"DOWNGRD\x01")
    client.receive_data(answer[:sentinel] + bytes(8) + answer[sentinel + 8 :])
    assert client.failure is None
    server.receive_data(client.data_to_send())
    failed(server, Reasons.bad_record_mac)


@pytest.mark.parametrize("sentinel", [b"DOWNGRD\x00", b"DOWNGRD\x01"])
@pytest.mark.parametrize("old", [ProtocolVersion.TLS12, ProtocolVersion.TLS11])
def test_version_rollback_sentinels(sentinel: bytes, old: ProtocolVersion) -> None:
    """Both of them, whatever version comes with it."""
    edit = Knowing(
        lambda peer, hello: replace(hello, random=hello.random[:24] + sentinel, legacy_version=old)
    )
    peer = HostileServer12(client_config(versions=BOTH), server_hello=edit).flight()
    refused(peer, Reasons.downgrade)


def test_version_rollback_by_repeated_attempts() -> None:
    """RFC 7507: a client that was made to try again with less says so, and is told better."""

    def again(hello: ClientHello) -> ClientHello:
        suites = (*hello.cipher_suites, CipherSuite.TLS_FALLBACK_SCSV)
        return replace(stripped(hello), cipher_suites=suites)

    _, server, answer = in_the_middle(again)
    assert answer == plain_record(21, b"\x02\x56")
    failed_with = server.failure
    assert failed_with is not None
    assert failed_with.reason == Reasons.fallback


def test_version_rollback_in_the_premaster() -> None:
    """RFC 5246, 7.4.7.1: ours carries the version that our hello says, whatever was selected."""
    config = client_config(
        versions=BOTH, policy=policies.legacy, suites=[CipherSuite.TLS_AES_128_GCM_SHA256, RSA]
    )
    peer = HostileServer12(config, suite=RSA).flight()
    assert done(peer)
    assert (len(peer.premaster), peer.premaster[:2]) == (48, b"\x03\x03")


# --- SLOTH ----------------------------------------------------------------------------------------

MD5_RSA = SignatureScheme.of(0x0101)
HASHES: dict[SignatureScheme, Any] = {
    MD5_RSA: hashes.MD5(),
    SignatureScheme.of(0x0103): hashes.MD5(),
    SignatureScheme.rsa_pkcs1_sha1: hashes.SHA1(),
    SignatureScheme.ecdsa_sha1: hashes.SHA1(),
    SignatureScheme.of(0x0301): hashes.SHA224(),
    SignatureScheme.of(0x0303): hashes.SHA224(),
}


def signing(key: Any) -> Callable[[SignatureScheme, bytes], bytes]:
    """Right signatures with hashes that nobody should sign with."""

    def sign(scheme: SignatureScheme, content: bytes) -> bytes:
        made: bytes
        if isinstance(key, ec.EllipticCurvePrivateKey):
            made = key.sign(content, ec.ECDSA(HASHES[scheme]))
        else:
            made = key.sign(content, padding.PKCS1v15(), HASHES[scheme])
        return made

    return sign


def sloth_to_client(scheme: SignatureScheme) -> HostileServer12:
    """A ServerKeyExchange that is signed so, from a server of both policies' suites."""
    suite = ECDSA if scheme & 0xFF == 3 else ECDHE_RSA
    own = server_credential("ecdsa_secp256r1" if suite == ECDSA else "rsa2048")
    signer: Any = own.signer
    return HostileServer12(
        suite=suite, credential=own, scheme=scheme, sign=signing(signer._key)
    ).flight()


def sloth_to_server(scheme: SignatureScheme) -> HostileClient12:
    """A CertificateVerify that is signed so."""
    own = client_credential("ecdsa_secp256r1" if scheme & 0xFF == 3 else "rsa2048")
    signer: Any = own.signer
    config = server_config(versions=[TLS12], policy=policies.legacy, client_trust=trust())
    return HostileClient12(
        config, credential=own, scheme=scheme, sign=signing(signer._key)
    ).flight()


SLOTH = [
    Misdeed(f"{scheme!r} in {message}", Reasons.scheme_not_offered, attack)
    for scheme in HASHES
    for message, attack in (
        ("ServerKeyExchange", partial(sloth_to_client, scheme)),
        ("CertificateVerify", partial(sloth_to_server, scheme)),
    )
]


@pytest.mark.parametrize("misdeed", SLOTH, ids=names)
def test_sloth(misdeed: Misdeed) -> None:
    """CVE-2015-7575: MD5 and SHA-1 signatures are refused although they are right."""
    misdeed.check()


def test_sloth_is_right_but_for_its_hash() -> None:
    """Where a policy says ``insecure`` the same SHA-1 signatures are taken; MD5's never."""
    with pytest.warns(insecure.SecurityWarning):
        policy = insecure.old_machines()
    for scheme, taken in ((SignatureScheme.rsa_pkcs1_sha1, True), (MD5_RSA, False)):
        config = client_config(versions=[TLS12], policy=policy, suites=[ECDHE_RSA])
        own = server_credential("rsa2048")
        signer: Any = own.signer
        peer = HostileServer12(
            config, suite=ECDHE_RSA, credential=own, scheme=scheme, sign=signing(signer._key)
        ).flight()
        if taken:
            assert done(peer)
        else:
            refused(peer, Reasons.scheme_not_offered)


# --- Triple handshake -----------------------------------------------------------------------------


class Middle:
    """Somebody with a certificate of their own between two who both negotiate RSA key exchange.

    To the client it is the server; to the server it repeats the client's random and premaster
    secret. What this cannot arrange is a common transcript.
    """

    def __init__(self, *, extended: bool) -> None:
        self._strip = [] if extended else [without(ExtensionType.extended_main_secret)]
        self.to_client = HostileServer12(suite=RSA, credential=_own(), server_hello=self._answer)
        self.to_server = HostileClient12(
            suite=RSA, client_hello=self._greet, premaster=lambda _: self.to_client.premaster
        )
        self.to_server.flight("client_hello")
        self.to_client.flight()
        self.to_server.flight("client_key_exchange", "change_cipher_spec", "finished")
        assert done(self.to_client)
        assert done(self.to_server)

    def _greet(self, hello: Any) -> Any:
        """Our hello, with the client's random."""
        return self._bare(replace(hello, random=self.to_client.hello.random))

    def _answer(self, hello: Any) -> Any:
        """Our ServerHello, with the server's random."""
        return self._bare(replace(hello, random=self.to_server.server_random))

    def _bare(self, hello: Any) -> Any:
        for edit in self._strip:
            hello = edit(hello)
        return hello


def _own() -> Any:
    """The middle's certificate, which the client accepts: it is a server, just not that one."""
    return authority().issue(NAME, key="rsa2048")


def test_triple_handshake_makes_one_secret_of_two() -> None:
    """Without RFC 7627 two connections share their main secret: then nothing is exported."""
    middle = Middle(extended=False)
    assert middle.to_client.main12.secret == middle.to_server.main12.secret
    for side in (middle.to_client.victim, middle.to_server.victim):
        with pytest.raises(ApiMisuse, match="extended_main_secret"):
            side.export_keying_material(b"EXPORTER-test", None, 32)


def test_triple_handshake_fails_where_the_secret_covers_the_handshake() -> None:
    """With it the same middle, the same randoms and the same premaster give two secrets."""
    middle = Middle(extended=True)
    assert middle.to_client.client_random == middle.to_server.client_random
    assert middle.to_client.server_random == middle.to_server.server_random
    assert middle.to_client.main12.secret != middle.to_server.main12.secret


@pytest.mark.parametrize("victim", ["client", "server"])
def test_triple_handshake_has_no_setting_by_default(victim: str) -> None:
    """The default policy refuses whoever does not bind the secret to the handshake."""
    strip = without(ExtensionType.extended_main_secret)
    if victim == "client":
        peer: Any = HostileServer12(client_config(versions=[TLS12]), server_hello=strip)
    else:
        peer = HostileClient12(server_config(versions=[TLS12]), client_hello=strip)
    refused(peer.flight(), Reasons.extended_main_secret_missing)


def test_honest_peers_of_both_versions_meet_in_the_newer() -> None:
    """What the rollbacks above are measured against."""
    pair = Pair(client_config(versions=BOTH), server_config(versions=BOTH)).run()
    assert pair.client.info.version == ProtocolVersion.TLS13


# What the attacks of these files end with, as numbers: the catalogue is not its own judge.
ALERTS = {
    Reasons.bad_change_cipher_spec: 10,
    Reasons.unexpected_message: 10,
    Reasons.unexpected_record: 10,
    Reasons.interleaved_handshake: 10,
    Reasons.plaintext_data: 10,
    Reasons.bad_record_mac: 20,
    Reasons.suite_not_offered: 47,
    Reasons.group_not_offered: 47,
    Reasons.scheme_not_offered: 47,
    Reasons.illegal_value: 47,
    Reasons.bad_key_share: 47,
    Reasons.downgrade: 47,
    Reasons.no_common_suite: 40,
    Reasons.mac_then_encrypt: 40,
    Reasons.too_many_renegotiations: 40,
    Reasons.extended_main_secret_missing: 40,
    Reasons.bad_signature: 51,
    Reasons.weak_key: 71,
    Reasons.unacceptable_dh_group: 71,
    Reasons.fallback: 86,
}


@pytest.mark.parametrize("reason", ALERTS, ids=lambda reason: str(reason.name))
def test_the_alerts_are_those_of_the_rfcs(reason: Reason) -> None:
    """RFC 5246, 7.2; RFC 7507, 4; RFC 7919, 4: what went over the wire above."""
    assert reason.alert == ALERTS[reason]
