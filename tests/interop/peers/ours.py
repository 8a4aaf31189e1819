"""tlsee behind the same interface as every other peer, by its blocking streams."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from tests.interop.peers import http
from tests.interop.peers.json_lines import common_name
from tests.interop.peers.older import AEAD_SUITES12, SUITES12
from tests.interop.peers.spec import (
    CLASSIC_GROUPS,
    CLASSIC_KEYS,
    DEADLINE,
    FINITE_FIELDS,
    HYBRID_GROUPS,
    ML_DSA_KEYS,
    PAYLOAD,
    Peer,
    PeerFailed,
    Report,
    Role,
    Spec,
)
from tests.interop.peers.threads import ThreadServer, connect
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.info import ConnectionInfo
from tlsee.errors import HandshakeTimeout, TLSError, Truncation
from tlsee.identity.credentials import Credential
from tlsee.identity.proof import ByCertificate, ByDecryption
from tlsee.identity.trust import Trust
from tlsee.policies import Policy
from tlsee.streams.blocking import Stream, listen, wrap_client, wrap_server

_PIECE = 25_000  # bytes between two changes of keys


class Ours(Peer):
    """tlsee, in both roles."""

    name = "tlsee"
    application = "any"
    groups = (*CLASSIC_GROUPS, "x448", *HYBRID_GROUPS)
    keys = (*CLASSIC_KEYS, "rsa_pss", "ed448", *ML_DSA_KEYS)
    sends_cookies = True
    suites12 = SUITES12
    fields12 = FINITE_FIELDS
    macs_then_encrypts = True

    def missing(self) -> str | None:
        return None

    def serve(self, spec: Spec) -> ThreadServer:
        config = _server_config(spec)

        def handle(sock: socket.socket) -> Report:
            with wrap_server(sock, config, handshake_timeout=DEADLINE) as stream:
                return _run(stream, spec, "server")

        return ThreadServer(handle)

    def connect(self, spec: Spec, port: int) -> Report:
        sock = connect(port)
        with wrap_client(
            sock, _client_config(spec), server_name=spec.server_name, handshake_timeout=DEADLINE
        ) as stream:
            return _run(stream, spec, "client")


class PageServer:
    """tlsee serving the page to a browser: as many connections as come, each in a thread.

    ``application`` is what happens on each; ``changes`` are made to the server's configuration.
    """

    def __init__(
        self,
        spec: Spec,
        application: Callable[[http.Channel], object] = http.keep_and_give,
        **changes: Any,
    ) -> None:
        self._application = application
        self._listener = listen(("127.0.0.1", 0), _server_config(spec, **changes))
        self.port = self._listener.address[1]
        self.seen: list[ConnectionInfo] = []
        self._stopping = False
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            stream = self._listener.accept()
            if self._stopping:
                stream.abort()
                return
            self._threads.append(threading.Thread(target=self._serve, args=[stream]))
            self._threads[-1].start()

    def _serve(self, stream: Stream) -> None:
        # A browser drops its connections without a word, also such as it never used.
        with contextlib.suppress(Truncation, HandshakeTimeout, OSError), stream:
            stream.settimeout(DEADLINE)
            stream.handshake()
            self.seen.append(stream.info)
            self._application(stream)

    def close(self) -> None:
        self._stopping = True
        connect(self.port).close()
        for thread in self._threads:
            thread.join(2 * DEADLINE)
        self._listener.close()


def _client_config(spec: Spec) -> ClientConfig:
    return ClientConfig(
        trust=_trust(spec.ca),
        key_shares=[NamedGroup.named(spec.groups[0])] if spec.groups else None,
        **_common(spec),
    )


def _server_config(spec: Spec, **changes: Any) -> ServerConfig:
    return ServerConfig(
        client_trust=None if spec.client_auth == "none" else _trust(spec.ca),
        client_auth=spec.client_auth,
        **_common(spec),
        **changes,
    )


def _common(spec: Spec) -> dict[str, Any]:
    identity = spec.identity
    mine = [] if identity is None else [_credential(identity.chain, identity.key)]
    policy = dataclasses.replace(_policy(spec), cookie=spec.cookie)
    versions = [spec.version, *["TLS12"] * spec.also_older]
    return {
        "versions": [ProtocolVersion.named(name) for name in versions],
        "credentials": mine,
        "suites": [CipherSuite.named(name) for name in spec.suites] or None,
        "groups": [NamedGroup.named(name) for name in spec.groups] or None,
        "alpn": spec.alpn,
        "policy": policy,
    }


def _policy(spec: Spec) -> Policy:
    """The strictest that a connection like this can be had with."""
    broken = {"rsa_pkcs1_sha1", "ecdsa_sha1"} & set(spec.schemes)
    if broken or not spec.encrypt_then_mac:
        return policies.insecure_old_machines
    strict = spec.version == "TLS13" or set(spec.suites) <= set(AEAD_SUITES12)
    return policies.default if strict else policies.legacy


@cache
def _trust(path: Path) -> Trust:
    return Trust.from_file(path)


@cache
def _credential(chain: Path, key: Path) -> Credential:
    return Credential.from_files(chain, key).despite_flaws()  # a quarrel may want one that is bad


def _run(stream: Stream, spec: Spec, role: Role) -> Report:
    """Exchange, close, and say what ``info`` says."""
    stream.settimeout(DEADLINE)
    try:
        if spec.application == "http":
            exchange = http.put_and_get if role == "client" else http.keep_and_give
            received = exchange(stream)
        else:
            received = (_ask if role == "client" else _echo)(stream, spec)
        closed = _finish(stream, first=spec.closes_first == role)
    except TLSError as error:
        raise PeerFailed(f"tlsee as a {role}: {error}") from error
    info = stream.info
    scheme = info.scheme if role == "client" else info.client_scheme
    proof = info.peer
    shown = b""
    if isinstance(proof, ByCertificate | ByDecryption):
        shown = proof.peer.certificate.der
    return Report(
        version=info.version.name,
        suite=info.suite.name,
        group=info.group.name if info.group is not None else "",
        scheme=scheme.name if scheme is not None else "",
        identity=common_name(shown),
        alpn=info.alpn.decode() if info.alpn is not None else "",
        retried=info.retried,
        received=received,
        closed=closed,
    )


def _ask(stream: Stream, spec: Spec) -> int:
    for start in range(0, len(PAYLOAD), _PIECE):
        if spec.key_updates:
            stream.update_keys(request=True)
        stream.sendall(PAYLOAD[start : start + _PIECE])
    answer = bytearray()
    while len(answer) < len(spec.answer) and (chunk := stream.recv()):
        answer += chunk
    if answer != spec.answer:
        raise PeerFailed(f"the answer of {len(answer)} bytes is not the expected one")
    return len(answer)


def _echo(stream: Stream, spec: Spec) -> int:
    received = 0
    while received < len(PAYLOAD) and (chunk := stream.recv()):
        if not PAYLOAD.startswith(chunk, received):
            raise PeerFailed(f"the payload is not the expected one at {received}")
        if spec.key_updates and received // _PIECE < (received + len(chunk)) // _PIECE:
            stream.update_keys(request=True)
        received += len(chunk)
        stream.sendall(chunk)
    return received


def _finish(stream: Stream, *, first: bool) -> bool:
    """Whether the other side's close_notify came; without it ``recv`` raises."""
    if first:
        stream.send_eof()
    if stream.recv(1) != b"":
        raise PeerFailed("more than was asked for")
    return True
