"""``tlsee serve`` in a fleet: two processes, one Redis."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.support.redis_server import eventually, running
from tests.support.serving import Running, serving
from tlsee.identity.authority import Authority


def test_two_servers_share_a_redis(tmp_path: Path) -> None:
    """What one began the other resumes, by a secret that no list of processes shows."""
    secret = {"TLSEE_SESSION_SECRET": "ab" * 32}
    certificate = tmp_path / "server.pem"
    authority = Authority.create("a fleet's CA")
    certificate.write_bytes(b"".join(authority.issue_pem("localhost")))
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    with running(tmp_path) as redis, pytest.MonkeyPatch.context() as patch:
        for name, text in secret.items():
            patch.setenv(name, text)
        options = ("--sessions", redis.url, "--cert", certificate)
        with serving(tmp_path, *options) as one, serving(tmp_path, *options) as other:
            assert all("ab" * 32 not in line for line in one.introduction)
            context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))

            def visit(server: Running, session: Any) -> tuple[Any, bool]:
                with (
                    socket.create_connection(("127.0.0.1", server.port)) as tcp,
                    context.wrap_socket(tcp, server_hostname="localhost", session=session) as tls,
                ):
                    tls.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    while tls.recv(65536):
                        pass
                    return tls.session, bool(tls.session_reused)

            def both() -> bool:
                return visit(other, visit(one, None)[0])[1]

            eventually(both, "a session that the other server knows")
