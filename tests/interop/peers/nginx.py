"""nginx as a server that speaks HTTP/1.1: it keeps what is put and gives it back.

The listening socket is made here and inherited (nginx reads its number from the environment
variable NGINX), so that no port is guessed and nobody waits for a start.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop.peers.older import (
    REGISTERED,
    SUITES12,
    curves_of,
    field_of,
    openssl_ciphers,
    write_field,
)
from tests.interop.peers.processes import Program
from tests.interop.peers.spec import (
    CLASSIC_GROUPS,
    CLASSIC_KEYS,
    FINITE_FIELDS,
    PAYLOAD,
    Peer,
    PeerFailed,
    Report,
    Role,
    Spec,
)

_GROUPS = {"secp256r1": "prime256v1"}
_NAMES = {"X25519": "x25519", "X448": "x448", "prime256v1": "secp256r1"}
_LOG = (
    '{"version":"$ssl_protocol","suite":"$ssl_cipher","group":"$ssl_curve",'
    '"identity":"$ssl_client_s_dn","verified":"$ssl_client_verify","alpn":"$ssl_alpn_protocol",'
    '"method":"$request_method","status":"$status","length":"$content_length",'
    '"sent":"$body_bytes_sent"}'
)


class Nginx(Peer):
    """nginx 1.21.5 or later, with its WebDAV module."""

    name = "nginx"
    application = "http"
    roles = frozenset({"server"})
    groups = (*CLASSIC_GROUPS, "x448")
    keys = (*CLASSIC_KEYS, "rsa_pss", "ed448")
    # It ends the connection after its last answer and does not wait for the client's word.
    server_wants_close_from = "client"
    suites12 = SUITES12
    fields12 = FINITE_FIELDS
    names_fields12 = False

    def missing(self) -> str | None:
        return None if _program() else "nginx"

    def tells(self, role: Role) -> frozenset[str]:
        return frozenset({"version", "suite", "group", "identity", "alpn", "received"})

    def serve(self, spec: Spec) -> _Server:
        return _Server(spec)


class _Server:
    def __init__(self, spec: Spec) -> None:
        self._directory = TemporaryDirectory()
        home = Path(self._directory.name)
        configuration = home / "nginx.conf"
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
            configuration.write_text("\n".join(_configuration(spec, home, self.port)))
            self._program = Program(
                [str(_program()), "-p", home, "-e", home / "errors", "-c", configuration],
                env={**os.environ, "NGINX": f"{listener.fileno()};"},
                pass_fds=[listener.fileno()],
            )

    def report(self) -> Report:
        log = self._program.stderr
        first = log.wait_for(rb'^.*"method":"PUT".*$|^.*SSL_do_handshake\(\) failed.*$')[0]
        if b"SSL_do_handshake" in first:
            raise PeerFailed(f"nginx: {first.decode()}")
        put = json.loads(first)
        got = json.loads(log.wait_for(rb'^.*"method":"GET".*$')[0])
        if (put["status"], got["status"]) != ("201", "200") or got["verified"].startswith("FAILED"):
            raise PeerFailed(f"nginx: {put} {got}")
        if Path(self._directory.name, "files", "data").read_bytes() != PAYLOAD:
            raise PeerFailed(f"nginx kept {put['length']} other bytes")
        return Report(
            version=got["version"].replace("TLSv1.3", "TLS13").replace("TLSv1.2", "TLS12"),
            suite=REGISTERED.get(got["suite"], got["suite"]),
            group=_NAMES.get(got["group"], got["group"]),
            identity=got["identity"].removeprefix("CN="),
            alpn=got["alpn"],
            received=int(put["length"]),
        )

    def close(self) -> None:
        self._program.terminate()  # and its worker, which a kill would leave behind
        self._program.wait(expected=None)
        self._program.close()
        self._directory.cleanup()


def _program() -> str | None:
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _configuration(spec: Spec, home: Path, port: int) -> Iterator[str]:
    assert spec.identity is not None
    (home / "files").mkdir()
    # With a master: nginx 1.22 dies of inherited sockets when it is one process alone.
    yield f"daemon off; worker_processes 1; pid {home}/pid; user {getpass.getuser()};"
    yield "events { worker_connections 16; }"
    yield "error_log stderr info;"  # where a handshake that failed is told
    yield f"http {{ log_format report escape=json '{_LOG}'; access_log /dev/stderr report;"
    for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        yield f"{kind}_temp_path {home}/{kind};"
    yield f"server {{ listen 127.0.0.1:{port} ssl; root {home}/files; dav_methods PUT;"
    older = spec.version == "TLS12"
    versions = ["TLSv1.2"] * (older or spec.also_older) + ["TLSv1.3"] * (not older)
    yield f"client_max_body_size 1m; ssl_protocols {' '.join(versions)};"
    yield "ssl_session_tickets off;"
    yield f"ssl_certificate {spec.identity.chain}; ssl_certificate_key {spec.identity.key};"
    if spec.suites and older:
        yield f"ssl_ciphers {openssl_ciphers(spec.suites)};"
    elif spec.suites:
        yield f"ssl_conf_command Ciphersuites {':'.join(spec.suites)};"
    if curves := curves_of(spec.groups):
        yield f"ssl_ecdh_curve {':'.join(_GROUPS.get(name, name) for name in curves)};"
    if field := field_of(spec.groups):
        yield f"ssl_dhparam {write_field(field, home / 'field')};"
    if spec.client_auth != "none":
        wanted = "on" if spec.client_auth == "required" else "optional"
        yield f"ssl_client_certificate {spec.ca}; ssl_verify_client {wanted}; ssl_verify_depth 3;"
    yield "} }"
