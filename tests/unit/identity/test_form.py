"""What a certificate must look like, and what reading it finds."""

from __future__ import annotations

import warnings

import pytest
from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning

from tests.support.certificates import (
    CA,
    HOST,
    SERVER_AUTH,
    accepted,
    alt_names,
    authority,
    forge,
    name_of,
    refused,
    store,
)
from tlsee.crypto.private_keys import generate
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import CertificateView, Unreadable, leaf_key, read_certificate
from tlsee.identity.path.rules import RULES
from tlsee.identity.trust import Profile

SAN = (alt_names(HOST), False)
LIMITS = x509.NameConstraints([x509.DNSName("test")], None)
IDENTIFIER = x509.SubjectKeyIdentifier(b"1")
ISSUER = x509.AuthorityKeyIdentifier(b"1", None, None)


@pytest.fixture(scope="module")
def root() -> Authority:
    return authority()


@pytest.mark.parametrize(
    "extension", [(IDENTIFIER, True), (ISSUER, True), (LIMITS, True), (LIMITS, False)]
)
def test_extensions_that_must_not_be_so(
    root: Authority, extension: tuple[x509.ExtensionType, bool]
) -> None:
    """Critical key identifiers, and constraints in what is no authority, under any anchor."""
    verdict = refused([forge(root, [SAN, extension])], root, Reasons.malformed_certificate)
    assert verdict.path is not None
    (_, failure), *_ = verdict.path.failures
    assert failure.clause in {rule.clause for rule in RULES}


def test_an_authority_has_a_name() -> None:
    """Without one nobody could say who vouches (RFC 5280, 4.1.2.4)."""
    key = generate("ecdsa_secp256r1")
    nameless = forge(None, [(CA, True)], subject="", key=key)
    leaf = forge(None, [SAN], signing_key=key, issuer_name=name_of(""))

    refused([leaf], store(nameless), Reasons.malformed_certificate)


def test_what_only_the_web_forbids(root: Authority) -> None:
    """A serial number of zero, and an empty subject whose names are not critical."""
    web = store(root.certificate, profile=Profile.WEB)
    for leaf in (
        forge(root, [SAN, (SERVER_AUTH, False), (ISSUER, False)], subject=""),
        forge(root, [SAN, (SERVER_AUTH, False)]).replace(b"\x02\x02\x12\x67", b"\x02\x02\xff\x67"),
    ):
        certificate = CertificateView(leaf)
        if certificate.serial_number > 0:
            accepted([leaf], root)
            refused([leaf], web, Reasons.malformed_certificate)
        else:  # its signature is wrong, and reading it warns nobody
            refused([leaf], web, Reasons.bad_certificate_signature)


@pytest.mark.parametrize("serial", [b"\x00", b"\xfb"])
@pytest.mark.parametrize("critical", [False, True])
def test_a_serial_number_that_is_not_positive_warns_nobody(serial: bytes, critical: bool) -> None:
    """Old roots have them (RFC 5280, 4.1.2.2), and name them again as their issuer's; other
    warnings of the parser are not silenced.
    """
    issuer = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(name_of(HOST))], 0x7B)
    der = forge(None, [(CA, True), (issuer, critical)], serial=0x7B)
    der = der.replace(b"\x02\x01\x7b", b"\x02\x01" + serial, 1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        certificate = CertificateView(der.replace(b"\x82\x01\x7b", b"\x82\x01" + serial, 1))
        warnings.warn("another", CryptographyDeprecationWarning, stacklevel=1)
    assert certificate.is_ca
    assert certificate.serial_number <= 0
    assert [str(one.message) for one in told] == ["another"]


def test_a_self_issued_leaf_is_constrained_too() -> None:
    """Only intermediates are spared for bearing their issuer's name (RFC 5280, 6.1.3)."""
    root = authority("Root", permitted=["good.test"])
    bad = forge(root, [(alt_names("bad.test"), False)], subject="Root")
    good = forge(root, [(alt_names("good.test"), False)], subject="Root")

    refused([bad], root, Reasons.name_constraints, name=None)
    accepted([good], root, name="good.test")


def test_two_signature_algorithms_that_disagree(root: Authority) -> None:
    """The one outside is not signed: it must repeat the one inside (RFC 5280, 4.1.1.2)."""
    leaf = forge(root, [SAN])
    sha256, sha384 = (bytes.fromhex(f"06082a8648ce3d04030{last}") for last in "23")
    before, _, after = leaf.rpartition(sha256)

    with pytest.raises(Unreadable, match="two signature algorithms"):
        CertificateView(before + sha384 + after)


def test_labels(root: Authority) -> None:
    """A certificate is called by its common name, else by a name it is for."""
    labels = {
        forge(root, [SAN], subject="Its Name"): "Its Name",
        forge(root, [(alt_names("a.test"), True)], subject=""): "a.test",
        forge(root, [], subject=""): "an unnamed certificate",
    }
    for der, label in labels.items():
        assert CertificateView(der).subject == label
    uri = x509.UniformResourceIdentifier("spiffe://mesh.test/a")
    view = CertificateView(forge(root, [(alt_names(uri), True)], subject=""))
    assert (view.subject, view.issuer) == ("spiffe://mesh.test/a", "Test Root")
    assert (view.key_label, view.signature_label) == ("P-256", "ecdsa-with-SHA256")
    assert len(view.fingerprint) == 64


def test_the_leafs_key() -> None:
    """The key that CertificateVerify is checked with, or one reason for all that is unusable."""
    key = generate("ed25519")
    assert leaf_key(forge(None, [], key=key)).kind == "ed25519"
    for junk in (b"", b"\x30\x00", b"junk"):
        with pytest.raises(PeerMisbehaved) as raised:
            leaf_key(junk)
        assert raised.value.name == "unusable_certificate"


def test_long_certificates_are_not_remembered() -> None:
    """What a peer can make large does not fill the memory."""
    names = [f"{'a' * 60}.host{number}.test" for number in range(200)]
    der = forge(None, [(alt_names(*names), False)])
    assert len(der) > 8192
    assert read_certificate(der) is not read_certificate(der)


def test_too_many_names_are_unreadable() -> None:
    """The bound on names holds while reading."""
    with pytest.raises(Unreadable, match="5,000 names"):
        CertificateView(forge(None, [(alt_names(*(f"h{n}.test" for n in range(5000))), False)]))
