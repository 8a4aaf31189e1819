"""``tlsee connect`` against servers of all kinds: its screens, its exit codes, its streams."""

from __future__ import annotations

import errno
import io
import json
import re
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.ocsp import OCSPCertStatus

from tests.support.command import (
    ENCODINGS,
    Result,
    World,
    looks_good,
    plain_server,
    tls_server,
    tlsee,
    world,
)
from tests.support.revocation import ocsp_response, revocation_list
from tests.support.schemas import complaints, schema
from tests.support.snapshots import matches_snapshot
from tlsee.cli import connect
from tlsee.cli.attempt import Attempt
from tlsee.cli.plumbing import Pipe
from tlsee.codes import NamedGroup, ProtocolVersion
from tlsee.config import ServerConfig
from tlsee.streams.blocking import Stream

__all__ = ["world"]

TLS13, TLS12 = ProtocolVersion.TLS13, ProtocolVersion.TLS12
BOTH = [TLS13, TLS12]
FULL = Path("/dev/full")


def _config(world: World, *names: str, **options: Any) -> ServerConfig:
    credential = world.authority.issue(*(names or ("localhost", "127.0.0.1")))
    return ServerConfig(credentials=[credential], **options)


def _connect(world: World, config: ServerConfig, *arguments: str, **how: Any) -> Result:
    talk = how.pop("talk", None)
    with tls_server(config, *([talk] if talk is not None else [])) as (port, _):
        return tlsee("connect", f"localhost:{port}", "--ca", world.ca, *arguments, **how)


def _object(result: Result) -> dict[str, Any]:
    """The one object, which keeps to its schema."""
    (line,) = result.out.splitlines()
    item: dict[str, Any] = json.loads(line)
    assert complaints(item, schema("tlsee.connect/1")) == []
    assert item["ok"] is (result.code == 0)
    return item


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_screen(world: World, encoding: str) -> None:
    """Screen 3 of the design: verdict, keys, records, identity, chain, and how it closed."""
    result = _connect(world, _config(world), encoding=encoding)
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    matches_snapshot("connect", result.out)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_screen_of_1_2(world: World, encoding: str) -> None:
    """Two round trips, the group that ECDHE used, and what it is not."""
    result = _connect(world, _config(world, versions=BOTH), "--tls", "1.2", encoding=encoding)
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    matches_snapshot("connect-12", result.out)


def test_messages_of_1_2(world: World) -> None:
    """``-vv`` tells them by their names, with what the key exchange messages hold."""
    result = _connect(world, _config(world, versions=BOTH), "--tls", "1.2", "-vv")
    looks_good(result.out)
    for words in ("ServerKeyExchange", "ServerHelloDone", "ChangeCipherSpec", "client_write_key"):
        assert words in result.out
    assert "It ends with DOWNGRD: the server could speak TLS 1.3." in " ".join(result.out.split())


@pytest.mark.parametrize(
    ("tls", "theirs", "found"),
    [
        ("1.2", BOTH, "TLS 1.2"),
        ("1.2,1.3", BOTH, "TLS 1.3"),
        ("1.3,1.2", [TLS12], "TLS 1.2"),
        ("1.3", BOTH, "TLS 1.3"),
    ],
)
def test_versions_meet(world: World, tls: str, theirs: list[ProtocolVersion], found: str) -> None:
    """The newest that both have; ``--tls`` offers exactly what it says."""
    config = _config(world, versions=theirs)
    negotiated = _object(_connect(world, config, "--tls", tls, "--json"))["negotiated"]
    assert (negotiated["version"], negotiated["forward_secret"]) == (found, True)
    assert negotiated["post_quantum"] is (found == "TLS 1.3")


@pytest.mark.parametrize(("tls", "theirs"), [("1.2", [TLS13]), ("1.3", [TLS12])])
def test_versions_do_not_meet(world: World, tls: str, theirs: list[ProtocolVersion]) -> None:
    """The server's alert is told with what was offered."""
    result = _connect(world, _config(world, versions=theirs), "--tls", tls)
    assert result.code == 1
    looks_good(result.out)
    assert f"no version that we offered (TLS {tls})" in " ".join(result.out.split())
    assert "protocol_version (70) received" in result.out


def test_a_client_certificate_in_1_2(world: World) -> None:
    """There the server's Finished says that it went on; a refusal comes within the handshake."""
    config = _config(world, versions=[TLS12], client_trust=world.authority.trust)
    options = ("--tls", "1.2", "--json")
    found = _object(_connect(world, config, *options, "--cert", str(world.client)))
    assert found["client_certificate"] == {"shown": "joe", "server": "went_on"}
    found = _object(_connect(world, config, *options))
    assert (found["stage"], found["alert"]) == ("handshake", "handshake_failure")


def test_messages_fields_and_chain(world: World) -> None:
    """``-v`` tells the messages, ``-vv`` every field, ``--chain`` every certificate and check."""
    result = _connect(world, _config(world), "-vv", "--chain")
    assert result.code == 0
    looks_good(result.out)
    assert " 7  client -> server  Finished" in result.out
    assert "  verify_data " in result.out
    assert "  `-- path 1   a test's CA" in result.out
    assert "  all held  key, signature algorithm, critical extensions" in result.out
    assert "anchor, in ca.pem" in result.out


def test_choices_of_the_command_line(world: World) -> None:
    """Groups by their usual names, suites and protocols are what is offered, in that order."""
    config = _config(world, alpn=["http/1.1", "h2"])
    options = ("--groups", "P-384:X25519", "--suites", "AES_256_GCM_SHA384", "--alpn", "h2,x")
    found = _object(_connect(world, config, *options, "--tls", "1.3", "--json"))["negotiated"]
    assert found["suite"] == "TLS_AES_256_GCM_SHA384"
    assert found["group"] == "secp384r1"
    assert found["alpn"] == "h2"
    assert found["post_quantum"] is False


def test_a_retry_costs_a_round_trip(world: World) -> None:
    """A HelloRetryRequest is counted and said."""
    config = _config(world, groups=[NamedGroup.SecP256r1MLKEM768])
    result = _connect(world, config)
    assert ", 2 round trips, " in result.out
    assert "none of them that one: asked again" in " ".join(result.out.split())


# --- Streams --------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"hello\x00\xff\x1b[31m\r\n", b"x" * 300_000])
def test_a_pipe_goes_through(world: World, data: bytes) -> None:
    """Input is sent to its end; output is the peer's bytes alone, the story is beside it."""
    result = _connect(world, _config(world), stdin=data)
    assert result.code == 0
    assert result.raw == data
    looks_good(result.err)
    assert "close_notify both ways" in result.err


def test_n_never_reads(world: World) -> None:
    """``-n`` leaves standard input alone, so the story is standard output again."""
    result = _connect(world, _config(world), "-n", stdin=b"never")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("connected ")


def test_one_request(world: World) -> None:
    """``--http`` sends one GET request; what comes back is standard output, whatever its status."""
    heard = bytearray()

    def talk(stream: Stream) -> None:
        while not heard.endswith(b"\r\n\r\n"):
            heard.extend(stream.recv())
        stream.sendall(b"HTTP/1.1 503 no\r\n\r\nbusy")

    result = _connect(world, _config(world, alpn=["http/1.1"]), "--http", "/a?b", talk=talk)
    assert (result.code, result.raw) == (0, b"HTTP/1.1 503 no\r\n\r\nbusy")
    assert heard.startswith(b"GET /a?b HTTP/1.1\r\nHost: localhost:")
    assert "http/1.1, the server's choice of 1 offered" in result.err


@pytest.mark.parametrize("path", ["/a b", "/\r\nX: y", "/\xfc"])
def test_nothing_breaks_out_of_a_request(path: str) -> None:
    """A path that would be more than a path is wrong usage."""
    assert tlsee("connect", "localhost:1", "--http", path).code == 2


def test_data_in_json(world: World) -> None:
    """``--json`` has standard output to itself; the peer's bytes are in the object."""
    result = _connect(world, _config(world), "--json", stdin=b"\x00hi")
    assert _object(result)["received"] == {"bytes": 3, "base64": "AGhp", "complete": True}
    assert result.err == ""


def test_truncated_data_is_no_success(world: World) -> None:
    """What came is printed, and exit code 1 says that it may not be all."""

    def talk(stream: Stream) -> None:
        stream.sendall(b"half of")
        stream.recv()
        stream.abort()

    result = _connect(world, _config(world), stdin=b"x", talk=talk)
    assert (result.code, result.raw) == (1, b"half of")
    assert "\ncut         localhost" in result.err
    assert "possibly not all" in result.err


def test_key_logs(world: World) -> None:
    """--keylog and SSLKEYLOGFILE both get the secrets, and the output names them."""
    one, two = world.directory / "one.log", world.directory / "two.log"
    environ = {"SSLKEYLOGFILE": str(two)}
    result = _connect(world, _config(world), "--keylog", str(one), environ=environ)
    assert "SSLKEYLOGFILE" in result.out
    assert one.read_text() == two.read_text()
    assert one.read_text().startswith("CLIENT_HANDSHAKE_TRAFFIC_SECRET ")


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
def test_a_key_log_that_stops_is_told(world: World) -> None:
    """A full disk ends the log and not the connection; standard error says so."""
    result = _connect(world, _config(world), "--keylog", str(FULL))
    assert result.code == 0
    assert result.err.startswith("tlsee: the key log /dev/full is not complete: no space left")


class _FullPipe(io.BytesIO):
    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_an_answer_that_cannot_be_written_is_no_success(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes of the peer's that are lost end it with exit code 2 and a sentence."""
    monkeypatch.setattr(connect, "standard_output", lambda **_: Pipe(_FullPipe()))
    result = _connect(world, _config(world), stdin=b"hello")
    assert result.code == 2
    assert "tlsee: cannot write to standard output: no space left" in result.err


# --- Whom to believe ------------------------------------------------------------------------------


def test_the_environment_names_stores(world: World) -> None:
    """SSL_CERT_FILE and SSL_CERT_DIR replace the system's store and are named; --ca beats both."""
    store = world.directory / "store"
    store.mkdir()
    (store / "0a1b2c3d.0").write_bytes(world.ca.read_bytes())
    (store / "README").write_text("no certificate")
    for name, path in (("SSL_CERT_FILE", world.ca), ("SSL_CERT_DIR", store)):
        with tls_server(_config(world)) as (port, _):
            result = tlsee("connect", f"localhost:{port}", environ={name: str(path)})
        assert result.code == 0
        assert f"trusted     {name}=" in result.out
    with tls_server(_config(world)) as (port, _):
        arguments = ("connect", f"localhost:{port}", "--ca", "certifi")
        assert tlsee(*arguments, environ={"SSL_CERT_FILE": str(world.ca)}).code == 1
        assert tlsee(*arguments, "--ca", str(world.ca)).code == 0


def test_another_name(world: World) -> None:
    """A certificate for another name is refused with what it is for and what was asked."""
    result = _connect(world, _config(world, "other.example"))
    assert result.code == 1
    looks_good(result.out)
    for line in (
        "  reason      the certificate is for other.example; asked for localhost",
        "  alert       bad_certificate (42) sent",
        "  |     FAIL   the certificate is for other.example; asked for localhost",
        "  `-- path 1   a test's CA                                               refused",
        "        ok     ends at a test's CA, your anchor (ca.pem)",
        "  what if   asked for other.example                              path 1 ACCEPTED",
        "  fix         connect by a name that it lists, or have it issued for this one",
    ):
        assert line in result.out.splitlines()


@pytest.mark.parametrize("option", ["--server-name", "--servername", "--identity"])
def test_names_can_be_given(world: World, option: str) -> None:
    """What SNI asks for and what the certificate must be for can both differ from the target."""
    config = _config(world, "other.example")
    found = _object(_connect(world, config, option, "other.example", "--json"))
    sni = "localhost" if option == "--identity" else "other.example"
    assert found["negotiated"]["server_name"] == sni
    assert found["identity"] == "other.example"


def test_no_sni(world: World) -> None:
    """``--no-sni`` keeps the name to itself; the certificate is judged all the same."""
    found = _object(_connect(world, _config(world), "--no-sni", "--json"))
    assert (found["server_name"], found["negotiated"]["server_name"]) == (None, None)
    assert found["identity"] == "localhost"


def test_insecure_still_judges(world: World) -> None:
    """``--insecure`` goes on, and the screen says that nothing was proved, and why."""
    with tls_server(_config(world, "other.example")) as (port, _):
        result = tlsee("connect", f"localhost:{port}", "--insecure", "--ca", world.ca)
    assert result.code == 0
    assert "NOT PROVED (--insecure): the certificate is for" in " ".join(result.out.split())


# --- Our own certificate --------------------------------------------------------------------------


def test_a_client_certificate(world: World) -> None:
    """It is shown where it is asked for; a server that answers has gone on."""
    config = _config(world, client_trust=world.authority.trust)
    found = _object(_connect(world, config, "--cert", str(world.client), "--json", stdin=b"x"))
    assert found["client_certificate"] == {"shown": "joe", "server": "went_on"}


def test_a_server_that_says_nothing(world: World) -> None:
    """Without a ticket, an answer or an alert within the second, nothing is claimed."""
    config = _config(world, client_trust=world.authority.trust)
    result = _connect(world, config, "--cert", str(world.client))
    assert result.code == 0
    assert "joe, proved with ecdsa_secp256r1_sha256; the server has not said" in result.out


def test_a_missing_client_certificate(world: World) -> None:
    """The refusal that comes after the handshake is waited for: exit code 1, and the options."""
    config = _config(world, client_trust=world.authority.trust)
    result = _connect(world, config)
    assert result.code == 1
    assert result.out.startswith("refused     localhost")
    assert "by the server, after the handshake" in result.out
    assert "certificate_required (116) received" in result.out
    assert "--cert FILE --key FILE" in result.out
    found = _object(_connect(world, config, "--json"))
    assert (found["refused_by"], found["alert"]) == ("peer", "certificate_required")
    assert found["client_certificate"] == {"shown": None, "server": "refused"}


def test_a_missing_client_certificate_in_12(world: World) -> None:
    """There handshake_failure says it; the advice is about the certificate all the same."""
    config = _config(world, client_trust=world.authority.trust)
    result = _connect(world, config, "--tls", "1.2")
    assert result.code == 1
    assert "handshake_failure (40) received" in result.out
    assert "--cert FILE --key FILE" in result.out


def test_files_that_do_not_fit(world: World) -> None:
    """Unreadable, empty and mismatched files are wrong usage, by name, before anything is sent."""
    other = world.directory / "other.pem"
    other.write_bytes(world.authority.issue_pem("x")[1])
    empty = world.directory / "empty.pem"
    empty.write_text("")
    for arguments, says in (
        (("--ca", "/nowhere.pem"), "cannot read /nowhere.pem"),
        (("--ca", str(empty)), "no certificate"),
        (("--cert", "/nowhere.pem"), "cannot read /nowhere.pem"),
        (("--cert", str(world.client), "--key", str(other)), "is not the one of the certificate"),
        (("--cert", str(world.ca)), "private key"),
        (("--key", str(other)), "--key without --cert"),
        (("--ca", ""), "is empty"),
        (("--cert", str(world.ca)), "--key FILE"),
        (("--alpn", ",".join(["x" * 255] * 257)), "65,535 at most"),
        (("--keylog", "/nowhere/x"), "cannot write /nowhere/x"),
    ):
        result = tlsee("connect", "localhost:1", *arguments)
        assert (result.code, result.out) == (2, "")
        assert says in " ".join(result.err.split())
        looks_good(result.err)


def test_what_does_not_fit_into_a_hello(world: World) -> None:
    """Each list fits and together they do not: wrong usage, found when the hello is written."""
    names = ",".join(["x" * 254] * 257)
    result = _connect(world, _config(world), "--alpn", names)
    assert (result.code, result.out) == (2, "")
    assert "allowed are" in " ".join(result.err.split())
    found = _object(_connect(world, _config(world), "--alpn", names, "--json"))
    assert (found["stage"], found["refused_by"]) == ("usage", None)


# --- Peers that are none --------------------------------------------------------------------------

Talk = Callable[[socket.socket], None]


def _says(words: bytes) -> Talk:
    def talk(client: socket.socket) -> None:
        client.sendall(words)
        while client.recv(4096):
            pass

    return talk


def _hangs_up(after: bytes) -> Talk:
    def talk(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(after)

    return talk


def _resets(client: socket.socket) -> None:
    client.recv(1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


PEERS: list[tuple[str, Talk, str, str | None, str]] = [
    ("HTTP", _says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not_tls", "us", "it speaks HTTP"),
    ("SSH", _says(b"SSH-2.0-x\x1b[31m\r\n"), "not_tls", "us", "it speaks SSH"),
    ("nonsense", _says(b"\x1b]0;owned\x07" + b"!" * 40), "not_tls", "us", r" '\x1b]0;owned"),
    ("nothing", _hangs_up(b""), "cut_in_handshake", "peer", "nothing came"),
    ("half", _hangs_up(b"\x16\x03\x03\x00\x7a\x02"), "cut_in_handshake", "peer", "in the middle"),
    (
        "alert",
        _hangs_up(b"\x15\x03\x03\x00\x02\x02\x28"),
        "handshake_failure",
        "peer",
        "offer more",
    ),
    (
        "too old",
        _hangs_up(b"\x15\x03\x01\x00\x02\x02\x46"),
        "protocol_version",
        "peer",
        "no version that we offered (TLS 1.3, TLS 1.2)",
    ),
    (
        "TLS 1.0",
        _hangs_up(b"\x16\x03\x01\x00\x2a\x02\0\0\x26\x03\x01" + bytes(32) + b"\0\0\x2f\0"),
        "version_too_old",
        "us",
        "the server chose TLS 1.0, this client speaks TLS 1.3, TLS 1.2",
    ),
    ("reset", _resets, "cut_in_handshake", "peer", "(the transport said: "),
]


@pytest.mark.parametrize(("name", "talk", "reason", "by", "says"), PEERS, ids=lambda x: str(x)[:9])
def test_peers_that_are_none(name: str, talk: Talk, reason: str, by: str, says: str) -> None:
    """Whatever answers, the end is exit code 1 and a screen that says what it was, escaped."""
    assert name
    with plain_server(talk) as port:
        result = tlsee("connect", f"localhost:{port}", "--ca", "certifi")
        found = _object(tlsee("connect", f"localhost:{port}", "--ca", "certifi", "--json"))
    assert (result.code, result.err) == (1, "")
    looks_good(result.out)
    assert says in " ".join(result.out.split())
    assert (found["reason"], found["refused_by"], found["stage"]) == (reason, by, "handshake")


def test_a_silent_peer() -> None:
    """The deadline ends it: timed out, nobody refused."""
    with plain_server(_says(b"")) as port:
        arguments = ("connect", f"localhost:{port}", "--ca", "certifi", "--timeout", "0.2")
        result = tlsee(*arguments)
        found = _object(tlsee(*arguments, "--json"))
    assert result.code == 1
    assert result.out.startswith("timed out   localhost")
    looks_good(result.out)
    assert (found["reason"], found["refused_by"]) == ("handshake_timeout", None)


@pytest.mark.parametrize(
    ("target", "stage", "says"),
    [
        ("no-such-host.invalid", "name", "does not resolve"),
        ("localhost:1", "tcp", "nobody listens"),
    ],
)
def test_nobody_to_talk_to(target: str, stage: str, says: str) -> None:
    """Before TLS begins it is exit code 3, one sentence, and an object all the same."""
    result = tlsee("connect", target, "--ca", "certifi")
    assert (result.code, result.out) == (3, "")
    assert says in " ".join(result.err.split())
    looks_good(result.err)
    found = tlsee("connect", target, "--ca", "certifi", "--json")
    assert found.code == 3
    assert (_object(found)["stage"], _object(found)["refused_by"]) == (stage, None)


def test_wrong_usage_in_json() -> None:
    """``--json`` prints its object for wrong usage too, also where an option does not exist."""
    for arguments in (("http://x", "--json"), ("x", "--json", "--frob"), ("x", "--json", "--http")):
        result = tlsee("connect", *arguments)
        assert result.code == 2
        assert _object(result)["stage"] == "usage"


@pytest.mark.parametrize(
    ("surprise", "code", "reason"), [(KeyboardInterrupt, 130, "interrupted"), (KeyError, 70, "bug")]
)
@pytest.mark.parametrize("where", ["_open", "_exchange", "run", "story"])
def test_surprises_in_json(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    surprise: type[BaseException],
    code: int,
    reason: str,
    where: str,
) -> None:
    """Ctrl-C and bugs of ours print the object too, with what was known by then."""

    def fails(*_: object) -> None:
        raise surprise("x")

    monkeypatch.setattr(Attempt, where, property(fails) if where == "story" else fails)
    result = _connect(world, _config(world), "--json")
    found = _object(result)
    assert (result.code, found["reason"], found["refused_by"]) == (code, reason, None)
    if where == "_exchange":
        assert found["negotiated"]["version"] == "TLS 1.3"


def test_through_a_proxy(world: World) -> None:
    """--proxy takes the tunnel, the first line names the road, and the password stays unsaid."""
    with tls_server(_config(world)) as (port, _):

        def talk(client: socket.socket) -> None:
            client.recv(65536)
            with socket.create_connection(("127.0.0.1", port)) as inner:
                client.sendall(b"HTTP/1.1 200 ok\r\n\r\n")
                client.setblocking(False)
                inner.setblocking(False)
                _relay(client, inner)

        with plain_server(talk) as proxy:
            result = tlsee(
                "connect", f"localhost:{port}", "--ca", world.ca,
                "--proxy", f"http://joe:hush@127.0.0.1:{proxy}",
            )  # fmt: skip
    assert result.code == 0
    first = " ".join(result.out.split()[:7])
    assert first.startswith("connected localhost (through the proxy 127.0.0.1:")
    assert "hush" not in result.out


def _relay(one: socket.socket, two: socket.socket) -> None:
    import select

    pairs = {one: two, two: one}
    while pairs:
        for ready in select.select(list(pairs), [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            pairs[ready].setblocking(True)
            pairs[ready].sendall(data)
            pairs[ready].setblocking(False)


# ---- what the judge is told on the command line


def _stapling(world: World, status: OCSPCertStatus) -> ServerConfig:
    credential = world.authority.issue("localhost")
    since, until = time.time() - 3600, time.time() + 86_400
    response = ocsp_response(
        credential.chain[0], world.authority, status=status, since=since, until=until
    )
    return ServerConfig(credentials=[credential.with_staples([response])])


def test_a_good_staple_is_told(world: World) -> None:
    """A stapled response that was good is a row of the screen, and nothing is left unchecked."""
    config = _stapling(world, OCSPCertStatus.GOOD)
    result = _connect(world, config, "--revocation", "soft")
    assert result.code == 0
    looks_good(result.out)
    assert re.search(r"\n  revocation  good as of .* \(stapled OCSP response\)\n", result.out)
    assert "not checked" not in result.out


def test_a_revoked_certificate_is_refused(world: World) -> None:
    """The same response, saying revoked: the path tree says who said so."""
    config = _stapling(world, OCSPCertStatus.REVOKED)
    assert _connect(world, config).code == 0
    result = _connect(world, config, "--revocation", "soft")
    assert result.code == 1
    looks_good(result.out)
    text = " ".join(result.out.replace("|", "").split())
    assert "FAIL revoked" in text
    assert "says the stapled OCSP response RFC 6960, 2.2; sent by the peer, 1st, DER" in text
    assert "certificate_revoked (44) sent" in text


def test_nothing_stapled(world: World) -> None:
    """Who asked and got no response is told that; hard refuses it."""
    result = _connect(world, _config(world), "--revocation", "soft")
    text = " ".join(result.out.split())
    assert result.code == 0
    assert "not checked revocation of localhost: no list is given" in text
    assert "no OCSP response stapled ALPN" in text
    result = _connect(world, _config(world), "--revocation", "hard")
    assert (result.code, "certificate_unknown (46) sent" in result.out) == (1, True)


def test_lists_moments_and_profiles(world: World) -> None:
    """--crl, --at and --profile reach the judge, as in ``tlsee verify``."""
    config = _config(world)
    listed = world.directory / "ca.crl"
    since, until = time.time() - 3600, time.time() + 86_400
    own = config.credentials[0].chain[0]
    listed.write_bytes(revocation_list(world.authority, [own], since=since, until=until))
    result = _connect(world, config, "--crl", str(listed))
    assert (result.code, "certificate_revoked (44) sent" in result.out) == (1, True)
    result = _connect(world, config, "--at", "+14d")
    assert (result.code, "certificate_expired (45) sent" in result.out) == (1, True)
    assert _connect(world, config, "--at", "never").code == 2
    credential = world.authority.issue("localhost", server=False)
    config = ServerConfig(credentials=[credential])
    assert _connect(world, config).code == 0
    result = _connect(world, config, "--profile", "web")  # on the web serverAuth has to be said
    assert (result.code, "unsupported_certificate (43) sent" in result.out) == (1, True)


def test_insecure_shows_the_search(world: World) -> None:
    """Who goes on whoever the server is sees what was wrong with it."""
    result = _connect(world, _config(world, "other.example"), "--insecure")
    assert result.code == 0
    looks_good(result.out)
    assert "NOT PROVED" in result.out
    assert "  |     FAIL   the certificate is for other.example; asked for" in result.out


def test_failures_as_data(world: World) -> None:
    """Each check that failed, with its clause and its bytes; none where all held."""
    config = _config(world, "other.example")
    (failure,) = _object(_connect(world, config, "--json"))["verdict"]["failures"]
    assert (failure["path"], failure["name"], failure["clause"]) == (1, "name", "RFC 9525, 6")
    assert failure["bytes"][0] < failure["bytes"][1]
    assert _object(_connect(world, _config(world), "--json"))["verdict"]["failures"] == []


def test_the_search_is_shown_once(world: World) -> None:
    """``--chain`` adds the certificates and the rules to a refusal, not the paths again."""
    result = _connect(world, _config(world, "other.example"), "--chain")
    looks_good(result.out)
    assert result.out.count("path 1") == 2  # the tree and the what-if
    assert "  all held  key, " in result.out
    assert "  sent 1      other.example" in result.out
