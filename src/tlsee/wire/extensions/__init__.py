"""The extensions, one file each; importing this package makes all of them known to the blocks."""

from __future__ import annotations

from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.block import (
    AnyExtension,
    Extension,
    Extensions,
    GreaseExtension,
    UnknownExtension,
    classes_of,
    extension,
)
from tlsee.wire.extensions.certificate_authorities import CertificateAuthorities
from tlsee.wire.extensions.certificate_types import (
    ClientCertTypeList,
    ClientCertTypeSelected,
    ServerCertTypeList,
    ServerCertTypeSelected,
)
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.early_data import EarlyDataIndication, EarlyDataTicket
from tlsee.wire.extensions.ec_point_formats import ECPointFormats
from tlsee.wire.extensions.encrypt_then_mac import EncryptThenMac
from tlsee.wire.extensions.extended_main_secret import ExtendedMainSecret
from tlsee.wire.extensions.field import extensions, server_hello_extensions
from tlsee.wire.extensions.key_share import (
    KeyShareClientHello,
    KeyShareEntry,
    KeyShareHelloRetryRequest,
    KeyShareServerHello,
)
from tlsee.wire.extensions.matrix import MATRIX, Block
from tlsee.wire.extensions.max_fragment_length import MaxFragmentLengthNegotiation
from tlsee.wire.extensions.oid_filters import OIDFilter, OIDFilters
from tlsee.wire.extensions.padding import Padding
from tlsee.wire.extensions.post_handshake_auth import PostHandshakeAuth
from tlsee.wire.extensions.pre_shared_key import (
    PreSharedKeyClientHello,
    PreSharedKeyServerHello,
    PskIdentity,
)
from tlsee.wire.extensions.psk_key_exchange_modes import PskKeyExchangeModes
from tlsee.wire.extensions.record_size_limit import RecordSizeLimit
from tlsee.wire.extensions.renegotiation_info import RenegotiationInfo
from tlsee.wire.extensions.server_name import ServerName, ServerNameAcknowledged, ServerNameList
from tlsee.wire.extensions.session_ticket import SessionTicket12, SessionTicketPromised12
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms, SignatureAlgorithmsCert
from tlsee.wire.extensions.signed_certificate_timestamp import (
    SignedCertificateTimestampList,
    SignedCertificateTimestamps,
)
from tlsee.wire.extensions.status_request import (
    CertificateStatus,
    OCSPResponse,
    OCSPStatusRequest,
    StatusRequest,
    StatusRequestAcknowledged,
    StatusRequestCertificateRequest,
)
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.extensions.supported_versions import (
    SupportedVersionsClientHello,
    SupportedVersionsServerHello,
)
from tlsee.wire.extensions.tls_cert_with_extern_psk import TLSCertWithExternPSK

__all__ = [
    "MATRIX",
    "AnyExtension",
    "Block",
    "CertificateAuthorities",
    "CertificateStatus",
    "ClientCertTypeList",
    "ClientCertTypeSelected",
    "Cookie",
    "ECPointFormats",
    "EarlyDataIndication",
    "EarlyDataTicket",
    "EncryptThenMac",
    "ExtendedMainSecret",
    "Extension",
    "Extensions",
    "GreaseExtension",
    "KeyShareClientHello",
    "KeyShareEntry",
    "KeyShareHelloRetryRequest",
    "KeyShareServerHello",
    "MaxFragmentLengthNegotiation",
    "OCSPResponse",
    "OCSPStatusRequest",
    "OIDFilter",
    "OIDFilters",
    "Padding",
    "PostHandshakeAuth",
    "PreSharedKeyClientHello",
    "PreSharedKeyServerHello",
    "ProtocolNameList",
    "PskIdentity",
    "PskKeyExchangeModes",
    "RecordSizeLimit",
    "RenegotiationInfo",
    "ServerCertTypeList",
    "ServerCertTypeSelected",
    "ServerName",
    "ServerNameAcknowledged",
    "ServerNameList",
    "SessionTicket12",
    "SessionTicketPromised12",
    "SignatureAlgorithms",
    "SignatureAlgorithmsCert",
    "SignedCertificateTimestampList",
    "SignedCertificateTimestamps",
    "StatusRequest",
    "StatusRequestAcknowledged",
    "StatusRequestCertificateRequest",
    "SupportedGroups",
    "SupportedVersionsClientHello",
    "SupportedVersionsServerHello",
    "TLSCertWithExternPSK",
    "UnknownExtension",
    "classes_of",
    "extension",
    "extensions",
    "server_hello_extensions",
]
