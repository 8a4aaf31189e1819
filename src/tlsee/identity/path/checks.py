"""The rules that need the moment, the name or the path (the rows are ``rules.PATH_RULES``).

Asked every time, unlike what depends on a certificate alone, which ``rules`` finds once.
"""

from __future__ import annotations

from tlsee.identity import names
from tlsee.identity.certificate import CertificateView, moment
from tlsee.identity.path.certificate_rules import ANY_PURPOSE
from tlsee.identity.path.public_suffixes import SUFFIXES
from tlsee.identity.path.rules import BY_NAME, PASSED
from tlsee.identity.path.verdict import Check, Purpose
from tlsee.identity.trust import Profile
from tlsee.reasons import Reason, Reasons
from tlsee.text import count, printable

_DAY = 86_400

DATES = PASSED["dates"]
PATH_LENGTH = PASSED["path length"]
PURPOSE = PASSED["issuer's purpose"]
NAME_CONSTRAINTS = PASSED["name constraints"]
NAME = PASSED["name"]
SIGNATURE = PASSED["signature"]


def failed(
    rule: str, certificate: CertificateView, detail: str, reason: Reason | None = None
) -> Check:
    """The failed check of a rule, with the row's reason unless another is given."""
    return BY_NAME[rule].failed(certificate, detail, reason)


def dates(certificate: CertificateView, at: float) -> Check:
    """Valid at this moment, both ends included (RFC 5280, 4.1.2.5). The dates are whole seconds."""
    if certificate.not_before <= at <= certificate.not_after:
        return DATES
    if at < certificate.not_before:
        when, far = moment(certificate.not_before), certificate.not_before - at
        detail = f"{certificate.subject}, valid from {when}, {_span(far)} from now"
        row = BY_NAME["dates"]._replace(field="not before")
        return row.failed(certificate, detail, Reasons.certificate_not_yet_valid)
    when, far = moment(certificate.not_after), at - certificate.not_after
    return failed("dates", certificate, f"{certificate.subject}, expired {when}, {_span(far)} ago")


def _span(seconds: float) -> str:
    for length, noun in ((_DAY, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            return count(int(seconds // length), noun)
    return count(max(1, int(seconds)), "second")


def path_length(certificate: CertificateView, intermediates_below: int) -> Check:
    """``intermediates_below`` counts authorities between it and the leaf, without self-issued."""
    if certificate.path_length is None or intermediates_below <= certificate.path_length:
        return PATH_LENGTH
    allowed = certificate.path_length or "no"
    detail = f"{certificate.subject} allows {allowed} more below it, here: {intermediates_below}"
    return failed("path length", certificate, detail)


def issuer_purpose(certificate: CertificateView, purpose: Purpose) -> Check:
    """An authority's list of purposes holds for all that is below it."""
    usages = certificate.extended_key_usage
    if usages is None or purpose.value in usages or ANY_PURPOSE in usages:
        return PURPOSE
    detail = f"{certificate.subject} may not vouch for {purpose.usage}"
    return failed("issuer's purpose", certificate, detail)


def name(certificate: CertificateView, wanted: names.Reference, matched: str) -> Check:
    """One of the names it presents covers the one that was asked for: ``matched``."""
    if matched:
        return NAME
    if not certificate.has_alt_names:
        detail = f"{certificate.subject}; asked for {wanted}"
        return failed("name", certificate, detail, Reasons.no_subject_alt_name)
    presented = names.presented_names(certificate)
    return failed("name", certificate, f"the certificate is for {presented}; asked for {wanted}")


def public_suffix(
    certificate: CertificateView, matched: str, profile: Profile
) -> tuple[Check, ...]:
    """On the web a wildcard, ``matched``, directly below a public suffix is nobody's to have."""
    if profile is Profile.PRIVATE:
        return ()
    parent = matched[2:].lower()
    if "." in parent and not SUFFIXES.has(parent):
        return (PASSED["public suffix"],)
    detail = f"{printable(matched)} would stand for all below a public suffix"
    return (failed("public suffix", certificate, detail),)


def constraints(certificate: CertificateView, detail: str) -> Check:
    """The outcome of ``name_constraints``; empty when they are kept."""
    return failed("name constraints", certificate, detail) if detail else NAME_CONSTRAINTS


def distrust(leaf: CertificateView, issued_until: float) -> Check:
    """Issued before its anchor ceased to be trusted for new certificates."""
    if leaf.not_before <= issued_until:
        return PASSED["distrust"]
    when, since = moment(leaf.not_before), moment(issued_until)
    detail = f"{leaf.subject}, issued {when}; its anchor is trusted for what is older than {since}"
    return failed("distrust", leaf, detail)
