"""``tlsee verify`` and ``connect`` with files and servers of OpenSSL's, and with its opinion."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.interop.peers.processes import Program
from tests.interop.test_revocation import OpenSSLAuthority, _openssl_server, foreign, shelf
from tests.support.command import Result, looks_good, tlsee
from tests.support.revocation import points_to
from tlsee.cli import judging
from tlsee.streams.fetching import HTTPFetcher

__all__ = ["foreign", "shelf"]
pytestmark = pytest.mark.peers

NAME = "server.test"
EXTENSIONS = """
[issuing]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
[server]
subjectAltName=DNS:server.test,IP:192.0.2.1
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
"""
EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def _words(result: Result) -> str:
    looks_good(result.out)
    return " ".join(result.out.replace("|", " ").split())


def _openssl(desk: Path, *arguments: str) -> int:
    command = ["openssl", *arguments]
    return subprocess.run(command, cwd=desk, capture_output=True, check=False).returncode


def _port(server: Program) -> int:
    return int(server.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])


@pytest.fixture
def made(foreign: OpenSSLAuthority) -> Path:
    """root.pem, issuing.pem and leaf.pem, all of them OpenSSL's work from key to signature."""
    desk = foreign.directory
    (desk / "x.cnf").write_text(EXTENSIONS)
    root = ("-x509", *EC, "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root")
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign", "-days", "3650")
    assert _openssl(desk, "req", *root, *usage) == 0
    for name, issuer, kind, days in (
        ("issuing", "root", "issuing", "1000"),
        ("leaf", "issuing", "server", "10"),
    ):
        files = ("-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        assert _openssl(desk, "req", *EC, *files) == 0
        signer = ("-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key", "-days", days)
        wanted = ("-in", f"{name}.csr", "-out", f"{name}.pem")
        shape = ("-extfile", "x.cnf", "-extensions", kind)
        assert _openssl(desk, "x509", "-req", *wanted, *signer, *shape) == 0
    return desk


@pytest.mark.parametrize(
    ("ours", "theirs", "reason"),
    [
        ((), (), ""),
        (("--name", NAME), ("-verify_hostname", NAME), ""),
        (("--name", "192.0.2.1"), ("-verify_ip", "192.0.2.1"), ""),
        (("--name", "shop.test"), ("-verify_hostname", "shop.test"), "name_mismatch"),
        (("--at", "2035-01-01"), ("-attime", "2051222400"), "certificate_expired"),
        (("--at", "2001-09-09"), ("-attime", "1000000000"), "certificate_not_yet_valid"),
        (("--client",), ("-purpose", "sslclient"), "wrong_purpose"),
    ],
    ids=["plain", "name", "address", "wrong name", "future", "past", "client"],
)
def test_openssl_agrees(
    made: Path, ours: tuple[str, ...], theirs: tuple[str, ...], reason: str
) -> None:
    """The same question to both commands has the same answer."""
    files = ("--untrusted", made / "issuing.pem", "--ca", made / "root.pem")
    result = tlsee("verify", made / "leaf.pem", *files, *ours)
    usual = () if "-purpose" in theirs else ("-purpose", "sslserver")
    asked = ("-CAfile", "root.pem", "-untrusted", "issuing.pem", *usual, *theirs)
    agreed = _openssl(made, "verify", "-no-CApath", *asked, "leaf.pem")
    assert (result.code == 0) == (agreed == 0) == (reason == "")
    assert _words(result).startswith(f"REFUSED {reason}" if reason else "ACCEPTED")


def test_a_missing_intermediate(made: Path) -> None:
    """Both say no; ours names the authority that is missing."""
    result = tlsee("verify", made / "leaf.pem", "--ca", made / "root.pem")
    assert _openssl(made, "verify", "-CAfile", "root.pem", "leaf.pem") != 0
    assert result.code == 1
    assert '"issuing" (missing)' in result.out


def test_lists_and_responses_in_files(foreign: OpenSSLAuthority) -> None:
    """``openssl ca -gencrl`` and ``openssl ocsp`` speak; good, revoked and unknown are told."""
    good, bad = foreign.issue(NAME), foreign.issue(NAME, revoked=True)
    listed = ("--crl", foreign.list(), "--ca", foreign.ca, "--revocation", "hard")
    assert tlsee("verify", good.path, *listed).code == 0
    text = _words(tlsee("verify", bad.path, *listed))
    assert text.startswith("REFUSED certificate_revoked")
    assert "(keyCompromise), says the CRL of Foreign Root" in text
    for issued, says in ((good, "ok server.test: good as of"), (bad, "FAIL revoked")):
        response = issued.path.with_suffix(".response")
        response.write_bytes(foreign.response(issued))
        options = ("--ocsp", response, "--ca", foreign.ca, "--revocation", "hard")
        assert says in _words(tlsee("verify", issued.path, *options))
    stranger = foreign.issue(NAME)
    foreign.index.write_bytes(b"")
    unknown = foreign.directory / "unknown"
    unknown.write_bytes(foreign.response(stranger))
    result = tlsee("verify", stranger.path, "--ocsp", unknown, "--ca", foreign.ca)
    assert result.code == 0
    assert "the responder does not know the certificate" in _words(result)


@pytest.mark.parametrize("revoked", [False, True], ids=["good", "revoked"])
def test_what_openssl_staples(foreign: OpenSSLAuthority, revoked: bool) -> None:
    """A good response is told, a revoked one refused, by ``tlsee connect``."""
    issued = foreign.issue("localhost", revoked=revoked)
    response = foreign.directory / "staple.der"
    response.write_bytes(foreign.response(issued))
    with _openssl_server(issued, "-status_file", response) as server:
        options = ("--ca", foreign.ca, "--revocation", "hard")
        target = ("connect", f"127.0.0.1:{_port(server)}", "--server-name", "localhost")
        result = tlsee(*target, *options)
    assert result.code == int(revoked)
    text = _words(result)
    if revoked:
        assert "says the stapled OCSP response RFC 6960, 2.2; sent by the peer, 1st" in text
    else:
        assert "(stapled OCSP response)" in text


@pytest.mark.parametrize("revoked", [False, True], ids=["good", "revoked"])
def test_a_list_is_fetched_beside_the_peer(
    foreign: OpenSSLAuthority,
    shelf: Callable[[bytes], None],
    monkeypatch: pytest.MonkeyPatch,
    revoked: bool,
) -> None:
    """The peer is on the loopback, so its list may be there: only --revocation fetches it."""
    monkeypatch.setattr(judging, "HTTPFetcher", functools.partial(HTTPFetcher, ports=None))
    at = points_to(shelf.url)  # type: ignore[attr-defined]
    issued = foreign.issue("localhost", extensions=[at], revoked=revoked)
    converted = foreign.directory / "list.der"
    arguments: list[str | Path] = [
        "openssl",
        "crl",
        "-in",
        foreign.list(),
        "-outform",
        "DER",
        "-out",
        converted,
    ]
    with Program(arguments) as program:
        program.wait()
    shelf(converted.read_bytes())
    with _openssl_server(issued) as server:
        port = _port(server)
        target = ("connect", f"127.0.0.1:{port}", "--server-name", "localhost", "--ca", foreign.ca)
        assert tlsee(*target).code == 0
        result = tlsee(*target, "--revocation", "hard")
    assert result.code == int(revoked)
    assert ("not listed as of" in _words(result)) is not revoked
    # Without a connection there is no peer beside which the loopback may be asked.
    options = ("--ca", foreign.ca, "--revocation", "soft")
    text = _words(tlsee("verify", issued.path, *options))
    assert "127.0.0.1 is at 127.0.0.1, which is not public" in text
