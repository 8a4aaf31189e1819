"""Certificate policies (RFC 5280, 6.1; RFC 9618): who demands one, and which are valid."""

from __future__ import annotations

import pytest
from cryptography import x509

from tests.support.certificates import CA, HOST, Extension, alt_names, forge, judged, name_of, store
from tlsee.crypto.private_keys import generate
from tlsee.errors import Reasons
from tlsee.identity.path import bounds
from tlsee.identity.path.judge import Verdict
from tlsee.identity.path.policies import PolicySettings

ANY = "2.5.29.32.0"
RED, GREEN, BLUE = "1.2.3.1", "1.2.3.2", "1.2.3.3"
EXPLICIT = PolicySettings(explicit=True)
KEYS = [generate("ecdsa_secp256r1") for _ in range(6)]

Level = list[Extension]


def policies(*oids: str) -> Extension:
    found = [x509.PolicyInformation(x509.ObjectIdentifier(oid), None) for oid in oids]
    return (x509.CertificatePolicies(found), False)


def constrain(*, explicit: int | None = None, mapping: int | None = None) -> Extension:
    return (x509.PolicyConstraints(explicit, mapping), True)


def no_any(skip: int) -> Extension:
    return (x509.InhibitAnyPolicy(skip), True)


def identifier(dotted: str) -> bytes:
    arcs = [int(arc) for arc in dotted.split(".")]
    body = bytes([40 * arcs[0] + arcs[1], *arcs[2:]])
    return bytes([6, len(body)]) + body


def mappings(*pairs: tuple[str, str], prefix: bytes = b"") -> Extension:
    rows = [b"".join(map(identifier, pair)) for pair in pairs]
    body = b"".join(bytes([0x30, len(row)]) + row for row in rows) + prefix
    size = bytes([0x82, *len(body).to_bytes(2, "big")]) if len(body) > 127 else bytes([len(body)])
    oid = x509.ObjectIdentifier("2.5.29.33")
    return (x509.UnrecognizedExtension(oid, b"\x30" + size + body), True)


def outcome(
    *levels: Level, settings: PolicySettings = EXPLICIT, self_issued: tuple[int, ...] = ()
) -> Verdict:
    """A root, an authority for each level but the last, a leaf; judged with these settings."""
    names = ["Root"]
    for number in range(1, len(levels)):
        names.append(names[-1] if number in self_issued else f"Level {number}")
    chain = [forge(None, [(CA, True)], subject="Root", key=KEYS[0])]
    for number, extensions in enumerate(levels, 1):
        is_leaf = number == len(levels)
        kind = (alt_names(HOST), False) if is_leaf else (CA, True)
        chain.append(
            forge(
                None,
                [kind, *extensions],
                subject=HOST if is_leaf else names[number],
                key=KEYS[number],
                signing_key=KEYS[number - 1],
                issuer_name=name_of(names[number - 1]),
                serial=number,
            )
        )
    return judged(chain[:0:-1], store(chain[0]), policies=settings)


def acceptable(*oids: str, **options: bool) -> PolicySettings:
    return PolicySettings(frozenset(oids), **{"explicit": True, **options})


def test_nobody_asks() -> None:
    """Without a demand policies are not looked at."""
    assert outcome([policies(RED)], [policies(GREEN)], settings=PolicySettings()).accepted
    assert outcome([], [], settings=PolicySettings()).accepted


@pytest.mark.parametrize(
    ("levels", "good"),
    [
        ([[policies(RED)], [policies(RED)]], True),
        ([[policies(RED)], [policies(GREEN)]], False),
        ([[policies(RED)], []], False),
        ([[], [policies(RED)]], False),
        ([[policies(ANY)], [policies(RED)]], True),
        ([[policies(RED)], [policies(ANY)]], True),
        ([[policies(ANY), no_any(0)], [policies(ANY)]], False),
        ([[policies(ANY), no_any(1)], [policies(ANY)], [policies(RED)]], True),
        ([[policies(RED), mappings((RED, GREEN))], [policies(GREEN)]], True),
        ([[policies(RED), mappings((RED, GREEN))], [policies(RED)]], False),
        ([[policies(ANY), mappings((RED, GREEN))], [policies(GREEN)]], True),
        (
            [
                [policies(RED), constrain(mapping=0)],
                [policies(RED), mappings((RED, GREEN))],
                [policies(GREEN)],
            ],
            False,
        ),
        ([[policies(RED, GREEN)], [policies(GREEN, BLUE)], [policies(GREEN)]], True),
    ],
)
def test_a_policy_has_to_be_valid_for_the_whole_path(levels: list[Level], good: bool) -> None:
    """From level to level, by name, by any, or by a mapping that is allowed."""
    verdict = outcome(*levels)
    assert verdict.accepted is good, verdict.detail
    if not good:
        assert verdict.reason is not None
        assert verdict.reason.name == Reasons.policy_not_acceptable.name


@pytest.mark.parametrize(
    ("levels", "wanted", "good"),
    [
        ([[policies(RED, GREEN)], [policies(RED)]], RED, True),
        ([[policies(RED, GREEN)], [policies(RED)]], GREEN, False),
        ([[policies(ANY)], [policies(ANY)]], RED, True),
        ([[policies(ANY)], [policies(GREEN)]], RED, False),
        # What counts is the name in the domain of the first authority, not the leaf's.
        ([[policies(RED), mappings((RED, GREEN))], [policies(GREEN)]], RED, True),
        ([[policies(RED), mappings((RED, GREEN))], [policies(GREEN)]], GREEN, False),
        ([[policies(RED, BLUE), mappings((RED, GREEN), (BLUE, GREEN))], [policies(GREEN)]], BLUE,
         True),
    ],
)  # fmt: skip
def test_which_policies_are_acceptable(levels: list[Level], wanted: str, good: bool) -> None:
    """The caller's set is compared with what the path is valid for (RFC 5280, 6.1.5 (g))."""
    assert outcome(*levels, settings=acceptable(wanted)).accepted is good
    assert outcome(*levels, settings=acceptable(ANY)).accepted


def test_an_authority_demands_one_some_levels_below() -> None:
    """requireExplicitPolicy counts certificates, and self-issued ones do not count."""
    loose = PolicySettings()
    bare: Level = []
    assert outcome([constrain(explicit=2)], bare, settings=loose).accepted
    assert not outcome([constrain(explicit=1)], bare, settings=loose).accepted
    assert outcome([constrain(explicit=3)], bare, bare, settings=loose).accepted
    assert not outcome([constrain(explicit=1)], bare, bare, settings=loose).accepted
    assert not outcome([constrain(explicit=0)], bare, settings=loose).accepted
    assert not outcome([constrain(explicit=2)], bare, bare, bare, settings=loose).accepted
    spared = outcome([constrain(explicit=2)], bare, bare, settings=loose, self_issued=(2,))
    assert spared.accepted


def test_any_policy_passes_in_self_issued_authorities() -> None:
    """inhibitAnyPolicy spares them (RFC 5280, 6.1.3 (d)(2)), but never a leaf."""
    levels = [[policies(RED), no_any(0)], [policies(ANY)], [policies(RED)]]
    assert not outcome(*levels).accepted
    assert outcome(*levels, self_issued=(2,)).accepted


def test_settings_of_the_caller() -> None:
    """From the anchor on: no mapping, and anyPolicy is no match."""
    mapped = [[policies(RED), mappings((RED, GREEN))], [policies(GREEN)]]
    assert not outcome(
        *mapped, settings=PolicySettings(explicit=True, inhibit_mapping=True)
    ).accepted
    through = [[policies(RED)], [policies(ANY)]]
    assert not outcome(*through, settings=PolicySettings(explicit=True, inhibit_any=True)).accepted


def test_mappings_that_are_none() -> None:
    """Of anyPolicy (RFC 5280, 6.1.4 (a)), or of a shape that cannot be read: whatever is asked."""
    for bad in (mappings((ANY, RED)), mappings((RED, ANY)), mappings((RED, GREEN), prefix=b"\x05")):
        verdict = outcome([policies(RED), bad], [policies(RED)], settings=PolicySettings())
        assert verdict.reason is not None
        assert verdict.reason.name == Reasons.policy_not_acceptable.name


def test_the_number_of_policies_is_bounded() -> None:
    """A certificate with more than the bound is refused where policies are processed."""
    many = [f"1.2.{n // 100}.{n % 100}" for n in range(bounds.POLICIES + 1)]
    assert outcome([policies(*many[1:])], [policies(many[1])]).accepted
    assert "256 are the most" in outcome([policies(*many)], [policies(many[0])]).detail


def test_mappings_do_not_multiply() -> None:
    """Every policy mapped to every one at each level: nodes, not ways, are counted.

    The tree of RFC 5280 has 16**4 leaves here, and 256**4 at the bound.
    """
    oids = [f"1.2.9.{n}" for n in range(16)]
    cross = mappings(*((a, b) for a in oids for b in oids))
    level = [policies(*oids), cross]
    assert outcome(level, level, level, level, [policies(oids[0])]).accepted
