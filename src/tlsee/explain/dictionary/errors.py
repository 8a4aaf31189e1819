"""What other libraries and browsers say for our reasons: their words, as people paste them."""

from __future__ import annotations

from collections.abc import Mapping

# By the reason's name; OpenSSL's words first, then those of Go, Java and the browsers.
ALSO: Mapping[str, tuple[str, ...]] = {
    "unknown_ca": (
        "unable to get local issuer certificate",
        "unable to get issuer certificate",
        "self-signed certificate in certificate chain",
        "unable to verify the first certificate",
        "certificate signed by unknown authority",
        "PKIX path building failed",
        "ERR_CERT_AUTHORITY_INVALID",
        "SEC_ERROR_UNKNOWN_ISSUER",
    ),
    "certificate_expired": (
        "certificate has expired",
        "ERR_CERT_DATE_INVALID",
        "SEC_ERROR_EXPIRED_CERTIFICATE",
    ),
    "certificate_not_yet_valid": ("certificate is not yet valid",),
    "name_mismatch": (
        "hostname mismatch",
        "IP address mismatch",
        "ERR_CERT_COMMON_NAME_INVALID",
        "SSL_ERROR_BAD_CERT_DOMAIN",
    ),
    "wrong_purpose": ("unsuitable certificate purpose", "unsupported certificate purpose"),
    "bad_certificate_signature": ("certificate signature failure",),
    "weak_certificate_signature": ("CA md too weak", "ee md too weak"),
    "weak_key": ("ee key too small", "CA key too small"),
    "unacceptable_dh_group": ("dh key too small", "SSL_ERROR_WEAK_SERVER_EPHEMERAL_DH_KEY"),
    "insecure_renegotiation": ("unsafe legacy renegotiation disabled",),
    "no_common_suite": (
        "no shared cipher",
        "ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
        "SSL_ERROR_NO_CYPHER_OVERLAP",
    ),
    "no_common_scheme": ("no suitable signature algorithm", "no shared signature algorithms"),
    "no_common_group": ("no suitable key share",),
    "not_tls": (
        "wrong version number",
        "packet length too long",
        "http request",
        "first record does not look like a TLS handshake",
        "SSL_ERROR_RX_RECORD_TOO_LONG",
        "ERR_SSL_PROTOCOL_ERROR",
    ),
    "version_too_old": (
        "unsupported protocol",
        "no protocols available",
        "SSL_ERROR_UNSUPPORTED_VERSION",
    ),
    "truncated": ("unexpected eof while reading", "EOF occurred in violation of protocol"),
    "certificate_required": ("peer did not return a certificate",),
    "bad_signature": ("bad signature",),
    "bad_finished": ("digest check failed",),
    "bad_record_mac": ("decryption failed or bad record mac", "SSL_ERROR_BAD_MAC_READ"),
}
