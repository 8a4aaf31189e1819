"""Cipher suites, explained by composing their parts, which their names tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tlsee import policies
from tlsee.codes import CipherSuite
from tlsee.explain.dictionary.entry import Entry

# By what stands before _WITH_: key exchange and authentication in words, and what they are worth.
_EXCHANGES: Mapping[str, tuple[str, str]] = {
    "ECDHE_ECDSA": ("ECDHE for the keys, an ECDSA or EdDSA certificate signs", ""),
    "ECDHE_RSA": ("ECDHE for the keys, an RSA certificate signs", ""),
    "DHE_RSA": (
        "DHE over a finite field for the keys, an RSA certificate signs",
        "Forward secret, but slow, and a server's own group may be badly made (Logjam).",
    ),
    "DHE_DSS": (
        "DHE over a finite field for the keys, a DSA certificate signs",
        "DSA certificates are extinct, and none is accepted here.",
    ),
    "RSA": (
        "the premaster secret is encrypted to the server's RSA certificate",
        "No forward secrecy: who gets the server's key later opens what was recorded.",
    ),
    "PSK": ("a pre-shared key alone", "No forward secrecy."),
    "DHE_PSK": ("DHE beside a pre-shared key", ""),
    "ECDHE_PSK": ("ECDHE beside a pre-shared key", ""),
    "DH_anon": ("DHE that nobody signs", "Nobody is authenticated: anybody may be in between."),
    "ECDH_anon": ("ECDHE that nobody signs", "Nobody is authenticated."),
    "ECDH_RSA": ("a fixed ECDH key in the certificate", "No forward secrecy."),
    "ECDH_ECDSA": ("a fixed ECDH key in the certificate", "No forward secrecy."),
    "RSA_EXPORT": ("RSA of 512 bits", "Broken on purpose: FREAK."),
    "DHE_RSA_EXPORT": ("DHE of 512 bits", "Broken on purpose: Logjam."),
}
# By how the cipher's name begins: words, and what it is worth. The first that fits is taken.
_CIPHERS: tuple[tuple[str, str, str], ...] = (
    ("AES_128_GCM", "AES-128 in GCM, an AEAD", ""),
    ("AES_256_GCM", "AES-256 in GCM, an AEAD", ""),
    ("CHACHA20_POLY1305", "ChaCha20-Poly1305, an AEAD that is quick without AES hardware", ""),
    ("AES_128_CCM_8", "AES-128 in CCM with tags of 8 bytes", "The short tag is for tiny devices."),
    ("AES_256_CCM_8", "AES-256 in CCM with tags of 8 bytes", "The short tag is for tiny devices."),
    ("AES_128_CCM", "AES-128 in CCM, an AEAD", ""),
    ("AES_256_CCM", "AES-256 in CCM, an AEAD", ""),
    ("AES_128_CBC", "AES-128 in CBC", "CBC is safe with encrypt_then_mac alone (Lucky 13)."),
    ("AES_256_CBC", "AES-256 in CBC", "CBC is safe with encrypt_then_mac alone (Lucky 13)."),
    ("CAMELLIA", "Camellia, a cipher like AES", ""),
    ("ARIA", "ARIA, a cipher like AES", ""),
    ("SEED", "SEED, an older cipher", ""),
    ("3DES", "triple DES, in blocks of 8 bytes", "Broken for long connections: Sweet32."),
    ("DES40", "DES of 40 bits", "Broken on purpose by export rules."),
    ("DES", "DES of 56 bits", "Broken since 1998."),
    ("RC4_40", "RC4 of 40 bits", "Broken on purpose by export rules."),
    ("RC4", "RC4", "Broken: its output is biased, and RFC 7465 forbids it."),
    ("RC2", "RC2 of 40 bits", "Broken on purpose by export rules."),
    ("IDEA", "IDEA, an older cipher", ""),
    ("NULL", "no encryption at all", "Everybody reads everything."),
)
_HASHES = {
    "SHA256": "SHA-256",
    "SHA384": "SHA-384",
    "SHA": "HMAC-SHA-1 for records, SHA-256 for keys",
    "MD5": "HMAC-MD5 for records",
    "CCM": "SHA-256",
    "8": "SHA-256",
}
_CLAUSES = (
    ("_WITH_AES_128_GCM", "RFC 5288, 3"),
    ("_WITH_AES_256_GCM", "RFC 5288, 3"),
    ("CHACHA20", "RFC 7905, 2"),
    ("CCM", "RFC 6655, 3"),
)


def _policy(code: CipherSuite) -> str:
    if code in policies.default.suites:
        return "Offered and taken by default."
    if code in policies.legacy.suites:
        return "Off by default; the legacy policy has it (--policy legacy)."
    return "Known here and never offered."


def compose(name: str, code: CipherSuite | None = None) -> Entry | None:
    """The entry for a suite of TLS 1.2 or older by the parts of its name; ``None`` if it has none.

    It need not be one that is spoken here: people ask about those they should not use as well.
    """
    exchange, _, cipher = name.removeprefix("TLS_").partition("_WITH_")
    keys = _EXCHANGES.get(exchange)
    row = next((row for row in _CIPHERS if cipher.startswith(row[0])), None)
    if keys is None or row is None:
        return None
    hash_name = _HASHES.get(cipher.rpartition("_")[2], "")
    what = f"TLS 1.2: {keys[0]}; records under {row[1]}"
    what += f"; {hash_name}." if hash_name else "."
    worth = [text for text in (keys[1], row[2]) if text]
    worth.append(_policy(code) if code is not None else "Not spoken here.")
    clause = next((clause for part, clause in _CLAUSES if part in name), "RFC 5246, A.5")
    if clause == "RFC 5288, 3" and exchange.startswith("ECDHE"):
        clause = "RFC 5289, 3"
    see = [word for word in ("ECDHE", "DHE", "RSA key exchange") if exchange.startswith(word[:3])]
    see += ["CBC" if "CBC" in cipher else "AEAD"]
    security = " ".join(worth)
    also = (openssl_name(name),)
    return Entry(
        name,
        "cipher suite",
        what,
        clause,
        code,
        "",
        "",
        "",
        security,
        also,
        tuple(see[:1] + see[-1:]),
    )


def openssl_name(name: str) -> str:
    """What OpenSSL calls a suite of TLS 1.2: ``ECDHE-RSA-AES128-GCM-SHA256``."""
    exchange, _, cipher = name.removeprefix("TLS_").partition("_WITH_")
    cipher = cipher.replace("AES_128", "AES128").replace("AES_256", "AES256")
    cipher = cipher.replace("_CBC", "").replace("CHACHA20_POLY1305_SHA256", "CHACHA20_POLY1305")
    cipher = cipher.replace("_", "-").replace("CCM-8", "CCM8")
    prefix = "" if exchange == "RSA" else exchange.replace("_", "-") + "-"
    return prefix + cipher


def _of_13(code: CipherSuite) -> Entry:
    cipher = code.name.removeprefix("TLS_")
    row = next(row for row in _CIPHERS if cipher.startswith(row[0]))
    hash_name = _HASHES[cipher.rpartition("_")[2]]
    what = (
        f"TLS 1.3: records under {row[1]}; {hash_name} for keys and transcript. Key exchange "
        "and signature are negotiated apart from it."
    )
    security = " ".join(text for text in (row[2], _policy(code)) if text)
    see = ("AEAD", "supported_groups", "signature_algorithms")
    return Entry(
        code.name, "cipher suite", what, "RFC 9846, B.4", code, "", "", "", security, (), see
    )


_SIGNALS = (
    Entry(
        "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
        "cipher suite",
        "No suite: says what an empty renegotiation_info says, for servers that choke on "
        "extensions.",
        "RFC 5746, 3.3",
        CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
        see=("renegotiation_info", "renegotiation"),
        also=("SCSV",),
    ),
    Entry(
        "TLS_FALLBACK_SCSV",
        "cipher suite",
        "No suite: says that the client has tried a newer version before and it failed, so that a "
        "server that speaks the newer one can refuse.",
        "RFC 7507, 2",
        CipherSuite.TLS_FALLBACK_SCSV,
        see=("inappropriate_fallback", "downgrade attack"),
    ),
)


def _entries() -> Iterator[Entry]:
    signals = {entry.code for entry in _SIGNALS}
    for code in CipherSuite.members():
        if code in signals:
            continue
        entry = compose(code.name, code) if "_WITH_" in code.name else _of_13(code)
        if entry is not None:
            yield entry
    yield from _SIGNALS


ENTRIES = tuple(_entries())
