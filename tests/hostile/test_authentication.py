"""Who cannot prove who they are: Certificate, CertificateVerify, Finished (RFC 9846, 4.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.authentication import (
    badly_signed,
    certificates,
    finished_by,
    request_with,
    signature,
    with_entry_extension,
)
from tests.support.endpoints import (
    NAME,
    authority,
    client_config,
    client_credential,
    server_config,
    server_credential,
    trust,
)
from tests.support.hostile import Puppet
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import (
    Misdeed,
    also,
    before,
    changed,
    cut,
    done,
    longer,
    names,
    omitted,
    twice,
    without,
)
from tlsee.codes import ExtensionType, SignatureScheme
from tlsee.errors import CertificateRejected, Reason, Reasons
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.identity.proof import Anonymous, ByCertificate, Unverified
from tlsee.identity.trust import Trust

DAY = 86_400.0
ECDSA, ED25519 = SignatureScheme.ecdsa_secp256r1_sha256, SignatureScheme.ed25519
RSA_PSS, PKCS1 = SignatureScheme.rsa_pss_rsae_sha256, SignatureScheme.rsa_pkcs1_sha256
Attack = Callable[[], Puppet]


def from_server(asks: bool = False, config: Any = None, **edits: Any) -> Attack:
    """A server that proves itself badly."""

    def attack() -> Puppet:
        return HostileServer(client_config(**(config or {})), asks=asks, **edits).flight()

    return attack


def from_client(auth: str = "required", **edits: Any) -> Attack:
    """A client that is asked for a certificate and shows a good one, badly."""

    def attack() -> Puppet:
        config = server_config(client_trust=trust(), client_auth=auth)
        return HostileClient(config, credential=client_credential(), **edits).flight()

    return attack


def unasked(**edits: Any) -> Attack:
    """A client that nobody asks."""
    return lambda: HostileClient(**edits).flight()


def empty_handed(**edits: Any) -> Attack:
    """A client that must show a certificate and has none."""
    return lambda: HostileClient(server_config(client_trust=trust()), **edits).flight()


def either(name: str, reason: Reason, words: str = "", **edits: Any) -> list[Misdeed]:
    """The same misdeed by either role."""
    return [
        Misdeed(f"{name}, by a server", reason, from_server(**edits), words=words),
        Misdeed(f"{name}, by a client", reason, from_client(**edits), words=words),
    ]


FINISHED = b"\x14\x00\x00\x20" + bytes(32)
BY_EITHER = [
    either("other bytes", Reasons.bad_signature, certificate_verify=signature(lambda s: s[:-1] + bytes((s[-1] ^ 1,)))),
    either("no signature", Reasons.bad_signature, certificate_verify=changed(signature=b"")),
    either("no DER", Reasons.bad_signature, certificate_verify=changed(signature=bytes(64))),
    either("DER and rubbish", Reasons.bad_signature, certificate_verify=signature(lambda s: s + b"\x00")),
    either("64 kB of signature", Reasons.message_too_long, certificate_verify=changed(signature=bytes(65_535))),
    either("another key", Reasons.bad_signature, certificate_verify=badly_signed("key")),
    either("the other side's context", Reasons.bad_signature, certificate_verify=badly_signed("role")),
    either("an older transcript", Reasons.bad_signature, certificate_verify=badly_signed("transcript")),
    either("no context at all", Reasons.bad_signature, certificate_verify=badly_signed("bare")),
    either("PKCS#1", Reasons.scheme_not_offered, "rsa_pkcs1_sha256", certificate_verify=changed(algorithm=PKCS1)),
    either("ECDSA with SHA-1", Reasons.scheme_not_offered, certificate_verify=changed(algorithm=SignatureScheme.of(0x0203))),
    either("a scheme of nowhere", Reasons.scheme_not_offered, "0x7a7a", certificate_verify=changed(algorithm=SignatureScheme.of(0x7A7A))),
    either("RSA-PSS by an EC key", Reasons.scheme_not_for_key, certificate_verify=changed(algorithm=RSA_PSS)),
    either("P-384 by a P-256 key", Reasons.scheme_not_for_key, certificate_verify=changed(algorithm=SignatureScheme.ecdsa_secp384r1_sha384)),
    either("Ed25519 by an EC key", Reasons.scheme_not_for_key, certificate_verify=changed(algorithm=ED25519)),
    either("CertificateVerify left out", Reasons.unexpected_message, "expected certificate_verify", certificate_verify=omitted),
    either("CertificateVerify twice", Reasons.unexpected_message, "expected finished", certificate_verify=twice),
    either("CertificateVerify cut", Reasons.malformed, certificate_verify=cut()),
    either("CertificateVerify too long", Reasons.trailing_bytes, certificate_verify=longer()),
    either("Finished before it", Reasons.unexpected_message, certificate_verify=before(FINISHED)),
    either("Certificate left out", Reasons.unexpected_message, "certificate", certificate=omitted),
    either("Certificate twice", Reasons.unexpected_message, certificate=twice),
    either("Certificate cut", Reasons.malformed, certificate=cut()),
    either("Certificate too long", Reasons.trailing_bytes, certificate=longer()),
    either("a context", Reasons.request_context_wrong, certificate=changed(certificate_request_context=b"x")),
    either("a certificate of no bytes", Reasons.malformed, certificate=lambda _: b"\x0b\x00\x00\x09\x00\x00\x00\x05" + bytes(5)),
    either("no DER in it", Reasons.unusable_certificate, certificate=certificates(b"not a certificate")),
    either("a certificate cut", Reasons.unusable_certificate, certificate=certificates(server_credential().chain[0][:-1])),
    either("a certificate and rubbish", Reasons.unusable_certificate, certificate=certificates(server_credential().chain[0] + b"\x00")),
    either("OCSP unasked", Reasons.unsolicited_extension, "status_request", certificate=with_entry_extension(5, b"\x01\x00\x00\x01\x00")),
    either("SCTs unasked", Reasons.unsolicited_extension, certificate=with_entry_extension(18, b"\x00\x03\x00\x01\x00")),
    either("unknown extension", Reasons.unsolicited_extension, "0x4242", certificate=with_entry_extension(0x4242, b"")),
    either("GREASE extension", Reasons.unsolicited_extension, certificate=with_entry_extension(0x2A2A, b"")),
    either("misplaced extension", Reasons.misplaced_extension, certificate=with_entry_extension(51, b"")),
    either("bad OCSP response", Reasons.malformed, certificate=with_entry_extension(5, b"\x01")),
    either("wrong Finished", Reasons.bad_finished, finished=changed(verify_data=bytes(32))),
    either("short Finished", Reasons.bad_finished, finished=cut()),
    either("long Finished", Reasons.bad_finished, finished=longer()),
    either("empty Finished", Reasons.bad_finished, finished=changed(verify_data=b"")),
    either("endless Finished", Reasons.message_too_long, finished=longer(bytes(33))),
    either("Finished by the other key", Reasons.bad_finished, finished=finished_by("other")),
    either("Finished over an older transcript", Reasons.bad_finished, finished=finished_by("older")),
    either("another message before Finished", Reasons.unexpected_message, finished=before(b"\x18\x00\x00\x01\x00")),
]  # fmt: skip

SIGALGS = ExtensionType.signature_algorithms
BY_SERVERS = [
    Misdeed("no certificate", Reasons.empty_certificate, from_server(certificate=changed(certificate_list=()))),
    Misdeed("sixty-five certificates", Reasons.chain_too_long, from_server(certificate=certificates(*server_credential().chain[:1] * 65)), CertificateRejected),
    Misdeed("too large a chain", Reasons.message_too_long, from_server(certificate=certificates(*[bytes(16_000)] * 9)), words="131,072"),
    Misdeed("unsolicited behind the first", Reasons.unsolicited_extension, from_server(certificate=with_entry_extension(5, b"\x01\x00\x00\x01\x00", place=1))),
    Misdeed("scheme switched off", Reasons.scheme_not_offered, from_server(config={"schemes": [ED25519, RSA_PSS]}), words="ecdsa_secp256r1_sha256"),
    Misdeed("request with a context", Reasons.request_context_wrong, from_server(True, certificate_request=changed(certificate_request_context=b"1"))),
    Misdeed("request without schemes", Reasons.missing_extension, from_server(True, certificate_request=without(SIGALGS))),
    Misdeed("request twice", Reasons.unexpected_message, from_server(True, certificate_request=twice)),
    Misdeed("request cut", Reasons.malformed, from_server(True, certificate_request=cut())),
    Misdeed("request too long", Reasons.trailing_bytes, from_server(True, certificate_request=longer())),
    Misdeed("request with a share", Reasons.misplaced_extension, from_server(True, certificate_request=request_with(51, b""))),
    Misdeed("request with empty schemes", Reasons.malformed, from_server(True, certificate_request=request_with(13, b"\x00\x00"))),
    Misdeed("request behind Certificate", Reasons.unexpected_message, from_server(certificate=also(b"\x0d\x00\x00\x03\x00\x00\x00"))),
    Misdeed("bad signature under insecure trust", Reasons.bad_signature, from_server(config={"trust": Trust.insecure_accept_anyone()}, certificate_verify=changed(signature=bytes(70)))),
]  # fmt: skip

BY_CLIENTS = [
    Misdeed("no certificate, required", Reasons.certificate_required, empty_handed(), CertificateRejected),
    Misdeed("no certificate, and a proof", Reasons.unexpected_message, from_client("optional", certificate=changed(certificate_list=())), words="expected finished"),
    Misdeed("nothing at all, required", Reasons.unexpected_message, empty_handed(certificate=omitted), words="expected certificate"),
    Misdeed("Finished alone, optional", Reasons.unexpected_message, from_client("optional", certificate=omitted, certificate_verify=omitted), words="expected certificate"),
    Misdeed("Certificate unasked", Reasons.unexpected_message, unasked(finished=before(b"\x0b\x00\x00\x04" + bytes(4))), words="expected finished"),
    Misdeed("CertificateVerify unasked", Reasons.unexpected_message, unasked(finished=before(b"\x0f\x00\x00\x04\x04\x03\x00\x00"))),
    Misdeed("a second hello", Reasons.unexpected_message, unasked(finished=before(b"\x01\x00\x00\x00"))),
]  # fmt: skip


def shown(make: Callable[[], Credential], **config: Any) -> Attack:
    """A server with a certificate that is issued when the test runs."""
    return lambda: HostileServer(client_config(**config), credential=make()).flight()


def refuses_everybody(request: Any) -> Any:
    raise CertificateRejected(Reasons.judge_refused, "not on the list")


def elsewhere() -> Authority:
    return Authority.create("somebody else")


JUDGED = [
    Misdeed("authority unknown", Reasons.unknown_ca, shown(lambda: elsewhere().issue(NAME))),
    Misdeed("expired", Reasons.certificate_expired, shown(lambda: authority().issue(NAME, not_before=DAY, not_after=2 * DAY))),
    Misdeed("not yet valid", Reasons.certificate_not_yet_valid, shown(lambda: authority().issue(NAME, not_before=4e9, not_after=4.1e9))),
    Misdeed("another name", Reasons.name_mismatch, shown(lambda: authority().issue("other.test")), words="other.test"),
    Misdeed("a client's", Reasons.wrong_purpose, shown(client_credential)),
    Misdeed("the application says no", Reasons.judge_refused, shown(server_credential, judge=refuses_everybody), words="not on the list"),
]  # fmt: skip
JUDGED = [misdeed._replace(kind=CertificateRejected) for misdeed in JUDGED]

MISDEEDS = [misdeed for pair in BY_EITHER for misdeed in pair] + BY_SERVERS + BY_CLIENTS + JUDGED


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=names)
def test_a_bad_proof_is_refused_under_keys(misdeed: Misdeed) -> None:
    """By the alert of RFC 9846, 4.5; nobody is believed, and the peer can read why."""
    misdeed.check()


@pytest.mark.parametrize("auth", ["optional", "required"])
def test_a_client_certificate_that_is_refused(auth: str) -> None:
    """Given is judged, also where it was optional; the text names the certificate."""
    stranger = elsewhere().issue("client.test", client=True, server=False)

    def attack() -> Puppet:
        config = server_config(client_trust=trust(), client_auth=auth)
        return HostileClient(config, credential=stranger).flight()

    error = Misdeed("", Reasons.unknown_ca, attack, CertificateRejected).check()
    assert isinstance(error, CertificateRejected)
    assert error.verdict is not None
    assert error.evidence.verdict is error.verdict


def test_no_certificate_is_an_answer_where_it_is_optional() -> None:
    """RFC 9846, 4.5.1.3: the connection goes on with nobody."""
    peer = HostileClient(server_config(client_trust=trust(), client_auth="optional")).flight()

    assert done(peer)
    assert isinstance(peer.victim.info.peer, Anonymous)


def test_a_certificate_is_taken_where_it_is_optional() -> None:
    """And proves who the client is."""
    config = server_config(client_trust=trust(), client_auth="optional")
    peer = HostileClient(config, credential=client_credential()).flight()

    assert done(peer)
    assert isinstance(peer.victim.info.peer, ByCertificate)


def test_insecure_trust_still_wants_the_key_and_says_what_is_wrong() -> None:
    """The chain is judged and refused, the signature is checked, the proof is Unverified."""
    config = client_config(trust=Trust.insecure_accept_anyone())
    peer = HostileServer(config, credential=elsewhere().issue(NAME)).flight()

    assert done(peer)
    assert isinstance(peer.victim.info.peer, Unverified)


def test_a_request_may_carry_what_nobody_knows() -> None:
    """RFC 9846, 4.4.2: unknown extensions and GREASE in CertificateRequest are ignored."""
    edit = request_with(0x4242, b"?", 0x3A3A, b"")
    peer = HostileServer(asks=True, certificate_request=edit).flight()

    assert done(peer)


def test_a_client_shows_nothing_that_the_server_cannot_verify() -> None:
    """Its key does not fit the request's schemes: an empty list, and on it goes."""
    only_rsa = request_with(13, b"\x00\x02\x08\x04")
    config = client_config(credentials=[client_credential()])
    peer = HostileServer(config, asks=True, certificate_request=only_rsa).flight()

    assert done(peer)
    assert peer.names() == ["client_hello", "certificate", "finished"]


@pytest.mark.parametrize(
    "key", ["ecdsa_secp256r1", "ecdsa_secp384r1", "ed25519", "rsa2048", "mldsa44"]
)
def test_every_kind_of_key_proves_itself(key: str) -> None:
    """What the tests above spoil is right before."""
    assert done(HostileServer(credential=server_credential(key)).flight())
