"""For which names an authority may vouch: permitted, excluded, and forms nobody understands."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.support.certificates import CA, accepted, alt_names, forge, judged, name_of, store
from tlsee.crypto import private_keys
from tlsee.errors import Reasons

DNS, IP, MAIL = x509.DNSName, x509.IPAddress, x509.RFC822Name
URI, DIR = x509.UniformResourceIdentifier, x509.DirectoryName
OTHER = x509.OtherName(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")


def net(text: str) -> x509.IPAddress:
    return IP(ip_network(text))


def address(text: str) -> x509.IPAddress:
    return IP(ip_address(text))


def directory(*parts: str) -> x509.DirectoryName:
    return DIR(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, p) for p in parts]))


def outcome(
    name: x509.GeneralName | None,
    permitted: Sequence[x509.GeneralName] | None,
    excluded: Sequence[x509.GeneralName] | None,
    *,
    subject: x509.Name | str = "",
) -> str:
    """``ok`` or the reason's name, for a leaf with this name under these constraints."""
    key = private_keys.generate("ecdsa_secp256r1")
    limits = x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=excluded)
    root = forge(None, [(CA, True), (limits, True)], subject="Root", key=key)
    names = [(alt_names(name), True)] if name is not None else []
    leaf = forge(None, names, subject=subject, signing_key=key, issuer_name=name_of("Root"))
    verdict = judged([leaf], store(root), name=None)
    return "ok" if verdict.reason is None else verdict.reason.name


GOOD = [
    (DNS("example.com"), DNS("example.com")),
    (DNS("a.EXAMPLE.com"), DNS("example.COM")),
    (DNS("*.example.com"), DNS("example.com")),
    (DNS("a.b.example.com"), DNS(".example.com")),
    (DNS("anything.test"), DNS("")),
    (address("10.1.2.3"), net("10.0.0.0/8")),
    (address("fd00::1"), net("fd00::/8")),
    (MAIL("a@example.com"), MAIL("example.com")),
    (MAIL("a@b.example.com"), MAIL(".example.com")),
    (MAIL("a@example.com"), MAIL("a@EXAMPLE.com")),
    (URI("spiffe://mesh.test/a"), URI("mesh.test")),
    (URI("https://a.mesh.test/"), URI(".mesh.test")),
    (directory("Example", "Unit"), directory("example")),
]
BAD = [
    (DNS("badexample.com"), DNS("example.com")),
    (DNS("example.com.evil.test"), DNS("example.com")),
    (DNS("*.com"), DNS("example.com")),
    (DNS("example.com"), DNS(".example.com")),
    (address("11.0.0.1"), net("10.0.0.0/8")),
    (address("::1"), net("10.0.0.0/8")),
    (MAIL("a@b.example.com"), MAIL("example.com")),
    (MAIL("a@example.com"), MAIL(".example.com")),
    (MAIL("A@example.com"), MAIL("a@example.com")),
    (URI("spiffe://a.mesh.test/a"), URI("mesh.test")),
    (URI("https://mesh.test/"), URI(".mesh.test")),
    (URI("https://10.0.0.1/"), URI("10.0.0.1")),
    (URI("urn:uuid:1"), URI("mesh.test")),
    (directory("Other"), directory("Example")),
    (OTHER, OTHER),
]


@pytest.mark.parametrize(("name", "base"), GOOD)
def test_inside_what_is_permitted(name: x509.GeneralName, base: x509.GeneralName) -> None:
    """A name in the permitted subtree passes, and is refused where the subtree is excluded."""
    assert outcome(name, [base], None) == "ok"
    assert outcome(name, None, [base]) == "name_constraints"


@pytest.mark.parametrize(("name", "base"), BAD)
def test_outside_what_is_permitted(name: x509.GeneralName, base: x509.GeneralName) -> None:
    """A name outside, or of a form that is not understood, is refused."""
    assert outcome(name, [base], None) == "name_constraints"


def test_a_wildcard_that_could_be_excluded() -> None:
    """``*.example.com`` stands for ``secret.example.com`` too, so that excludes it."""
    assert outcome(DNS("*.example.com"), None, [DNS("secret.example.com")]) == "name_constraints"
    assert outcome(DNS("*.example.com"), None, [DNS("secret.example.org")]) == "ok"


def test_other_forms_are_not_constrained() -> None:
    """Constraints on one form say nothing about another (RFC 5280, 4.2.1.10)."""
    assert outcome(DNS("a.test"), [net("10.0.0.0/8")], None) == "ok"
    assert outcome(DNS("a.test"), None, [OTHER]) == "ok"
    assert outcome(OTHER, None, [OTHER]) == "name_constraints"


def test_excluded_beats_permitted() -> None:
    """What is both is excluded."""
    assert outcome(DNS("a.test"), [DNS("test")], [DNS("a.test")]) == "name_constraints"


def test_the_subject_counts() -> None:
    """The subject is a directory name, and its e-mail address counts without another one."""
    organization = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example")])
    allowed, other = [directory("Example")], [directory("Other")]
    assert outcome(DNS("a.test"), allowed, None, subject=organization) == "ok"
    assert outcome(DNS("a.test"), other, None, subject=organization) == "name_constraints"

    mail = x509.Name([x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@evil.test")])
    assert outcome(None, [MAIL("good.test")], None, subject=mail) == "name_constraints"
    assert outcome(MAIL("b@good.test"), [MAIL("good.test")], None, subject=mail) == "ok"


def test_constraints_of_every_authority_hold() -> None:
    """The root's hold for what its intermediates issue, and for the intermediates' own names."""
    root_key, key = (private_keys.generate("ecdsa_secp256r1") for _ in range(2))
    limits = x509.NameConstraints(permitted_subtrees=[DNS("good.test")], excluded_subtrees=None)
    root = forge(None, [(CA, True), (limits, True)], subject="Root", key=root_key)

    def chain(leaf_name: str, *authority_names: str) -> list[bytes]:
        names = [(alt_names(*authority_names), False)] if authority_names else []
        between = forge(
            None,
            [(CA, True), *names],
            subject="Between",
            key=key,
            signing_key=root_key,
            issuer_name=name_of("Root"),
        )
        issued = {"signing_key": key, "issuer_name": name_of("Between")}
        return [forge(None, [(alt_names(leaf_name), False)], **issued), between]

    accepted(chain("a.good.test"), store(root), name="a.good.test")
    for bad in (chain("a.bad.test"), chain("a.good.test", "ca.bad.test")):
        verdict = judged(bad, store(root), name=None)
        assert verdict.reason is not None
        assert verdict.reason.name == Reasons.name_constraints.name
