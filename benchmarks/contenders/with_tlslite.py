"""tlslite-ng, whose generators run in memory over a socket that is two byte buffers.

It verifies CertificateVerify but no chain, so a handshake has one signature check less to do than
the others; its arithmetic is Python's unless gmpy2 is installed.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Generator
from importlib import metadata
from typing import Any

from tlslite.api import (
    HandshakeSettings,
    TLSConnection,
    X509CertChain,
    parsePEMKey,
)
from tlslite.constants import CipherSuite

from benchmarks.contenders.base import SUITE, X25519, Handshake, Negotiated, Wrap
from benchmarks.material import SERVER_NAME, Material


class Wire:
    """As much of a non-blocking socket as tlslite-ng uses."""

    def __init__(self, incoming: bytearray, outgoing: bytearray) -> None:
        self.incoming, self.outgoing = incoming, outgoing

    def send(self, data: bytes) -> int:
        self.outgoing += data
        return len(data)

    def sendall(self, data: bytes) -> None:
        self.outgoing += data

    def recv(self, limit: int) -> bytes:
        if not self.incoming:
            raise OSError(errno.EWOULDBLOCK, "nothing there yet")
        taken = bytes(self.incoming[:limit])
        del self.incoming[:limit]
        return taken

    def flush(self) -> None:
        """Nothing is held back."""


def settings() -> HandshakeSettings:
    """One version, suite, group and share; no tickets."""
    made = HandshakeSettings()
    made.minVersion = made.maxVersion = (3, 4)
    made.cipherNames = ["aes128gcm"]
    made.eccCurves = ["x25519", "secp256r1"]  # the second for the certificate's key
    made.keyShares = ["x25519"]
    made.ticket_count = 0
    return made


class Pair:
    """Two TLSConnections whose handshakes take turns."""

    def __init__(self, chain: X509CertChain, key: Any) -> None:
        upstream, downstream = bytearray(), bytearray()
        self.client = TLSConnection(Wire(downstream, upstream))
        self.server = TLSConnection(Wire(upstream, downstream))
        client = self.client.handshakeClientCert(
            settings=settings(), serverName=SERVER_NAME, async_=True
        )
        server = self.server.handshakeServerAsync(
            certChain=chain, privateKey=key, settings=settings()
        )
        going = [client, server]
        while going:
            going = [each for each in going if _advance(each)]

    def negotiated(self) -> Negotiated:
        suite = CipherSuite.ietfNames[self.client.session.cipherSuite]
        return Negotiated(SUITE if suite == SUITE else suite, X25519)

    def to_server(self, data: bytes) -> int:
        return _carry(self.client, self.server, data)

    def to_client(self, data: bytes) -> int:
        return _carry(self.server, self.client, data)


def _advance(handshake: Generator[int]) -> bool:
    """Run until it waits for bytes; false when it is through."""
    return any(wanted == 0 for wanted in handshake)


def _carry(sender: TLSConnection, receiver: TLSConnection, data: bytes) -> int:
    for _ in sender.writeAsync(data):
        pass
    got = 0
    while got < len(data):
        for result in receiver.readAsync(max=len(data) - got):
            if not isinstance(result, int):
                got += len(result)
                break
    return got


class SocketStream:
    """``recv_into`` for a TLSConnection over a socket."""

    def __init__(self, connection: TLSConnection) -> None:
        self.connection = connection

    def sendall(self, data: bytes) -> None:
        self.connection.write(data)

    def recv_into(self, buffer: memoryview) -> int:
        data = self.connection.read(max=len(buffer), min=1)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self.connection.sock.close()


def _key_pair(material: Material) -> tuple[X509CertChain, Any]:
    chain = X509CertChain()
    chain.parsePemList(material.chain.decode())
    return chain, parsePEMKey(material.key.decode(), private=True)


class WithTlslite:
    """tlslite-ng through its generators, and over sockets."""

    name = "tlslite-ng"
    module = "tlslite.api"
    groups = frozenset({X25519})
    bulk = 1 << 14  # pure Python AES: a mebibyte takes seconds

    def version(self) -> str:
        return metadata.version("tlslite-ng")

    def memory(self, material: Material, group: str) -> Handshake:
        del group  # the only one it is measured with
        chain, key = _key_pair(material)
        return lambda: Pair(chain, key)

    def wrap_client(self, material: Material) -> Wrap:
        del material  # it checks no chain

        def wrap(sock: socket.socket) -> SocketStream:
            connection = TLSConnection(sock)
            connection.handshakeClientCert(settings=settings(), serverName=SERVER_NAME)
            return SocketStream(connection)

        return wrap

    def wrap_server(self, material: Material) -> Wrap:
        chain, key = _key_pair(material)

        def wrap(sock: socket.socket) -> SocketStream:
            connection = TLSConnection(sock)
            connection.handshakeServer(certChain=chain, privateKey=key, settings=settings())
            return SocketStream(connection)

        return wrap


CONTENDER = WithTlslite()
