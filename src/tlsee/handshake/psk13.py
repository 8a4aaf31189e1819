"""Pre-shared keys in TLS 1.3: what a client offers, and what a server takes (RFC 9846, 4.3.11).

A binder is an HMAC, under a key that comes from the pre-shared key, over the hello up to the
binders. So it proves that whoever says the name of a key has the key, and ties it to this hello.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import ClassVar

from tlsee.codes import CipherSuite, ExtensionType, PskKeyExchangeMode
from tlsee.config import ClientConfig
from tlsee.crypto.suites import Suite
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.identity.path.judge import Verdict
from tlsee.keys.schedule13 import EarlyStage
from tlsee.keys.transcript import Transcript
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.values import replace, value
from tlsee.wire.codec import encode
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.extensions.early_data import EarlyDataIndication
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello, PskIdentity
from tlsee.wire.extensions.psk_key_exchange_modes import PskKeyExchangeModes
from tlsee.wire.extensions.tls_cert_with_extern_psk import TLSCertWithExternPSK
from tlsee.wire.hellos import ClientHello

Source = Session | ExternalPsk
Before = Callable[[str], Transcript]  # the transcript in front of a hello, by the hash's name

_AGES = 1 << 32  # obfuscated_ticket_age is modulo this, in milliseconds


def hash_of(source: Source, suites: Mapping[CipherSuite, Suite]) -> str:
    """The hash that a pre-shared key belongs to; empty for a suite that is not known here."""
    if isinstance(source, ExternalPsk):
        return source.hash_name
    row = suites.get(source.suite)
    return row.hash_name if row is not None else ""


def early_stage(source: Source, suite: Suite) -> EarlyStage:
    """The key schedule's first stage with this key."""
    key = source.key if isinstance(source, ExternalPsk) else source.secret
    return EarlyStage.start(suite, key)


def binder_label(source: Source) -> bytes:
    """Which kind of key a binder says it is (RFC 9846, 7.1; RFC 9258, 5.2)."""
    return source.binder_label if isinstance(source, ExternalPsk) else b"res binder"


def early_limit(source: Source) -> int:
    """How many bytes may come early under this key."""
    return source.early_data if isinstance(source, ExternalPsk) else source.max_early_data


# ---- The client's side ---------------------------------------------------------------------------


@value
class OfferedPsk:
    """A key that the client offers; ``verdict`` is of the chain behind a session, judged anew."""

    source: Source
    identity: PskIdentity
    stage: EarlyStage
    verdict: Verdict | None
    _hidden: ClassVar[frozenset[str]] = frozenset({"stage", "verdict"})

    @property
    def hash_name(self) -> str:
        """The hash that it belongs to."""
        return self.stage.suite.hash_name


Offered = tuple[OfferedPsk, ...]


def offers(config: ClientConfig, session: Session | None, verdict: Verdict | None) -> Offered:
    """What a first hello offers: the session before the external keys."""
    if session is None and not config.psks:
        return ()
    found = []
    if session is not None:
        row = config.provider.suites[session.suite]
        identity = identity_of(session, config.provider.now())
        found.append(OfferedPsk(session, identity, early_stage(session, row), verdict))
    rows: dict[str, Suite] = {}
    for code in config.suites13:  # the first of each hash, which is that of early data
        rows.setdefault(config.provider.suites[code].hash_name, config.provider.suites[code])
    for psk in config.psks:
        if psk.hash_name in rows:  # the age of an external one is 0 (RFC 9846, 4.3.11)
            stage = early_stage(psk, rows[psk.hash_name])
            found.append(OfferedPsk(psk, PskIdentity(psk.identity, 0), stage, None))
    return tuple(found)


def psk_modes(config: ClientConfig) -> tuple[PskKeyExchangeMode, ...]:
    """How a client is ready to use a pre-shared key; alone only where a policy says so."""
    alone = (PskKeyExchangeMode.psk_ke,) if config.policy.legacy_psk_alone else ()
    return (PskKeyExchangeMode.psk_dhe_ke, *alone)


def identity_of(session: Session, now: float) -> PskIdentity:
    """A ticket with the age that it has now, in milliseconds (RFC 9846, 4.3.11.1)."""
    age = int((now - session.issued_at) * 1000) + session.age_add
    return PskIdentity(session.ticket, age % _AGES)


def offered_again(psks: Offered, hash_name: str, config: ClientConfig) -> Offered:
    """What a second hello offers: what goes with the suite's hash, at its age (4.2.2)."""
    fitting = []
    for psk in psks:
        if psk.hash_name == hash_name:
            source = psk.source
            if isinstance(source, Session):
                identity = identity_of(source, config.provider.now())
                fitting.append(replace(psk, identity=identity))
            else:
                fitting.append(psk)
    return tuple(fitting)


def with_psks(hello: ClientHello, psks: Offered, early: bool, before: Before) -> ClientHello:
    """The hello with early_data and pre_shared_key behind all else, its binders computed."""
    items = list(hello.extensions)
    if early:
        items.append(EarlyDataIndication())
    blank = tuple(bytes(psk.stage.suite.hash_length) for psk in psks)
    listed = PreSharedKeyClientHello(tuple(psk.identity for psk in psks), blank)
    raw = encode(replace(hello, extensions=Extensions.of(*items, listed)))
    truncated = raw[: -binders_length(listed)]
    binders = tuple(
        psk.stage.binder(binder_label(psk.source), before(psk.hash_name).add(truncated).digest())
        for psk in psks
    )
    bound = replace(listed, binders=binders)
    made = replace(hello, extensions=Extensions.of(*items, bound))
    tail = b"".join(bytes((len(binder),)) + binder for binder in binders)
    made.raw = truncated + len(tail).to_bytes(2, "big") + tail  # or it would be encoded twice
    return made


def with_certificates_too(hello: ClientHello) -> ClientHello:
    """The hello with the wish that certificates count beside external keys (RFC 9973, 5)."""
    return replace(hello, extensions=Extensions.of(*hello.extensions, TLSCertWithExternPSK()))


def without_psks(hello: ClientHello) -> ClientHello:
    """A hello without what a second one has to say anew, or must not (RFC 9846, 4.2.2)."""
    dropped = (ExtensionType.pre_shared_key, ExtensionType.early_data)
    kept = [item for item in hello.extensions if item.extension_type not in dropped]
    return replace(hello, extensions=Extensions.of(*kept))


def binders_length(extension: PreSharedKeyClientHello) -> int:
    """The bytes of the binders with their vector's length: what the binders do not cover."""
    return 2 + sum(1 + len(binder) for binder in extension.binders)


# ---- The server's side ---------------------------------------------------------------------------


@value
class SelectedPsk:
    """The key that a server took; its binder is right."""

    source: Source
    identity: PskIdentity
    index: int
    stage: EarlyStage
    _hidden: ClassVar[frozenset[str]] = frozenset({"stage"})


def check_binder(
    hello: ClientHello,
    offered: PreSharedKeyClientHello,
    index: int,
    source: Source,
    suite: Suite,
    before: Before,
) -> SelectedPsk:
    """The receipt for a binder.

    Raises:
        PeerMisbehaved: ``bad_binder``, which ends the handshake (RFC 9846, 4.3.11).
    """
    stage = early_stage(source, suite)
    truncated = hello.raw[: -binders_length(offered)]
    digest = before(suite.hash_name).add(truncated).digest()
    expected = stage.binder(binder_label(source), digest)
    if not hmac.compare_digest(expected, offered.binders[index]):
        raise PeerMisbehaved(Reasons.bad_binder, f"of identity {index + 1}")
    return SelectedPsk(source, offered.identities[index], index, stage)


def wants_certificates_too(hello: ClientHello) -> bool:
    """Whether certificates shall count beside an external key (RFC 9973, 5)."""
    return hello.extensions.has(ExtensionType.tls_cert_with_extern_psk)


def check_offer(offered: PreSharedKeyClientHello) -> None:
    """RFC 9846, 4.3.11: as many binders as identities.

    Raises:
        PeerMisbehaved: ``binders_do_not_match``.
    """
    identities, binders = len(offered.identities), len(offered.binders)
    if identities != binders:
        raise PeerMisbehaved(
            Reasons.binders_do_not_match, f"{identities} identities, {binders} binders"
        )


def expected_arrival(psk: SelectedPsk) -> float:
    """When a hello with this ticket should come, by the age that the client gives it (8.3)."""
    if not isinstance(psk.source, Session):
        return 0.0
    claimed = (psk.identity.obfuscated_ticket_age - psk.source.age_add) % _AGES
    return psk.source.issued_at + claimed / 1000


def knows_tickets(hello: ClientHello) -> bool:
    """Whether a client could use a ticket at all (RFC 9846, 4.3.9)."""
    modes = hello.extensions.get(PskKeyExchangeModes)
    return modes is not None and PskKeyExchangeMode.psk_dhe_ke in modes.ke_modes
