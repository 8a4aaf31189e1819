"""``tlsee connect --export`` and ``--key-update``: what they print, and how they refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.command import Result, World, looks_good, tls_server, tlsee, world
from tests.support.schemas import complaints, schema
from tlsee import policies
from tlsee.cli import attempt
from tlsee.codes import ExtensionType, ProtocolVersion
from tlsee.config import ServerConfig
from tlsee.handshake.compose import Composer
from tlsee.handshake.flow import Flow
from tlsee.handshake.post13_server import ConnectedServer
from tlsee.streams.blocking import Stream
from tlsee.trace import Direction, Epoch
from tlsee.values import replace
from tlsee.wire.extensions.block import Extensions
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import KeyUpdate

__all__ = ["world"]

TLS13, TLS12 = ProtocolVersion.TLS13, ProtocolVersion.TLS12
LABEL = "EXPORTER-Channel-Binding"
BOTH = pytest.mark.parametrize("version", [TLS13, TLS12], ids=["1.3", "1.2"])


class Server:
    """Exports the same, and echoes; what it exported, and what ``connect`` printed."""

    def __init__(self, world: World, **options: Any) -> None:
        self.config = ServerConfig(credentials=[world.authority.issue("localhost")], **options)
        self.ca = world.ca
        self.exported: dict[tuple[str, int], str] = {}
        self.wanted: list[tuple[str, int]] = [(LABEL, 32), ("EXPORTER-a:b", 100)]

    def talk(self, stream: Stream) -> None:
        stream.handshake()
        for label, length in self.wanted:
            made = stream.export_keying_material(label, None, length)
            self.exported[label, length] = made.hex()
        while data := stream.recv():
            stream.sendall(data)

    def connect(self, *arguments: str, **how: Any) -> Result:
        with tls_server(self.config, self.talk) as (port, _):
            return tlsee("connect", f"localhost:{port}", "--ca", self.ca, *arguments, **how)


def item_of(result: Result) -> dict[str, Any]:
    item: dict[str, Any] = json.loads(result.out)
    assert complaints(item, schema("tlsee.connect/1")) == []
    return item


@BOTH
def test_exports_are_the_servers(world: World, version: ProtocolVersion) -> None:
    """Several of them, each with its length; 32 bytes unless told; a label may have colons."""
    server = Server(world, versions=[version])
    result = server.connect("--export", LABEL, "--export", "EXPORTER-a:b:100")
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    text = " ".join(result.out.split())
    assert f"exported 32 bytes for {LABEL}: {server.exported[LABEL, 32]} " in text
    assert "exported 100 bytes for EXPORTER-a:b: " in text
    assert server.exported["EXPORTER-a:b", 100] in "".join(result.out.split())


@BOTH
def test_exports_in_json(world: World, version: ProtocolVersion) -> None:
    """One object each, whole; where nothing was asked for there is an empty list."""
    server = Server(world, versions=[version])
    found = item_of(server.connect("--export", LABEL, "--json"))["exports"]
    assert found == [{"label": LABEL, "length": 32, "hex": server.exported[LABEL, 32]}]
    plain = item_of(server.connect("--json"))
    assert (plain["exports"], plain["key_update"]) == ([], None)


def test_exports_go_where_the_story_goes(world: World) -> None:
    """Standard output is the peer's answer alone."""
    server = Server(world)
    result = server.connect("--export", LABEL, stdin=b"hello\n")
    assert (result.code, result.out) == (0, "hello\n")
    assert server.exported[LABEL, 32] in result.err


def without_extended_main_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Our client becomes one that does not know RFC 7627."""
    worded = Composer.client_hello

    def client_hello(self: Composer, *arguments: Any) -> ClientHello:
        hello = worded(self, *arguments)
        kind = ExtensionType.extended_main_secret
        kept = [item for item in hello.extensions if item.extension_type != kind]
        return replace(hello, extensions=Extensions.of(*kept))

    monkeypatch.setattr(Composer, "client_hello", client_hello)


def test_there_is_no_exporter_without_extended_main_secret(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused in words, with a way out, exit code 1; the server sees an orderly end."""
    without_extended_main_secret(monkeypatch)
    server = Server(world, versions=[TLS12], policy=policies.legacy)
    server.wanted = []
    given = ["--policy", "legacy", "--export", LABEL]
    result = server.connect(*given)
    assert result.code == 1
    looks_good(result.out)
    text = " ".join(result.out.split())
    assert f"reason --export {LABEL}: no exporter without extended_main_secret" in text
    assert "fix connect with TLS 1.3" in text
    item = item_of(server.connect(*given, "--json"))
    assert (item["reason"], item["refused_by"], item["stage"]) == ("no_exporter", "us", "data")
    assert item["exports"] == []
    assert item["negotiated"]["version"] == "TLS 1.2"


@pytest.mark.parametrize("text", ["", ":32", "x:0", "x:8161", "x" * 250, "h\u00e4", "a\tb"])
def test_what_cannot_be_exported_is_wrong_usage(world: World, text: str) -> None:
    """Nothing is sent; the message says what could be given."""
    result = tlsee("connect", "localhost:1", "--ca", world.ca, "--export", text)
    assert result.code == 2
    assert "--export" in result.err
    assert "give 1 to" in " ".join(result.err.split())


def test_key_update_changes_both_ways(world: World) -> None:
    """Also where no data is exchanged; the story has both messages."""
    server = Server(world)
    result = server.connect("--key-update", "-v")
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    text = " ".join(result.out.split())
    assert "key update new keys both ways: we asked, and the server followed" in text
    assert result.out.count("KeyUpdate") >= 2
    assert item_of(server.connect("--key-update", "--json"))["key_update"] == {"answered": True}


def test_data_flows_under_the_new_keys(world: World) -> None:
    """What is sent after the change comes back."""
    result = Server(world).connect("--key-update", stdin=b"hello\n")
    assert (result.code, result.out) == (0, "hello\n")
    assert "new keys both ways" in " ".join(result.err.split())


def test_a_server_that_does_not_follow_is_told_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may answer when it next sends; that is no failure, and not called a success either."""
    monkeypatch.setattr(attempt, "KEY_UPDATE_SECONDS", 0.05)

    def heard(state: ConnectedServer, message: KeyUpdate, flow: Flow) -> ConnectedServer:
        del message
        reading = state.reading.next()
        flow.install(Direction.READ, Epoch.APPLICATION, reading)
        return replace(state, reading=reading)

    monkeypatch.setattr(ConnectedServer, "on_key_update", heard)
    result = Server(world).connect("--key-update", "--json")
    assert result.code == 0
    assert item_of(result)["key_update"] == {"answered": False}


def test_there_is_no_key_update_in_1_2(world: World) -> None:
    """Refused in words, exit code 1."""
    server = Server(world, versions=[TLS12])
    result = server.connect("--key-update")
    assert result.code == 1
    assert "--key-update: TLS 1.2 has no KeyUpdate" in " ".join(result.out.split())
    assert item_of(server.connect("--key-update", "--json"))["reason"] == "no_key_update"
