"""The client's first words and what the server makes of them.

One of the two places that know that there are several versions: here the ServerHello decides which
one, and from then on ``client13`` (later ``client12``) is on its own.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import ExtensionType, NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig
from tlsee.crypto.suites import Suite
from tlsee.errors import PeerIncompatible, PeerMisbehaved, Reasons
from tlsee.handshake import client12_chain
from tlsee.handshake.client12_chain import Entered
from tlsee.handshake.client13 import WaitEncryptedExtensions, enter_handshake_keys
from tlsee.handshake.client13_facts import ClientBasis, Keys
from tlsee.handshake.client_offer import Beginning, Offer, Shares, fork_shares, greet, recall
from tlsee.handshake.compose import (
    DOWNGRADE_TO_OLDER,
    DOWNGRADE_TO_TLS12,
    LEGACY_VERSION,
    Composer,
)
from tlsee.handshake.flow import Flow
from tlsee.handshake.judging import ask_about_server
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import peer_chose
from tlsee.handshake.outcome import EarlyData, EarlyDataSettled
from tlsee.handshake.psk13 import Offered, OfferedPsk, offered_again, without_psks
from tlsee.handshake.session12 import key_use_of
from tlsee.identity.path.judge import KeyUse, Verdict
from tlsee.keys.transcript import Transcript
from tlsee.reasons import TOO_OLD
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.trace import Choice, Role
from tlsee.values import replace, value
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.key_share import (
    KeyShareClientHello,
    KeyShareEntry,
    KeyShareHelloRetryRequest,
    KeyShareServerHello,
)
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyServerHello
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.extensions.supported_versions import SupportedVersionsServerHello
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello


def start(
    config: ClientConfig,
    server_name: str | None,
    identity: str | None,
    composer: Composer,
    flow: Flow,
    early: int = 0,
) -> AwaitSessionVerdict | WaitServerHello:
    """START: say hello; where a session is at hand, ask first what its certificates are now."""
    beginning = Beginning(config, identity, server_name, composer, early)
    session = recall(beginning)
    if session is None or not session.peer_chain:
        basis, offer = greet(beginning, session, None, flow)
        return WaitServerHello(basis, (offer,))
    older = config.suites12.get(session.suite)
    use = key_use_of(older) if older is not None else KeyUse.SIGNING
    ask_about_server(config, session.peer_chain, identity, flow, use=use)
    return AwaitSessionVerdict(beginning, session)


@value
class AwaitSessionVerdict(State):
    """The judge looks again at the chain with which the session began.

    Who is not believed any more is asked for a certificate anew: a full handshake follows.
    """

    beginning: Beginning
    session: Session
    rfc: ClassVar[str] = "START"

    def on_verdict(self, answer: Verdict, flow: Flow) -> WaitServerHello:
        """Offer the session, or forget it."""
        config = self.beginning.config
        believed = answer.accepted or config.trust.insecure
        session = self.session if believed else None
        if session is None:
            rule = "its certificates are not believed any more"
            flow.tell(Choice("session", (self.session,), (), None, rule, Role.CLIENT))
        basis, offer = greet(self.beginning, session, answer, flow)
        return WaitServerHello(basis, (offer,))


@value
class WaitServerHello(State):
    """The hello is out.

    ``dummy``: 1.3's change_cipher_spec came, which 1.2 does not know.
    """

    basis: ClientBasis
    offers: tuple[Offer, ...]
    dummy: bool = False
    rfc: ClassVar[str] = "WAIT_SH"

    def fork(self) -> WaitServerHello:
        """Shares are used once, so each copy has its own."""
        offers = tuple(replace(offer, shares=fork_shares(offer.shares)) for offer in self.offers)
        return replace(self, offers=offers)

    def after_dummy(self) -> WaitServerHello:
        """RFC 9846, 5 drops it; RFC 5246, 7.1 has no place for it before the keys are agreed on."""
        if ProtocolVersion.TLS13 not in self.basis.config.versions:
            raise PeerMisbehaved(Reasons.bad_change_cipher_spec, "before ServerHello")
        return replace(self, dummy=True)

    def on_hello_retry_request(self, message: HelloRetryRequest, flow: Flow) -> WaitRetriedHello:
        """RFC 9846, 4.2.4: the server wants another share, or its cookie back."""
        offer = self.offers[0]
        suite = check_hello(self.basis, offer.hello, message)
        group = _check_retry(offer.hello, message.extensions)
        shares = offer.shares
        if offer.early:
            flow.unprotect()
            flow.tell(EarlyDataSettled(False))
        entry = None
        if group is not None:
            share = self.basis.config.provider.groups[group].generate()
            shares = {group: share}
            entry = KeyShareEntry(group, share.public)
        composer = self.basis.composer
        transcript = Transcript.start(suite.hash_name, offer.raw).retried().add(message.raw)
        first = without_psks(offer.hello) if offer.psks else offer.hello
        hello = composer.second_client_hello(first, message, entry)
        psks = offered_again(offer.psks, suite.hash_name, self.basis.config)
        if psks:
            hello = composer.offer_psks(hello, psks, False, lambda _: transcript)
        if not offer.early:  # with early data it was sent right behind the first hello
            flow.change_cipher_spec()
        raw = flow.send(hello)
        basis = replace(self.basis, hello=hello)
        return WaitRetriedHello(basis, shares, psks, offer.early, suite, group, transcript.add(raw))

    def on_server_hello(
        self, message: ServerHello, flow: Flow
    ) -> WaitEncryptedExtensions | Entered:
        """RFC 9846, 4.2.3: version, suite and group are settled, the secret can be computed."""
        offer = self.offers[0]
        if not message.extensions.has(ExtensionType.supported_versions):
            check_older(self.basis, message)
            if offer.early:
                raise PeerIncompatible(Reasons.older_after_early_data)
            check_solicited(offer.hello, message.extensions)
            if self.dummy:
                raise PeerMisbehaved(
                    Reasons.bad_change_cipher_spec, "before a ServerHello of TLS 1.2"
                )
            return client12_chain.enter(self.basis, offer.raw, message, flow)
        suite = check_hello(self.basis, offer.hello, message)
        transcript = Transcript.start(suite.hash_name, offer.raw).add(message.raw)
        if not offer.early:
            flow.change_cipher_spec()
        return _agree(self.basis, offer, suite, transcript, message, False, flow)


@value
class WaitRetriedHello(State):
    """The second hello is out; a second HelloRetryRequest has no place here."""

    basis: ClientBasis
    shares: Shares
    psks: Offered
    was_early: bool
    suite: Suite
    group: NamedGroup | None
    transcript: Transcript
    rfc: ClassVar[str] = "WAIT_SH"

    def fork(self) -> WaitRetriedHello:
        """Shares are used once, so each copy has its own."""
        return replace(self, shares=fork_shares(self.shares))

    def on_server_hello(self, message: ServerHello, flow: Flow) -> WaitEncryptedExtensions:
        """The same checks, and that the server keeps its word of the HelloRetryRequest."""
        if not message.extensions.has(ExtensionType.supported_versions):
            check_older(self.basis, message)
            raise PeerMisbehaved(
                Reasons.version_not_offered, "TLS 1.2 behind a HelloRetryRequest of TLS 1.3"
            )
        suite = check_hello(self.basis, self.basis.hello, message)
        if suite.code != self.suite.code:
            raise PeerMisbehaved(Reasons.suite_changed, f"{self.suite.code}, then {suite.code}")
        share = message.extensions.get(KeyShareServerHello)
        if self.group is not None and share is not None and share.server_share.group != self.group:
            raise PeerMisbehaved(
                Reasons.group_changed, f"{self.group}, then {share.server_share.group}"
            )
        transcript = self.transcript.add(message.raw)
        offer = Offer(self.basis.hello, b"", self.shares, self.psks, False)
        agreed = _agree(self.basis, offer, suite, transcript, message, True, flow)
        if not self.was_early:
            return agreed
        return replace(agreed, session=replace(agreed.session, early_data=EarlyData.REFUSED))


def check_hello(
    basis: ClientBasis, hello: ClientHello, message: ServerHello | HelloRetryRequest
) -> Suite:
    """What ServerHello and HelloRetryRequest have in common (RFC 9846, 4.2.3); gives the suite."""
    selected = message.extensions.get(SupportedVersionsServerHello)
    if selected is None:
        raise PeerMisbehaved(Reasons.missing_extension, "no supported_versions")
    version = selected.selected_version
    if version not in basis.config.versions or version < ProtocolVersion.TLS13:
        raise PeerMisbehaved(Reasons.version_not_offered, version.label)
    if message.legacy_version != LEGACY_VERSION:
        raise PeerMisbehaved(Reasons.illegal_legacy_version, str(message.legacy_version))
    if message.legacy_session_id_echo != hello.legacy_session_id:
        raise PeerMisbehaved(Reasons.session_id_not_echoed)
    if message.legacy_compression_method != 0:
        raise PeerMisbehaved(
            Reasons.illegal_compression, f"method {message.legacy_compression_method}"
        )
    if message.cipher_suite not in basis.config.suites13:
        raise PeerMisbehaved(Reasons.suite_not_offered, str(message.cipher_suite))
    check_solicited(hello, message.extensions, also=(ExtensionType.cookie,))
    return basis.config.provider.suites[message.cipher_suite]


def check_solicited(
    hello: ClientHello, extensions: Extensions, also: tuple[ExtensionType, ...] = ()
) -> None:
    """RFC 9846, 4.3: an answer needs a question; and GREASE is nothing to answer (RFC 8701, 3)."""
    for kind in extensions.types:
        if kind in also:
            continue
        if kind.is_grease or not hello.extensions.has(kind):
            raise PeerMisbehaved(Reasons.unsolicited_extension, str(kind))


def check_older(basis: ClientBasis, message: ServerHello) -> None:
    """No supported_versions: the server chose 1.2 or older, or was made to (RFC 9846, 4.2.3).

    Raises:
        PeerMisbehaved: a downgrade.
        PeerIncompatible: we do not speak what it chose.
    """
    if ProtocolVersion.TLS13 in basis.config.versions and message.random[-8:] in (
        DOWNGRADE_TO_TLS12,
        DOWNGRADE_TO_OLDER,
    ):
        raise PeerMisbehaved(Reasons.downgrade, f"it answered {message.legacy_version.label}")
    if message.legacy_version not in basis.config.versions:
        ours = ", ".join(version.label for version in basis.config.versions)
        raise PeerIncompatible(
            Reasons.version_too_old,
            f"the server chose {message.legacy_version.label}, this client speaks {ours}",
            fix=TOO_OLD if message.legacy_version < ProtocolVersion.TLS12 else None,
        )
    if message.legacy_version != ProtocolVersion.TLS12:
        raise PeerMisbehaved(Reasons.missing_extension, "ServerHello without supported_versions")


def _check_retry(hello: ClientHello, extensions: Extensions) -> NamedGroup | None:
    """RFC 9846, 4.2.4 and 4.3.8: it must change something, and only what it may.

    Gives the group to send a share of, or ``None`` where only the cookie is asked back.
    """
    wanted = extensions.get(KeyShareHelloRetryRequest)
    if wanted is None:
        if extensions.get(Cookie) is None:
            raise PeerMisbehaved(Reasons.retry_changes_nothing)
        return None
    group = wanted.selected_group
    sent = hello.extensions.require(KeyShareClientHello)
    if any(entry.group == group for entry in sent.client_shares):
        raise PeerMisbehaved(Reasons.group_already_shared, str(group))
    if group.is_grease or group not in _offered_groups(hello):
        raise PeerMisbehaved(Reasons.group_not_offered, str(group))
    return group


def _offered_groups(hello: ClientHello) -> tuple[NamedGroup, ...]:
    return hello.extensions.require(SupportedGroups).named_group_list


def _agree(
    basis: ClientBasis,
    offer: Offer,
    suite: Suite,
    transcript: Transcript,
    message: ServerHello,
    retried: bool,
    flow: Flow,
) -> WaitEncryptedExtensions:
    """The key exchange: the server's share must answer one of ours, its key be one of ours."""
    psk = _selected(offer.psks, suite, message)
    version = message.extensions.require(SupportedVersionsServerHello).selected_version
    flow.tell(peer_chose("version", basis.config.versions, version))
    flow.tell(peer_chose("suite", basis.config.suites, suite.code))
    if offer.psks:
        sources = tuple(offered.source for offered in offer.psks)
        flow.tell(peer_chose("session", sources, psk.source if psk is not None else None))
    group, shared_secret = _exchange(basis, offer.shares, psk, message)
    if group is not None:
        flow.tell(peer_chose("group", basis.config.groups, group))
    early = offer.early and psk is not None and psk is offer.psks[0]
    if offer.early and not early:
        flow.tell(EarlyDataSettled(False))
    keys = Keys(suite, group, shared_secret, psk, early, _beside(psk, group, message))
    return enter_handshake_keys(basis, keys, transcript, retried, offer.early, flow)


def _selected(psks: Offered, suite: Suite, message: ServerHello) -> OfferedPsk | None:
    """RFC 9846, 4.3.11: which of our keys the server took, if any."""
    answer = message.extensions.get(PreSharedKeyServerHello)
    if answer is None:
        return None
    if not psks:
        raise PeerMisbehaved(Reasons.psk_not_offered)
    index = answer.selected_identity
    if index >= len(psks):
        raise PeerMisbehaved(Reasons.psk_index_too_large, f"{index} of {len(psks)}")
    if psks[index].hash_name != suite.hash_name:
        raise PeerMisbehaved(Reasons.psk_hash_differs, f"{suite.code}")
    return psks[index]


def _beside(
    psk: OfferedPsk | None, group: NamedGroup | None, message: ServerHello
) -> ExternalPsk | None:
    """RFC 9973, 5.1: the external key that counts together with the server's certificate."""
    if not message.extensions.has(ExtensionType.tls_cert_with_extern_psk):
        return None
    source = psk.source if psk is not None else None
    if not isinstance(source, ExternalPsk) or group is None:
        raise PeerMisbehaved(Reasons.extern_psk_misused, "in ServerHello")
    return source


def _exchange(
    basis: ClientBasis, shares: Shares, psk: OfferedPsk | None, message: ServerHello
) -> tuple[NamedGroup | None, bytes]:
    """The group and the shared secret; neither with a key that stands alone (psk_ke)."""
    answer = message.extensions.get(KeyShareServerHello)
    if answer is None:
        if psk is None or not basis.config.policy.legacy_psk_alone:
            message.extensions.require(KeyShareServerHello)
        return None, b""
    entry = answer.server_share
    share = shares.get(entry.group)
    if share is None:
        offered = entry.group in _offered_groups(basis.hello) and not entry.group.is_grease
        reason = Reasons.share_not_sent if offered else Reasons.group_not_offered
        raise PeerMisbehaved(reason, str(entry.group))
    return entry.group, share.finish(entry.key_exchange)
