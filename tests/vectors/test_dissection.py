"""The two published sessions that are explained byte by byte elsewhere, explained by us."""

from __future__ import annotations

from pathlib import Path

from tests.support.captures import key_log, records, streams
from tests.support.captures_ipv6 import payloads
from tests.support.fields import assert_explains
from tests.support.missing import missing
from tests.support.vectors import vectors_directory
from tlsee.codes import CipherSuite, ContentType, HandshakeType, ProtocolVersion
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.suites12 import suites12
from tlsee.explain.dissect import (
    Dissection,
    Opened,
    Protection,
    RecordSeen,
    dissect_connection,
)
from tlsee.keys.protection import HEADER_LENGTH, MAX_INNER, Opener
from tlsee.keys.protection12 import opener12
from tlsee.keys.schedule12 import MainSecret
from tlsee.keys.schedule13 import TrafficSecret

SUITE13 = CipherSuite.TLS_AES_256_GCM_SHA384
SUITE12 = CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA


def session(name: str) -> Path:
    found = vectors_directory() / name
    if not found.is_dir():
        missing(f"the published session {name}", f"it into {found}")
    return found


def _check(seen: list[RecordSeen], found: Dissection) -> None:
    for record, field in zip(seen, found.records, strict=True):
        assert not [one for one in field.walk() if one.problem]
        exact = record.protection is None
        assert_explains(field.moved(-field.start), record.raw, exact=exact)


def _opened13(side: str, stream: bytes, secrets: dict[str, bytes]) -> list[RecordSeen]:
    """Handshake keys up to and with Finished, then those of the application."""
    suite = PROVIDER.suites[SUITE13]
    epoch = "HANDSHAKE_TRAFFIC_SECRET"
    opener = Opener(TrafficSecret(suite, secrets[f"{side}_{epoch}"]))
    found = []
    for raw in records(stream):
        if raw[0] != ContentType.application_data:
            found.append(RecordSeen(raw))
            continue
        inner, _, _ = opener.open_one(memoryview(raw), MAX_INNER)
        content = inner.rstrip(b"\0")
        kind, content = ContentType.of(content[-1]), content[:-1]
        protection = Protection(f"{side}_{epoch}", ProtocolVersion.TLS13, SUITE13)
        found.append(RecordSeen(raw, protection, Opened(kind, content, len(content))))
        if kind == ContentType.handshake and content[0] == HandshakeType.finished:
            epoch = "TRAFFIC_SECRET_0"
            opener = Opener(TrafficSecret(suite, secrets[f"{side}_{epoch}"]))
    return found


def test_every_byte_of_the_session_of_13() -> None:
    """All records of the capture, opened with its key log: nothing is unreadable."""
    directory = session("illustrated-tls13")
    secrets = key_log(directory / "keylog.txt")
    client, server = streams(directory / "capture.pcap")
    both = (_opened13("CLIENT", client, secrets), _opened13("SERVER", server, secrets))
    found = dissect_connection(*both)
    for seen, dissection in zip(both, found, strict=True):
        _check(seen, dissection)
    assert [message.name for message in found[1].messages][:5] == [
        "ServerHello", "EncryptedExtensions", "Certificate", "CertificateVerify", "Finished",
    ]  # fmt: skip
    texts = [
        leaf.raw for field in found[0].records for leaf in field.leaves() if leaf.name == "data"
    ]
    assert texts == [b"ping"]
    name = found[0].messages[0].find("server_name_list")
    assert name is not None
    assert name.words == '"example.ulfheim.net"'


def _opened12() -> tuple[list[RecordSeen], list[RecordSeen]]:
    directory = session("illustrated-tls12")
    _, client_random, secret = (directory / "keylog.txt").read_text("ascii").split()
    segments = payloads(directory / "capture.pcap")
    port = segments[0][1]
    halves = [b"", b""]
    for _, destination, body in segments:
        halves[destination != port] += body
    server_random = halves[1][HEADER_LENGTH + 6 : HEADER_LENGTH + 38]
    main = MainSecret(suites12()[SUITE12], bytes.fromhex(secret), False)
    keys = main.keys(bytes.fromhex(client_random), server_random)
    found: tuple[list[RecordSeen], list[RecordSeen]] = ([], [])
    for seen, stream, secrets in zip(found, halves, keys, strict=True):
        opener, is_open = opener12(secrets), False
        for raw in records(stream):
            if not is_open:
                seen.append(RecordSeen(raw))
                is_open = raw[0] == ContentType.change_cipher_spec
                continue
            content, odd = opener.open_one(memoryview(raw), 1 << 14)
            assert odd == 0
            protection = Protection("write key", ProtocolVersion.TLS12, SUITE12)
            kind = ContentType.of(raw[0])
            seen.append(RecordSeen(raw, protection, Opened(kind, content, len(content))))
    return found


def test_every_byte_of_the_session_of_12() -> None:
    """The same in CBC, with the MAC inside: IVs, MACs, padding, and a signed ServerKeyExchange."""
    both = _opened12()
    found = dissect_connection(*both)
    for seen, dissection in zip(both, found, strict=True):
        _check(seen, dissection)
    assert [message.name for message in found[0].messages] == [
        "ClientHello", "ClientKeyExchange", "Finished",
    ]  # fmt: skip
    assert [message.name for message in found[1].messages] == [
        "ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone", "Finished",
    ]  # fmt: skip
    curve = found[1].messages[2].find("named_curve")
    assert curve is not None
    assert curve.words == "x25519 (0x001d)"
    names = {leaf.name for field in found[0].records for leaf in field.leaves()}
    assert {"IV", "MAC", "padding", "padding_length", "verify_data", "u"} <= names
