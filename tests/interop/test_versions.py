"""Two versions at one door: who speaks both meets who speaks one, or both, or somebody in between.

Where TLS 1.2 comes about although the server knows TLS 1.3, its random says so (RFC 9846, 4.2.3).
Who speaks TLS 1.2 alone takes that for random. A man in the middle who takes TLS 1.3 out of the
hello is seen by it: by our client at every foreign server, by every foreign client at ours.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal

import pytest
from _pytest.mark import ParameterSet

from tests.interop.matrix import FOREIGN, OURS, need
from tests.interop.peers.json_lines import Java
from tests.interop.peers.spec import DEADLINE, Peer, PeerFailed, Role, Running, Spec
from tests.interop.pki import Pki
from tests.interop.quarrels import heard, sent
from tlsee.codes import ExtensionType
from tlsee.errors import Reasons
from tlsee.values import replace
from tlsee.wire.codec import decode, encode
from tlsee.wire.extensions import Extensions
from tlsee.wire.hellos import ClientHello

pytestmark = pytest.mark.peers

_PEERS = (*FOREIGN, Java())
_ROLES: tuple[Role, Role] = ("client", "server")


def _pairs() -> list[ParameterSet]:
    """Ours with each peer, in each of its roles."""
    return [
        pytest.param(*pair, id=f"{pair[0].name}-{pair[1].name}")
        for peer in _PEERS
        for role, pair in (("server", (OURS, peer)), ("client", (peer, OURS)))
        if role in peer.roles
    ]


Speaks = Literal["both", "TLS13", "TLS12"]


def _spec(client: Peer, server: Peer, pki: Pki, speaks: Speaks, role: Role) -> Spec:
    """What this one speaks, and who closes first."""
    http = "http" in {client.application, server.application}
    return Spec(
        ca=pki.ca,
        identity=pki.server("rsa2048") if role == "server" else None,
        version="TLS12" if speaks == "TLS12" else "TLS13",
        also_older=speaks == "both",
        closes_first=server.server_wants_close_from or client.client_wants_close_from or "client",
        answer=server.answer if role == "client" else Spec.answer,
        application="http" if http else "echo",
    )


@pytest.mark.parametrize(
    ("client_speaks", "server_speaks"),
    [("both", "both"), ("both", "TLS12"), ("TLS12", "both"), ("both", "TLS13"), ("TLS13", "both")],
)
@pytest.mark.parametrize(("client", "server"), _pairs())
def test_the_newest_common_version(
    client: Peer, server: Peer, client_speaks: Speaks, server_speaks: Speaks, pki: Pki
) -> None:
    """Both report the same version: the newest that both have."""
    need(client, server)
    common = "TLS12" if "TLS12" in {client_speaks, server_speaks} else "TLS13"
    running = server.serve(_spec(client, server, pki, server_speaks, "server"))
    try:
        by_client = client.connect(
            _spec(client, server, pki, client_speaks, "client"), running.port
        )
        by_server = running.report()
    finally:
        running.close()
    assert (by_client.version, by_server.version) == (common, common)
    assert by_client.received == 100_000
    assert by_client.identity == pki.server("rsa2048").name


class Middle:
    """Somebody on the way, who takes TLS 1.3 out of the one hello that passes."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(DEADLINE)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._listener, contextlib.suppress(OSError):
            near, _ = self._listener.accept()
            far = socket.create_connection(("127.0.0.1", self._target), DEADLINE)
            with near, far:
                near.settimeout(DEADLINE)
                far.sendall(_without_tls13(near))
                back = threading.Thread(target=_pass_on, args=[far, near], daemon=True)
                back.start()
                _pass_on(near, far)
                back.join(DEADLINE)

    def close(self) -> None:
        self._thread.join(DEADLINE)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def _without_tls13(source: socket.socket) -> bytes:
    """The ClientHello, read and written anew, in one record."""
    stream = source.makefile("rb")
    header = stream.read(5)
    hello = decode(ClientHello, stream.read(int.from_bytes(header[3:])))
    gone = {ExtensionType.supported_versions, ExtensionType.key_share}
    kept = [item for item in hello.extensions if item.extension_type not in gone]
    raw = encode(replace(hello, extensions=Extensions.of(*kept)))
    return header[:3] + len(raw).to_bytes(2) + raw


@contextlib.contextmanager
def _rolled_back(server: Peer, spec: Spec) -> Iterator[tuple[Running, int]]:
    """A server, and the port of somebody before it."""
    running = server.serve(spec)
    middle = Middle(running.port)
    try:
        yield running, middle.port
    finally:
        middle.close()
        running.close()


@pytest.mark.parametrize(("client", "server"), _pairs())
def test_version_rollback(client: Peer, server: Peer, pki: Pki) -> None:
    """The server takes the hello for one of TLS 1.2; its random tells the client."""
    need(client, server)
    specs = [_spec(client, server, pki, "both", role) for role in _ROLES]
    with _rolled_back(server, specs[1]) as (running, port):
        with pytest.raises(PeerFailed) as by_client:
            client.connect(specs[0], port)
        with pytest.raises(PeerFailed) as by_server:
            running.report()
    if client is OURS:
        sent(by_client.value, "illegal_parameter", Reasons.downgrade)
    else:
        heard(by_server.value, "illegal_parameter")
