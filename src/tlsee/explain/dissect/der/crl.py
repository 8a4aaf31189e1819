"""Certificate revocation lists as RFC 5280's module has them, as shapes for ``walking``."""

from __future__ import annotations

from tlsee.explain.dissect.der.names import NAME
from tlsee.explain.dissect.der.pkix import ALGORITHM, EXTENSIONS, SIGNATURE, VERSION, part
from tlsee.explain.dissect.der.saying import INTEGER, TIME
from tlsee.explain.dissect.der.shapes import Explicit, Many, Sequence

_REVOKED = Sequence(
    (
        part("userCertificate", INTEGER, "the serial number of what is revoked", "5.1.2.6"),
        part("revocationDate", TIME, "since when", "5.1.2.6"),
        part("crlEntryExtensions", EXTENSIONS, "why, and more", "5.3", optional=True),
    )
)
_TBS_CERT_LIST = Sequence(
    (
        part("version", VERSION, "v2", "5.1.2.1", optional=True),
        part("signature", ALGORITHM, "how the issuer signed, within what is signed", "5.1.2.2"),
        part("issuer", NAME, "who signed", "5.1.2.3"),
        part("thisUpdate", TIME, "when it was made", "5.1.2.4"),
        part("nextUpdate", TIME, "when the next one comes at the latest", "5.1.2.5", optional=True),
        part(
            "revokedCertificates",
            Many(_REVOKED, "revokedCertificate"),
            "what is revoked",
            "5.1.2.6",
            optional=True,
        ),
        part(
            "crlExtensions", Explicit(0, EXTENSIONS), "number, scope and more", "5.2", optional=True
        ),
    )
)
CERTIFICATE_LIST = Sequence(
    (
        part("tbsCertList", _TBS_CERT_LIST, "what the issuer signed", "5.1.1.1"),
        part("signatureAlgorithm", ALGORITHM, "how the issuer signed", "5.1.1.2"),
        part("signatureValue", SIGNATURE, "the issuer's signature", "5.1.1.3"),
    )
)
