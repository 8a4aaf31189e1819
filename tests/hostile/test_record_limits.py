"""max_fragment_length (RFC 6066, 4) and record_size_limit (RFC 8449), in both versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.endpoints import (
    NAME,
    Pair,
    client_config,
    client_credential,
    events_of,
    server_config,
    trust,
)
from tlsee.codes import AlertDescription, ContentType, ExtensionType, ProtocolVersion
from tlsee.codes12 import MaxFragmentLength
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import DataReceived
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.handshake.compose import Composer
from tlsee.reasons import Reason, Reasons
from tlsee.values import replace
from tlsee.wire.extensions.block import AnyExtension, Extensions, UnknownExtension
from tlsee.wire.extensions.max_fragment_length import MaxFragmentLengthNegotiation
from tlsee.wire.extensions.record_size_limit import RecordSizeLimit

TLS12, TLS13 = ProtocolVersion.TLS12, ProtocolVersion.TLS13
VERSIONS = (TLS12, TLS13)
LENGTHS = (512, 1024, 2048, 4096)
# What protection adds to the content at most: 1.2's explicit nonce and tag, 1.3's type and tag.
OVERHEAD = {TLS12: 24, TLS13: 17}
DATA = bytes(range(256)) * 40


def records(wire: bytes) -> Iterator[tuple[int, int]]:
    """The content type and length of each record."""
    while wire:
        length = int.from_bytes(wire[3:5], "big")
        yield wire[0], length
        wire = wire[5 + length :]


def wishing(version: ProtocolVersion, length: int, **changes: Any) -> Any:
    """A client that asks for max_fragment_length alone."""
    options = {"record_size_limit": None, "max_fragment_length": length, **changes}
    return client_config(versions=[version], **options)


class Wiretap(Pair):
    """A pair whose records are kept by their direction."""

    def run(self) -> Wiretap:
        self.heard: dict[str, bytes] = {"client": b"", "server": b""}
        super().run()
        return self

    def carry(self, sender: Connection, receiver: Connection) -> bool:  # type: ignore[override]
        data = bytes(sender.data_to_send())
        if data:
            self.heard["client" if sender is self.client else "server"] += data
            receiver.receive_data(data)
        return bool(data)

    def longest(self, side: str) -> int:
        """Of the records that one side sent."""
        return max(length for _, length in records(self.heard[side]))


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize("length", LENGTHS)
def test_the_length_holds_both_ways(version: ProtocolVersion, length: int) -> None:
    """RFC 6066, 4: no record of either side has more content, and data arrives whole."""
    pair = Wiretap(wishing(version, length), server_config(versions=[version])).run()
    assert pair.done
    for sender, receiver in ((pair.server, pair.client), (pair.client, pair.server)):
        sender.write(DATA)
        wire = bytes(sender.data_to_send())
        longest = max(size for _, size in records(wire))
        assert length < longest <= length + OVERHEAD[version]
        receiver.receive_data(wire)
        got = [bytes(e.data) for e in events_of(receiver) if isinstance(e, DataReceived)]
        assert b"".join(got) == DATA


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_handshake_messages_are_fragmented(version: ProtocolVersion) -> None:
    """RFC 6066, 4: it holds at once, so a certificate is cut, in 1.2 without any key yet."""
    client = wishing(version, 512, credentials=[client_credential("rsa4096")])
    server = server_config(versions=[version], client_trust=trust())
    pair = Wiretap(client, server).run()
    assert pair.done
    for side in ("client", "server"):
        # Hellos go out before anything is agreed on; in 1.3 EncryptedExtensions has the answer.
        hello = 1 if side == "client" or version == TLS13 else 0
        sizes = [size for _, size in records(pair.heard[side])][hello:]
        assert max(sizes) <= 512 + OVERHEAD[version]
        assert len(sizes) > 2
    if version == TLS12:  # in the clear nothing is added
        clear = [size for kind, size in records(pair.heard["server"]) if kind == 22]
        assert clear[0] == 512


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_record_size_limit_goes_before(version: ProtocolVersion) -> None:
    """RFC 8449, 5: a server that knows both answers the former alone, and no record is longer."""
    seen: list[AnyExtension] = []

    class Listening(Composer):
        def client_hello(self, *given: Any) -> Any:
            hello = super().client_hello(*given)
            seen.extend(hello.extensions)
            return hello

    client = client_config(versions=[version], max_fragment_length=512)
    pair = Wiretap(client, server_config(), client_options={"composer": Listening()}).run()
    assert pair.done
    kinds = [item.extension_type for item in seen]
    assert ExtensionType.max_fragment_length in kinds
    assert RecordSizeLimit(513) in seen
    pair.server.write(DATA)
    longest = max(size for _, size in records(bytes(pair.server.data_to_send())))
    assert longest <= 513 + OVERHEAD[version]


def test_a_server_without_the_one_takes_the_other() -> None:
    """A server that has no record_size_limit goes by max_fragment_length, whatever else came."""
    client = client_config(max_fragment_length=1024)
    pair = Wiretap(client, server_config(record_size_limit=None)).run()
    pair.client.write(DATA)
    assert max(size for _, size in records(bytes(pair.client.data_to_send()))) == 1024 + 17


class Answering(Composer):
    """A server that adds these to its answers, in place of its own of that type."""

    def __init__(self, *items: AnyExtension) -> None:
        self.items = items
        self.kinds = {item.extension_type for item in items}

    def _edited(self, message: Any) -> Any:
        rest = [item for item in message.extensions if item.extension_type not in self.kinds]
        return replace(message, extensions=Extensions.of(*rest, *self.items))

    def server_hello12(self, *given: Any) -> Any:
        return self._edited(super().server_hello12(*given))

    def encrypted_extensions(self, *given: Any) -> Any:
        return self._edited(super().encrypted_extensions(*given))


def fragments(number: MaxFragmentLength) -> MaxFragmentLengthNegotiation:
    return MaxFragmentLengthNegotiation(number)


NINE, TEN = MaxFragmentLength.two_to_the_9, MaxFragmentLength.two_to_the_10
FIVE = UnknownExtension(ExtensionType.max_fragment_length, b"\x05")
BAD_ANSWERS: list[tuple[str, Reason, tuple[AnyExtension, ...], dict[str, Any]]] = [
    ("another length", Reasons.max_fragment_length_changed, (fragments(TEN),), {}),
    ("both", Reasons.two_record_limits, (fragments(NINE), RecordSizeLimit(64)), {"record_size_limit": 600}),
    ("an unknown number", Reasons.illegal_value, (FIVE,), {}),
    ("unasked", Reasons.unsolicited_extension, (fragments(NINE),), {"max_fragment_length": None}),
    ("too small a limit", Reasons.record_size_limit_too_small, (RecordSizeLimit(63),), {"record_size_limit": 600, "max_fragment_length": None}),
]  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize(
    ("reason", "items", "changes"),
    [row[1:] for row in BAD_ANSWERS],
    ids=[b[0] for b in BAD_ANSWERS],
)
def test_a_wrong_answer_is_refused(
    version: ProtocolVersion,
    reason: Reason,
    items: tuple[AnyExtension, ...],
    changes: dict[str, Any],
) -> None:
    """RFC 6066, 4 and RFC 8449, 5: the answer is the wish, alone, or there is none."""
    client = ClientConnection(wishing(version, 512, **changes), NAME)
    server = ServerConnection(server_config(versions=[version]), composer=Answering(*items))
    server.receive_data(client.data_to_send())
    client.receive_data(server.data_to_send())

    with pytest.raises(PeerMisbehaved) as caught:
        events_of(client)

    assert caught.value.name == reason.name
    assert caught.value.alert == reason.alert


class Asking(Composer):
    """A client that asks with a number of its own."""

    def client_hello(self, *given: Any) -> Any:
        hello = super().client_hello(*given)
        return replace(hello, extensions=Extensions.of(*hello.extensions, FIVE))


@pytest.mark.parametrize("version", VERSIONS, ids=str)
@pytest.mark.parametrize("limit", [None, 16385])
def test_an_unknown_wish_is_refused(version: ProtocolVersion, limit: int | None) -> None:
    """RFC 6066, 4: illegal_parameter."""
    config = client_config(versions=[version], record_size_limit=limit)
    client = ClientConnection(config, NAME, composer=Asking())
    server = ServerConnection(server_config())
    server.receive_data(client.data_to_send())

    with pytest.raises(PeerMisbehaved) as caught:
        events_of(server)

    assert caught.value.alert == AlertDescription.illegal_parameter


def heedless(side: Connection) -> Connection:
    """A peer that agrees and then sends what it likes."""
    side.__dict__["limit_records"] = lambda *_: None
    return side


def overflows(victim: Connection, words: str) -> None:
    with pytest.raises(PeerMisbehaved) as caught:
        events_of(victim)
    assert caught.value.name == Reasons.record_overflow.name
    assert caught.value.alert == AlertDescription.record_overflow
    assert words in caught.value.detail


@pytest.mark.parametrize("role", ["client", "server"])
@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_a_longer_record_is_an_overflow(version: ProtocolVersion, role: str) -> None:
    """RFC 6066, 4: one byte more than agreed ends the connection; the agreed length does not."""
    pair = Pair(wishing(version, 512), server_config(versions=[version])).run()
    victim, peer = (pair.client, pair.server)[:: 1 if role == "client" else -1]
    peer._writer.fragment = 513
    peer.write(bytes(512))
    victim.receive_data(peer.data_to_send())
    assert [len(e.data) for e in events_of(victim) if isinstance(e, DataReceived)] == [512]
    peer.write(bytes(513))
    victim.receive_data(peer.data_to_send())
    overflows(victim, "51")


def test_a_longer_record_in_the_clear_is_one_too() -> None:
    """RFC 6066, 4: a TLS 1.2 client's long Certificate, before there are keys."""
    config = wishing(TLS12, 512, credentials=[client_credential("rsa4096")])
    peer = heedless(ClientConnection(config, NAME))
    victim = ServerConnection(server_config(versions=[TLS12], client_trust=trust()))
    victim.receive_data(peer.data_to_send())
    events_of(victim)
    peer.receive_data(victim.data_to_send())
    events_of(peer)
    victim.receive_data(peer.data_to_send())
    overflows(victim, "512 allowed")


def test_a_servers_record_in_the_clear() -> None:
    """The record behind that of ServerHello is held to the length; that of ServerHello is not."""
    peer = heedless(ServerConnection(server_config(versions=[TLS12])))
    victim = ClientConnection(wishing(TLS12, 512), NAME)
    peer.receive_data(victim.data_to_send())
    wire = bytes(peer.data_to_send())
    assert wire[0] == ContentType.handshake
    hello = 4 + int.from_bytes(wire[6:9], "big")
    rest = wire[5 + hello :]
    for fragment in (wire[5 : 5 + hello], rest[:513]):
        victim.receive_data(b"\x16\x03\x03" + len(fragment).to_bytes(2, "big") + fragment)
    overflows(victim, "513 bytes, 512 allowed")


@pytest.mark.parametrize("limits", [(64, 64), (64, 16385), (1000, 64), (16385, 300)])
def test_record_size_limit_in_tls12(limits: tuple[int, int]) -> None:
    """RFC 8449, 4: without an inner content type the limit is for the content alone.

    A hello is for both versions, so a client takes what its number allows in either.
    """
    client = client_config(versions=[TLS12], record_size_limit=limits[0])
    pair = Pair(client, server_config(record_size_limit=limits[1])).run()
    assert pair.done
    server_says = max(limits[1] - 1, 64)
    for sender, receiver, limit in (
        (pair.server, pair.client, limits[0]),
        (pair.client, pair.server, server_says),
    ):
        sender.write(bytes(5000))
        wire = bytes(sender.data_to_send())
        assert max(size for _, size in records(wire)) == min(limit, 5000) + 24
        receiver.receive_data(wire)
        got = [bytes(e.data) for e in events_of(receiver) if isinstance(e, DataReceived)]
        assert b"".join(got) == bytes(5000)
        sender._writer.fragment = limit + 1
        if limit < 5000:
            sender.write(bytes(limit + 1))
            receiver.receive_data(sender.data_to_send())
            overflows(receiver, "allowed")
            break


@pytest.mark.parametrize(
    "changes", [{"max_fragment_length": 1000}, {"record_size_limit": 63}], ids=str
)
def test_a_length_that_cannot_be_is_misuse(changes: dict[str, Any]) -> None:
    """A configuration says at once which lengths there are."""
    with pytest.raises(ApiMisuse, match="give"):
        client_config(**changes)
