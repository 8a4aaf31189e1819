"""Asked after the handshake, and asking, with stacks that others wrote; they say who they saw."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.interop.pki import Pki
from tests.support.missing import missing
from tlsee.config import ClientConfig, ServerConfig
from tlsee.handshake.outcome import ByPsk, ClientAuthenticated, ClientDeclined
from tlsee.identity.credentials import Credential
from tlsee.identity.proof import Anonymous
from tlsee.identity.trust import Trust
from tlsee.streams.blocking import Stream, wrap_client, wrap_server

pytestmark = pytest.mark.peers

DEADLINE = 20.0
SERVER, CLIENT = "ecdsa_secp256r1", "ed25519"
CLIENT_NAME = "ed25519.client.test"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.settimeout(DEADLINE)
        yield made


def accepted(listener: socket.socket) -> socket.socket:
    sock, _ = listener.accept()
    sock.settimeout(DEADLINE)
    return sock


def called(listener: socket.socket) -> socket.socket:
    return socket.create_connection(listener.getsockname(), DEADLINE)


def our_client(pki: Pki, *, shows: bool = True) -> ClientConfig:
    own = pki.client(CLIENT)
    credential = Credential.from_pem(own.chain.read_bytes(), own.key.read_bytes())
    return ClientConfig(
        trust=Trust.from_file(pki.ca),
        credentials=[credential] if shows else [],
        post_handshake_auth=True,
    )


def our_server(pki: Pki) -> ServerConfig:
    own = pki.server(SERVER)
    credential = Credential.from_pem(own.chain.read_bytes(), own.key.read_bytes())
    return ServerConfig(
        credentials=[credential], client_trust=Trust.from_file(pki.ca), client_auth="none"
    )


def their_server(pki: Pki, mode: ssl.VerifyMode) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = pki.server(SERVER)
    context.load_cert_chain(own.chain, own.key)
    context.load_verify_locations(pki.ca)
    context.verify_mode = mode
    context.post_handshake_auth = True  # else it asks at once
    return context


def their_client(pki: Pki, *, shows: bool = True) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(pki.ca))
    if shows:
        own = pki.client(CLIENT)
        context.load_cert_chain(own.chain, own.key)
    context.post_handshake_auth = True
    return context


def name_in(certificate: Any) -> str | None:
    """What the ssl module calls a certificate's common name."""
    for part in (certificate or {}).get("subject", ()):
        for key, found in part:
            if key == "commonName":
                return str(found)
    return None


def ask_of(sock: socket.socket, context: ssl.SSLContext, times: int) -> list[str | None]:
    """OpenSSL's server: talk, ask, talk; who it saw each time, the first time unasked."""
    with context.wrap_socket(sock, server_side=True) as tls:
        seen = [name_in(tls.getpeercert())]
        for _ in range(times):
            assert tls.recv(100) == b"before"
            tls.verify_client_post_handshake()
            tls.sendall(b"asked")
            assert tls.recv(100) == b"after"
            seen.append(name_in(tls.getpeercert()))
            tls.sendall(b"thanks")
        tls.unwrap().close()
    return seen


def talk_to(stream: Stream, times: int) -> None:
    for _ in range(times):
        stream.sendall(b"before")
        assert stream.recv(5) == b"asked"
        stream.sendall(b"after")
        assert stream.recv(6) == b"thanks"
    assert stream.recv() == b""


@pytest.mark.parametrize("shows", [True, False])
def test_openssl_asks_our_client(listener: socket.socket, pki: Pki, shows: bool) -> None:
    """Twice; it has our name, or where we show none it is content with that."""
    mode = ssl.CERT_REQUIRED if shows else ssl.CERT_OPTIONAL
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(lambda: ask_of(accepted(listener), their_server(pki, mode), 2))
        config = our_client(pki, shows=shows)
        with wrap_client(called(listener), config, server_name="server.test") as stream:
            talk_to(stream, 2)
            info = stream.info
        name = CLIENT_NAME if shows else None
        assert asking.result(DEADLINE) == [None, name, name]
    assert info.asked_for_certificate
    assert (info.own_credential is not None) is shows


def answer_to(sock: socket.socket, context: ssl.SSLContext, times: int) -> None:
    """OpenSSL's client, to the end."""
    with context.wrap_socket(sock, server_hostname="server.test") as tls:
        for _ in range(times):
            tls.sendall(b"before")
            assert tls.recv(5) == b"asked"
            tls.sendall(b"after")
        tls.unwrap().close()


@pytest.mark.parametrize("shows", [True, False])
def test_our_server_asks_openssl(listener: socket.socket, pki: Pki, shows: bool) -> None:
    """Twice, with data each way in between; the client's name is in ``info``."""
    with ThreadPoolExecutor(1) as pool:
        context = their_client(pki, shows=shows)
        answering = pool.submit(lambda: answer_to(called(listener), context, 2))
        with wrap_server(accepted(listener), our_server(pki)) as stream:
            for _ in range(2):
                asked(stream, ClientAuthenticated if shows else ClientDeclined)
            info = stream.info
            assert stream.recv() == b""
        answering.result(DEADLINE)
    if not shows:
        assert isinstance(info.peer, Anonymous)
        return
    assert info.peer_identity is not None
    assert CLIENT_NAME in info.peer_identity.dns_names


def asked(stream: Stream, kind: type) -> None:
    """The client has spoken; ask it, speak, and hear what it says then."""
    assert stream.recv(6) == b"before"
    context = stream.request_certificate()
    stream.sendall(b"asked")
    assert stream.recv(5) == b"after"
    assert isinstance(stream.client_answer(context), kind)


def test_openssl_resumes_who_it_has_shown_to_be(listener: socket.socket, pki: Pki) -> None:
    """The ticket that our server sends afterwards brings the client's name back."""
    config, context = our_server(pki), their_client(pki)
    sessions: list[ssl.SSLSession | None] = []

    def visit(session: ssl.SSLSession | None) -> bool:
        sock = called(listener)
        with context.wrap_socket(sock, server_hostname="server.test", session=session) as tls:
            tls.sendall(b"before")
            assert tls.recv(5) == b"asked"
            tls.sendall(b"after")
            assert tls.recv(5) == b"asked"  # behind the ticket
            sessions.append(tls.session)
            return bool(tls.session_reused)

    with ThreadPoolExecutor(1) as pool:
        visiting = pool.submit(visit, None)
        with wrap_server(accepted(listener), config) as stream:
            asked(stream, ClientAuthenticated)
            stream.sendall(b"asked")
            assert not visiting.result(DEADLINE)
        again = pool.submit(visit, sessions[0])
        with wrap_server(accepted(listener), config) as stream:
            stream.handshake()
            assert isinstance(stream.info.peer, ByPsk)
            assert stream.info.peer_identity is not None
            assert CLIENT_NAME in stream.info.peer_identity.dns_names
            asked(stream, ClientAuthenticated)  # and may be asked again
            stream.sendall(b"asked")
            assert again.result(DEADLINE)


COMMANDS = {
    "openssl": ["openssl", "s_client", "-quiet", "-enable_pha", "-connect", "127.0.0.1:{port}",
                "-cert", "{chain}", "-cert_chain", "{chain}", "-key", "{key}", "-CAfile", "{ca}"],
    "gnutls-cli": ["gnutls-cli", "--post-handshake-auth", "--sni-hostname=server.test",
                   "--verify-hostname=server.test", "--x509cafile={ca}", "--x509certfile={chain}",
                   "--x509keyfile={key}", "-p", "{port}", "127.0.0.1"],
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_our_server_asks_a_command(listener: socket.socket, pki: Pki, name: str) -> None:
    """OpenSSL's and GnuTLS's own clients show their certificate when they are asked."""
    if shutil.which(name) is None:
        missing(name, "gnutls-bin" if "gnutls" in name else "openssl")
    own = pki.client(CLIENT)
    values = {"port": listener.getsockname()[1], "ca": pki.ca, "chain": own.chain, "key": own.key}
    command = [word.format(**values) for word in COMMANDS[name]]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as program:
        try:
            with wrap_server(accepted(listener), our_server(pki)) as stream:
                stream.handshake()
                stream.settimeout(DEADLINE)
                context = stream.request_certificate()
                stream.sendall(b"who are you?\n")
                assert program.stdin is not None
                program.stdin.write(b"it is me\n")
                program.stdin.flush()
                assert stream.recv().strip() == b"it is me"
                assert isinstance(stream.client_answer(context), ClientAuthenticated)
                assert stream.info.peer_identity is not None
                assert CLIENT_NAME in stream.info.peer_identity.dns_names
        finally:
            program.kill()
