"""What the extensions of certificates and CRLs hold, as shapes (RFC 5280, 4.2 and 5.2)."""

from __future__ import annotations

from tlsee.explain.dissect.der.names import GENERAL_NAME, GENERAL_NAMES, RELATIVE_NAME
from tlsee.explain.dissect.der.saying import (
    BOOLEAN,
    INTEGER,
    NULL,
    OCTETS,
    OID,
    TIME,
    enumerated,
    named_bits,
    octets,
)
from tlsee.explain.dissect.der.shapes import (
    Anything,
    Choice,
    Cut,
    Explicit,
    Holding,
    Many,
    Part,
    Sequence,
    Shape,
    implicit,
)

REASONS = {
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}
REASON = enumerated(REASONS)
# RFC 5280, 4.2.1.13: the bits of ReasonFlags, where the first is not used.
_FLAGS = named_bits("unused", *(REASONS[i] for i in range(1, 7)), REASONS[9], REASONS[10])
_KEY_USAGE = named_bits(
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)


def _part(name: str, shape: Shape, about: str, clause: str, *, optional: bool = True) -> Part:
    return Part(name, shape, optional, about, f"RFC 5280, {clause}")


_BASIC = Sequence(
    (
        _part("cA", BOOLEAN, "whether the key may sign certificates", "4.2.1.9"),
        _part("pathLenConstraint", INTEGER, "authorities allowed below this one", "4.2.1.9"),
    )
)
_AUTHORITY_KEY = Sequence(
    (
        _part("keyIdentifier", implicit(0, OCTETS), "which of the issuer's keys", "4.2.1.1"),
        _part("authorityCertIssuer", implicit(1, GENERAL_NAMES), "its issuer's name", "4.2.1.1"),
        _part("authorityCertSerialNumber", implicit(2, INTEGER), "its number", "4.2.1.1"),
    )
)
_SUBTREES = Many(
    Sequence(
        (
            _part("base", GENERAL_NAME, "names at or below this one", "4.2.1.10", optional=False),
            _part("minimum", implicit(0, INTEGER), "0, always", "4.2.1.10"),
            _part("maximum", implicit(1, INTEGER), "absent, always", "4.2.1.10"),
        )
    ),
    "generalSubtree",
)
_NAME_CONSTRAINTS = Sequence(
    (
        _part("permittedSubtrees", implicit(0, _SUBTREES), "names it may vouch for", "4.2.1.10"),
        _part("excludedSubtrees", implicit(1, _SUBTREES), "names it may not", "4.2.1.10"),
    )
)
_QUALIFIER = Sequence(
    (
        _part("policyQualifierId", OID, "which kind of remark", "4.2.1.4", optional=False),
        _part("qualifier", Anything(), "the remark", "4.2.1.4"),
    )
)
_POLICIES = Many(
    Sequence(
        (
            _part(
                "policyIdentifier", OID, "a policy it was issued under", "4.2.1.4", optional=False
            ),
            _part("policyQualifiers", Many(_QUALIFIER, "policyQualifierInfo"), "more", "4.2.1.4"),
        )
    ),
    "policyInformation",
)
_MAPPINGS = Many(
    Sequence(
        (
            _part("issuerDomainPolicy", OID, "the issuer's policy", "4.2.1.5", optional=False),
            _part("subjectDomainPolicy", OID, "is as good as this", "4.2.1.5", optional=False),
        )
    ),
    "policyMapping",
)
_POLICY_CONSTRAINTS = Sequence(
    (
        _part("requireExplicitPolicy", implicit(0, INTEGER), "after so many", "4.2.1.11"),
        _part("inhibitPolicyMapping", implicit(1, INTEGER), "after so many", "4.2.1.11"),
    )
)
_POINT_NAME = Choice(
    (
        _part("fullName", implicit(0, GENERAL_NAMES), "where the CRL is", "4.2.1.13"),
        _part("nameRelativeToCRLIssuer", implicit(1, RELATIVE_NAME), "below it", "4.2.1.13"),
    )
)
_POINTS = Many(
    Sequence(
        (
            _part("distributionPoint", Explicit(0, _POINT_NAME), "where the CRL is", "4.2.1.13"),
            _part("reasons", implicit(1, _FLAGS), "which reasons it covers", "4.2.1.13"),
            _part("cRLIssuer", implicit(2, GENERAL_NAMES), "who signs the CRL", "4.2.1.13"),
        )
    ),
    "distributionPoint",
)
_ACCESS = Many(
    Sequence(
        (
            _part("accessMethod", OID, "what can be got there", "4.2.2.1", optional=False),
            _part("accessLocation", GENERAL_NAME, "where", "4.2.2.1", optional=False),
        )
    ),
    "accessDescription",
)
_ISSUING_POINT = Sequence(
    (
        _part("distributionPoint", Explicit(0, _POINT_NAME), "where this CRL is", "5.2.5"),
        _part("onlyContainsUserCerts", implicit(1, BOOLEAN), "no authorities", "5.2.5"),
        _part("onlyContainsCACerts", implicit(2, BOOLEAN), "authorities alone", "5.2.5"),
        _part("onlySomeReasons", implicit(3, _FLAGS), "which reasons it covers", "5.2.5"),
        _part("indirectCRL", implicit(4, BOOLEAN), "of other issuers too", "5.2.5"),
        _part("onlyContainsAttributeCerts", implicit(5, BOOLEAN), "no certificates", "5.2.5"),
    )
)

# By the extension's name; the octet string around the value is added where they are read.
EXTENSION_VALUES: dict[str, Shape] = {
    "basicConstraints": _BASIC,
    "keyUsage": Holding(_KEY_USAGE),
    "extKeyUsage": Many(OID, "keyPurposeId"),
    "subjectAltName": GENERAL_NAMES,
    "issuerAltName": GENERAL_NAMES,
    "certificateIssuer": GENERAL_NAMES,
    "subjectKeyIdentifier": Holding(OCTETS),
    "authorityKeyIdentifier": _AUTHORITY_KEY,
    "nameConstraints": _NAME_CONSTRAINTS,
    "certificatePolicies": _POLICIES,
    "policyMappings": _MAPPINGS,
    "policyConstraints": _POLICY_CONSTRAINTS,
    "inhibitAnyPolicy": Holding(INTEGER),
    "cRLDistributionPoints": _POINTS,
    "freshestCRL": _POINTS,
    "authorityInfoAccess": _ACCESS,
    "subjectInfoAccess": _ACCESS,
    "tlsFeature": Many(INTEGER, "feature"),
    "precertificatePoison": Holding(NULL),
    "delegationUsage": Holding(NULL),
    "cRLNumber": Holding(INTEGER),
    "deltaCRLIndicator": Holding(INTEGER),
    "cRLReason": Holding(REASON),
    "invalidityDate": Holding(TIME),
    "issuingDistributionPoint": _ISSUING_POINT,
    "id-pkix-ocsp-nonce": Holding(OCTETS),
    "id-pkix-ocsp-nocheck": Holding(NULL),
    "id-pkix-ocsp-archive-cutoff": Holding(TIME),
}


def holds_timestamps(cut: Cut) -> None:
    """Say who reads the lists of RFC 6962, 3.3: no ASN.1, but structs in TLS's language."""
    for name in ("signedCertificateTimestampList", "ocspSignedCertificateTimestampList"):
        EXTENSION_VALUES[name] = Holding(octets(cut))
