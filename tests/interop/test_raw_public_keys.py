"""Raw public keys (RFC 7250) with GnuTLS, in both roles and both versions.

OpenSSL has them from 3.2 on, Go, Java, NSS and rustls' server side have not.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop.matrix import need
from tests.interop.peers.gnutls import GnuTls, free_port
from tests.interop.peers.processes import Program
from tests.interop.peers.spec import DEADLINE
from tests.support.missing import missing
from tests.support.streams import threads
from tlsee.codes import AlertDescription, ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.crypto.private_keys import generate, private_pem
from tlsee.errors import AlertReceived, CertificateRejected
from tlsee.identity.credentials import Credential
from tlsee.identity.pem import public_key_pem
from tlsee.identity.proof import ByRawPublicKey
from tlsee.identity.trust import Trust
from tlsee.streams.blocking import Listener, connect, listen

pytestmark = pytest.mark.peers

BOTH = pytest.mark.parametrize(
    "version", [ProtocolVersion.TLS13, ProtocolVersion.TLS12], ids=lambda item: item.name
)
KINDS = pytest.mark.parametrize("kind", ["ecdsa_secp256r1", "rsa2048", "ed25519"])
LINE = b"whatever you say\n"


class Key:
    """A key pair as files and as a credential."""

    def __init__(self, directory: Path, name: str, kind: str) -> None:
        pem = private_pem(generate(kind))
        self.credential = Credential.raw_public_key(pem)
        self.private = directory / f"{name}.key"
        self.private.write_bytes(pem)
        self.public = directory / f"{name}.pub"
        self.public.write_bytes(public_key_pem(self.credential.public_key.spki))

    @property
    def trust(self) -> Trust:
        """By the file that GnuTLS reads too."""
        return Trust.raw_public_keys([self.public.read_bytes()])

    @property
    def words(self) -> list[str | Path]:
        return ["--rawpkkeyfile", self.private, "--rawpkfile", self.public]


def _priority(version: ProtocolVersion) -> list[str]:
    number = version.label.removeprefix("TLS ")
    types = "+CTYPE-CLI-RAWPK:+CTYPE-SRV-RAWPK"
    return ["--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{number}:{types}"]


def _need() -> None:
    gnutls = GnuTls()
    need(gnutls)
    with Program(["gnutls-cli", "--help"]) as told:
        told.wait(expected=None)
        if b"--rawpkfile" not in told.stdout.all():
            missing("raw public keys in GnuTLS", "gnutls-bin (3.6.6 or later)")


@BOTH
@KINDS
def test_their_client(version: ProtocolVersion, kind: str, tmp_path: Path) -> None:
    """gnutls-cli proves its raw key to us and takes ours."""
    _need()
    server, client = Key(tmp_path, "server", kind), Key(tmp_path, "client", kind)
    config = ServerConfig(
        credentials=[server.credential], client_trust=client.trust, versions=[version]
    )

    def serve(listener: Listener) -> object:
        with listener.accept() as stream:
            stream.settimeout(DEADLINE)
            stream.sendall(stream.recv())
            return stream.info.peer

    with listen(("127.0.0.1", 0), config) as listener, threads() as submit:
        serving = submit(lambda: serve(listener))
        port = str(listener.address[1])
        argv = ["gnutls-cli", "--no-ca-verification", *_priority(version), *client.words]
        with Program([*argv, "--port", port, "127.0.0.1"]) as program:
            program.write(LINE)
            program.stdout.wait_for(LINE.strip())
        proof = serving.result(DEADLINE)
    assert isinstance(proof, ByRawPublicKey)
    assert proof.peer.public_key == client.credential.public_key


@BOTH
@KINDS
def test_their_server(version: ProtocolVersion, kind: str, tmp_path: Path) -> None:
    """gnutls-serv asks for our raw key and shows its own."""
    _need()
    server, client = Key(tmp_path, "server", kind), Key(tmp_path, "client", kind)
    port = free_port()
    argv = ["gnutls-serv", "--echo", "--require-client-cert", *_priority(version), *server.words]
    with Program([*argv, "--port", str(port)]) as program:
        program.stderr.wait_for(rb"listening on IPv4 .*done$")
        config = ClientConfig(
            trust=server.trust, credentials=[client.credential], versions=[version]
        )
        with connect(("127.0.0.1", port), config, server_name=None) as stream:
            stream.settimeout(DEADLINE)
            stream.sendall(LINE)
            assert stream.recv() == LINE
            proof = stream.info.peer
            assert stream.info.own_credential is client.credential
        program.terminate()
    assert isinstance(proof, ByRawPublicKey)
    assert proof.peer.public_key == server.credential.public_key


@BOTH
def test_a_key_that_we_do_not_know(version: ProtocolVersion, tmp_path: Path) -> None:
    """In both roles we refuse, and GnuTLS is told certificate_unknown (46)."""
    _need()
    server, client = (Key(tmp_path, name, "ecdsa_secp256r1") for name in ("server", "client"))
    stranger = Key(tmp_path, "stranger", "ecdsa_secp256r1")
    config = ServerConfig(
        credentials=[server.credential], client_trust=stranger.trust, versions=[version]
    )

    def refuse(listener: Listener) -> None:
        with listener.accept() as stream:
            stream.handshake()

    with listen(("127.0.0.1", 0), config) as listener, threads() as submit:
        serving = submit(lambda: refuse(listener))
        port = str(listener.address[1])
        argv = ["gnutls-cli", "-d", "5", "--no-ca-verification", *_priority(version)]
        with Program([*argv, *client.words, "--port", port, "127.0.0.1"]) as program:
            program.write(LINE)
            program.wait(expected=None)
            assert b"Alert[2|46]" in program.stderr.all()
        error = serving.exception(DEADLINE)
    assert isinstance(error, CertificateRejected)
    assert error.name == "unknown_raw_key"


@BOTH
def test_they_want_certificates(version: ProtocolVersion, tmp_path: Path) -> None:
    """A GnuTLS that was not told of raw keys shares no type with us, and our client is told."""
    _need()
    server = Key(tmp_path, "server", "ecdsa_secp256r1")
    config = ServerConfig(credentials=[server.credential], versions=[version])

    def refuse(listener: Listener) -> None:
        with listener.accept() as stream:
            stream.handshake()

    with listen(("127.0.0.1", 0), config) as listener, threads() as submit:
        serving = submit(lambda: refuse(listener))
        argv = ["gnutls-cli", "-d", "5", "--no-ca-verification", "--port"]
        with Program([*argv, str(listener.address[1]), "127.0.0.1"]) as program:
            program.wait(expected=None)
            assert b"Alert[2|43]" in program.stderr.all()
        error = serving.exception(DEADLINE)
    assert getattr(error, "name", "") == "no_common_certificate_type"
    assert not isinstance(error, AlertReceived)
    assert AlertDescription.unsupported_certificate == 43
