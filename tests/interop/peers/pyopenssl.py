"""The newer OpenSSL inside ``cryptography``, through pyOpenSSL, in this process.

It has the hybrids and ML-DSA. pyOpenSSL's own surface lacks the list of groups and the log of
messages; both are in the library that it wraps.
"""

from __future__ import annotations

import importlib.util
import socket
import struct
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from tests.interop.peers.json_lines import common_name
from tests.interop.peers.messages import Logged, facts
from tests.interop.peers.older import (
    SUITES12,
    curves_of,
    field_of,
    openssl_ciphers,
    write_field,
)
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

_GROUPS = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


class PyOpenSsl(Peer):
    """``OpenSSL.SSL`` in both roles."""

    name = "pyopenssl"
    groups = (*CLASSIC_GROUPS, "x448", *HYBRID_GROUPS)
    keys = (*CLASSIC_KEYS, "rsa_pss", "ed448", *ML_DSA_KEYS)
    suites12 = SUITES12
    fields12 = FINITE_FIELDS

    def missing(self) -> str | None:
        return None if importlib.util.find_spec("OpenSSL") else "pyOpenSSL 26 or later"

    def serve(self, spec: Spec) -> ThreadServer:
        def handle(sock: socket.socket) -> Report:
            return _Session(spec, sock, "server").run()

        return ThreadServer(handle)

    def connect(self, spec: Spec, port: int) -> Report:
        with connect(port) as sock:
            return _Session(spec, sock, "client").run()


class _Session:
    """One connection, from context to report."""

    def __init__(self, spec: Spec, sock: socket.socket, role: Role) -> None:
        from OpenSSL import SSL

        self._errors = SSL.Error
        self._closed_by_peer = SSL.ZeroReturnError
        self._spec, self._role = spec, role
        self._log: list[Logged] = []
        self._context = SSL.Context(SSL.TLS_METHOD)
        self._keep = _configure(self._context, spec, role, self._log)
        _bound(sock)
        self._tls = SSL.Connection(self._context, sock)
        if role == "client":
            name = spec.server_name.encode()
            self._tls.set_tlsext_host_name(name)
            parameters = _lib().SSL_get0_param(self._tls._ssl)
            assert _lib().X509_VERIFY_PARAM_set1_host(parameters, name, len(name)) == 1
            if spec.alpn:
                self._tls.set_alpn_protos([name.encode() for name in spec.alpn])
            self._tls.set_connect_state()
        else:
            self._tls.set_accept_state()

    def run(self) -> Report:
        """Shake hands, exchange, close.

        Raises:
            PeerFailed: OpenSSL said no, or a wait took too long.
        """
        try:
            self._tls.do_handshake()
            received = self._client() if self._role == "client" else self._server()
            closed = self._finish()
        except self._errors as error:
            raise PeerFailed(f"pyOpenSSL as a {self._role}: {error!r}") from error
        told = facts(self._log)
        group = (self._tls.get_group_name() or "").lower().replace("prime256v1", "secp256r1")
        if told.version == "TLS13" and told.group.lower() != group:
            raise PeerFailed(f"{told.group} in the log, but {self._tls.get_group_name()}")
        certificate = self._tls.get_peer_certificate(as_cryptography=True)
        return Report(
            **{**asdict(told), "closed": closed},
            identity=common_name(_der(certificate) if certificate is not None else b""),
            received=received,
        )

    def _client(self) -> int:
        self._tls.sendall(PAYLOAD)
        answer = bytearray()
        while len(answer) < len(self._spec.answer):
            answer += self._tls.recv(65536)
        if answer != self._spec.answer:
            raise PeerFailed("the answer is not the expected one")
        return len(answer)

    def _server(self) -> int:
        received = 0
        while received < len(PAYLOAD):
            chunk = self._tls.recv(65536)
            if not PAYLOAD.startswith(chunk, received):
                raise PeerFailed(f"the payload is not the expected one at {received}")
            received += len(chunk)
            self._tls.sendall(chunk)
        return received

    def _finish(self) -> bool:
        if self._spec.closes_first == self._role:
            self._tls.shutdown()
        try:
            rest = self._tls.recv(1)
        except self._closed_by_peer:
            if self._spec.closes_first != self._role:
                self._tls.shutdown()
            return True
        raise PeerFailed(f"more than was asked for: {rest!r}")


def _configure(context: Any, spec: Spec, role: Role, log: list[Logged]) -> object:
    """Set everything that the specification names; what is returned must stay alive."""
    from OpenSSL import SSL
    from OpenSSL._util import ffi, lib

    older = spec.version == "TLS12"
    oldest = SSL.TLS1_2_VERSION if older or spec.also_older else SSL.TLS1_3_VERSION
    context.set_min_proto_version(oldest)
    if older:
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
    context.load_verify_locations(str(spec.ca))
    if role == "client":
        context.set_verify(SSL.VERIFY_PEER)
    elif spec.client_auth != "none":
        required = SSL.VERIFY_FAIL_IF_NO_PEER_CERT if spec.client_auth == "required" else 0
        context.set_verify(SSL.VERIFY_PEER | required)
        context.set_session_id(b"tlsee interop")
    if spec.identity is not None:
        context.use_certificate_chain_file(str(spec.identity.chain))
        context.use_privatekey_file(str(spec.identity.key))
    if spec.suites and older:
        context.set_cipher_list(openssl_ciphers(spec.suites).encode())
    elif spec.suites:
        context.set_tls13_ciphersuites(":".join(spec.suites).encode())
    if field := field_of(spec.groups):
        with NamedTemporaryFile() as file:
            context.load_tmp_dh(str(write_field(field, Path(file.name))))
    # Since 4.0 it negotiates finite fields in TLS 1.2 too, as RFC 7919 says.
    newer = SSL.OPENSSL_VERSION_NUMBER >= 4 << 28
    if curves := curves_of(spec.groups) if older and not newer else spec.groups:
        names = ":".join(_GROUPS.get(name, name) for name in curves)
        if lib.SSL_CTX_set1_curves_list(context._context, names.encode()) != 1:
            raise PeerFailed(f"OpenSSL does not know {names}")
    if spec.alpn and role == "server":
        context.set_alpn_select_callback(_select(spec))

    @ffi.callback("void(int, int, int, const void *, size_t, SSL *, void *)")  # type: ignore[untyped-decorator]
    def note(sent: int, _version: int, kind: int, data: Any, length: int, *_: object) -> None:
        log.append(Logged(bool(sent), kind, bytes(ffi.buffer(data, length))))

    lib.SSL_CTX_set_msg_callback(context._context, note)
    return note


def _lib() -> Any:
    """What pyOpenSSL wraps: its own surface has no check of the name."""
    from OpenSSL._util import lib

    return lib


def _select(spec: Spec) -> Any:
    from OpenSSL import SSL

    def choose(_connection: object, offered: list[bytes]) -> object:
        ours = [name.encode() for name in spec.alpn if name.encode() in offered]
        return ours[0] if ours else SSL.NO_OVERLAPPING_PROTOCOLS

    return choose


def _bound(sock: socket.socket) -> None:
    """Make waits end in the kernel: OpenSSL reads the descriptor, past Python's timeout."""
    sock.settimeout(None)
    bound = struct.pack("ll", int(DEADLINE), 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, bound)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, bound)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _der(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    encoded: bytes = certificate.public_bytes(Encoding.DER)
    return encoded
