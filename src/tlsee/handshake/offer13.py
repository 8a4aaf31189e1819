"""The server weighs a hello of TLS 1.3: suite, group, pre-shared key, or another share.

Downwards in the order of the decisions (RFC 9846, 4.2.1): what is behind the identities that the
client shows, whether a binder proves one of them, suite and group, then whether who began the
session is still believed, and whether its early data is new.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import ClassVar

from tlsee import defaults
from tlsee.codes import ExtensionType, NamedGroup, PskKeyExchangeMode
from tlsee.config import ServerConfig
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.compose import Agreement
from tlsee.handshake.flow import Flow
from tlsee.handshake.hello_facts import application_protocol, nothing_common, server_name, told
from tlsee.handshake.hello_form13 import check_form, check_unchanged, groups_and_shares
from tlsee.handshake.judging import ask_about_client
from tlsee.handshake.machine import State
from tlsee.handshake.negotiate import choose_group, choose_suite
from tlsee.handshake.psk13 import (
    SelectedPsk,
    Source,
    check_offer,
    early_limit,
    expected_arrival,
)
from tlsee.handshake.psk_choice13 import (
    Opening,
    Retry,
    certificates_too,
    modes,
    select,
    suites_for,
)
from tlsee.handshake.record_limits import limits_of_client
from tlsee.handshake.server13 import ServerBasis, Terms, WaitEndOfEarlyData, WaitFinished
from tlsee.handshake.server13_flight import AwaitCredential, choose_credential, resume
from tlsee.identity.path.judge import Verdict
from tlsee.keys.transcript import Transcript
from tlsee.questions import FindSession, IsReplay
from tlsee.sessions.bounds import FRESHNESS_WINDOW
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.trace import CertificateJudged, Choice, Role
from tlsee.values import replace, value
from tlsee.wire.extensions.cookie import Cookie
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello
from tlsee.wire.hellos import ClientHello

COOKIE_LENGTH = 32  # bytes; unguessable, and this server keeps its state anyway


def negotiate13(basis: ServerBasis, flow: Flow) -> AwaitSession | Next:
    """RFC 9846, 4.2.1: first what the client's pre-shared keys are, if it shows any."""
    check_form(basis.hello)
    opening = Opening(basis, None)
    offered = _ask(opening, flow)
    return AwaitSession(opening, offered) if offered is not None else _settle(opening, None, flow)


def _ask(opening: Opening, flow: Flow) -> PreSharedKeyClientHello | None:
    """Ask for what is behind the client's identities; ``None`` where there is nothing to ask."""
    config = opening.basis.config
    offered = opening.basis.hello.extensions.get(PreSharedKeyClientHello)
    if offered is None:
        return None
    check_offer(offered)
    if config.sessions is None and not config.psks:
        return None
    identities = tuple(item.identity for item in offered.identities)
    flow.ask(FindSession(identities, config.provider.now(), config))
    return offered


@value
class AwaitSession(State):
    """What is behind the identities?"""

    opening: Opening
    offered: PreSharedKeyClientHello
    rfc: ClassVar[str] = "RECVD_CH"

    def on_session(self, answer: tuple[Source | None, ...], flow: Flow) -> Next:
        """RFC 9846, 4.3.11: the first that fits; its binder is right, or all ends here."""
        return _settle(self.opening, select(self.opening, self.offered, answer, flow), flow)


def _settle(opening: Opening, psk: SelectedPsk | None, flow: Flow) -> Next:
    """Suite and group; ask for another share where ours is not there."""
    basis = opening.basis
    config, hello = basis.config, basis.hello
    suites = config.suites13
    if psk is not None:
        suites = tuple(row.code for row in suites_for(opening, psk.source))
    suite = told(choose_suite(hello.cipher_suites, suites), flow)
    if suite is None:
        raise nothing_common(Reasons.no_common_suite, hello.cipher_suites, config.suites13)
    alone = psk is not None and PskKeyExchangeMode.psk_dhe_ke not in modes(config, hello)
    group, share = (None, b"") if alone else _group_and_share(config, hello, flow)
    agreement = Agreement(
        suite,
        group,
        application_protocol(config, hello, flow),
        server_name(hello),
        limits_of_client(config, hello),
    )
    if share is None:
        return _retry(basis, agreement, flow)
    return _proceed(opening, agreement, share, psk, flow)


def _group_and_share(
    config: ServerConfig, hello: ClientHello, flow: Flow
) -> tuple[NamedGroup, bytes | None]:
    """The group, and the client's share of it, if it is there already."""
    groups, shares = groups_and_shares(hello)
    group: NamedGroup | None = told(choose_group(groups, shares, config.group_tiers), flow)
    if group is None:
        raise nothing_common(Reasons.no_common_group, groups, config.groups)
    return group, shares.get(group)


def _retry(basis: ServerBasis, agreement: Agreement, flow: Flow) -> WaitRetriedClientHello:
    """RFC 9846, 4.2.4. Early data is refused with it."""
    config, hello = basis.config, basis.hello
    hash_name = config.provider.suites[agreement.suite].hash_name
    cookie = config.provider.random(COOKIE_LENGTH, "cookie") if config.policy.cookie else None
    retry = basis.composer.hello_retry_request(hello, agreement, cookie)
    raw = flow.send(retry)
    if hello.legacy_session_id:
        flow.change_cipher_spec()
    if _says_early(hello):
        flow.skip_undecryptable(skipped_limit(config))
    given = retry.extensions.get(Cookie)  # what the message says is what must come back
    expected = given.cookie if given is not None else None
    transcript = Transcript.start(hash_name, hello.raw).retried().add(raw)
    return WaitRetriedClientHello(basis, agreement, expected, transcript)


def skipped_limit(config: ServerConfig) -> int:
    """How many bytes of refused early data are passed over, records' headers and tags included."""
    return max(defaults.SKIPPED_EARLY_DATA_LIMIT, 2 * config.early_data)


@value
class WaitRetriedClientHello(State):
    """A HelloRetryRequest is out."""

    basis: ServerBasis
    agreement: Agreement
    cookie: bytes | None
    transcript: Transcript
    rfc: ClassVar[str] = "START"

    def on_client_hello(self, message: ClientHello, flow: Flow) -> AwaitRetriedSession | Weighed:
        """RFC 9846, 4.2.2: the same hello, changed where it had to be and nowhere else."""
        if _says_early(message):
            raise PeerMisbehaved(Reasons.early_data_after_retry)
        cookie = message.extensions.get(Cookie)
        if self.cookie is None:
            if cookie is not None and self.basis.hello.extensions.get(Cookie) is None:
                raise PeerMisbehaved(Reasons.cookie_wrong, "none was given")
        elif cookie is None or not hmac.compare_digest(cookie.cookie, self.cookie):
            raise PeerMisbehaved(Reasons.cookie_wrong)
        check_unchanged(self.basis.hello, message)
        _, shares = groups_and_shares(message)
        group = self.agreement.group
        if group is None or tuple(shares) != (group,):
            raise PeerMisbehaved(Reasons.retry_not_followed, str(self.agreement.group))
        basis = ServerBasis(self.basis.config, self.basis.composer, message)
        was_early = _says_early(self.basis.hello)
        opening = Opening(basis, Retry(self.agreement, self.transcript, was_early))
        offered = _ask(opening, flow)
        if offered is not None:
            return AwaitRetriedSession(opening, self.agreement, shares[group], offered)
        return _proceed(opening, self.agreement, shares[group], None, flow)


@value
class AwaitRetriedSession(State):
    """What is behind the identities of the second hello?"""

    opening: Opening
    agreement: Agreement
    client_share: bytes
    offered: PreSharedKeyClientHello
    rfc: ClassVar[str] = "RECVD_CH"

    def on_session(self, answer: tuple[Source | None, ...], flow: Flow) -> Weighed:
        """The same search and the same check, over the transcript with the retry in it."""
        psk = select(self.opening, self.offered, answer, flow)
        return _proceed(self.opening, self.agreement, self.client_share, psk, flow)


# ---- With a key ----------------------------------------------------------------------------------


def _proceed(
    opening: Opening,
    agreement: Agreement,
    share: bytes,
    psk: SelectedPsk | None,
    flow: Flow,
) -> Weighed:
    """Everything is settled but who proves what."""
    basis = opening.basis
    hash_name = basis.config.provider.suites[agreement.suite].hash_name
    transcript = opening.before(hash_name).add(basis.hello.raw)
    retry = opening.retry
    was_early = retry.was_early if retry is not None else _says_early(basis.hello)
    terms = Terms(basis, agreement, transcript, share, retry is not None, was_early, psk)
    if psk is None:
        _refuse_early(terms, flow)
        return choose_credential(terms, flow)
    if isinstance(psk.source, ExternalPsk) and certificates_too(basis.config, basis.hello):
        _refuse_early(terms, flow)
        return choose_credential(
            replace(terms, agreement=replace(agreement, beside_psk=True)), flow
        )
    chain = psk.source.peer_chain if isinstance(psk.source, Session) else ()
    trust = basis.config.client_trust
    if not chain or trust is None:
        return _weigh_early(terms, flow)
    ask_about_client(basis.config, trust, chain, flow)
    return AwaitSessionVerdict(terms)


@value
class AwaitSessionVerdict(State):
    """The judge looks again at the chain with which the client began the session."""

    terms: Terms
    rfc: ClassVar[str] = "RECVD_CH"

    def on_verdict(
        self, answer: Verdict, flow: Flow
    ) -> AwaitCredential | Resumed | WaitRetriedClientHello:
        """Who is not believed any more has to prove itself anew: a full handshake follows.

        Where the key was to stand alone (psk_ke) that one needs a key exchange first.
        """
        flow.tell(CertificateJudged(answer))
        trust = self.terms.basis.config.client_trust
        if answer.accepted or (trust is not None and trust.insecure):
            return _weigh_early(replace(self.terms, verdict=answer), flow)
        terms = replace(self.terms, psk=None)
        if terms.agreement.group is None:
            group, share = _group_and_share(terms.basis.config, terms.basis.hello, flow)
            agreement = replace(terms.agreement, group=group)
            if share is None:
                return _retry(terms.basis, agreement, flow)
            terms = replace(terms, agreement=agreement, client_share=share)
        _refuse_early(terms, flow)
        return choose_credential(terms, flow)


def _weigh_early(terms: Terms, flow: Flow) -> Resumed:
    """Early data that could be taken has to be new; any other is refused."""
    psk, config = terms.psk, terms.basis.config
    if not _says_early(terms.basis.hello):
        return resume(terms, flow)
    now = config.provider.now()
    why = _not_early(terms, now)
    if why or psk is None or config.sessions is None:
        flow.tell(Choice("early_data", (True,), (), False, why, Role.SERVER))
        _refuse_early(terms, flow)
        return resume(terms, flow)
    # The ticket names it, so that one ticket brings early data once; until the hello is stale.
    token = sha256(psk.identity.identity).digest()
    until = expected_arrival(psk) + FRESHNESS_WINDOW
    flow.ask(IsReplay(token, until, now, config.sessions))
    return AwaitReplay(terms)


def _not_early(terms: Terms, now: float) -> str:
    """RFC 9846, 4.3.10 and 8: why early data is refused before anybody is asked; empty if not."""
    config, psk = terms.basis.config, terms.psk
    if not config.early_data or config.sessions is None:
        return "this server takes none"
    if psk is None or psk.index or terms.retried:
        return "it goes with the first key of a first hello alone"
    if not early_limit(psk.source):
        return "the key allows none"
    if isinstance(psk.source, ExternalPsk):
        return "an external key has no ticket that could be used once"
    if psk.source.suite != terms.agreement.suite:
        return "the suite is another"
    if abs(now - expected_arrival(psk)) > FRESHNESS_WINDOW:
        return "the ticket's age does not fit: the hello is not fresh"
    return ""


@value
class AwaitReplay(State):
    """Has this early data come before, here or at any server that shares the memory?"""

    terms: Terms
    rfc: ClassVar[str] = "NEGOTIATED"

    def on_replay(self, answer: bool, flow: Flow) -> WaitFinished | WaitEndOfEarlyData:
        """A replay is refused as early data; the handshake itself cannot be replayed."""
        why = "it may have come before" if answer else "fresh, and never seen before"
        flow.tell(Choice("early_data", (True,), (True,), not answer, why, Role.SERVER))
        if answer:
            _refuse_early(self.terms, flow)
            return resume(self.terms, flow)
        return resume(replace(self.terms, early=True), flow)


def _says_early(hello: ClientHello) -> bool:
    return hello.extensions.has(ExtensionType.early_data)


def _refuse_early(terms: Terms, flow: Flow) -> None:
    if _says_early(terms.basis.hello):
        flow.skip_undecryptable(skipped_limit(terms.basis.config))


# Where a hello may lead: to a proof by certificate, to one by a key, or to another hello.
Resumed = AwaitReplay | WaitFinished | WaitEndOfEarlyData
Weighed = AwaitCredential | AwaitSessionVerdict | Resumed
Next = Weighed | WaitRetriedClientHello
