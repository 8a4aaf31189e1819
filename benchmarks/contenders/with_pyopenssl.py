"""pyOpenSSL, on the OpenSSL inside ``cryptography``.

The groups are set through its ``lib``, because the version in use decides what the public calls
accept; suite and number of tickets come from openssl.cnf.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto
from OpenSSL._util import lib

from benchmarks.contenders.base import HYBRID, X25519, Handshake, Negotiated, Wrap
from benchmarks.material import SERVER_NAME, Material

RECORD_LENGTH = 1 << 14
FLIGHT_LENGTH = (
    1 << 13
)  # bio_read makes a buffer of what is asked for; the longest flight is 2.3 kB


def context(material: Material, group: str, *, client: bool) -> SSL.Context:
    """A context for one side and one group."""
    made = SSL.Context(SSL.TLS_CLIENT_METHOD if client else SSL.TLS_SERVER_METHOD)
    if not lib.SSL_CTX_set1_curves_list(made._context, group.encode()):
        raise ImportError(f"this OpenSSL has no {group}")
    if client:
        store = made.get_cert_store()
        assert store is not None
        anchor = x509.load_pem_x509_certificate(material.anchor)
        store.add_cert(crypto.X509.from_cryptography(anchor))
        made.set_verify(SSL.VERIFY_PEER)
    else:
        made.use_certificate(x509.load_pem_x509_certificate(material.chain))
        made.use_privatekey(load_pem_private_key(material.key, None))  # type: ignore[arg-type]
    return made


def client_end(made: SSL.Context, sock: socket.socket | None = None) -> SSL.Connection:
    """A client that asks for, and checks, the server's name."""
    end = SSL.Connection(made, sock)
    end.set_tlsext_host_name(SERVER_NAME.encode())
    name = SERVER_NAME.encode()
    lib.X509_VERIFY_PARAM_set1_host(lib.SSL_get0_param(end._ssl), name, len(name))
    end.set_connect_state()
    return end


def server_end(made: SSL.Context, sock: socket.socket | None = None) -> SSL.Connection:
    """A server's side."""
    end = SSL.Connection(made, sock)
    end.set_accept_state()
    return end


class Pair:
    """Two Connections with memory BIOs."""

    def __init__(self, client: SSL.Context, server: SSL.Context) -> None:
        self.client = client_end(client)
        self.server = server_end(server)
        self._step(self.client)
        self.server.bio_write(self.client.bio_read(FLIGHT_LENGTH))
        self._step(self.server)
        self.client.bio_write(self.server.bio_read(FLIGHT_LENGTH))
        self.client.do_handshake()
        self.server.bio_write(self.client.bio_read(FLIGHT_LENGTH))
        self.server.do_handshake()

    def _step(self, end: SSL.Connection) -> None:
        with contextlib.suppress(SSL.WantReadError):
            end.do_handshake()

    def negotiated(self) -> Negotiated:
        return Negotiated(self.client.get_cipher_name(), self.client.get_group_name())

    def to_server(self, data: bytes) -> int:
        return _carry(self.client, self.server, data)

    def to_client(self, data: bytes) -> int:
        return _carry(self.server, self.client, data)


def _carry(sender: SSL.Connection, receiver: SSL.Connection, data: bytes) -> int:
    sender.sendall(data)  # one send takes a single record
    flight = sender.bio_read(len(data) + (len(data) >> 6) + 256)  # a record adds 22 bytes
    receiver.bio_write(flight)
    got = 0
    while got < len(data):
        got += len(receiver.recv(RECORD_LENGTH))
    return got


class WithPyOpenSsl:
    """pyOpenSSL through memory BIOs and sockets."""

    name = "pyOpenSSL"
    module = "OpenSSL.SSL"
    groups = frozenset({X25519, HYBRID})
    bulk = 1 << 20

    def version(self) -> str:
        return SSL.SSLeay_version(SSL.SSLEAY_VERSION).decode()

    def memory(self, material: Material, group: str) -> Handshake:
        client = context(material, group, client=True)
        server = context(material, group, client=False)
        return lambda: Pair(client, server)

    def wrap_client(self, material: Material) -> Wrap:
        return _wrap(context(material, X25519, client=True), client_end)

    def wrap_server(self, material: Material) -> Wrap:
        return _wrap(context(material, X25519, client=False), server_end)


def _wrap(
    made: SSL.Context, end: Callable[[SSL.Context, socket.socket | None], SSL.Connection]
) -> Wrap:
    def wrap(sock: socket.socket) -> SSL.Connection:
        sock.settimeout(None)  # pyOpenSSL leaves a timeout's retries to its caller
        connection = end(made, sock)
        connection.do_handshake()
        return connection

    return wrap


CONTENDER = WithPyOpenSsl()
