"""Exporters and channel bindings are the ones that others compute, in both versions and roles."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.interop.matrix import need
from tests.interop.peers import json_lines
from tests.interop.peers.gnutls import GnuTls
from tests.interop.peers.json_lines import Go
from tests.interop.peers.openssl_cli import OpenSslCli
from tests.interop.peers.processes import Program
from tests.interop.peers.pyopenssl import PyOpenSsl
from tests.interop.peers.spec import DEADLINE, PAYLOAD, Role, Spec
from tests.interop.pki import Pki
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import NEED_DATA
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust
from tlsee.streams.blocking import Stream, wrap_client, wrap_server

pytestmark = pytest.mark.peers

LABEL = "EXPORTER-Channel-Binding"
VERSIONS = pytest.mark.parametrize("version", ["TLS13", "TLS12"])
ROLES = pytest.mark.parametrize("role", ["client", "server"])  # the peer's
GO = Go()


def server_config(pki: Pki, version: str) -> ServerConfig:
    identity = pki.server("ecdsa_secp256r1")
    return ServerConfig(
        credentials=[Credential.from_files(identity.chain, identity.key)],
        versions=[ProtocolVersion.named(version)],
    )


def client_config(pki: Pki, version: str) -> ClientConfig:
    return ClientConfig(trust=Trust.from_file(pki.ca), versions=[ProtocolVersion.named(version)])


# --- OpenSSL, in memory ----------------------------------------------------------------------


class Together:
    """A connection of ours and one of OpenSSL's, with bytes carried between them."""

    def __init__(self, context: Any, ours: Connection, role: Role, session: Any = None) -> None:
        from OpenSSL import SSL

        self.ours = ours
        self.theirs = SSL.Connection(context, None)
        if session is not None:
            self.theirs.set_session(session)
        if role == "client":
            self.theirs.set_tlsext_host_name(b"server.test")
            self.theirs.set_connect_state()
        else:
            self.theirs.set_accept_state()
        for _ in range(10):
            with contextlib.suppress(SSL.WantReadError):
                self.theirs.do_handshake()
            with contextlib.suppress(SSL.WantReadError):
                self.theirs.recv(1)  # so that tickets are read
            with contextlib.suppress(SSL.WantReadError):
                ours.receive_data(self.theirs.bio_read(1 << 17))
            while ours.next_event() is not NEED_DATA:
                pass
            data = ours.data_to_send()
            if data:
                self.theirs.bio_write(bytes(data))


def context(pki: Pki, version: str, role: Role) -> Any:
    from OpenSSL import SSL

    made = SSL.Context(SSL.TLS_METHOD)
    number = {"TLS13": SSL.TLS1_3_VERSION, "TLS12": SSL.TLS1_2_VERSION}[version]
    made.set_min_proto_version(number)
    made.set_max_proto_version(number)
    made.load_verify_locations(str(pki.ca))
    if role == "client":
        made.set_verify(SSL.VERIFY_PEER)
    else:
        identity = pki.server("ecdsa_secp256r1")
        made.use_certificate_chain_file(str(identity.chain))
        made.use_privatekey_file(str(identity.key))
        made.set_session_id(b"tlsee interop")
    return made


def ours_for(pki: Pki, version: str, role: Role) -> Connection:
    """The other end of a peer in this role."""
    if role == "client":
        return ServerConnection(server_config(pki, version))
    return ClientConnection(client_config(pki, version), "server.test")


@VERSIONS
@ROLES
def test_openssl_exports_the_same(version: str, role: Role, pki: Pki) -> None:
    """Without a context, with an empty one, which tls-exporter has, and with another."""
    need(PyOpenSsl())
    both = Together(context(pki, version, role), ours_for(pki, version, role), role)
    for given, length in ((None, 32), (b"", 32), (b"context", 70)):
        theirs = both.theirs.export_keying_material(LABEL.encode(), length, given)
        assert both.ours.export_keying_material(LABEL, given, length) == theirs
    exported = both.theirs.export_keying_material(LABEL.encode(), 32, b"")
    assert both.ours.channel_binding("tls-exporter") == exported


@ROLES
def test_openssl_sent_or_got_the_first_finished(role: Role, pki: Pki) -> None:
    """tls-unique is the client's Finished, from either side of OpenSSL."""
    need(PyOpenSsl())
    both = Together(context(pki, "TLS12", role), ours_for(pki, "TLS12", role), role)
    finished = both.theirs.get_finished if role == "client" else both.theirs.get_peer_finished
    assert both.ours.channel_binding("tls-unique") == finished()


@ROLES
def test_resumed_openssl_sent_or_got_the_first_finished(role: Role, pki: Pki) -> None:
    """In a resumed handshake it is the server's, and OpenSSL says that it was resumed."""
    need(PyOpenSsl())
    theirs = context(pki, "TLS12", role)
    client, server = client_config(pki, "TLS12"), server_config(pki, "TLS12")

    def connect(session: Any = None) -> Together:
        ours: Connection = (
            ServerConnection(server)
            if role == "client"
            else ClientConnection(client, "server.test")
        )
        return Together(theirs, ours, role, session)

    first = connect()
    second = connect(first.theirs.get_session() if role == "client" else None)
    assert second.ours.info.resumed
    finished = second.theirs.get_peer_finished if role == "client" else second.theirs.get_finished
    assert second.ours.channel_binding("tls-unique") == finished()
    exported = second.theirs.export_keying_material(LABEL.encode(), 32, b"")
    assert second.ours.channel_binding("tls-exporter") == exported


# --- Programs --------------------------------------------------------------------------------


class Serving:
    """Our server for one connection; ``found`` is what its stream said of itself."""

    def __init__(self, pki: Pki, version: str) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.port: int = self._listener.getsockname()[1]
        self._config = server_config(pki, version)
        self._found: dict[str, bytes] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._listener:
            sock, _ = self._listener.accept()
        sock.settimeout(DEADLINE)
        with contextlib.suppress(Exception), wrap_server(sock, self._config) as stream:
            stream.handshake()
            self._found = material(stream)
            while data := stream.recv():
                stream.sendall(data)

    @property
    def found(self) -> dict[str, bytes]:
        self._thread.join(2 * DEADLINE)
        return self._found


def material(stream: Stream) -> dict[str, bytes]:
    found = {
        "tls-exporter": stream.channel_binding(),
        "tls-server-end-point": stream.channel_binding("tls-server-end-point"),
        "no context": stream.export_keying_material(LABEL, None, 32),
    }
    if stream.info.version == ProtocolVersion.TLS12:
        found["tls-unique"] = stream.channel_binding("tls-unique")
    return found


@contextlib.contextmanager
def dialled(port: int, pki: Pki, version: str) -> Iterator[Stream]:
    sock = socket.create_connection(("127.0.0.1", port), DEADLINE)
    config = client_config(pki, version)
    with wrap_client(sock, config, server_name="server.test") as stream:
        stream.handshake()
        yield stream


@VERSIONS
@ROLES
def test_go_computes_the_same(version: str, role: Role, pki: Pki) -> None:
    """``ConnectionState.ExportKeyingMaterial`` and, in TLS 1.2, ``TLSUnique``."""
    need(GO)
    spec = Spec(
        ca=pki.ca,
        identity=pki.server("ecdsa_secp256r1"),
        version="TLS12" if version == "TLS12" else "TLS13",
    )
    if role == "client":
        serving = Serving(pki, version)
        answers = GO._ask(spec, role="client", port=serving.port)
        told = json_lines.next_answer(answers)["report"]
        found = serving.found
    else:
        answers = GO._ask(spec, role="server")
        with dialled(json_lines.next_answer(answers)["port"], pki, version) as stream:
            found = material(stream)
            stream.sendall(PAYLOAD)
            stream.send_eof()
            while stream.recv():
                pass
        told = json_lines.next_answer(answers)["report"]
    assert bytes.fromhex(told["exported"]) == found["tls-exporter"]
    assert bytes.fromhex(told["tls_unique"]) == found.get("tls-unique", b"")


@VERSIONS
def test_openssl_s_client_prints_the_same(version: str, pki: Pki) -> None:
    """``-keymatexport`` has no context at all, which in TLS 1.2 is not an empty one."""
    need(OpenSslCli())
    serving = Serving(pki, version)
    argv = ["openssl", "s_client", "-connect", f"127.0.0.1:{serving.port}", "-CAfile", str(pki.ca)]
    argv += ["-servername", "server.test", "-keymatexport", LABEL, "-keymatexportlen", "32"]
    with Program(argv) as client:
        client.stdout.wait_for(rb"Keying material: (\S+)")
        client.close_stdin()
        client.wait(expected=None)
        printed = client.stdout.wait_for(rb"Keying material: (\S+)")[1]
    assert bytes.fromhex(printed.decode()) == serving.found["no context"]


@VERSIONS
def test_gnutls_prints_the_same(version: str, pki: Pki) -> None:
    """All three kinds, where it has them."""
    need(GnuTls())
    serving = Serving(pki, version)
    argv = ["gnutls-cli", "--verbose", "--x509cafile", str(pki.ca), "--port", str(serving.port)]
    argv += ["--sni-hostname", "server.test", "--verify-hostname", "server.test", "127.0.0.1"]
    with Program(argv) as client:
        client.stdout.wait_for(rb"Handshake was completed")
        client.close_stdin()
        client.wait(expected=None)
        said = client.stdout.all()
    printed = dict(re.findall(rb"- '(tls-[a-z-]+)': ([0-9a-f]+)$", said, re.MULTILINE))
    found = {name.encode(): value.hex().encode() for name, value in serving.found.items()}
    del found[b"no context"]
    assert printed == found


def test_the_end_point_is_the_certificates_digest(pki: Pki) -> None:
    """What OpenSSL has as the server's certificate, hashed."""
    need(PyOpenSsl())
    from cryptography.hazmat.primitives.serialization import Encoding

    both = Together(context(pki, "TLS13", "client"), ours_for(pki, "TLS13", "client"), "client")
    shown: Any = both.theirs.get_peer_certificate(as_cryptography=True)
    der = shown.public_bytes(Encoding.DER)
    expected = hashlib.new(shown.signature_hash_algorithm.name, der).digest()
    assert both.ours.channel_binding("tls-server-end-point") == expected
