"""Words that people use and no registry has: ideas and older names."""

from __future__ import annotations

from tlsee.explain.dictionary.entry import Entry


def _term(
    name: str,
    clause: str,
    what: str,
    *,
    security: str = "",
    do: str = "",
    also: tuple[str, ...] = (),
    see: tuple[str, ...] = (),
) -> Entry:
    return Entry(name, "term", what, clause, None, "", do, "", security, also, see)


ENTRIES = (
    _term(
        "forward secrecy",
        "RFC 9846, F.1",
        "Who steals a long-term key later still cannot read what was recorded before: the secrets "
        "were made for one connection and thrown away.",
        also=("perfect forward secrecy", "PFS", "forward secret"),
        see=("ECDHE", "DHE", "RSA key exchange", "post-quantum"),
    ),
    _term(
        "mTLS",
        "RFC 9846, 4.4.2",
        "Mutual TLS: the client proves who it is with a certificate too.",
        do="The server asks with CertificateRequest; a client without one gets "
        "certificate_required.",
        also=("mutual TLS", "client certificate", "client authentication", "two-way TLS"),
        see=("CertificateRequest", "certificate_required", "post_handshake_auth"),
    ),
    _term(
        "PSK",
        "RFC 9846, 2.2",
        "A pre-shared key: both sides have it before the handshake, from a ticket or by hand. It "
        "takes the place of certificates.",
        also=("pre-shared key", "external PSK"),
        see=("pre_shared_key", "resumption", "binder", "unknown_psk_identity"),
    ),
    _term(
        "resumption",
        "RFC 9846, 2.2",
        "A connection that builds on an earlier one: no certificates, less time. In TLS 1.3 by "
        "pre-shared keys from tickets, in TLS 1.2 by session id or ticket.",
        also=("session resumption", "abbreviated handshake"),
        see=("NewSessionTicket", "PSK", "0-RTT"),
    ),
    _term(
        "0-RTT",
        "RFC 9846, 2.3",
        "Data that the client sends in its first flight, before the server has said anything, "
        "under a pre-shared key.",
        security="It can be replayed and has no forward secrecy; a server may refuse it.",
        also=("zero round trip", "early data", "0RTT"),
        see=("early_data", "replay", "EndOfEarlyData"),
    ),
    _term(
        "1-RTT",
        "RFC 9846, 2",
        "A full handshake of TLS 1.3: one round trip before the client may send.",
        also=("round trip", "RTT"),
        see=("0-RTT", "HelloRetryRequest"),
    ),
    _term(
        "replay",
        "RFC 9846, 8",
        "Bytes that were recorded are sent once more. TLS excludes it within a connection; 0-RTT "
        "data alone can be replayed to a server.",
        also=("anti-replay", "replay attack"),
        see=("0-RTT", "early_data"),
    ),
    _term(
        "binder",
        "RFC 9846, 4.3.11.2",
        "A proof in the ClientHello that its sender holds a pre-shared key: an HMAC over the hello "
        "up to there.",
        also=("PSK binder", "binders"),
        see=("pre_shared_key", "binder key", "decrypt_error"),
    ),
    _term(
        "cipher suite",
        "RFC 9846, B.4",
        "A set of algorithms under one number. In TLS 1.3 a cipher and a hash; in TLS 1.2 also the "
        "key exchange and the kind of certificate.",
        also=("cipher", "cipher string", "ciphersuite"),
        see=("TLS_AES_128_GCM_SHA256", "supported_groups", "no_common_suite"),
    ),
    _term(
        "key exchange",
        "RFC 9846, 2",
        "How both sides come to a secret that nobody else knows, although everybody may listen: "
        "each makes a key pair and sends the public half.",
        also=("key agreement", "key share", "key_exchange"),
        see=("key_share", "ECDHE", "hybrid key exchange", "RSA key exchange"),
    ),
    _term(
        "extension",
        "RFC 9846, 4.3",
        "A part of a message with a number of its own. A side asks with it or answers; one that it "
        "does not know is ignored in a question and refused in an answer.",
        also=("Extension", "extension_type", "extension_data"),
        see=("supported_versions", "key_share", "unsupported_extension"),
    ),
    _term(
        "certificate verification",
        "RFC 5280, 6.1",
        "Whether a certificate leads to an authority that is trusted here, is valid now, is meant "
        "for this use, and is for the name that was asked for.",
        do="The words behind the colon say which of these failed; look those up.",
        also=("certificate verify failed", "CERTIFICATE_VERIFY_FAILED", "path validation"),
        see=("unknown_ca", "certificate_expired", "name_mismatch"),
    ),
    _term(
        "ECDHE",
        "RFC 8422, 2",
        "Key exchange with ephemeral keys on an elliptic curve: forward secret and quick.",
        also=("ephemeral ECDH", "EECDH", "ECDH", "elliptic curve Diffie-Hellman"),
        see=("DHE", "forward secrecy", "x25519"),
    ),
    _term(
        "DHE",
        "RFC 5246, F.1.1.3",
        "Key exchange with ephemeral keys in a finite field: forward secret, slow, and only as "
        "good as the group that the server chose.",
        also=("EDH", "ephemeral Diffie-Hellman", "Diffie-Hellman", "FFDHE", "DH"),
        see=("ECDHE", "Logjam", "ffdhe2048"),
    ),
    _term(
        "RSA key exchange",
        "RFC 5246, 7.4.7.1",
        "TLS 1.2: the client encrypts the premaster secret to the key of the server's certificate. "
        "TLS 1.3 has none of it.",
        security="No forward secrecy, and a long history of attacks on its padding.",
        also=("RSA", "static RSA", "RSA key transport"),
        see=("Bleichenbacher", "forward secrecy", "premaster secret"),
    ),
    _term(
        "post-quantum",
        "RFC 10024, 1",
        "Secure against quantum computers as well. What is recorded today could be opened by one "
        "later, so key exchange comes first and signatures follow.",
        also=("PQ", "PQC", "quantum", "harvest now decrypt later"),
        see=("X25519MLKEM768", "hybrid key exchange", "mldsa65"),
    ),
    _term(
        "hybrid key exchange",
        "RFC 10024, 1",
        "Two key exchanges whose secrets are used together, one old and one post-quantum: both "
        "must be broken to break it.",
        also=("hybrid",),
        see=("X25519MLKEM768", "post-quantum"),
    ),
    _term(
        "AEAD",
        "RFC 5116, 1",
        "Encryption that also proves that nothing was changed, such as AES-GCM and "
        "ChaCha20-Poly1305. TLS 1.3 has nothing else.",
        also=("authenticated encryption", "GCM", "CCM", "Poly1305", "ChaCha20"),
        see=("bad_record_mac", "nonce", "CBC"),
    ),
    _term(
        "CBC",
        "RFC 5246, 6.2.3.2",
        "TLS 1.2's older way to encrypt records, block by block with a MAC beside it.",
        security="MAC before padding was broken again and again; take encrypt_then_mac or an AEAD.",
        see=("encrypt_then_mac", "Lucky 13", "BEAST", "POODLE"),
    ),
    _term(
        "nonce",
        "RFC 9846, 5.3",
        "A number that is used once under a key. TLS 1.3 makes it of the IV and the record's "
        "number.",
        security="A nonce used twice under AES-GCM gives the key away.",
        also=("IV", "initialization vector", "nonce_explicit"),
        see=("AEAD", "traffic secret"),
    ),
    _term(
        "HKDF",
        "RFC 5869, 2",
        "How TLS 1.3 makes keys of secrets: extract concentrates, expand spreads, both by HMAC.",
        also=("HKDF-Extract", "HKDF-Expand", "HKDF-Expand-Label", "Derive-Secret"),
        see=("key schedule", "PRF"),
    ),
    _term(
        "PRF",
        "RFC 5246, 5",
        "TLS 1.2's function that makes secrets, keys and the checksums of Finished.",
        also=("pseudorandom function", "P_hash"),
        see=("key block", "HKDF"),
    ),
    _term(
        "key schedule",
        "RFC 9846, 7.1",
        "How TLS 1.3's keys come from each other: early secret, handshake secret, main secret, and "
        "what is derived from each.",
        see=("early secret", "handshake secret", "main secret", "HKDF"),
    ),
    _term(
        "transcript hash",
        "RFC 9846, 4.1",
        "The hash of all handshake messages so far. Keys, signatures and Finished depend on it, so "
        "that a changed byte shows.",
        also=("transcript", "handshake hash", "handshake_messages"),
        see=("Finished", "CertificateVerify", "message_hash"),
    ),
    _term(
        "exporter",
        "RFC 9846, 7.5",
        "Keys for other protocols or for binding them, taken from a TLS connection under a label.",
        also=("keying material exporter", "EKM", "channel binding", "tls-exporter"),
        see=("exporter secret", "extended_main_secret"),
    ),
    _term(
        "GREASE",
        "RFC 8701, 2",
        "Values that are reserved for nothing, sent at random so that peers stay able to ignore "
        "what they do not know.",
        do="Nothing: a peer that stumbles over it is broken.",
        see=("ClientHello", "encrypted_client_hello"),
    ),
    _term(
        "middlebox compatibility mode",
        "RFC 9846, E.4",
        "TLS 1.3 dressed up as a resumption of TLS 1.2, with a dummy session id and "
        "change_cipher_spec, so that boxes in between let it pass.",
        also=("compatibility mode", "middlebox"),
        see=("change_cipher_spec", "legacy_session_id"),
    ),
    _term(
        "inner content type",
        "RFC 9846, 5.2",
        "The real type of a protected record of TLS 1.3: the last byte of its plaintext that is "
        "not zero.",
        also=("TLSInnerPlaintext", "TLSCiphertext", "opaque_type"),
        see=("application_data", "invalid"),
    ),
    _term(
        "record",
        "RFC 9846, 5.1",
        "The unit in which TLS sends: five bytes of header and at most 16,384 bytes of content.",
        also=("TLSPlaintext", "record layer", "record protocol"),
        see=("record_overflow", "record_size_limit"),
    ),
    _term(
        "renegotiation",
        "RFC 5246, 7.4.1.1",
        "TLS 1.2: a second handshake inside the connection. TLS 1.3 has none.",
        security="Refused here: its attacks were worse than its uses.",
        see=("renegotiation_info", "HelloRequest", "no_renegotiation_RESERVED"),
    ),
    _term(
        "trust anchor",
        "RFC 5280, 6.1.1",
        "An authority that is believed without further proof: where every path must end.",
        also=("root certificate", "root CA", "CA", "certificate authority", "trust store"),
        see=("unknown_ca", "intermediate certificate"),
    ),
    _term(
        "intermediate certificate",
        "RFC 5280, 3.2",
        "An authority between a server's certificate and a root. The server has to send it.",
        do="Serve the chain: its own certificate first, then the intermediate.",
        also=("intermediate", "certificate chain", "chain", "fullchain"),
        see=("unknown_ca", "trust anchor", "Certificate"),
    ),
    _term(
        "self-signed certificate",
        "RFC 5280, 3.2",
        "A certificate whose own key signed it: nobody else vouches for it.",
        do="Trust it by hand where you know it is the right one, or have an authority issue one.",
        also=("self-signed",),
        see=("unknown_ca", "trust anchor"),
    ),
    _term(
        "OCSP",
        "RFC 6960, 2",
        "A question to a certificate's authority: is it revoked? The signed answer can be stapled "
        "to the handshake.",
        also=("OCSP response", "online certificate status protocol"),
        see=("status_request", "CRL", "certificate_revoked"),
    ),
    _term(
        "CRL",
        "RFC 5280, 5",
        "An authority's signed list of the certificates that it has taken back.",
        also=("certificate revocation list", "revocation"),
        see=("OCSP", "certificate_revoked"),
    ),
    _term(
        "certificate transparency",
        "RFC 6962, 1",
        "Public logs of certificates, so that a wrongly issued one is found.",
        also=("CT", "CT log"),
        see=("signed_certificate_timestamp",),
    ),
    _term(
        "subjectAltName",
        "RFC 5280, 4.2.1.6",
        "The names that a certificate is for. The common name counts no more.",
        also=("SAN", "subject alternative name", "common name", "CN"),
        see=("name_mismatch", "no_subject_alt_name"),
    ),
    _term(
        "state machine",
        "RFC 9846, A",
        "Which message may come when: each side is in one state, and a message that has no place "
        "there ends the connection.",
        see=("unexpected_message", "WaitServerHello"),
    ),
    _term(
        "key log",
        "RFC 9850, 1",
        "A file with a connection's secrets, from which Wireshark and others decrypt a capture.",
        security="Who has the file reads the connections in it.",
        also=("SSLKEYLOGFILE", "keylog", "NSS key log"),
        see=("client application traffic secret", "main secret"),
    ),
    _term(
        "SSL",
        "RFC 7568, 1",
        "TLS's name until 1999. People say it and mean TLS; the versions that were called so are "
        "broken.",
        see=("SSL 3.0", "TLS 1.3"),
        also=("secure sockets layer",),
    ),
    _term(
        "TLS",
        "RFC 9846, 1",
        "Transport Layer Security: two programs agree on keys, at least one proves who it is, and "
        "what they say is encrypted and cannot be changed unseen.",
        also=("transport layer security",),
        see=("TLS 1.3", "TLS 1.2"),
    ),
    _term(
        "STARTTLS",
        "RFC 3207, 2",
        "A connection that begins without TLS and changes to it at a command.",
        security="What came before the change must be thrown away; see injection attacks.",
        see=("ALPACA",),
    ),
    _term(
        "export cipher",
        "RFC 9325, 4.1",
        "Suites weakened on purpose for the export rules of the nineties, of 40 to 56 bits.",
        security="They outlived their rules and broke strong connections: FREAK and Logjam.",
        also=("DHE_EXPORT", "RSA_EXPORT", "EXPORT", "EXP"),
        see=("FREAK", "Logjam", "export_restriction_RESERVED"),
    ),
    _term(
        "anonymous suite",
        "RFC 5246, F.1.1.1",
        "Suites without certificates: encrypted, and nobody knows with whom.",
        security="Anybody may be in between. None is spoken here.",
        also=("DH_anon", "ADH", "AECDH", "aNULL"),
        see=("mTLS", "handshake_failure"),
    ),
    _term(
        "RC4",
        "RFC 7465, 2",
        "A stream cipher whose output is biased; forbidden in TLS since 2015.",
        security="None is spoken here.",
        also=("arcfour",),
        see=("AEAD",),
    ),
    _term(
        "3DES",
        "RFC 9325, 4.1",
        "DES three times, in blocks of 8 bytes: after some 32 GB under one key blocks repeat.",
        security="None is spoken here.",
        also=("DES", "DES-CBC3", "Sweet32"),
        see=("AEAD", "CBC"),
    ),
)
