"""OCSP responses as RFC 6960's module has them, as shapes for ``walking``."""

from __future__ import annotations

from collections.abc import Mapping

from tlsee.explain.dissect.der.extensions import REASON
from tlsee.explain.dissect.der.names import NAME
from tlsee.explain.dissect.der.oids import name_of
from tlsee.explain.dissect.der.pkix import (
    ALGORITHM,
    CERTIFICATE,
    EXTENSIONS,
    SIGNATURE,
    VERSION,
    oid_in,
)
from tlsee.explain.dissect.der.saying import INTEGER, NULL, OCTETS, OID, TIME, enumerated, octets
from tlsee.explain.dissect.der.shapes import (
    Choice,
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

_STATUS = enumerated(
    {
        0: "successful",
        1: "malformedRequest",
        2: "internalError",
        3: "tryLater",
        5: "sigRequired",
        6: "unauthorized",
    }
)


def _part(name: str, shape: Shape, about: str, *, optional: bool = False) -> Part:
    return Part(name, shape, optional, about, "RFC 6960, 4.2.1")


_CERT_ID = Sequence(
    (
        _part("hashAlgorithm", ALGORITHM, "how name and key are hashed"),
        _part("issuerNameHash", OCTETS, "hash of the issuer's name"),
        _part("issuerKeyHash", OCTETS, "hash of the issuer's key"),
        _part("serialNumber", INTEGER, "of the certificate in question"),
    )
)
_REVOKED = Sequence(
    (
        _part("revocationTime", TIME, "since when"),
        _part("revocationReason", Explicit(0, REASON), "why", optional=True),
    )
)
_STATUS_OF_ONE = Choice(
    (
        _part("good", implicit(0, NULL), "not revoked"),
        _part("revoked", implicit(1, _REVOKED), "revoked: do not trust it"),
        _part("unknown", implicit(2, NULL), "the responder does not know it"),
    )
)
_SINGLE = Sequence(
    (
        _part("certID", _CERT_ID, "which certificate"),
        _part("certStatus", _STATUS_OF_ONE, "its status"),
        _part("thisUpdate", TIME, "known to be so then"),
        _part("nextUpdate", Explicit(0, TIME), "when to ask again", optional=True),
        _part("singleExtensions", Explicit(1, EXTENSIONS), "more about it", optional=True),
    )
)
_RESPONDER = Choice(
    (
        _part("byName", Explicit(1, NAME), "the responder's name"),
        _part("byKey", Explicit(2, OCTETS), "SHA-1 of the responder's key"),
    )
)
_DATA = Sequence(
    (
        _part("version", Explicit(0, VERSION), "v1", optional=True),
        _part("responderID", _RESPONDER, "who answers"),
        _part("producedAt", TIME, "when it was signed"),
        _part("responses", Many(_SINGLE, "singleResponse"), "an answer for each certificate"),
        _part("responseExtensions", Explicit(1, EXTENSIONS), "a nonce and more", optional=True),
    )
)
_BASIC = Sequence(
    (
        _part("tbsResponseData", _DATA, "what is signed"),
        _part("signatureAlgorithm", ALGORITHM, "how it is signed"),
        _part("signature", SIGNATURE, "the responder's signature"),
        _part(
            "certs",
            Explicit(0, Many(CERTIFICATE, "certificate")),
            "certificates that help to check it",
            optional=True,
        ),
    )
)


def _response(seen: Mapping[str, Field]) -> Shape:
    known = name_of(oid_in(seen.get("responseType"))) == "id-pkix-ocsp-basic"
    return Holding(_BASIC) if known else octets()


_BYTES = Sequence(
    (
        _part("responseType", OID, "id-pkix-ocsp-basic, the only one in use"),
        _part("response", Open(_response), "the answer"),
    )
)
OCSP_RESPONSE = Sequence(
    (
        _part("responseStatus", _STATUS, "whether there is an answer at all"),
        _part("responseBytes", Explicit(0, _BYTES), "the answer", optional=True),
    )
)
