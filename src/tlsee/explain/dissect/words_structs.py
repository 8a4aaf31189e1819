"""The words for structs that nothing here speaks: rows of the table that is ``words``."""

from __future__ import annotations

from tlsee.explain.dissect import structs
from tlsee.explain.dissect.words import says
from tlsee.sessions.session import TicketContent

says(
    structs.SignedCertificateTimestamp,
    "RFC 6962, 3.2",
    "a log's signed promise to show this certificate to everybody",
    sct_version="0 is v1, the only one",
    log_id="SHA-256 of the log's public key",
    timestamp="when the log took it, milliseconds since 1970",
    extensions="none are defined",
    algorithm="hash and signature, read as one scheme",
    signature="the log's, over all this and the certificate",
)
says(
    structs.SctList,
    "RFC 6962, 3.3",
    "proofs that the certificate is in public logs",
    sct_list="signed promises of logs, one each",
)
says(
    structs.CertificateCompressionAlgorithms,
    "RFC 8879, 3",
    "how a Certificate message may be compressed",
    algorithms="compressions the sender can undo",
)
says(
    structs.CompressedCertificate,
    "RFC 8879, 4",
    "a Certificate message, compressed",
    algorithm="how it is compressed",
    uncompressed_length="bytes it has when it is not",
    compressed_certificate_message="the compressed bytes",
)
says(
    structs.HpkeSymmetricCipherSuite,
    "RFC 9849, 4",
    "what HPKE encrypts with",
    kdf_id=("the key derivation function", "RFC 9180, 7.2"),
    aead_id=("the cipher", "RFC 9180, 7.3"),
)
says(
    structs.OuterClientHello,
    "RFC 9849, 5",
    "the real ClientHello, encrypted to the server's front",
    cipher_suite="what HPKE encrypts with",
    config_id="which of the server's published keys",
    enc="HPKE's encapsulated key; empty in a second ClientHello",
    payload="the inner ClientHello, encrypted; random bytes where it is GREASE",
)
says(structs.InnerClientHello, "RFC 9849, 5", "empty: this is the inner ClientHello")
says(
    structs.ECHClientHello,
    "RFC 9849, 5",
    "ECH: hides the real ClientHello and the name in it",
    type="outer carries the inner one, encrypted",
    hello="as the type says",
)
says(
    structs.ECHHelloRetryRequest,
    "RFC 9849, 5",
    "whether the server could read the inner ClientHello",
    confirmation=(
        "derived from the inner transcript; random where it could not",
        "RFC 9849, 7.2.1",
    ),
)
says(
    structs.ECHConfig,
    "RFC 9849, 4",
    "a public key of the server for ECH",
    version="the extension's own number says the version",
    contents="the key and what belongs to it",
)
says(
    structs.ECHConfigExtension,
    "RFC 9849, 4",
    "an extension of the configuration",
    type="its number",
    data="its content",
)
says(
    structs.ECHConfigContents,
    "RFC 9849, 4",
    "the key and what belongs to it",
    config_id="a short name of the key",
    kem_id=("how HPKE encapsulates", "RFC 9180, 7.1"),
    public_key="the server's public key",
    cipher_suites="what HPKE may encrypt with",
    maximum_name_length="the longest name behind this front, for padding",
    public_name="the name that stands in the outer ClientHello",
    extensions="extensions of the configuration",
)
says(
    structs.ECHEncryptedExtensions,
    "RFC 9849, 5",
    "the server could not read the inner ClientHello: try these keys",
    retry_configs="configurations to use next time",
)
says(
    structs.OuterExtensions,
    "RFC 9849, 5.1",
    "stands for extensions that the outer ClientHello has already",
    outer_extensions="their types",
)
says(
    structs.UseSRTPData,
    "RFC 5764, 4.1.1",
    "keys for SRTP shall come from this handshake",
    srtp_protection_profiles="profiles of SRTP, the preferred one first",
    srtp_mki="the master key identifier",
)
says(
    structs.HeartbeatExtension,
    "RFC 6520, 2",
    "whether heartbeats may be sent (Heartbleed was a bug in reading them)",
    mode="what the peer may do",
)
says(
    structs.CertificateStatusRequestItemV2,
    "RFC 6961, 2.2",
    "one kind of stapled answer",
    status_type="ocsp (1) or ocsp_multi (2)",
    request="the wish, as that kind has it",
)
says(
    structs.CertificateStatusRequestListV2,
    "RFC 6961, 2.2",
    "OCSP stapling for whole chains; deprecated",
    certificate_status_req_list="kinds of answers that are wanted",
)
says(
    structs.DelegationSchemes,
    "RFC 9345, 4.1.1",
    "delegated credentials are welcome",
    supported_signature_algorithm="schemes for the delegated key",
)
says(
    structs.DelegatedCredential,
    "RFC 9345, 4",
    "a short-lived key that the certificate's key vouches for",
    valid_time="seconds after the certificate's notBefore at which it ends",
    dc_cert_verify_algorithm="the scheme the delegated key signs with",
    ASN1_subjectPublicKeyInfo="the delegated public key, DER",
    algorithm="the scheme of the signature that delegates",
    signature="the certificate's key over all this",
)
says(
    structs.SupportedEKTCiphers,
    "RFC 8870, 5.2",
    "keys for conferences over SRTP",
    supported_ciphers="EKT ciphers, the preferred one first",
)
says(
    structs.TransItems,
    "RFC 9162, 6.3",
    "proofs of logging of the second version",
    trans_item_list="one each",
)
says(
    structs.ExternalIdentityHash,
    "RFC 8844, 3.2",
    "ties the handshake to an identity in the signalling",
    binding_hash="SHA-256 of the assertion; empty: there is none",
)
says(
    structs.ExternalSessionId,
    "RFC 8844, 4.2",
    "ties the handshake to a session in the signalling",
    session_id="the session's identifier",
)
says(
    structs.TicketRequest,
    "RFC 9149, 3",
    "how many tickets the client would like",
    new_session_count="after a full handshake",
    resumption_count="after a resumption",
)
says(
    structs.TicketRequestHint,
    "RFC 9149, 3",
    "how many tickets the server will send",
    expected_count="tickets",
)
says(
    structs.QuicTransportParameters,
    "RFC 9000, 18",
    "QUIC's limits and options",
    transport_parameters="identifier, length and value each",
)
says(
    TicketContent,
    "RFC 5077, 4",
    "a session as a ticket of ours holds it",
    format="the format's number",
    version="of the connection it comes from",
    suite="of the connection it comes from",
    secret="1.3: the pre-shared key; 1.2: the main secret",  # noqa: S106  no secret
    issued_at="when the ticket was made",
    lifetime="seconds from then on",
    established_at="when the full handshake behind it was done",
    server_name="what was asked for",
    alpn="the protocol that was agreed on",
    group="of the key exchange",
    scheme="how the server signed",
    client_scheme="how the client signed",
    judged_at="when the client's chain was judged last",
    extended_main_secret="whether the secret is bound to the handshake",  # noqa: S106  no secret
    max_early_data="bytes of 0-RTT data that may come",
    age_add="what hides the ticket's age",
    session_id="TLS 1.2's name of it",
    ticket="a client's own ticket; empty on a server",
    identity="for whom a client judged the chain",
    psk_identity="the external key that it descends from, or empty",
    psk_fingerprint="stands for that key",
    peer_chain="the client's certificates",
)
