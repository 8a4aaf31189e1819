"""Alerts and ends: close_notify, half close, warnings, fatal alerts, truncation (RFC 9846, 6)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.support.authentication import request_with
from tests.support.endpoints import (
    Pair,
    client_config,
    client_credential,
    events_of,
    server_config,
    trust,
)
from tests.support.hostile import ALERT, DATA, Puppet, plain_record
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import Misdeed, check_text, names
from tests.support.stages import ROLES, after_hellos, connected, fresh
from tlsee import defaults
from tlsee.codes import AlertDescription, AlertLevel, NamedGroup
from tlsee.connection.connection import Connection
from tlsee.connection.events import (
    NEED_DATA,
    AlertReceived,
    DataReceived,
    HandshakeDone,
    PeerClosed,
    Truncated,
)
from tlsee.errors import AlertReceived as AlertError
from tlsee.errors import ApiMisuse, CertificateRejected, Reasons, TLSError, Truncation
from tlsee.identity.authority import Authority

CLOSE_NOTIFY, USER_CANCELED = b"\x01\x00", b"\x01\x5a"


STAGES: dict[str, Callable[[str], Puppet]] = {
    "before the hellos": fresh,
    "in the handshake": after_hellos,
    "connected": connected,
}


def failure_of(side: Connection) -> TLSError:
    with pytest.raises(TLSError) as caught:
        events_of(side)
    return caught.value


# --- Fatal alerts ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("level", [0, 1, 2, 255])
@pytest.mark.parametrize("description", [10, 40, 47, 80, 112, 41, 100, 200, 255])
def test_an_alert_that_is_no_closure_ends_the_connection(
    role: str, stage: str, level: int, description: int
) -> None:
    """Whatever its level says, and also one that nobody knows (RFC 9846, 6); nothing is sent."""
    peer = STAGES[stage](role)
    heard = len(peer.heard)
    peer.record(ALERT, bytes((level, description)))

    error = failure_of(peer.victim)
    assert type(error) is AlertError
    assert error.alert == description
    assert error.evidence.alert_received == description
    assert error.evidence.alert_sent is None
    assert str(AlertDescription.of(description)) in str(error)
    check_text(error)
    assert len(peer.heard) == heard
    with pytest.raises(AlertError):
        peer.victim.next_event()
    with pytest.raises(AlertError):
        peer.victim.write(b"more")


@pytest.mark.parametrize(
    "authority", [b"no DER", b"\x30\x00", bytes(300), b"0\x07\x31\x05\x1b[2J\n"]
)
def test_an_alert_is_explained_whatever_the_peer_said_before(authority: bytes) -> None:
    """The explanation reads what the server asked for; nothing in there can break it."""
    names = len(authority).to_bytes(2, "big") + authority
    edit = request_with(47, len(names).to_bytes(2, "big") + names)
    closing = (AlertDescription.close_notify, AlertDescription.user_canceled)
    for description in (*AlertDescription.members(), AlertDescription.of(200)):
        if description in closing:
            continue
        peer = HostileServer(asks=True, certificate_request=edit).flight()
        peer.record(ALERT, bytes((2, description)))
        error = failure_of(peer.victim)
        assert type(error) is AlertError
        check_text(error)


def test_a_client_that_has_no_keys_yet_may_say_so_in_the_clear() -> None:
    """It choked on ServerHello: its alert cannot be protected, and is still reported."""
    peer = HostileClient().greet()
    peer.deliver(plain_record(21, b"\x02\x2f"))

    assert failure_of(peer.victim).alert == AlertDescription.illegal_parameter


def test_a_client_that_has_keys_may_not() -> None:
    """After its first protected record everything is protected."""
    peer = HostileClient().greet()
    peer.record(ALERT, USER_CANCELED)

    def attack() -> Puppet:
        peer.deliver(plain_record(21, b"\x02\x2f"))
        return peer

    Misdeed("", Reasons.unprotected_record, attack).check()


# --- Warnings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("level", [1, 2])
def test_user_canceled_is_told_and_ends_nothing(role: str, level: int) -> None:
    """RFC 9846, 6.1: reading goes on until close_notify."""
    peer = connected(role)
    peer.record(ALERT, bytes((level, 0x5A)))
    peer.record(DATA, b"and on")
    peer.record(ALERT, CLOSE_NOTIFY)

    assert events_of(peer.victim) == [
        AlertReceived(AlertLevel.of(level), AlertDescription.user_canceled),
        DataReceived(b"and on"),
        PeerClosed(),
    ]


def canceled_again_and_again(role: str, stage: str) -> Puppet:
    peer = STAGES[stage](role)
    for _ in range(defaults.WARNING_ALERT_LIMIT + 1):
        peer.record(ALERT, USER_CANCELED)
    return peer


MISDEEDS = [
    Misdeed(
        f"{stage}, to a {role}",
        Reasons.too_many_warnings,
        partial(canceled_again_and_again, role, stage),
    )
    for role in ROLES
    for stage in STAGES
]


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=names)
def test_warnings_are_bounded(misdeed: Misdeed) -> None:
    """Who never stops to cancel is refused."""
    misdeed.check()


# --- Orderly ends ------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_what_follows_close_notify_is_ignored_and_kept_for_others(role: str) -> None:
    """RFC 9846, 6.1: neither data nor rubbish after it does anything."""
    peer = connected(role)
    late = peer.sealed(ALERT, CLOSE_NOTIFY) + b"plain text of another protocol"
    peer.deliver(late)
    peer.deliver(b" and more")
    peer.victim.receive_eof()

    assert events_of(peer.victim) == [PeerClosed()]
    assert peer.victim.trailing_data == b"plain text of another protocol and more"
    peer.victim.write(b"answer")
    peer.listen()
    assert peer.heard_data() == b"answer"


@pytest.mark.parametrize("closer", ROLES)
def test_half_close_and_a_megabyte_the_other_way(closer: str) -> None:
    """close_write says goodbye; the other side finishes what it has to say."""
    pair = Pair().run()
    first, second = (pair.client, pair.server) if closer == "client" else (pair.server, pair.client)
    first.close_write()
    first.close_write()
    pair.run()
    second.write(bytes(1 << 20))
    second.close_write()
    pair.run()
    events = pair.client_events if closer == "client" else pair.server_events

    assert sum(len(e.data) for e in events if isinstance(e, DataReceived)) == 1 << 20
    assert events[-1] == PeerClosed()
    with pytest.raises(ApiMisuse):
        first.write(b"no more")


@pytest.mark.parametrize("role", ROLES)
def test_an_end_without_close_notify_is_a_truncation(role: str) -> None:
    """RFC 9846, 6.1: what came is delivered, the end is told apart from an orderly one."""
    peer = connected(role)
    peer.record(DATA, b"first half")
    peer.deliver(peer.sealed(DATA, b"second half")[:-1])
    peer.victim.receive_eof()

    assert events_of(peer.victim) == [DataReceived(b"first half"), Truncated()]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stage", ["before the hellos", "in the handshake"])
def test_close_notify_in_the_handshake_is_an_end_with_a_reason(role: str, stage: str) -> None:
    """Nobody was authenticated: there is nothing to close in order."""
    peer = STAGES[stage](role)
    peer.record(ALERT, CLOSE_NOTIFY)

    error = failure_of(peer.victim)
    assert type(error) is Truncation
    assert error.reason == Reasons.cut_in_handshake
    assert "close_notify" in str(error)
    check_text(error)


@pytest.mark.parametrize("role", ROLES)
def test_no_bytes_are_no_end(role: str) -> None:
    """An empty read of a caller's loop changes nothing; only receive_eof ends."""
    peer = connected(role)
    peer.victim.receive_data(b"")
    assert peer.victim.next_event() is NEED_DATA
    peer.victim.receive_eof()
    peer.victim.receive_eof()
    assert events_of(peer.victim) == [Truncated()]
    with pytest.raises(ApiMisuse):
        peer.victim.receive_data(b"x")


@pytest.mark.parametrize("role", ROLES)
def test_what_cannot_be_known_yet_is_misuse_to_ask(role: str) -> None:
    """info and write before the handshake is done, and both are named."""
    peer = fresh(role)
    with pytest.raises(ApiMisuse, match="not done"):
        _ = peer.victim.info
    with pytest.raises(ApiMisuse, match="before"):
        peer.victim.write(b"too early")


# --- Truncation at every byte ------------------------------------------------------------------


def cut_flights() -> list[tuple[str, Connection, bytes]]:
    """Each flight of a handshake with everything in it, before its receiver has it."""
    pair = Pair(
        client_config(groups=[NamedGroup.x25519], key_shares=[], credentials=[client_credential()]),
        server_config(groups=[NamedGroup.x25519], client_trust=trust()),
    )
    flights = []
    for _ in range(3):
        for role, sender, receiver in (
            ("server", pair.client, pair.server),
            ("client", pair.server, pair.client),
        ):
            data = bytes(sender.data_to_send())
            if data and not (role == "client" and _is_last(pair)):
                flights.append((role, receiver.fork(), data))
            receiver.receive_data(data)
    return flights


def _is_last(pair: Pair) -> bool:
    return any(isinstance(event, HandshakeDone) for event in list(pair.server._events))


@pytest.mark.parametrize("number", range(5))
def test_a_handshake_cut_at_any_byte_is_a_clear_error(number: int) -> None:
    """In both roles, in every flight: cut_in_handshake, no alert, and never HandshakeDone."""
    role, receiver, flight = cut_flights()[number]
    for length in range(len(flight)):
        victim = receiver.fork()
        victim.receive_data(flight[:length])
        before = bytes(victim.data_to_send())
        victim.receive_eof()
        error = failure_of(victim)
        assert type(error) is Truncation, (role, length, error)
        assert error.reason == Reasons.cut_in_handshake
        check_text(error)
        assert not victim.data_to_send(), before
    whole = receiver.fork()
    whole.receive_data(flight)
    assert whole.failure is None


# --- A client that is refused after it was done ------------------------------------------------


def test_a_client_learns_in_its_first_read_that_its_certificate_was_refused() -> None:
    """RFC 9846: a client finishes first; the text names the certificate, not the read."""
    stranger = Authority.create("stranger").issue("client.test", client=True, server=False)
    pair = Pair(client_config(credentials=[stranger]), server_config(client_trust=trust()))
    Pair.carry(pair.client, pair.server)
    Pair.carry(pair.server, pair.client)
    assert any(isinstance(event, HandshakeDone) for event in events_of(pair.client))
    Pair.carry(pair.client, pair.server)
    assert type(failure_of(pair.server)) is CertificateRejected
    Pair.carry(pair.server, pair.client)

    error = failure_of(pair.client)
    assert error.alert == AlertDescription.unknown_ca
    assert "certificate" in str(error)


def test_a_client_without_certificate_learns_that_one_was_required() -> None:
    """The same for the empty list."""
    pair = Pair(client_config(), server_config(client_trust=trust()))
    for _ in range(2):
        Pair.carry(pair.client, pair.server)
        Pair.carry(pair.server, pair.client)

    error: Any = failure_of(pair.client)
    assert error.alert == AlertDescription.certificate_required
    assert "certificate" in str(error)
