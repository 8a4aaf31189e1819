"""A configuration that cannot work is refused when it is made, with the reason."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, server_config, server_credential
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.config import ClientConfig, ServerConfig
from tlsee.deciders import CredentialRequest
from tlsee.errors import ApiMisuse
from tlsee.identity.index import Selection

TLS12, TLS13 = ProtocolVersion.TLS12, ProtocolVersion.TLS13
ECDHE_ECDSA = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
ECDHE_RSA = CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
DHE_RSA = CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
AES = CipherSuite.TLS_AES_128_GCM_SHA256
PSS = SignatureScheme.rsa_pss_rsae_sha256
P256 = SignatureScheme.ecdsa_secp256r1_sha256

NEITHER = "TLS 1.3 cannot work: none of its cipher suites is allowed; TLS 1.2 cannot work: "
UNFIT = "its cipher suites (ECDHE-RSA) do not go with server.test ("
SERVERS: list[tuple[str, dict[str, Any], str]] = [
    ("RSA suites", {"suites": [ECDHE_RSA]}, NEITHER + UNFIT),
    ("by name", {"versions": [TLS12], "suites": [ECDHE_RSA]}, "TLS 1.2 cannot work: " + UNFIT),
    (
        "both, one by name",
        {"versions": [TLS13, TLS12], "suites": [AES, ECDHE_RSA]},
        "TLS 1.2 cannot work: its cipher suites (ECDHE-RSA)",
    ),
    (
        "RSA key exchange",
        {"versions": [TLS12], "policy": policies.legacy, "suites": [RSA]},
        "(RSA-RSA) do not go with",
    ),
    (
        "no group",
        {"versions": [TLS12], "groups": [NamedGroup.X25519MLKEM768]},
        "its cipher suites find no group for ECDHE",
    ),
    (
        "a scheme for another key",
        {"schemes": [PSS]},
        "schemes: none of rsa_pss_rsae_sha256 is for server.test (",
    ),
    (
        "PKCS #1 would do in 1.2",
        {"schemes": [P256], "credentials": [server_credential("rsa2048")]},
        "schemes: none of ecdsa_secp256r1_sha256 is for",
    ),
]

CLIENTS: list[tuple[str, dict[str, Any], str]] = [
    (
        "a hybrid for 1.2",
        {"versions": [TLS12], "groups": [NamedGroup.x25519, NamedGroup.X25519MLKEM768]},
        "X25519MLKEM768 is of no use to a configuration that speaks TLS 1.2",
    ),
    (
        "a field without DHE",
        {"versions": [TLS12], "groups": [NamedGroup.x25519, NamedGroup.ffdhe2048]},
        "groups: ffdhe2048 is of no use",
    ),
    (
        "a curve for RSA",
        {"policy": policies.legacy, "suites": [RSA], "groups": [NamedGroup.x25519]},
        "groups: x25519 is of no use",
    ),
    (
        "DHE without a field",
        {
            "policy": policies.legacy,
            "suites": [AES, ECDHE_RSA, DHE_RSA],
            "groups": [NamedGroup.x25519],
        },
        "suites: TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 is of no use",
    ),
    (
        "a suite that the policy leaves out",
        {"suites": [AES, ECDHE_RSA, RSA]},
        "is not in the policy 'default'; fix: policy=tlsee.policies.legacy",
    ),
    (
        "a suite of another version",
        {"versions": [TLS13], "suites": [AES, ECDHE_RSA]},
        "suites: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 is of no use",
    ),
    (
        "ECDSA without a scheme",
        {"versions": [TLS12], "suites": [ECDHE_ECDSA], "schemes": [PSS]},
        "its cipher suites find no signature scheme for ECDSA keys",
    ),
    (
        "a scheme of 1.3",
        {"versions": [TLS12], "schemes": [P256, SignatureScheme.mldsa44]},
        "schemes: mldsa44 is of no use",
    ),
    (
        "a version without a suite",
        {"versions": [TLS13, TLS12], "suites": [AES]},
        "TLS 1.2 cannot work: none of its cipher suites is allowed",
    ),
]


@pytest.mark.parametrize(
    ("changes", "words"),
    [s[1:] for s in SERVERS],
    ids=[s[0] for s in SERVERS],
)
def test_a_server_that_cannot_work(changes: dict[str, Any], words: str) -> None:
    """The message names what does not go with what."""
    with pytest.raises(ApiMisuse) as caught:
        server_config(**changes)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [c[1:] for c in CLIENTS],
    ids=[c[0] for c in CLIENTS],
)
def test_a_client_that_cannot_work(changes: dict[str, Any], words: str) -> None:
    """The same for what a client asks for by name."""
    with pytest.raises(ApiMisuse) as caught:
        client_config(**changes)
    assert words in str(caught.value)


def test_a_version_that_was_not_named_falls_away() -> None:
    """Beside 1.3, which works, 1.2 is left out where no certificate serves its suites."""
    config = server_config(policy=narrowed(AES, ECDHE_RSA))
    assert config.versions == (TLS13,)
    assert config.suites == (AES,)
    both = server_config(
        policy=narrowed(AES, ECDHE_RSA), credentials=[server_credential("rsa2048")]
    )
    assert both.versions == (TLS13, TLS12)


def narrowed(*suites: CipherSuite) -> policies.Policy:
    return dataclasses.replace(policies.default, name="narrow", suites=suites)


def test_a_policy_that_cannot_work() -> None:
    """A policy is held to the same: the configuration made of it says why nothing is left."""
    with pytest.raises(ApiMisuse, match=r"\(ECDHE-RSA\) do not go with server\.test"):
        server_config(policy=narrowed(ECDHE_RSA))
    fields = dataclasses.replace(
        policies.legacy, suites=(DHE_RSA,), group_tiers=((NamedGroup.x25519,),)
    )
    with pytest.raises(ApiMisuse, match="its cipher suites find no group for DHE"):
        client_config(policy=fields)


def test_a_chooser_of_ones_own_may_know_more() -> None:
    """Where somebody else chooses, the credentials here are not all there are."""

    def chooser(request: CredentialRequest) -> Selection:
        other = server_credential("rsa2048")
        return Selection(other, next(s for s in other.schemes12 if s in request.schemes), (), True)

    config = server_config(versions=[TLS12], suites=[ECDHE_RSA], choose_credential=chooser)
    assert Pair(client_config(versions=[TLS12]), config).run().done


def test_a_server_needs_a_certificate_all_the_same() -> None:
    """That is said first, and not that no certificate fits."""
    with pytest.raises(ApiMisuse, match="a server needs a certificate"):
        ServerConfig(credentials=[])


def test_the_defaults_work() -> None:
    """Each policy makes a client, and a server with any kind of key."""
    for policy in (policies.default, policies.legacy, policies.insecure_old_machines):
        assert isinstance(client_config(policy=policy), ClientConfig)
        for key in ("ecdsa_secp256r1", "rsa2048", "ed25519", "ed448"):
            config = server_config(policy=policy, credentials=[server_credential(key)])
            assert config.versions == (TLS13, TLS12)
