"""The server reads the hello: which version, suite, group and name, or which retry.

One of the two places that know that there are several versions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from tlsee.codes import (
    CipherSuite,
    ExtensionType,
    NamedGroup,
    ProtocolVersion,
)
from tlsee.codes12 import ECPointFormat, KeyExchangeAlgorithm
from tlsee.config import ServerConfig
from tlsee.crypto.suites12 import Suite12
from tlsee.errors import PeerIncompatible, PeerMisbehaved, Reasons
from tlsee.handshake.compose import LEGACY_VERSION, Agreement12, Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.hello_facts import application_protocol, nothing_common, server_name, told
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import choose_version
from tlsee.handshake.negotiate12 import choose_field12, choose_group12, usable_suites
from tlsee.handshake.offer13 import AwaitSession, Next, negotiate13
from tlsee.handshake.record_limits import limits_of_client
from tlsee.handshake.server12 import AwaitCredential as AwaitCredential12
from tlsee.handshake.server12 import choose_credential12
from tlsee.handshake.server13 import ServerBasis
from tlsee.offer import ClientOffer
from tlsee.questions import ConfigForHello
from tlsee.reasons import TOO_OLD
from tlsee.trace import ExtensionsIgnored
from tlsee.values import value
from tlsee.wire.extensions.ec_point_formats import ECPointFormats
from tlsee.wire.extensions.renegotiation_info import RenegotiationInfo
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.extensions.supported_versions import SupportedVersionsClientHello
from tlsee.wire.hellos import ClientHello


@value
class WaitClientHello(State):
    """Nothing was said yet."""

    config: ServerConfig
    composer: Composer
    rfc: ClassVar[str] = "START"
    allows_change_cipher_spec: ClassVar[bool] = False

    def on_client_hello(self, message: ClientHello, flow: Flow) -> AwaitConfig:
        """RFC 9846, 4.2.2: the hello before the configuration that answers it."""
        flow.ask(ConfigForHello(self.config, ClientOffer(message)))
        return AwaitConfig(self.composer, message)


@value
class AwaitConfig(State):
    """Which configuration serves this client?"""

    composer: Composer
    hello: ClientHello
    rfc: ClassVar[str] = "RECVD_CH"

    def on_config(
        self, answer: ServerConfig, flow: Flow
    ) -> AwaitSession | Next | AwaitCredential12:
        """RFC 9846, 4.2.1: the version first, then its own parameters."""
        basis = ServerBasis(answer, self.composer, self.hello)
        version = _choose_version(answer, self.hello, flow)
        ignored = tuple(kind for kind in self.hello.extensions.types if not kind.is_known)
        if ignored:
            flow.note(ExtensionsIgnored, ignored)
        if version == ProtocolVersion.TLS12:
            return _negotiate12(basis, flow)
        return negotiate13(basis, flow)


def _negotiate12(basis: ServerBasis, flow: Flow) -> AwaitCredential12:
    """RFC 5246, 7.4.1: extensions settle the group, the certificate will settle the suite."""
    config, hello = basis.config, basis.hello
    extensions = hello.extensions
    if 0 not in hello.legacy_compression_methods:
        raise PeerMisbehaved(Reasons.illegal_compression)
    if CipherSuite.TLS_FALLBACK_SCSV in hello.cipher_suites and (
        max(config.versions) > ProtocolVersion.TLS12
    ):
        raise PeerMisbehaved(Reasons.fallback)
    _check_renegotiation(hello)
    extended = extensions.has(ExtensionType.extended_main_secret)
    if not extended and config.policy.require_extended_main_secret:
        raise PeerMisbehaved(Reasons.extended_main_secret_missing)
    listed = extensions.get(SupportedGroups)
    groups = listed.named_group_list if listed is not None else (NamedGroup.secp256r1,)
    choices = {
        KeyExchangeAlgorithm.ecdhe: choose_group12(groups, config.groups12),
        KeyExchangeAlgorithm.dhe: choose_field12(groups, config.fields12),
    }
    found = {kind: choice.chosen for kind, choice in choices.items() if choice.chosen is not None}
    encrypt_then_mac = extensions.has(ExtensionType.encrypt_then_mac)
    any_cbc = encrypt_then_mac or config.policy.allow_mac_then_encrypt
    able = tuple(suite for suite in config.suites12.values() if suite.is_aead or any_cbc)
    usable = usable_suites(hello.cipher_suites, able, found)
    if not usable:
        offered_suites = set(hello.cipher_suites)
        if any(suite.code in offered_suites for suite in able):
            raise nothing_common(Reasons.no_common_group, groups, config.groups12)
        codes = tuple(config.suites12)
        raise nothing_common(Reasons.no_common_suite, hello.cipher_suites, codes)
    formats = extensions.get(ECPointFormats)
    _check_point_formats(formats, usable)
    schemes = extensions.get(SignatureAlgorithms)
    agreement = Agreement12(
        None,
        choices,
        application_protocol(config, hello, flow),
        server_name(hello),
        limits_of_client(config, hello),
        extended,
        encrypt_then_mac,
        formats is not None,
    )
    offered = schemes.supported_signature_algorithms if schemes is not None else ()
    return choose_credential12(basis, agreement, usable, offered, flow)


def _check_point_formats(formats: ECPointFormats | None, usable: Iterable[Suite12]) -> None:
    """RFC 8422, 5.1.2: it is about points, so a client without curves may list what it likes."""
    if formats is None or ECPointFormat.uncompressed in formats.ec_point_format_list:
        return
    if any(suite.key_exchange is KeyExchangeAlgorithm.ecdhe for suite in usable):
        raise PeerMisbehaved(Reasons.point_format_missing)


def _check_renegotiation(hello: ClientHello) -> None:
    """RFC 5746, 3.6: the extension, empty, or its signalling suite."""
    info = hello.extensions.get(RenegotiationInfo)
    if info is not None and info.renegotiated_connection:
        raise PeerMisbehaved(Reasons.renegotiation_info_wrong)
    if info is None and CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV not in hello.cipher_suites:
        raise PeerMisbehaved(Reasons.insecure_renegotiation)


def _choose_version(config: ServerConfig, hello: ClientHello, flow: Flow) -> ProtocolVersion:
    """RFC 9846, 4.3.1: supported_versions decides, and its absence means 1.2 or older."""
    offered = hello.extensions.get(SupportedVersionsClientHello)
    if offered is not None:
        versions = offered.versions
    else:
        versions = (min(hello.legacy_version, ProtocolVersion.TLS12),)
    chosen: ProtocolVersion | None = told(choose_version(versions, config.versions), flow)
    if chosen is None:
        newest = max((v for v in versions if not v.is_grease), default=hello.legacy_version)
        ours = ", ".join(version.label for version in config.versions)
        raise PeerIncompatible(
            Reasons.version_too_old,
            f"the client speaks {newest.label} at most, this server {ours}",
            fix=TOO_OLD if newest < ProtocolVersion.TLS12 else None,
        )
    if chosen >= ProtocolVersion.TLS13 and hello.legacy_version != LEGACY_VERSION:
        raise PeerMisbehaved(Reasons.illegal_legacy_version, str(hello.legacy_version))
    return chosen
