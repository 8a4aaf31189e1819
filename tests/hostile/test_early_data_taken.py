"""Early data that a server takes, from a client that misuses it (RFC 9846, 4.3.10 and 4.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.endpoints import NAME, Pair, client_config, events_of, server_config
from tests.support.resuming import Bound, refusal, resumable
from tlsee import defaults
from tlsee.codes import ContentType, HandshakeType, KeyUpdateRequest, NamedGroup
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection
from tlsee.connection.events import NEED_DATA, DataReceived, EarlyDataReceived, HandshakeDone
from tlsee.errors import PeerMisbehaved, Reason, Reasons, TLSError
from tlsee.handshake.outcome import EarlyData
from tlsee.keys.directions import DirectionSecret
from tlsee.sessions.psk import ExternalPsk
from tlsee.trace import Direction, Epoch
from tlsee.wire.codec import encode
from tlsee.wire.messages13 import EndOfEarlyData, KeyUpdate

LIMIT = 1000
END = encode(EndOfEarlyData())


class Odd(ClientConnection):
    """A client whose end of early data is in other hands; its keys and transcript are right."""

    def __init__(self, config: ClientConfig, ending: Callable[[Odd, bytes], None]) -> None:
        self.ending = ending
        self.late = b""
        super().__init__(config, NAME, early_data=True)

    def send(self, epoch: Epoch, raw: bytes) -> None:
        """EndOfEarlyData as the test wants it, and everything else as it is."""
        if raw == END:
            self.ending(self, raw)
        else:
            super().send(epoch, raw)

    def say(self, raw: bytes) -> None:
        """A handshake message under the keys of the moment, in a record of its own."""
        self._writer.handshake(raw)
        self._writer.flush()

    def install(self, direction: Direction, epoch: Epoch, secret: DirectionSecret) -> None:
        """Change keys; say what has waited for them."""
        super().install(direction, epoch, secret)
        if direction is Direction.WRITE and self.late:
            self.say(self.late)
            self.late = b""


def keep_for_later(client: Odd, raw: bytes) -> None:
    client.late = raw


def say_twice(client: Odd, raw: bytes) -> None:
    client.say(raw)
    client.say(raw)


def say_twice_in_a_record(client: Odd, raw: bytes) -> None:
    client.say(raw + raw)


def say_a_key_update(client: Odd, raw: bytes) -> None:
    client.say(encode(KeyUpdate(KeyUpdateRequest.update_not_requested)) + raw)


def say_finished(client: Odd, raw: bytes) -> None:
    client.say(bytes((HandshakeType.finished, 0, 0, 32)) + bytes(32))
    client.say(raw)


def say_a_certificate(client: Odd, raw: bytes) -> None:
    client.say(b"\x0b\x00\x00\x04\x00\x00\x00\x00")
    client.say(raw)


def say_too_much(client: Odd, raw: bytes) -> None:
    client.say(raw[:3] + b"\x01\x00")


def split_around_data(client: Odd, raw: bytes) -> None:
    client.say(raw[:2])
    client._writer.data(b"between")
    client.say(raw[2:])


def data_afterwards(client: Odd, raw: bytes) -> None:
    client.say(raw)
    client._writer.data(b"more")


def data_under_handshake_keys(client: Odd, raw: bytes) -> None:
    client.say(raw)
    seal = client._writer.data
    install = client.install

    def then(direction: Direction, epoch: Epoch, secret: DirectionSecret) -> None:
        install(direction, epoch, secret)
        if direction is Direction.WRITE:
            seal(b"more")

    client.install = then  # type: ignore[method-assign]


def say_nothing(client: Odd, raw: bytes) -> None:
    """Finished comes, under keys that are not in use yet."""


def change_cipher_specs(client: Odd, raw: bytes) -> None:
    for _ in range(defaults.CHANGE_CIPHER_SPEC_LIMIT + 1):
        client._writer.change_cipher_spec()
    client.say(raw)


def empty_records(client: Odd, raw: bytes) -> None:
    sealer = client._writer.sealer
    assert sealer is not None
    for _ in range(defaults.EMPTY_RECORDS_LIMIT + 1):
        client._writer.queue.append(sealer.seal(ContentType.application_data, b""))
    client.say(raw)


MISDEEDS: dict[str, tuple[Callable[[Odd, bytes], None], Reason]] = {
    "missing": (say_nothing, Reasons.bad_record_mac),
    "under handshake keys": (keep_for_later, Reasons.bad_record_mac),
    "twice": (say_twice, Reasons.bad_record_mac),
    "twice in a record": (say_twice_in_a_record, Reasons.misaligned_key_change),
    "not empty": (say_too_much, Reasons.message_too_long),
    "split by data": (split_around_data, Reasons.interleaved_handshake),
    "KeyUpdate before it": (say_a_key_update, Reasons.unexpected_message),
    "Finished before it": (say_finished, Reasons.unexpected_message),
    "Certificate before it": (say_a_certificate, Reasons.unexpected_message),
    "early data behind it": (data_afterwards, Reasons.bad_record_mac),
    "data before Finished": (data_under_handshake_keys, Reasons.plaintext_data),
    "many dummies": (change_cipher_specs, Reasons.too_many_change_cipher_specs),
    "many empty records": (empty_records, Reasons.too_many_empty_records),
}


@pytest.mark.parametrize("name", MISDEEDS)
def test_the_end_of_early_data_is_one_message_in_its_place(name: str) -> None:
    """Whatever else comes ends the connection, after what was early and before it is done."""
    ending, reason = MISDEEDS[name]
    client, server = resumable(early_data=LIMIT)
    pair = Pair(client, server)
    odd = Odd(client, ending)
    pair.client = odd
    odd.write_early_data(b"early")
    while pair.server.failure is None:
        moved = Pair.carry(odd, pair.server) | Pair.carry(pair.server, odd)
        assert moved, "nobody refused"
    assert isinstance(pair.server.failure, PeerMisbehaved)
    assert pair.server.failure.reason == reason, pair.server.failure
    first = pair.server.next_event()
    assert isinstance(first, EarlyDataReceived)
    assert bytes(first.data) == b"early"
    with pytest.raises(TLSError):
        events_of(pair.server)


def early(server: ServerConfig, client: ClientConfig, **options: Any) -> Pair:
    """A client that sends early data."""
    pair = Pair(client, server, client_options={"early_data": True, **options})
    pair.client.write_early_data(b"early")
    return pair


@pytest.mark.parametrize("parts", [[LIMIT], [1] * LIMIT, [LIMIT - 1, 1]])
def test_as_much_as_the_ticket_says(parts: list[int]) -> None:
    """To the last byte, in records of any size."""
    client, server = resumable(early_data=LIMIT)
    pair = Pair(client, server, client_options={"early_data": True})
    for size in parts:
        pair.client.write_early_data(bytes(size))
    pair.run()
    came = [len(e.data) for e in pair.server_events if isinstance(e, EarlyDataReceived)]
    assert sum(came) == LIMIT


def test_a_flood_that_was_accepted() -> None:
    """One byte more than the ticket says is an end, in whichever record."""
    client, server = resumable(early_data=LIMIT)
    pair = Pair(client, server, client_options={"early_data": True})
    pair.client._early_room = 10**6
    for _ in range(LIMIT + 1):
        pair.client.write_early_data(b"x")
    refusal(pair, Reasons.early_data_over_limit, by_server=True)


@pytest.mark.parametrize("early_data", [0, LIMIT])
def test_a_flood_that_was_refused(early_data: int) -> None:
    """What nobody wants is passed over, within a bound of its own."""
    client, server = resumable(early_data=LIMIT)
    groups = [NamedGroup.secp384r1] if early_data else None
    other = server_config(sessions=server.sessions, early_data=early_data, groups=groups)
    pair = Pair(client, other, client_options={"early_data": True})
    pair.client._early_room = 10**9
    pair.client.write_early_data(bytes(defaults.SKIPPED_EARLY_DATA_LIMIT))
    with pytest.raises(TLSError):
        pair.run()
    assert pair.server.failure is not None
    assert pair.server.failure.reason == Reasons.too_much_early_data


def test_early_data_is_announced_again_behind_a_retry() -> None:
    """Not even with a binder that is right."""
    client, server = resumable(early_data=LIMIT)
    other = server_config(sessions=server.sessions, early_data=LIMIT, groups=[NamedGroup.secp384r1])

    class Again(Bound):
        """Says it in each hello."""

        def offer_psks(self, hello: Any, psks: Any, early: bool, before: Any) -> Any:
            return super().offer_psks(hello, psks, True, before)

    refusal(early(other, client, composer=Again()), Reasons.early_data_after_retry, by_server=True)


def test_early_data_behind_a_retry_that_nobody_announced() -> None:
    """A record under early keys after the second hello opens nowhere."""
    client, server = resumable(early_data=LIMIT)
    other = server_config(sessions=server.sessions, early_data=LIMIT, groups=[NamedGroup.secp384r1])
    pair = early(other, client)
    sealer: Any = pair.client._writer.sealer
    kept = sealer.copy()
    for _ in range(2):
        Pair.carry(pair.client, pair.server)
        Pair.carry(pair.server, pair.client)
    pair.server.receive_data(kept.seal(ContentType.application_data, b"late"))
    assert pair.server.failure is not None
    assert pair.server.failure.reason == Reasons.bad_record_mac


def test_early_data_goes_with_the_first_key_alone() -> None:
    """The server takes the second: what came under the first is refused, the handshake goes on."""
    key = ExternalPsk(b"mesh", bytes(32), early_data=LIMIT)
    client, _ = resumable(early_data=LIMIT)
    both = client_config(sessions=client.sessions, psks=[key])
    other = server_config(
        sessions=True, early_data=LIMIT, psks=[key], insecure_accept_own_hellos=True
    )
    pair = early(other, both).run()
    assert pair.client.info.psk_identity == b"mesh"
    assert pair.client.info.early_data is pair.server.info.early_data is EarlyData.REFUSED
    assert not any(isinstance(event, EarlyDataReceived) for event in pair.server_events)


def test_early_data_with_the_second_key() -> None:
    """The session is known and stands behind another key: its early data is not taken."""
    key = ExternalPsk(b"mesh", bytes(32))
    client, server = resumable(early_data=LIMIT)
    both = client_config(sessions=client.sessions, psks=[key])
    composer = Bound(pick=lambda psks: psks[::-1])
    pair = early(server, both, composer=composer)
    Pair.carry(pair.client, pair.server)
    assert pair.server.failure is None
    assert pair.server.next_event() is NEED_DATA


def test_early_data_under_an_external_key_is_declined() -> None:
    """Nothing about it is used once, so nobody could tell a copy."""
    key = ExternalPsk(b"mesh", bytes(32), early_data=LIMIT)
    server = ServerConfig(
        credentials=[], psks=[key], early_data=LIMIT, insecure_accept_own_hellos=True
    )
    pair = Pair(ClientConfig(psks=[key]), server, client_options={"early_data": True})
    assert pair.client.early_data_room == LIMIT
    pair.client.write_early_data(b"early")
    pair.run()
    assert pair.client.info.early_data is EarlyData.REFUSED
    why = [choice for choice in pair.server.info.choices if choice.what == "early_data"]
    assert "external key" in why[0].rule


def test_a_record_of_early_data_that_was_changed() -> None:
    """Once it is taken everything has to open."""
    client, server = resumable(early_data=LIMIT)
    pair = early(server, client)
    flight = bytearray(pair.client.data_to_send())
    flight[-1] ^= 1
    pair.server.receive_data(flight)
    assert pair.server.failure is not None
    assert pair.server.failure.reason == Reasons.bad_record_mac


def test_early_data_that_is_cut_off() -> None:
    """A close_notify before Finished is a truncation: nobody has been proved to be there."""
    client, server = resumable(early_data=LIMIT)
    pair = early(server, client)
    pair.client.close_write()
    Pair.carry(pair.client, pair.server)
    assert isinstance(pair.server.next_event(), EarlyDataReceived)
    with pytest.raises(TLSError) as caught:
        pair.server.next_event()
    assert caught.value.name == "cut_in_handshake"


def test_data_is_early_until_finished_is_there() -> None:
    """What a server gets before it has seen Finished is never told as ordinary data."""
    client, server = resumable(early_data=LIMIT)
    pair = early(server, client).run()
    pair.client.write(b"late")
    pair.run()
    kinds = [type(event) for event in pair.server_events]
    assert kinds == [EarlyDataReceived, HandshakeDone, DataReceived]


def test_a_client_announces_early_data_that_it_does_not_end() -> None:
    """The extension alone: the server takes what is not there, and that is not what it sent."""
    client, server = resumable(early_data=LIMIT)
    pair = Pair(client, server, client_options={"composer": Bound(early=True)})
    refusal(pair, Reasons.early_data_not_possible, by_server=False, heard=False)
