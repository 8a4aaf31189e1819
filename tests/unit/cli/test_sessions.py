"""``connect --resume``, ``--early-data`` and ``--psk``, and ``serve`` with what goes with them."""

from __future__ import annotations

import json
import signal
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Result, World, looks_good, tls_server, tlsee, world
from tests.support.redis_server import running
from tests.support.schemas import complaints, schema
from tests.support.serving import Running, serving
from tlsee.codes import ProtocolVersion
from tlsee.config import ServerConfig
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.stores import Found, TicketSessions

pytestmark = pytest.mark.long

__all__ = ["world"]

KEY = "00112233445566778899aabbccddeeff"
REQUEST = b"GET /early HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
TLS12 = [ProtocolVersion.TLS12]


class Forgetful(TicketSessions):
    """Gives tickets, and knows none of them again."""

    def find(self, identities: tuple[bytes, ...], now: float) -> Found:
        return (None,) * len(identities)


class Suspicious(TicketSessions):
    """Takes all early data for a replay."""

    def is_replay(self, token: bytes, until: float, now: float) -> bool:
        return True


def _config(world: World, **options: Any) -> ServerConfig:
    return ServerConfig(credentials=[world.authority.issue("localhost")], **options)


def _connect(world: World, config: ServerConfig, *arguments: str) -> Result:
    with tls_server(config) as (port, _):
        return tlsee("connect", f"localhost:{port}", "--ca", world.ca, *arguments)


def _object(result: Result) -> dict[str, Any]:
    item: dict[str, Any] = json.loads(result.out)
    assert complaints(item, schema("tlsee.connect/1")) == []
    assert item["ok"] is (result.code == 0)
    return item


def _early(world: World, data: bytes = b"hello") -> str:
    file = world.directory / "early"
    file.write_bytes(data)
    return str(file)


def _flat(result: Result) -> str:
    looks_good(result.out)
    return " ".join(result.out.split())


@pytest.mark.parametrize("versions", [None, TLS12])
def test_every_further_connection_is_resumed(
    world: World, versions: list[ProtocolVersion] | None
) -> None:
    """Each is told, with what it took beside the first; as lines and as an object."""
    config = _config(world, versions=versions)
    text = _flat(_connect(world, config, "--resume", "2"))
    for number in (1, 2):
        assert f"again {number} of 2: resumed, the session began 20" in text
    assert "its certificate was judged again 20" in text
    item = _object(_connect(world, config, "--resume", "2", "--json"))
    assert not item["negotiated"]["resumed"]
    assert item["negotiated"]["session"] is None
    assert len(item["again"]) == 2
    for other in item["again"]:
        assert (other["resumed"], other["why_not"], other["round_trips"]) == (True, None, 1)
        assert other["negotiated"]["session"]["began"].endswith("Z")
        assert other["negotiated"]["session"]["judged"] is not None
        assert other["early_data"] is None


def test_messages_of_a_resumed_connection(world: World) -> None:
    """``-v``: the short flight that it is, without a certificate."""
    text = _flat(_connect(world, _config(world), "--resume", "1", "-v"))
    first, again = text.split("connection 2:")
    assert "client <- server Certificate " in first
    assert "client <- server Certificate" not in again
    assert "We have met: this ticket" in again
    assert "I know you: your ticket is good." in again


def test_without_resume_nothing_is_kept(world: World) -> None:
    """A plain connection says nothing of sessions, and shows no session to anybody."""
    result = _connect(world, _config(world))
    assert "session" not in result.out
    assert "again" not in result.out


@pytest.mark.parametrize(
    ("sessions", "said"),
    [(False, "has given no session"), (Forgetful(), "the server did not take it")],
)
def test_a_connection_that_is_not_resumed(world: World, sessions: Any, said: str) -> None:
    """Exit code 1, and why."""
    config = _config(world, sessions=sessions)
    result = _connect(world, config, "--resume", "1")
    assert result.code == 1
    assert f"again 1 of 1: NOT resumed: {said}" in _flat(result).replace("the server has", "has")
    result = _connect(world, config, "--resume", "1", "--json")
    assert result.code == 1
    (other,) = _object(result)["again"]
    assert said in other["why_not"]


def test_early_data_is_sent_and_answered(world: World) -> None:
    """It goes in the first flight of each further connection; one line warns of replays."""
    config = _config(world, early_data=100)
    text = _flat(_connect(world, config, "--resume", "2", "--early-data", _early(world)))
    assert text.count("5 bytes sent early: ACCEPTED; 5 bytes came back") == 2
    assert text.count("warning") == 1
    result = _connect(
        world, config, "--resume", "1", "--early-data", _early(world), "--json", "--tls", "1.3"
    )
    (other,) = _object(result)["again"]
    assert other["early_data"] == {
        "bytes": 5,
        "sent_early": True,
        "accepted": True,
        "delivered": True,
        "answered": 5,
    }
    assert other["negotiated"]["early_data"] == "accepted"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sessions": Suspicious(), "early_data": 9}, "sent early: REFUSED by the server; sent on"),
        ({"early_data": 4}, "not sent early: no session allows so much; sent once the handshake"),
        ({}, "not sent early: no session allows so much; sent once the handshake was done"),
    ],
)
def test_early_data_that_is_not_taken_is_sent_later(
    world: World, options: dict[str, Any], said: str
) -> None:
    """Refused, or more than a session allows: resumed all the same, and the server has it."""
    config = _config(world, **options)
    result = _connect(world, config, "--resume", "1", "--early-data", _early(world), "--json")
    (other,) = _object(result)["again"]
    assert (result.code, other["resumed"]) == (0, True)
    assert other["early_data"]["accepted"] is False
    assert (other["early_data"]["delivered"], other["early_data"]["answered"]) == (True, 5)
    text = _flat(_connect(world, config, "--resume", "1", "--early-data", _early(world)))
    assert f"5 bytes {said}" in text


def test_the_key_log_opens_early_data(world: World) -> None:
    """It has the early secret, under the random of the hello that the data followed."""
    log = world.directory / "keys.log"
    config = _config(world, early_data=100)
    arguments = ("--resume", "1", "--early-data", _early(world), "--keylog", str(log))
    assert _connect(world, config, *arguments).code == 0
    lines = [line.split() for line in log.read_text(encoding="ascii").splitlines()]
    (early,) = [line for line in lines if line[0] == "CLIENT_EARLY_TRAFFIC_SECRET"]
    assert early[1] in {line[1] for line in lines if line[0] == "CLIENT_TRAFFIC_SECRET_0"}


def _mesh(**options: Any) -> ServerConfig:
    keys = [ExternalPsk(b"mesh", bytes.fromhex(KEY))]
    return ServerConfig(credentials=[], psks=keys, insecure_accept_own_hellos=True, **options)


def test_an_external_key_needs_no_certificate(world: World) -> None:
    """Nor a store: the key is named, and what it proves. A file may hold it."""
    file = world.directory / "key.hex"
    file.write_text(KEY + "\n", encoding="ascii")
    for key in (KEY, KEY.upper(), f"@{file}"):
        with tls_server(_mesh()) as (port, _):
            result = tlsee("connect", f"localhost:{port}", "--psk", f"mesh:{key}")
        assert result.code == 0
        text = _flat(result)
        assert "key 'mesh', an external one: whoever was given it can be this peer" in text
        assert KEY not in text
    with tls_server(_mesh()) as (port, _):
        target = f"localhost:{port}"
        result = tlsee("connect", target, "--psk", f"x:{KEY}", "--psk", f"mesh:{KEY}", "--json")
    assert _object(result)["negotiated"]["psk_identity"] == "mesh"


@pytest.mark.parametrize(
    ("psk", "said"),
    [
        (f"other:{KEY}", "the server knows no key of this name"),
        (f"mesh:{KEY[::-1]}", "the server knows a key of this name, and it is another"),
    ],
)
def test_an_external_key_that_is_refused(psk: str, said: str) -> None:
    """The alert in words, exit code 1."""
    with tls_server(_mesh()) as (port, _):
        result = tlsee("connect", f"localhost:{port}", "--psk", psk)
    assert result.code == 1
    assert said in _flat(result)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--early-data", "x"], "add --resume 1"),
        (["--resume", "1", "--early-data", "/nowhere"], "cannot read /nowhere"),
        (["--resume", "1", "--early-data", "/dev/null"], "the file is empty"),
        (["--resume", "0"], "0"),
        (["--psk", KEY], "without an identity"),
        (["--psk", f":{KEY}"], "without an identity"),
        (["--psk", "mesh:secret"], "not hexadecimal"),
        (["--psk", "mesh:abcd"], "16 random bytes"),
        (["--psk", "mesh:@/nowhere"], "cannot read /nowhere"),
        (["--psk", f"mesh:{KEY}", "--tls", "1.2"], "TLS 1.2 has no keys of --psk"),
        (["--resume", "1", "--early-data", "x", "--tls", "1.2"], "TLS 1.2 has no early data"),
    ],
)
def test_what_cannot_be_meant(arguments: list[str], said: str) -> None:
    """Wrong usage, in a sentence; no key is repeated in it."""
    result = tlsee("connect", "localhost:1", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in " ".join(result.err.split())
    assert KEY not in result.err


# --- serve ----------------------------------------------------------------------------------------


def _resumed_by_openssl(server: Running) -> list[bool]:
    """Two connections of the standard library's: whether the second took up the first's session."""
    context = ssl.create_default_context(cafile=str(server.ca))
    session, reused = None, []
    for _ in range(2):
        with (
            socket.create_connection(("127.0.0.1", server.port)) as tcp,
            context.wrap_socket(tcp, server_hostname="localhost", session=session) as tls,
        ):
            tls.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while tls.recv(65536):
                pass
            session = tls.session
            reused.append(bool(tls.session_reused))
    return reused


@pytest.mark.parametrize("where", ["memory", "stored", "none"])
@pytest.mark.parametrize("version", ["1.3", "1.2"])
def test_serve_resumes(tmp_path: Path, where: str, version: str) -> None:
    """By tickets unless told otherwise; the log says which connections were resumed."""
    with serving(tmp_path, "--sessions", where, "--tls", version) as server:
        assert _resumed_by_openssl(server) == [False, where != "none"]
        _, out, _ = server.stop(signal.SIGINT)
    assert [", resumed" in line for line in out.splitlines()[:2]] == [False, where != "none"]


def test_serve_takes_early_data(tmp_path: Path) -> None:
    """A request in the first flight is answered; page, line and object say that it came early."""
    request = tmp_path / "request"
    request.write_bytes(REQUEST)
    with serving(tmp_path, "--early-data", "1000", "--json") as server:
        result = tlsee(
            "connect",
            f"localhost:{server.port}",
            "--ca",
            server.ca,
            "--resume",
            "1",
            "--early-data",
            request,
        )
        assert result.code == 0
        assert f"{len(REQUEST)} bytes sent early: ACCEPTED" in _flat(result)
        _, out, _ = server.stop(signal.SIGINT)
    items = [json.loads(line) for line in out.splitlines()]
    for item in items:
        assert complaints(item, schema("tlsee.serve/1")) == []
    assert [item["early_data_length"] for item in items] == [0, len(REQUEST)]
    assert items[1]["negotiated"]["session"]["judged"] is None
    said = {choice["what"]: choice["said"] for choice in items[1]["negotiated"]["choices"]}
    assert said["early_data"] == "taken: fresh, and never seen before"
    assert said["session"].endswith(": the first that fits")


def test_serve_with_a_key(tmp_path: Path) -> None:
    """The page tells a client by which key it is known."""
    with serving(tmp_path, "--psk", f"mesh:{KEY}", "--tickets", "0") as server:
        assert "'mesh': no certificate needed" in "".join(server.introduction)
        target = f"localhost:{server.port}"
        result = tlsee("connect", target, "--psk", f"mesh:{KEY}", "--http", "/")
        assert result.code == 0
        assert "'mesh', an external one" in " ".join(result.out.split())
        _, out, _ = server.stop(signal.SIGINT)
    assert ", key 'mesh', GET /" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sessions", "disk"], "use memory, stored, none, or redis://"),
        (["--sessions", "none", "--early-data", "1"], "--sessions none keeps none"),
        (["--sessions", "redis://127.0.0.1:1/0"], "openssl rand -hex 32"),
        (["--session-secret", "x"], "use --sessions redis://HOST"),
        (["--sessions", "redis://127.0.0.1:1/0", "--session-secret", "/nowhere"], "cannot read"),
        (["--psk", "mesh"], "without an identity"),
        (["--psk", f"mesh:{KEY}", "--tls", "1.2"], "TLS 1.2 has no keys of --psk"),
        (["--early-data", "1", "--tls", "1.2"], "TLS 1.2 has no early data"),
        (["--tickets", "99"], "99"),
    ],
)
def test_serve_cannot_be_meant(arguments: list[str], said: str) -> None:
    """Wrong usage, in a sentence, before anything listens."""
    result = tlsee("serve", "--port", "0", *arguments)
    assert result.code == 2
    assert said in " ".join(result.err.split())


def test_serve_shares_sessions_through_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The very first client gets a ticket, and any server of the fleet takes it."""
    pytest.importorskip("redis")
    monkeypatch.setenv("TLSEE_SESSION_SECRET", KEY * 2)
    with running(tmp_path) as redis, serving(tmp_path, "--sessions", redis.url) as server:
        assert ": away" not in "".join(server.introduction)
        assert _resumed_by_openssl(server) == [False, True]


def test_serve_without_its_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so, and serves full handshakes."""
    pytest.importorskip("redis")
    monkeypatch.setenv("TLSEE_SESSION_SECRET", KEY * 2)
    with serving(tmp_path, "--sessions", "redis://127.0.0.1:1/0") as server:
        assert "away; full handshakes alone" in " ".join("".join(server.introduction).split())
        assert _resumed_by_openssl(server) == [False, False]
