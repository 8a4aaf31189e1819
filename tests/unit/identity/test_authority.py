"""The throw-away authority: what it issues is as asked, and accepted by others too."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from tests.support.certificates import AT, DAY, VALID, accepted, authority, refused
from tlsee.errors import ApiMisuse, Reasons
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import CertificateView
from tlsee.identity.pem import certificates_in


def test_another_verifier_accepts_what_it_issues() -> None:
    """The verifier of ``cryptography``, which is stricter in form, agrees."""
    root = authority()
    chain = root.issue_intermediate("Between", **VALID).issue("a.test", **VALID).chain
    leaf, *others = [x509.load_der_x509_certificate(der) for der in chain]
    anchor = x509.load_der_x509_certificate(root.certificate)
    builder = PolicyBuilder().store(Store([anchor])).time(datetime.fromtimestamp(AT, UTC))

    path = builder.build_server_verifier(x509.DNSName("a.test")).verify(leaf, others)

    assert len(path) == 3


def test_its_limits_hold() -> None:
    """Names outside ``permitted`` are refused, addresses too when only names are permitted."""
    root = authority(permitted=["localhost", "test"])
    accepted(root.issue("a.test", "localhost", **VALID).chain, root, name="localhost")
    refused(root.issue("a.example", **VALID).chain, root, Reasons.name_constraints, name=None)
    refused(root.issue("127.0.0.1", **VALID).chain, root, Reasons.name_constraints, name=None)
    refused(root.issue("::1", **VALID).chain, root, Reasons.name_constraints, name=None)

    loopback = authority(permitted=["127.0.0.0/8", "::1"])
    chain = loopback.issue("127.0.0.1", "::1", **VALID).chain
    accepted(chain, loopback, name="::1")
    refused(loopback.issue("a.test", **VALID).chain, loopback, Reasons.name_constraints, name=None)


def test_lifetimes() -> None:
    """Backdated a little, and gone after a day unless told otherwise."""
    now = datetime.now(UTC).timestamp()
    leaf = CertificateView(Authority.create().issue("a.test").chain[0])
    assert leaf.not_before < now < leaf.not_after < now + 2 * DAY

    short = CertificateView(Authority.create(lifetime=60.0).certificate)
    assert short.not_after < now + 120
    past = CertificateView(Authority.create().issue("a.test", not_after=now - DAY).chain[0])
    assert past.not_before < past.not_after < now


def test_pem_for_other_programs() -> None:
    """Chain without the root, and the key, as text."""
    root = authority()
    chain, key = root.issue_intermediate("Between", **VALID).issue_pem("a.test", **VALID)
    assert [CertificateView(der).subject for der in certificates_in(chain)] == ["a.test", "Between"]
    assert key.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert certificates_in(root.pem) == (root.certificate,)
    assert repr(root) == "Authority(CN=Test Root)"


def test_rsa_keys_of_servers_may_take_a_premaster() -> None:
    """RFC 5246, 7.4.2: keyEncipherment is there for RSA servers, and for nobody else."""
    for kind, client_only, expected in (
        ("rsa2048", False, True),
        ("rsa2048", True, False),
        ("ecdsa_secp256r1", False, False),
    ):
        issued = authority().issue("a.test", key=kind, server=not client_only, client=client_only)
        parsed = x509.load_der_x509_certificate(issued.chain[0])
        usage = parsed.extensions.get_extension_for_class(x509.KeyUsage).value
        assert (usage.digital_signature, usage.key_encipherment) == (True, expected), kind


def test_unknown_kinds_are_refused() -> None:
    """The sentence lists the kinds there are."""
    with pytest.raises(ApiMisuse, match="ecdsa_secp256r1"):
        Authority.create(key="dsa")
    with pytest.raises(ApiMisuse, match="xn--"):
        authority().issue("m\u00fcnchen.test", **VALID)
