"""Small registries: versions, kinds of certificates and names, and TLS 1.2's own."""

from __future__ import annotations

from tlsee.codes import (
    CertificateStatusType,
    CertificateType,
    NameType,
    OpenEnum,
    ProtocolVersion,
    PskKeyExchangeMode,
)
from tlsee.codes12 import (
    ClientCertificateType,
    ECCurveType,
    ECPointFormat,
    MaxFragmentLength,
)
from tlsee.explain.dictionary.entry import Entry


def _value(
    code: OpenEnum,
    clause: str,
    what: str,
    *,
    security: str = "",
    see: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Entry:
    kind = "field value"
    return Entry(code.name, kind, what, clause, code, "", "", "", security, also, see)


def _version(
    code: ProtocolVersion,
    clause: str,
    what: str,
    security: str,
    see: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Entry:
    number = code.label.partition(" ")[2]
    spoken = (f"TLSv{number}", number) if code.label.startswith("TLS") else ()
    names = (code.name, *spoken, *also)
    return Entry(code.label, "version", what, clause, code, "", "", "", security, names, see)


_DEAD = "Broken. Not spoken here, and nothing should speak it."
_CLIENT_TYPES = "RFC 5246, 7.4.4"
_EXTINCT = "extinct: no suite here takes it"

ENTRIES = (
    _version(
        ProtocolVersion.TLS13,
        "RFC 9846, 1",
        "The current version: one round trip, everything after the hellos encrypted, only suites "
        "that nobody has broken.",
        "Use it.",
        ("TLS 1.2", "supported_versions"),
    ),
    _version(
        ProtocolVersion.TLS12,
        "RFC 5246, 1",
        "The version of 2008, still wide-spread: two round trips, certificates in the clear, good "
        "suites beside bad ones.",
        "Safe with ECDHE, an AEAD and the extended main secret, and that is the default here.",
        ("TLS 1.3", "extended_main_secret"),
    ),
    _version(
        ProtocolVersion.TLS11,
        "RFC 8996, 5",
        "The version of 2006: MD5, SHA-1 and CBC.",
        _DEAD,
        ("protocol_version", "TLS 1.2"),
    ),
    _version(
        ProtocolVersion.TLS10,
        "RFC 8996, 4",
        "The version of 1999: SSL 3 with small repairs.",
        _DEAD,
        ("protocol_version", "BEAST"),
    ),
    _version(
        ProtocolVersion.SSL3,
        "RFC 7568, 3",
        "The version of 1996, which gave TLS its shape.",
        _DEAD,
        ("POODLE",),
        ("SSLv3", "SSL 3"),
    ),
    _version(
        ProtocolVersion.SSL2,
        "RFC 6176, 3",
        "The first version that was published, of 1995.",
        _DEAD,
        ("DROWN",),
        ("SSLv2", "SSL 2"),
    ),
    _value(
        CertificateType.X509,
        "RFC 9846, 4.5.1",
        "An ordinary certificate: a public key, names, dates, and an authority's signature.",
        see=("Certificate", "RawPublicKey"),
        also=("X.509",),
    ),
    _value(
        CertificateType.RawPublicKey,
        "RFC 7250, 3",
        "A bare public key in place of a certificate, for peers that know each other's keys.",
        see=("server_certificate_type",),
        also=("RPK",),
    ),
    _value(
        CertificateStatusType.ocsp,
        "RFC 6066, 8",
        "The stapled status is an OCSP response.",
        see=("status_request", "OCSP"),
    ),
    _value(
        PskKeyExchangeMode.psk_ke,
        "RFC 9846, 4.3.9",
        "A pre-shared key alone makes the keys.",
        security="No forward secrecy.",
        see=("psk_dhe_ke", "PSK"),
    ),
    _value(
        PskKeyExchangeMode.psk_dhe_ke,
        "RFC 9846, 4.3.9",
        "A pre-shared key and a key exchange together make the keys.",
        security="Forward secret: the right choice.",
        see=("psk_ke", "PSK"),
    ),
    _value(
        NameType.host_name,
        "RFC 6066, 3",
        "The name in SNI is a DNS name; there is no other type.",
        see=("server_name",),
    ),
    _value(
        ClientCertificateType.rsa_sign,
        _CLIENT_TYPES,
        "TLS 1.2: the server takes client certificates with RSA keys.",
        see=("CertificateRequest",),
    ),
    _value(
        ClientCertificateType.ecdsa_sign,
        "RFC 8422, 5.5",
        "TLS 1.2: the server takes client certificates with ECDSA or EdDSA keys.",
        see=("CertificateRequest",),
    ),
    *(
        _value(
            code,
            clause,
            f"TLS 1.2: the server takes client certificates with {what}; {_EXTINCT}.",
            see=("CertificateRequest",),
        )
        for code, clause, what in (
            (ClientCertificateType.dss_sign, _CLIENT_TYPES, "DSA keys"),
            (ClientCertificateType.rsa_fixed_dh, _CLIENT_TYPES, "DH keys, signed with RSA"),
            (ClientCertificateType.dss_fixed_dh, _CLIENT_TYPES, "DH keys, signed with DSA"),
            (ClientCertificateType.rsa_ephemeral_dh_RESERVED, _CLIENT_TYPES, "ephemeral DH"),
            (ClientCertificateType.dss_ephemeral_dh_RESERVED, _CLIENT_TYPES, "ephemeral DH"),
            (ClientCertificateType.fortezza_dms_RESERVED, _CLIENT_TYPES, "Fortezza cards"),
            (ClientCertificateType.rsa_fixed_ecdh, "RFC 8422, 5.5", "ECDH keys, signed with RSA"),
            (ClientCertificateType.ecdsa_fixed_ecdh, "RFC 8422, 5.5", "ECDH keys"),
        )
    ),
    _value(
        ECCurveType.named_curve,
        "RFC 8422, 5.4",
        "TLS 1.2: the curve is given by its name, never spelled out.",
        security="A curve that the peer spells out could be one that it can break.",
        see=("ServerKeyExchange", "supported_groups"),
    ),
    _value(
        ECPointFormat.uncompressed,
        "RFC 8422, 5.1.2",
        "A point of a curve as x and y, behind a byte 4.",
        see=("ec_point_formats",),
    ),
    _value(
        ECPointFormat.ansiX962_compressed_prime,
        "RFC 8422, 5.1.2",
        "A point as x and one bit of y; deprecated in TLS.",
        see=("ec_point_formats", "uncompressed"),
    ),
    _value(
        ECPointFormat.ansiX962_compressed_char2,
        "RFC 8422, 5.1.2",
        "A compressed point of a curve over a binary field; extinct.",
        see=("ec_point_formats", "uncompressed"),
    ),
    *(
        _value(
            code,
            "RFC 6066, 4",
            f"Records of at most {code.length:,} bytes of plaintext.",
            see=("max_fragment_length",),
        )
        for code in MaxFragmentLength.members()
    ),
)
