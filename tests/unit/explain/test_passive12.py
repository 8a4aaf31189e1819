"""A recording and the server's key: RSA key exchange opens, nothing else does, no bytes raise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.endpoints import (
    NAME,
    Pair,
    authority,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tlsee import policies
from tlsee.codes import CipherSuite, ContentType, ExtensionType, HandshakeType, ProtocolVersion
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.connection.connection import Connection
from tlsee.crypto import private_keys
from tlsee.crypto.suites12 import suites12
from tlsee.errors import ApiMisuse
from tlsee.explain.passive12 import NotOpened, Opened, open_with_key
from tlsee.handshake.compose import Composer
from tlsee.identity.credentials import Credential
from tlsee.policies import Policy
from tlsee.trace import Role
from tlsee.values import replace
from tlsee.wire.codec import decode
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.framing import kind_of
from tlsee.wire.hellos import ClientHello, ServerHello

QUESTION, ANSWER = b"what is the answer?", b"forty-two, " * 4000  # more than two records
RSA, DHE, ECDHE = (
    CipherSuite.named(f"TLS_{exchange}_WITH_AES_128_GCM_SHA256")
    for exchange in ("RSA", "DHE_RSA", "ECDHE_RSA")
)
RSA_SUITES = [
    row.code for row in suites12().values() if row.key_exchange is KeyExchangeAlgorithm.rsa
]


class Recording(NamedTuple):
    """All bytes of both directions."""

    client: bytes
    server: bytes


@cache
def key(number: int = 0) -> Any:
    """A server's RSA key; another one for another number."""
    del number
    return private_keys.generate("rsa2048")


@cache
def credential() -> Credential:
    return authority().issue(NAME, private_key=key())


class Overheard(Pair):
    """A pair whose bytes are kept, cut as ``cut`` says, as a network would."""

    def __init__(self, *configs: Any, **options: Any) -> None:
        self.kept = {Role.CLIENT: bytearray(), Role.SERVER: bytearray()}
        super().__init__(*configs, **options)

    def carry(self, sender: Connection, receiver: Connection) -> bool:  # type: ignore[override]
        data = sender.data_to_send()
        self.kept[Role.CLIENT if sender is self.client else Role.SERVER] += data
        if data:
            receiver.receive_data(data)
        return bool(data)


class Without(Composer):
    """A client that leaves out one extension."""

    def __init__(self, kind: ExtensionType | None) -> None:
        self._kind = kind

    def client_hello(self, *arguments: Any) -> ClientHello:
        hello = super().client_hello(*arguments)
        items = [item for item in hello.extensions if item.extension_type != self._kind]
        return replace(hello, extensions=Extensions.of(*items))


def recorded(
    suite: CipherSuite,
    *,
    without: ExtensionType | None = None,
    policy: Policy = policies.legacy,
    client: dict[str, Any] | None = None,
    server: dict[str, Any] | None = None,
) -> Recording:
    """A conversation over this suite, from hello to close_notify."""
    common: dict[str, Any] = {
        "versions": [ProtocolVersion.TLS12],
        "policy": policy,
        "suites": [suite],
    }
    theirs = {"credentials": [credential()], **common, **(server or {})}
    pair = Overheard(
        client_config(**common, **(client or {})),
        server_config(**theirs),
        client_options={"composer": Without(without)},
    )
    pair.run()
    assert pair.done
    pair.client.write(QUESTION)
    pair.run()
    pair.server.write(ANSWER)
    pair.run()
    pair.client.close_write()
    pair.run()
    return Recording(bytes(pair.kept[Role.CLIENT]), bytes(pair.kept[Role.SERVER]))


@cache
def spoken(suite: CipherSuite = RSA) -> Recording:
    """One that several tests look at."""
    return recorded(suite)


def opened(recording: Recording, private_key: Any = None) -> Opened:
    result = open_with_key(*recording, private_key or key())
    assert isinstance(result, Opened), result
    return result


def not_opened(recording: Recording, private_key: Any = None) -> NotOpened:
    result = open_with_key(*recording, private_key or key())
    assert isinstance(result, NotOpened)
    assert result.missing
    assert result.sentence.isascii()
    return result


def records(stream: bytes) -> Iterator[bytes]:
    while stream:
        end = 5 + int.from_bytes(stream[3:5])
        yield stream[:end]
        stream = stream[end:]


def first_message(stream: bytes) -> bytes:
    return stream[5 : 9 + int.from_bytes(stream[6:9])]


def server_hello(recording: Recording) -> ServerHello:
    return decode(ServerHello, first_message(recording.server))


# --- What opens ---------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", RSA_SUITES, ids=str)
def test_every_suite_of_rsa_key_exchange_opens(suite: CipherSuite) -> None:
    """Each record protection: AEADs, CCM, CBC; what was said comes out, byte for byte."""
    result = opened(recorded(suite))
    assert result.suite.code == suite
    assert (result.data(Role.CLIENT), result.data(Role.SERVER)) == (QUESTION, ANSWER)
    assert (result.encrypted, result.premaster, result.main) == (256, 48, 48)
    assert [plain.content_type for plain in result.client] == [
        ContentType.handshake,
        ContentType.application_data,
        ContentType.alert,
    ]
    assert result.stopped == ""


def test_cbc_in_either_order_of_mac_and_cipher() -> None:
    """What ServerHello says of encrypt_then_mac decides, and nothing else."""
    suite = CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA
    insecure = policies.insecure_old_machines
    found = {}
    for agreed in (True, False):
        recording = recorded(suite, policy=insecure)
        if not agreed:
            recording = recorded(suite, policy=insecure, without=ExtensionType.encrypt_then_mac)
        found[agreed] = server_hello(recording).extensions.has(ExtensionType.encrypt_then_mac)
        assert opened(recording).data(Role.CLIENT) == QUESTION
    assert found == {True: True, False: False}


def test_the_main_secret_of_either_kind() -> None:
    """Extended (RFC 7627) or of the randoms alone, as the hellos say."""
    plain = recorded(RSA, without=ExtensionType.extended_main_secret)
    assert [opened(spoken()).extended, opened(plain).extended] == [True, False]
    assert opened(plain).data(Role.SERVER) == ANSWER


def test_with_a_clients_certificate() -> None:
    """CertificateRequest and the client's Certificate belong to what the main secret covers."""
    recording = recorded(
        RSA,
        client={"credentials": [client_credential()]},
        server={"client_trust": trust()},
    )
    assert opened(recording).data(Role.CLIENT) == QUESTION


def test_messages_in_many_records_and_many_in_one() -> None:
    """How messages are cut into records changes nothing of what they say."""
    recording = spoken()
    for size in (1, 7, 2**14):
        again = Recording(*(recut(stream, size) for stream in recording))
        first = [len(list(unprotected(stream))) for stream in again]
        assert (first == [1, 1]) == (size == 2**14)
        assert opened(again) == opened(recording)


def unprotected(stream: bytes) -> Iterator[bytes]:
    """The records before ChangeCipherSpec."""
    return takewhile(lambda record: record[0] != ContentType.change_cipher_spec, records(stream))


def recut(stream: bytes, size: int) -> bytes:
    """The messages before ChangeCipherSpec in records of this many bytes."""
    before = list(unprotected(stream))
    whole = b"".join(record[5:] for record in before)
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    first = [b"\x16\x03\x03" + len(piece).to_bytes(2) + piece for piece in pieces]
    return b"".join(first) + stream[sum(map(len, before)) :]


def test_a_hello_request_is_no_part_of_it() -> None:
    """RFC 5246, 7.4.1.1: one may stand anywhere and is in no transcript."""
    hello, *others = records(recut(spoken().server, len(first_message(spoken().server))))
    request = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"
    again = Recording(spoken().client, b"".join((request, hello, request, *others)))
    assert opened(again) == opened(spoken())


def test_what_is_cut_later_opens_as_far_as_it_goes() -> None:
    """A recording that ends, or was changed, behind the first data: the rest is said to be lost."""
    client, server = spoken()
    result = opened(Recording(client, server[:-100]))
    assert ANSWER.startswith(result.data(Role.SERVER))
    assert result.stopped.startswith("the recording ends inside a record (byte ")
    damaged = bytearray(client)
    damaged[-1] ^= 1
    result = opened(Recording(bytes(damaged), server))
    assert result.data(Role.CLIENT) == QUESTION
    assert result.stopped == "the client's protected record 3 does not open with these keys"


# --- What does not ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suite", "missing_value", "said"),
    [
        (ECDHE, "the two private halves of x25519", "the public ones, 32 bytes each;"),
        (DHE, "the two private halves of ffdhe2048", "the public ones;"),
    ],
)
def test_forward_secrecy(suite: CipherSuite, missing_value: str, said: str) -> None:
    """The same bytes, the same key: what never crossed the wire is named, and who lacks it."""
    result = not_opened(spoken(suite))
    assert result.missing == missing_value
    assert said in result.sentence
    assert "neither crossed the wire" in result.sentence


def test_1_3_has_no_exchange_that_a_key_could_open() -> None:
    """It is recognised, not taken for something damaged."""
    pair = Overheard(client_config(), server_config(credentials=[credential()]))
    pair.run()
    recording = Recording(bytes(pair.kept[Role.CLIENT]), bytes(pair.kept[Role.SERVER]))
    assert "TLS 1.3" in not_opened(recording).sentence


def test_another_key() -> None:
    """The key of somebody else is told by the certificate, before anything is decrypted."""
    assert not_opened(spoken(), key(1)) == NotOpened(
        "the private key",
        f"the key that was given is not the one of the certificate for {NAME}",
    )


def test_no_key_is_misuse() -> None:
    """What is no private key is the caller's mistake, not the recording's."""
    with pytest.raises(ApiMisuse):
        open_with_key(*spoken(), b"key")


def test_a_session_that_goes_on() -> None:
    """Without a ClientKeyExchange of its own the premaster secret is elsewhere."""
    client, server = (list(records(stream)) for stream in spoken())
    at = next(index for index, record in enumerate(server) if record[0] == 20)
    hello = first_message(server[0])
    short = b"\x16\x03\x03" + len(hello).to_bytes(2) + hello
    result = not_opened(Recording(client[0] + b"".join(client[2:]), short + b"".join(server[at:])))
    assert result.sentence.startswith("an earlier session goes on here")


def test_a_premaster_that_was_changed() -> None:
    """Whatever the library's implicit rejection gives, nothing opens."""
    client, server = spoken()
    exchange = next(
        record
        for record in records(client)
        if kind_of(record[5:]) == HandshakeType.client_key_exchange
    )
    for value in range(4):
        changed = exchange[:-1] + bytes([exchange[-1] ^ 1 << value])
        not_opened(Recording(client.replace(exchange, changed), server))


@pytest.mark.parametrize("side", [0, 1])
def test_every_cut_is_told(side: int) -> None:
    """Cut at any byte: until the messages in the clear are whole it is told what is missing.

    From there on the other side's records open, whatever is left of this side's.
    """
    recording = list(spoken())
    whole = sum(map(len, unprotected(recording[side])))
    for end in range(whole + 60):
        cut = [*recording]
        cut[side] = cut[side][:end]
        result = open_with_key(cut[0], cut[1], key())
        assert isinstance(result, Opened if end >= whole else NotOpened)
        assert isinstance(result, Opened) or result.sentence


@given(
    side=st.integers(0, 1),
    at=st.integers(0, 1200),
    junk=st.binary(min_size=1, max_size=40),
)
@settings(deadline=None)
def test_no_bytes_raise(side: int, at: int, junk: bytes) -> None:
    """Changed anywhere: it opens to the same, or says what is missing."""
    recording = list(spoken())
    changed = bytearray(recording[side])
    at %= len(changed)
    changed[at : at + len(junk)] = junk
    recording[side] = bytes(changed)
    result = open_with_key(recording[0], recording[1], key())
    if isinstance(result, Opened):
        assert QUESTION.startswith(result.data(Role.CLIENT))
        assert ANSWER.startswith(result.data(Role.SERVER))


@given(client=st.binary(max_size=200), server=st.binary(max_size=200))
@settings(deadline=None)
def test_no_streams_raise(client: bytes, server: bytes) -> None:
    """Whatever it is: nothing opens."""
    assert isinstance(open_with_key(client, server, key()), NotOpened)


def test_nothing_secret_is_shown() -> None:
    """What was opened is not in a repr."""
    assert "forty" not in repr(opened(spoken()))
    assert "answer" not in repr(opened(spoken()))
