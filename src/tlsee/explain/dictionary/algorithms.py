"""Groups and signature schemes: what they are made of, what they are worth, who has them."""

from __future__ import annotations

from tlsee import policies
from tlsee.codes import NamedGroup as Group
from tlsee.codes import SignatureScheme as Scheme
from tlsee.explain.dictionary.entry import Entry

_DEFAULT_GROUPS = frozenset(g for tier in policies.default.group_tiers for g in tier)
_LEGACY_GROUPS = frozenset(g for tier in policies.legacy.group_tiers for g in tier)


def _group(
    code: Group,
    clause: str,
    what: str,
    worth: str = "",
    *,
    also: tuple[str, ...] = (),
    see: tuple[str, ...] = ("key_share", "supported_groups"),
) -> Entry:
    where = "Known here and never offered."
    if code in _DEFAULT_GROUPS:
        where = "Offered and taken by default."
    elif code in _LEGACY_GROUPS:
        where = "Off by default; the legacy policy has it (--policy legacy)."
    security = f"{worth} {where}".strip()
    return Entry(code.name, "group", what, clause, code, "", "", "", security, also, see)


def _scheme(
    code: Scheme,
    what: str,
    worth: str = "",
    *,
    clause: str = "RFC 9846, 4.3.3",
    also: tuple[str, ...] = (),
) -> Entry:
    where = "Known here and never offered."
    if code in policies.default.schemes:
        where = "Offered and taken by default."
    elif code in policies.default.certificate_schemes:
        where = "In TLS 1.3 for signatures inside certificates alone."
    elif code.name.endswith("sha1"):
        where = "Taken under tlsee.insecure.old_machines() alone."
    security = f"{worth} {where}".strip()
    see = ("signature_algorithms", "CertificateVerify")
    return Entry(code.name, "signature scheme", what, clause, code, "", "", "", security, also, see)


_NIST = "A curve of NIST's, with hardware and certificates everywhere."
_FIELD = "A prime field of RFC 7919's, with a safe prime that nobody could choose badly."
_HYBRID = "Secure as long as one of the two is."
_TICKET = ("key_share", "post-quantum", "hybrid key exchange")

GROUPS = (
    _group(
        Group.X25519MLKEM768,
        "RFC 10024, 3",
        "ML-KEM-768 and X25519 together: 1,216 bytes from the client, 1,120 from the server, the "
        "ML-KEM part first in both.",
        _HYBRID,
        also=("Kyber", "X25519Kyber768", "ML-KEM"),
        see=_TICKET,
    ),
    _group(
        Group.SecP256r1MLKEM768,
        "RFC 10024, 3",
        "P-256 and ML-KEM-768 together, the P-256 part first.",
        _HYBRID,
        also=("P256MLKEM768",),
        see=_TICKET,
    ),
    _group(
        Group.SecP384r1MLKEM1024,
        "RFC 10024, 3",
        "P-384 and ML-KEM-1024 together, the P-384 part first.",
        _HYBRID,
        also=("P384MLKEM1024",),
        see=_TICKET,
    ),
    _group(
        Group.x25519,
        "RFC 7748, 5",
        "Diffie-Hellman on Curve25519: 32 bytes each way, quick and hard to implement wrongly.",
        also=("Curve25519",),
    ),
    _group(
        Group.x448,
        "RFC 7748, 5",
        "Diffie-Hellman on Curve448: 56 bytes each way, stronger than x25519 and slower.",
        also=("Curve448",),
    ),
    _group(Group.secp256r1, "RFC 8422, 5.1.1", _NIST, also=("P-256", "prime256v1", "NIST P-256")),
    _group(
        Group.secp384r1,
        "RFC 8422, 5.1.1",
        "A curve of NIST's of 384 bits; what some rules for governments ask for.",
        also=("P-384", "NIST P-384"),
    ),
    _group(
        Group.secp521r1,
        "RFC 8422, 5.1.1",
        "A curve of NIST's of 521 bits; rarely needed and rarely offered.",
        also=("P-521", "NIST P-521"),
    ),
    *(
        _group(
            code,
            "RFC 7919, A",
            f"{_FIELD} {bits:,} bits.",
            "Slower than curves by far.",
            see=("DHE", "supported_groups"),
        )
        for code, bits in (
            (Group.ffdhe2048, 2048),
            (Group.ffdhe3072, 3072),
            (Group.ffdhe4096, 4096),
            (Group.ffdhe6144, 6144),
            (Group.ffdhe8192, 8192),
        )
    ),
)
_PSS = "RSA with PSS padding, by an ordinary RSA key"
_PSS_KEY = "RSA with PSS padding, by a key that its certificate allows for PSS alone"
_PKCS = "RSA with PKCS #1 v1.5 padding"
SCHEMES = (
    _scheme(
        Scheme.rsa_pkcs1_sha1,
        f"{_PKCS} and SHA-1.",
        "Broken: SHA-1 collides (SLOTH).",
        also=("RSA-SHA1", "sha1WithRSAEncryption"),
    ),
    _scheme(Scheme.ecdsa_sha1, "ECDSA with SHA-1.", "Broken: SHA-1 collides (SLOTH)."),
    *(
        _scheme(code, f"{_PKCS} and {hash_name}.", also=(f"RSA-{hash_name.replace('-', '')}",))
        for code, hash_name in (
            (Scheme.rsa_pkcs1_sha256, "SHA-256"),
            (Scheme.rsa_pkcs1_sha384, "SHA-384"),
            (Scheme.rsa_pkcs1_sha512, "SHA-512"),
        )
    ),
    *(
        _scheme(code, f"ECDSA with a key on {curve} and {hash_name}.", also=also)
        for code, curve, hash_name, also in (
            (Scheme.ecdsa_secp256r1_sha256, "P-256", "SHA-256", ("ecdsa-with-SHA256",)),
            (Scheme.ecdsa_secp384r1_sha384, "P-384", "SHA-384", ("ecdsa-with-SHA384",)),
            (Scheme.ecdsa_secp521r1_sha512, "P-521", "SHA-512", ("ecdsa-with-SHA512",)),
        )
    ),
    *(
        _scheme(code, f"{_PSS}, and {hash_name}.")
        for code, hash_name in (
            (Scheme.rsa_pss_rsae_sha256, "SHA-256"),
            (Scheme.rsa_pss_rsae_sha384, "SHA-384"),
            (Scheme.rsa_pss_rsae_sha512, "SHA-512"),
        )
    ),
    *(
        _scheme(code, f"{_PSS_KEY}, and {hash_name}.")
        for code, hash_name in (
            (Scheme.rsa_pss_pss_sha256, "SHA-256"),
            (Scheme.rsa_pss_pss_sha384, "SHA-384"),
            (Scheme.rsa_pss_pss_sha512, "SHA-512"),
        )
    ),
    _scheme(Scheme.ed25519, "EdDSA on Curve25519: small, quick, without a random number to lose."),
    _scheme(Scheme.ed448, "EdDSA on Curve448: stronger than ed25519 and slower."),
    *(
        _scheme(
            code,
            f"ML-DSA with parameter set {number}: signatures of {size:,} bytes that a quantum "
            "computer cannot forge either.",
            clause="RFC 9881, 1",
            also=(f"ML-DSA-{number}", f"Dilithium {level}"),
        )
        for code, number, size, level in (
            (Scheme.mldsa44, 44, 2420, 2),
            (Scheme.mldsa65, 65, 3309, 3),
            (Scheme.mldsa87, 87, 4627, 5),
        )
    ),
)
ENTRIES = (*GROUPS, *SCHEMES)
