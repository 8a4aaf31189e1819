"""The rules that a certificate is held to, one row each: what must hold, where it stands, for whom.

``docs/profiles.md`` is this table as text. A row that only the web's profile has is one that
public authorities keep because the CA/Browser Forum asks for it, that private authorities' tools
break, and that nobody is safer for there. What depends on the moment, the name or the whole path
has its row in ``PATH_RULES`` and its code in ``checks`` and ``judge``.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Flag, auto
from typing import NamedTuple

from tlsee.identity import certificate as fields
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path import certificate_rules as is_so
from tlsee.identity.path.certificate_rules import Ask
from tlsee.identity.path.purpose import Purpose
from tlsee.identity.path.verdict import Check
from tlsee.identity.places import Field, place_of
from tlsee.identity.trust import Profile
from tlsee.reasons import Reason, Reasons

__all__ = ["PATH_RULES", "RULES", "Ask", "Role", "Rule", "static_checks"]


class Role(Flag):
    """The place on a path. A leaf that is itself an anchor is ``PINNED`` and nothing else."""

    LEAF = auto()
    PINNED = auto()
    AUTHORITY = auto()
    ANCHOR = auto()


LEAF, PINNED, AUTHORITY, ANCHOR = Role.LEAF, Role.PINNED, Role.AUTHORITY, Role.ANCHOR
BELOW, ISSUING, ALL = LEAF | AUTHORITY, AUTHORITY | ANCHOR, LEAF | PINNED | AUTHORITY | ANCHOR

WEB = (Profile.WEB,)
BOTH = (Profile.WEB, Profile.PRIVATE)


class Rule(NamedTuple):
    """A row.

    Attributes:
        name: short, the check's name in a verdict. ``says``: what must hold, for the table.
        clause: where it stands. ``roles``, ``profiles``: for whom it holds.
        breaks: what is wrong with a certificate, or ``""``; ``None`` where the path decides.
        reason: the catalogue's row for a refusal. ``field``: where the bytes are that break it.
    """

    name: str
    says: str
    clause: str
    roles: Role
    profiles: tuple[Profile, ...]
    breaks: Callable[[CertificateView, Ask], str] | None
    reason: Reason
    field: Field

    def failed(
        self, certificate: CertificateView, detail: str, reason: Reason | None = None
    ) -> Check:
        """The check of a certificate that breaks it, with the bytes that do."""
        place = place_of(certificate, self.field)
        return Check(self.name, False, detail, self.clause, reason or self.reason, place)


_FORM = Reasons.malformed_certificate
_TLS_FEATURE = "1.3.6.1.5.5.7.1.24"

# fmt: off
# Rules of one certificate alone.
RULES = (
    Rule("key", "of a kind that is supported: RSA of 2048 to 8192 bits, P-256, P-384, P-521, Ed25519, Ed448, ML-DSA",
         "RFC 9325, 4.5", ALL, BOTH, is_so.key_unusable, Reasons.weak_key, "key"),
    Rule("signature algorithm", "signed with an algorithm that is supported; not with MD5 or SHA-1",
         "RFC 9846, 4.5.1.3", BELOW, BOTH, is_so.algorithm_unusable, Reasons.weak_certificate_signature, "algorithm"),
    Rule("critical extensions", "none that is marked critical and not understood",
         "RFC 5280, 4.2", ALL, BOTH, is_so.unknown_critical, Reasons.unknown_critical_extension, "extensions"),
    Rule("key usage", "keyUsage, if there, allows what the handshake does with the key",
         "RFC 5280, 4.2.1.3", LEAF | PINNED, BOTH, is_so.usage_missing, Reasons.wrong_key_usage, fields.KEY_USAGE),
    Rule("purpose", "extendedKeyUsage, if there, names the role; on the web it has to be there, and any purpose does not count",
         "RFC 5280, 4.2.1.12", LEAF | PINNED, BOTH, is_so.purpose_missing, Reasons.wrong_purpose, fields.EXTENDED_KEY_USAGE),
    Rule("is no authority", "a leaf is no authority's certificate",
         "CA/Browser Forum BR, 7.1.2.7.8", LEAF, WEB, is_so.leaf_is_authority, Reasons.wrong_purpose, fields.BASIC_CONSTRAINTS),
    Rule("is an authority", "basicConstraints says so",
         "RFC 5280, 6.1.4 (k)", AUTHORITY, BOTH, is_so.no_authority, Reasons.not_a_ca, fields.BASIC_CONSTRAINTS),
    Rule("may be an anchor", "basicConstraints says that it is an authority; version 1 cannot and need not",
         "RFC 5280, 6.1.4 (k)", ANCHOR, BOTH, is_so.no_anchor, Reasons.not_a_ca, fields.BASIC_CONSTRAINTS),
    Rule("may sign certificates", "keyUsage, if there, includes keyCertSign",
         "RFC 5280, 6.1.4 (n)", ISSUING, BOTH, is_so.may_not_sign, Reasons.wrong_key_usage, fields.KEY_USAGE),
    Rule("issuer's name", "the issuer has a name",
         "RFC 5280, 4.1.2.4", ALL, BOTH, is_so.issuer_nameless, _FORM, "issuer"),
    Rule("authority's name", "an authority has a name",
         "RFC 5280, 4.1.2.6", ISSUING, BOTH, is_so.subject_nameless, _FORM, "subject"),
    Rule("key identifiers not critical", "authorityKeyIdentifier and subjectKeyIdentifier are not critical",
         "RFC 5280, 4.2.1.1", ALL, BOTH, is_so.identifier_critical, _FORM, "extensions"),
    Rule("constraints not empty", "nameConstraints permits or excludes something",
         "RFC 5280, 4.2.1.10", ISSUING, BOTH, is_so.constraints_empty, _FORM, fields.NAME_CONSTRAINTS),
    Rule("constraints of authorities", "nameConstraints stands in authorities' certificates only",
         "RFC 5280, 4.2.1.10", LEAF, BOTH, is_so.constraints_in_leaf, _FORM, fields.NAME_CONSTRAINTS),
    Rule("mapped policies", "policyMappings maps neither from nor to anyPolicy",
         "RFC 5280, 6.1.4 (a)", AUTHORITY, BOTH, is_so.maps_any_policy, Reasons.policy_not_acceptable, fields.POLICY_MAPPINGS),
    Rule("version", "of version 3",
         "CA/Browser Forum BR, 7.1.1", BELOW, WEB, is_so.not_version_3, _FORM, "version"),
    Rule("serial number", "positive, and 20 bytes at most",
         "RFC 5280, 4.1.2.2", BELOW, WEB, is_so.serial_number_odd, _FORM, "serial number"),
    Rule("modulus", "an RSA modulus is a number of whole bytes",
         "CA/Browser Forum BR, 6.1.6", LEAF | ISSUING, WEB, is_so.modulus_odd, _FORM, "key"),
    Rule("basicConstraints critical", "an authority's basicConstraints is critical",
         "RFC 5280, 4.2.1.9", ISSUING, WEB, is_so.basic_constraints_lenient, _FORM, fields.BASIC_CONSTRAINTS),
    Rule("constrained host names", "a DNS subtree of nameConstraints does not begin with a period",
         "RFC 5280, 4.2.1.10", ISSUING, WEB, is_so.constraints_odd, _FORM, fields.NAME_CONSTRAINTS),
    Rule("policy constraints critical", "policyConstraints and inhibitAnyPolicy are critical",
         "RFC 5280, 4.2.1.11", AUTHORITY, WEB, is_so.policy_constraints_lenient, _FORM, "extensions"),
    Rule("key usage of no authority", "keyCertSign stands in authorities' certificates only",
         "RFC 5280, 4.2.1.3", LEAF, WEB, is_so.leaf_signs_certificates, _FORM, fields.KEY_USAGE),
    Rule("issuer's key identifier", "authorityKeyIdentifier has a key identifier",
         "RFC 5280, 4.2.1.1", BELOW, WEB, is_so.issuer_unidentified, _FORM, fields.AUTHORITY_KEY_IDENTIFIER),
    Rule("issuer's name and number", "authorityKeyIdentifier has no issuer and serial number",
         "CA/Browser Forum BR, 7.1.2.1.3", ALL, WEB, is_so.issuer_numbered, _FORM, fields.AUTHORITY_KEY_IDENTIFIER),
    Rule("own key identifier", "an authority has a subjectKeyIdentifier",
         "RFC 5280, 4.2.1.2", ISSUING, WEB, is_so.subject_unidentified, _FORM, fields.SUBJECT_KEY_IDENTIFIER),
    Rule("anchor's identifiers", "authorityKeyIdentifier of a self-signed anchor is its own, and a cross-signed one has it",
         "CA/Browser Forum BR, 7.1.2.1.3", ANCHOR, WEB, is_so.anchor_misidentified, _FORM, fields.AUTHORITY_KEY_IDENTIFIER),
    Rule("anchor's purposes", "an anchor has no extendedKeyUsage",
         "CA/Browser Forum BR, 7.1.2.1.2", ANCHOR, WEB, is_so.anchor_has_purposes, _FORM, fields.EXTENDED_KEY_USAGE),
    Rule("purposes not critical", "extendedKeyUsage of a leaf is not critical",
         "CA/Browser Forum BR, 7.1.2.7.6", LEAF, WEB, is_so.purposes_critical, _FORM, fields.EXTENDED_KEY_USAGE),
    Rule("no purpose at large", "extendedKeyUsage of a leaf has no anyExtendedKeyUsage",
         "CA/Browser Forum BR, 7.1.2.7.10", LEAF, WEB, is_so.any_purpose, Reasons.wrong_purpose, fields.EXTENDED_KEY_USAGE),
    Rule("names of the nameless", "without a subject subjectAltName is critical, with one it is not",
         "RFC 5280, 4.2.1.6; CA/Browser Forum BR, 7.1.2.7.12", LEAF, WEB, is_so.names_criticality, _FORM, fields.SUBJECT_ALT_NAME),
    Rule("host names", "each dNSName is a host name, perhaps with a wildcard as its whole left-most label",
         "CA/Browser Forum BR, 7.1.2.7.12", LEAF, WEB, is_so.no_host_name, _FORM, fields.SUBJECT_ALT_NAME),
    Rule("common name", "a server's common name does not spell a name of its subjectAltName otherwise; an internationalized one is in it",
         "CA/Browser Forum BR, 7.1.4.3", LEAF, WEB, is_so.common_name_odd, _FORM, "subject"),
)

# Rules that need the moment, the name or the path; their code is in checks.py and judge.py.
PATH_RULES = (
    Rule("issuer", "an issuer is found: presented, configured, fetched, or an anchor",
         "RFC 5280, 6.1", ALL, BOTH, None, Reasons.unknown_ca, "issuer"),
    Rule("signature", "the issuer's key made the signature; an anchor's own proves nothing",
         "RFC 5280, 6.1.3 (a)(1)", BELOW, BOTH, None, Reasons.bad_certificate_signature, "signature"),
    Rule("dates", "valid at the moment of the judgement, both ends included",
         "RFC 5280, 6.1.3 (a)(2)", ALL, BOTH, None, Reasons.certificate_expired, "not after"),
    Rule("revocation", "not taken back by its issuer, as far as the policy asks",
         "RFC 5280, 6.1.3 (a)(3)", BELOW, BOTH, None, Reasons.certificate_revoked, "serial number"),
    Rule("stapling", "a leaf that says its server staples comes with a response that counts",
         "RFC 7633, 4.2.3", LEAF, BOTH, None, Reasons.staple_missing, _TLS_FEATURE),
    Rule("path length", "no more authorities below, self-issued ones apart, than basicConstraints allows",
         "RFC 5280, 6.1.4 (m)", ISSUING, BOTH, None, Reasons.path_too_long, fields.BASIC_CONSTRAINTS),
    Rule("issuer's purpose", "an authority's extendedKeyUsage, if there, names the role or any",
         "RFC 5280, 4.2.1.12", ISSUING, BOTH, None, Reasons.wrong_purpose, fields.EXTENDED_KEY_USAGE),
    Rule("name constraints", "every name is one that each authority above may vouch for",
         "RFC 5280, 6.1.3 (b)(c)", BELOW | PINNED, BOTH, None, Reasons.name_constraints, fields.SUBJECT_ALT_NAME),
    Rule("policies", "a policy is valid for the whole path where one is demanded",
         "RFC 5280, 6.1.5 (g); RFC 9618", BELOW, BOTH, None, Reasons.policy_not_acceptable, fields.CERTIFICATE_POLICIES),
    Rule("name", "subjectAltName covers the name that was asked for",
         "RFC 9525, 6", LEAF | PINNED, BOTH, None, Reasons.name_mismatch, fields.SUBJECT_ALT_NAME),
    Rule("public suffix", "the wildcard that covers it does not stand for all below a public suffix",
         "CA/Browser Forum BR, 3.2.2.6", LEAF, WEB, None, Reasons.name_mismatch, fields.SUBJECT_ALT_NAME),
    Rule("pins", "one of the pinned keys is on the path",
         "RFC 7469, 2.6", ALL, BOTH, None, Reasons.pin_missing, "key"),
    Rule("distrust", "issued before its anchor ceased to be trusted for new certificates",
         "RFC 5914, 3", LEAF | PINNED, BOTH, None, Reasons.issued_after_distrust, "not before"),
)
# fmt: on

BY_NAME = {rule.name: rule for rule in (*RULES, *PATH_RULES)}

# One object for each rule that held: the common case costs nothing to note.
PASSED = {name: Check(name, True, "", rule.clause) for name, rule in BY_NAME.items()}


class Findings(NamedTuple):
    """The checks of one certificate in one place, and whether all of them held."""

    checks: tuple[Check, ...]
    ok: bool


_APPLICABLE: dict[tuple[int, Profile], tuple[Rule, ...]] = {
    (role.value, profile): tuple(
        rule for rule in RULES if role in rule.roles and profile in rule.profiles
    )
    for role in Role
    for profile in Profile
}
_KINDS: dict[Role, int] = {role: role.value for role in Role}


def static_checks(certificate: CertificateView, role: Role, ask: Ask) -> Findings:
    """What a certificate must be whatever the moment, the name and the path; found once."""
    memo = (_KINDS[role], ask)
    found: Findings | None = certificate.judged.get(memo)
    if found is None:
        rules = _APPLICABLE[role.value, ask.profile]
        checks = tuple(_apply(rule, certificate, ask) for rule in rules)
        found = Findings(checks, all(check.ok for check in checks))
        certificate.judged[memo] = found
    return found


_ANYTHING = Ask(Purpose.SERVER, None, Profile.PRIVATE)


def static_check(name: str, certificate: CertificateView) -> Check:
    """One rule by its name, for a certificate that nobody asks anything of."""
    return _apply(BY_NAME[name], certificate, _ANYTHING)


def _apply(rule: Rule, certificate: CertificateView, ask: Ask) -> Check:
    detail = rule.breaks(certificate, ask) if rule.breaks is not None else ""
    if not detail:
        return PASSED[rule.name]
    reason = is_so.particular_reason(rule.name, certificate)
    joint = " " if detail.startswith(("is ", "may ", "does ")) else ", "
    return rule.failed(certificate, f"{certificate.subject}{joint}{detail}", reason)
