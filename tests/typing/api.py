"""The public names as a program uses them: never run, checked by ``make types`` in strict mode."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import assert_never, assert_type

import tlsee


def paved_path() -> None:
    with tlsee.connect(("example.com", 443)) as tls:
        tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert_type(tls.recv(), bytes)
        assert_type(tls.recv_into(bytearray(10)), int)
        assert_type(tls.info.version, tlsee.ProtocolVersion)
        assert_type(tls.info.alpn, bytes | None)
        assert_type(tls.unwrap(), tuple[socket.socket, bytes])
        assert_type(tls.connection, tlsee.Connection)


def configurations(ca_pem: bytes, chain_pem: bytes, key_pem: bytes, sock: socket.socket) -> None:
    client = tlsee.ClientConfig(
        trust=tlsee.Trust.from_pem(ca_pem),
        versions=[tlsee.ProtocolVersion.TLS13],
        groups=[tlsee.NamedGroup.x25519],
        suites=[tlsee.CipherSuite.TLS_AES_128_GCM_SHA256],
        alpn=["h2", "http/1.1"],
        policy=tlsee.policies.default,
    )
    assert_type(tlsee.wrap_client(sock, client, server_name="example.com"), tlsee.Stream)
    server = tlsee.ServerConfig(
        credentials=[tlsee.Credential.from_pem(chain_pem, key_pem)],
        client_trust=tlsee.Trust.from_file("mesh.pem"),
        client_auth="required",
    )
    assert_type(tlsee.wrap_server(sock, server), tlsee.Stream)
    with tlsee.listen(("127.0.0.1", 8443), server) as listener:
        assert_type(listener, tlsee.Listener)
        with listener.accept(observers=[tlsee.KeyLog(Path("keys.log"))]) as tls:
            tls.handshake()
    tlsee.ServerConfig(credentials=[], client_auth="sometimes")  # type: ignore[arg-type]


def every_event(connection: tlsee.ClientConnection) -> bytes:
    """``match`` over the union is exhaustive."""
    event = connection.next_event()
    if event is tlsee.NEED_DATA:
        return b""
    match event:
        case tlsee.DataReceived(data) | tlsee.EarlyDataReceived(data):
            return bytes(data)
        case tlsee.HandshakeDone(info):
            assert_type(info, tlsee.ConnectionInfo)
        case tlsee.TicketReceived() | tlsee.KeysUpdated() | tlsee.events.AlertReceived():
            pass
        case tlsee.CertificateRequested() | tlsee.CertificateShown():
            pass
        case tlsee.ClientAuthenticated() | tlsee.ClientDeclined():
            pass
        case tlsee.PeerClosed() | tlsee.Truncated():
            connection.close_write()
        case tlsee.questions.Judge(request):
            connection.answer(event, tlsee.CertificateRejected(tlsee.Reasons.judge_refused))
            assert_type(request, tlsee.JudgeRequest)
        case tlsee.Question():
            connection.answer(event, PermissionError())
        case _:
            assert_never(event)
    return b""


def every_peer(info: tlsee.ConnectionInfo) -> str:
    """So is one over what was proved."""
    match info.peer:
        case tlsee.ByCertificate(peer):
            assert_type(peer, tlsee.VerifiedPeer)
            return "verified"
        case tlsee.ByDecryption(peer):
            assert_type(peer, tlsee.VerifiedPeer)
            return "verified, without forward secrecy"
        case tlsee.ByRawPublicKey():
            return "a key that is known"
        case tlsee.ByPsk(source):
            assert_type(source, tlsee.Session | tlsee.ExternalPsk)
            return "a key that both have"
        case tlsee.Anonymous():
            return "anonymous"
        case tlsee.Unverified(verdict):
            assert_type(verdict, tlsee.Verdict)
            return "insecure"


def refusals(tls: tlsee.Stream) -> None:
    try:
        tls.handshake()
    except tlsee.CertificateRejected as error:
        assert_type(error.alert, tlsee.AlertDescription)
        assert_type(error.reason, tlsee.Reason)
    except (tlsee.PeerMisbehaved, tlsee.PeerIncompatible, tlsee.AlertReceived) as error:
        assert_type(error.name, str)
        assert_type(error.evidence, tlsee.Evidence)
    except tlsee.TLSError as error:
        assert_type(error.clause, str)


class Hsm:
    """A signer elsewhere: its answer comes later."""

    schemes = (tlsee.SignatureScheme.ecdsa_secp256r1_sha256,)

    def sign(self, scheme: tlsee.SignatureScheme, content: bytes) -> bytes | tlsee.Later:
        return tlsee.LATER


def signer(chain: tuple[bytes, ...]) -> tlsee.Signer:
    assert_type(tlsee.Credential(chain, Hsm()), tlsee.Credential)
    return Hsm()


def later_judge(request: tlsee.JudgeRequest) -> tlsee.Later:
    return tlsee.LATER


class Counter:
    """An observer."""

    def __init__(self) -> None:
        self.count = 0

    def on_event(self, event: tlsee.TraceEvent) -> None:
        if isinstance(event, tlsee.Choice):
            self.count += 1


def observed(config: tlsee.ClientConfig) -> tlsee.Observer:
    counter = Counter()
    tlsee.ClientConnection(config, "example.com", observers=[counter])
    return counter


async def with_asyncio(server: tlsee.ServerConfig) -> None:
    async def answer(question: tlsee.Question) -> object:
        return tlsee.LATER

    async def handler(
        reader: tlsee.streams.asyncio.Reader, writer: tlsee.streams.asyncio.Writer
    ) -> None:
        async for line in reader:
            writer.write(line)
            await writer.drain()

    config = tlsee.ClientConfig(judge=later_judge, trust=tlsee.insecure.accept_anyone())
    reader, writer = await tlsee.streams.asyncio.connect(
        "example.com", 443, config, on_question=answer
    )
    assert_type(await reader.read(100), bytes)
    assert_type(writer.info, tlsee.ConnectionInfo)
    await tlsee.streams.asyncio.serve(handler, "127.0.0.1", 0, server)
