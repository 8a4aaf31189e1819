"""KeyUpdate in both directions: asked for, unasked, crossing, automatic, and abused (4.7.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, events_of, server_config
from tests.support.hostile import DATA, HANDSHAKE, Puppet
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import Misdeed, done, names
from tests.support.stages import ROLES, connected
from tlsee import defaults
from tlsee.codes import CipherSuite, KeyUpdateRequest
from tlsee.connection.connection import Connection
from tlsee.connection.events import DataReceived, KeysUpdated, TicketReceived
from tlsee.crypto.provider import Provider
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse, LocalFailure, Reasons
from tlsee.trace import Direction
from tlsee.values import replace
from tlsee.wire.codec import encode
from tlsee.wire.extensions import Extensions
from tlsee.wire.messages13 import KeyUpdate, NewSessionTicket

UNASKED = KeyUpdate(KeyUpdateRequest.update_not_requested)
ASKING = KeyUpdate(KeyUpdateRequest.update_requested)
TICKET = NewSessionTicket(3600, 0, b"", b"ticket", Extensions.of())


def data_of(events: list[Any]) -> bytes:
    return b"".join(bytes(event.data) for event in events if isinstance(event, DataReceived))


def sends(role: str, *messages: bytes) -> Callable[[], Puppet]:
    """These handshake messages after the handshake, in a record each."""

    def attack() -> Puppet:
        peer = connected(role)
        for message in messages:
            peer.record(HANDSHAKE, message)
        return peer

    return attack


def flood(role: str, message: KeyUpdate) -> Callable[[], Puppet]:
    def attack() -> Puppet:
        peer = connected(role)
        for _ in range(defaults.KEY_UPDATE_LIMIT + 1):
            peer.update(message)
        return peer

    return attack


def answers_not_taken(role: str) -> Callable[[], Puppet]:
    """Data between the requests, and nobody takes what the victim answers."""

    def attack() -> Puppet:
        peer = connected(role)
        with peer.together():
            for _ in range(defaults.KEY_UPDATE_LIMIT + 2):
                peer.update(ASKING)
                peer.record(DATA, b"x")
        return peer

    return attack


def ticket_flood(coalesced: bool) -> Callable[[], Puppet]:
    def attack() -> Puppet:
        peer = connected("client")
        tickets = [encode(TICKET)] * (defaults.KEY_UPDATE_LIMIT + 1)
        for content in [b"".join(tickets)] if coalesced else tickets:
            peer.record(HANDSHAKE, content)
        return peer

    return attack


def with_old_keys(role: str) -> Callable[[], Puppet]:
    """A KeyUpdate, and the next record under the keys of before."""

    def attack() -> Puppet:
        peer = connected(role)
        peer.handshake(encode(UNASKED))
        peer.record(DATA, b"old")
        return peer

    return attack


def with_keys_too_new(role: str) -> Callable[[], Puppet]:
    """New keys, and nothing that said so."""

    def attack() -> Puppet:
        peer = connected(role)
        peer._write_with(peer.writing.next())
        peer.record(DATA, b"new")
        return peer

    return attack


def early_update(role: str) -> Callable[[], Puppet]:
    """Before Finished."""
    if role == "client":
        return lambda: _said(HostileServer().answer())
    return lambda: _said(HostileClient().greet())


def _said(peer: Puppet) -> Puppet:
    peer.record(HANDSHAKE, encode(ASKING))
    return peer


MISDEEDS = [
    misdeed
    for role in ROLES
    for misdeed in (
        Misdeed(f"value 2, to a {role}", Reasons.illegal_value, sends(role, b"\x18\0\0\1\2")),
        Misdeed(f"value 255, to a {role}", Reasons.illegal_value, sends(role, b"\x18\0\0\1\xff")),
        Misdeed(f"empty, to a {role}", Reasons.malformed, sends(role, b"\x18\0\0\0")),
        Misdeed(f"two bytes, to a {role}", Reasons.message_too_long, sends(role, b"\x18\0\0\2\0\0")),
        Misdeed(f"flood, to a {role}", Reasons.too_many_key_updates, flood(role, UNASKED)),
        Misdeed(f"flood of requests, to a {role}", Reasons.too_many_key_updates, flood(role, ASKING)),
        Misdeed(f"answers not taken, to a {role}", Reasons.too_many_key_updates, answers_not_taken(role)),
        Misdeed(f"old keys, to a {role}", Reasons.bad_record_mac, with_old_keys(role)),
        Misdeed(f"keys too new, to a {role}", Reasons.bad_record_mac, with_keys_too_new(role)),
        Misdeed(f"before Finished, to a {role}", Reasons.unexpected_message, early_update(role)),
        Misdeed(f"a hello, to a {role}", Reasons.unexpected_message, sends(role, b"\1\0\0\0")),
        Misdeed(f"a HelloRequest, to a {role}", Reasons.unexpected_message, sends(role, b"\0\0\0\0")),
        Misdeed(f"Finished again, to a {role}", Reasons.unexpected_message, sends(role, b"\x14\0\0\0")),
        Misdeed(f"a certificate, to a {role}", Reasons.unexpected_message, sends(role, b"\x0b\0\0\0")),
    )
] + [
    Misdeed("a request after the handshake", Reasons.unexpected_message, sends("client", b"\x0d\0\0\0"), words="certificate_request"),
    Misdeed("a ticket from a client", Reasons.unexpected_message, sends("server", encode(TICKET)), words="new_session_ticket"),
    Misdeed("a ticket of no bytes", Reasons.malformed, sends("client", b"\4\0\0\x0d" + bytes(13))),
    Misdeed("a ticket cut", Reasons.malformed, sends("client", b"\4\0\0\x05" + bytes(5))),
    Misdeed("a ticket with a cookie", Reasons.misplaced_extension, sends("client", b"\4\0\0\x15" + bytes(8) + b"\0\0\1t\0\7\0\x2c\0\3\0\1c")),
    Misdeed("a ticket of 70 kB", Reasons.message_too_long, sends("client", b"\4\1\x11\x70")),
    Misdeed("tickets without end", Reasons.too_many_key_updates, ticket_flood(False)),
    Misdeed("tickets without end in one record", Reasons.too_many_key_updates, ticket_flood(True)),
]  # fmt: skip


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=names)
def test_bad_messages_after_the_handshake_are_refused(misdeed: Misdeed) -> None:
    """RFC 9846, 4.7; the alert is under the keys that the victim writes with by then."""
    misdeed.check()


@pytest.mark.parametrize("role", ROLES)
def test_an_update_is_followed_and_answered_only_where_it_was_asked_for(role: str) -> None:
    """The answer comes before more data, and asks for nothing (4.7.3)."""
    peer = connected(role)
    said = len(peer.messages)
    peer.update(UNASKED)
    peer.record(DATA, b"one")
    assert len(peer.messages) == said
    peer.update(ASKING)
    peer.record(DATA, b"two")
    peer.victim.write(b"three")
    peer.listen()

    assert peer.messages[said:] == [encode(UNASKED)]
    assert peer.heard_data() == b"three"
    events = events_of(peer.victim)
    assert data_of(events) == b"onetwo"
    turns = [event for event in events if isinstance(event, KeysUpdated)]
    assert [turn.direction for turn in turns] == [Direction.READ, Direction.READ, Direction.WRITE]
    assert [turn.requested for turn in turns] == [False, True, False]


@pytest.mark.parametrize("role", ROLES)
def test_updates_that_cross(role: str) -> None:
    """RFC 9846, 4.7.3: both ask at once, both answer, nothing is lost."""
    peer = connected(role)
    peer.victim.update_keys(request=True)
    peer.victim.write(b"mine")
    peer.update(ASKING)
    peer.record(DATA, b"yours")
    peer.update(UNASKED)  # the answer to the victim's
    peer.record(DATA, b", all of it")

    assert data_of(events_of(peer.victim)) == b"yours, all of it"
    assert peer.heard_data() == b"mine"
    assert peer.messages[-2:] == [encode(ASKING), encode(UNASKED)]


@pytest.mark.parametrize("role", ROLES)
def test_data_starts_the_count_of_updates_anew(role: str) -> None:
    """A chatty peer is no flood."""
    peer = connected(role)
    for _ in range(4):
        for _ in range(defaults.KEY_UPDATE_LIMIT):
            peer.update(ASKING)
        peer.record(DATA, b"x")

    assert data_of(events_of(peer.victim)) == b"xxxx"


def test_a_ticket_in_many_records_is_one_message() -> None:
    """However finely it is cut, it counts once."""
    peer = connected("client")
    peer.fragment = 10
    ticket = encode(replace(TICKET, ticket=bytes(2000)))
    for _ in range(3):
        peer.handshake(ticket)

    events = events_of(peer.victim)
    assert [event.lifetime for event in events if isinstance(event, TicketReceived)] == [3600] * 3


def test_a_ticket_may_carry_what_nobody_knows() -> None:
    """RFC 9846, 4.7.1: unknown extensions are ignored; so is a lifetime beyond a week."""
    peer = connected("client")
    peer.record(HANDSHAKE, b"\4\0\0\x12\xff\xff\xff\xff" + bytes(4) + b"\0\0\1t\0\4\x4a\x4a\0\0")

    assert [type(event) for event in events_of(peer.victim)] == [TicketReceived]


def test_nothing_follows_our_close_notify() -> None:
    """RFC 9846, 6.1: a request for new keys is followed, and goes unanswered."""
    peer = connected("client")
    peer.victim.close_write()
    peer.listen()
    said = len(peer.heard)
    peer.update(ASKING)
    peer.record(DATA, b"still here")

    assert data_of(events_of(peer.victim)) == b"still here"
    assert len(peer.heard) == said


# --- Key usage limits --------------------------------------------------------------------------

LIMIT = 5  # records


def limited() -> Provider:
    """A provider whose keys are worn out quickly."""
    suites = {code: replace(row, record_limit=LIMIT) for code, row in PROVIDER.suites.items()}
    return replace(PROVIDER, suites=suites)


def pair_with_limits(client: bool, server: bool) -> Pair:
    return Pair(
        client_config(**({"provider": limited()} if client else {})),
        server_config(**({"provider": limited()} if server else {})),
    ).run()


def count_updates(events: list[Any], direction: Direction) -> int:
    return sum(isinstance(e, KeysUpdated) and e.direction is direction for e in events)


@pytest.mark.parametrize("sender", ROLES)
def test_a_writer_changes_its_keys_before_their_limit(sender: str) -> None:
    """RFC 9846, 5.5: no key seals more than its limit, and the data is what was sent."""
    pair = pair_with_limits(sender == "client", sender == "server")
    writer: Connection = getattr(pair, sender)
    reader, events = (
        (pair.server, pair.server_events)
        if sender == "client"
        else (pair.client, pair.client_events)
    )
    text = bytes(range(256)) * 64 * 23  # 23 records
    writer.write(text)
    writer.write(b"end")
    pair.run()

    assert data_of(events) == text + b"end"
    assert count_updates(events, Direction.READ) == 24 // LIMIT
    assert reader.failure is None


@pytest.mark.parametrize("reader", ROLES)
def test_a_reader_asks_for_new_keys_before_their_limit(reader: str) -> None:
    """The other side knows no limit: it is asked, once each time, and follows."""
    pair = pair_with_limits(reader == "client", reader == "server")
    writer = pair.server if reader == "client" else pair.client
    events = pair.client_events if reader == "client" else pair.server_events
    asked = pair.server_events if reader == "client" else pair.client_events
    for number in range(23):
        writer.write(bytes((number,)))
        pair.run()

    assert data_of(events) == bytes(range(23))
    requests = [e for e in asked if isinstance(e, KeysUpdated) and e.requested]
    assert len(requests) == count_updates(events, Direction.READ) >= 23 // LIMIT - 1


def test_both_sides_with_limits_go_on_for_ever() -> None:
    """Automatic updates of both, crossing, in either order."""
    pair = pair_with_limits(True, True)
    for number in range(60):
        pair.client.write(bytes((number,)) * (number + 1))
        pair.server.write(bytes((255 - number,)) * 3)
        if number % 3 == 0:
            pair.run()
    pair.run()

    assert data_of(pair.server_events) == b"".join(bytes((n,)) * (n + 1) for n in range(60))
    assert data_of(pair.client_events) == b"".join(bytes((255 - n,)) * 3 for n in range(60))


def test_a_server_cannot_wear_out_its_keys_before_the_client_is_there() -> None:
    """No KeyUpdate before Finished: the write is refused, the connection is not harmed."""
    pair = Pair(server=server_config(provider=limited()))
    Pair.carry(pair.client, pair.server)
    for _ in range(LIMIT):
        pair.server.write(b"x")
    with pytest.raises(LocalFailure) as caught:
        pair.server.write(b"x")

    assert caught.value.reason == Reasons.key_limit_reached
    pair.run()
    pair.server.write(b"y")
    pair.run()
    assert data_of(pair.client_events) == b"x" * LIMIT + b"y"


@pytest.mark.parametrize("role", ROLES)
def test_updates_of_the_application_by_hundreds(role: str) -> None:
    """Data is right across any number of them, requested or not."""
    pair = Pair().run()
    ours: Connection = getattr(pair, role)
    events = pair.server_events if role == "client" else pair.client_events
    sent = b""
    for number in range(200):
        ours.update_keys(request=number % 2 == 0)
        if number % 10 == 0:
            ours.write(bytes((number,)))
            sent += bytes((number,))
        pair.run()

    assert data_of(events) == sent


def test_no_update_before_the_handshake_is_done() -> None:
    """It is misuse, in both roles."""
    pair = Pair()
    for side in (pair.client, pair.server):
        with pytest.raises(ApiMisuse):
            side.update_keys()


@pytest.mark.parametrize("suite", list(PROVIDER.suites))
def test_every_suite_updates(suite: CipherSuite) -> None:
    """The next secret is derived by the suite's own hash."""
    peer = HostileServer(client_config(suites=[suite]), suite=suite).flight()
    assert done(peer)
    peer.update(ASKING)
    peer.record(DATA, b"new")
    peer.victim.write(b"as well")
    peer.listen()

    assert data_of(events_of(peer.victim)) == b"new"
    assert peer.heard_data() == b"as well"
