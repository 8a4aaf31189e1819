"""Sessions of TLS 1.2 with foreign peers, both roles, by ticket and by id: the peer says it."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.interop.matrix import need
from tests.interop.peers import json_lines
from tests.interop.peers.curl import Curl
from tests.interop.peers.gnutls import GnuTls, free_port
from tests.interop.peers.json_lines import Go, Rustls
from tests.interop.peers.nginx import Nginx, _program
from tests.interop.peers.openssl_cli import OpenSslCli
from tests.interop.peers.processes import Program
from tests.interop.peers.pyopenssl import PyOpenSsl
from tests.interop.peers.spec import DEADLINE, PAYLOAD, Spec
from tests.interop.pki import Pki
from tests.support.refusals import without
from tests.support.resuming import Edited
from tlsee import policies
from tlsee.codes import CipherSuite, ExtensionType, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, ServerConnection
from tlsee.connection.events import NEED_DATA, HandshakeDone, PeerClosed, Truncated
from tlsee.errors import TLSError
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust
from tlsee.sessions.stores import StoredSessions, TicketSessions
from tlsee.streams.blocking import Stream, wrap_server

pytestmark = pytest.mark.peers

TLS12 = [ProtocolVersion.TLS12]
SUITES = {
    "ecdhe": ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ecdsa_secp256r1"),
    "cbc": ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ecdsa_secp256r1"),
    "rsa": ("TLS_RSA_WITH_AES_128_GCM_SHA256", "rsa2048"),
}
BY = pytest.mark.parametrize("by", ["ticket", "id"])
KIND = pytest.mark.parametrize("kind", SUITES)
WITHOUT_TICKETS = Edited(client_hello=without(ExtensionType.session_ticket))
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Ours:
    """Our server: as many connections as come; ``resumed`` tells of each that ended."""

    def __init__(self, pki: Pki, kind: str, by: str) -> None:
        suite, key = SUITES[kind]
        identity = pki.server(key)
        self.config = ServerConfig(
            credentials=[Credential.from_files(identity.chain, identity.key)],
            versions=TLS12,
            policy=policies.legacy,
            suites=[CipherSuite.named(suite)],
            sessions=TicketSessions() if by == "ticket" else StoredSessions(),
        )
        self.resumed: list[bool] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                sock.settimeout(DEADLINE)
                with contextlib.suppress(OSError, TLSError):
                    self._talk(wrap_server(sock, self.config))

    def _talk(self, stream: Stream) -> None:
        stream.handshake()
        self.resumed.append(stream.info.resumed)
        with stream:
            while chunk := stream.recv():
                stream.sendall(PAGE if chunk.startswith(b"GET ") else chunk)
                if chunk.startswith(b"GET "):
                    return


def client_config(pki: Pki, kind: str) -> ClientConfig:
    return ClientConfig(
        trust=Trust.from_file(pki.ca),
        versions=TLS12,
        policy=policies.legacy,
        suites=[CipherSuite.named(SUITES[kind][0])],
    )


def visit(
    port: int, config: ClientConfig, by: str, request: bytes, length: int
) -> tuple[bool, bytes]:
    """One connection of ours: whether it was resumed, and what came back."""
    options: dict[str, Any] = {} if by == "ticket" else {"composer": WITHOUT_TICKETS}
    connection = ClientConnection(config, "server.test", **options)
    answer = bytearray()
    resumed = False
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        while True:
            event = connection.next_event()
            if isinstance(event, HandshakeDone):
                resumed = event.info.resumed
                connection.write(request)
            elif isinstance(event, PeerClosed | Truncated):
                break
            elif event is not NEED_DATA:
                answer += getattr(event, "data", b"")
            else:
                data = connection.data_to_send()
                if data:
                    sock.sendall(data)
                received = b"" if len(answer) >= length else sock.recv(65_536)
                if not received:
                    break
                connection.receive_data(received)
        connection.close_write()
        with contextlib.suppress(OSError):
            sock.sendall(connection.data_to_send())
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(65_536):
                pass
    return resumed, bytes(answer)


GET = b"GET / HTTP/1.0\r\n\r\n"


# --- OpenSSL's command ----------------------------------------------------------------------------


@KIND
@BY
def test_openssl_comes_back(pki: Pki, kind: str, by: str) -> None:
    """``-reconnect``: a new connection, and five that reuse its session."""
    need(OpenSslCli())
    with Ours(pki, kind, by) as server:
        argv: list[str | Path] = ["openssl", "s_client", "-tls1_2", "-reconnect", "-CAfile", pki.ca]
        argv += ["-connect", f"127.0.0.1:{server.port}", "-servername", "server.test"]
        argv += [] if by == "ticket" else ["-no_ticket"]
        with Program(argv) as client:
            client.close_stdin()
            client.wait(None)
            said = client.stdout.all() + client.stderr.all()
        assert re.findall(rb"^(New|Reused), TLSv1.2", said, re.MULTILINE) == [
            b"New",
            *[b"Reused"] * 5,
        ]
        assert server.resumed == [False, *[True] * 5]


@KIND
@BY
def test_openssl_is_come_back_to(pki: Pki, kind: str, by: str) -> None:
    """``-www``: its page says whether the connection was reused."""
    need(OpenSslCli())
    identity = pki.server(SUITES[kind][1])
    argv: list[str | Path] = ["openssl", "s_server", "-tls1_2", "-accept", "127.0.0.1:0", "-www"]
    argv += ["-cert", identity.leaf, "-key", identity.key, "-cert_chain", identity.intermediates]
    argv += [] if by == "ticket" else ["-no_ticket"]
    config = client_config(pki, kind)
    with Program(argv) as server:
        port = int(server.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])
        seen = [visit(port, config, by, GET, 1 << 20) for _ in range(3)]
    assert [resumed for resumed, _ in seen] == [False, True, True]
    said = [re.search(rb"(New|Reused), TLSv1.2", page) for _, page in seen]
    assert [word and word[1] for word in said] == [b"New", b"Reused", b"Reused"]


# --- The newer OpenSSL, in memory -----------------------------------------------------------------


def carried(theirs: Any, ours: Any) -> Any:
    """Both sides to the end of the handshake."""
    from OpenSSL import SSL

    for _ in range(8):
        with contextlib.suppress(SSL.WantReadError):
            theirs.do_handshake()
        with contextlib.suppress(SSL.WantReadError):
            ours.receive_data(theirs.bio_read(1 << 17))
        while ours.next_event() is not NEED_DATA:
            pass
        data = ours.data_to_send()
        if data:
            theirs.bio_write(bytes(data))
    assert ours.info is not None
    return theirs


@KIND
@BY
def test_pyopenssl_comes_back(pki: Pki, kind: str, by: str) -> None:
    """``SSL_session_reused`` at its client; both ask in the same words."""
    need(PyOpenSsl())
    from OpenSSL import SSL

    with Ours(pki, kind, by) as server:
        config = server.config
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"ALL")
    if by == "id":
        context.set_options(SSL.OP_NO_TICKET)
    session, seen = None, []
    for _ in range(3):
        theirs = SSL.Connection(context, None)
        if session is not None:
            theirs.set_session(session)
        theirs.set_tlsext_host_name(b"server.test")
        theirs.set_connect_state()
        ours = ServerConnection(config)
        carried(theirs, ours)
        theirs.shutdown()  # OpenSSL forgets a session that ends in disorder
        session = theirs.get_session()
        seen.append((reused(theirs), ours.info.resumed))
    assert seen == [(False, False), (True, True), (True, True)]


@KIND
@BY
def test_pyopenssl_is_come_back_to(pki: Pki, kind: str, by: str) -> None:
    """The same at its server."""
    need(PyOpenSsl())
    from OpenSSL import SSL

    identity = pki.server(SUITES[kind][1])
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(b"ALL")
    context.use_certificate_chain_file(str(identity.chain))
    context.use_privatekey_file(str(identity.key))
    context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
    if by == "id":
        context.set_options(SSL.OP_NO_TICKET)
    config, seen = client_config(pki, kind), []
    options: dict[str, Any] = {} if by == "ticket" else {"composer": WITHOUT_TICKETS}
    for _ in range(3):
        theirs = SSL.Connection(context, None)
        theirs.set_accept_state()
        ours = ClientConnection(config, "server.test", **options)
        start = ours.data_to_send()
        theirs.bio_write(bytes(start))
        carried(theirs, ours)
        theirs.shutdown()  # OpenSSL forgets a session that ends in disorder
        ours.close_write()
        seen.append((reused(theirs), ours.info.resumed))
    assert seen == [(False, False), (True, True), (True, True)]


def reused(connection: Any) -> bool:
    from OpenSSL._util import lib

    return bool(lib.SSL_session_reused(connection._ssl))


# --- Go and rustls --------------------------------------------------------------------------------


def spec_of(pki: Pki, kind: str, role: str) -> Spec:
    suite, key = SUITES[kind]
    identity = pki.server(key) if role == "server" else None
    return Spec(ca=pki.ca, identity=identity, suites=(suite,), version="TLS12")


PROGRAMS = pytest.mark.parametrize(
    ("peer", "kind"),
    [
        pytest.param(Go(), "ecdhe", id="go-ecdhe"),
        pytest.param(Go(), "rsa", id="go-rsa"),
        pytest.param(Rustls(), "ecdhe", id="rustls-ecdhe"),  # it has no RSA key exchange
    ],
)


@PROGRAMS
def test_a_program_comes_back(pki: Pki, peer: json_lines.JsonLinesPeer, kind: str) -> None:
    """What it reports as its own view: resumed, or not."""
    need(peer)
    with Ours(pki, kind, "ticket") as server:
        spec = spec_of(pki, kind, "client")
        name = f"{kind} {server.port}"
        told = [
            json_lines.next_answer(peer._ask(spec, role="client", port=server.port, sessions=name))
            for _ in range(3)
        ]
        assert [one["report"]["resumed"] for one in told] == [False, True, True]
        assert server.resumed == [False, True, True]


@PROGRAMS
def test_a_program_is_come_back_to(pki: Pki, peer: json_lines.JsonLinesPeer, kind: str) -> None:
    """Its server, three times, with the same ticket keys."""
    need(peer)
    config, seen = client_config(pki, kind), []
    for _ in range(3):
        spec = spec_of(pki, kind, "server")
        running = json_lines.JsonLinesServer(
            peer._ask(spec, role="server", sessions=f"{kind} of {peer.name}")
        )
        resumed, answer = visit(running.port, config, "ticket", PAYLOAD, len(PAYLOAD))
        assert answer == PAYLOAD
        seen.append((json_lines.next_answer(running._answers)["report"]["resumed"], resumed))
    assert seen == [(False, False), (True, True), (True, True)]


# --- GnuTLS ---------------------------------------------------------------------------------------

PRIORITY = "NORMAL:-VERS-ALL:+VERS-TLS1.2:+RSA:+AES-128-CBC:+SHA256"
RESUMED = b"*** This is a resumed session"


@KIND
@BY
def test_gnutls_comes_back(pki: Pki, kind: str, by: str) -> None:
    """``--resume`` connects twice and says what the second connection was."""
    need(GnuTls())
    with Ours(pki, kind, by) as server:
        argv: list[str | Path] = ["gnutls-cli", "--resume", "--x509cafile", pki.ca]
        argv += ["--priority", PRIORITY, "--sni-hostname", "server.test"]
        argv += ["--verify-hostname", "server.test", "--port", str(server.port), "127.0.0.1"]
        argv += [] if by == "ticket" else ["--noticket"]
        with Program(argv) as client:
            client.close_stdin()
            client.wait(None)
            said = client.stdout.all()
        assert said.count(RESUMED) == 1, said
        assert server.resumed == [False, True]


@KIND
@BY
def test_gnutls_is_come_back_to(pki: Pki, kind: str, by: str) -> None:
    """``gnutls-serv`` prints it for each connection."""
    need(GnuTls())
    identity = pki.server(SUITES[kind][1])
    port = free_port()
    argv: list[str | Path] = ["gnutls-serv", "--echo", "--port", str(port), "--priority", PRIORITY]
    argv += ["--x509certfile", identity.chain, "--x509keyfile", identity.key]
    argv += ["--disable-client-cert"] + ([] if by == "ticket" else ["--noticket"])
    config = client_config(pki, kind)
    with Program(argv) as server:
        server.stderr.wait_for(rb"listening on IPv4 .*done$")
        seen = [visit(port, config, by, b"line\n", 5) for _ in range(3)]
        server.terminate()
        server.wait(None)
        said = server.stdout.all()
    assert seen == [(False, b"line\n"), (True, b"line\n"), (True, b"line\n")]
    assert said.count(RESUMED) == 2, said


# --- nginx and curl -------------------------------------------------------------------------------


@contextlib.contextmanager
def nginx(home: Path, pki: Pki, kind: str, by: str) -> Iterator[tuple[int, Program]]:
    """A page, and a log of what was reused."""
    identity = pki.server(SUITES[kind][1])
    (home / "files").mkdir()
    (home / "files" / "index.html").write_text("ok")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        temporary = " ".join(
            f"{one}_temp_path {home}/{one};"
            for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        (home / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {home}/pid; user {getpass.getuser()};\n"
            "events { worker_connections 16; }\n"
            'http { log_format told escape=json \'{"reused":"$ssl_session_reused"}\';\n'
            f"access_log /dev/stderr told; {temporary}\n"
            f"server {{ listen 127.0.0.1:{port} ssl; root {home}/files; ssl_protocols TLSv1.2;\n"
            f"ssl_session_cache shared:tlsee:1m; "
            f"ssl_session_tickets {'on' if by == 'ticket' else 'off'};\n"
            "ssl_ciphers ALL;\n"
            f"ssl_certificate {identity.chain}; ssl_certificate_key {identity.key}; }} }}\n"
        )
        program = Program(
            [str(_program()), "-p", home, "-e", home / "errors", "-c", home / "nginx.conf"],
            env={**os.environ, "NGINX": f"{listener.fileno()};"},
            pass_fds=[listener.fileno()],
        )
        try:
            yield port, program
        finally:
            program.terminate()
            program.wait(expected=None)
            program.close()


@KIND
@BY
def test_nginx_is_come_back_to(tmp_path: Path, pki: Pki, kind: str, by: str) -> None:
    """``$ssl_session_reused`` is r, or a dot."""
    need(Nginx())
    config = client_config(pki, kind)
    with nginx(tmp_path, pki, kind, by) as (port, program):
        seen = [visit(port, config, by, GET, 1 << 20) for _ in range(3)]
        log = program.stderr.wait_for(rb'(?s)((?:\{"reused":"."\}\s*){3})')[1]
    assert [resumed for resumed, _ in seen] == [False, True, True]
    assert [json.loads(line)["reused"] for line in log.split()] == [".", "r", "r"]


@KIND
def test_curl_comes_back(pki: Pki, kind: str) -> None:
    """Two transfers over two connections, and curl says that it uses the session again.

    It goes by ids: it has switched tickets off in its OpenSSL.
    """
    need(Curl())
    with Ours(pki, kind, "id") as server:
        url = f"https://server.test:{server.port}/"
        argv: list[str | Path] = ["curl", "--verbose", "--http1.1", "--tlsv1.2", "--tls-max", "1.2"]
        argv += ["--cacert", pki.ca, "--noproxy", "*", "--header", "Connection: close"]
        argv += ["--connect-to", f"server.test:{server.port}:127.0.0.1:{server.port}", url, url]
        told = subprocess.run(argv, capture_output=True, check=True, timeout=DEADLINE)
        assert told.stdout == b"okok"
        assert len(re.findall(rb"SSL re-?using session", told.stderr)) == 1, told.stderr
        assert server.resumed == [False, True]
