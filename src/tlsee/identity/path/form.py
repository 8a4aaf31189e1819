"""What a certificate must look like whatever it is used for (RFC 5280, 4).

A rule of the web's profile alone is one that private authorities' tools break and that nobody is
safer for there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tlsee.identity import certificate as fields
from tlsee.identity.certificate import CertificateView
from tlsee.identity.der import Canonical
from tlsee.identity.path.verdict import Check
from tlsee.identity.trust import Profile
from tlsee.reasons import Reasons


class Rule(NamedTuple):
    """``breaks`` tells whether a certificate breaks it; ``role`` is leaf, authority or any."""

    what: str
    clause: str
    role: str
    web_only: bool
    breaks: Callable[[CertificateView], bool]


def _empty(name: Canonical) -> bool:
    return not name


def _alone(certificate: CertificateView, extension: str) -> bool:
    return extension in certificate.extensions and extension not in certificate.critical


# fmt: off
RULES = (
    Rule("its issuer has no name", "RFC 5280, 4.1.2.4", "any", False,
         lambda c: _empty(c.issuer_key)),
    Rule("authorityKeyIdentifier is critical", "RFC 5280, 4.2.1.1", "any", False,
         lambda c: fields.AUTHORITY_KEY_IDENTIFIER in c.critical),
    Rule("subjectKeyIdentifier is critical", "RFC 5280, 4.2.1.2", "any", False,
         lambda c: fields.SUBJECT_KEY_IDENTIFIER in c.critical),
    Rule("an authority without a name", "RFC 5280, 4.1.2.6", "authority", False,
         lambda c: _empty(c.subject_key)),
    Rule("nameConstraints and no authority", "RFC 5280, 4.2.1.10", "leaf", False,
         lambda c: c.name_constraints is not None and not c.is_ca),
    Rule("no subject, and subjectAltName is not critical", "RFC 5280, 4.2.1.6", "leaf", True,
         lambda c: _empty(c.subject_key) and _alone(c, fields.SUBJECT_ALT_NAME)),
    Rule("basicConstraints is not critical", "RFC 5280, 4.2.1.9", "authority", True,
         lambda c: _alone(c, fields.BASIC_CONSTRAINTS)),
    Rule("a serial number that is not positive", "RFC 5280, 4.1.2.2", "leaf", True,
         lambda c: c.serial_number <= 0),
    Rule("an RSA modulus that is no number of whole bytes", "CA/Browser Forum BR, 6.1.6", "leaf",
         True, lambda c: c.public_key is not None and c.public_key.bits % 8 != 0
         and c.public_key.kind.startswith("rsa")),
)
# fmt: on

FORM = Check("form", True, "", "RFC 5280, 4")


def form(certificate: CertificateView, role: str, profile: Profile) -> Check:
    """All rules that hold for the role and the profile; the first that is broken is told."""
    for rule in RULES:
        applies = rule.role in ("any", role) and (profile is Profile.WEB or not rule.web_only)
        if applies and rule.breaks(certificate):
            detail = f"{certificate.subject}: {rule.what}"
            return Check(FORM.name, False, detail, rule.clause, Reasons.malformed_certificate)
    return FORM
