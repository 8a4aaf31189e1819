"""Attacks by the names that they are known under, and what keeps them out here."""

from __future__ import annotations

from tlsee.explain.dictionary.entry import Entry


def _attack(
    name: str,
    clause: str,
    what: str,
    security: str,
    *,
    also: tuple[str, ...] = (),
    see: tuple[str, ...] = (),
) -> Entry:
    return Entry(name, "attack", what, clause, None, "", "", "", security, also, see)


ENTRIES = (
    _attack(
        "downgrade attack",
        "RFC 9846, F.1",
        "Somebody on the way edits the handshake so that both sides take something older or weaker "
        "than they could.",
        "Finished, the signature over the transcript and the sentinel in the server's random stop "
        "it.",
        also=("downgrade sentinel", "DOWNGRD"),
        see=("downgrade", "TLS_FALLBACK_SCSV", "POODLE"),
    ),
    _attack(
        "Bleichenbacher",
        "RFC 7457, 2.7",
        "A server that tells good RSA padding from bad decrypts for everybody, a million questions "
        "at a time. Found in 1998 and ever again (ROBOT).",
        "RSA key exchange is off by default; where it is on, nothing tells good from bad.",
        also=("ROBOT", "million message attack"),
        see=("RSA key exchange", "DROWN"),
    ),
    _attack(
        "Lucky 13",
        "RFC 7457, 2.4",
        "The time it takes to refuse a CBC record tells of its padding, and so of its plaintext.",
        "encrypt_then_mac or an AEAD; the order before it is off here.",
        also=("Lucky13", "padding oracle"),
        see=("CBC", "encrypt_then_mac", "bad_record_mac"),
    ),
    _attack(
        "BEAST",
        "RFC 7457, 2.3",
        "TLS 1.0 used the last block of one record as IV of the next, which let a page guess "
        "cookies.",
        "TLS 1.1 and later send an IV of their own with each record.",
        see=("CBC", "TLS 1.0"),
    ),
    _attack(
        "POODLE",
        "RFC 7457, 2.4",
        "SSL 3's padding could be anything; with a downgrade to it, cookies could be read.",
        "SSL 3 is gone; TLS_FALLBACK_SCSV stops the downgrade.",
        see=("SSL 3.0", "TLS_FALLBACK_SCSV"),
    ),
    _attack(
        "CRIME",
        "RFC 7457, 2.6",
        "Compressed and encrypted data are shorter where a guess was right: a length gave cookies "
        "away.",
        "TLS compression is gone for good.",
        also=("BREACH", "compression"),
        see=("legacy_compression_methods",),
    ),
    _attack(
        "FREAK",
        "RFC 9325, 4.1",
        "Servers still took RSA keys of 512 bits for export suites, and clients accepted them "
        "unasked.",
        "No export suite is spoken here, and no message that was not expected is accepted.",
        see=("export cipher", "state machine"),
    ),
    _attack(
        "Logjam",
        "RFC 7919, 1",
        "Diffie-Hellman over small primes that everybody shares, precomputed once; with a "
        "downgrade to export suites, or against 1,024 bits.",
        "Groups below 2,048 bits are refused.",
        see=("DHE", "export cipher", "unacceptable_dh_group"),
    ),
    _attack(
        "DROWN",
        "RFC 6176, 2",
        "A server that still spoke SSL 2 with the same RSA key decrypted connections of newer "
        "versions.",
        "SSL 2 is gone, and RSA key exchange is off by default.",
        see=("SSL 2.0", "RSA key exchange"),
    ),
    _attack(
        "Heartbleed",
        "RFC 7457, 2.14",
        "A bug of OpenSSL: a heartbeat with a wrong length was answered with memory and keys.",
        "No heartbeat is spoken here.",
        see=("heartbeat",),
    ),
    _attack(
        "triple handshake",
        "RFC 7457, 2.11",
        "Two connections through an attacker share one main secret, and what is bound to it "
        "is bound to the wrong peer.",
        "extended_main_secret is required by default.",
        see=("extended_main_secret", "renegotiation"),
    ),
    _attack(
        "SLOTH",
        "RFC 9155, 1",
        "Collisions of MD5 and SHA-1 let signatures of one handshake fit another.",
        "Neither is taken in signatures of a handshake.",
        see=("rsa_pkcs1_sha1", "signature_algorithms"),
    ),
    _attack(
        "ALPACA",
        "RFC 9325, 3.8",
        "A client of one protocol is led to a server of another that has a certificate for the "
        "same name.",
        "ALPN and strict server names.",
        see=("application_layer_protocol_negotiation", "server_name"),
    ),
    _attack(
        "man in the middle",
        "RFC 9846, F.1",
        "Somebody between the two sides who reads and changes all, and speaks TLS with both.",
        "The certificate's name and its authority are what keeps him out.",
        also=("MITM", "interception"),
        see=("CertificateVerify", "decrypt_error"),
    ),
)
