"""Which extension may ride in which message: the table of RFC 9846, 4.3, and what completes it.

What stands in neither table is unknown here, and a value like any other. The classes beside this
file say the same again for the extensions that they parse; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from tlsee.codes import ExtensionType as Type


class Block(Enum):
    """A message's extensions block; the value is the message's name.

    ``SH12`` is the block of a ServerHello that has no supported_versions.
    """

    CH = "ClientHello"
    SH = "ServerHello"
    SH12 = "ServerHello of TLS 1.2"
    HRR = "HelloRetryRequest"
    EE = "EncryptedExtensions"
    CR = "CertificateRequest"
    CT = "Certificate"
    NST = "NewSessionTicket"


# fmt: off
RFC9846 = {
    Type.server_name: "CH, EE, CR",
    Type.status_request: "CH, CR, CT",
    Type.supported_groups: "CH, EE",
    Type.signature_algorithms: "CH, CR",
    Type.use_srtp: "CH, EE",
    Type.heartbeat: "CH, EE",
    Type.application_layer_protocol_negotiation: "CH, EE",
    Type.client_certificate_type: "CH, EE",
    Type.server_certificate_type: "CH, EE",
    Type.padding: "CH",
    Type.compress_certificate: "CH, CR",
    Type.record_size_limit: "CH, EE",
    Type.delegated_credential: "CH, CR, CT",
    Type.supported_ekt_ciphers: "CH, EE",
    Type.pre_shared_key: "CH, SH",
    Type.early_data: "CH, EE, NST",
    Type.supported_versions: "CH, SH, HRR",
    Type.cookie: "CH, HRR",
    Type.psk_key_exchange_modes: "CH",
    Type.certificate_authorities: "CH, CR",
    Type.oid_filters: "CR",
    Type.post_handshake_auth: "CH",
    Type.signature_algorithms_cert: "CH, CR",
    Type.key_share: "CH, SH, HRR",
    Type.transparency_info: "CH, CR, CT",
    Type.external_id_hash: "CH, EE",
    Type.external_session_id: "CH, EE",
    Type.quic_transport_parameters: "CH, EE",
    Type.ticket_request: "CH, EE",
    Type.ech_outer_extensions: "CH",
    Type.encrypted_client_hello: "CH, HRR, EE",
}

# Not recommended, of TLS 1.2 alone, or younger than that table: the IANA registry's column
# "TLS 1.3", where "-" means that a ClientHello may still offer it for the sake of an older version.
REGISTRY = {
    Type.max_fragment_length: "CH, EE",
    Type.signed_certificate_timestamp: "CH, CR, CT",
    Type.ec_point_formats: "CH",
    Type.status_request_v2: "CH",
    Type.encrypt_then_mac: "CH",
    Type.extended_main_secret: "CH",
    Type.session_ticket: "CH",
    Type.renegotiation_info: "CH",
    Type.tls_cert_with_extern_psk: "CH, SH",
}

# What a server of TLS 1.2 may answer in its ServerHello, if the client has offered it.
SERVER_HELLO_12 = {
    Type.server_name: "RFC 6066, 3",
    Type.max_fragment_length: "RFC 6066, 4",
    Type.status_request: "RFC 6066, 8",
    Type.supported_groups: "no RFC: servers that send it are in use, and every client ignores it",
    Type.ec_point_formats: "RFC 8422, 5.2",
    Type.use_srtp: "RFC 5764, 4.1.1",
    Type.heartbeat: "RFC 6520, 2",
    Type.application_layer_protocol_negotiation: "RFC 7301, 3.1",
    Type.status_request_v2: "RFC 6961, 2.2",
    Type.signed_certificate_timestamp: "RFC 6962, 3.3.1",
    Type.client_certificate_type: "RFC 7250, 4.2",
    Type.server_certificate_type: "RFC 7250, 4.2",
    Type.encrypt_then_mac: "RFC 7366, 2",
    Type.extended_main_secret: "RFC 7627, 5.1",
    Type.record_size_limit: "RFC 8449, 4",
    Type.session_ticket: "RFC 5077, 3.2",
    Type.supported_ekt_ciphers: "RFC 8870, 5.2",
    Type.transparency_info: "RFC 9162, 6.4",
    Type.external_id_hash: "RFC 8844, 3.2",
    Type.external_session_id: "RFC 8844, 4.2",
    Type.renegotiation_info: "RFC 5746, 3.2",
}
# fmt: on


def _blocks(extension_type: Type, row: str) -> frozenset[Block]:
    blocks = frozenset(Block[name] for name in row.split(", "))
    return blocks | {Block.SH12} if extension_type in SERVER_HELLO_12 else blocks


MATRIX: Mapping[Type, frozenset[Block]] = {
    extension_type: _blocks(extension_type, row)
    for extension_type, row in (RFC9846 | REGISTRY).items()
}

# By block: the types that are known and have no place there.
MISPLACED: Mapping[Block, frozenset[int]] = {
    block: frozenset(int(kind) for kind, blocks in MATRIX.items() if block not in blocks)
    for block in Block
}
