"""The IANA registries that TLS draws on, as open enumerations.

An open enumeration is an integer that knows its name. A code point that no registry row here
names is a value like any other (``NamedGroup(0x1a1a)``), never an error: peers send code points
that were assigned after this file was written, and GREASE (RFC 8701) sends ones that never will
be. ``NamedGroup.of(29)`` is a dictionary lookup and gives the one shared instance.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self


def code(number: int) -> Any:
    """A row of a registry; the class turns it into an instance of itself."""
    return _Row(number)


class _Row:
    def __init__(self, number: int) -> None:
        self.number = number


class OpenEnum(int):
    """Base of the registries: an ``int`` with a ``name``; equality and hash are the integer's."""

    _known: ClassVar[dict[int, Any]]
    _width: ClassVar[int] = 4
    name: str

    def __init_subclass__(cls, width: int = 4) -> None:
        cls._width = width
        cls._known = {}
        for name, row in list(cls.__dict__.items()):
            if isinstance(row, _Row):
                member = int.__new__(cls, row.number)
                member.name = name
                cls._known[row.number] = member
                setattr(cls, name, member)

    def __new__(cls, number: int) -> Self:
        """As ``of``."""
        return cls.of(number)

    @classmethod
    def of(cls, number: int) -> Self:
        """The member with this number, or a new unnamed one."""
        found: Self | None = cls._known.get(number)
        if found is not None:
            return found
        return int.__new__(cls, number)

    @classmethod
    def named(cls, name: str) -> Self:
        """The member with this name.

        Raises:
            KeyError: no row has this name.
        """
        for member in cls._known.values():
            if member.name == name:
                found: Self = member
                return found
        raise KeyError(name)

    @classmethod
    def members(cls) -> tuple[Self, ...]:
        """All named members in the order of their declaration."""
        return tuple(cls._known.values())

    @property
    def is_known(self) -> bool:
        """Whether a row here names this number."""
        return int(self) in self._known

    @property
    def is_grease(self) -> bool:
        """Whether RFC 8701 reserves this 16-bit number (0x0a0a, 0x1a1a, ... 0xfafa)."""
        return self._width == 4 and self & 0x0F0F == 0x0A0A and self >> 8 == self & 0xFF

    def __getattr__(self, attribute: str) -> Any:
        """The name of a member that no row names: its number, made when somebody asks.

        A hello of GREASE has half a dozen of them, and nobody reads their names.
        """
        if attribute == "name":
            return f"0x{int(self):0{self._width}x}"
        raise AttributeError(f"{type(self).__name__} has no attribute {attribute!r}")

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        if self.is_known:
            return f"{type(self).__name__}.{self.name}"
        return f"{type(self).__name__}({self.name})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self).of, (int(self),))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


class ProtocolVersion(OpenEnum):
    """RFC 9846, 4.2.1; the names are those people say."""

    SSL2: ClassVar[ProtocolVersion] = code(0x0002)
    SSL3: ClassVar[ProtocolVersion] = code(0x0300)
    TLS10: ClassVar[ProtocolVersion] = code(0x0301)
    TLS11: ClassVar[ProtocolVersion] = code(0x0302)
    TLS12: ClassVar[ProtocolVersion] = code(0x0303)
    TLS13: ClassVar[ProtocolVersion] = code(0x0304)

    @property
    def label(self) -> str:
        """As a person says it: ``TLS 1.3``."""
        return _VERSION_LABELS.get(int(self), f"version {self.name}")


_VERSION_LABELS = {
    0x0002: "SSL 2.0",
    0x0300: "SSL 3.0",
    0x0301: "TLS 1.0",
    0x0302: "TLS 1.1",
    0x0303: "TLS 1.2",
    0x0304: "TLS 1.3",
}


class ContentType(OpenEnum, width=2):
    """RFC 9846, 5.1."""

    invalid: ClassVar[ContentType] = code(0)
    change_cipher_spec: ClassVar[ContentType] = code(20)
    alert: ClassVar[ContentType] = code(21)
    handshake: ClassVar[ContentType] = code(22)
    application_data: ClassVar[ContentType] = code(23)
    heartbeat: ClassVar[ContentType] = code(24)


class HandshakeType(OpenEnum, width=2):
    """RFC 9846, 4, and RFC 5246, 7.4.

    ``hello_retry_request`` is the number that a draft gave it: on the wire it is a server_hello
    with a fixed random, in here it is a message of its own.
    """

    hello_request: ClassVar[HandshakeType] = code(0)
    client_hello: ClassVar[HandshakeType] = code(1)
    server_hello: ClassVar[HandshakeType] = code(2)
    new_session_ticket: ClassVar[HandshakeType] = code(4)
    end_of_early_data: ClassVar[HandshakeType] = code(5)
    hello_retry_request: ClassVar[HandshakeType] = code(6)
    encrypted_extensions: ClassVar[HandshakeType] = code(8)
    certificate: ClassVar[HandshakeType] = code(11)
    server_key_exchange: ClassVar[HandshakeType] = code(12)
    certificate_request: ClassVar[HandshakeType] = code(13)
    server_hello_done: ClassVar[HandshakeType] = code(14)
    certificate_verify: ClassVar[HandshakeType] = code(15)
    client_key_exchange: ClassVar[HandshakeType] = code(16)
    finished: ClassVar[HandshakeType] = code(20)
    certificate_url: ClassVar[HandshakeType] = code(21)
    certificate_status: ClassVar[HandshakeType] = code(22)
    supplemental_data: ClassVar[HandshakeType] = code(23)
    key_update: ClassVar[HandshakeType] = code(24)
    compressed_certificate: ClassVar[HandshakeType] = code(25)
    message_hash: ClassVar[HandshakeType] = code(254)


class AlertLevel(OpenEnum, width=2):
    """RFC 9846, 6."""

    warning: ClassVar[AlertLevel] = code(1)
    fatal: ClassVar[AlertLevel] = code(2)


class AlertDescription(OpenEnum, width=2):
    """RFC 9846, 6, with the reserved ones that older peers still send."""

    close_notify: ClassVar[AlertDescription] = code(0)
    unexpected_message: ClassVar[AlertDescription] = code(10)
    bad_record_mac: ClassVar[AlertDescription] = code(20)
    decryption_failed_RESERVED: ClassVar[AlertDescription] = code(21)
    record_overflow: ClassVar[AlertDescription] = code(22)
    decompression_failure_RESERVED: ClassVar[AlertDescription] = code(30)
    handshake_failure: ClassVar[AlertDescription] = code(40)
    no_certificate_RESERVED: ClassVar[AlertDescription] = code(41)
    bad_certificate: ClassVar[AlertDescription] = code(42)
    unsupported_certificate: ClassVar[AlertDescription] = code(43)
    certificate_revoked: ClassVar[AlertDescription] = code(44)
    certificate_expired: ClassVar[AlertDescription] = code(45)
    certificate_unknown: ClassVar[AlertDescription] = code(46)
    illegal_parameter: ClassVar[AlertDescription] = code(47)
    unknown_ca: ClassVar[AlertDescription] = code(48)
    access_denied: ClassVar[AlertDescription] = code(49)
    decode_error: ClassVar[AlertDescription] = code(50)
    decrypt_error: ClassVar[AlertDescription] = code(51)
    export_restriction_RESERVED: ClassVar[AlertDescription] = code(60)
    protocol_version: ClassVar[AlertDescription] = code(70)
    insufficient_security: ClassVar[AlertDescription] = code(71)
    internal_error: ClassVar[AlertDescription] = code(80)
    inappropriate_fallback: ClassVar[AlertDescription] = code(86)
    user_canceled: ClassVar[AlertDescription] = code(90)
    no_renegotiation_RESERVED: ClassVar[AlertDescription] = code(100)
    missing_extension: ClassVar[AlertDescription] = code(109)
    unsupported_extension: ClassVar[AlertDescription] = code(110)
    certificate_unobtainable_RESERVED: ClassVar[AlertDescription] = code(111)
    unrecognized_name: ClassVar[AlertDescription] = code(112)
    bad_certificate_status_response: ClassVar[AlertDescription] = code(113)
    bad_certificate_hash_value_RESERVED: ClassVar[AlertDescription] = code(114)
    unknown_psk_identity: ClassVar[AlertDescription] = code(115)
    certificate_required: ClassVar[AlertDescription] = code(116)
    general_error: ClassVar[AlertDescription] = code(117)
    no_application_protocol: ClassVar[AlertDescription] = code(120)
    ech_required: ClassVar[AlertDescription] = code(121)


class CipherSuite(OpenEnum):
    """RFC 9846, B.4; those of TLS 1.2 from RFC 5246, 5288, 5289, 6655, 7251 and 7905."""

    TLS_AES_128_GCM_SHA256: ClassVar[CipherSuite] = code(0x1301)
    TLS_AES_256_GCM_SHA384: ClassVar[CipherSuite] = code(0x1302)
    TLS_CHACHA20_POLY1305_SHA256: ClassVar[CipherSuite] = code(0x1303)
    TLS_AES_128_CCM_SHA256: ClassVar[CipherSuite] = code(0x1304)
    TLS_AES_128_CCM_8_SHA256: ClassVar[CipherSuite] = code(0x1305)
    TLS_EMPTY_RENEGOTIATION_INFO_SCSV: ClassVar[CipherSuite] = code(0x00FF)
    TLS_FALLBACK_SCSV: ClassVar[CipherSuite] = code(0x5600)
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: ClassVar[CipherSuite] = code(0xC02B)
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: ClassVar[CipherSuite] = code(0xC02C)
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: ClassVar[CipherSuite] = code(0xCCA9)
    TLS_ECDHE_ECDSA_WITH_AES_128_CCM: ClassVar[CipherSuite] = code(0xC0AC)
    TLS_ECDHE_ECDSA_WITH_AES_256_CCM: ClassVar[CipherSuite] = code(0xC0AD)
    TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8: ClassVar[CipherSuite] = code(0xC0AE)
    TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8: ClassVar[CipherSuite] = code(0xC0AF)
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: ClassVar[CipherSuite] = code(0xC009)
    TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: ClassVar[CipherSuite] = code(0xC00A)
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: ClassVar[CipherSuite] = code(0xC023)
    TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384: ClassVar[CipherSuite] = code(0xC024)
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: ClassVar[CipherSuite] = code(0xC02F)
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: ClassVar[CipherSuite] = code(0xC030)
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: ClassVar[CipherSuite] = code(0xCCA8)
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: ClassVar[CipherSuite] = code(0xC013)
    TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: ClassVar[CipherSuite] = code(0xC014)
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: ClassVar[CipherSuite] = code(0xC027)
    TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384: ClassVar[CipherSuite] = code(0xC028)
    TLS_DHE_RSA_WITH_AES_128_GCM_SHA256: ClassVar[CipherSuite] = code(0x009E)
    TLS_DHE_RSA_WITH_AES_256_GCM_SHA384: ClassVar[CipherSuite] = code(0x009F)
    TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256: ClassVar[CipherSuite] = code(0xCCAA)
    TLS_DHE_RSA_WITH_AES_128_CCM: ClassVar[CipherSuite] = code(0xC09E)
    TLS_DHE_RSA_WITH_AES_256_CCM: ClassVar[CipherSuite] = code(0xC09F)
    TLS_DHE_RSA_WITH_AES_128_CCM_8: ClassVar[CipherSuite] = code(0xC0A2)
    TLS_DHE_RSA_WITH_AES_256_CCM_8: ClassVar[CipherSuite] = code(0xC0A3)
    TLS_DHE_RSA_WITH_AES_128_CBC_SHA: ClassVar[CipherSuite] = code(0x0033)
    TLS_DHE_RSA_WITH_AES_256_CBC_SHA: ClassVar[CipherSuite] = code(0x0039)
    TLS_DHE_RSA_WITH_AES_128_CBC_SHA256: ClassVar[CipherSuite] = code(0x0067)
    TLS_DHE_RSA_WITH_AES_256_CBC_SHA256: ClassVar[CipherSuite] = code(0x006B)
    TLS_RSA_WITH_AES_128_GCM_SHA256: ClassVar[CipherSuite] = code(0x009C)
    TLS_RSA_WITH_AES_256_GCM_SHA384: ClassVar[CipherSuite] = code(0x009D)
    TLS_RSA_WITH_AES_128_CCM: ClassVar[CipherSuite] = code(0xC09C)
    TLS_RSA_WITH_AES_256_CCM: ClassVar[CipherSuite] = code(0xC09D)
    TLS_RSA_WITH_AES_128_CCM_8: ClassVar[CipherSuite] = code(0xC0A0)
    TLS_RSA_WITH_AES_256_CCM_8: ClassVar[CipherSuite] = code(0xC0A1)
    TLS_RSA_WITH_AES_128_CBC_SHA: ClassVar[CipherSuite] = code(0x002F)
    TLS_RSA_WITH_AES_256_CBC_SHA: ClassVar[CipherSuite] = code(0x0035)
    TLS_RSA_WITH_AES_128_CBC_SHA256: ClassVar[CipherSuite] = code(0x003C)
    TLS_RSA_WITH_AES_256_CBC_SHA256: ClassVar[CipherSuite] = code(0x003D)


class NamedGroup(OpenEnum):
    """RFC 9846, 4.3.7; the hybrids are RFC 10024's."""

    secp256r1: ClassVar[NamedGroup] = code(0x0017)
    secp384r1: ClassVar[NamedGroup] = code(0x0018)
    secp521r1: ClassVar[NamedGroup] = code(0x0019)
    x25519: ClassVar[NamedGroup] = code(0x001D)
    x448: ClassVar[NamedGroup] = code(0x001E)
    ffdhe2048: ClassVar[NamedGroup] = code(0x0100)
    ffdhe3072: ClassVar[NamedGroup] = code(0x0101)
    ffdhe4096: ClassVar[NamedGroup] = code(0x0102)
    ffdhe6144: ClassVar[NamedGroup] = code(0x0103)
    ffdhe8192: ClassVar[NamedGroup] = code(0x0104)
    SecP256r1MLKEM768: ClassVar[NamedGroup] = code(0x11EB)
    X25519MLKEM768: ClassVar[NamedGroup] = code(0x11EC)
    SecP384r1MLKEM1024: ClassVar[NamedGroup] = code(0x11ED)

    @property
    def is_finite_field(self) -> bool:
        """Whether the number is of RFC 7919's range."""
        return 0x0100 <= self <= 0x01FF


class SignatureScheme(OpenEnum):
    """RFC 9846, 4.3.3; ML-DSA from the draft that assigned the code points."""

    rsa_pkcs1_sha1: ClassVar[SignatureScheme] = code(0x0201)
    ecdsa_sha1: ClassVar[SignatureScheme] = code(0x0203)
    rsa_pkcs1_sha256: ClassVar[SignatureScheme] = code(0x0401)
    ecdsa_secp256r1_sha256: ClassVar[SignatureScheme] = code(0x0403)
    rsa_pkcs1_sha384: ClassVar[SignatureScheme] = code(0x0501)
    ecdsa_secp384r1_sha384: ClassVar[SignatureScheme] = code(0x0503)
    rsa_pkcs1_sha512: ClassVar[SignatureScheme] = code(0x0601)
    ecdsa_secp521r1_sha512: ClassVar[SignatureScheme] = code(0x0603)
    rsa_pss_rsae_sha256: ClassVar[SignatureScheme] = code(0x0804)
    rsa_pss_rsae_sha384: ClassVar[SignatureScheme] = code(0x0805)
    rsa_pss_rsae_sha512: ClassVar[SignatureScheme] = code(0x0806)
    ed25519: ClassVar[SignatureScheme] = code(0x0807)
    ed448: ClassVar[SignatureScheme] = code(0x0808)
    rsa_pss_pss_sha256: ClassVar[SignatureScheme] = code(0x0809)
    rsa_pss_pss_sha384: ClassVar[SignatureScheme] = code(0x080A)
    rsa_pss_pss_sha512: ClassVar[SignatureScheme] = code(0x080B)
    mldsa44: ClassVar[SignatureScheme] = code(0x0904)
    mldsa65: ClassVar[SignatureScheme] = code(0x0905)
    mldsa87: ClassVar[SignatureScheme] = code(0x0906)


class ExtensionType(OpenEnum):
    """RFC 9846, 4.3, and the older ones that hellos carry."""

    server_name: ClassVar[ExtensionType] = code(0)
    max_fragment_length: ClassVar[ExtensionType] = code(1)
    status_request: ClassVar[ExtensionType] = code(5)
    supported_groups: ClassVar[ExtensionType] = code(10)
    ec_point_formats: ClassVar[ExtensionType] = code(11)
    signature_algorithms: ClassVar[ExtensionType] = code(13)
    use_srtp: ClassVar[ExtensionType] = code(14)
    heartbeat: ClassVar[ExtensionType] = code(15)
    application_layer_protocol_negotiation: ClassVar[ExtensionType] = code(16)
    status_request_v2: ClassVar[ExtensionType] = code(17)
    signed_certificate_timestamp: ClassVar[ExtensionType] = code(18)
    client_certificate_type: ClassVar[ExtensionType] = code(19)
    server_certificate_type: ClassVar[ExtensionType] = code(20)
    padding: ClassVar[ExtensionType] = code(21)
    encrypt_then_mac: ClassVar[ExtensionType] = code(22)
    extended_main_secret: ClassVar[ExtensionType] = code(23)
    compress_certificate: ClassVar[ExtensionType] = code(27)
    record_size_limit: ClassVar[ExtensionType] = code(28)
    tls_cert_with_extern_psk: ClassVar[ExtensionType] = code(33)
    delegated_credential: ClassVar[ExtensionType] = code(34)
    session_ticket: ClassVar[ExtensionType] = code(35)
    supported_ekt_ciphers: ClassVar[ExtensionType] = code(39)
    pre_shared_key: ClassVar[ExtensionType] = code(41)
    early_data: ClassVar[ExtensionType] = code(42)
    supported_versions: ClassVar[ExtensionType] = code(43)
    cookie: ClassVar[ExtensionType] = code(44)
    psk_key_exchange_modes: ClassVar[ExtensionType] = code(45)
    certificate_authorities: ClassVar[ExtensionType] = code(47)
    oid_filters: ClassVar[ExtensionType] = code(48)
    post_handshake_auth: ClassVar[ExtensionType] = code(49)
    signature_algorithms_cert: ClassVar[ExtensionType] = code(50)
    key_share: ClassVar[ExtensionType] = code(51)
    transparency_info: ClassVar[ExtensionType] = code(52)
    external_id_hash: ClassVar[ExtensionType] = code(55)
    external_session_id: ClassVar[ExtensionType] = code(56)
    quic_transport_parameters: ClassVar[ExtensionType] = code(57)
    ticket_request: ClassVar[ExtensionType] = code(58)
    ech_outer_extensions: ClassVar[ExtensionType] = code(0xFD00)
    encrypted_client_hello: ClassVar[ExtensionType] = code(0xFE0D)
    renegotiation_info: ClassVar[ExtensionType] = code(0xFF01)


class CertificateType(OpenEnum, width=2):
    """RFC 9846, 4.5.1."""

    X509: ClassVar[CertificateType] = code(0)
    RawPublicKey: ClassVar[CertificateType] = code(2)


class CertificateStatusType(OpenEnum, width=2):
    """RFC 6066, 8."""

    ocsp: ClassVar[CertificateStatusType] = code(1)


class KeyUpdateRequest(OpenEnum, width=2):
    """RFC 9846, 4.7.3."""

    update_not_requested: ClassVar[KeyUpdateRequest] = code(0)
    update_requested: ClassVar[KeyUpdateRequest] = code(1)


class PskKeyExchangeMode(OpenEnum, width=2):
    """RFC 9846, 4.3.9."""

    psk_ke: ClassVar[PskKeyExchangeMode] = code(0)
    psk_dhe_ke: ClassVar[PskKeyExchangeMode] = code(1)


class NameType(OpenEnum, width=2):
    """RFC 6066, 3."""

    host_name: ClassVar[NameType] = code(0)
