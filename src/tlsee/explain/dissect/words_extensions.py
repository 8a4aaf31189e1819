"""The words for extensions: rows of the table that is ``words``."""

from __future__ import annotations

from tlsee.explain.dissect.words import says
from tlsee.wire import extensions as ext
from tlsee.wire.extensions import status_request

says(
    ext.ServerName,
    "RFC 6066, 3",
    "one name of the server",
    name_type="host_name is the only type there is",
    name="the DNS name, without a dot at its end; never an IP address",
)
says(
    ext.ServerNameList,
    "RFC 6066, 3",
    "SNI: the name of the server that the client wants to reach",
    server_name_list="the names, one of each type at most",
)
says(ext.ServerNameAcknowledged, "RFC 6066, 3", "empty: the server has used the name")
says(
    ext.MaxFragmentLengthNegotiation,
    "RFC 6066, 4",
    "shorter records for a client with little memory",
    max_fragment_length="the most plaintext in a record, as a power of two",
)
says(
    status_request.OCSPStatusRequest,
    "RFC 6066, 8",
    "which OCSP response the client would like",
    responder_id_list="responders the client trusts; none: whatever the server knows",
    request_extensions=("extensions of the OCSP request, DER", "RFC 6960, 4.4"),
)
says(
    status_request.OCSPResponse,
    "RFC 6066, 8",
    "an OCSP response",
    response=("whether a certificate is revoked, signed by its authority, DER", "RFC 6960, 4.2"),
)
says(
    ext.StatusRequest,
    "RFC 6066, 8",
    "please staple an OCSP response to the certificate",
    status_type="which kind of answer is wanted",
    request="the wish, as that kind has it",
)
says(
    ext.StatusRequestCertificateRequest,
    "RFC 9846, 4.5.1.1",
    "empty: the server would like the client to staple too",
)
says(
    status_request.CertificateStatus,
    "RFC 9846, 4.5.1.1",
    "the stapled answer for the certificate of this entry",
    status_type="which kind of answer follows",
    response="the answer of that kind",
)
says(ext.StatusRequestAcknowledged, "RFC 6066, 8", "empty: a CertificateStatus message may follow")
for _types in (ext.ClientCertTypeList, ext.ServerCertTypeList):
    says(
        _types,
        "RFC 7250, 3",
        "what may stand in place of an X.509 certificate",
        certificate_types="the preferred one first",
    )
for _type in (ext.ClientCertTypeSelected, ext.ServerCertTypeSelected):
    says(
        _type,
        "RFC 7250, 3",
        "which kind of certificate the server has chosen",
        certificate_type="the kind",
    )
says(
    ext.SupportedGroups,
    "RFC 9846, 4.3.7",
    "groups for the key exchange",
    named_group_list="groups the sender takes, the preferred one first",
)
says(
    ext.ECPointFormats,
    "RFC 8422, 5.1.2",
    "how TLS 1.2 may write points of a curve",
    ec_point_format_list="uncompressed, the only one in use",
)
says(
    ext.SignatureAlgorithms,
    "RFC 9846, 4.3.3",
    "signature schemes the sender can verify",
    supported_signature_algorithms="for CertificateVerify, and certificates unless told apart",
)
says(
    ext.SignatureAlgorithmsCert,
    "RFC 9846, 4.3.3",
    "signature schemes the sender can verify in certificates",
    supported_signature_algorithms="for signatures within certificates alone",
)
says(
    ext.ProtocolNameList,
    "RFC 7301, 3.1",
    "ALPN: what is spoken within TLS",
    protocol_name_list="the client's protocols, preferred first; or the server's one choice",
)
says(ext.SignedCertificateTimestamps, "RFC 6962, 3.3.1", "empty: please send proofs of logging")
says(
    ext.SignedCertificateTimestampList,
    "RFC 6962, 3.3",
    "proofs that the certificate is in public logs",
    sct_list="signed promises of logs, one each",
)
says(
    ext.Padding,
    "RFC 7685, 3",
    "makes the ClientHello longer, around the bugs of old servers",
    padding="zeros",
)
says(ext.EncryptThenMac, "RFC 7366, 2", "empty: CBC records with the MAC over the ciphertext")
says(
    ext.ExtendedMainSecret,
    "RFC 7627, 5.1",
    "empty: bind the main secret to the whole handshake",
)
says(
    ext.RecordSizeLimit,
    "RFC 8449, 4",
    "the longest record its sender accepts",
    record_size_limit="bytes of plaintext; in 1.3 with content type and padding",
)
says(
    ext.SessionTicket12,
    "RFC 5077, 3.2",
    "TLS 1.2's ticket, or empty: the wish for one",
    ticket="opaque to the client",
)
says(ext.SessionTicketPromised12, "RFC 5077, 3.2", "empty: a NewSessionTicket will follow")
says(
    ext.PskIdentity,
    "RFC 9846, 4.3.11",
    "one pre-shared key that the client holds",
    identity="a ticket, or the name of an external key",
    obfuscated_ticket_age=(
        "milliseconds since the ticket came, plus ticket_age_add",
        "RFC 9846, 4.3.11.1",
    ),
)
says(
    ext.PreSharedKeyClientHello,
    "RFC 9846, 4.3.11",
    "pre-shared keys the client offers, with proofs that it holds them",
    identities="the keys by their names, the preferred one first",
    binders=("for each identity an HMAC over this hello up to here", "RFC 9846, 4.3.11.2"),
)
says(
    ext.PreSharedKeyServerHello,
    "RFC 9846, 4.3.11",
    "the pre-shared key the server took",
    selected_identity="which of the client's identities, counted from 0",
)
says(
    ext.EarlyDataIndication,
    "RFC 9846, 4.3.10",
    "empty: 0-RTT data follows, or was accepted",
)
says(
    ext.EarlyDataTicket,
    "RFC 9846, 4.7.1",
    "how much 0-RTT data this ticket allows",
    max_early_data_size="bytes of plaintext",
)
says(
    ext.TLSCertWithExternPSK,
    "RFC 9973, 5",
    "empty: a certificate and an external key shall both count, or do",
)
says(
    ext.SupportedVersionsClientHello,
    "RFC 9846, 4.3.1",
    "the versions the client speaks",
    versions="the preferred one first",
)
says(
    ext.SupportedVersionsServerHello,
    "RFC 9846, 4.3.1",
    "the version the server has selected",
    selected_version="what is spoken from here on",
)
says(
    ext.Cookie,
    "RFC 9846, 4.3.2",
    "what the server wants to see again in the second ClientHello",
    cookie="opaque to the client",
)
says(
    ext.PskKeyExchangeModes,
    "RFC 9846, 4.3.9",
    "how the client may use a pre-shared key",
    ke_modes="alone, or with a key exchange beside it",
)
says(
    ext.CertificateAuthorities,
    "RFC 9846, 4.3.4",
    "whose certificates the sender accepts",
    authorities=("distinguished names, DER", "RFC 5280, 4.1.2.4"),
)
says(
    ext.OIDFilter,
    "RFC 9846, 4.3.5",
    "a certificate extension that the client's certificate must have",
    certificate_extension_oid="the extension's object identifier, DER",
    certificate_extension_values="values it must allow, DER; empty: any will do",
)
says(
    ext.OIDFilters,
    "RFC 9846, 4.3.5",
    "which extensions the client's certificate must have",
    filters="one for each certificate extension",
)
says(ext.PostHandshakeAuth, "RFC 9846, 4.3.6", "empty: certificates may be asked for later")
says(
    ext.KeyShareEntry,
    "RFC 9846, 4.3.8",
    "a public value of one group",
    group=("the group it is of", "RFC 9846, 4.3.7"),
    key_exchange="the public value, as its group writes it",
)
says(
    ext.KeyShareClientHello,
    "RFC 9846, 4.3.8",
    "the client's halves of key exchanges",
    client_shares="one for each group it expects the server to like; none asks for a retry",
)
says(
    ext.KeyShareHelloRetryRequest,
    "RFC 9846, 4.3.8",
    "the group for which the server wants a share",
    selected_group="one that the client supports and sent no share of",
)
says(
    ext.KeyShareServerHello,
    "RFC 9846, 4.3.8",
    "the server's half of the key exchange",
    server_share="of the same group as one of the client's shares",
)
says(
    ext.RenegotiationInfo,
    "RFC 5746, 3.2",
    "ties a renegotiation to the handshake before it",
    renegotiated_connection="empty in a first handshake",
)
