"""What a connection leaves behind for the next one: tickets and the sessions they name (4.7.1)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256

from tlsee.config import ClientConfig, ServerConfig
from tlsee.handshake.outcome import ByPsk, Outcome, PeerProof
from tlsee.identity.proof import ByCertificate, ByDecryption, Unverified
from tlsee.keys.schedule13 import MainStage, psk_of_ticket
from tlsee.keys.transcript import Transcript
from tlsee.sessions.bounds import CLIENT_TICKET_LIMIT, LIFETIME, LIFETIME_LIMIT
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.values import replace
from tlsee.wire.extensions.early_data import EarlyDataTicket
from tlsee.wire.messages13 import NewSessionTicket

AGE_ADD_LENGTH = 4  # bytes of ticket_age_add


def session_key(config: ClientConfig, server_name: str | None, identity: str | None) -> str:
    """Under what a client keeps its sessions: the name it says, the name it judges by, and who it
    is itself, for a session that one identity began is not for another to go on with.
    """
    leaves = [sha256(credential.chain[0]).digest() for credential in config.credentials]
    who = sha256(b"".join(leaves)).hexdigest() if leaves else ""
    return f"{server_name or ''}|{identity or ''}|{who}"


def external_key_stays(session: Session, config: ClientConfig | ServerConfig) -> bool:
    """Whether the external key that a session descends from, if any, is still configured.

    Who takes a key out of the configuration, or puts another in its place, does not want to hear
    from it again; without a certificate nothing else says who the peer is.
    """
    if not session.psk_identity:
        return True
    psk = config.keys_by_identity.get(session.psk_identity)
    return psk is not None and hmac.compare_digest(psk.fingerprint, session.psk_fingerprint)


def provenance(proof: PeerProof, now: Callable[[], float]) -> tuple[tuple[bytes, ...], float]:
    """The peer's chain as it came, and when it did: now, or when the session began."""
    if isinstance(proof, ByPsk):
        if isinstance(proof.source, Session):
            return proof.source.peer_chain, proof.source.established_at
        return (), now()
    if isinstance(proof, ByCertificate | ByDecryption | Unverified):
        return tuple(view.der for view in proof.verdict.presented), proof.verdict.at
    return (), now()


def judged_at(proof: PeerProof) -> float:
    """When the peer's chain was judged last; 0.0 where it showed none."""
    verdict = getattr(proof, "verdict", None)
    return verdict.at if verdict is not None else 0.0


def session_behind(
    outcome: Outcome, main: MainStage, transcript: Transcript, nonce: bytes, now: float
) -> Session:
    """The session of a ticket with this nonce; who made it, or got it, fills in the rest."""
    proof = outcome.shaken_with if outcome.shaken_with is not None else outcome.peer
    earlier = proof.source if isinstance(proof, ByPsk) else None
    proved = earlier if isinstance(earlier, Session) else outcome
    psk_identity, psk_fingerprint = _external_key(earlier or outcome.external_key)
    resumption = main.resumption(transcript.digest())
    return Session(
        outcome.version,
        outcome.suite,
        psk_of_ticket(main.suite, resumption, nonce),
        issued_at=now,
        lifetime=LIFETIME,
        established_at=outcome.established_at,
        server_name=outcome.server_name,
        alpn=outcome.alpn,
        group=outcome.group,
        scheme=proved.scheme,
        client_scheme=outcome.client_scheme or proved.client_scheme,
        peer_chain=outcome.peer_chain,
        judged_at=judged_at(outcome.peer),
        identity=outcome.identity,
        psk_identity=psk_identity,
        psk_fingerprint=psk_fingerprint,
    )


def _external_key(source: Session | ExternalPsk | None) -> tuple[bytes, bytes]:
    if isinstance(source, ExternalPsk):
        return source.identity, source.fingerprint
    if isinstance(source, Session):
        return source.psk_identity, source.psk_fingerprint
    return b"", b""


def received(session: Session, message: NewSessionTicket) -> Session | None:
    """A client's session with what the ticket's message says; ``None`` if it is not to be kept.

    A lifetime of zero asks to drop it at once; more than a week is a week (RFC 9846, 4.7.1).
    """
    if not message.ticket_lifetime or len(message.ticket) > CLIENT_TICKET_LIMIT:
        return None
    early = message.extensions.get(EarlyDataTicket)
    return replace(
        session,
        lifetime=min(message.ticket_lifetime, LIFETIME_LIMIT),
        age_add=message.ticket_age_add,
        ticket=message.ticket,
        max_early_data=early.max_early_data_size if early is not None else 0,
    )


def issued(session: Session, config: ServerConfig) -> tuple[Session, bytes] | None:
    """A server's session and its ticket; ``None`` where there is none to be had now."""
    if config.sessions is None:
        return None
    provider = config.provider
    complete = replace(
        session,
        age_add=int.from_bytes(provider.random(AGE_ADD_LENGTH, "ticket_age_add"), "big"),
        max_early_data=config.early_data,
    )
    ticket = config.sessions.issue(complete, provider.random, session.issued_at)
    return (complete, ticket) if ticket is not None else None
