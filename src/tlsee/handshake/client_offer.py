"""What a client says first: its shares, its keys, and what it dares to say early."""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig
from tlsee.crypto.provider import OwnShare
from tlsee.handshake.authenticate import tell_early_exporter, tell_secret
from tlsee.handshake.client13_facts import ClientBasis, Recalled
from tlsee.handshake.compose import (
    Composer,
)
from tlsee.handshake.flow import Flow
from tlsee.handshake.outcome import SessionOffered
from tlsee.handshake.psk13 import (
    Offered,
    OfferedPsk,
    early_limit,
    offers,
    with_certificates_too,
)
from tlsee.handshake.reflections import REFLECTIONS
from tlsee.handshake.tickets13 import external_key_stays, session_key
from tlsee.identity.path.judge import Verdict
from tlsee.keys.transcript import Transcript
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.trace import Direction, Epoch
from tlsee.values import value
from tlsee.wire.extensions.key_share import (
    KeyShareEntry,
)
from tlsee.wire.hellos import ClientHello

TLS13 = ProtocolVersion.TLS13
Shares = dict[NamedGroup, OwnShare]


@value
class Beginning:
    """What a client wants before it has said anything; ``early``: to send so many bytes at once."""

    config: ClientConfig
    identity: str | None
    server_name: str | None
    composer: Composer
    early: int


@value
class Offer:
    """One hello that the server may answer (a later ECH has two), with its transcript so far.

    ``early``: data goes out behind it, under the first of ``psks``.
    """

    hello: ClientHello
    raw: bytes
    shares: Shares
    psks: Offered
    early: bool
    _hidden: ClassVar[frozenset[str]] = frozenset({"shares", "psks"})


def fork_shares(shares: Shares) -> Shares:
    """The same shares, each of which can be used once, for a forked connection."""
    return {group: share.fork() for group, share in shares.items()}


def recall(beginning: Beginning) -> Session | None:
    """The newest session with this server that this configuration may resume."""
    config = beginning.config
    if config.sessions is None:
        return None
    key = session_key(config, beginning.server_name, beginning.identity)
    for session in config.sessions.take(key, config.provider.now()):
        usable = config.suites13 if session.version == TLS13 else config.suites12
        if session.suite in usable and external_key_stays(session, config):
            return session
    return None


def greet(
    beginning: Beginning, session: Session | None, verdict: Verdict | None, flow: Flow
) -> tuple[ClientBasis, Offer]:
    """From START on: make the shares, say hello, and what may be said early."""
    config, composer = beginning.config, beginning.composer
    newer = session if session is not None and session.version == TLS13 else None
    psks = offers(config, newer, verdict)
    older = Recalled(session, verdict) if session is not None and newer is None else None
    shares = {group: config.provider.groups[group].generate() for group in config.key_shares}
    entries = tuple(KeyShareEntry(group, share.public) for group, share in shares.items())
    hello = composer.client_hello(config, beginning.server_name, entries)
    if older is not None:
        hello = composer.offer_session12(config, hello, older.session)
        key = session_key(config, beginning.server_name, beginning.identity)
        flow.tell(SessionOffered(key, older.session))
    early = _may_be_early(config, psks, beginning.early)
    if psks:
        if _wants_certificates_too(config, psks, early):
            hello = with_certificates_too(hello)
        hello = composer.offer_psks(hello, psks, early, Transcript.start)
        if any(isinstance(psk.source, ExternalPsk) for psk in psks):
            REFLECTIONS.remember(hello.random)
    raw = flow.send(hello)
    if early:
        _open_early(psks[0], hello.random, raw, flow)
    basis = ClientBasis(config, beginning.identity, beginning.server_name, composer, hello, older)
    return basis, Offer(hello, raw, shares, psks, early)


def _wants_certificates_too(config: ClientConfig, psks: Offered, early: bool) -> bool:
    """RFC 9973, 5.1: where there are external keys alone, and somebody is believed.

    Not with early data: it would be sent before any certificate, and no more than the key protects.
    """
    trust = config.trust
    believes = bool(trust.anchors or trust.raw_keys) or trust.insecure
    return believes and not early and all(isinstance(psk.source, ExternalPsk) for psk in psks)


def _may_be_early(config: ClientConfig, psks: Offered, wanted: int) -> bool:
    """RFC 9846, 4.3.10: under the first key, and for the protocol that it was agreed on."""
    if not wanted or not psks or early_limit(psks[0].source) < wanted:
        return False
    source = psks[0].source
    return isinstance(source, ExternalPsk) or source.alpn is None or source.alpn in config.alpn


def _open_early(psk: OfferedPsk, random: bytes, raw: bytes, flow: Flow) -> None:
    """K_send = early data."""
    digest = Transcript.start(psk.hash_name, raw).digest()
    secret = psk.stage.early_traffic(digest)
    tell_secret(flow, "CLIENT_EARLY_TRAFFIC_SECRET", random, secret)
    tell_early_exporter(psk.stage, digest, random, flow)
    flow.change_cipher_spec()
    flow.install(Direction.WRITE, Epoch.EARLY, secret)
    flow.open_early(Direction.WRITE, early_limit(psk.source))
