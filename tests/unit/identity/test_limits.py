"""How far an anchor is believed: pins, names, dates of distrust, common names."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from cryptography import x509

from tests.support.certificates import (
    AT,
    DAY,
    HOST,
    SERVER_AUTH,
    VALID,
    accepted,
    alt_names,
    authority,
    forge,
    issued_by,
    judged,
    refused,
    store,
)
from tlsee.errors import ApiMisuse, Reasons
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import CertificateView
from tlsee.identity.trust import Profile, Trust


@pytest.fixture(scope="module")
def root() -> Authority:
    return authority()


def pin_of(der: bytes) -> bytes:
    return sha256(CertificateView(der).spki).digest()


def test_a_pinned_key_has_to_be_on_the_path(root: Authority) -> None:
    """The leaf's, an intermediate's or the anchor's own; no other will do (RFC 7469, 2.6)."""
    between = root.issue_intermediate("Between", **VALID)
    chain = between.issue(HOST, **VALID).chain
    for der in (*chain, root.certificate):
        accepted(chain, root.trust.pinned(bytes(32), pin_of(der)))
    text = base64.b64encode(pin_of(chain[0])).decode()
    for written in (text, f"sha256//{text}", f"sha256/{text}"):
        accepted(chain, root.trust.pinned(written))

    other = root.issue(HOST, **VALID).chain
    refused(other, root.trust.pinned(pin_of(chain[0])), Reasons.pin_missing)


@pytest.mark.parametrize("first", [0x00, 0xFC, 0xFF])
def test_a_pin_may_begin_with_a_slash(root: Authority, first: int) -> None:
    """Base64 has one for six set bits: ``sha256/`` before it looks like the other prefix."""
    raw = bytes((first,)) + bytes(31)
    text = base64.b64encode(raw).decode()
    for written in (text, f"sha256//{text}", f"sha256/{text}"):
        assert root.trust.pinned(written).pins == {raw}


def test_what_is_no_pin(root: Authority) -> None:
    """A pin that can never match would lock everybody out: it is refused when it is made."""
    for wrong in ("", "abc", bytes(31), "sha1/" + "A" * 27):
        with pytest.raises(ApiMisuse, match="SHA-256"):
            root.trust.pinned(wrong)
    with pytest.raises(ApiMisuse, match="no pin"):
        root.trust.pinned()
    with pytest.raises(ApiMisuse, match="different pins"):
        root.trust.pinned(bytes(32)).plus(root.trust)


@pytest.mark.parametrize(
    ("permitted", "names", "good"),
    [
        (["example.test"], ["a.example.test"], True),
        (["example.test"], ["a.example.test", "other.test"], False),
        (["example.test"], ["notexample.test"], False),
        (["example.test"], ["10.0.0.1"], False),
        (["10.0.0.0/8"], ["10.1.2.3"], True),
        (["10.0.0.0/8"], ["11.1.2.3"], False),
        (["10.0.0.0/8"], ["a.example.test"], False),
        (["fd00::/8", "example.test"], ["fd00::1", "example.test"], True),
        (["fd00::/8"], ["10.0.0.1"], False),
    ],
)
def test_an_anchor_believed_for_some_names(
    root: Authority, permitted: list[str], names: list[str], good: bool
) -> None:
    """What the configuration permits holds as if the anchor's certificate said so."""
    trust = root.trust.constrained(permitted=permitted)
    chain = root.issue(*names, **VALID).chain
    if good:
        accepted(chain, trust, name=names[0])
    else:
        refused(chain, trust, Reasons.name_constraints, name=names[0])


def test_excluded_names_and_several_limits(root: Authority) -> None:
    """Exclusion wins, each limit holds by itself, and other forms of names are compared too."""
    limited = root.trust.constrained(permitted=["test"], excluded=["bad.test"])
    narrower = limited.constrained(permitted=["a.test"])
    good, bad = root.issue("x.a.test", **VALID).chain, root.issue("x.bad.test", **VALID).chain

    accepted(good, narrower, name="x.a.test")
    refused(bad, limited, Reasons.name_constraints, name="x.bad.test")
    wide = root.issue("b.test", **VALID).chain
    accepted(wide, limited, name="b.test")
    refused(wide, narrower, Reasons.name_constraints, name="b.test")

    mesh = root.trust.constrained(permitted=["uri:mesh.test", "@mail.test", "@.sub.test"])
    for name, covered in (
        (x509.UniformResourceIdentifier("spiffe://mesh.test/a"), True),
        (x509.UniformResourceIdentifier("spiffe://other.test/a"), False),
        (x509.RFC822Name("ann@mail.test"), True),
        (x509.RFC822Name("ann@other.test"), False),
        (x509.RFC822Name("ann@a.sub.test"), True),
        (x509.RFC822Name._init_without_validation("ann@other.test@a.sub.test"), False),
        (x509.DNSName("a.test"), False),
    ):
        chain = [forge(root, [(alt_names(name), False)])]
        assert judged(chain, mesh, name=None).accepted is covered, name


def test_an_anchor_that_is_being_distrusted(root: Authority) -> None:
    """Leaves that begin after the date are refused, whatever they say of their end."""
    chain = root.issue(HOST, **VALID).chain
    accepted(chain, root.trust.constrained(issued_until=AT - DAY))
    refused(chain, root.trust.constrained(issued_until=AT - DAY - 1), Reasons.issued_after_distrust)


def test_text_that_is_no_subtree(root: Authority) -> None:
    """The configuration is told, not the handshake."""
    for wrong in ("10.0.0.1/8", "1.2.3", "b\u00fccher.test"):
        with pytest.raises(ApiMisuse, match="subtree"):
            root.trust.constrained(permitted=[wrong])


def test_the_common_name_is_matched_where_it_was_asked_for(root: Authority) -> None:
    """Opt-in, private, and only without any subjectAltName (RFC 6125, 6.4.4)."""
    legacy = root.trust.with_legacy_common_name()
    bare = [forge(root, [])]

    refused(bare, root, Reasons.no_subject_alt_name)
    peer = accepted(bare, legacy).require()
    assert peer.matched == HOST
    refused(bare, legacy, Reasons.no_subject_alt_name, name="other.test")
    named = [forge(root, [(alt_names("other.test"), False)])]
    refused(named, legacy, Reasons.name_mismatch)
    address = [forge(root, [(alt_names(x509.RFC822Name("a@b.test")), False)])]
    refused(address, legacy, Reasons.name_mismatch)
    accepted([forge(root, [], subject="10.0.0.1")], legacy, name="10.0.0.1")

    web = store(root.certificate, profile=Profile.WEB)
    with pytest.raises(ApiMisuse, match="no anchor is private"):
        web.with_legacy_common_name()
    public = [forge(root, [issued_by(root), (SERVER_AUTH, False)])]
    accepted(public, legacy)
    refused(public, legacy, Reasons.no_subject_alt_name, profile=Profile.WEB)


def test_a_matched_common_name_is_constrained_as_a_name() -> None:
    """Leaving subjectAltName out is no way around an authority's constraints."""
    root = authority(permitted=["good.test"])
    legacy = root.trust.with_legacy_common_name()
    accepted([forge(root, [], subject="good.test")], legacy, name="good.test")
    refused([forge(root, [])], legacy, Reasons.name_constraints)
    limited = authority("Other").trust.with_legacy_common_name().constrained(permitted=["x.test"])
    assert all(anchor.limits.legacy_common_name for anchor in limited.anchors)


def test_every_anchor_in_use_has_the_form_that_the_web_asks_for() -> None:
    """Rules about form do not refuse a root of certifi's, nor of this machine's store."""
    from tlsee.identity.path.purpose import Purpose
    from tlsee.identity.path.rules import Ask, Role, static_checks

    stores = [Trust.certifi()]
    try:
        stores.append(Trust.system())
    except ApiMisuse:
        print("this machine has no store")
    ask = Ask(Purpose.SERVER, None, Profile.WEB)
    odd = {
        anchor.certificate.subject: [check.name for check in found.checks if not check.ok]
        for trust in stores
        for anchor in trust.anchors
        if not (found := static_checks(anchor.certificate, Role.ANCHOR, ask)).ok
    }
    assert not odd
