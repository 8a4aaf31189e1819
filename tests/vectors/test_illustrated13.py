"""A published session, made by another library: ours opens it, reads it and finds it in order."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.captures import key_log, records, streams
from tests.support.missing import missing
from tests.support.traces import rebuilt
from tests.support.vectors import vectors_directory
from tlsee.codes import CipherSuite, ContentType, HandshakeType, NamedGroup
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.suites import Suite
from tlsee.handshake.authenticate import SERVER_CONTEXT, signed_content
from tlsee.identity.certificate import leaf_key
from tlsee.keys.protection import HEADER_LENGTH, MAX_INNER, Opener
from tlsee.keys.schedule13 import EarlyStage, FinishedValid, TrafficSecret
from tlsee.keys.transcript import Transcript
from tlsee.trace import Role
from tlsee.wire.codec import Message, decode, dissect_message, encode
from tlsee.wire.extensions.key_share import KeyShareClientHello, KeyShareServerHello
from tlsee.wire.framing import HandshakeBuffer, kind_of
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages13 import MESSAGES, Certificate, CertificateVerify, Finished

SESSION = "illustrated-tls13"
# The session's ephemeral keys are these for the sake of its readers.
PRIVATE = {Role.CLIENT: bytes(range(0x20, 0x40)), Role.SERVER: bytes(range(0x90, 0xB0))}


class Opened(NamedTuple):
    """A record and the TLSInnerPlaintext (content and type) that is in it."""

    by: Role
    raw: bytes
    inner: bytes

    @property
    def content_type(self) -> ContentType:
        return ContentType.of(self.inner[-1])

    @property
    def content(self) -> bytes:
        return self.inner[:-1]


def session() -> Path:
    """The directory of the session; skips without it."""
    found = vectors_directory() / SESSION
    if not found.is_dir():
        missing(f"the published session {SESSION}", f"it into {found}")
    return found


def published(name: str) -> bytes:
    """A record, or what is in one, as the session's author extracted it."""
    return (session() / "caps" / name).read_bytes()


@lru_cache(maxsize=1)
def secrets() -> dict[str, bytes]:
    """The key log."""
    return key_log(session() / "keylog.txt")


def suite() -> Suite:
    """The session's."""
    server_hello = published("serverhello")[HEADER_LENGTH:]
    code = decode(ServerHello, server_hello).cipher_suite
    assert code == CipherSuite.TLS_AES_256_GCM_SHA384
    return PROVIDER.suites[code]


def traffic(label: str) -> TrafficSecret:
    """A secret of the key log."""
    return TrafficSecret(suite(), secrets()[label])


@lru_cache(maxsize=1)
def session_records() -> tuple[Opened, ...]:
    """All records, the client's and then the server's, opened with the key log."""
    client, server = streams(session() / "capture.pcap")
    return (*_opened(Role.CLIENT, client), *_opened(Role.SERVER, server))


def _opened(by: Role, stream: bytes) -> list[Opened]:
    """Handshake keys up to and with Finished, then those of the application."""
    side = by.name
    opener = Opener(traffic(f"{side}_HANDSHAKE_TRAFFIC_SECRET"))
    found = []
    for raw in records(stream):
        if raw[0] != ContentType.application_data:
            found.append(Opened(by, raw, raw[HEADER_LENGTH:] + raw[:1]))
            continue
        found.append(Opened(by, raw, _open(opener, raw)))
        inner = found[-1].inner
        if inner[-1] == ContentType.handshake and inner[0] == HandshakeType.finished:
            opener = Opener(traffic(f"{side}_TRAFFIC_SECRET_0"))
    return found


def _open(opener: Opener, raw: bytes) -> bytes:
    out = bytearray(len(raw))
    with memoryview(raw) as source, memoryview(out) as target:
        end, filled, odd = opener.open_run(source, 0, target, MAX_INNER)
    assert end == len(raw), "the record is not authentic"
    if odd:
        return bytes(out[:odd])
    return bytes(out[: filled + 1])


def messages(by: Role | None = None) -> list[bytes]:
    """The handshake messages, the client's and then the server's."""
    found = []
    for side in Role if by is None else (by,):
        buffer = HandshakeBuffer(lambda kind: 2**16)
        for record in session_records():
            if record.by is side and record.content_type == ContentType.handshake:
                buffer.append(record.content)
        while (raw := buffer.next()) is not None:
            found.append(raw)
        assert not buffer.pending
    return found


def before(kind: HandshakeType, by: Role) -> tuple[Transcript, bytes]:
    """The transcript up to a message, and the message."""
    own, client, server = messages(by), messages(Role.CLIENT), messages(Role.SERVER)
    (wanted,) = [raw for raw in own if kind_of(raw) == kind]
    tickets = {HandshakeType.new_session_ticket}
    flights = [client[0], *(raw for raw in server if kind_of(raw) not in tickets), *client[1:]]
    transcript = Transcript.start(suite().hash_name)
    for raw in flights[: flights.index(wanted)]:
        transcript = transcript.add(raw)
    return transcript, wanted


# What the session's author calls a record, and what is in it, in the order of the wire.
NAMES = {
    Role.CLIENT: [
        ("clienthello", ""),
        ("clientccs", ""),
        ("clientencfinished", "clientfinished"),
        ("clientencdata", "clientdata"),
    ],
    Role.SERVER: [
        ("serverhello", ""),
        ("serverccs", ""),
        ("serverencextensions", "serverextensions"),
        ("serverenccert", "servercert"),
        ("serverenccertverify", "servercertverify"),
        ("serverencfinished", "serverfinished"),
        ("serverencticket1", "serverticket1"),
        ("serverencticket2", "serverticket2"),
        ("serverencdata", "serverdata"),
    ],
}


@pytest.mark.parametrize("by", Role, ids=lambda role: role.value)
def test_every_record_opens(by: Role) -> None:
    """All of the capture's records are authentic and hold what the author says they hold."""
    found = [record for record in session_records() if record.by is by]
    assert [record.raw for record in found] == [published(name) for name, _ in NAMES[by]]
    for record, (_, inside) in zip(found, NAMES[by], strict=True):
        if inside:
            assert record.inner == published(inside)
        else:
            assert record.raw[0] == record.content_type != ContentType.application_data


def test_a_changed_record_does_not_open() -> None:
    """A bit more, in header, ciphertext or tag, and the same key refuses."""
    raw = published("serverencextensions")
    for position in (0, 1, 4, 5, len(raw) - 1):
        changed = bytearray(raw)
        changed[position] ^= 1
        with pytest.raises(AssertionError, match="not authentic"):
            _open(Opener(traffic("SERVER_HANDSHAKE_TRAFFIC_SECRET")), bytes(changed))


def test_every_message_reads_and_writes() -> None:
    """Each handshake message is what it was after decoding and encoding from its values alone."""
    kinds = []
    for raw in messages():
        cls: type[Message] = MESSAGES[kind_of(raw)]
        message = decode(cls, raw)
        built = rebuilt(message)
        assert built == message
        assert not built.raw
        assert encode(built) == raw
        kinds.append(cls.__name__)
    assert kinds == [
        *("ClientHello", "Finished", "ServerHello", "EncryptedExtensions", "Certificate"),
        *("CertificateVerify", "Finished", "NewSessionTicket", "NewSessionTicket"),
    ]


def test_every_message_is_dissected() -> None:
    """The spans of each handshake message cover every byte of it once, in order."""
    for raw in messages():
        leaves = list(dissect_message(MESSAGES[kind_of(raw)], raw).leaves())
        assert leaves[0].start == 0
        assert leaves[-1].end == len(raw)
        assert all(one.end == other.start for one, other in pairwise(leaves))


@pytest.mark.parametrize("by", Role, ids=lambda role: role.value)
def test_finished(by: Role) -> None:
    """Both Finished are right over the transcript of the messages as they were."""
    transcript, raw = before(HandshakeType.finished, by)
    secret = traffic(f"{by.name}_HANDSHAKE_TRAFFIC_SECRET")
    receipt = secret.check_finished(transcript.digest(), decode(Finished, raw).verify_data)
    assert isinstance(receipt, FinishedValid)


def test_the_signature() -> None:
    """The server's CertificateVerify is by the key of its certificate."""
    _, certificate = before(HandshakeType.certificate, Role.SERVER)
    transcript, raw = before(HandshakeType.certificate_verify, Role.SERVER)
    verify = decode(CertificateVerify, raw)
    key = leaf_key(decode(Certificate, certificate).certificate_list[0].cert_data)
    row = PROVIDER.schemes[verify.algorithm]
    content = signed_content(SERVER_CONTEXT, transcript)
    assert row.verify(key, verify.signature, content).scheme == verify.algorithm


@pytest.mark.parametrize("by", Role, ids=lambda role: role.value)
def test_the_key_log(by: Role) -> None:
    """From either private key the schedule comes to each secret of the key log."""
    client_hello = decode(ClientHello, messages(Role.CLIENT)[0])
    server_hello = decode(ServerHello, messages(Role.SERVER)[0])
    (client_share,) = client_hello.extensions.require(KeyShareClientHello).client_shares
    server_share = server_hello.extensions.require(KeyShareServerHello).server_share
    shares = {Role.CLIENT: client_share, Role.SERVER: server_share}
    own = PROVIDER.groups[NamedGroup.x25519].from_private(PRIVATE[by])
    assert own.public == shares[by].key_exchange
    handshake = EarlyStage.start(suite()).handshake(own.finish(shares[by.other].key_exchange))
    after_hello, _ = before(HandshakeType.encrypted_extensions, Role.SERVER)
    after_flight, _ = before(HandshakeType.finished, Role.CLIENT)
    client, server = handshake.traffic(after_hello.digest())
    application = handshake.main().application(after_flight.digest())
    assert {
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET": client.secret,
        "SERVER_HANDSHAKE_TRAFFIC_SECRET": server.secret,
        "CLIENT_TRAFFIC_SECRET_0": application[0].secret,
        "SERVER_TRAFFIC_SECRET_0": application[1].secret,
        "EXPORTER_SECRET": application[2],
    } == secrets()
