"""How our hellos are worded: the one place that decides which extensions go where.

States decide *what* was negotiated; the Composer puts it into messages. A subclass may word things
differently: a test that replays a published session gives its hello as a value, a faulty peer
leaves out what it must not.
"""

from __future__ import annotations

from collections.abc import Mapping

from tlsee.codes import (
    CertificateStatusType,
    CipherSuite,
    ExtensionType,
    NamedGroup,
    NameType,
    ProtocolVersion,
    SignatureScheme,
)
from tlsee.codes12 import ECPointFormat, KeyExchangeAlgorithm
from tlsee.config import ClientConfig, ServerConfig
from tlsee.handshake.certificate_types import ALL_X509, CertificateTypes, offers
from tlsee.handshake.psk13 import Before, Offered, SelectedPsk, psk_modes, with_psks
from tlsee.handshake.record_limits import RecordLimits, announced
from tlsee.identity.names import reference
from tlsee.sessions.session import Session
from tlsee.trace import Choice
from tlsee.values import replace, value
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.block import AnyExtension, Extensions, UnknownExtension
from tlsee.wire.extensions.certificate_authorities import CertificateAuthorities
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.early_data import EarlyDataIndication, EarlyDataTicket
from tlsee.wire.extensions.ec_point_formats import ECPointFormats
from tlsee.wire.extensions.encrypt_then_mac import EncryptThenMac
from tlsee.wire.extensions.extended_main_secret import ExtendedMainSecret
from tlsee.wire.extensions.key_share import (
    KeyShareClientHello,
    KeyShareEntry,
    KeyShareHelloRetryRequest,
    KeyShareServerHello,
)
from tlsee.wire.extensions.max_fragment_length import MaxFragmentLengthNegotiation
from tlsee.wire.extensions.post_handshake_auth import PostHandshakeAuth
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyServerHello
from tlsee.wire.extensions.psk_key_exchange_modes import PskKeyExchangeModes
from tlsee.wire.extensions.record_size_limit import RecordSizeLimit
from tlsee.wire.extensions.renegotiation_info import RenegotiationInfo
from tlsee.wire.extensions.server_name import ServerName, ServerNameAcknowledged, ServerNameList
from tlsee.wire.extensions.session_ticket import SessionTicket12, SessionTicketPromised12
from tlsee.wire.extensions.signature_algorithms import (
    SignatureAlgorithms,
    SignatureAlgorithmsCert,
)
from tlsee.wire.extensions.status_request import (
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
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello
from tlsee.wire.messages13 import CertificateRequest, EncryptedExtensions, NewSessionTicket

LEGACY_VERSION = ProtocolVersion.TLS12  # RFC 9846, 4.2.2: what every hello says it is
NO_COMPRESSION = (0,)

# RFC 9846, 4.2.3: what a server that could do better writes at the end of its random.
DOWNGRADE_TO_TLS12 = b"DOWNGRD\x01"
DOWNGRADE_TO_OLDER = b"DOWNGRD\x00"


@value
class Agreement:
    """What a server settled on when it read the hello; strings of the wire, not of people."""

    suite: CipherSuite
    group: NamedGroup | None  # without one, a pre-shared key stands alone (psk_ke)
    alpn: bytes | None
    server_name: str | None
    limits: RecordLimits
    types: CertificateTypes = ALL_X509
    beside_psk: bool = False  # certificates count beside an external key


@value
class Agreement12:
    """What a TLS 1.2 server settled on; the certificate will settle suite and group."""

    suite: CipherSuite | None
    groups: Mapping[KeyExchangeAlgorithm, Choice]
    alpn: bytes | None
    server_name: str | None
    limits: RecordLimits
    extended: bool
    encrypt_then_mac: bool
    point_formats: bool
    stapled: bool = False
    session_id: bytes = b""
    ticket: bool = False
    types: CertificateTypes = ALL_X509


class Grease:
    """Values that nobody may react to (RFC 8701), drawn anew for each connection."""

    def __init__(self, entropy: bytes) -> None:
        self._codes = [0x0A0A + 0x1010 * (byte & 0x0F) for byte in entropy]
        if self._codes[2] == self._codes[3]:  # two extensions of one type are one too many
            self._codes[3] ^= 0x1010

    @property
    def suite(self) -> CipherSuite:
        """For cipher_suites."""
        return CipherSuite.of(self._codes[0])

    @property
    def group(self) -> NamedGroup:
        """For supported_groups and key_share."""
        return NamedGroup.of(self._codes[1])

    @property
    def first_extension(self) -> UnknownExtension:
        """An empty extension that leads."""
        return UnknownExtension(ExtensionType.of(self._codes[2]), b"")

    @property
    def last_extension(self) -> UnknownExtension:
        """An extension of one byte that closes."""
        return UnknownExtension(ExtensionType.of(self._codes[3]), b"\x00")

    @property
    def version(self) -> ProtocolVersion:
        """For supported_versions."""
        return ProtocolVersion.of(self._codes[4])


def sendable_name(server_name: str | None) -> str | None:
    """The name as SNI may carry it: an A-label, no address, no trailing dot (RFC 6066, 3).

    Raises:
        ApiMisuse: it is neither a host name nor an address.
    """
    return reference(server_name).dns or None if server_name is not None else None


def _wished_staples(config: ClientConfig) -> list[AnyExtension]:
    """OCSP responses, by whatever responder, where somebody will look at them (RFC 6066, 8)."""
    if not config.judging.wants_staples:
        return []
    return [StatusRequest(CertificateStatusType.ocsp, OCSPStatusRequest((), b""))]


def _wishes12(config: ClientConfig) -> list[AnyExtension]:
    """What only TLS 1.2 needs."""
    items: list[AnyExtension] = [
        ECPointFormats((ECPointFormat.uncompressed,)),
        ExtendedMainSecret(),
    ]
    if any(not suite.is_aead for suite in config.suites12.values()):
        items.append(EncryptThenMac())
    items.append(RenegotiationInfo(b""))
    if config.sessions is not None:
        items.append(SessionTicket12(b""))
    return items


def _wished_limits(config: ClientConfig) -> list[AnyExtension]:
    """What a client says of its records; a server that knows both goes by the first."""
    items: list[AnyExtension] = []
    if config.record_size_limit is not None:
        items.append(RecordSizeLimit(config.record_size_limit))
    if config.max_fragment_length is not None:
        items.append(MaxFragmentLengthNegotiation(config.max_fragment_length))
    return items


def _record_limits(
    config: ServerConfig, limits: RecordLimits, *, older: bool
) -> list[AnyExtension]:
    """A server's answer to what the client says of its records."""
    ours = announced(config, older=older)
    if limits.fragment is not None:
        return [MaxFragmentLengthNegotiation(limits.fragment)]
    return [RecordSizeLimit(ours)] if limits.size_limit is not None and ours is not None else []


class Composer:
    """The wording that tlsee uses unless told otherwise."""

    def client_hello(
        self, config: ClientConfig, server_name: str | None, entries: tuple[KeyShareEntry, ...]
    ) -> ClientHello:
        """The first ClientHello (RFC 9846, 4.2.2)."""
        provider = config.provider
        grease = Grease(provider.random(5, "grease")) if config.policy.grease else None
        tls13 = ProtocolVersion.TLS13 in config.versions
        groups = config.groups if tls13 else (*config.groups12, *config.fields12)
        suites: tuple[CipherSuite, ...] = config.suites
        versions: tuple[ProtocolVersion, ...] = config.versions
        if grease is not None:
            groups = (grease.group, *groups)
            suites = (grease.suite, *suites)
            versions = (grease.version, *versions)
            if entries:
                entries = (KeyShareEntry(grease.group, b"\x00"), *entries)
        items: list[AnyExtension] = []
        if grease is not None:
            items.append(grease.first_extension)
        name = sendable_name(server_name)
        if name is not None:
            items.append(ServerNameList((ServerName(NameType.host_name, name.encode("ascii")),)))
        items.append(SupportedGroups(groups))
        items.append(SignatureAlgorithms(config.offered_schemes))
        if config.certificate_schemes != config.offered_schemes:
            items.append(SignatureAlgorithmsCert(config.certificate_schemes))
        items += _wished_staples(config)
        items += offers(config)
        if config.alpn:
            items.append(ProtocolNameList(config.alpn))
        items += _wished_limits(config)
        items.append(SupportedVersionsClientHello(versions))
        if tls13:
            items.append(KeyShareClientHello(entries))
            if config.sessions is not None or config.psks:
                items.append(PskKeyExchangeModes(psk_modes(config)))
            if config.post_handshake_auth:
                items.append(PostHandshakeAuth())
        if ProtocolVersion.TLS12 in config.versions:
            items += _wishes12(config)
        if grease is not None:
            items.append(grease.last_extension)
        compatible = config.policy.middlebox_compatibility and tls13
        return ClientHello(
            LEGACY_VERSION,
            provider.random(32, "client_random"),
            provider.random(32, "session_id") if compatible else b"",
            suites,
            NO_COMPRESSION,
            Extensions.of(*items),
        )

    def offer_session12(
        self, config: ClientConfig, hello: ClientHello, session: Session
    ) -> ClientHello:
        """A hello that offers a session of TLS 1.2 (RFC 5077, 3.4).

        With a ticket the session id is any that is not empty: the server shows by it that it took
        the ticket. Behind pre_shared_key nothing may come, so it is offered before that.
        """
        items: list[AnyExtension] = [
            SessionTicket12(session.ticket) if isinstance(item, SessionTicket12) else item
            for item in hello.extensions
        ]
        name = hello.legacy_session_id or config.provider.random(32, "session_id")
        return replace(
            hello,
            legacy_session_id=name if session.ticket else session.session_id,
            extensions=Extensions.of(*items),
        )

    def offer_psks(
        self, hello: ClientHello, psks: Offered, early: bool, before: Before
    ) -> ClientHello:
        """A hello with the pre-shared keys behind all else (RFC 9846, 4.3.11)."""
        return with_psks(hello, psks, early, before)

    def second_client_hello(
        self, first: ClientHello, retry: HelloRetryRequest, entry: KeyShareEntry | None
    ) -> ClientHello:
        """The same hello with what the HelloRetryRequest asks for, and nothing else changed."""
        cookie = retry.extensions.get(Cookie)
        items: list[AnyExtension] = []
        for item in first.extensions:
            if isinstance(item, KeyShareClientHello) and entry is not None:
                items.append(KeyShareClientHello((entry,)))
            else:
                items.append(item)
        if cookie is not None:
            items.append(cookie)
        return replace(first, extensions=Extensions.of(*items))

    def new_session_ticket(self, session: Session, ticket: bytes, nonce: bytes) -> NewSessionTicket:
        """RFC 9846, 4.7.1."""
        items: list[AnyExtension] = []
        if session.max_early_data:
            items.append(EarlyDataTicket(session.max_early_data))
        return NewSessionTicket(
            session.lifetime, session.age_add, nonce, ticket, Extensions.of(*items)
        )

    def hello_retry_request(
        self, hello: ClientHello, agreement: Agreement, cookie: bytes | None
    ) -> HelloRetryRequest:
        """RFC 9846, 4.2.4."""
        items: list[AnyExtension] = [SupportedVersionsServerHello(ProtocolVersion.TLS13)]
        if agreement.group is not None:
            items.append(KeyShareHelloRetryRequest(agreement.group))
        if cookie is not None:
            items.append(Cookie(cookie))
        return HelloRetryRequest(
            LEGACY_VERSION, hello.legacy_session_id, agreement.suite, 0, Extensions.of(*items)
        )

    def server_hello(
        self,
        config: ServerConfig,
        hello: ClientHello,
        agreement: Agreement,
        share: bytes,
        psk: SelectedPsk | None,
    ) -> ServerHello:
        """RFC 9846, 4.2.3."""
        items: list[AnyExtension] = []
        if agreement.group is not None:
            items.append(KeyShareServerHello(KeyShareEntry(agreement.group, share)))
        items.append(SupportedVersionsServerHello(ProtocolVersion.TLS13))
        if psk is not None:
            items.append(PreSharedKeyServerHello(psk.index))
            items += [TLSCertWithExternPSK()] if agreement.beside_psk else []
        return ServerHello(
            LEGACY_VERSION,
            config.provider.random(32, "server_random"),
            hello.legacy_session_id,
            agreement.suite,
            0,
            Extensions.of(*items),
        )

    def server_hello12(self, config: ServerConfig, agreement: Agreement12) -> ServerHello:
        """RFC 5246, 7.4.1.3; the random says so if this server could have done better."""
        if agreement.suite is None:
            raise AssertionError("the suite is settled before the hello is worded")
        random = config.provider.random(32, "server_random")
        if ProtocolVersion.TLS13 in config.versions:
            random = random[:24] + DOWNGRADE_TO_TLS12
        items: list[AnyExtension] = [RenegotiationInfo(b"")]
        if agreement.server_name is not None:
            items.append(ServerNameAcknowledged())
        if agreement.point_formats:
            items.append(ECPointFormats((ECPointFormat.uncompressed,)))
        if agreement.extended:
            items.append(ExtendedMainSecret())
        if agreement.encrypt_then_mac:
            items.append(EncryptThenMac())
        if agreement.stapled:
            items.append(StatusRequestAcknowledged())
        if agreement.alpn is not None:
            items.append(ProtocolNameList((agreement.alpn,)))
        items += _record_limits(config, agreement.limits, older=True)
        items += agreement.types.extensions
        if agreement.ticket:
            items.append(SessionTicketPromised12())
        return ServerHello(
            LEGACY_VERSION, random, agreement.session_id, agreement.suite, 0, Extensions.of(*items)
        )

    def encrypted_extensions(
        self, config: ServerConfig, hello: ClientHello, agreement: Agreement, early: bool
    ) -> EncryptedExtensions:
        """RFC 9846, 4.4.1: answers to what the client asked, and nothing it did not."""
        items: list[AnyExtension] = []
        if agreement.server_name is not None:
            items.append(ServerNameAcknowledged())
        if agreement.alpn is not None:
            items.append(ProtocolNameList((agreement.alpn,)))
        items += _record_limits(config, agreement.limits, older=False)
        items += agreement.types.extensions
        if agreement.group not in (None, config.groups[0]) and hello.extensions.has(
            ExtensionType.supported_groups
        ):
            items.append(SupportedGroups(config.groups))  # what we like better (RFC 9846, 4.3.7)
        if early:
            items.append(EarlyDataIndication())
        return EncryptedExtensions(Extensions.of(*items))

    def certificate_request(self, config: ServerConfig, context: bytes = b"") -> CertificateRequest:
        """RFC 9846, 4.4.2: what we can verify, and whom we believe."""
        items: list[AnyExtension] = [SignatureAlgorithms(config.schemes)]
        schemes: tuple[SignatureScheme, ...] = config.certificate_schemes
        if schemes != config.schemes:
            items.append(SignatureAlgorithmsCert(schemes))
        if config.judging.wants_staples:
            items.append(StatusRequestCertificateRequest())
        if config.client_authorities:
            items.append(CertificateAuthorities(config.client_authorities))
        return CertificateRequest(context, Extensions.of(*items))
