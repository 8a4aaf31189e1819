"""Each what-if that says it is certain is true: the other handshake is made, and compared."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.endpoints import server_credential
from tests.support.whys import (
    AES128,
    AES256,
    BOTH,
    CHACHA,
    ECDSA128,
    ECDSA256,
    NEW,
    OLD,
    ORDER,
    RSA128,
    RSA256,
    TLS12,
    TLS13,
    Config,
    meeting,
    outcome,
    what_if,
    why,
)
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, SignatureScheme
from tlsee.crypto.schemes import SCHEMES
from tlsee.crypto.schemes12 import schemes12
from tlsee.recording.recording import Recording
from tlsee.trace import Failed, MessageSent

G = NamedGroup
DHE128 = CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
FLAT = dataclasses.replace(
    policies.default,
    group_tiers=(tuple(g for tier in policies.default.group_tiers for g in tier),),
)
# What, the handshake as it is (client, server), the change, and the handshake with it.
CASES: list[tuple[str, Config, Config, str, Config, Config]] = [
    ("version", BOTH, BOTH, "either side had been without TLS 1.3", OLD, BOTH),
    ("version", BOTH, BOTH, "either side had been without TLS 1.3", BOTH, OLD),
    ("version", BOTH, OLD, "this server had TLS 1.3 enabled", BOTH, BOTH),
    ("version", OLD, BOTH, "the client had offered TLS 1.3", BOTH, BOTH),
    ("version", OLD, NEW, "the client had offered TLS 1.3", BOTH, NEW),
    ("version", OLD, NEW, "this server had TLS 1.2 enabled", OLD, BOTH),
    ("version", NEW, OLD, "this server had TLS 1.3 enabled", NEW, BOTH),
    ("version", BOTH, NEW, "either side had been without TLS 1.3", OLD, NEW),
    (
        "version",
        BOTH,
        BOTH,
        "the client had listed its versions in the other order",
        {"versions": [TLS12, TLS13]},
        BOTH,
    ),
    (
        "suite",
        {"suites": [AES128, AES256]} | NEW,
        NEW,
        "the client had not offered TLS_AES_128_GCM_SHA256",
        {"suites": [AES256]} | NEW,
        NEW,
    ),
    (
        "suite",
        {"suites": [CHACHA, AES256, AES128]} | NEW,
        {"suites": [AES128, AES256, CHACHA]} | NEW,
        ORDER,
        {"suites": [CHACHA, AES256, AES128]} | NEW,
        {"suites": [CHACHA, AES256, AES128]} | NEW,
    ),
    (
        "suite",
        {"suites": [CHACHA, AES256]} | NEW,
        {"suites": [AES256]} | NEW,
        "the server had TLS_CHACHA20_POLY1305_SHA256 at the head of its list",
        {"suites": [CHACHA, AES256]} | NEW,
        {"suites": [CHACHA, AES256]} | NEW,
    ),
    (
        "suite",
        {"suites": [AES128]} | NEW,
        {"suites": [CHACHA]} | NEW,
        "the client had offered TLS_CHACHA20_POLY1305_SHA256",
        {"suites": [AES128, CHACHA]} | NEW,
        {"suites": [CHACHA]} | NEW,
    ),
    (
        "suite",
        {"suites": [AES128]} | NEW,
        {"suites": [CHACHA]} | NEW,
        "this server had TLS_AES_128_GCM_SHA256 enabled",
        {"suites": [AES128]} | NEW,
        {"suites": [CHACHA, AES128]} | NEW,
    ),
    (
        "suite",
        {"suites": [ECDSA128, RSA128, ECDSA256]} | OLD,
        OLD,
        "the client had not offered TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        {"suites": [RSA128, ECDSA256]} | OLD,
        OLD,
    ),
    (
        "suite",
        {"suites": [ECDSA256, RSA256, ECDSA128, RSA128]} | OLD,
        OLD,
        ORDER,
        {"suites": [ECDSA256, RSA256, ECDSA128, RSA128]} | OLD,
        {"suites": [ECDSA256, RSA256, ECDSA128, RSA128]} | OLD,
    ),
    (
        "group",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.X25519MLKEM768]} | NEW,
        NEW,
        "the client had not offered X25519MLKEM768",
        {"groups": [G.x25519], "key_shares": []} | NEW,
        NEW,
    ),
    (
        "group",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.X25519MLKEM768, G.x25519]} | NEW,
        NEW,
        "the client had sent no share of X25519MLKEM768",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.x25519]} | NEW,
        NEW,
    ),
    (
        "group",
        {"groups": [G.x25519, G.secp384r1], "key_shares": [G.x25519]} | NEW,
        {"groups": [G.secp384r1]} | NEW,
        "the client had sent a share of secp384r1 at once",
        {"groups": [G.x25519, G.secp384r1], "key_shares": [G.x25519, G.secp384r1]} | NEW,
        {"groups": [G.secp384r1]} | NEW,
    ),
    (
        "group",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.x25519]} | NEW,
        NEW,
        "all of the server's groups stood in one tier, so that a share that is there wins",
        {"groups": [G.X25519MLKEM768, G.x25519], "key_shares": [G.x25519]} | NEW,
        {"policy": FLAT} | NEW,
    ),
    (
        "group",
        {"groups": [G.X25519MLKEM768, G.x25519]} | NEW,
        NEW,
        "the client offered nothing post-quantum",
        {"groups": [G.x25519]} | NEW,
        NEW,
    ),
    (
        "group",
        {"groups": [G.x25519]} | NEW,
        {"groups": [G.X25519MLKEM768, G.secp256r1]} | NEW,
        "the client had offered X25519MLKEM768",
        {"groups": [G.x25519, G.X25519MLKEM768]} | NEW,
        {"groups": [G.X25519MLKEM768, G.secp256r1]} | NEW,
    ),
    (
        "group",
        {"groups": [G.secp384r1, G.x25519, G.secp256r1]} | OLD,
        {"groups": [G.x25519, G.secp384r1]} | OLD,
        "the client had not offered x25519",
        {"groups": [G.secp384r1, G.secp256r1]} | OLD,
        {"groups": [G.x25519, G.secp384r1]} | OLD,
    ),
    (
        "group",
        {"groups": [G.secp384r1, G.x25519, G.secp256r1]} | OLD,
        {"groups": [G.x25519, G.secp384r1]} | OLD,
        ORDER,
        {"groups": [G.secp384r1, G.x25519, G.secp256r1]} | OLD,
        {"groups": [G.secp384r1, G.x25519]} | OLD,
    ),
    *(
        case
        for version in (OLD, NEW)
        for case in (
            (
                "alpn",
                {"alpn": ["h2", "http/1.1"]} | version,
                {"alpn": ["h2", "http/1.1"]} | version,
                "the client had not offered h2",
                {"alpn": ["http/1.1"]} | version,
                {"alpn": ["h2", "http/1.1"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["h2", "x"]} | version,
                {"alpn": ["h2"]} | version,
                "the client had not offered h2",
                {"alpn": ["x"]} | version,
                {"alpn": ["h2"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["h2"]} | version,
                {"alpn": ["h2"]} | version,
                "the client had not offered h2",
                version,
                {"alpn": ["h2"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["http/1.1", "h2"]} | version,
                {"alpn": ["h2", "http/1.1"]} | version,
                ORDER,
                {"alpn": ["http/1.1", "h2"]} | version,
                {"alpn": ["http/1.1", "h2"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["h2"]} | version,
                {"alpn": ["h2"]} | version,
                "the client had offered none",
                version,
                {"alpn": ["h2"]} | version,
            ),
            (
                "alpn",
                version,
                {"alpn": ["h2"]} | version,
                "the client had offered h2",
                {"alpn": ["h2"]} | version,
                {"alpn": ["h2"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["a", "b"]} | version,
                {"alpn": ["c", "d"]} | version,
                "the client had offered c",
                {"alpn": ["a", "b", "c"]} | version,
                {"alpn": ["c", "d"]} | version,
            ),
            (
                "alpn",
                {"alpn": ["a", "b"]} | version,
                {"alpn": ["c", "d"]} | version,
                "this server had a",
                {"alpn": ["a", "b"]} | version,
                {"alpn": ["c", "d", "a"]} | version,
            ),
        )
    ),
]


def retried(recording: Recording) -> bool:
    return any(
        isinstance(event, MessageSent) and event.raw[:1] == b"\x02" for event in recording.events()
    ) and any("RetriedClientHello" in getattr(e, "name", "") for e in recording.events())


@pytest.mark.parametrize(("what", "client", "server", "change", "client2", "server2"), CASES)
def test_what_is_certain_is_what_happens(
    what: str, client: Config, server: Config, change: str, client2: Config, server2: Config
) -> None:
    """The same change made for real: the winner is the one that was named, or there is none."""
    told = what_if(why(meeting(client, server)[2], what), change)
    _, second, _ = meeting(client2, server2)

    assert told.certain
    assert outcome(second, what) == told.then
    failed = any(isinstance(event, Failed) for event in second.events())
    assert failed is ("and the end" in told.result)
    if what == "group" and "HelloRetryRequest" in told.result:
        assert retried(second) is ("one round trip more" in told.result)


@pytest.mark.parametrize("version", [OLD, NEW])
@pytest.mark.parametrize("key", ["rsa2048", "ecdsa_secp256r1", "ed25519"])
def test_a_scheme_that_is_not_accepted_is_not_used(version: Config, key: str) -> None:
    """And what is used in its place, if anything, is among those that were named."""
    server = {"credentials": [server_credential(key)]} | version
    reason = why(meeting(version, server)[1], "scheme")
    told = what_if(reason, f"the client had not accepted {reason.chosen}")
    left = [c for c in reason.candidates if c.offered and not c.chosen]
    schemes = [SignatureScheme.named(c.name) for c in left if not c.name.startswith("0x")]
    usable = [s for s in schemes if s in (schemes12() if version is OLD else SCHEMES)]
    usable = [s for s in usable if "pkcs1" not in s.name]
    _, second, _ = meeting({"schemes": usable} | version, server)
    then = outcome(second, "scheme")

    assert told.certain
    assert then != reason.chosen
    assert then == "" or then in told.result


def test_what_another_key_exchange_would_need_is_not_known() -> None:
    """Without ECDHE the server would have to take RSA: the client names no field that it has."""
    rsa, dhe = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256, DHE128
    client = {
        "policy": policies.legacy,
        "suites": [RSA128, dhe, rsa],
        "groups": [G.x25519, G.ffdhe3072],
    } | OLD
    server = {
        "policy": policies.legacy,
        "suites": [RSA128, dhe, rsa],
        "groups": [G.x25519, G.ffdhe2048],
        "credentials": [server_credential("rsa2048")],
    } | OLD
    reason = why(meeting(client, server)[1], "suite")
    told = what_if(reason, f"the client had not offered {RSA128}")
    _, second, _ = meeting(client | {"suites": [dhe, rsa], "groups": [G.ffdhe3072]}, server)

    assert told.then == dhe.name != outcome(second, "suite")
    assert not told.certain


def test_a_group_on_which_the_certificate_has_its_key_has_two_reasons_to_be_listed() -> None:
    """RFC 8422, 5.1.1: without it in the list the certificate cannot be shown either."""
    groups = [G.secp256r1, G.x25519]
    reason = why(meeting({"groups": groups} | OLD, {"groups": groups} | OLD)[1], "group")
    told = what_if(reason, "the client had not offered secp256r1")
    _, second, _ = meeting({"groups": [G.x25519]} | OLD, {"groups": groups} | OLD)

    assert outcome(second, "group") == ""
    assert not told.certain


def test_a_certificate_that_cannot_be_shown_is_not() -> None:
    """Without the schemes of its key, another one is shown."""
    both = {"credentials": [server_credential(), server_credential("ed25519")]} | NEW
    reason = why(meeting(NEW, both)[1], "certificate")
    (told,) = [item for item in reason.what_ifs if item.certain]
    _, second, _ = meeting({"schemes": [SignatureScheme.ed25519]} | NEW, both)

    assert "no signature with ecdsa_secp256r1_sha256" in told.change
    assert why(second, "certificate").chosen != reason.chosen
