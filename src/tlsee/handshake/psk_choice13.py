"""Which of a client's pre-shared keys a server takes (RFC 9846, 4.3.11)."""

from __future__ import annotations

from tlsee.codes import ProtocolVersion, PskKeyExchangeMode
from tlsee.config import ServerConfig
from tlsee.crypto.suites import Suite
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake.compose import Agreement
from tlsee.handshake.flow import Flow
from tlsee.handshake.hello_facts import bound_elsewhere
from tlsee.handshake.psk13 import SelectedPsk, Source, check_binder, hash_of, wants_certificates_too
from tlsee.handshake.reflections import REFLECTIONS
from tlsee.handshake.server13 import ServerBasis
from tlsee.handshake.tickets13 import external_key_stays
from tlsee.keys.transcript import Transcript
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.trace import Choice, Role
from tlsee.values import value
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello
from tlsee.wire.extensions.psk_key_exchange_modes import PskKeyExchangeModes
from tlsee.wire.hellos import ClientHello


@value
class Retry:
    """A HelloRetryRequest is out: what it settled, and the transcript up to it.

    ``was_early``: early data came with the first hello, and was refused.
    """

    agreement: Agreement
    transcript: Transcript
    was_early: bool


@value
class Opening:
    """A hello to be weighed; ``retry`` is ``None`` for the first."""

    basis: ServerBasis
    retry: Retry | None

    def before(self, hash_name: str) -> Transcript:
        """The transcript in front of this hello."""
        return self.retry.transcript if self.retry is not None else Transcript.start(hash_name)


def select(
    opening: Opening,
    offered: PreSharedKeyClientHello,
    found: tuple[Source | None, ...],
    flow: Flow,
) -> SelectedPsk | None:
    """The first key that fits this hello and this configuration, with its binder checked.

    Raises:
        PeerMisbehaved: ``bad_binder``, ``own_hello``, or ``extern_psk_misused``.
    """
    basis = opening.basis
    if wants_certificates_too(basis.hello) and any(isinstance(one, Session) for one in found):
        raise PeerMisbehaved(Reasons.extern_psk_misused, "a session is offered")
    losers: list[str] = []
    selected = None
    for index, source in enumerate(found):
        if source is None:
            continue
        why = _unfit(opening, source)
        if why:
            losers.append(f"identity {index + 1}: {why}")
            continue
        suite = suites_for(opening, source)[0]
        selected = check_binder(basis.hello, offered, index, source, suite, opening.before)
        if isinstance(source, ExternalPsk):
            _check_not_ours(basis)
        break
    sources = tuple(source for source in found if source is not None)
    names = tuple(item.identity for item in offered.identities)
    rule = "; ".join(losers) or ("the first that fits" if selected else "none is known here")
    chosen = selected.source if selected is not None else None
    flow.tell(Choice("session", names, sources, chosen, rule, Role.SERVER))
    return selected


def _check_not_ours(basis: ServerBasis) -> None:
    """RFC 9257, 4.1: with one key in both roles our own hello would be a good one."""
    if basis.hello.random in REFLECTIONS and not basis.config.insecure_accept_own_hellos:
        raise PeerMisbehaved(
            Reasons.own_hello,
            fix="a client in this process has the same key: give the two directions one each, or "
            "in a test ServerConfig(insecure_accept_own_hellos=True)",
        )


def _unfit(opening: Opening, source: Source) -> str:
    """Why a key cannot be used for this hello; empty if it can.

    A session is bound to the name, the protocol and the client that it began with: a ticket taken
    elsewhere leads to a full handshake, and no further.
    """
    config, hello = opening.basis.config, opening.basis.hello
    if not suites_for(opening, source):
        return "no common suite has its hash"
    if not modes(config, hello, opening.retry):
        return "no common way to use it"
    if isinstance(source, ExternalPsk):
        required = config.client_auth == "required" and not certificates_too(config, hello)
        return "a certificate of the client is required, and it has none" if required else ""
    if source.version != ProtocolVersion.TLS13:
        return f"it is of {source.version.label}"
    if not external_key_stays(source, config):
        return "it descends from an external key that is gone"
    return bound_elsewhere(config, hello, source)


def certificates_too(config: ServerConfig, hello: ClientHello) -> bool:
    """Whether certificates count beside an external key here: both want it (RFC 9973, 5)."""
    return (
        wants_certificates_too(hello)
        and bool(config.credential_index.credentials)
        and PskKeyExchangeMode.psk_dhe_ke in hello.extensions.require(PskKeyExchangeModes).ke_modes
    )


def suites_for(opening: Opening, source: Source) -> tuple[Suite, ...]:
    """The suites that both have and that go with a key's hash."""
    config, hello = opening.basis.config, opening.basis.hello
    rows = config.provider.suites
    hash_name = hash_of(source, rows)
    offered = set(hello.cipher_suites)
    able = config.suites13 if opening.retry is None else (opening.retry.agreement.suite,)
    found = (rows[suite] for suite in able if suite in offered)
    return tuple(row for row in found if row.hash_name == hash_name)


def modes(
    config: ServerConfig, hello: ClientHello, retry: Retry | None = None
) -> tuple[PskKeyExchangeMode, ...]:
    """How a key may be used: beside a key exchange, or where a policy says so, alone.

    A HelloRetryRequest has settled already that there is a key exchange.
    """
    offered = hello.extensions.require(PskKeyExchangeModes).ke_modes
    able = [PskKeyExchangeMode.psk_dhe_ke]
    if config.policy.legacy_psk_alone and retry is None:
        able.append(PskKeyExchangeMode.psk_ke)
    return tuple(mode for mode in able if mode in offered)
