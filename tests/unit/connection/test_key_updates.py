"""KeyUpdate as a connection sees it: what is asked for once, and what a peer may cost by asking."""

from __future__ import annotations

import pytest

from tests.support.endpoints import Pair, events_of
from tlsee import defaults
from tlsee.connection.events import DataReceived, KeysUpdated
from tlsee.errors import PeerMisbehaved
from tlsee.trace import Direction


def test_a_request_is_not_repeated_before_its_answer() -> None:
    """RFC 9846, 4.7.3: no second update_requested until the peer's KeyUpdate has come."""
    pair = Pair().run()
    pair.client.update_keys(request=True)
    pair.client.update_keys(request=True)
    Pair.carry(pair.client, pair.server)
    asked = [e.requested for e in events_of(pair.server) if e.direction is Direction.READ]
    assert asked == [True, False]
    Pair.carry(pair.server, pair.client)
    assert KeysUpdated(Direction.READ, False) in events_of(pair.client)
    pair.client.update_keys(request=True)
    Pair.carry(pair.client, pair.server)
    assert KeysUpdated(Direction.READ, True) in events_of(pair.server)


def test_answers_that_nobody_takes_are_bounded() -> None:
    """A peer that keeps asking for new keys and takes no byte of ours is refused."""
    pair = Pair().run()
    for _ in range(defaults.KEY_UPDATE_LIMIT + 1):
        pair.server._asked_for_update = False  # a peer that breaks the rule above
        pair.server.update_keys(request=True)
        pair.server.write(b"x")
    Pair.carry(pair.server, pair.client)
    events = events_of(pair.client)
    assert sum(isinstance(event, DataReceived) for event in events) == defaults.KEY_UPDATE_LIMIT + 1
    pair.server._asked_for_update = False
    pair.server.update_keys(request=True)
    Pair.carry(pair.server, pair.client)
    with pytest.raises(PeerMisbehaved) as caught:
        events_of(pair.client)
    assert caught.value.name == "too_many_key_updates"


def test_answers_that_are_taken_are_not() -> None:
    """The control: whoever takes our bytes may ask as often as data flows between."""
    pair = Pair().run()
    for _ in range(3 * defaults.KEY_UPDATE_LIMIT):
        pair.server.update_keys(request=True)
        pair.server.write(b"x")
        Pair.carry(pair.server, pair.client)
        Pair.carry(pair.client, pair.server)
        events_of(pair.client)
        events_of(pair.server)
