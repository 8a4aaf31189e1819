"""Every default and every bound, each with its reason and its precedents.

Nothing here depends on the peer. A configuration may override what is a matter of policy; the
protocol's own limits are constants of the protocol and stand beside their users.
"""

from __future__ import annotations

from tlsee.codes import CipherSuite, HandshakeType, NamedGroup, ProtocolVersion, SignatureScheme

# --- What is offered ----------------------------------------------------------------------------

# Nothing older: RFC 8996 ended TLS 1.0 and 1.1, RFC 7568 SSL 3.0.
VERSIONS = (ProtocolVersion.TLS13, ProtocolVersion.TLS12)

# 1.3's first, then 1.2's that have forward secrecy and an AEAD (RFC 9325, 4.2). What else 1.2 knows
# exists under policies that say what they are.
#
# AES-128-GCM first: 128 bits are enough, and it is the fastest with AES instructions. Browsers and
# Go lead with it on such machines; ChaCha20 stays for peers without them.
SUITES = (
    CipherSuite.TLS_AES_128_GCM_SHA256,
    CipherSuite.TLS_AES_256_GCM_SHA384,
    CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
)

# What ``policies.legacy`` adds, DHE before RSA key exchange, which has no forward secrecy.
LEGACY_SUITES = tuple(
    CipherSuite.named(f"TLS_{exchange}_WITH_{cipher}")
    for exchange, ciphers in (
        ("ECDHE_ECDSA", ("AES_128_CCM", "AES_256_CCM")),
        ("DHE_RSA", ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")),
        ("RSA", ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384")),
        ("ECDHE_ECDSA", ("AES_128_CBC_SHA256", "AES_128_CBC_SHA", "AES_256_CBC_SHA")),
        ("ECDHE_RSA", ("AES_128_CBC_SHA256", "AES_128_CBC_SHA", "AES_256_CBC_SHA")),
        ("DHE_RSA", ("AES_128_CBC_SHA256", "AES_128_CBC_SHA", "AES_256_CBC_SHA")),
        ("RSA", ("AES_128_CBC_SHA256", "AES_128_CBC_SHA", "AES_256_CBC_SHA")),
    )
    for cipher in ciphers
)

FINITE_FIELDS = (NamedGroup.ffdhe2048, NamedGroup.ffdhe3072, NamedGroup.ffdhe4096)

# In tiers: a higher tier wins even at the price of a HelloRetryRequest, because what is recorded
# today a quantum computer may open one day. Within a tier a share that is already there wins.
GROUP_TIERS = (
    (
        NamedGroup.X25519MLKEM768,
        NamedGroup.SecP256r1MLKEM768,
        NamedGroup.SecP384r1MLKEM1024,
    ),
    (
        NamedGroup.x25519,
        NamedGroup.secp256r1,
        NamedGroup.secp384r1,
        NamedGroup.secp521r1,
        NamedGroup.x448,
    ),
)

# The order in which we ask the peer to sign. Elliptic curves first: they are small and quick to
# check. ML-DSA stands last because its certificates are rare and its signatures large.
SCHEMES = (
    SignatureScheme.ecdsa_secp256r1_sha256,
    SignatureScheme.ed25519,
    SignatureScheme.rsa_pss_rsae_sha256,
    SignatureScheme.rsa_pss_pss_sha256,
    SignatureScheme.ecdsa_secp384r1_sha384,
    SignatureScheme.rsa_pss_rsae_sha384,
    SignatureScheme.rsa_pss_pss_sha384,
    SignatureScheme.ecdsa_secp521r1_sha512,
    SignatureScheme.ed448,
    SignatureScheme.rsa_pss_rsae_sha512,
    SignatureScheme.rsa_pss_pss_sha512,
    SignatureScheme.mldsa44,
    SignatureScheme.mldsa65,
    SignatureScheme.mldsa87,
)

# PKCS#1 is for signatures inside certificates only (RFC 9846, 4.3.3): most public authorities still
# sign with it.
CERTIFICATE_SCHEMES = (
    *SCHEMES,
    SignatureScheme.rsa_pkcs1_sha256,
    SignatureScheme.rsa_pkcs1_sha384,
    SignatureScheme.rsa_pkcs1_sha512,
)

RECORD_SIZE_LIMIT = 2**14 + 1  # RFC 8449, 4: the most that 1.3 allows, content type included

# --- Bounds on what a peer may cost ---------------------------------------------------------------

# A hello with several hybrid shares is 5 kB; Chromium's with ECH stays below 3 kB. OpenSSL allows
# 131,396 bytes, Go 65,536.
CLIENT_HELLO_LIMIT = 65_536

# Ten certificates of ML-DSA-87 with their signatures take about 75 kB. OpenSSL's default for the
# whole chain is 102,400, Go's 262,144.
CERTIFICATE_LIMIT = 131_072

# A ticket may carry a client's chain (RFC 9846 allows 64 kB).
TICKET_LIMIT = 66_000

# Everything else is small: CertificateRequest is the largest, with a list of authorities. Java's
# and OpenSSL's servers list every root they know, some 20 to 30 kB.
OTHER_MESSAGE_LIMIT = 65_536

_LIMITS = {
    HandshakeType.client_hello: CLIENT_HELLO_LIMIT,
    HandshakeType.certificate: CERTIFICATE_LIMIT,
    HandshakeType.new_session_ticket: TICKET_LIMIT,
    HandshakeType.finished: 64,  # the longest hash of a suite has 48 bytes
    HandshakeType.key_update: 1,
    HandshakeType.end_of_early_data: 0,
}


def message_limit(kind: HandshakeType) -> int:
    """The most bytes that the body of a handshake message of this type may have."""
    return _LIMITS.get(kind, OTHER_MESSAGE_LIMIT)


# Records without content: legal (RFC 9846, 5.4), useless in a row. OpenSSL and BoringSSL stop
# at 32.
EMPTY_RECORDS_LIMIT = 32

# change_cipher_spec is dropped without a trace (RFC 9846, 5): one per flight makes sense. BoringSSL
# stops at 32.
CHANGE_CIPHER_SPEC_LIMIT = 32

# user_canceled and unknown warnings; BoringSSL stops at 4.
WARNING_ALERT_LIMIT = 4

# Messages after the handshake, KeyUpdates and tickets together, with no data between them.
# BoringSSL and Go stop at 32 KeyUpdates; servers send one to four tickets.
KEY_UPDATE_LIMIT = 32

# Refused early data, as bytes of records that cannot be opened. OpenSSL's default for
# max_early_data is 16,384; a client's send buffer may hold twice that and overhead.
SKIPPED_EARLY_DATA_LIMIT = 65_536

# Bytes kept while the handshake waits for an answer of the application (a signer, a judge). A
# client may send its whole flight and some data; what is more stays in the socket.
INPUT_WHILE_ASKING_LIMIT = 262_144

# What the writing side may seal under one key comes with the suite (crypto.suites).

# Seconds for the whole handshake, every read together. nginx waits 60, Go's http.Server none, curl
# 300; a person at a terminal gives up earlier.
HANDSHAKE_TIMEOUT = 30.0

# Seconds that closing waits for the peer's close_notify before the socket is shut.
CLOSE_TIMEOUT = 5.0

# Seconds and bytes that are read and dropped after our alert, so that a reset does not destroy it:
# a peer that gets an alert hangs up at once. nginx lingers for up to 5 s, Go for 0.5 s.
LINGER_TIMEOUT = 1.0
LINGER_LIMIT = 1_048_576

# Bytes of certificate_authorities in a CertificateRequest of ours. A handful of private authorities
# help a client choose; a store of every public root (some 15 kB) tells it nothing.
AUTHORITIES_LIMIT = 8192

# --- Fetching (off unless a configuration is given a fetcher) -------------------------------------

# Seconds for one fetch. Firefox waits 2 s for a responder and 10 s where its answer is required;
# a person waits for all of them, and the handshake has 30.
FETCH_TIMEOUT = 5.0

# Where authorities publish. Other ports are other services.
FETCH_PORTS = (80, 8080)

# Addresses of one name that are tried.
FETCH_ADDRESSES = 4

# Bytes of a revocation list; those of public authorities are partitioned and stay below 10 MB. An
# OCSP response has some 2 kB, an issuer's certificate as well.
FETCHED_LIST_LIMIT = 16 * 1024 * 1024
FETCHED_LIMIT = 65_536

# What was fetched is kept until its nextUpdate, but no longer than an hour, since nobody has
# verified it then; a failure for a minute.
FETCH_CACHE_SIZE = 64 * 1024 * 1024
FETCH_CACHE_ENTRIES = 4096
FETCH_CACHE_LIFETIME = 3600.0
FETCH_FAILURE_LIFETIME = 60.0

# How often one judgement may ask for more. A path of three certificates needs its responders (1),
# then its lists (2), and a missing issuer before that (1).
FETCH_ROUNDS = 6

# Fetches of one round that run at the same time; a round has one or two for each certificate.
FETCHES_AT_A_TIME = 4

# Renegotiations of TLS 1.2 that are refused with a warning before the connection ends: each costs a
# message to read and an alert to send. Honest peers ask once or twice; OpenSSL's clients give up.
RENEGOTIATION_LIMIT = 4

# Tickets that a server sends after a full handshake, so that two connections can resume at the same
# time, as OpenSSL and rustls do; after a resumed one it is one, for the one that was used.
TICKETS = 2

# Tickets on request within one connection; each costs a client memory.
TICKETS_LIMIT = 32

# Requests for a client's certificate after the handshake that may wait for an answer at the same
# time: an application asks once, or once for each of a few resources.
OPEN_REQUESTS_LIMIT = 8

# Such requests in one connection: the contexts are remembered (32 bytes each), since none may come
# twice (RFC 9846, 4.4.2), and each may cost the client a signature.
REQUESTS_LIMIT = 1024

# Bytes of such a context, drawn at random: nobody can sign for one that is not known yet.
REQUEST_CONTEXT_LENGTH = 32
