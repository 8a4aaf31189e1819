"""The standard library's ``ssl``; its suite and group come from openssl.cnf."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import tempfile
from pathlib import Path

from benchmarks.contenders.base import (
    SUITE12,
    X25519,
    Handler,
    Handshake,
    Negotiated,
    Reader,
    Wrap,
    Writer,
)
from benchmarks.material import SERVER_NAME, Material

RECORD_LENGTH = 1 << 14  # SSL_read never returns more


def contexts(material: Material) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Client and server context: verification and host name check on, no tickets."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(cadata=material.anchor.decode())
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.num_tickets = 0
    with tempfile.TemporaryDirectory() as directory:
        material.save(Path(directory))
        server.load_cert_chain(Path(directory, "chain.pem"), Path(directory, "key.pem"))
    return client, server


def contexts12(material: Material) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The same, pinned to TLS 1.2 and one suite."""
    client, server = contexts(material)
    for context in (client, server):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_NAME12)
        context.options |= ssl.OP_NO_TICKET
    return client, server


_NAME12 = "ECDHE-ECDSA-AES128-GCM-SHA256"
_X25519_SHARE = bytes.fromhex("03 001d 20")  # RFC 8422, 5.4: in ServerKeyExchange


class Pair:
    """Two SSLObjects; what one puts into its outgoing BIO is read and fed to the other."""

    def __init__(self, client: ssl.SSLContext, server: ssl.SSLContext) -> None:
        self.client_in, self.client_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server_in, self.server_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = client.wrap_bio(self.client_in, self.client_out, server_hostname=SERVER_NAME)
        self.server = server.wrap_bio(self.server_in, self.server_out, server_side=True)
        self._shake()

    def _shake(self) -> None:
        self._step(self.client)
        self.server_in.write(self.client_out.read())
        self._step(self.server)
        self.client_in.write(self.server_out.read())
        self.client.do_handshake()
        self.server_in.write(self.client_out.read())
        self.server.do_handshake()

    def _step(self, end: ssl.SSLObject) -> None:
        with contextlib.suppress(ssl.SSLWantReadError):
            end.do_handshake()

    def negotiated(self) -> Negotiated:
        cipher = self.client.cipher()
        group = getattr(self.client, "group", None)  # since Python 3.15
        return Negotiated(cipher[0] if cipher else None, group() if group else None)

    def to_server(self, data: bytes) -> int:
        self.client.write(data)
        self.server_in.write(self.client_out.read())
        return _read(self.server, len(data))

    def to_client(self, data: bytes) -> int:
        self.server.write(data)
        self.client_in.write(self.server_out.read())
        return _read(self.client, len(data))


def _read(end: ssl.SSLObject, length: int) -> int:
    got = 0
    while got < length:
        got += len(end.read(RECORD_LENGTH))
    return got


class Pair12(Pair):
    """The same in TLS 1.2, where the server's Finished is the last."""

    def _shake(self) -> None:
        self._step(self.client)
        self.server_in.write(self.client_out.read())
        self._step(self.server)
        self.flight = self.server_out.read()
        self.client_in.write(self.flight)
        self._step(self.client)
        self.server_in.write(self.client_out.read())
        self.server.do_handshake()
        self.client_in.write(self.server_out.read())
        self.client.do_handshake()

    def negotiated(self) -> Negotiated:
        cipher = self.client.cipher()
        suite = (
            SUITE12 if cipher is not None and cipher[:2] == (_NAME12, "TLSv1.2") else str(cipher)
        )
        return Negotiated(suite, X25519 if _X25519_SHARE in self.flight else "another")


class WithSsl:
    """``ssl`` through MemoryBIO, SSLSocket and asyncio."""

    name = "ssl"
    module = "ssl"
    groups = frozenset({X25519})
    bulk = 1 << 20

    def version(self) -> str:
        return ssl.OPENSSL_VERSION

    def memory(self, material: Material, group: str) -> Handshake:
        del group  # the only one it is measured with
        client, server = contexts(material)
        return lambda: Pair(client, server)

    def memory12(self, material: Material) -> Handshake:
        client, server = contexts12(material)
        return lambda: Pair12(client, server)

    def wrap_client(self, material: Material) -> Wrap:
        client, _ = contexts(material)

        def wrap(sock: socket.socket) -> ssl.SSLSocket:
            return client.wrap_socket(sock, server_hostname=SERVER_NAME)

        return wrap

    def wrap_server(self, material: Material) -> Wrap:
        _, server = contexts(material)
        return lambda sock: server.wrap_socket(sock, server_side=True)

    async def open_stream(self, material: Material, port: int) -> tuple[Reader, Writer]:
        client, _ = contexts(material)
        return await asyncio.open_connection(
            "127.0.0.1", port, ssl=client, server_hostname=SERVER_NAME
        )

    async def serve_streams(self, material: Material, handler: Handler) -> int:
        _, context = contexts(material)
        server = await asyncio.start_server(handler, "127.0.0.1", 0, ssl=context)
        port: int = server.sockets[0].getsockname()[1]
        return port


CONTENDER = WithSsl()
