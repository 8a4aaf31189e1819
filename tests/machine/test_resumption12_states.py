"""The states of a resumption in TLS 1.2: what they take, forked anywhere, answered late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.machine.test_illegal_messages import sweep
from tests.machine.test_questions import patient
from tests.support.drivers import DriverPair, forked
from tests.support.endpoints import Pair, client_config, client_credential, server_config, trust
from tlsee.codes import AlertDescription, ProtocolVersion
from tlsee.connection.events import DataReceived
from tlsee.crypto.provider import LATER, Later
from tlsee.errors import PeerMisbehaved, Reasons, TLSError
from tlsee.handshake import client12_resumed, offer12, server12_resumed
from tlsee.handshake.client_offer import Beginning
from tlsee.handshake.hello_client import AwaitSessionVerdict
from tlsee.handshake.machine import State, change_cipher_spec_edge
from tlsee.handshake.post12 import ConnectedClient12, ConnectedServer12
from tlsee.questions import Question
from tlsee.sessions.stores import Found, TicketSessions
from tlsee.values import replace

BOTH = [ProtocolVersion.TLS13, ProtocolVersion.TLS12]
HALF_A_DAY = 43_200


class Aging(TicketSessions):
    """Its tickets have lived for more than half of their life, so they are renewed."""

    def find(self, identities: tuple[bytes, ...], now: float) -> Found:
        """As ever, for tickets that are older."""
        found = super().find(identities, now)
        return tuple(
            replace(one, issued_at=one.issued_at - HALF_A_DAY - 1, established_at=now - 50_000)
            if one is not None
            else None
            for one in found
        )


class Slow(Aging):
    """Who asks is told later."""

    def find(self, identities: tuple[bytes, ...], now: float) -> Any:
        """Not now."""
        return LATER

    def find_blocking(self, identities: tuple[bytes, ...], now: float) -> Found:
        """Now."""
        return Aging.find(self, identities, now)


def later(_: Any) -> Later:
    return LATER


def prepared(sessions: TicketSessions, **judging: Any) -> tuple[Any, Any]:
    """Both configurations, after a first handshake with certificates both ways."""
    common = {"credentials": [client_credential()]}
    older = [ProtocolVersion.TLS12]
    first = client_config(sessions=True, versions=older, **common)
    honest = server_config(sessions=sessions, versions=BOTH, client_trust=trust())
    assert Pair(first, honest).run().done
    client = client_config(sessions=first.sessions, versions=older, **common, **judging)
    server = server_config(sessions=sessions, versions=BOTH, client_trust=trust(), **judging)
    return client, server


PAIRS: dict[str, Callable[[], DriverPair]] = {
    "resumed": lambda: DriverPair(*prepared(TicketSessions())),
    "renewed": lambda: DriverPair(*prepared(Aging())),
}

NEW_STATES = {
    offer12.AwaitSession,
    offer12.AwaitSessionVerdict,
    client12_resumed.WaitRenewal,
    client12_resumed.WaitResumedChangeCipherSpec,
    client12_resumed.WaitResumedFinished,
    server12_resumed.WaitResumedChangeCipherSpec,
    server12_resumed.WaitResumedFinished,
}


@pytest.mark.parametrize("name", PAIRS)
def test_every_other_message_is_refused(name: str) -> None:
    """The sweep over all states that a resumption passes, and over Connected."""
    pair = PAIRS[name]()
    assert sweep(pair) > 30
    assert isinstance(pair.client.state, ConnectedClient12)
    assert isinstance(pair.server.state, ConnectedServer12)


def test_change_cipher_spec_is_taken_in_one_state_of_each_role() -> None:
    """CVE-2014-0224 once more: nowhere else, not where a ticket is still to come."""
    pair = PAIRS["renewed"]()
    taken: set[type[State]] = set()
    for _ in pair.steps():
        for driver in (pair.client, pair.server):
            twin = forked(driver)
            if change_cipher_spec_edge(type(twin.state)):
                taken.add(type(twin.state))
                continue
            with pytest.raises(PeerMisbehaved) as caught:
                twin.receive_change_cipher_spec()
            assert caught.value.alert == AlertDescription.unexpected_message
    assert taken == {
        client12_resumed.WaitResumedChangeCipherSpec,
        server12_resumed.WaitResumedChangeCipherSpec,
    }


class Watched(Pair):
    """Knows in which states its sides have been."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.seen: set[type[State]] = set()

    def look(self) -> None:
        """Where they are now."""
        self.seen |= {type(side._driver.state) for side in (self.client, self.server)}


def twin_of(pair: Watched) -> Pair:
    """The same two sides, forked, with nothing else in common."""
    twin = object.__new__(Pair)
    twin.__dict__.update(pair.__dict__)
    twin.client, twin.server = pair.client.fork(), pair.server.fork()
    twin.client_events, twin.server_events = [], []
    return twin


def finish(pair: Pair) -> None:
    """To the end, and data both ways."""
    pair.run()
    assert pair.client.info.resumed
    pair.client.write(b"from the client")
    pair.server.write(b"from the server")
    pair.run()
    events = pair.server_events + pair.client_events
    received = [bytes(event.data) for event in events if isinstance(event, DataReceived)]
    assert received == [b"from the client", b"from the server"]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_both_copies_of_a_fork_finish(cut: int) -> None:
    """Forked between any two questions and any two pieces of a flight, in every new state."""
    seen: set[type[State]] = set()
    for stop in range(12):
        pair = Watched(*prepared(Slow(), judge=later), answer=patient)
        pair.look()
        for _ in range(stop):
            _step(pair, cut)
            pair.look()
        seen |= pair.seen
        finish(twin_of(pair))
        finish(pair)
    assert AwaitSessionVerdict in seen
    assert {offer12.AwaitSession, offer12.AwaitSessionVerdict} <= seen
    assert seen & NEW_STATES >= {server12_resumed.WaitResumedChangeCipherSpec}


def _step(pair: Watched, cut: int) -> None:
    """Answer one question, or carry a part of what one side has to say."""
    for side in (pair.client, pair.server):
        if side._driver.question is not None:
            question = side.next_event()
            assert isinstance(question, Question)
            side.answer(question, patient(question))
            return
    for sender, receiver in ((pair.client, pair.server), (pair.server, pair.client)):
        data = bytes(sender.data_to_send())
        if data:
            part = len(data) * cut // 4
            receiver.receive_data(data[:part])
            pair.look()
            receiver.receive_data(data[part:])
            return


def test_every_new_state_is_met() -> None:
    """A pair of this file passes each that takes messages; the fork above the two that ask."""
    met: set[type[State]] = set()
    for make in PAIRS.values():
        pair = make()
        for receiver, _, _ in pair.steps():
            met.add(type(receiver.state))
    assert met >= NEW_STATES - {offer12.AwaitSession, offer12.AwaitSessionVerdict}


def test_a_question_without_an_answer_ends_the_handshake() -> None:
    """What the application raises instead of finding a session refuses, with an alert."""
    pair = Pair(*prepared(Slow()))
    Pair.carry(pair.client, pair.server)
    question = pair.server.next_event()
    pair.server.answer(question, TLSError(Reasons.local_failure))  # type: ignore[arg-type]
    assert pair.server.failure is not None
    assert pair.server.data_to_send()[:1] == b"\x15"


def test_beginning_is_what_a_verdict_needs() -> None:
    """The client waits with what it wants alone: no share is made for a hello that may change."""
    pair = Pair(*prepared(TicketSessions(), judge=later))
    state = pair.client._driver.state
    assert isinstance(state, AwaitSessionVerdict)
    assert isinstance(state.beginning, Beginning)
    assert pair.client.data_to_send() == b""
