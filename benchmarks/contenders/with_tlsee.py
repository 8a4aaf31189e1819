"""tlsee: the sans-I/O connection, the blocking and the asyncio streams."""

from __future__ import annotations

from collections.abc import Sequence

import tlsee
import tlsee.streams.asyncio as streams
from benchmarks.contenders.base import (
    HYBRID,
    X25519,
    Handler,
    Handshake,
    Negotiated,
    Reader,
    Wrap,
    Writer,
)
from benchmarks.material import SERVER_NAME, Material
from tlsee import (
    NEED_DATA,
    CipherSuite,
    ClientConfig,
    ClientConnection,
    Credential,
    DataReceived,
    HandshakeDone,
    NamedGroup,
    ProtocolVersion,
    ServerConfig,
    ServerConnection,
    Trust,
)
from tlsee.identity.path import remembered

GROUPS = {X25519: NamedGroup.x25519, HYBRID: NamedGroup.X25519MLKEM768}
SUITES = [CipherSuite.TLS_AES_128_GCM_SHA256]
SUITES12 = [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]


def configurations(
    material: Material, group: str, suites: Sequence[CipherSuite] = SUITES
) -> tuple[ClientConfig, ServerConfig]:
    """Client and server: verification and host name check are the default; no tickets."""
    # TLS 1.2 has one list for key exchange and certificates, so the certificate's curve is in it
    # (RFC 8422, 5.1.1); the server's first choice is what is used.
    curves = [NamedGroup.secp256r1] if suites is SUITES12 else []
    client = ClientConfig(
        trust=Trust.from_pem(material.anchor),
        groups=[GROUPS[group], *curves],
        suites=suites,
        sessions=False,
    )
    server = ServerConfig(
        credentials=[Credential.from_pem(material.chain, material.key)],
        groups=[GROUPS[group]],
        suites=suites,
        sessions=False,
    )
    return client, server


class Pair:
    """Two connections; what one has to send is fed to the other."""

    def __init__(self, client: ClientConfig, server: ServerConfig) -> None:
        self.client = ClientConnection(client, SERVER_NAME)
        self.server = ServerConnection(server)
        self._shake()

    def _shake(self) -> None:
        self.server.receive_data(self.client.data_to_send())
        _expect_done(self.server, False)
        self.client.receive_data(self.server.data_to_send())
        _expect_done(self.client, True)
        self.server.receive_data(self.client.data_to_send())
        _expect_done(self.server, True)

    def negotiated(self) -> Negotiated:
        info = self.client.info
        return Negotiated(str(info.suite), str(info.group))

    def to_server(self, data: bytes) -> int:
        self.client.write(data)
        self.server.receive_data(self.client.data_to_send())
        return _read(self.server)

    def to_client(self, data: bytes) -> int:
        self.server.write(data)
        self.client.receive_data(self.server.data_to_send())
        return _read(self.client)


class Pair12(Pair):
    """The same in TLS 1.2, where the server's Finished is the last."""

    def _shake(self) -> None:
        self.server.receive_data(self.client.data_to_send())
        _expect_done(self.server, False)
        self.client.receive_data(self.server.data_to_send())
        _expect_done(self.client, False)
        self.server.receive_data(self.client.data_to_send())
        _expect_done(self.server, True)
        self.client.receive_data(self.server.data_to_send())
        _expect_done(self.client, True)


def _expect_done(end: tlsee.Connection, done: bool) -> None:
    event = end.next_event()
    if done:
        assert isinstance(event, HandshakeDone), event
        event = end.next_event()
    assert event is NEED_DATA, event


def _read(end: tlsee.Connection) -> int:
    got = 0
    while isinstance(event := end.next_event(), DataReceived):
        got += len(event.data)
    return got


class WithTlsee:
    """tlsee. What certificates were found to be signed right can be remembered or not."""

    name = "tlsee"
    module = "tlsee"
    groups = frozenset({X25519, HYBRID})
    bulk = 1 << 20

    def version(self) -> str:
        return tlsee.__version__

    def memory(self, material: Material, group: str) -> Handshake:
        client, server = configurations(material, group)
        return lambda: Pair(client, server)

    def memory12(self, material: Material) -> Handshake:
        client, server = configurations(material, X25519, SUITES12)
        assert client.versions == server.versions == (ProtocolVersion.TLS12,)
        return lambda: Pair12(client, server)

    def wrap_client(self, material: Material) -> Wrap:
        client, _ = configurations(material, X25519)
        return lambda sock: Shaken(tlsee.wrap_client(sock, client, server_name=SERVER_NAME))

    def wrap_server(self, material: Material) -> Wrap:
        _, server = configurations(material, X25519)
        return lambda sock: Shaken(tlsee.wrap_server(sock, server))

    async def open_stream(self, material: Material, port: int) -> tuple[Reader, Writer]:
        client, _ = configurations(material, X25519)
        return await streams.connect("127.0.0.1", port, client, server_name=SERVER_NAME)

    async def serve_streams(self, material: Material, handler: Handler) -> int:
        _, config = configurations(material, X25519)
        server = await streams.serve(handler, "127.0.0.1", 0, config)
        port: int = server.sockets[0].getsockname()[1]
        return port


class Shaken:
    """A Stream after its handshake, which closes as an SSLSocket does: without a close_notify."""

    def __init__(self, stream: tlsee.Stream) -> None:
        stream.handshake()
        self.sendall, self.recv_into = stream.sendall, stream.recv_into
        self._stream = stream

    def close(self) -> None:
        self._stream.abort()


def remember_signatures() -> None:
    """As it is by default: a signature that was found true is not verified again."""
    remembered.set_capacity(remembered.CAPACITY)


def forget_signatures() -> None:
    """Verify each signature of each chain, every time."""
    remembered.set_capacity(0)


CONTENDER = WithTlsee()
