"""The search for a way to an anchor: order, superfluous and missing certificates, circles, work."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from cryptography import x509

from tests.support.certificates import (
    AT,
    CA,
    DAY,
    HOST,
    VALID,
    accepted,
    alt_names,
    authority,
    forge,
    judged,
    name_of,
    refused,
    store,
)
from tlsee.crypto import certificate_signatures, private_keys
from tlsee.errors import Reasons
from tlsee.identity.path import bounds, remembered

SAN = (alt_names(HOST), False)


def new_key() -> Any:
    return private_keys.generate("ecdsa_secp256r1")


def signed(subject: str, key: Any, issuer: str, issuer_key: Any, **options: Any) -> bytes:
    """An authority's certificate by another one's key."""
    return forge(
        None,
        [(CA, True)],
        subject=subject,
        key=key,
        signing_key=issuer_key,
        issuer_name=name_of(issuer),
        **options,
    )


def test_the_order_after_the_leaf_does_not_matter() -> None:
    """Three authorities in all six orders, with the root and a stranger among them."""
    root = authority()
    first = root.issue_intermediate("First", path_length=None, **VALID)
    second = first.issue_intermediate("Second", **VALID)
    leaf, *others = second.issue(HOST, **VALID).chain
    others += [root.certificate, authority("Stranger").certificate]

    for order in permutations(others):
        verdict = accepted([leaf, *order], root)
        assert verdict.path is not None
        assert verdict.path.chain.startswith("server.test <- Second <- First <- Test Root")


def test_a_missing_intermediate_is_named_and_may_be_configured() -> None:
    """Not sent it is the reason; configured it is as good as sent."""
    root = authority()
    between = root.issue_intermediate("Example R3", **VALID)
    leaf, intermediate = between.issue(HOST, **VALID).chain

    verdict = refused([leaf], root, Reasons.unknown_ca)
    assert 'signed by "Example R3", which was not sent' in verdict.detail
    accepted([leaf], root, intermediates=[intermediate])


def test_an_intermediate_may_be_the_anchor() -> None:
    """The path ends where trust begins, with or without the rest of the chain."""
    root = authority()
    between = root.issue_intermediate("Between", **VALID)
    chain = between.issue(HOST, **VALID).chain

    for presented in (chain, chain[:1], (*chain, root.certificate)):
        verdict = accepted(presented, store(between.certificate))
        assert verdict.path is not None
        assert len(verdict.path.steps) == 2


def test_an_expired_cross_certificate_does_not_hide_the_good_way() -> None:
    """Two certificates of one authority: the first sent is expired, the other leads home."""
    key, old, new = new_key(), new_key(), new_key()
    expired_root = signed("Old Root", old, "Old Root", old)
    root = signed("New Root", new, "New Root", new)
    gone = authority("Old Root", not_before=AT - 9 * DAY, not_after=AT - DAY)
    by_old = gone.issue_intermediate("Issuing", not_before=AT - 9 * DAY, not_after=AT - DAY)
    by_new = signed("Issuing", key, "New Root", new)
    leaf = forge(None, [SAN], signing_key=key, issuer_name=name_of("Issuing"))

    accepted([leaf, by_old.certificate, by_new, expired_root], store(root))
    accepted([leaf, by_old.certificate, by_new], store(root, gone.certificate))


def test_a_path_that_reached_an_anchor_explains_best() -> None:
    """Expired on a way home beats that another way led nowhere."""
    key, root_key, stranger = new_key(), new_key(), new_key()
    root = signed("Root", root_key, "Root", root_key)
    to_stranger = signed("Issuing", key, "Stranger", stranger)
    home = signed("Issuing", key, "Root", root_key)
    leaf = forge(None, [SAN], signing_key=key, issuer_name=name_of("Issuing"))

    verdict = refused(
        [leaf, to_stranger, home], store(root), Reasons.certificate_expired, at=AT + 2 * DAY
    )

    assert [path.anchor is not None for path in verdict.tried] == [True, False]


def test_an_authority_renewed_under_its_name() -> None:
    """Another key under a trusted name is not it; without identifiers it is a wrong signature."""
    ours, theirs = authority("Same Name"), authority("Same Name")
    verdict = refused(theirs.issue(HOST, **VALID).chain, ours, Reasons.unknown_ca)
    assert 'another "Same Name"' in verdict.detail

    bare = forge(theirs, [SAN])
    refused([bare], ours, Reasons.bad_certificate_signature)
    accepted(theirs.issue(HOST, **VALID).chain, store(ours.certificate, theirs.certificate))


def test_names_compare_without_case_and_spaces() -> None:
    """RFC 5280, 7.1: an issuer spelt otherwise is the same one."""
    key = new_key()
    root = forge(None, [(CA, True)], subject="Example  Root", key=key)
    leaf = forge(None, [SAN], signing_key=key, issuer_name=name_of(" example root"))

    accepted([leaf], store(root))


def test_a_changed_byte_of_the_leaf_is_never_accepted() -> None:
    """Every byte of a certificate, changed, ends in a refusal and in no exception."""
    root = authority(key="ed25519")
    leaf = root.issue(HOST, key="ed25519", **VALID).chain[0]
    trust = root.trust

    for place in range(len(leaf)):
        broken = bytearray(leaf)
        broken[place] ^= 0x04
        assert not judged([bytes(broken)], trust).accepted, place


def test_a_signature_that_leaves_bits_unused_is_refused() -> None:
    """A BIT STRING may say so when its last bits are zero: two encodings of one certificate."""
    root = authority(key="ed25519")
    leaf = root.issue(HOST, key="ed25519", **VALID).chain[0]
    while leaf[-1] & 0x0F:  # every sixteenth, at random
        leaf = root.issue(HOST, key="ed25519", **VALID).chain[0]
    unused = len(leaf) - 65  # before the 64 bytes of the signature

    assert leaf[unused] == 0
    broken = leaf[:unused] + b"\x04" + leaf[unused + 1 :]
    refused([broken], root, Reasons.malformed_certificate)


def test_a_leaf_cut_anywhere_is_refused() -> None:
    """Cut at every length, and with a byte more."""
    root = authority()
    leaf = root.issue(HOST, **VALID).chain[0]

    for length in range(len(leaf)):
        refused([leaf[:length]], root, Reasons.malformed_certificate)
    refused([leaf + b"\x00"], root, Reasons.malformed_certificate)


def test_circles_end() -> None:
    """Two authorities that certify each other lead nowhere, soon."""
    a, b = new_key(), new_key()
    circle = [signed("A", a, "B", b), signed("B", b, "A", a), signed("A", a, "A", a)]
    leaf = forge(None, [SAN], signing_key=a, issuer_name=name_of("A"))

    refused([leaf, *circle], authority(), Reasons.unknown_ca)


def test_all_authorities_certifying_all_ends_within_the_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seven authorities, each certified by each: thousands of ways, and bounded work."""
    calls = 0
    verify = certificate_signatures.is_true

    def counting(*arguments: Any) -> bool:
        nonlocal calls
        calls += 1
        return verify(*arguments)

    monkeypatch.setattr(certificate_signatures, "is_true", counting)
    remembered.set_capacity(0)
    try:
        keys = {name: new_key() for name in "ABCDEFG"}
        web = [
            signed(one, keys[one], other, keys[other])
            for one in keys
            for other in keys
            if one != other
        ]
        leaf = forge(None, [SAN], signing_key=keys["A"], issuer_name=name_of("A"))
        verdict = refused([leaf, *web], authority(), Reasons.judgement_exhausted)
    finally:
        remembered.set_capacity(remembered.CAPACITY)

    assert calls <= bounds.SIGNATURES
    assert len(verdict.tried) <= bounds.PATHS_KEPT


def test_many_keys_under_one_name_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Authorities with the issuer's name and none with its key cost a bounded number of checks."""
    crowd = [signed("Crowd", new_key(), "Crowd", new_key()) for _ in range(8)]
    leaf = forge(None, [SAN], signing_key=new_key(), issuer_name=name_of("Crowd"))
    refused([leaf, *crowd], authority(), Reasons.bad_certificate_signature)

    monkeypatch.setattr(bounds, "SIGNATURES", 7)
    verdict = refused([leaf, *crowd], authority(), Reasons.judgement_exhausted)
    assert verdict.detail == "7 signatures verified"


def test_a_chain_deeper_than_the_bound() -> None:
    """Twelve certificates on a path are the most; the thirteenth is refused for the length."""
    root = authority()
    issuer = root
    chains = []
    for depth in range(bounds.PATH_LENGTH):
        issuer = issuer.issue_intermediate(f"Level {depth}", path_length=None, **VALID)
        chains.append(issuer.issue(HOST, **VALID).chain)

    accepted(chains[bounds.PATH_LENGTH - 3], root)
    refused(chains[bounds.PATH_LENGTH - 2], root, Reasons.chain_too_long)


def test_too_many_names_under_constraints_are_bounded() -> None:
    """A thousand names against a hundred constraints is more work than a peer may cause."""
    root = authority(permitted=[f"n{number}.test" for number in range(100)])
    names = [x509.DNSName(f"n1.x{number}.test") for number in range(1000)]
    leaf = forge(root, [(alt_names(*names), False)])

    refused([leaf], root, Reasons.judgement_exhausted, name="n1.x1.test")
