"""The words for hellos and messages: rows of the table that is ``words``."""

from __future__ import annotations

from tlsee.explain.dissect.words import says
from tlsee.wire import messages12, messages13
from tlsee.wire.framing import Alert
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello

says(
    Alert,
    "RFC 9846, 6",
    "says that something is wrong, or that no more data will come",
    level="warning or fatal; TLS 1.3 goes by the description alone",
    description="what happened, as a number of the alert registry",
)
says(
    ClientHello,
    "RFC 9846, 4.2.2",
    "the client's offer: versions, algorithms and its halves of key exchanges",
    legacy_version="frozen at TLS 1.2 for old middleboxes; supported_versions tells the truth",
    random="32 bytes made for this handshake alone, so that no two are alike",
    legacy_session_id="TLS 1.2's session to resume; in 1.3 a dummy that middleboxes like to see",
    cipher_suites="the cipher suites the client takes, the preferred one first",
    legacy_compression_methods="compression is dead: only null may stand here",
    extensions=("what the client asks for and offers beyond this", "RFC 9846, 4.3"),
)
says(
    ServerHello,
    "RFC 9846, 4.2.3",
    "the server's choice from the offer",
    legacy_version="TLS 1.2's place for the version; in 1.3 frozen, see supported_versions",
    random="32 bytes made for this handshake; the last 8 warn of a downgrade",
    legacy_session_id_echo="1.3: the client's value again; 1.2: the name of the session",
    cipher_suite="the one suite both sides use from here on",
    legacy_compression_method="null, always",
    extensions=(
        "what the server answers; the rest waits until it can be encrypted",
        "RFC 9846, 4.3",
    ),
)
says(
    HelloRetryRequest,
    "RFC 9846, 4.2.4",
    "asks for another ClientHello; on the wire a ServerHello with a fixed random",
    legacy_version="frozen at TLS 1.2; supported_versions tells the truth",
    random=("fixed: SHA-256 of the word HelloRetryRequest marks this message", "RFC 9846, 4.2.3"),
    legacy_session_id_echo="the client's value again",
    cipher_suite="the suite that ServerHello will have to name again",
    legacy_compression_method="null, always",
    extensions=("what the client shall change: a group, a cookie", "RFC 9846, 4.3"),
)
says(
    messages13.EncryptedExtensions,
    "RFC 9846, 4.4.1",
    "the server's answers that need not be readable for anybody else",
    extensions=("answers to the client's extensions, under the handshake keys", "RFC 9846, 4.3"),
)
says(
    messages13.CertificateRequest,
    "RFC 9846, 4.4.2",
    "the server asks the client for a certificate",
    certificate_request_context="empty in the handshake; after it, what the answer must repeat",
    extensions=("which certificates and signatures the server takes", "RFC 9846, 4.3"),
)
says(
    messages13.CertificateEntry,
    "RFC 9846, 4.5.1",
    "one certificate and what belongs to it",
    cert_data=("the certificate, DER", "RFC 5280, 4.1"),
    extensions=("a stapled OCSP response, proofs of logging", "RFC 9846, 4.5.1.1"),
)
says(
    messages13.Certificate,
    "RFC 9846, 4.5.1",
    "who the sender says it is: its certificate and those that vouch for it",
    certificate_request_context="empty, or the one of the CertificateRequest that this answers",
    certificate_list="the sender's own first, then the authorities between",
)
says(
    messages13.CertificateVerify,
    "RFC 9846, 4.5.2",
    "proof that the sender holds the certificate's private key",
    algorithm="the signature scheme, one of those the peer listed",
    signature="over 64 spaces, a label, a zero and the transcript's hash",
)
says(
    messages13.Finished,
    "RFC 9846, 4.5.3",
    "proof that both sides saw the same handshake",
    verify_data="HMAC over the transcript's hash, under a key of the sender's traffic secret",
)
says(messages13.EndOfEarlyData, "RFC 9846, 4.6", "0-RTT data ends; handshake keys follow")
says(
    messages13.NewSessionTicket,
    "RFC 9846, 4.7.1",
    "a ticket: with it the client may resume the session later",
    ticket_lifetime="seconds from now for which the ticket may be used, 7 days at most",
    ticket_age_add="a random number that hides the ticket's age on the wire",
    ticket_nonce="makes each ticket's pre-shared key another one",
    ticket="opaque to the client, which gives it back as a PSK identity",
    extensions=("early_data, where the ticket allows it", "RFC 9846, 4.7.1"),
)
says(
    messages13.KeyUpdate,
    "RFC 9846, 4.7.3",
    "the sender's next records are under its next traffic key",
    request_update="whether the receiver shall change its own keys too",
)

says(messages12.HelloRequest, "RFC 5246, 7.4.1.1", "the server would like to negotiate again")
says(
    messages12.Certificate,
    "RFC 5246, 7.4.2",
    "who the sender says it is: its certificate and those that vouch for it",
    certificate_list=("DER certificates, the sender's own first", "RFC 5246, 7.4.2"),
)
says(
    messages12.RawPublicKeyCertificate,
    "RFC 7250, 3",
    "who the sender says it is: a public key that the other side knows",
    subject_public_key_info="the key, DER",
)
says(
    messages12.CertificateStatus,
    "RFC 6066, 8",
    "whether the server's certificate is revoked, as its authority says",
    status_type="which kind of answer follows",
    response="the answer of that kind",
)
says(
    messages12.DigitallySigned,
    "RFC 5246, 4.7",
    "a signature and how it was made",
    algorithm="hash and signature, read as one scheme",
    signature="over both randoms and the parameters, or over the messages so far",
)
says(
    messages12.ServerECDHParams,
    "RFC 8422, 5.4",
    "the server's ephemeral key on a curve",
    curve_type="named_curve: the only kind that is allowed",
    named_curve=("the group of the key exchange", "RFC 8422, 5.1.1"),
    public="the server's public value: an ECPoint, or RFC 7748's bytes",
)
says(
    messages12.ServerDHParams,
    "RFC 5246, 7.4.3",
    "a finite field group, spelled out, and the server's key in it",
    dh_p="the prime modulus",
    dh_g="the generator",
    dh_Ys="the server's public value, g^x mod p",
)
says(
    messages12.SignedECDHParams,
    "RFC 8422, 5.4",
    "ECDHE parameters and the signature over them",
    params="group and public value",
    signed_params="made with the certificate's key, over both randoms and the parameters",
)
says(
    messages12.SignedDHParams,
    "RFC 5246, 7.4.3",
    "DHE parameters and the signature over them",
    params="group and public value",
    signed_params="made with the certificate's key, over both randoms and the parameters",
)
says(
    messages12.ServerKeyExchange,
    "RFC 5246, 7.4.3",
    "the server's half of the key exchange, signed",
    content="parameters as the suite's key exchange has them",
)
says(
    messages12.CertificateRequest,
    "RFC 5246, 7.4.4",
    "the server asks the client for a certificate",
    certificate_types="kinds of keys the server takes",
    supported_signature_algorithms="schemes the server can verify, the preferred one first",
    certificate_authorities="names of authorities whose certificates it accepts; none: any",
)
says(messages12.ServerHelloDone, "RFC 5246, 7.4.5", "the server's flight ends here")
says(
    messages12.ClientECDiffieHellmanPublic,
    "RFC 8422, 5.7",
    "the client's ephemeral key on the curve",
    ecdh_Yc="the client's public value: an ECPoint, or RFC 7748's bytes",
)
says(
    messages12.ClientDiffieHellmanPublic,
    "RFC 5246, 7.4.7.2",
    "the client's ephemeral key in the finite field",
    dh_Yc="the client's public value, g^y mod p",
)
says(
    messages12.EncryptedPreMasterSecret,
    "RFC 5246, 7.4.7.1",
    "the secret itself, encrypted to the certificate's key: no forward secrecy",
    pre_master_secret="48 bytes under RSA with PKCS #1 v1.5 padding",  # noqa: S106  no secret
)
says(
    messages12.ClientKeyExchange,
    "RFC 5246, 7.4.7",
    "the client's half of the key exchange",
    exchange_keys="as the suite's key exchange has it",
)
says(
    messages12.CertificateVerify,
    "RFC 5246, 7.4.8",
    "proof that the client holds its certificate's private key",
    algorithm="hash and signature, read as one scheme",
    signature="over all handshake messages so far",
)
says(
    messages12.NewSessionTicket,
    "RFC 5077, 3.3",
    "a ticket: with it the client may resume the session later",
    ticket_lifetime_hint="seconds the server means to accept it; 0 says nothing",
    ticket="opaque to the client; empty takes the promise back",
)
says(
    messages12.Finished,
    "RFC 5246, 7.4.9",
    "proof that both sides saw the same handshake; the first protected message",
    verify_data="12 bytes of the PRF over the main secret, a label and the transcript's hash",
)
