"""Certificates as RFC 5280's module has them, as shapes for ``walking``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tlsee.codes import SignatureScheme
from tlsee.explain.dissect import cutting
from tlsee.explain.dissect.der.extensions import EXTENSION_VALUES
from tlsee.explain.dissect.der.names import NAME
from tlsee.explain.dissect.der.oids import name_of
from tlsee.explain.dissect.der.saying import (
    BITS,
    BOOLEAN,
    INTEGER,
    NULL,
    OID,
    TIME,
    bits,
    dotted,
    octets,
)
from tlsee.explain.dissect.der.shapes import (
    BIT_STRING_TAG,
    Anything,
    Explicit,
    Holding,
    Many,
    Open,
    Part,
    Sequence,
    Shape,
    implicit,
)
from tlsee.explain.dissect.field import Field
from tlsee.identity.der import OBJECT_IDENTIFIER, NotDER, children, element

VERSIONS = {0: "v1", 1: "v2", 2: "v3"}


def oid_in(field: Field | None) -> str:
    """The object identifier that a field is or begins with; empty where there is none."""
    if field is None:
        return ""
    try:
        one = element(field.raw, 0, len(field.raw))
        while one.tag != OBJECT_IDENTIFIER:
            one = children(field.raw, one)[0]
    except (NotDER, IndexError):
        return ""
    return dotted(field.raw[one.body : one.end])


def _version(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    return f"{VERSIONS[number]} ({number})" if number in VERSIONS else f"version {number + 1:,}"


VERSION = type(INTEGER)("INTEGER", INTEGER.tags, _version)

_PSS = Sequence(
    (
        Part("hashAlgorithm", Explicit(0, Anything()), True, "what the message is hashed with"),
        Part("maskGenAlgorithm", Explicit(1, Anything()), True, "MGF1 and its hash"),
        Part("saltLength", Explicit(2, INTEGER), True, "bytes of salt"),
        Part("trailerField", Explicit(3, INTEGER), True, "1, always"),
    )
)
_PARAMETERS: Mapping[str, Shape] = {
    "id-ecPublicKey": OID,
    "rsaEncryption": NULL,
    "id-RSASSA-PSS": _PSS,
}


def _parameters(seen: Mapping[str, Field]) -> Shape:
    return _PARAMETERS.get(name_of(oid_in(seen.get("algorithm"))), Anything())


ALGORITHM = Sequence(
    (
        Part("algorithm", OID, False, "which algorithm", "RFC 5280, 4.1.1.2"),
        Part("parameters", Open(_parameters), True, "its parameters", "RFC 5280, 4.1.1.2"),
    )
)
ECDSA_SIGNATURE = Sequence(
    (
        Part("r", INTEGER, False, "the x-coordinate of the one-time point", "RFC 3279, 2.2.3"),
        Part("s", INTEGER, False, "what ties it to key and message", "RFC 3279, 2.2.3"),
    )
)
_SCHEMES = {
    "id-Ed25519": SignatureScheme.ed25519,
    "id-Ed448": SignatureScheme.ed448,
    "id-ml-dsa-44": SignatureScheme.mldsa44,
    "id-ml-dsa-65": SignatureScheme.mldsa65,
    "id-ml-dsa-87": SignatureScheme.mldsa87,
}


def _signature(seen: Mapping[str, Field]) -> Shape:
    name = name_of(oid_in(seen.get("signatureAlgorithm")))
    if name.startswith("ecdsa-"):
        return Holding(ECDSA_SIGNATURE, BIT_STRING_TAG)
    if name in _SCHEMES:
        scheme = _SCHEMES[name]
        return bits(lambda data: cutting.fixed_signature(scheme, data))
    return bits(cutting.rsa) if "RSA" in name else BITS


SIGNATURE = Open(_signature)

_RSA_KEY = Sequence(
    (
        Part("modulus", INTEGER, False, "n, the product of two primes", "RFC 3279, 2.3.1"),
        Part("publicExponent", INTEGER, False, "e", "RFC 3279, 2.3.1"),
    )
)


def _key(seen: Mapping[str, Field]) -> Shape:
    name = name_of(oid_in(seen.get("algorithm")))
    if name in ("rsaEncryption", "id-RSASSA-PSS"):
        return Holding(_RSA_KEY, BIT_STRING_TAG)
    if name == "id-ecPublicKey":
        return bits(cutting.point)
    return bits(cutting.mldsa_key) if name.startswith("id-ml-dsa") else BITS


KEY_INFO = Sequence(
    (
        Part("algorithm", ALGORITHM, False, "what kind of key it is", "RFC 5280, 4.1.2.7"),
        Part("subjectPublicKey", Open(_key), False, "the key itself", "RFC 5280, 4.1.2.7"),
    )
)


def _value_of(seen: Mapping[str, Field]) -> Shape:
    known = EXTENSION_VALUES.get(name_of(oid_in(seen.get("extnID"))))
    if known is None:
        return octets()
    return known if not isinstance(known, Sequence | Many) else Holding(known)


def _extension_name(data: bytes) -> str:
    oid = oid_in(Field("", 0, len(data), data, ""))
    return name_of(oid)


def _extension_words(fields: Iterable[Field]) -> str:
    kind, *rest = fields
    critical = ", critical" if any(field.words == "TRUE" for field in rest[:-1]) else ""
    return (rest[-1].words if rest else kind.words) + critical


EXTENSIONS = Many(
    Sequence(
        (
            Part("extnID", OID, False, "which extension", "RFC 5280, 4.1.2.9"),
            Part("critical", BOOLEAN, True, "who does not know it must refuse", "RFC 5280, 4.2"),
            Part("extnValue", Open(_value_of), False, "its value", "RFC 5280, 4.2"),
        ),
        sum_up=_extension_words,
    ),
    "extension",
    named=_extension_name,
)


def part(name: str, shape: Shape, about: str, clause: str, *, optional: bool = False) -> Part:
    """A part whose clause is one of RFC 5280."""
    return Part(name, shape, optional, about, f"RFC 5280, {clause}")


VALIDITY = Sequence(
    (
        part("notBefore", TIME, "not valid before", "4.1.2.5"),
        part("notAfter", TIME, "not valid after", "4.1.2.5"),
    ),
    sum_up=lambda fields: " to ".join(field.words for field in fields),
)


def _certificate_words(fields: Iterable[Field]) -> str:
    found = {field.name: field.words for field in fields}
    return f"{found.get('subject') or 'no subject'}; {found.get('validity', 'no dates')}"


TBS_CERTIFICATE = Sequence(
    (
        part(
            "version", Explicit(0, VERSION), "v3 is what extensions need", "4.1.2.1", optional=True
        ),
        part("serialNumber", INTEGER, "the issuer's number for it", "4.1.2.2"),
        part("signature", ALGORITHM, "how the issuer signed, within what is signed", "4.1.2.3"),
        part("issuer", NAME, "who signed", "4.1.2.4"),
        part("validity", VALIDITY, "from when until when", "4.1.2.5"),
        part("subject", NAME, "whose key it is", "4.1.2.6"),
        part("subjectPublicKeyInfo", KEY_INFO, "the key", "4.1.2.7"),
        part("issuerUniqueID", implicit(1, BITS), "not used any more", "4.1.2.8", optional=True),
        part("subjectUniqueID", implicit(2, BITS), "not used any more", "4.1.2.8", optional=True),
        part(
            "extensions",
            Explicit(3, EXTENSIONS),
            "names, uses, constraints",
            "4.1.2.9",
            optional=True,
        ),
    ),
    sum_up=_certificate_words,
)
CERTIFICATE = Sequence(
    (
        part("tbsCertificate", TBS_CERTIFICATE, "what the issuer signed", "4.1.1.1"),
        part("signatureAlgorithm", ALGORITHM, "how the issuer signed", "4.1.1.2"),
        part("signatureValue", SIGNATURE, "the issuer's signature", "4.1.1.3"),
    )
)
