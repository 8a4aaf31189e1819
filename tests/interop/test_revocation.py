"""Revocation with programs that others wrote: responders, lists, staples, both roles."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import gmtime, strftime, time
from typing import Any

import pytest

from tests.interop.peers.processes import Program
from tests.support.missing import missing
from tests.support.revocation import MUST_STAPLE, asks_at, points_to, serial_of
from tests.support.streams import PATIENCE, streams, threads
from tlsee.codes import ProtocolVersion
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, ServerConnection
from tlsee.crypto import private_keys
from tlsee.errors import AlertReceived, CertificateRejected, TLSError
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.identity.path.known import Fetch
from tlsee.identity.trust import Trust
from tlsee.streams.fetching import HTTPFetcher
from tlsee.streams.stream import Stream
from tlsee.values import replace

pytestmark = pytest.mark.peers

NAME = "server.test"
VERSIONS = [ProtocolVersion.TLS13, ProtocolVersion.TLS12]
HOUR = 3600.0


def _stamp(at: float) -> str:
    return strftime("%y%m%d%H%M%SZ", gmtime(at))


class OpenSSLAuthority:
    """An authority whose database OpenSSL keeps: ``openssl ocsp`` and ``openssl ca`` read it."""

    def __init__(self, directory: Path) -> None:
        if shutil.which("openssl") is None:
            missing("OpenSSL's command", "openssl")
        self.directory = directory
        self.authority = Authority.create("Foreign Root")
        self.ca, self.key = directory / "ca.pem", directory / "ca.key"
        self.ca.write_bytes(self.authority.pem)
        self.key.write_bytes(private_keys.private_pem(self.authority._key))
        self.index = directory / "index.txt"
        self.index.write_bytes(b"")

    def issue(self, *names: str, revoked: bool = False, **options: Any) -> Issued:
        """A certificate that stands in the database, good or taken back an hour ago."""
        chain, key = self.authority.issue_pem(*names, **options)
        issued = Issued(self.directory, chain, key)
        now = time()
        state = "R" if revoked else "V"
        since = f"{_stamp(now - HOUR)},keyCompromise" if revoked else ""
        serial = f"{serial_of(issued.der):X}"
        serial = serial.zfill(len(serial) + len(serial) % 2)
        line = f"{state}\t{_stamp(now + 24 * HOUR)}\t{since}\t{serial}\tunknown\t/CN=x\n"
        with self.index.open("a") as index:
            index.write(line)
        return issued

    def respond(self) -> Program:
        """``openssl ocsp`` as a responder on the loopback; its port is in what it prints."""
        return Program(
            ["openssl", "ocsp", "-index", self.index, "-port", "0", "-CA", self.ca,
             "-rsigner", self.ca, "-rkey", self.key, "-nmin", "60"]
        )  # fmt: skip

    def response(self, certificate: Issued) -> bytes:
        """What ``openssl ocsp`` says of a certificate, DER."""
        path = certificate.path.with_suffix(".ocsp")
        with Program(
            ["openssl", "ocsp", "-index", self.index, "-CA", self.ca, "-rsigner", self.ca,
             "-rkey", self.key, "-nmin", "60", "-issuer", self.ca, "-cert", certificate.path,
             "-no_nonce", "-noverify", "-respout", path]
        ) as asked:  # fmt: skip
            asked.wait()
        return path.read_bytes()

    def list(self) -> Path:
        """A revocation list by ``openssl ca -gencrl``, PEM."""
        settings = self.directory / "ca.cnf"
        settings.write_text(
            f"[ca]\ndefault_ca=x\n[x]\ndatabase={self.index}\ndefault_md=sha256\n"
            f"default_crl_days=1\ncrlnumber={self.directory / 'number'}\n"
        )
        (self.directory / "number").write_text("01\n")
        path = self.directory / "list.pem"
        with Program(
            ["openssl", "ca", "-config", settings, "-gencrl", "-cert", self.ca, "-keyfile",
             self.key, "-out", path]
        ) as made:  # fmt: skip
            made.wait()
        return path


class Issued:
    """A certificate with its key, in files and as a credential."""

    number = 0

    def __init__(self, directory: Path, chain: bytes, key: bytes) -> None:
        Issued.number += 1
        self.path = directory / f"cert{Issued.number}.pem"
        self.key = directory / f"cert{Issued.number}.key"
        self.path.write_bytes(chain)
        self.key.write_bytes(key)
        self.credential = Credential.from_pem(chain, key)
        self.der = self.credential.chain[0]


@pytest.fixture
def foreign(tmp_path: Path) -> OpenSSLAuthority:
    """An authority of its own for each test."""
    return OpenSSLAuthority(tmp_path)


def _client(foreign: OpenSSLAuthority, **options: Any) -> ClientConfig:
    return ClientConfig(trust=Trust.from_pem(foreign.authority.pem), **options)


def _shake_with_ourselves(client: ClientConfig, issued: Issued) -> None:
    """A handshake over TCP, the blocking stream taking questions' own ways."""
    server = ServerConfig(credentials=[issued.credential])
    with streams(client, server, shaken=False) as (ours, theirs), threads() as submit:
        shaking = submit(theirs.handshake)
        try:
            ours.handshake()
        finally:
            ours.abort()
            shaking.exception(PATIENCE)


FETCHER: dict[str, Any] = {"allow": ["127.0.0.0/8", "::1/128"], "ports": None}


def test_openssl_as_the_responder(foreign: OpenSSLAuthority) -> None:
    """Asked online by the default fetcher: good passes hard-fail, revoked is refused.

    The certificates name a host; where the responder listens is only known once it does.
    """
    good = foreign.issue(NAME, extensions=[asks_at()])
    revoked = foreign.issue(NAME, extensions=[asks_at()], revoked=True)
    stranger = Issued(foreign.directory, *foreign.authority.issue_pem(NAME, extensions=[asks_at()]))
    fetcher = HTTPFetcher(**FETCHER)
    with foreign.respond() as responder:
        port = int(responder.stdout.wait_for(rb"ACCEPT \S+:(\d+)")[1])

        def ask(fetch: Fetch) -> bytes:
            return fetcher(replace(fetch, url=f"http://127.0.0.1:{port}/"))

        client = _client(foreign, revocation="hard", fetcher=ask)
        _shake_with_ourselves(client, good)
        for issued, name, said in (
            (revoked, "certificate_revoked", "keyCompromise"),
            (stranger, "revocation_unknown", "does not know the certificate"),
        ):
            with pytest.raises(CertificateRejected, match=said) as caught:
                _shake_with_ourselves(client, issued)
            assert caught.value.name == name
    fetcher.cache.clear()
    with pytest.raises(CertificateRejected, match="cannot be reached"):
        _shake_with_ourselves(client, good)


class _Shelf(BaseHTTPRequestHandler):
    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: Any) -> None:
        """Quietly."""


@pytest.fixture
def shelf() -> Iterator[Callable[[bytes], None]]:
    """An HTTP server on the loopback; ``shelf.url`` is where ``shelf(content)`` is."""
    handler = type("Shelf", (_Shelf,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()

    def put(content: bytes) -> None:
        handler.content = content  # type: ignore[attr-defined]

    put.url = f"http://127.0.0.1:{server.server_port}/ca.crl"  # type: ignore[attr-defined]
    yield put
    server.shutdown()
    server.server_close()
    serving.join()


def test_openssls_list_over_http(foreign: OpenSSLAuthority, shelf: Callable[[bytes], None]) -> None:
    """Made by ``openssl ca -gencrl``, served by HTTP, fetched because the certificate says so."""
    at = points_to(shelf.url)  # type: ignore[attr-defined]
    good = foreign.issue(NAME, extensions=[at])
    revoked = foreign.issue(NAME, extensions=[at], revoked=True)
    with Program(["openssl", "crl", "-in", foreign.list(), "-outform", "DER", "-out",
                  foreign.directory / "list.der"]) as converted:  # fmt: skip
        converted.wait()
    shelf((foreign.directory / "list.der").read_bytes())
    client = _client(foreign, revocation="hard", fetcher=HTTPFetcher(**FETCHER))
    _shake_with_ourselves(client, good)
    with pytest.raises(CertificateRejected) as caught:
        _shake_with_ourselves(client, revoked)
    assert caught.value.name == "certificate_revoked"


def _connect(port: int, client: ClientConfig) -> str:
    """One line to a reversing server and back; the name of what refused it, or ``""``."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connected:
        stream = Stream(connected, ClientConnection(client, NAME))
        try:
            stream.handshake()
            stream.sendall(b"olleh\n")
            assert stream.recv() == b"hello\n"
        except TLSError as error:
            return error.name
        finally:
            stream.abort()
    return ""


def _openssl_server(issued: Issued, *options: str | Path) -> Program:
    return Program(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", "-rev", "-cert", issued.path,
         "-key", issued.key, *options]
    )  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
def test_openssl_staples_to_us(foreign: OpenSSLAuthority, version: ProtocolVersion) -> None:
    """``s_server -status_file``: good passes, revoked does not, and a promise is held to."""
    good = foreign.issue(NAME, extensions=[MUST_STAPLE])
    revoked = foreign.issue(NAME, revoked=True)
    client = _client(foreign, revocation="hard", versions=[version])
    for issued, staple, outcome in (
        (good, True, ""),
        (revoked, True, "certificate_revoked"),
        (good, False, "staple_missing"),
    ):
        options: list[str | Path] = []
        if staple:
            foreign.response(issued)
            options = ["-status_file", issued.path.with_suffix(".ocsp")]
        with _openssl_server(issued, *options) as server:
            port = int(server.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])
            soft = _client(foreign, revocation="soft", versions=[version])
            assert _connect(port, client if staple else soft) == outcome


def _serve(config: ServerConfig, run: Callable[[int], None]) -> BaseException | None:
    """Serve one connection that says hello first; what the server failed with."""
    with socket.create_server(("127.0.0.1", 0)) as listening, threads() as submit:

        def serve() -> None:
            accepted, _ = listening.accept()
            with accepted:
                stream = Stream(accepted, ServerConnection(config))
                try:
                    stream.handshake()
                    stream.sendall(b"hello\n")
                    while stream.recv():
                        pass
                finally:
                    stream.close()

        serving = submit(serve)
        run(listening.getsockname()[1])
        return serving.exception(PATIENCE)


@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_we_staple_to_openssl(foreign: OpenSSLAuthority, version: str) -> None:
    """``s_client -status`` prints the response, verified."""
    issued = foreign.issue(NAME)
    credential = issued.credential.with_staples([foreign.response(issued)])

    def run(port: int) -> None:
        with Program(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-status",
             "-CAfile", foreign.ca, "-verify_return_error", "-servername", NAME]
        ) as client:  # fmt: skip
            client.stdout.wait_for(b"OCSP Response Status: successful")
            client.stdout.wait_for(b"Cert Status: good")
            client.stdout.wait_for(b"^hello")
            client.close_stdin()
            client.wait()

    assert _serve(ServerConfig(credentials=[credential]), run) is None


@pytest.mark.parametrize("version", ["VERS-TLS1.3", "VERS-TLS1.2"])
def test_we_staple_to_gnutls(foreign: OpenSSLAuthority, version: str) -> None:
    """``gnutls-cli`` verifies a staple by itself: good is taken, and revoked refused."""
    if shutil.which("gnutls-cli") is None:
        missing("gnutls-cli", "gnutls-bin")
    for revoked in (False, True):
        issued = foreign.issue(NAME, revoked=revoked)
        credential = issued.credential.with_staples([foreign.response(issued)])

        def run(port: int, revoked: bool = revoked) -> None:
            with Program(
                ["gnutls-cli", "-p", str(port), "127.0.0.1", "--x509cafile", foreign.ca,
                 "--priority", f"NORMAL:-VERS-ALL:+{version}", "--sni-hostname", NAME,
                 "--verify-hostname", NAME]
            ) as client:  # fmt: skip
                if revoked:
                    client.wait(1)
                    said = client.stdout.all() + client.stderr.all()
                    assert b"revoked" in said.lower(), client.describe()
                    return
                client.stdout.wait_for(b"OCSP status request")
                client.stdout.wait_for(b"^hello")
                client.close_stdin()
                client.wait()

        failed = _serve(ServerConfig(credentials=[credential]), run)
        assert (failed is not None) == revoked


@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_we_refuse_a_revoked_client(foreign: OpenSSLAuthority, version: str) -> None:
    """By OpenSSL's own list; the client is told certificate_revoked."""
    own = foreign.issue(NAME)
    guest = foreign.issue("guest.test", client=True, server=False, revoked=True)
    config = ServerConfig(
        credentials=[own.credential],
        client_trust=Trust.from_pem(foreign.authority.pem),
        revocation="hard",
        crls=[foreign.list().read_bytes()],
    )

    def run(port: int) -> None:
        with Program(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", version, "-CAfile",
             foreign.ca, "-cert", guest.path, "-key", guest.key, "-servername", NAME]
        ) as client:  # fmt: skip
            client.stderr.wait_for(b"certificate revoked")

    failed = _serve(config, run)
    assert isinstance(failed, CertificateRejected)
    assert failed.name == "certificate_revoked"


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
def test_openssl_refuses_our_revoked_certificate(
    foreign: OpenSSLAuthority, version: ProtocolVersion
) -> None:
    """``s_server -crl_check``: our client hears certificate_revoked."""
    own = foreign.issue(NAME)
    ours = foreign.issue("guest.test", client=True, server=False, revoked=True)
    client = _client(foreign, credentials=[ours.credential], versions=[version])
    with _openssl_server(
        own, "-Verify", "3", "-verify_return_error", "-CAfile", foreign.ca, "-CRL",
        foreign.list(), "-crl_check",
    ) as server:  # fmt: skip
        port = int(server.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connected:
            stream = Stream(connected, ClientConnection(client, NAME))
            with pytest.raises(AlertReceived) as caught:
                _until_refused(stream)
            stream.abort()
    assert caught.value.alert.name == "certificate_revoked"


def _until_refused(stream: Stream) -> None:
    """In 1.3 the refusal comes after the client is done."""
    stream.handshake()
    stream.recv()
