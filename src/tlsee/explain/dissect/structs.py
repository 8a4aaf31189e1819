"""Structs that nothing here speaks and everybody meets: dissected, never sent or obeyed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tlsee.codes import ExtensionType, OpenEnum, SignatureScheme, code
from tlsee.wire.codec import (
    fixed,
    nested,
    opaque,
    rest,
    select,
    struct,
    u8,
    u16,
    u24,
    u32,
    u64,
    vector,
)
from tlsee.wire.extensions.matrix import Block


class CertificateCompressionAlgorithm(OpenEnum):
    """RFC 8879, 3."""

    zlib: ClassVar[CertificateCompressionAlgorithm] = code(1)
    brotli: ClassVar[CertificateCompressionAlgorithm] = code(2)
    zstd: ClassVar[CertificateCompressionAlgorithm] = code(3)


class ECHClientHelloType(OpenEnum, width=2):
    """RFC 9849, 5."""

    outer: ClassVar[ECHClientHelloType] = code(0)
    inner: ClassVar[ECHClientHelloType] = code(1)


class HpkeKem(OpenEnum):
    """RFC 9180, 7.1."""

    DHKEM_P256_HKDF_SHA256: ClassVar[HpkeKem] = code(0x0010)
    DHKEM_P384_HKDF_SHA384: ClassVar[HpkeKem] = code(0x0011)
    DHKEM_P521_HKDF_SHA512: ClassVar[HpkeKem] = code(0x0012)
    DHKEM_X25519_HKDF_SHA256: ClassVar[HpkeKem] = code(0x0020)
    DHKEM_X448_HKDF_SHA512: ClassVar[HpkeKem] = code(0x0021)


class HpkeKdf(OpenEnum):
    """RFC 9180, 7.2."""

    HKDF_SHA256: ClassVar[HpkeKdf] = code(1)
    HKDF_SHA384: ClassVar[HpkeKdf] = code(2)
    HKDF_SHA512: ClassVar[HpkeKdf] = code(3)


class HpkeAead(OpenEnum):
    """RFC 9180, 7.3."""

    AES_128_GCM: ClassVar[HpkeAead] = code(1)
    AES_256_GCM: ClassVar[HpkeAead] = code(2)
    ChaCha20Poly1305: ClassVar[HpkeAead] = code(3)


class HeartbeatMode(OpenEnum, width=2):
    """RFC 6520, 2."""

    peer_allowed_to_send: ClassVar[HeartbeatMode] = code(1)
    peer_not_allowed_to_send: ClassVar[HeartbeatMode] = code(2)


@struct
class SignedCertificateTimestamp:
    """RFC 6962, 3.2; the two octets for hash and signature read as a scheme."""

    sct_version: int = u8()
    log_id: bytes = fixed(32)
    timestamp: int = u64()
    extensions: bytes = opaque(0, 0xFFFF)
    algorithm: SignatureScheme = u16(SignatureScheme)
    signature: bytes = opaque(0, 0xFFFF)


@struct
class SctList:
    """RFC 6962, 3.3, as it stands in a certificate's extension."""

    sct_list: tuple[bytes, ...] = vector(opaque(1, 0xFFFF), 1, 0xFFFF)


@struct
class CertificateCompressionAlgorithms:
    """RFC 8879, 3."""

    algorithms: tuple[CertificateCompressionAlgorithm, ...] = vector(
        u16(CertificateCompressionAlgorithm), 2, 254
    )


@struct
class CompressedCertificate:
    """RFC 8879, 4."""

    algorithm: CertificateCompressionAlgorithm = u16(CertificateCompressionAlgorithm)
    uncompressed_length: int = u24()
    compressed_certificate_message: bytes = opaque(1, 0xFFFFFF)


@struct
class HpkeSymmetricCipherSuite:
    """RFC 9849, 4."""

    kdf_id: HpkeKdf = u16(HpkeKdf)
    aead_id: HpkeAead = u16(HpkeAead)


@struct
class OuterClientHello:
    """RFC 9849, 5."""

    cipher_suite: HpkeSymmetricCipherSuite = nested(HpkeSymmetricCipherSuite)
    config_id: int = u8()
    enc: bytes = opaque(0, 0xFFFF)
    payload: bytes = opaque(1, 0xFFFF)


@struct
class InnerClientHello:
    """RFC 9849, 5: empty."""


@struct
class ECHClientHello:
    """RFC 9849, 5."""

    type: ECHClientHelloType = u8(ECHClientHelloType)
    hello: OuterClientHello | InnerClientHello | bytes = select(
        "type",
        {ECHClientHelloType.outer: OuterClientHello, ECHClientHelloType.inner: InnerClientHello},
    )


@struct
class ECHHelloRetryRequest:
    """RFC 9849, 5."""

    confirmation: bytes = fixed(8)


@struct
class ECHConfig:
    """RFC 9849, 4."""

    version: ExtensionType = u16(ExtensionType)
    contents: bytes = opaque(0, 0xFFFF)


@struct
class ECHConfigExtension:
    """RFC 9849, 4."""

    type: int = u16()
    data: bytes = opaque(0, 0xFFFF)


@struct
class ECHConfigContents:
    """RFC 9849, 4; the fields of HpkeKeyConfig first."""

    config_id: int = u8()
    kem_id: HpkeKem = u16(HpkeKem)
    public_key: bytes = opaque(1, 0xFFFF)
    cipher_suites: tuple[HpkeSymmetricCipherSuite, ...] = vector(
        HpkeSymmetricCipherSuite, 4, 0xFFFC
    )
    maximum_name_length: int = u8()
    public_name: bytes = opaque(1, 0xFF)
    extensions: tuple[ECHConfigExtension, ...] = vector(ECHConfigExtension, 0, 0xFFFF)


@struct
class ECHEncryptedExtensions:
    """RFC 9849, 5."""

    retry_configs: tuple[ECHConfig, ...] = vector(ECHConfig, 4, 0xFFFF)


@struct
class OuterExtensions:
    """RFC 9849, 5.1."""

    outer_extensions: tuple[ExtensionType, ...] = vector(u16(ExtensionType), 2, 254)


@struct
class UseSRTPData:
    """RFC 5764, 4.1.1."""

    srtp_protection_profiles: tuple[int, ...] = vector(u16(), 2, 0xFFFF)
    srtp_mki: bytes = opaque(0, 0xFF)


@struct
class HeartbeatExtension:
    """RFC 6520, 2."""

    mode: HeartbeatMode = u8(HeartbeatMode)


@struct
class CertificateStatusRequestItemV2:
    """RFC 6961, 2.2."""

    status_type: int = u8()
    request: bytes = opaque(0, 0xFFFF)


@struct
class CertificateStatusRequestListV2:
    """RFC 6961, 2.2."""

    certificate_status_req_list: tuple[CertificateStatusRequestItemV2, ...] = vector(
        CertificateStatusRequestItemV2, 1, 0xFFFF
    )


@struct
class DelegationSchemes:
    """RFC 9345, 4.1.1."""

    supported_signature_algorithm: tuple[SignatureScheme, ...] = vector(
        u16(SignatureScheme), 2, 0xFFFE
    )


@struct
class DelegatedCredential:
    """RFC 9345, 4; the fields of Credential first."""

    valid_time: int = u32()
    dc_cert_verify_algorithm: SignatureScheme = u16(SignatureScheme)
    ASN1_subjectPublicKeyInfo: bytes = opaque(1, 0xFFFFFF)
    algorithm: SignatureScheme = u16(SignatureScheme)
    signature: bytes = opaque(1, 0xFFFF)


@struct
class SupportedEKTCiphers:
    """RFC 8870, 5.2."""

    supported_ciphers: tuple[int, ...] = vector(u8(), 1, 0xFF)


@struct
class TransItems:
    """RFC 9162, 6.3."""

    trans_item_list: tuple[bytes, ...] = vector(opaque(1, 0xFFFF), 1, 0xFFFF)


@struct
class ExternalIdentityHash:
    """RFC 8844, 3.2."""

    binding_hash: bytes = opaque(0, 32)


@struct
class ExternalSessionId:
    """RFC 8844, 4.2."""

    session_id: bytes = opaque(20, 255)


@struct
class TicketRequest:
    """RFC 9149, 3."""

    new_session_count: int = u8()
    resumption_count: int = u8()


@struct
class TicketRequestHint:
    """RFC 9149, 3."""

    expected_count: int = u8()


@struct
class QuicTransportParameters:
    """RFC 9000, 18: parameters whose lengths are QUIC's own integers."""

    transport_parameters: bytes = rest()


_ANSWERS = (Block.SH12, Block.EE)


def _each(ch: type, answer: type | None = None, cr: type | None = None) -> dict[Block, type]:
    found: dict[Block, type] = {Block.CH: ch}
    if answer is not None:
        found |= dict.fromkeys(_ANSWERS, answer)
    return found if cr is None else found | {Block.CR: cr}


# What the extensions that wire/ does not parse hold, by the message they are in.
CONTENTS: Mapping[ExtensionType, Mapping[Block, type]] = {
    ExtensionType.use_srtp: _each(UseSRTPData, UseSRTPData),
    ExtensionType.heartbeat: _each(HeartbeatExtension, HeartbeatExtension),
    ExtensionType.status_request_v2: _each(CertificateStatusRequestListV2),
    ExtensionType.compress_certificate: _each(
        CertificateCompressionAlgorithms, None, CertificateCompressionAlgorithms
    ),
    ExtensionType.delegated_credential: {
        **_each(DelegationSchemes, None, DelegationSchemes),
        Block.CT: DelegatedCredential,
    },
    ExtensionType.supported_ekt_ciphers: _each(SupportedEKTCiphers),
    ExtensionType.transparency_info: {Block.CT: TransItems, Block.SH12: TransItems},
    ExtensionType.external_id_hash: _each(ExternalIdentityHash, ExternalIdentityHash),
    ExtensionType.external_session_id: _each(ExternalSessionId, ExternalSessionId),
    ExtensionType.quic_transport_parameters: _each(
        QuicTransportParameters, QuicTransportParameters
    ),
    ExtensionType.ticket_request: _each(TicketRequest, TicketRequestHint),
    ExtensionType.ech_outer_extensions: _each(OuterExtensions),
    ExtensionType.encrypted_client_hello: {
        Block.CH: ECHClientHello,
        Block.HRR: ECHHelloRetryRequest,
        Block.EE: ECHEncryptedExtensions,
    },
}


def every_struct() -> tuple[type[Any], ...]:
    """The structs of this file."""
    return tuple(item for item in globals().values() if hasattr(item, "_layout"))
