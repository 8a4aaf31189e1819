"""The server reads the hello: which version, suite, group and name, or which retry.

One of the two places that know that there are several versions.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Any, ClassVar

from tlsee import defaults
from tlsee.codes import (
    CipherSuite,
    ExtensionType,
    NamedGroup,
    NameType,
    OpenEnum,
    ProtocolVersion,
)
from tlsee.codes12 import ECPointFormat, KeyExchangeAlgorithm
from tlsee.config import ServerConfig
from tlsee.crypto.suites12 import Suite12
from tlsee.errors import PeerIncompatible, PeerMisbehaved, Reason, Reasons
from tlsee.handshake.compose import LEGACY_VERSION, Agreement, Agreement12, Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import choose_alpn, choose_group, choose_suite, choose_version
from tlsee.handshake.negotiate12 import choose_field12, choose_group12, usable_suites
from tlsee.handshake.record_limits import limits_of_client
from tlsee.handshake.server12 import AwaitCredential as AwaitCredential12
from tlsee.handshake.server12 import choose_credential12
from tlsee.handshake.server13 import AwaitCredential, ServerBasis, choose_credential
from tlsee.keys.transcript import Transcript
from tlsee.questions import ConfigForHello
from tlsee.reasons import TOO_OLD
from tlsee.text import printable
from tlsee.trace import Choice, ExtensionsIgnored
from tlsee.values import value
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.ec_point_formats import ECPointFormats
from tlsee.wire.extensions.key_share import KeyShareClientHello
from tlsee.wire.extensions.renegotiation_info import RenegotiationInfo
from tlsee.wire.extensions.server_name import ServerNameList
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.extensions.supported_versions import SupportedVersionsClientHello
from tlsee.wire.hellos import ClientHello

COOKIE_LENGTH = 32  # bytes; unguessable, and this server keeps its state anyway


@value
class WaitClientHello(State):
    """Nothing was said yet."""

    config: ServerConfig
    composer: Composer
    rfc: ClassVar[str] = "START"
    allows_change_cipher_spec: ClassVar[bool] = False

    def on_client_hello(self, message: ClientHello, flow: Flow) -> AwaitConfig:
        """RFC 9846, 4.2.2: the hello before the configuration that answers it."""
        flow.ask(ConfigForHello(self.config, message))
        return AwaitConfig(self.composer, message)


@value
class AwaitConfig(State):
    """Which configuration serves this client?"""

    composer: Composer
    hello: ClientHello
    rfc: ClassVar[str] = "RECVD_CH"

    def on_config(
        self, answer: ServerConfig, flow: Flow
    ) -> AwaitCredential | WaitRetriedClientHello | AwaitCredential12:
        """RFC 9846, 4.2.1: the version first, then its own parameters."""
        basis = ServerBasis(answer, self.composer, self.hello)
        version = _choose_version(answer, self.hello, flow)
        ignored = tuple(kind for kind in self.hello.extensions.types if not kind.is_known)
        if ignored:
            flow.note(ExtensionsIgnored, ignored)
        if version == ProtocolVersion.TLS12:
            return _negotiate12(basis, flow)
        return _negotiate13(basis, flow)


def _negotiate13(basis: ServerBasis, flow: Flow) -> AwaitCredential | WaitRetriedClientHello:
    """Select parameters; ask for another share where ours is not there."""
    config, hello = basis.config, basis.hello
    _check_form(hello)
    suite = _tell(choose_suite(hello.cipher_suites, config.suites13), flow)
    if suite is None:
        raise _nothing_common(Reasons.no_common_suite, hello.cipher_suites, config.suites13)
    groups, shares = _groups_and_shares(hello)
    group = _tell(choose_group(groups, shares, config.group_tiers), flow)
    if group is None:
        raise _nothing_common(Reasons.no_common_group, groups, config.groups)
    agreement = Agreement(
        suite,
        group,
        _application_protocol(config, hello, flow),
        _server_name(hello),
        limits_of_client(config, hello),
    )
    hash_name = config.provider.suites[suite].hash_name
    transcript = Transcript.start(hash_name, hello.raw)
    early = hello.extensions.has(ExtensionType.early_data)
    if group in shares:
        if early:
            flow.skip_undecryptable(defaults.SKIPPED_EARLY_DATA_LIMIT)
        return choose_credential(basis, agreement, transcript, shares[group], False, flow)
    cookie = config.provider.random(COOKIE_LENGTH) if config.policy.cookie else None
    retry = basis.composer.hello_retry_request(hello, agreement, cookie)
    raw = flow.send(retry)
    if hello.legacy_session_id:
        flow.change_cipher_spec()
    if early:
        flow.skip_undecryptable(defaults.SKIPPED_EARLY_DATA_LIMIT)
    given = retry.extensions.get(Cookie)  # what the message says is what must come back
    expected = given.cookie if given is not None else None
    return WaitRetriedClientHello(basis, agreement, expected, transcript.retried().add(raw))


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
            raise _nothing_common(Reasons.no_common_group, groups, config.groups12)
        codes = tuple(config.suites12)
        raise _nothing_common(Reasons.no_common_suite, hello.cipher_suites, codes)
    formats = extensions.get(ECPointFormats)
    _check_point_formats(formats, usable)
    schemes = extensions.get(SignatureAlgorithms)
    agreement = Agreement12(
        None,
        choices,
        _application_protocol(config, hello, flow),
        _server_name(hello),
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


@value
class WaitRetriedClientHello(State):
    """A HelloRetryRequest is out."""

    basis: ServerBasis
    agreement: Agreement
    cookie: bytes | None
    transcript: Transcript
    rfc: ClassVar[str] = "START"

    def on_client_hello(self, message: ClientHello, flow: Flow) -> AwaitCredential:
        """RFC 9846, 4.2.2: the same hello, changed where it had to be and nowhere else."""
        if message.extensions.has(ExtensionType.early_data):
            raise PeerMisbehaved(Reasons.early_data_after_retry)
        cookie = message.extensions.get(Cookie)
        if self.cookie is None:
            if cookie is not None and self.basis.hello.extensions.get(Cookie) is None:
                raise PeerMisbehaved(Reasons.cookie_wrong, "none was given")
        elif cookie is None or not hmac.compare_digest(cookie.cookie, self.cookie):
            raise PeerMisbehaved(Reasons.cookie_wrong)
        _check_unchanged(self.basis.hello, message)
        _, shares = _groups_and_shares(message)
        if tuple(shares) != (self.agreement.group,):
            raise PeerMisbehaved(Reasons.retry_not_followed, str(self.agreement.group))
        basis = ServerBasis(self.basis.config, self.basis.composer, message)
        share = shares[self.agreement.group]
        transcript = self.transcript.add(message.raw)
        return choose_credential(basis, self.agreement, transcript, share, True, flow)


def _choose_version(config: ServerConfig, hello: ClientHello, flow: Flow) -> ProtocolVersion:
    """RFC 9846, 4.3.1: supported_versions decides, and its absence means 1.2 or older."""
    offered = hello.extensions.get(SupportedVersionsClientHello)
    if offered is not None:
        versions = offered.versions
    else:
        versions = (min(hello.legacy_version, ProtocolVersion.TLS12),)
    chosen: ProtocolVersion | None = _tell(choose_version(versions, config.versions), flow)
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


def _check_form(hello: ClientHello) -> None:
    """What every 1.3 hello must look like (RFC 9846, 4.2.2 and 9.2)."""
    if tuple(hello.legacy_compression_methods) != (0,):
        raise PeerMisbehaved(Reasons.illegal_compression)
    if hello.extensions.has(ExtensionType.pre_shared_key) and not hello.extensions.has(
        ExtensionType.psk_key_exchange_modes
    ):
        raise PeerMisbehaved(Reasons.psk_modes_missing)
    hello.extensions.require(SignatureAlgorithms)


def _groups_and_shares(
    hello: ClientHello,
) -> tuple[tuple[NamedGroup, ...], dict[NamedGroup, bytes]]:
    """RFC 9846, 4.3.8: no group twice, and none that supported_groups does not list."""
    groups = hello.extensions.require(SupportedGroups).named_group_list
    entries = hello.extensions.require(KeyShareClientHello).client_shares
    listed = set(groups)
    shares: dict[NamedGroup, bytes] = {}
    for entry in entries:
        if entry.group in shares:
            raise PeerMisbehaved(Reasons.duplicate_share, str(entry.group))
        if entry.group not in listed:
            raise PeerMisbehaved(Reasons.share_without_group, str(entry.group))
        shares[entry.group] = entry.key_exchange
    return groups, shares


def _application_protocol(config: ServerConfig, hello: ClientHello, flow: Flow) -> bytes | None:
    """RFC 7301, 3.2: where both sides have wishes and none in common, that is an end."""
    wishes = hello.extensions.get(ProtocolNameList)
    offered = wishes.protocol_name_list if wishes is not None else ()
    choice = choose_alpn(offered, config.alpn)
    flow.tell(choice)
    if choice.chosen is None and offered and config.alpn:
        shown = ", ".join(printable(name) for name in offered[:8])
        ours = ", ".join(printable(name) for name in config.alpn)
        raise PeerIncompatible(
            Reasons.no_application_protocol, f"the client offers {shown}; this server has {ours}"
        )
    chosen: bytes | None = choice.chosen
    return chosen


def _server_name(hello: ClientHello) -> str | None:
    """RFC 6066, 3: the host name the client asks for, in lower case."""
    names = hello.extensions.get(ServerNameList)
    if names is None:
        return None
    hosts = [name.name for name in names.server_name_list if name.name_type == NameType.host_name]
    if not hosts:
        return None
    if len(hosts) > 1:
        raise PeerMisbehaved(Reasons.illegal_value, "server_name has two host names")
    try:
        return hosts[0].decode("ascii").lower().rstrip(".")
    except UnicodeDecodeError:
        raise PeerMisbehaved(Reasons.illegal_value, "server_name is not ASCII") from None


# RFC 9846, 4.2.2: what a second hello may change.
_CHANGEABLE = frozenset(
    {
        ExtensionType.key_share,
        ExtensionType.early_data,
        ExtensionType.cookie,
        ExtensionType.pre_shared_key,
        ExtensionType.padding,
    }
)


def _check_unchanged(first: ClientHello, second: ClientHello) -> None:
    same = (
        first.legacy_version == second.legacy_version
        and first.random == second.random
        and first.legacy_session_id == second.legacy_session_id
        and first.cipher_suites == second.cipher_suites
        and first.legacy_compression_methods == second.legacy_compression_methods
    )
    if not same:
        raise PeerMisbehaved(Reasons.hello_changed, "outside its extensions")
    before, after = _fixed_extensions(first.extensions), _fixed_extensions(second.extensions)
    if before != after:
        changed = {kind for kind, _ in before ^ after}
        raise PeerMisbehaved(Reasons.hello_changed, ", ".join(sorted(map(str, changed))))


def _fixed_extensions(extensions: Extensions) -> set[tuple[ExtensionType, bytes]]:
    return {
        (kind, extensions.data_of(kind)) for kind in extensions.types if kind not in _CHANGEABLE
    }


def _tell(choice: Choice, flow: Flow) -> Any:
    flow.tell(choice)
    return choice.chosen


def _nothing_common(
    reason: Reason, offered: tuple[OpenEnum, ...], able: tuple[OpenEnum, ...]
) -> PeerIncompatible:
    theirs = ", ".join(str(item) for item in offered[:12] if not item.is_grease) or "none"
    ours = ", ".join(str(item) for item in able)
    return PeerIncompatible(reason, f"the client offers {theirs}; this server takes {ours}")
