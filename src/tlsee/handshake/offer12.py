"""The server weighs a hello of TLS 1.2: a session that it knows, or a key exchange."""

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
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.compose import Agreement12
from tlsee.handshake.flow import Flow
from tlsee.handshake.hello_facts import (
    application_protocol,
    bound_elsewhere,
    nothing_common,
    server_name,
)
from tlsee.handshake.judging import ask_about_client
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate12 import choose_field12, choose_group12, usable_suites
from tlsee.handshake.record_limits import limits_of_client
from tlsee.handshake.server12 import AwaitCredential, choose_credential12
from tlsee.handshake.server12_resumed import WaitResumedChangeCipherSpec, resume
from tlsee.handshake.server13 import ServerBasis
from tlsee.identity.path.judge import Verdict
from tlsee.questions import FindSession
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.trace import CertificateJudged, Choice, Role
from tlsee.values import value
from tlsee.wire.extensions.ec_point_formats import ECPointFormats
from tlsee.wire.extensions.renegotiation_info import RenegotiationInfo
from tlsee.wire.extensions.session_ticket import SessionTicket12
from tlsee.wire.extensions.signature_algorithms import SignatureAlgorithms
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.hellos import ClientHello


def negotiate12(basis: ServerBasis, flow: Flow) -> AwaitSession | AwaitCredential:
    """RFC 5246, 7.4.1: a session if the client shows one and it fits, else all of it anew."""
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
    shown = _shown(config, hello)
    if shown:
        flow.ask(FindSession((shown,), config.provider.now(), config))
        return AwaitSession(basis, extended)
    return _begin(basis, extended, flow)


def _shown(config: ServerConfig, hello: ClientHello) -> bytes:
    """The ticket or the session id that names a session; a client of 1.3 draws the latter."""
    if config.sessions is None:
        return b""
    ticket = hello.extensions.get(SessionTicket12)
    if ticket is not None and ticket.ticket:
        return ticket.ticket
    return hello.legacy_session_id if config.sessions.keeps_ids else b""


@value
class AwaitSession(State):
    """What is behind the ticket, or the session id?"""

    basis: ServerBasis
    extended: bool
    rfc: ClassVar[str] = "1.2 NEGOTIATED"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_session(
        self, answer: tuple[Session | ExternalPsk | None, ...], flow: Flow
    ) -> AwaitSessionVerdict | AwaitCredential | WaitResumedChangeCipherSpec:
        """RFC 5246, 7.4.1.3; what does not fit leads to a full handshake."""
        session = answer[0]
        known = session if isinstance(session, Session) else None
        why = self._unfit(known) if known is not None else "none is known here"
        chosen = None if why else known
        sources = (known,) if known is not None else ()
        flow.tell(Choice("session", (True,), sources, chosen, why or "it fits", Role.SERVER))
        if chosen is None:
            return _begin(self.basis, self.extended, flow)
        trust = self.basis.config.client_trust
        if not chosen.peer_chain or trust is None:
            return resume(self.basis, chosen, None, flow)
        ask_about_client(self.basis.config, trust, chosen.peer_chain, flow)
        return AwaitSessionVerdict(self.basis, self.extended, chosen)

    def _unfit(self, session: Session) -> str:
        config, hello = self.basis.config, self.basis.hello
        suite = config.suites12.get(session.suite)
        if session.version != ProtocolVersion.TLS12:
            return f"it is of {session.version.label}"
        if suite is None or session.suite not in hello.cipher_suites:
            return "its suite is not common"
        late_mac = hello.extensions.has(ExtensionType.encrypt_then_mac)
        if not (suite.is_aead or late_mac or config.policy.allow_mac_then_encrypt):
            return "its suite needs encrypt_then_mac"
        if session.extended_main_secret and not self.extended:
            raise PeerMisbehaved(Reasons.session_lost_its_hash)
        if self.extended and not session.extended_main_secret:
            return "it has no extended_main_secret, and the hello has"
        return bound_elsewhere(config, hello, session)


@value
class AwaitSessionVerdict(State):
    """The judge looks again at the chain with which the client began the session."""

    basis: ServerBasis
    extended: bool
    session: Session
    rfc: ClassVar[str] = "1.2 NEGOTIATED"
    allows_change_cipher_spec: ClassVar[bool] = False
    ignores_warnings: ClassVar[bool] = True

    def on_verdict(
        self, answer: Verdict, flow: Flow
    ) -> AwaitCredential | WaitResumedChangeCipherSpec:
        """Who is not believed any more has to prove itself anew."""
        flow.tell(CertificateJudged(answer))
        trust = self.basis.config.client_trust
        if answer.accepted or (trust is not None and trust.insecure):
            return resume(self.basis, self.session, answer, flow)
        return _begin(self.basis, self.extended, flow)


def _begin(basis: ServerBasis, extended: bool, flow: Flow) -> AwaitCredential:
    """A full handshake: extensions settle the group, the certificate will settle the suite."""
    config, hello = basis.config, basis.hello
    extensions = hello.extensions
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
