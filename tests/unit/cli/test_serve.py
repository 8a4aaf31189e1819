"""``tlsee serve`` as other programs meet it: OpenSSL by way of ``ssl``, curl, and ourselves."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import World, looks_good, tlsee, world
from tests.support.revocation import revocation_list
from tests.support.schemas import complaints, schema
from tests.support.serving import Running, serving
from tlsee.identity.pem import certificates_in

pytestmark = pytest.mark.long

__all__ = ["world"]


def _get(server: Running, path: str = "/", **headers: str) -> tuple[int, str, str]:
    """Fetch a page with the standard library, on OpenSSL."""
    context = ssl.create_default_context(cafile=str(server.ca))
    request = urllib.request.Request(f"https://localhost:{server.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode("ascii")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode("ascii")


def test_the_lines_it_prints_reach_it(tmp_path: Path) -> None:
    """The Python, curl and tlsee lines of the introduction work as they stand."""
    with serving(tmp_path) as server:
        looks_good("".join(server.introduction))
        lines = [line.strip() for line in server.introduction]
        program = "\n".join(lines[lines.index("python:") + 1 :][:4])
        ran = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        assert ran.stdout.startswith("TLS 1.3 with ")
        url = f"https://localhost:{server.port}/"
        assert any(line.startswith("curl --cacert ") for line in lines)
        if shutil.which("curl") is not None:
            ran = subprocess.run(
                ["curl", "--silent", "--show-error", "--cacert", str(server.ca), url],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            assert ran.stdout.startswith("TLS 1.3 with ")
        ours = tlsee("connect", f"localhost:{server.port}", "--ca", server.ca, "--http", "/")
        assert (ours.code, ours.out[:15]) == (0, "HTTP/1.1 200 OK")
        code, out, err = server.stop(signal.SIGINT)
    assert (code, err) == (0, "")
    assert out.count("GET /") == out.count("127.0.0.1:")
    assert "stopped after" in out


def test_the_page(tmp_path: Path) -> None:
    """A browser gets a page of one file without a script; others get text of 80 columns."""
    with serving(tmp_path) as server:
        status, kind, text = _get(server)
        assert (status, kind) == (200, "text/plain; charset=us-ascii")
        looks_good(text)
        for label in ("asked for localhost", "offered   TLS 1.3", "version   TLS 1.3", "cost  "):
            assert f"  {label}" in text
        status, kind, page = _get(server, Accept="text/html,*/*")
        assert (status, kind) == (200, "text/html; charset=us-ascii")
        assert "<script" not in page
        assert "http-equiv" not in page
        assert page.count("<li class=") == 7 + 2 + 2  # messages, tickets, changes of keys
        assert _get(server, "/favicon.ico")[0] == 404


def test_the_page_of_1_2(tmp_path: Path) -> None:
    """The textbooks' messages, and where each side's keys change."""
    with serving(tmp_path, "--tls", "1.2") as server:
        assert ", TLS 1.2\n" in "".join(server.introduction)
        status, _, text = _get(server)
        assert status == 200
        looks_good(text)
        assert text.startswith("TLS 1.2 with ")
        for words in ("version   TLS 1.2", "ServerHelloDone", "ChangeCipherSpec", "2 round trips"):
            assert words in text
        page = _get(server, Accept="text/html")[2]
        assert page.count("<li class=") == 13
        refused = tlsee("connect", f"localhost:{server.port}", "--ca", server.ca, "--tls", "1.3")
        assert refused.code == 1


def test_a_peers_text_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    """A protocol name of the client's stands in the page as text."""
    with serving(tmp_path) as server:
        context = ssl.create_default_context(cafile=str(server.ca))
        context.set_alpn_protocols(["<script>alert(1)</script>", "http/1.1"])
        page = _talk(server, context, b"GET / HTTP/1.1\r\nAccept: text/html\r\n\r\n")
    assert b"<script>" not in page
    assert b"&lt;script&gt;" in page


def _talk(server: Running, context: ssl.SSLContext, data: bytes) -> bytes:
    heard = bytearray()
    with (
        socket.create_connection(("127.0.0.1", server.port)) as tcp,
        context.wrap_socket(tcp, server_hostname="localhost") as tls,
    ):
        tls.sendall(data)
        while came := tls.recv(65536):
            heard += came
    return bytes(heard)


def test_it_counts_and_echoes(tmp_path: Path) -> None:
    """``--echo`` sends back what comes; ``--count`` ends it with exit code 0."""
    with serving(tmp_path, "--echo", "--count", "2") as server:
        target = f"localhost:{server.port}"
        for data in (b"hello", b"x" * 100_000):
            result = tlsee("connect", target, "--ca", server.ca, stdin=data)
            assert (result.code, result.raw) == (0, data)
        code, out, err = server.wait()
    assert (code, err) == (0, "")
    assert "100,000 bytes echoed" in out
    assert "stopped after 2 connections" in out


def test_one_silent_client_stops_nobody(tmp_path: Path) -> None:
    """Connections are served side by side."""
    with serving(tmp_path) as server, contextlib.ExitStack() as silent:
        for _ in range(8):
            silent.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        assert _get(server)[0] == 200


def test_a_client_that_fails_costs_a_line(tmp_path: Path) -> None:
    """Address, stage, reason and alert on standard error; the others are served on."""
    with serving(tmp_path) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            _talk(server, ssl.create_default_context(), b"")
        with socket.create_connection(("127.0.0.1", server.port)) as tcp:
            tcp.sendall(b"GET / HTTP/1.1\r\n\r\n\x1b[31m")
            while tcp.recv(4096):
                pass
        assert _get(server)[0] == 200
        code, _, err = server.stop(getattr(signal, "SIGTERM", signal.SIGINT))
    assert code == 0
    assert err.isascii()
    assert all(line.isprintable() for line in err.splitlines())
    lines = sorted(line.partition("  ")[2] for line in err.splitlines())
    assert len(lines) == 2
    assert lines[0].startswith("handshake  not_tls: ")
    assert lines[0].endswith("; alert unexpected_message (10) sent")
    assert lines[1].startswith("handshake  unknown_ca: ")
    assert lines[1].endswith("; alert unknown_ca (48) received")


def test_json_lines(tmp_path: Path) -> None:
    """One object a line, a connection each, good or bad; all else is on standard error."""
    with serving(tmp_path, "--json", "--count", "2") as server:
        assert _get(server)[0] == 200
        socket.create_connection(("127.0.0.1", server.port)).close()
        code, out, err = server.wait()
    assert code == 0
    items: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert [complaints(item, schema("tlsee.serve/1")) for item in items] == [[], []]
    bad, good = sorted(items, key=lambda item: bool(item["ok"]))
    assert (good["ok"], good["stage"]) == (True, "done")
    assert good["negotiated"]["version"] == "TLS 1.3"
    assert (bad["ok"], bad["stage"], bad["refused_by"]) == (False, "handshake", "peer")
    assert "stopped after 2 connections" in err


def test_client_certificates(world: World) -> None:
    """Required unless told otherwise; the page says who the client is."""
    target = "localhost:{}"
    with serving(world.directory, "--client-ca", world.ca) as server:
        assert "a certificate is required" in "".join(server.introduction)
        connect = ("connect", target.format(server.port), "--ca", str(server.ca))
        assert tlsee(*connect).code == 1
        shown = tlsee(*connect, "--cert", world.client, "--http", "/")
        assert shown.code == 0
        assert "you are   joe, proved: joe <- a test's CA (in ca.pem)" in shown.out
    options = ("--client-ca", world.ca, "--client-auth", "optional")
    with serving(world.directory, *options) as server:
        connect = ("connect", target.format(server.port), "--ca", str(server.ca))
        assert "shows no certificate, which is allowed" in tlsee(*connect, "--http", "/").out


def test_how_clients_are_judged(world: World) -> None:
    """--crl, --at and the others are about clients' certificates."""
    listed = world.directory / "ca.crl"
    since, until = time.time() - 3600, time.time() + 86_400
    own = certificates_in(world.client.read_bytes())[0]
    listed.write_bytes(revocation_list(world.authority, [own], since=since, until=until))
    for option, value, alert in (
        ("--crl", str(listed), "certificate_revoked (44)"),
        ("--at", "+14d", "certificate_expired (45)"),
    ):
        with serving(world.directory, "--client-ca", world.ca, option, value) as server:
            connect = ("connect", f"localhost:{server.port}", "--ca", str(server.ca))
            result = tlsee(*connect, "--cert", world.client)
        assert result.code == 1
        assert f"{alert} received" in result.out


def test_a_certificate_of_ones_own(world: World) -> None:
    """``--cert`` and ``--key`` replace the throw-away authority."""
    chain, key = world.authority.issue_pem("localhost")
    (world.directory / "chain.pem").write_bytes(chain)
    (world.directory / "key.pem").write_bytes(key)
    files = ("--cert", world.directory / "chain.pem", "--key", world.directory / "key.pem")
    with serving(world.directory, *files, "--alpn", "h2,http/1.1") as server:
        arguments = ("connect", f"localhost:{server.port}", "--ca", world.ca, "--alpn", "h2")
        assert "ALPN        h2, the server's choice" in tlsee(*arguments).out


def test_the_throw_away_authority_is_limited(tmp_path: Path) -> None:
    """It lives a day, may vouch for the loopback alone, and nothing of it stays behind."""
    from cryptography import x509

    with serving(tmp_path) as server:
        ca = x509.load_pem_x509_certificate(server.ca.read_bytes())
    constraints = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert [str(name.value) for name in constraints.value.permitted_subtrees or ()] == [
        "localhost",
        "127.0.0.0/8",
        "::1/128",
    ]
    lifetime = ca.not_valid_after_utc - ca.not_valid_before_utc
    assert lifetime.total_seconds() <= 26 * 3600
    assert b"PRIVATE" not in server.ca.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--port", "70000"), 2, "is not in the range"),
        (("--client-auth", "optional"), 2, "--client-auth without --client-ca"),
        (("--cert", "/nowhere.pem"), 2, "cannot read /nowhere.pem"),
        (("--client-ca", "/nowhere.pem"), 2, "cannot read /nowhere.pem"),
        (("--at", "+14d"), 2, "ask for those: --client-ca FILE"),
        (("--revocation", "soft"), 2, "ask for those: --client-ca FILE"),
        (("--ca-out", "/nowhere/ca.pem"), 2, "cannot write /nowhere/ca.pem"),
        (("--tls", "1.1"), 2, "use --tls 1.3 or --tls 1.2"),
        (("--bind", "192.0.2.1"), 3, "--bind takes an address of this machine"),
    ],
)
def test_what_cannot_be_served(arguments: tuple[str, ...], code: int, says: str) -> None:
    """Wrong usage is 2; a place where nobody can listen is 3; each a sentence."""
    result = tlsee("serve", *arguments)
    assert (result.code, result.out) == (code, "")
    assert says in " ".join(result.err.split())
    looks_good(result.err)


def test_a_port_in_use() -> None:
    """Exit code 3, and how to get a free one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = tlsee("serve", "--port", str(taken.getsockname()[1]))
    assert result.code == 3
    assert "--port 0 takes a free one" in " ".join(result.err.split())


def test_a_renewed_certificate_is_shown(world: World) -> None:
    """The files of ``--cert`` and ``--key`` are replaced while it runs: no restart, and told."""
    cert, key = world.directory / "tls.crt", world.directory / "tls.key"

    def issue(name: str) -> bytes:
        chain, private = world.authority.issue_pem("localhost", common_name=name)
        cert.write_bytes(chain)
        return private

    def shown(server: Running) -> str:
        answer = tlsee("connect", f"localhost:{server.port}", "--ca", world.ca, "--json")
        assert answer.code == 0
        return str(json.loads(answer.out)["chain"][0]["subject"])

    key.write_bytes(issue("first"))
    with serving(world.directory, "--cert", cert, "--key", key) as server:
        assert shown(server) == "first"
        private = issue("second")  # half of it
        assert shown(server) == "first"
        key.write_bytes(private)
        assert shown(server) == "second"
        _, _, err = server.stop(signal.SIGINT)
    told, taken = err.splitlines()
    assert told.startswith("not renewed: ")
    assert told.endswith("; the certificate from before stays in use")
    assert taken.startswith("renewed: second from ")


def test_the_names_of_a_client(world: World) -> None:
    """The page and the JSON line say who is there, by every name, SPIFFE id included."""
    name = "spiffe://mesh.example/pay"
    chain, key = world.authority.issue_pem(name, "pay.test", client=True, common_name="pay")
    (world.directory / "pay.pem").write_bytes(chain + key)
    options = ("--client-ca", world.ca, "--json", "--count", "1")
    with serving(world.directory, *options) as server:
        connect = ("connect", f"localhost:{server.port}", "--ca", str(server.ca))
        page = tlsee(*connect, "--cert", world.directory / "pay.pem", "--http", "/").out
        _, out, _ = server.wait()
    assert "  you are   pay, proved: pay <- " in page
    assert f"  names     {name} and pay.test" in page
    assert f"  SPIFFE id {name}" in page
    (item,) = map(json.loads, out.splitlines())
    assert complaints(item, schema("tlsee.serve/1")) == []
    assert item["peer_identity"]["spiffe_id"] == name
    assert item["peer_identity"]["dns_names"] == ["pay.test"]
