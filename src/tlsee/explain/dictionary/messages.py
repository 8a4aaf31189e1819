"""Handshake messages and record types: what each one carries, who sends it, and when."""

from __future__ import annotations

from tlsee.codes import ContentType, HandshakeType, KeyUpdateRequest
from tlsee.explain.dictionary.entry import Entry

CLIENT, SERVER, EITHER = "the client", "the server", "either side"


def _message(
    name: str,
    code: HandshakeType,
    clause: str,
    sender: str,
    what: str,
    *,
    means: str = "",
    security: str = "",
    see: tuple[str, ...] = (),
    also: tuple[str, ...] = (),
) -> Entry:
    names = (code.name, *also)
    return Entry(name, "message", what, clause, code, means, "", sender, security, names, see)


def _record(code: ContentType, clause: str, what: str, *, see: tuple[str, ...] = ()) -> Entry:
    return Entry(code.name, "record type", what, clause, code, sender=EITHER, see=see)


ENTRIES = (
    _message(
        "HelloRequest",
        HandshakeType.hello_request,
        "RFC 5246, 7.4.1.1",
        SERVER,
        "TLS 1.2: the server would like to negotiate again. TLS 1.3 has no such thing.",
        security="Renegotiation is refused here, always.",
        see=("renegotiation", "no_renegotiation_RESERVED"),
    ),
    _message(
        "ClientHello",
        HandshakeType.client_hello,
        "RFC 9846, 4.2.2",
        CLIENT,
        "The first message: versions, cipher suites, groups and key shares the client offers, and "
        "the name it looks for.",
        means="Everybody on the way can read it, unless encrypted ClientHello hides it.",
        see=("ServerHello", "key_share", "server_name", "encrypted_client_hello"),
    ),
    _message(
        "ServerHello",
        HandshakeType.server_hello,
        "RFC 9846, 4.2.3",
        SERVER,
        "The server's choice: version, cipher suite and its half of the key exchange. In TLS 1.3 "
        "all that follows is encrypted.",
        security="In an older version's ServerHello the random's last bytes warn of a downgrade.",
        see=("ClientHello", "HelloRetryRequest", "downgrade attack"),
    ),
    _message(
        "HelloRetryRequest",
        HandshakeType.hello_retry_request,
        "RFC 9846, 4.2.4",
        SERVER,
        "Asks for another ClientHello: with a key share of a group the server takes, or with a "
        "cookie. On the wire it is a ServerHello with a fixed random.",
        means="It costs a round trip: the client guessed another group than the server wants.",
        see=("ServerHello", "cookie", "key_share"),
        also=("HRR",),
    ),
    _message(
        "NewSessionTicket",
        HandshakeType.new_session_ticket,
        "RFC 9846, 4.7.1",
        SERVER,
        "A ticket with which the client may resume the session later and save the certificates.",
        means="It comes after the handshake; a server often sends two.",
        security="Who steals a server's ticket keys reads what relied on them alone.",
        see=("PSK", "resumption", "session_ticket", "early_data"),
        also=("session ticket", "ticket"),
    ),
    _message(
        "EndOfEarlyData",
        HandshakeType.end_of_early_data,
        "RFC 9846, 4.6",
        CLIENT,
        "The client's 0-RTT data ends here; what follows is under the handshake keys.",
        see=("0-RTT", "early_data"),
    ),
    _message(
        "EncryptedExtensions",
        HandshakeType.encrypted_extensions,
        "RFC 9846, 4.4.1",
        SERVER,
        "The server's answers to extensions that are not needed to agree on keys: the first "
        "encrypted message of TLS 1.3.",
        see=("ServerHello", "application_layer_protocol_negotiation"),
    ),
    _message(
        "Certificate",
        HandshakeType.certificate,
        "RFC 9846, 4.5.1",
        EITHER,
        "Who the sender says it is: its certificate first, then those of the authorities between. "
        "A client that has none sends an empty list.",
        means="In TLS 1.3 it is encrypted; in TLS 1.2 everybody can read it.",
        see=("CertificateVerify", "CertificateRequest", "unknown_ca"),
    ),
    _message(
        "ServerKeyExchange",
        HandshakeType.server_key_exchange,
        "RFC 5246, 7.4.3",
        SERVER,
        "TLS 1.2: the server's ephemeral public value with ECDHE or DHE, signed with the key of "
        "its certificate. With RSA key exchange there is none.",
        security="Its signature does not cover the cipher suite, which made Logjam possible.",
        see=("ClientKeyExchange", "ECDHE", "Logjam"),
    ),
    _message(
        "CertificateRequest",
        HandshakeType.certificate_request,
        "RFC 9846, 4.4.2",
        SERVER,
        "The server asks the client for a certificate and says which signatures, and perhaps which "
        "authorities, it accepts.",
        see=("mTLS", "certificate_required", "certificate_authorities"),
    ),
    _message(
        "ServerHelloDone",
        HandshakeType.server_hello_done,
        "RFC 5246, 7.4.5",
        SERVER,
        "TLS 1.2: the server has said all it has to say, and waits for the client.",
        see=("ServerHello", "ClientKeyExchange"),
    ),
    _message(
        "CertificateVerify",
        HandshakeType.certificate_verify,
        "RFC 9846, 4.5.2",
        EITHER,
        "A signature over the whole handshake so far: proof that the sender holds the private key "
        "of its certificate, for this connection and no other.",
        security="In TLS 1.2 only clients send it; the server signs in ServerKeyExchange.",
        see=("Certificate", "signature_algorithms", "decrypt_error"),
    ),
    _message(
        "ClientKeyExchange",
        HandshakeType.client_key_exchange,
        "RFC 5246, 7.4.7",
        CLIENT,
        "TLS 1.2: the client's public value, or with RSA key exchange the premaster secret itself, "
        "encrypted to the server's certificate.",
        security="With RSA there is no forward secrecy: see Bleichenbacher for the rest.",
        see=("ServerKeyExchange", "premaster secret", "Bleichenbacher"),
    ),
    _message(
        "Finished",
        HandshakeType.finished,
        "RFC 9846, 4.5.3",
        EITHER,
        "A keyed checksum over every byte of the handshake. When both match, nobody changed "
        "anything and both sides have the same keys.",
        security="It is what makes an attack on the negotiation visible.",
        see=("decrypt_error", "verify_data", "transcript hash"),
    ),
    _message(
        "CertificateURL",
        HandshakeType.certificate_url,
        "RFC 6066, 5",
        CLIENT,
        "TLS 1.2: addresses of certificates instead of certificates. Extinct.",
        security="It made servers fetch what strangers named.",
        see=("Certificate",),
    ),
    _message(
        "CertificateStatus",
        HandshakeType.certificate_status,
        "RFC 6066, 8",
        SERVER,
        "TLS 1.2: the stapled OCSP response. In TLS 1.3 it is an extension of the certificate.",
        see=("OCSP", "status_request"),
    ),
    _message(
        "SupplementalData",
        HandshakeType.supplemental_data,
        "RFC 4680, 2",
        EITHER,
        "TLS 1.2: data for applications within the handshake. Extinct.",
        see=("ClientHello",),
    ),
    _message(
        "KeyUpdate",
        HandshakeType.key_update,
        "RFC 9846, 4.7.3",
        EITHER,
        "The sender's next records are under new keys; it may ask the other side to change too.",
        means="Ordinary in long connections: a key may protect only so many records.",
        see=("traffic secret", "update_requested"),
    ),
    _message(
        "CompressedCertificate",
        HandshakeType.compressed_certificate,
        "RFC 8879, 4",
        EITHER,
        "A Certificate message, compressed with zlib, brotli or zstd.",
        see=("compress_certificate", "Certificate"),
    ),
    _message(
        "message_hash",
        HandshakeType.message_hash,
        "RFC 9846, 4.1",
        "nobody",
        "Never sent: it stands in the transcript for the first ClientHello after a "
        "HelloRetryRequest, so that a server need not remember that hello.",
        see=("HelloRetryRequest", "transcript hash"),
    ),
    Entry(
        "update_not_requested",
        "field value",
        "In a KeyUpdate: the receiver need not change its own keys.",
        "RFC 9846, 4.7.3",
        KeyUpdateRequest.update_not_requested,
        see=("KeyUpdate",),
    ),
    Entry(
        "update_requested",
        "field value",
        "In a KeyUpdate: the receiver shall change its own keys too.",
        "RFC 9846, 4.7.3",
        KeyUpdateRequest.update_requested,
        see=("KeyUpdate",),
    ),
    _record(
        ContentType.invalid,
        "RFC 9846, 5.1",
        "No type: the number zero is kept free, so that padding can be told from a type.",
        see=("padding",),
    ),
    _record(
        ContentType.change_cipher_spec,
        "RFC 5246, 7.1",
        "In TLS 1.2: the sender's next record is under the new keys. In TLS 1.3 it means nothing "
        "and is sent to look familiar to middleboxes.",
        see=("middlebox compatibility mode", "Finished"),
    ),
    _record(
        ContentType.alert,
        "RFC 9846, 6",
        "A record with an alert: an error, or the goodbye of close_notify.",
        see=("close_notify", "fatal"),
    ),
    _record(
        ContentType.handshake,
        "RFC 9846, 4",
        "A record with handshake messages, or parts of them.",
        see=("ClientHello", "Finished"),
    ),
    _record(
        ContentType.application_data,
        "RFC 9846, 5.2",
        "A record with what the application sends. In TLS 1.3 every protected record says this "
        "outside, whatever is inside.",
        see=("inner content type",),
    ),
    _record(
        ContentType.heartbeat,
        "RFC 6520, 3",
        "A sign of life; in practice never sent. Heartbleed was a bug in answering it.",
        see=("Heartbleed",),
    ),
)
