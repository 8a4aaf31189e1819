"""Extensions: what each one asks for or answers, and in which messages it may stand."""

from __future__ import annotations

from tlsee.codes import ExtensionType as Type
from tlsee.explain.dictionary.entry import Entry
from tlsee.wire.extensions.matrix import MATRIX, Block


def _extension(
    code: Type,
    clause: str,
    what: str,
    *,
    means: str = "",
    security: str = "",
    see: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Entry:
    sender = _places(code)
    return Entry(code.name, "extension", what, clause, code, means, "", sender, security, also, see)


def _places(code: Type) -> str:
    """The messages it may stand in, in the order of the handshake."""
    blocks = MATRIX.get(code, frozenset())
    return "in " + ", ".join(block.value for block in Block if block in blocks) if blocks else ""


ENTRIES = (
    _extension(
        Type.server_name,
        "RFC 6066, 3",
        "SNI: the name of the site that the client wants, so that a server of many sites can show "
        "the right certificate.",
        means="It is readable on the way; encrypted ClientHello hides it.",
        see=("unrecognized_name", "encrypted_client_hello"),
        also=("SNI", "server name indication"),
    ),
    _extension(
        Type.max_fragment_length,
        "RFC 6066, 4",
        "A client with little memory asks for records of 512 to 4,096 bytes.",
        means="record_size_limit does it better, for both directions.",
        see=("record_size_limit",),
    ),
    _extension(
        Type.status_request,
        "RFC 6066, 8",
        "OCSP stapling: the client asks the server to send along what its authority says about "
        "revocation.",
        security="The client then need not ask the authority, which would tell it who is visited.",
        see=("OCSP", "CertificateStatus"),
        also=("OCSP stapling", "stapling"),
    ),
    _extension(
        Type.supported_groups,
        "RFC 9846, 4.3.7",
        "Groups for the key exchange that the sender takes, the preferred one first.",
        see=("key_share", "X25519MLKEM768", "no_common_group"),
        also=("elliptic_curves", "supported curves"),
    ),
    _extension(
        Type.ec_point_formats,
        "RFC 8422, 5.1.2",
        "How TLS 1.2 may write points of a curve; uncompressed is the only way in use.",
        see=("uncompressed", "point_format_missing"),
    ),
    _extension(
        Type.signature_algorithms,
        "RFC 9846, 4.3.3",
        "Signature schemes that the sender can verify, the preferred one first.",
        see=("signature_algorithms_cert", "CertificateVerify", "no_common_scheme"),
        also=("sigalgs",),
    ),
    _extension(
        Type.use_srtp,
        "RFC 5764, 4.1.1",
        "Keys for SRTP, the protection of calls, shall come from this handshake (DTLS-SRTP).",
        see=("exporter",),
    ),
    _extension(
        Type.heartbeat,
        "RFC 6520, 2",
        "Whether signs of life may be sent. Hardly anybody does.",
        security="OpenSSL's bug in answering them leaked memory: Heartbleed.",
        see=("Heartbleed",),
    ),
    _extension(
        Type.application_layer_protocol_negotiation,
        "RFC 7301, 3.1",
        "ALPN: which protocol is spoken within TLS, such as h2 or http/1.1.",
        security="It also keeps a server of one protocol from being fed another's bytes (ALPACA).",
        see=("no_application_protocol", "ALPACA"),
        also=("ALPN", "NPN", "h2", "http/1.1"),
    ),
    _extension(
        Type.status_request_v2,
        "RFC 6961, 2.2",
        "OCSP stapling for whole chains. Deprecated: TLS 1.3 staples to each certificate.",
        see=("status_request",),
    ),
    _extension(
        Type.signed_certificate_timestamp,
        "RFC 6962, 3.3",
        "Proof of public logs that the certificate is in them (certificate transparency).",
        see=("certificate transparency",),
        also=("SCT",),
    ),
    _extension(
        Type.client_certificate_type,
        "RFC 7250, 3",
        "What the client may show in place of an X.509 certificate: a raw public key.",
        see=("RawPublicKey", "server_certificate_type"),
    ),
    _extension(
        Type.server_certificate_type,
        "RFC 7250, 3",
        "What the server may show in place of an X.509 certificate: a raw public key.",
        see=("RawPublicKey", "client_certificate_type"),
    ),
    _extension(
        Type.padding,
        "RFC 7685, 3",
        "Zeros that make a ClientHello longer, around servers that choke on certain lengths.",
        see=("ClientHello",),
    ),
    _extension(
        Type.encrypt_then_mac,
        "RFC 7366, 2",
        "TLS 1.2: CBC records with the MAC over the ciphertext, so that forgeries never reach the "
        "padding.",
        security="Without it CBC suites have been broken again and again (Lucky 13, POODLE).",
        see=("CBC", "mac_then_encrypt", "Lucky 13"),
    ),
    _extension(
        Type.extended_main_secret,
        "RFC 7627, 5.1",
        "TLS 1.2: binds the main secret to the whole handshake. TLS 1.3 always does.",
        security="Without it two connections can be made to share secrets (triple handshake).",
        see=("main secret", "extended_main_secret_missing"),
        also=("extended_master_secret", "extended master secret", "EMS"),
    ),
    _extension(
        Type.compress_certificate,
        "RFC 8879, 3",
        "How the sender can have Certificate messages compressed.",
        see=("CompressedCertificate",),
    ),
    _extension(
        Type.record_size_limit,
        "RFC 8449, 4",
        "The longest record that its sender accepts; each side says its own.",
        see=("max_fragment_length", "record_overflow"),
    ),
    _extension(
        Type.delegated_credential,
        "RFC 9345, 4",
        "A short-lived key that the certificate's key vouches for, so that the long-lived one can "
        "stay in a safe place.",
        see=("Certificate",),
    ),
    _extension(
        Type.session_ticket,
        "RFC 5077, 3.2",
        "TLS 1.2: the client's ticket for resumption, or empty: the wish for one.",
        security="The ticket travels in the clear, and who has the ticket key reads the session.",
        see=("NewSessionTicket", "resumption"),
    ),
    _extension(
        Type.supported_ekt_ciphers,
        "RFC 8870, 5.2",
        "Keys for conferences over SRTP.",
        see=("use_srtp",),
    ),
    _extension(
        Type.pre_shared_key,
        "RFC 9846, 4.3.11",
        "Pre-shared keys that the client holds, tickets among them, with proofs; or the one that "
        "the server took. In a ClientHello it stands last.",
        see=("PSK", "binder", "psk_key_exchange_modes"),
    ),
    _extension(
        Type.early_data,
        "RFC 9846, 4.3.10",
        "0-RTT: data in the client's first flight, under a pre-shared key.",
        security="It can be replayed and has no forward secrecy: for requests that change nothing.",
        see=("0-RTT", "EndOfEarlyData", "replay"),
    ),
    _extension(
        Type.tls_cert_with_extern_psk,
        "RFC 9973, 5",
        "Certificates beside an external pre-shared key: the key goes into the secrets, and the "
        "server proves itself with its certificate all the same.",
        see=("PSK", "pre_shared_key"),
    ),
    _extension(
        Type.supported_versions,
        "RFC 9846, 4.3.1",
        "The versions that the client speaks, or the one that the server has selected. The version "
        "fields elsewhere are frozen.",
        see=("protocol_version", "legacy_version"),
    ),
    _extension(
        Type.cookie,
        "RFC 9846, 4.3.2",
        "What a server wants to see again in the second ClientHello, so that it need not remember "
        "the first.",
        see=("HelloRetryRequest", "cookie_wrong"),
    ),
    _extension(
        Type.psk_key_exchange_modes,
        "RFC 9846, 4.3.9",
        "Whether a pre-shared key may be used alone or only with a key exchange beside it.",
        see=("psk_ke", "psk_dhe_ke"),
    ),
    _extension(
        Type.certificate_authorities,
        "RFC 9846, 4.3.4",
        "Names of authorities whose certificates the sender accepts.",
        see=("CertificateRequest",),
    ),
    _extension(
        Type.oid_filters,
        "RFC 9846, 4.3.5",
        "Which certificate extensions a client's certificate must have, and with which values.",
        see=("CertificateRequest",),
    ),
    _extension(
        Type.post_handshake_auth,
        "RFC 9846, 4.3.6",
        "The client can be asked for a certificate after the handshake.",
        see=("mTLS", "CertificateRequest"),
        also=("PHA", "post-handshake authentication"),
    ),
    _extension(
        Type.signature_algorithms_cert,
        "RFC 9846, 4.3.3",
        "Schemes that the sender can verify inside certificates, where they differ from those for "
        "the handshake.",
        see=("signature_algorithms",),
    ),
    _extension(
        Type.key_share,
        "RFC 9846, 4.3.8",
        "The public values of the key exchange: the client's guesses, the server's one answer, or "
        "in a HelloRetryRequest the group that the server wants.",
        see=("supported_groups", "X25519MLKEM768", "HelloRetryRequest"),
    ),
    _extension(
        Type.transparency_info,
        "RFC 9162, 6.4",
        "Proofs of logging of the second version of certificate transparency; hardly used.",
        see=("signed_certificate_timestamp", "certificate transparency"),
    ),
    _extension(
        Type.external_id_hash,
        "RFC 8844, 3.2",
        "Ties the handshake of a call to an identity in its signalling.",
        see=("external_session_id",),
    ),
    _extension(
        Type.external_session_id,
        "RFC 8844, 4.2",
        "Ties the handshake of a call to a session in its signalling.",
        see=("external_id_hash",),
    ),
    _extension(
        Type.quic_transport_parameters,
        "RFC 9001, 8.2",
        "QUIC's limits and options, protected by TLS's handshake.",
        see=("EncryptedExtensions",),
    ),
    _extension(
        Type.ticket_request,
        "RFC 9149, 3",
        "How many tickets the client would like, so that it gets neither too few nor too many.",
        see=("NewSessionTicket",),
    ),
    _extension(
        Type.ech_outer_extensions,
        "RFC 9849, 5.1",
        "In an encrypted ClientHello: stands for extensions that the outer one has already.",
        see=("encrypted_client_hello",),
    ),
    _extension(
        Type.encrypted_client_hello,
        "RFC 9849, 5",
        "ECH: the real ClientHello, with the name in it, encrypted to a key from DNS. The outer "
        "one shows a name that many sites share.",
        means="Browsers send random bytes of this shape where they have no key (GREASE).",
        see=("server_name", "ech_required", "GREASE"),
        also=("ECH", "ESNI"),
    ),
    _extension(
        Type.renegotiation_info,
        "RFC 5746, 3.2",
        "TLS 1.2: ties a renegotiation to the handshake before it; empty in a first one.",
        security="Without it somebody can put bytes before those of the client.",
        see=("renegotiation", "insecure_renegotiation", "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"),
    ),
)
