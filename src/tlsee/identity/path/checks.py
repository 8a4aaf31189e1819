"""The rules that a certificate is held to, each with its clause (RFC 5280, 4.2 and 6.1).

What depends on the certificate alone is found once and kept with it; what depends on the moment,
the name or the path is asked every time.
"""

from __future__ import annotations

from tlsee.identity import certificate as fields
from tlsee.identity import names
from tlsee.identity.certificate import CertificateView, moment
from tlsee.identity.path.form import form
from tlsee.identity.path.verdict import Check, KeyUse, Purpose
from tlsee.identity.trust import Profile
from tlsee.reasons import Reason, Reasons
from tlsee.text import count, printable

ANY_PURPOSE = "2.5.29.37.0"
_DAY = 86_400

# Critical extensions that are honoured, or that a path can do without while nobody asks for
# policies; ``policies`` refuses where one is demanded.
_UNDERSTOOD = frozenset(
    {
        fields.BASIC_CONSTRAINTS,
        fields.KEY_USAGE,
        fields.EXTENDED_KEY_USAGE,
        fields.SUBJECT_ALT_NAME,
        fields.NAME_CONSTRAINTS,
        fields.SUBJECT_KEY_IDENTIFIER,
        fields.AUTHORITY_KEY_IDENTIFIER,
        fields.POLICY_CONSTRAINTS,
        "2.5.29.32",  # certificatePolicies: no policy is asked for, so any will do
        "2.5.29.33",  # policyMappings: the same
        "2.5.29.54",  # inhibitAnyPolicy: the same
        "2.5.29.31",  # cRLDistributionPoints: revocation is named as not checked
    }
)


def _passed(name: str, clause: str) -> Check:
    return Check(name, True, "", clause)


def _failed(passed: Check, reason: Reason, detail: str) -> Check:
    return Check(passed.name, False, detail, passed.clause, reason)


# One object for each rule that held: the common case costs nothing to note.
SIGNATURE = _passed("signature", "RFC 5280, 6.1.3 (a)(1)")
DATES = _passed("dates", "RFC 5280, 6.1.3 (a)(2)")
ISSUER = _passed("issuer", "RFC 5280, 6.1")
ALGORITHM = _passed("signature algorithm", "RFC 9846, 4.5.1.4")
KEY = _passed("key", "RFC 9325, 4.5")
CRITICAL = _passed("critical extensions", "RFC 5280, 4.2")
AUTHORITY = _passed("is an authority", "RFC 5280, 6.1.4 (k)")
MAY_SIGN = _passed("may sign certificates", "RFC 5280, 6.1.4 (n)")
PATH_LENGTH = _passed("path length", "RFC 5280, 6.1.4 (m)")
USAGE = _passed("key usage", "RFC 5280, 4.2.1.3")
PURPOSE = _passed("purpose", "RFC 5280, 4.2.1.12")
NOT_AN_AUTHORITY = _passed("is no authority", "CA/Browser Forum BR, 7.1.2.7")
NAME_CONSTRAINTS = _passed("name constraints", "RFC 5280, 6.1.3 (b)(c)")
NAME = _passed("name", "RFC 9525, 6")
POLICIES = _passed("policies", "RFC 5280, 6.1.3 (f)")


def leaf_checks(
    certificate: CertificateView,
    purpose: Purpose,
    use: KeyUse,
    profile: Profile,
    *,
    is_anchor: bool,
) -> tuple[Check, ...]:
    """What a leaf must be whatever the moment and the name; found once.

    ``is_anchor``: the leaf itself is believed, so its signature proves nothing and a private
    one, as tools make it by default, may call itself an authority.
    """
    memo = (purpose, use, profile, is_anchor)
    found: tuple[Check, ...] | None = certificate.judged.get(memo)
    if found is None:
        checks = [
            key(certificate),
            critical_extensions(certificate),
            policies(certificate),
            key_usage(certificate, use),
            leaf_purpose(certificate, purpose, profile),
        ]
        if not is_anchor:
            checks += [algorithm(certificate), form(certificate, "leaf", profile)]
        if profile is Profile.WEB and not is_anchor:
            checks.append(_no_authority(certificate))
        found = certificate.judged[memo] = tuple(checks)
    return found


def authority_checks(
    certificate: CertificateView, profile: Profile, *, is_anchor: bool
) -> tuple[Check, ...]:
    """What an issuer must be whatever the moment and the path; found once."""
    memo = (profile, is_anchor)
    found: tuple[Check, ...] | None = certificate.judged.get(memo)
    if found is None:
        checks = [
            key(certificate),
            critical_extensions(certificate),
            policies(certificate),
            authority(certificate, is_anchor=is_anchor),
            may_sign(certificate),
            form(certificate, "authority", profile),
        ]
        if not is_anchor:
            checks.append(algorithm(certificate))
        found = certificate.judged[memo] = tuple(checks)
    return found


def key(certificate: CertificateView) -> Check:
    """Of a kind that is supported and big enough."""
    public_key = certificate.public_key
    if public_key is None:
        detail = f"{certificate.subject} has {printable(certificate.key_problem)}"
        return _failed(KEY, Reasons.unsupported_key, detail)
    if public_key.weakness:
        return _failed(KEY, Reasons.weak_key, f"{certificate.subject}, {public_key.weakness}")
    return KEY


def algorithm(certificate: CertificateView) -> Check:
    """Signed with an algorithm that still means something."""
    row = certificate.algorithm
    if row is None:
        detail = f"{certificate.subject}, algorithm {certificate.algorithm_oid}"
        return _failed(ALGORITHM, Reasons.unsupported_certificate_signature, detail)
    if row.weak:
        detail = f"{certificate.subject}, {row.name}"
        return _failed(ALGORITHM, Reasons.weak_certificate_signature, detail)
    return ALGORITHM


def critical_extensions(certificate: CertificateView) -> Check:
    """None that is marked critical and not understood here."""
    unknown = sorted(certificate.critical - _UNDERSTOOD)
    if not unknown:
        return CRITICAL
    listed = ", ".join(unknown[:4])
    detail = f"{certificate.subject}, extension {listed}"
    return _failed(CRITICAL, Reasons.unknown_critical_extension, detail)


def key_usage(certificate: CertificateView, use: KeyUse) -> Check:
    """A key usage must include what the key exchange needs.

    That is signing (RFC 9846, 4.5.1.2), but enciphering where the premaster secret is encrypted
    to the key (RFC 5246, 7.4.2).
    """
    usage = certificate.key_usage
    if usage is None:
        return USAGE
    allowed = usage.digital_signature if use is KeyUse.SIGNING else usage.key_encipherment
    if allowed:
        return USAGE
    detail = f"{certificate.subject} may not {use.label}"
    return _failed(USAGE, Reasons.wrong_key_usage, detail)


def leaf_purpose(certificate: CertificateView, purpose: Purpose, profile: Profile) -> Check:
    """Meant for this role; without the extension for any, but not on the web."""
    usages = certificate.extended_key_usage
    if usages is None:
        if profile is Profile.PRIVATE:
            return PURPOSE
        detail = f"{certificate.subject} does not say that it is for {purpose.usage}"
        return _failed(PURPOSE, Reasons.wrong_purpose, detail)
    if purpose.value in usages or (profile is Profile.PRIVATE and ANY_PURPOSE in usages):
        return PURPOSE
    detail = f"{certificate.subject} is not for {purpose.usage}"
    return _failed(PURPOSE, Reasons.wrong_purpose, detail)


def issuer_purpose(certificate: CertificateView, purpose: Purpose) -> Check:
    """An authority's list of purposes holds for all that is below it."""
    usages = certificate.extended_key_usage
    if usages is None or purpose.value in usages or ANY_PURPOSE in usages:
        return PURPOSE
    detail = f"{certificate.subject} may not vouch for {purpose.usage}"
    return _failed(PURPOSE, Reasons.wrong_purpose, detail)


def _no_authority(certificate: CertificateView) -> Check:
    if not certificate.is_ca:
        return NOT_AN_AUTHORITY
    detail = f"{certificate.subject} is an authority's certificate"
    return _failed(NOT_AN_AUTHORITY, Reasons.wrong_purpose, detail)


def authority(certificate: CertificateView, *, is_anchor: bool) -> Check:
    """Says that it is an authority. Version 1 cannot say so and may be an anchor all the same."""
    if certificate.is_ca or (is_anchor and certificate.version < 3):
        return AUTHORITY
    return _failed(AUTHORITY, Reasons.not_a_ca, f"{certificate.subject}")


def may_sign(certificate: CertificateView) -> Check:
    """Its key usage, if it has one, includes keyCertSign."""
    if certificate.key_usage is None or certificate.key_usage.key_cert_sign:
        return MAY_SIGN
    detail = f"{certificate.subject} may not sign certificates"
    return _failed(MAY_SIGN, Reasons.wrong_key_usage, detail)


def path_length(certificate: CertificateView, intermediates_below: int) -> Check:
    """``intermediates_below`` counts authorities between it and the leaf, without self-issued."""
    if certificate.path_length is None or intermediates_below <= certificate.path_length:
        return PATH_LENGTH
    allowed = certificate.path_length or "no"
    detail = f"{certificate.subject} allows {allowed} more below it, here: {intermediates_below}"
    return _failed(PATH_LENGTH, Reasons.path_too_long, detail)


def dates(certificate: CertificateView, at: float) -> Check:
    """Valid at this moment, both ends included (RFC 5280, 4.1.2.5). The dates are whole seconds."""
    if certificate.not_before <= at <= certificate.not_after:
        return DATES
    if at < certificate.not_before:
        when, far = moment(certificate.not_before), certificate.not_before - at
        detail = f"{certificate.subject}, valid from {when}, {_span(far)} from now"
        return _failed(DATES, Reasons.certificate_not_yet_valid, detail)
    when, far = moment(certificate.not_after), at - certificate.not_after
    detail = f"{certificate.subject}, expired {when}, {_span(far)} ago"
    return _failed(DATES, Reasons.certificate_expired, detail)


def _span(seconds: float) -> str:
    for length, noun in ((_DAY, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            return count(int(seconds // length), noun)
    return count(max(1, int(seconds)), "second")


def name(certificate: CertificateView, wanted: names.Reference, profile: Profile) -> Check:
    """One of the names it presents covers the one that was asked for."""
    matched = names.covers(certificate, wanted)
    if matched:
        # On the web a wildcard directly below a top-level domain is nobody's to have.
        if profile is Profile.PRIVATE or matched.count(".") > 1 or not matched.startswith("*"):
            return NAME
        detail = f"{printable(matched)} would stand for a whole top-level domain"
        return _failed(NAME, Reasons.name_mismatch, detail)
    if not certificate.has_alt_names:
        detail = f"{certificate.subject}; asked for {wanted}"
        return _failed(NAME, Reasons.no_subject_alt_name, detail)
    presented = names.presented_names(certificate)
    detail = f"the certificate is for {presented}; asked for {wanted}"
    return _failed(NAME, Reasons.name_mismatch, detail)


def constraints(detail: str) -> Check:
    """The outcome of ``name_constraints``; empty when they are kept."""
    return (
        _failed(NAME_CONSTRAINTS, Reasons.name_constraints, detail) if detail else NAME_CONSTRAINTS
    )


def policies(certificate: CertificateView) -> Check:
    """A policy that is demanded cannot be shown while policies are not processed.

    requireExplicitPolicy counts also where it is not marked critical (RFC 5280, 4.2.1.11).
    """
    found = certificate.extensions.get(fields.POLICY_CONSTRAINTS)
    if found is None or found.require_explicit_policy is None:
        return POLICIES
    detail = f"{certificate.subject} demands an explicit policy"
    return _failed(POLICIES, Reasons.unknown_critical_extension, detail)
