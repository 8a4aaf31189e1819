"""What the machine tells, and what becomes of it: events, evidence, sessions, news."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from tlsee import defaults
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.events import Event, HandshakeDone, KeysUpdated, TicketReceived
from tlsee.connection.info import ConnectionInfo
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.handshake import outcome
from tlsee.trace import (
    CertificateJudged,
    Choice,
    Deed,
    Direction,
    HandshakeCompleted,
    Observer,
)

# What is between the machine and the connection: it holds secrets, or is told otherwise.
_KEPT_HERE = frozenset(
    {
        outcome.CertificateRequested,
        outcome.CertificateShown,
        outcome.ClientAuthenticated,
        outcome.ClientDeclined,
        outcome.EarlyExporter,
        outcome.KeysUpdated,
        outcome.SessionKept,
        outcome.SessionOffered,
        outcome.SessionSpent,
        outcome.TicketArrived,
    }
)


class Facts:
    """The part of a connection that remembers."""

    def __init__(self, config: ClientConfig | ServerConfig, observers: Sequence[Observer]) -> None:
        self.config = config
        self._observers = tuple(observers)
        self._witnesses = witnesses_among(self._observers) if self._observers else ()
        self._events: deque[Event] = deque()
        self._choices: list[Choice] = []
        self._verdict: Any = None
        self._offered: outcome.SessionOffered | None = None
        self._early_room = 0  # bytes of early data that may still come, or go
        self._done = False
        self._updates_in_a_row = 0
        self._answers_unsent = 0  # KeyUpdates in the queue that the peer made us send

    @property
    def info(self) -> ConnectionInfo:
        """What was negotiated and proved."""
        raise NotImplementedError

    def tell(self, fact: Any) -> None:
        """Facts become events, evidence, and news for observers."""
        take = self.takers.get(type(fact))
        if take is not None:
            take(self, fact)
        if self._observers and type(fact) not in _KEPT_HERE:
            self._notify(fact)

    def _take_ticket(self, fact: outcome.TicketArrived) -> None:
        self._count_post_handshake()
        self._keep_session(fact)

    def _take_kept(self, fact: outcome.SessionKept) -> None:
        fact.sessions.keep(fact.identity, fact.session, fact.session.issued_at)

    def _take_spent(self, fact: outcome.SessionSpent) -> None:
        fact.sessions.spend(fact.identity)

    def _take_offered(self, fact: outcome.SessionOffered) -> None:
        self._offered = fact

    def _take_settled(self, _: outcome.EarlyDataSettled) -> None:
        self._early_room = 0

    def _take_update(self, fact: outcome.KeysUpdated) -> None:
        self._events.append(KeysUpdated(fact.direction, fact.requested))
        if fact.direction is Direction.READ:
            self._count_post_handshake()
            self._answers_unsent += fact.requested

    def _take_choice(self, fact: Choice) -> None:
        self._choices.append(fact)

    def _take_verdict(self, fact: CertificateJudged) -> None:
        self._verdict = fact.verdict

    def _take_completion(self, _: HandshakeCompleted) -> None:
        self._done = True
        self._events.append(HandshakeDone(self.info))

    def _take_event(self, fact: Any) -> None:
        self._events.append(fact)

    def _take_request(self, fact: outcome.CertificateRequested) -> None:
        self._count_post_handshake()
        self._events.append(fact)

    takers: ClassVar[Mapping[type, Callable[[Any, Any], None]]] = {
        Choice: _take_choice,
        CertificateJudged: _take_verdict,
        HandshakeCompleted: _take_completion,
        outcome.CertificateRequested: _take_request,
        outcome.CertificateShown: _take_event,
        outcome.ClientAuthenticated: _take_event,
        outcome.ClientDeclined: _take_event,
        outcome.EarlyDataSettled: _take_settled,
        outcome.KeysUpdated: _take_update,
        outcome.SessionKept: _take_kept,
        outcome.SessionOffered: _take_offered,
        outcome.SessionSpent: _take_spent,
        outcome.TicketArrived: _take_ticket,
    }

    def _keep_session(self, fact: outcome.TicketArrived) -> None:
        sessions = self.config.sessions if isinstance(self.config, ClientConfig) else None
        if fact.session is not None and sessions is not None:
            sessions.put(fact.key, fact.session)
        self._events.append(TicketReceived(fact.lifetime, fact.session))

    def _forget_session(self) -> None:
        """RFC 5246, 7.2.2: what fails is not resumed again; a full handshake may go well."""
        sessions = self.config.sessions if isinstance(self.config, ClientConfig) else None
        if self._offered is not None and not self._done and sessions is not None:
            sessions.forget(self._offered.key, self._offered.session)

    def _count_post_handshake(self) -> None:
        """Messages, not records: neither hides many in one nor counts the fragments of one."""
        self._updates_in_a_row += 1
        if self._updates_in_a_row > defaults.KEY_UPDATE_LIMIT:
            raise PeerMisbehaved(Reasons.too_many_key_updates, "or tickets, with no data between")
        if self._answers_unsent > defaults.KEY_UPDATE_LIMIT:
            raise PeerMisbehaved(Reasons.too_many_key_updates, "and it takes none of our answers")

    def _notify(self, event: Any) -> None:
        for observer in self._observers:
            observer.on_event(event)

    def _did(self, what: str, *arguments: object, data: Any = b"") -> None:
        """Tell of a deed before it is done; whoever calls it has looked if there are witnesses."""
        deed = Deed(what, arguments, bytes(data))
        for witness in self._witnesses:
            witness(deed)


Witness = Callable[[Deed], None]


def witnesses_among(observers: Sequence[Observer]) -> tuple[Witness, ...]:
    """Those who want to hear of deeds too."""
    found = (getattr(observer, "on_deed", None) for observer in observers)
    return tuple(witness for witness in found if witness is not None)
