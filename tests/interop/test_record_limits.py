"""Short records with programs that others wrote: max_fragment_length and record_size_limit.

OpenSSL has the former alone, GnuTLS both; what either negotiates is seen in the lengths of the
records that went over the wire, and in the extensions that the hellos answer with.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.matrix import need
from tests.interop.peers import gnutls, openssl_cli
from tests.interop.peers.gnutls import GnuTls
from tests.interop.peers.openssl_cli import OpenSslCli
from tests.interop.peers.processes import Program
from tests.interop.peers.spec import DEADLINE, PAYLOAD, REVERSED, PeerFailed, Spec
from tests.interop.pki import Pki
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import NEED_DATA, DataReceived
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust

pytestmark = pytest.mark.peers

VERSIONS = ("TLS12", "TLS13")
LENGTHS = (512, 1024, 2048, 4096)
OVERHEAD = {"TLS12": 24, "TLS13": 17}  # with AES-GCM: nonce and tag, or content type and tag


class Wire:
    """An endpoint of ours on a socket, with all that went over it."""

    def __init__(self, connection: Connection, sock: socket.socket) -> None:
        self.connection, self.sock = connection, sock
        self.received, self.heard, self.said = b"", b"", b""

    def flush(self) -> None:
        data = bytes(self.connection.data_to_send())
        self.said += data
        self.sock.sendall(data)

    def until(self, length: int, *, echo: bool) -> None:
        """Take data until there is so much of it, and send it back if that is our part."""
        self.sock.settimeout(DEADLINE)
        self.flush()
        while len(self.received) < length:
            data = self.sock.recv(65536)
            assert data, "the peer hung up"
            self.heard += data
            self.connection.receive_data(data)
            while (event := self.connection.next_event()) is not NEED_DATA:
                if isinstance(event, DataReceived):
                    self.received += bytes(event.data)
                    if echo:
                        self.connection.write(bytes(event.data))
            self.flush()

    def shake(self) -> None:
        """The handshake of a client."""
        self.sock.settimeout(DEADLINE)
        self.flush()
        while not self.connection._may_write:
            data = self.sock.recv(65536)
            assert data, "the peer hung up"
            self.heard += data
            self.connection.receive_data(data)
            self.flush()


def longest(wire: bytes, *, hellos: int) -> int:
    """Of the records behind the first ones, which were sent before anything was agreed on."""
    return max(list(lengths(wire))[hellos:])


def lengths(wire: bytes) -> Iterator[int]:
    while len(wire) >= 5:
        length = int.from_bytes(wire[3:5], "big")
        yield length
        wire = wire[5 + length :]


def version_of(name: str) -> list[ProtocolVersion]:
    return [ProtocolVersion.TLS12 if name == "TLS12" else ProtocolVersion.TLS13]


def our_server(pki: Pki, version: str, size_limit: int | None) -> ServerConfig:
    identity = pki.server("ecdsa_secp256r1")
    return ServerConfig(
        credentials=[Credential.from_files(identity.chain, identity.key)],
        versions=version_of(version),
        record_size_limit=size_limit,
    )


def serve(
    config: ServerConfig, listener: socket.socket, client: Program, enough: int = len(PAYLOAD)
) -> Wire:
    """Answer the one client, which is given the payload, and send its data back."""
    listener.settimeout(DEADLINE)
    sock, _ = listener.accept()

    def feed() -> None:
        with contextlib.suppress(PeerFailed):  # what it did not take is seen at our end
            client.write(PAYLOAD)

    feeding = threading.Thread(target=feed)
    feeding.start()
    with sock:
        wire = Wire(ServerConnection(config), sock)
        wire.until(enough, echo=True)
        wire.connection.close_write()
        wire.flush()
    feeding.join()
    return wire


def agreed(wire: Wire, version: str, theirs: int, ours: int) -> None:
    """Both directions carried long data, in records of exactly the agreed length at most."""
    hellos = 1 if version == "TLS12" else 2
    assert longest(wire.heard, hellos=hellos) == theirs + OVERHEAD[version]
    assert longest(wire.said, hellos=hellos) == ours + OVERHEAD[version]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("version", VERSIONS)
def test_openssl_asks_us(version: str, length: int, pki: Pki, tmp_path: Path) -> None:
    """``s_client -maxfraglen``: our server echoes it, and both keep to it."""
    need(OpenSslCli())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        spec = Spec(pki.ca, version=version)  # type: ignore[arg-type] # one of the two
        argv = ["openssl", "s_client", "-brief", "-nocommands", "-maxfraglen", str(length)]
        argv += ["-connect", f"127.0.0.1:{listener.getsockname()[1]}"]
        with Program([*argv, *openssl_cli._common(spec, tmp_path / "log")]) as client:
            wire = serve(our_server(pki, version, 16385), listener, client)
            assert client.stdout.wait_for_length(len(PAYLOAD)) == PAYLOAD
    agreed(wire, version, length, length)


def reach(config: ClientConfig, port: int, answer: bytes) -> Wire:
    """Send the payload to a server and wait for what it makes of it."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        wire = Wire(ClientConnection(config, "server.test"), sock)
        wire.shake()
        for start in range(0, len(PAYLOAD), 10_000):  # a program that echoes has a full pipe else
            part = PAYLOAD[start : start + 10_000]
            wire.connection.write(part)
            wire.until(start + len(part), echo=False)
        assert wire.received == answer
        wire.connection.close_write()
        wire.flush()
    return wire


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("version", VERSIONS)
def test_we_ask_openssl(version: str, length: int, pki: Pki) -> None:
    """``s_server`` echoes our wish, cuts its certificate and data, and takes our records."""
    need(OpenSslCli())
    running = OpenSslCli().serve(
        Spec(pki.ca, pki.server("rsa2048"), version=version)  # type: ignore[arg-type]
    )
    try:
        config = ClientConfig(
            trust=Trust.from_file(pki.ca),
            versions=version_of(version),
            max_fragment_length=length,
        )
        # It knows no record_size_limit and passes over the one that is sent beside.
        wire = reach(config, running.port, REVERSED)
    finally:
        running.close()
    hellos = 1 if version == "TLS12" else 2
    # It answers a line at a time, so no record of data is full; the rest may not be longer.
    assert longest(wire.heard, hellos=hellos) <= length + OVERHEAD[version]
    assert longest(wire.said, hellos=hellos) == length + OVERHEAD[version]


@pytest.mark.parametrize("both", [True, False], ids=["record_size_limit", "max_fragment_length"])
@pytest.mark.parametrize("version", VERSIONS)
def test_gnutls_asks_us(version: str, both: bool, pki: Pki) -> None:
    """``gnutls-cli --recordsize`` sends both: we go by the first unless we do without it."""
    need(GnuTls())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        spec = Spec(pki.ca, version=version)  # type: ignore[arg-type]
        argv = ["gnutls-cli", "--recordsize", "512", "--verify-hostname", "server.test"]
        argv += ["--sni-hostname", "server.test"]
        with Program([*argv, *gnutls._common(spec), "--port", port, "127.0.0.1"]) as client:
            # It drops what its library does not take at once: of 4,096 bytes it sends 512.
            config = our_server(pki, version, 1001 if both else None)
            wire = serve(config, listener, client, 10_000)
            client.stdout.wait_for(PAYLOAD[:500])
    agreed(wire, version, 512, 512)


@pytest.mark.parametrize(
    ("limit", "fragment", "theirs"),
    [
        (600, None, {"TLS12": 600, "TLS13": 599}),
        (None, 1024, {"TLS12": 1024, "TLS13": 1024}),
        (16385, 512, {"TLS12": 513, "TLS13": 512}),
    ],
    ids=["record_size_limit", "max_fragment_length", "both"],
)
@pytest.mark.parametrize("version", VERSIONS)
def test_we_ask_gnutls(
    version: str, limit: int | None, fragment: int | None, theirs: dict[str, int], pki: Pki
) -> None:
    """``gnutls-serv`` keeps to either of our wishes; in 1.2 a limit counts the content alone."""
    need(GnuTls())
    running = GnuTls().serve(
        Spec(pki.ca, pki.server("rsa2048"), version=version)  # type: ignore[arg-type]
    )
    try:
        config = ClientConfig(
            trust=Trust.from_file(pki.ca),
            versions=version_of(version),
            record_size_limit=limit,
            max_fragment_length=fragment,
        )
        wire = reach(config, running.port, PAYLOAD)
    finally:
        running.close()
    hellos = 1 if version == "TLS12" else 2
    assert longest(wire.heard, hellos=hellos) == theirs[version] + OVERHEAD[version]
    if limit is None and fragment is not None:
        assert longest(wire.said, hellos=hellos) == fragment + OVERHEAD[version]
