"""The Illustrated TLS 1.2 Connection, from its capture and key log: every message and record."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.captures_ipv6 import payloads
from tests.support.missing import missing
from tests.support.vectors import vectors_directory
from tlsee.codes import CipherSuite, ContentType, HandshakeType, NamedGroup, SignatureScheme
from tlsee.codes12 import ECCurveType
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.schemes12 import schemes12
from tlsee.crypto.suites12 import suites12
from tlsee.identity.certificate import leaf_key
from tlsee.keys.protection12 import Opener12, opener12, sealer12
from tlsee.keys.schedule12 import MainSecret
from tlsee.keys.schedule13 import FinishedValid
from tlsee.keys.transcript import Transcript
from tlsee.wire.codec import Message, decode, dissect_message, encode, write
from tlsee.wire.extensions import Block, RenegotiationInfo
from tlsee.wire.framing import HandshakeBuffer, kind_of
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages12 import (
    MESSAGES,
    Certificate,
    ClientKeyExchange,
    Finished,
    ServerHelloDone,
    ServerKeyExchange,
)

SUITE = suites12()[CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]
HANDSHAKE, CCS = ContentType.handshake, ContentType.change_cipher_spec
DATA, ALERT = ContentType.application_data, ContentType.alert
CLIENT, SERVER = "client", "server"


@cache
def records() -> list[tuple[str, bytes]]:
    """Each record with its sender, in the order of the capture."""
    path = vectors_directory() / "illustrated-tls12" / "capture.pcap"
    if not path.is_file():
        missing(f"the capture {path.name}", f"it into {path.parent}")
    segments = payloads(path)
    port = segments[0][1]  # the first to send is the client
    found: list[tuple[str, bytes]] = []
    for _, destination, body in segments:
        sender, rest = CLIENT if destination == port else SERVER, body
        while rest:
            end = 5 + int.from_bytes(rest[3:5])
            assert end <= len(rest)
            found.append((sender, rest[:end]))
            rest = rest[end:]
    return found


def main_secret() -> tuple[bytes, MainSecret]:
    """The client's random and the secret that the key log has for it."""
    log = (vectors_directory() / "illustrated-tls12" / "keylog.txt").read_text("ascii").split()
    assert log[0] == "CLIENT_RANDOM"
    return bytes.fromhex(log[1]), MainSecret(SUITE, bytes.fromhex(log[2]), False)


def openers() -> dict[str, Opener12]:
    client_random, main = main_secret()
    (server_hello,) = [m for _, m in messages() if isinstance(m, ServerHello)]
    client, server = main.keys(client_random, server_hello.random)
    return {CLIENT: opener12(client), SERVER: opener12(server)}


def plain_messages() -> Iterator[tuple[str, bytes]]:
    """The handshake messages in the clear, raw."""
    for sender, record in records():
        if record[0] == CCS and sender == SERVER:
            return
        if record[0] != HANDSHAKE or (sender, record) in protected():
            continue
        buffer = HandshakeBuffer(lambda kind: 2**16)
        buffer.append(record[5:])
        while (raw := buffer.next()) is not None:
            yield sender, raw


def protected() -> list[tuple[str, bytes]]:
    """The records behind each side's ChangeCipherSpec."""
    changed: set[str] = set()
    found = []
    for sender, record in records():
        if record[0] == CCS:
            assert record == b"\x14\x03\x03\x00\x01\x01"
            changed.add(sender)
        elif sender in changed:
            found.append((sender, record))
    return found


def messages() -> list[tuple[str, Message]]:
    return [(sender, decode(MESSAGES[kind_of(raw)], raw)) for sender, raw in plain_messages()]


def opened() -> list[tuple[str, ContentType, bytes]]:
    """Every protected record, decrypted."""
    found = []
    by = openers()
    for sender, record in protected():
        content, odd = by[sender].open_one(memoryview(record), 2**14)
        assert odd == 0
        found.append((sender, ContentType.of(record[0]), content))
    return found


def test_the_messages_are_those_of_a_full_handshake() -> None:
    """RFC 5246, 7.3: the first flights, up to the client's ChangeCipherSpec."""
    expected = [
        (CLIENT, ClientHello),
        (SERVER, ServerHello),
        (SERVER, Certificate),
        (SERVER, ServerKeyExchange),
        (SERVER, ServerHelloDone),
        (CLIENT, ClientKeyExchange),
    ]
    assert [(sender, type(message)) for sender, message in messages()] == expected


def test_every_message_comes_back_byte_for_byte() -> None:
    """Decoded, and encoded without the bytes that were kept, it is the same; so is its tree."""
    for (_, raw), (_, message) in zip(plain_messages(), messages(), strict=True):
        assert raw[4:] == write(message)
        message.raw = b""
        assert encode(message) == raw
        assert dissect_message(type(message), raw).value == message


def test_the_server_hello() -> None:
    """No supported_versions, so its block is 1.2's, and renegotiation_info is parsed there."""
    (hello,) = [m for _, m in messages() if isinstance(m, ServerHello)]
    assert hello.cipher_suite == SUITE.code
    assert hello.extensions.block is Block.SH12
    assert hello.extensions.require(RenegotiationInfo).renegotiated_connection == b""


def test_the_key_exchange_is_signed() -> None:
    """RFC 5246, 7.4.3: the certificate's key has signed the randoms and the parameters' bytes."""
    found = {type(message): message for _, message in messages()}
    client, server = found[ClientHello], found[ServerHello]
    certificate, exchange = found[Certificate], found[ServerKeyExchange]
    assert isinstance(client, ClientHello)
    assert isinstance(server, ServerHello)
    assert isinstance(certificate, Certificate)
    assert isinstance(exchange, ServerKeyExchange)
    signed = exchange.ecdh()
    assert signed.params.curve_type == ECCurveType.named_curve
    assert signed.params.named_curve == NamedGroup.x25519
    assert signed.signed_params.algorithm == SignatureScheme.rsa_pkcs1_sha256
    content = client.random + server.random + exchange.params(signed)
    scheme = schemes12()[signed.signed_params.algorithm]
    key = leaf_key(certificate.certificate_list[0])
    assert scheme.verify(key, signed.signed_params.signature, content).scheme == scheme.code


def test_the_clients_key() -> None:
    """The author has published the client's private key, 0x20 to 0x3f: its public half was sent,
    and the two randoms lead from the exchange to the key log's secret.
    """
    found = {type(message): message for _, message in messages()}
    sent, exchange = found[ClientKeyExchange], found[ServerKeyExchange]
    server = found[ServerHello]
    assert isinstance(sent, ClientKeyExchange)
    assert isinstance(exchange, ServerKeyExchange)
    assert isinstance(server, ServerHello)
    share = PROVIDER.groups[NamedGroup.x25519].from_private(bytes(range(0x20, 0x40)))
    assert sent.ecdh().ecdh_Yc == share.public
    premaster = share.finish(exchange.ecdh().params.public)
    client_random, main = main_secret()
    assert MainSecret.of_randoms(SUITE, premaster, client_random, server.random) == main


def test_every_record_opens() -> None:
    """Both Finished, the data of both sides, and the client's close_notify."""
    kinds = [(sender, kind) for sender, kind, _ in opened()]
    assert kinds == [
        (CLIENT, HANDSHAKE),
        (SERVER, HANDSHAKE),
        (CLIENT, DATA),
        (SERVER, DATA),
        (CLIENT, ALERT),
    ]
    contents = [content for _, _, content in opened()]
    assert contents[2:] == [b"ping", b"pong", b"\x01\x00"]


def test_both_finished_are_right() -> None:
    """RFC 5246, 7.4.9: over everything before, the client's Finished included in the server's."""
    _, main = main_secret()
    transcript = Transcript.start(SUITE.hash_name)
    for _, raw in plain_messages():
        transcript = transcript.add(raw)
    client, server = [content for _, kind, content in opened() if kind == HANDSHAKE]
    assert kind_of(client) == kind_of(server) == HandshakeType.finished
    verify_data = decode(Finished, client).verify_data
    receipt = main.check_client_finished(transcript.digest(), verify_data)
    assert isinstance(receipt, FinishedValid)
    verify_data = decode(Finished, server).verify_data
    receipt = main.check_server_finished(transcript.add(client).digest(), verify_data)
    assert isinstance(receipt, FinishedValid)


@pytest.mark.parametrize("sender", [CLIENT, SERVER])
def test_every_record_is_sealed_again(sender: str) -> None:
    """With the capture's own IVs our sealer makes the capture's records."""
    client_random, main = main_secret()
    (hello,) = [m for _, m in messages() if isinstance(m, ServerHello)]
    keys = dict(zip((CLIENT, SERVER), main.keys(client_random, hello.random), strict=True))[sender]
    theirs = [record for who, record in protected() if who == sender]
    ivs = iter([record[5:21] for record in theirs])
    sealer = sealer12(keys, lambda count: next(ivs))
    contents = [(kind, content) for who, kind, content in opened() if who == sender]
    assert [sealer.seal(kind, content) for kind, content in contents] == theirs
