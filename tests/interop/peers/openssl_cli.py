"""OpenSSL as a command: ``s_client`` and ``s_server``.

``s_server -rev`` answers each line reversed, which proves as much as an echo does and needs nobody
to pump its standard input. ``-msg`` writes every handshake message into a file; it says what the
programs do not print (the group that a server chose, the scheme's exact name, close_notify).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop.peers.messages import Logged, facts
from tests.interop.peers.older import (
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
    EVERYTHING,
    FINITE_FIELDS,
    PAYLOAD,
    REVERSED,
    Peer,
    PeerFailed,
    Report,
    Role,
    Spec,
)

_GROUPS = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
_SCHEMES = {
    "rsa_pkcs1_sha1": "RSA+SHA1",
    "rsa_pkcs1_sha256": "RSA+SHA256",
    "rsa_pkcs1_sha384": "RSA+SHA384",
    "rsa_pkcs1_sha512": "RSA+SHA512",
    "ecdsa_sha1": "ECDSA+SHA1",
}
_CONTENT_TYPES = {b"ChangeCipherSpec": 20, b"Alert": 21, b"Handshake": 22}


class OpenSslCli(Peer):
    """The system's ``openssl``, whichever version that is."""

    name = "openssl"
    sends_cookies = True
    sleeps_on_key_updates = True  # s_server -rev does, whenever a record brings no data
    groups = (*CLASSIC_GROUPS, "x448")
    keys = (*CLASSIC_KEYS, "rsa_pss", "ed448")
    # s_client does not wait for an answer to its close_notify; s_server -rev never closes first.
    client_wants_close_from = "server"
    server_wants_close_from = "client"
    answer = REVERSED
    suites12 = SUITES12
    fields12 = FINITE_FIELDS
    macs_then_encrypts = True

    def missing(self) -> str | None:
        return None if shutil.which("openssl") else "openssl"

    def tells(self, role: Role) -> frozenset[str]:
        return EVERYTHING - ({"received"} if role == "server" else set())

    def serve(self, spec: Spec) -> _Server:
        return _Server(spec)

    def connect(self, spec: Spec, port: int) -> Report:
        with TemporaryDirectory() as directory:
            log = Path(directory, "messages")
            argv: list[str | Path] = ["openssl", "s_client", "-brief"]
            argv += [] if spec.key_updates else ["-nocommands"]
            argv += ["-connect", f"127.0.0.1:{port}", "-servername", spec.server_name]
            argv += ["-verify_hostname", spec.server_name, *_common(spec, log)]
            with Program(argv) as client:
                if spec.key_updates:
                    client.write(b"K\n")
                    client.stderr.wait_for(b"^KEYUPDATE")
                client.write(PAYLOAD)
                answer = client.stdout.wait_for_length(len(spec.answer))
                if spec.closes_first == "client":
                    client.close_stdin()
                client.wait()
                said = client.stderr.all()
                if answer != spec.answer or b"Verification: OK" not in said:
                    raise PeerFailed(client.describe())
                return _report(log, said, len(answer))


class _Server:
    def __init__(self, spec: Spec) -> None:
        self._directory = TemporaryDirectory()
        self._log = Path(self._directory.name, "messages")
        argv: list[str | Path] = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1"]
        argv += ["-rev", *_common(spec, self._log)]
        if spec.client_auth != "none":
            argv += ["-Verify" if spec.client_auth == "required" else "-verify", "3"]
        if spec.cookie:
            argv += ["-stateless"]
        if field := field_of(spec.groups):
            argv += ["-dhparam", write_field(field, Path(self._directory.name, "field"))]
        self._program = Program(argv)
        self.port = int(self._program.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])

    def report(self) -> Report:
        self._program.wait()
        said = self._program.stderr.all()
        if b"CONNECTION ESTABLISHED" not in said:
            raise PeerFailed(self._program.describe())
        return _report(self._log, said, None)

    def close(self) -> None:
        self._program.close()
        self._directory.cleanup()


def _common(spec: Spec, log: Path) -> Iterator[str | Path]:
    older = spec.version == "TLS12"
    if not spec.also_older:
        yield "-tls1_2" if older else "-tls1_3"
    yield from ("-CAfile", spec.ca, "-verify_return_error")
    yield from ("-msg", "-msgfile", log)
    if older and not spec.encrypt_then_mac:
        yield "-no_etm"
    if spec.schemes:
        yield from ("-sigalgs", ":".join(_SCHEMES.get(name, name) for name in spec.schemes))
    if spec.identity is not None:
        yield from ("-cert", spec.identity.leaf, "-key", spec.identity.key)
        yield from ("-cert_chain", spec.identity.intermediates)
    if spec.suites and older:
        yield from ("-cipher", openssl_ciphers(spec.suites))
    elif spec.suites:
        yield from ("-ciphersuites", ":".join(spec.suites))
    if curves := curves_of(spec.groups) if older else spec.groups:
        yield from ("-groups", ":".join(_GROUPS.get(name, name) for name in curves))
    if spec.alpn:
        yield from ("-alpn", ",".join(spec.alpn))


def _report(log: Path, said: bytes, received: int | None) -> Report:
    subject = re.search(rb"^Peer certificate: .*CN = ([^,\n]+)", said, re.MULTILINE)
    return Report(
        **asdict(facts(read_log(log.read_bytes()))),
        identity=subject[1].decode() if subject else "",
        received=received,
    )


def read_log(text: bytes) -> Iterator[Logged]:
    """The entries of a file that ``-msg -msgfile`` wrote; record headers are left out."""
    for entry in re.split(rb"^(?=[<>]{3} )", text, flags=re.MULTILINE):
        heading, _, dump = entry.partition(b"\n")
        kind = re.match(rb"[<>]{3} [^,]*, (\w+)", heading)
        if kind is not None and kind[1] in _CONTENT_TYPES:
            data = bytes.fromhex(dump.decode())
            yield Logged(entry.startswith(b">"), _CONTENT_TYPES[kind[1]], data)
