"""Which certificate a TLS 1.2 server shows, for which suite, and what a client asks of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
from cryptography import x509

from tests.support.certificates import AT, VALID, alt_names, authority, forge
from tests.support.endpoints import NAME, Pair, client_config, events_of, server_config
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion
from tlsee.codes12 import ECPointFormat
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, ServerConnection
from tlsee.crypto.private_keys import generate
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import CertificateRejected, PeerIncompatible, PeerMisbehaved
from tlsee.handshake.compose import Composer
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.identity.proof import ByDecryption
from tlsee.trace import Choice
from tlsee.values import replace
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.ec_point_formats import ECPointFormats

TLS12 = ProtocolVersion.TLS12
RSA_SUITE = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
ECDHE_RSA = CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
DHE_RSA = CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256
USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
    "key_cert_sign crl_sign encipher_only decipher_only"
)


THEN = replace(PROVIDER, now=lambda: AT)  # when the forged certificates are good


@lru_cache
def root() -> Authority:
    return authority()


def with_usage(key: str = "rsa2048", **allowed: bool) -> Credential:
    """A certificate whose key may be used in these ways alone."""
    bits = {name: allowed.get(name, False) for name in USAGES.split(" ")}
    private = generate(key)
    usage = x509.KeyUsage(**bits)
    der = forge(root(), [(alt_names(NAME), False), (usage, True)], subject=NAME, key=private)
    return Credential.from_objects([der], private).despite_flaws()


@lru_cache
def signing() -> Credential:
    return with_usage(digital_signature=True)


@lru_cache
def enciphering() -> Credential:
    return with_usage(key_encipherment=True)


def client(**changes: Any) -> ClientConfig:
    return client_config(
        **{
            "trust": root().trust,
            "versions": [TLS12],
            "policy": policies.legacy,
            "provider": THEN,
            **changes,
        }
    )


def server(*credentials: Credential, **changes: Any) -> ServerConfig:
    return server_config(
        **{
            "credentials": credentials,
            "versions": [TLS12],
            "policy": policies.legacy,
            "provider": THEN,
            **changes,
        }
    )


def choice(pair: Pair, what: str) -> Choice:
    return next(one for one in pair.server.info.choices if one.what == what)


@pytest.mark.parametrize("order", [1, -1])
def test_the_certificate_may_do_what_the_exchange_needs(order: int) -> None:
    """RFC 5246, 7.4.2: keyEncipherment for RSA key exchange, digitalSignature for the others.

    Whatever their order, each suite gets the certificate that is for it, and the Choice says why
    the other one lost.
    """
    both = (signing(), enciphering())[::order]
    for suite, fit in ((RSA_SUITE, enciphering()), (ECDHE_RSA, signing()), (DHE_RSA, signing())):
        pair = Pair(client(suites=[suite]), server(*both)).run()
        assert pair.server.info.suite == suite
        assert pair.server.info.own_credential is fit
        assert (suite == RSA_SUITE) == isinstance(pair.client.info.peer, ByDecryption)
        lost = choice(pair, "certificate")
        assert lost.chosen is fit
        if both[0] is not fit:
            assert "may not be used as the common suites need it" in lost.rule


def test_the_suite_fits_the_use_of_the_only_certificate() -> None:
    """A certificate that may encipher alone leaves RSA key exchange, in spite of ECDHE's rank."""
    suites = [ECDHE_RSA, RSA_SUITE]
    pair = Pair(client(suites=suites), server(enciphering(), suites=suites)).run()
    assert pair.client.info.suite == RSA_SUITE


@pytest.mark.parametrize(
    ("suite", "allowed"), [(RSA_SUITE, "digital_signature"), (ECDHE_RSA, "key_encipherment")]
)
def test_a_client_judges_the_use(
    monkeypatch: pytest.MonkeyPatch, suite: CipherSuite, allowed: str
) -> None:
    """A server that does not care shows a certificate for the other use: wrong_key_usage."""
    credential = with_usage("rsa2048", **{allowed: True})
    monkeypatch.setattr("tlsee.identity.fitness.permits", lambda *_: True)
    peer = ServerConnection(server(credential))
    victim = ClientConnection(client(suites=[suite]), NAME)
    peer.receive_data(victim.data_to_send())
    victim.receive_data(peer.data_to_send())

    with pytest.raises(CertificateRejected) as caught:
        events_of(victim)

    assert caught.value.name == "wrong_key_usage"


def test_a_curve_that_the_client_does_not_list_is_passed_over() -> None:
    """RFC 8422, 5.1.1: the curve of an ECDSA key is among the client's supported_groups."""
    p384 = root().issue(NAME, key="ecdsa_secp384r1", **VALID)
    p256 = root().issue(NAME, key="ecdsa_secp256r1", **VALID)
    rsa = root().issue(NAME, key="rsa2048", **VALID)
    few = client(groups=[NamedGroup.x25519, NamedGroup.secp256r1])

    for fallback in (p256, rsa):
        pair = Pair(few, server(p384, fallback)).run()
        assert pair.server.info.own_credential is fallback
        assert "is on secp384r1, which the client does not list" in choice(pair, "certificate").rule
    pair = Pair(client(), server(p384, p256)).run()
    assert pair.server.info.own_credential is p384


def test_no_curve_fits() -> None:
    """The refusal says why no certificate serves."""
    p384 = root().issue(NAME, key="ecdsa_secp384r1", **VALID)
    peer = ClientConnection(client(groups=[NamedGroup.x25519]), NAME)
    victim = ServerConnection(server(p384))
    victim.receive_data(peer.data_to_send())

    with pytest.raises(PeerIncompatible) as caught:
        events_of(victim)

    assert caught.value.name == "no_common_scheme"
    assert "is on secp384r1, which the client does not list" in caught.value.detail


def test_eddsa_needs_no_curve() -> None:
    """RFC 8422, 5.10: an Ed25519 key is a matter of signature_algorithms alone."""
    credential = root().issue(NAME, key="ed25519", **VALID)
    pair = Pair(client(groups=[NamedGroup.secp256r1]), server(credential)).run()
    assert pair.server.info.own_credential is credential


class Compressing(Composer):
    """A client that takes compressed points alone."""

    def client_hello(self, *given: Any) -> Any:
        hello = super().client_hello(*given)
        rest = [item for item in hello.extensions if not isinstance(item, ECPointFormats)]
        formats = ECPointFormats((ECPointFormat.ansiX962_compressed_prime,))
        return replace(hello, extensions=Extensions.of(*rest, formats))


def test_point_formats_matter_where_there_are_points() -> None:
    """RFC 8422, 5.1.2: without uncompressed there is no ECDHE, and DHE does not mind."""
    rsa = root().issue(NAME, key="rsa2048", **VALID)
    composer: dict[str, Any] = {"composer": Compressing()}
    pair = Pair(client(suites=[DHE_RSA]), server(rsa), client_options=composer).run()
    assert pair.done
    victim = ServerConnection(server(rsa))
    peer = ClientConnection(client(suites=[DHE_RSA, ECDHE_RSA]), NAME, **composer)
    victim.receive_data(peer.data_to_send())
    with pytest.raises(PeerMisbehaved) as caught:
        events_of(victim)
    assert caught.value.name == "point_format_missing"
