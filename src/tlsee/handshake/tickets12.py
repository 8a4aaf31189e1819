"""Sessions of TLS 1.2: from a connection to what is kept, and back (RFC 5077; RFC 5246, F.1.4)."""

from __future__ import annotations

from collections.abc import Callable

from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.suites12 import Suite12
from tlsee.handshake.flow import Flow
from tlsee.handshake.outcome import ByPsk, Outcome, SessionKept, TicketArrived
from tlsee.handshake.post12 import Connected12
from tlsee.handshake.tickets13 import judged_at, session_key
from tlsee.identity.proof import ByRawPublicKey
from tlsee.keys.schedule12 import MainSecret
from tlsee.sessions.bounds import CLIENT_TICKET_LIMIT, LIFETIME, LIFETIME_LIMIT
from tlsee.sessions.session import Session
from tlsee.values import replace
from tlsee.wire.messages12 import NewSessionTicket


def restored(session: Session, suite: Suite12) -> MainSecret:
    """The main secret of a session."""
    return MainSecret(suite, session.secret, session.extended_main_secret)


def session_behind(outcome: Outcome, main: MainSecret, now: float) -> Session:
    """What is left of a connection; who keeps it fills in its name."""
    proof = outcome.peer
    earlier = proof.source if isinstance(proof, ByPsk) else None
    proved = earlier if isinstance(earlier, Session) else outcome
    return Session(
        outcome.version,
        outcome.suite,
        main.secret,
        issued_at=now,
        lifetime=LIFETIME,
        established_at=outcome.established_at,
        server_name=outcome.server_name,
        alpn=outcome.alpn,
        group=proved.group,
        scheme=proved.scheme,
        client_scheme=proved.client_scheme,
        peer_chain=outcome.peer_chain,
        judged_at=judged_at(proof),
        extended_main_secret=main.extended,
        identity=outcome.identity,
    )


def tell_received(
    config: ClientConfig,
    connected: Connected12,
    ticket: NewSessionTicket | None,
    session_id: bytes,
    flow: Flow,
) -> None:
    """Have a client keep what the server gave: a ticket, else a session id.

    An empty ticket takes the promise back, and after 0 seconds it is the client's to choose
    (RFC 5077, 3.3). One that leaves no room in a hello is none.
    """
    if ticket is not None and len(ticket.ticket) > CLIENT_TICKET_LIMIT:
        return
    if isinstance(connected.outcome.peer, ByRawPublicKey):
        return  # which a session does not keep
    if config.sessions is None or not (session_id or (ticket is not None and ticket.ticket)):
        return
    outcome = connected.outcome
    session = session_behind(outcome, connected.main, config.provider.now())
    if ticket is not None and ticket.ticket:
        lifetime = min(ticket.ticket_lifetime_hint or LIFETIME, LIFETIME_LIMIT)
        session = replace(session, lifetime=lifetime, ticket=ticket.ticket)
    else:
        session = replace(session, session_id=session_id)
    key = session_key(config, outcome.server_name, outcome.identity)
    flow.tell(TicketArrived(session.lifetime, key, session))


def ticket_for(config: ServerConfig, outcome: Outcome, main: MainSecret) -> NewSessionTicket:
    """The ticket that a server has promised; empty where none is to be had now."""
    provider = config.provider
    now = provider.now()
    session = session_behind(outcome, main, now)
    sealed = None
    if config.sessions is not None:
        sealed = config.sessions.issue(session, provider.random, now)
    return NewSessionTicket(session.lifetime if sealed else 0, sealed or b"")


def tell_kept(config: ServerConfig, connected: Connected12, session_id: bytes, flow: Flow) -> None:
    """Have a server keep the session under the id that its hello gave."""
    if session_id and config.sessions is not None:
        now = config.provider.now()
        session = session_behind(connected.outcome, connected.main, now)
        flow.tell(SessionKept(session_id, session, config.sessions))


def clock_of(config: ServerConfig) -> Callable[[], float]:
    """The clock, where anything is kept by it; a journal has no entry for what nobody needs."""
    return config.provider.now if config.sessions is not None else lambda: 0.0
