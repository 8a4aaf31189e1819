"""What may be wrong with a certificate alone: one function per row of ``rules``.

Each answers with a few words for a person, escaped, or ``""`` where the rule is kept.
"""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address
from socket import inet_aton
from typing import NamedTuple

from cryptography import x509

from tlsee.identity import certificate as fields
from tlsee.identity import names
from tlsee.identity.certificate import CertificateView
from tlsee.identity.der import NotDER, identifier_pairs
from tlsee.identity.path.purpose import KeyUse, Purpose
from tlsee.identity.trust import Profile
from tlsee.reasons import Reason, Reasons
from tlsee.text import printable

ANY_PURPOSE = "2.5.29.37.0"
ANY_POLICY = "2.5.29.32.0"
SERIAL_NUMBER_LENGTH = 20  # bytes
_ADDRESS_LETTERS = frozenset("0123456789abcdefxABCDEFX.")

# Critical extensions that are honoured.
UNDERSTOOD = frozenset(
    {
        fields.BASIC_CONSTRAINTS,
        fields.KEY_USAGE,
        fields.EXTENDED_KEY_USAGE,
        fields.SUBJECT_ALT_NAME,
        fields.NAME_CONSTRAINTS,
        fields.SUBJECT_KEY_IDENTIFIER,
        fields.AUTHORITY_KEY_IDENTIFIER,
        fields.CERTIFICATE_POLICIES,
        fields.POLICY_MAPPINGS,
        fields.POLICY_CONSTRAINTS,
        fields.INHIBIT_ANY_POLICY,
        fields.CRL_DISTRIBUTION_POINTS,  # revocation is judged, or named as not checked
        fields.TLS_FEATURE,  # the same
    }
)

# Roots that public stores carry and that predate a rule about form: SHA-256 of the certificates.
# A test holds that all anchors of certifi's and the machine's store pass with these.
PREDATING = frozenset(
    map(
        bytes.fromhex,
        (
            # basicConstraints is not critical, or authorityKeyIdentifier names issuer and number
            "e3b6a2db2ed7ce48842f7ac53241c7b71d54144bfb40c11f3f1d0b42f5eea12d",  # Certigna
            "c3846bf24b9e93ca64274c0ec67c1ecc5e024ffcacd2d74019350e81fe546ae4",  # Go Daddy Class 2
            "85a0dd7dd720adb7ff05f83d542b209dc7ff4528f7d677b18389fea5e5c49e86",  # QuoVadis 2
            "18f1fc7f205df8adddeb7fe007dd57e3af375a9c4d8d73546bf4f1fed1e18d35",  # QuoVadis 3
            "1465fa205397b876faa6f0a9958e5590e40fcc7faa4fb7c2c8677521fb5fb658",  # Starfield Class 2
            "c0a6f4dc63a24bfdcf54ef2a6a082a0a72de35803e2ff5ff527ae5d87206dfd5",  # ePKI
            # no subjectKeyIdentifier
            "59769007f7685d0fcd50872f9f95d5755a5b2b457d81f3692b610a98672f0e1b",  # TWCA Global
            "f9e67d336c51002ac054c632022d66dda2e7e3fff10ad061ed31d8bbb410cfb2",  # Hongkong Post 1
        ),
    )
)


class Ask(NamedTuple):
    """What the leaf is wanted for, and by whose rules; ``use`` is ``None`` where nobody asks."""

    purpose: Purpose
    use: KeyUse | None
    profile: Profile


def particular_reason(rule: str, certificate: CertificateView) -> Reason | None:
    """A more particular reason than the row's, where one rule has two."""
    if rule == "key" and certificate.public_key is None:
        return Reasons.unsupported_key
    if rule == "signature algorithm" and certificate.algorithm is None:
        return Reasons.unsupported_certificate_signature
    return None


def key_unusable(certificate: CertificateView, _ask: Ask) -> str:
    """Not of a kind that is supported, or too small."""
    public_key = certificate.public_key
    if public_key is None:
        return printable(certificate.key_problem)
    return public_key.weakness


def algorithm_unusable(certificate: CertificateView, _ask: Ask) -> str:
    """Signed with something unknown, or with what means nothing any more."""
    row = certificate.algorithm
    if row is None:
        return f"algorithm {certificate.algorithm_oid}"
    return row.name if row.weak else ""


def unknown_critical(certificate: CertificateView, _ask: Ask) -> str:
    """Has an extension that is marked critical and not understood here."""
    unknown = sorted(certificate.critical - UNDERSTOOD)
    return f"extension {', '.join(unknown[:4])}" if unknown else ""


def usage_missing(certificate: CertificateView, ask: Ask) -> str:
    """A key usage without what the key exchange needs.

    That is signing (RFC 9846, 4.5.1.2), but enciphering where the premaster secret is encrypted
    to the key (RFC 5246, 7.4.2).
    """
    usage = certificate.key_usage
    if usage is None or ask.use is None:
        return ""
    signing = ask.use is KeyUse.SIGNING
    allowed = usage.digital_signature if signing else usage.key_encipherment
    return "" if allowed else f"may not {ask.use.label}"


def purpose_missing(certificate: CertificateView, ask: Ask) -> str:
    """Not meant for this role; without the extension for any, but not on the web."""
    usages = certificate.extended_key_usage
    private = ask.profile is Profile.PRIVATE
    if usages is None:
        return "" if private else f"does not say that it is for {ask.purpose.usage}"
    if ask.purpose.value in usages or (private and ANY_PURPOSE in usages):
        return ""
    return f"is not for {ask.purpose.usage}"


def leaf_is_authority(certificate: CertificateView, _ask: Ask) -> str:
    """A leaf that is an authority's certificate."""
    return "is an authority's certificate" if certificate.is_ca else ""


def no_authority(certificate: CertificateView, _ask: Ask) -> str:
    """Does not say that it is an authority."""
    return "" if certificate.is_ca else "is no authority"


def no_anchor(certificate: CertificateView, ask: Ask) -> str:
    """The same for an anchor, which may be of version 1 or 2 that cannot say so."""
    return no_authority(certificate, ask) if certificate.version == 3 else ""


def may_not_sign(certificate: CertificateView, _ask: Ask) -> str:
    """Its key usage lacks keyCertSign."""
    usage = certificate.key_usage
    return "" if usage is None or usage.key_cert_sign else "may not sign certificates"


def issuer_nameless(certificate: CertificateView, _ask: Ask) -> str:
    """Issued by nobody."""
    return "" if certificate.issuer_key else "its issuer has no name"


def subject_nameless(certificate: CertificateView, _ask: Ask) -> str:
    """An authority without a name."""
    return "" if certificate.subject_key else "an authority without a name"


def identifier_critical(certificate: CertificateView, _ask: Ask) -> str:
    """A key identifier marked critical."""
    for oid, name in (
        (fields.AUTHORITY_KEY_IDENTIFIER, "authorityKeyIdentifier"),
        (fields.SUBJECT_KEY_IDENTIFIER, "subjectKeyIdentifier"),
    ):
        if oid in certificate.critical:
            return f"{name} is critical"
    return ""


def constraints_empty(certificate: CertificateView, _ask: Ask) -> str:
    """Name constraints that constrain nothing."""
    found = certificate.name_constraints
    if found is None or found.permitted_subtrees or found.excluded_subtrees:
        return ""
    return "nameConstraints permits nothing and excludes nothing"


def constraints_in_leaf(certificate: CertificateView, _ask: Ask) -> str:
    """Name constraints in a certificate that vouches for nobody."""
    misplaced = certificate.name_constraints is not None and not certificate.is_ca
    return "nameConstraints and no authority" if misplaced else ""


def policy_mappings(certificate: CertificateView) -> tuple[tuple[str, str], ...]:
    """Pairs of issuer's and subject's policy (RFC 5280, 4.2.1.5), which the parser leaves alone.

    Raises:
        NotDER: the extension is not of that shape.
    """
    found: x509.UnrecognizedExtension | None
    found = certificate.extensions.get(fields.POLICY_MAPPINGS)
    return identifier_pairs(found.value) if found is not None else ()


def maps_any_policy(certificate: CertificateView, _ask: Ask) -> str:
    """A mapping of anyPolicy."""
    try:
        mapped = any(ANY_POLICY in pair for pair in policy_mappings(certificate))
    except NotDER as problem:
        return f"policyMappings: {problem}"
    return "policyMappings maps anyPolicy" if mapped else ""


def not_version_3(certificate: CertificateView, _ask: Ask) -> str:
    """An older version, which cannot say what it is for."""
    return "" if certificate.version == 3 else f"version {certificate.version}"


def serial_number_odd(certificate: CertificateView, _ask: Ask) -> str:
    """Zero, negative or too long."""
    if certificate.serial_number <= 0:
        return "a serial number that is not positive"
    length = (certificate.serial_number.bit_length() + 8) // 8
    return f"a serial number of {length} bytes" if length > SERIAL_NUMBER_LENGTH else ""


def modulus_odd(certificate: CertificateView, _ask: Ask) -> str:
    """An RSA modulus with a broken byte."""
    key = certificate.public_key
    odd = key is not None and key.kind.startswith("rsa") and key.bits % 8 != 0
    return "an RSA modulus that is no number of whole bytes" if odd else ""


def basic_constraints_lenient(certificate: CertificateView, _ask: Ask) -> str:
    """An authority's basicConstraints that may be passed over."""
    if certificate.digest in PREDATING:
        return ""
    return _lenient(certificate, fields.BASIC_CONSTRAINTS, "basicConstraints")


def policy_constraints_lenient(certificate: CertificateView, _ask: Ask) -> str:
    """Constraints on policies that may be passed over."""
    return _lenient(certificate, fields.POLICY_CONSTRAINTS, "policyConstraints") or _lenient(
        certificate, fields.INHIBIT_ANY_POLICY, "inhibitAnyPolicy"
    )


def _lenient(certificate: CertificateView, oid: str, name: str) -> str:
    lenient = oid in certificate.extensions and oid not in certificate.critical
    return f"{name} is not critical" if lenient else ""


def leaf_signs_certificates(certificate: CertificateView, _ask: Ask) -> str:
    """A leaf's key usage with keyCertSign."""
    usage = certificate.key_usage
    wrong = usage is not None and usage.key_cert_sign and not certificate.is_ca
    return "keyCertSign and no authority" if wrong else ""


def issuer_unidentified(certificate: CertificateView, _ask: Ask) -> str:
    """Does not say with which key it was signed; a self-signed one need not."""
    if certificate.authority_key_identifier is not None or certificate.self_issued:
        return ""
    return "authorityKeyIdentifier without a key identifier, or missing"


def issuer_numbered(certificate: CertificateView, _ask: Ask) -> str:
    """Names its issuer's certificate, which ties it to one of several for the same key."""
    found: x509.AuthorityKeyIdentifier | None = certificate.extensions.get(
        fields.AUTHORITY_KEY_IDENTIFIER
    )
    if found is None or certificate.digest in PREDATING:
        return ""
    numbered = found.authority_cert_issuer or found.authority_cert_serial_number is not None
    return "authorityKeyIdentifier with an issuer and a serial number" if numbered else ""


def subject_unidentified(certificate: CertificateView, _ask: Ask) -> str:
    """An authority that does not identify its key."""
    if certificate.subject_key_identifier is not None or certificate.digest in PREDATING:
        return ""
    return "no subjectKeyIdentifier"


def anchor_misidentified(certificate: CertificateView, _ask: Ask) -> str:
    """Self-signed by a key that it calls another's; or signed by another that it does not say."""
    issuer, own = certificate.authority_key_identifier, certificate.subject_key_identifier
    if not certificate.self_issued:
        return "" if issuer is not None else "no authorityKeyIdentifier, and not self-signed"
    same = issuer is None or issuer == own
    return "" if same else "self-signed, and its two key identifiers differ"


def anchor_has_purposes(certificate: CertificateView, _ask: Ask) -> str:
    """An anchor with extendedKeyUsage."""
    return "" if certificate.extended_key_usage is None else "an anchor with extendedKeyUsage"


def purposes_critical(certificate: CertificateView, _ask: Ask) -> str:
    """A critical extendedKeyUsage."""
    found = fields.EXTENDED_KEY_USAGE in certificate.critical
    return "extendedKeyUsage is critical" if found else ""


def any_purpose(certificate: CertificateView, _ask: Ask) -> str:
    """A leaf for all purposes."""
    found = ANY_PURPOSE in (certificate.extended_key_usage or ())
    return "extendedKeyUsage names any purpose" if found else ""


def names_criticality(certificate: CertificateView, _ask: Ask) -> str:
    """subjectAltName is critical where it stands for the subject, and nowhere else."""
    if not certificate.has_alt_names:
        return ""
    critical = fields.SUBJECT_ALT_NAME in certificate.critical
    if certificate.subject_key:
        return "a subject, and subjectAltName is critical" if critical else ""
    return "" if critical else "no subject, and subjectAltName is not critical"


def constraints_odd(certificate: CertificateView, _ask: Ask) -> str:
    """A subtree of DNS names that is no name: RFC 5280 knows no leading period there."""
    found = certificate.name_constraints
    if found is None:
        return ""
    for base in (*(found.permitted_subtrees or ()), *(found.excluded_subtrees or ())):
        if isinstance(base, x509.DNSName) and base.value.startswith("."):
            return f"a subtree that begins with a period, {printable(base.value)}"
    return ""


def no_host_name(certificate: CertificateView, _ask: Ask) -> str:
    """A dNSName that no host can have: another wildcard, an underscore, an address."""
    for name in certificate.dns_names:
        if not names.is_registered_name(name.lower().removeprefix("*.")):
            return f"{printable(name)} is no host name"
    return ""


def common_name_odd(certificate: CertificateView, ask: Ask) -> str:
    """A common name that spells one of the names in subjectAltName otherwise, or an IDN beside.

    The forum wants it to be one of them, letter for letter. One that is plainly another name is
    let pass, for nobody looks at it; one that looks like the name in question is not.
    """
    if ask.purpose is not Purpose.SERVER or not certificate.has_alt_names:
        return ""
    presented = {*certificate.dns_names, *certificate.ip_addresses}
    alike = {name.lower() for name in presented}
    for text in certificate.common_names:
        if text not in presented and (_meant(text) in alike or "xn--" in text.lower()):
            return f"its common name {printable(text)} is not as in subjectAltName"
    return ""


def _meant(text: str) -> str:
    """The name or address that a text may be taken for, in its usual spelling."""
    try:
        return str(ip_address(text))
    except ValueError:
        pass
    try:  # what C libraries take for an address: leading zeros, hexadecimal
        return (
            str(IPv4Address(inet_aton(text))) if not set(text) - _ADDRESS_LETTERS else _ascii(text)
        )
    except OSError:
        return _ascii(text)


def _ascii(text: str) -> str:
    try:
        return text.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return text.lower()
