"""JA3 and JA4 of other people's clients are the ones that tshark reads in a capture of them."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import threading
from functools import cache
from pathlib import Path

import pytest

from tests.interop.matrix import FOREIGN, need
from tests.interop.peers.chromium import Chromium
from tests.interop.peers.json_lines import Java
from tests.interop.peers.spec import DEADLINE, Peer, PeerFailed, Spec
from tests.interop.pki import Pki
from tests.support.capture_files import write_capture
from tests.support.captures import records
from tests.support.missing import missing
from tlsee.offer import ClientOffer
from tlsee.wire.codec import decode
from tlsee.wire.hellos import ClientHello

pytestmark = pytest.mark.peers

CLIENTS: tuple[Peer, ...] = (*FOREIGN, Java(), Chromium())
FINGERPRINTS = ("ja3", "ja3_full", "ja4", "ja4_r")  # tshark's names, and ours


class Listening:
    """Takes what a client says first, and hangs up on it."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.heard: list[bytes] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            with sock, contextlib.suppress(OSError):
                sock.settimeout(DEADLINE)
                first = _first_flight(sock)
                if not first:
                    return
                self.heard.append(first)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), DEADLINE).close()
        self._thread.join(2 * DEADLINE)
        self._listener.close()


def _first_flight(sock: socket.socket) -> bytes:
    """The records of the ClientHello; nothing from a client that says nothing."""
    heard = b""
    while chunk := sock.recv(65536):
        heard += chunk
        with contextlib.suppress(AssertionError):
            if len(_message(heard)) >= 4:
                return heard
    return b""


def _message(heard: bytes) -> bytes:
    """The handshake message in whole records; an AssertionError while some of it is missing."""
    content = b"".join(record[5:] for record in records(heard))
    assert len(content) >= 4 + int.from_bytes(content[1:4], "big")
    return content


@cache
def known_to_tshark() -> tuple[str, ...]:
    """The fingerprints that this tshark computes; JA4 came with 4.2."""
    if shutil.which("tshark") is None:
        missing("tshark", "tshark (Debian, Ubuntu) or wireshark-cli")
    listed = subprocess.run(["tshark", "-G", "fields"], capture_output=True, text=True, check=True)
    fields = {line.split("\t")[2] for line in listed.stdout.splitlines() if line.startswith("F\t")}
    return tuple(name for name in FINGERPRINTS if f"tls.handshake.{name}" in fields)


def by_tshark(capture: Path) -> dict[str, str]:
    names = known_to_tshark()
    fields = [word for name in names for word in ("-e", f"tls.handshake.{name}")]
    ran = subprocess.run(
        ["tshark", "-r", str(capture), "-Y", "tls.handshake.type == 1", "-T", "fields", *fields],
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = ran.stdout.splitlines()
    return dict(zip(names, line.split("\t"), strict=True))


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(client, id=client.name, marks=[pytest.mark.slow] * (client.name == "chromium"))
        for client in CLIENTS
        if "client" in client.roles
    ],
)
def test_tshark_reads_the_same(client: Peer, pki: Pki, tmp_path: Path) -> None:
    """Whatever it offers by default, with a name and a protocol."""
    need(client)
    assert {"ja3", "ja3_full"} <= set(known_to_tshark())
    spec = Spec(
        ca=pki.ca,
        alpn=("http/1.1",),
        application="http" if client.application == "http" else "echo",
        also_older=True,
    )
    listening = Listening()
    try:
        with contextlib.suppress(PeerFailed):
            client.connect(spec, listening.port)
    finally:
        listening.close()
    heard = listening.heard[0]
    write_capture(tmp_path / "hello.pcap", [(True, heard)])
    offer = ClientOffer(decode(ClientHello, _message(heard)))
    theirs = by_tshark(tmp_path / "hello.pcap")
    print(f"{client.name}: {offer.ja4}, {offer.ja3}; tshark has {', '.join(theirs)}")
    assert {name: getattr(offer, name) for name in theirs} == theirs
    assert offer.server_name == "server.test"
