"""Sessions, early data and external keys of TLS 1.3 with peers that others wrote.

What is asserted is what the peer reports: that it resumed, that early data was taken, which key.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.interop.exchanges import ANSWER, EARLY, HELLO, Talk, hang_up, visit, welcome
from tests.interop.matrix import need
from tests.interop.peers.gnutls import GnuTls, free_port
from tests.interop.peers.json_lines import Go, JsonLinesPeer, Rustls, next_answer
from tests.interop.peers.openssl_cli import OpenSslCli
from tests.interop.peers.processes import Program
from tests.interop.peers.spec import DEADLINE, PAYLOAD, Spec
from tests.interop.pki import Pki
from tlsee.codes import CipherSuite
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.events import DataReceived, EarlyDataReceived, PeerClosed, TicketReceived
from tlsee.handshake.outcome import EarlyData
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust
from tlsee.sessions.psk import ExternalPsk

pytestmark = pytest.mark.peers

KEY = bytes(range(32))
MESH = ExternalPsk(b"mesh", KEY)


def client_config(pki: Pki, **changes: Any) -> ClientConfig:
    """A client that keeps sessions."""
    return ClientConfig(trust=Trust.from_file(str(pki.ca)), **changes)


def server_config(pki: Pki, **changes: Any) -> ServerConfig:
    """A server that gives tickets."""
    identity = pki.server("ecdsa_secp256r1")
    credential = Credential.from_pem(identity.chain.read_bytes(), identity.key.read_bytes())
    return ServerConfig(credentials=[credential], **changes)


class Host:
    """A server of ours on a port: each caller is served by the function, in this thread."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(DEADLINE)
        self.port: int = self.listener.getsockname()[1]

    def accept(self, config: ServerConfig) -> Talk:
        """The next caller, once it has shaken hands."""
        sock, _ = self.listener.accept()
        sock.settimeout(DEADLINE)
        return welcome(sock, config)


@pytest.fixture(autouse=True)
def _hung_up() -> Iterator[None]:
    yield
    hang_up()


@pytest.fixture
def host() -> Iterator[Host]:
    """One that is gone afterwards."""
    made = Host()
    yield made
    made.listener.close()


# --- OpenSSL's command line -------------------------------------------------------------------


def s_client(pki: Pki, port: int, *more: str | Path) -> Program:
    """OpenSSL visits us."""
    argv: list[str | Path] = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_3"]
    argv += ["-servername", "server.test", "-CAfile", pki.ca, "-nocommands", *more]
    return Program(argv)


def with_s_client(
    pki: Pki, host: Host, config: ServerConfig, *more: str | Path
) -> tuple[Talk, bytes]:
    """One visit from handshake to close: our side and what OpenSSL printed."""
    with s_client(pki, host.port, *more) as program:
        talk = host.accept(config)
        talk.say(ANSWER)
        program.stdout.wait_for(ANSWER.strip())
        program.close_stdin()
        talk.close()
        program.wait(None)
        return talk, program.stdout.all()


def test_openssl_resumes_with_us(pki: Pki, host: Host, tmp_path: Path) -> None:
    """``-sess_out``, then ``-sess_in``: it reports a session that was reused."""
    need(OpenSslCli())
    config, kept = server_config(pki), tmp_path / "session"
    first, said = with_s_client(pki, host, config, "-sess_out", kept)
    assert b"New, TLSv1.3" in said
    assert not first.connection.info.resumed
    second, said = with_s_client(pki, host, config, "-sess_in", kept)
    assert b"Reused, TLSv1.3" in said
    assert second.connection.info.resumed


@pytest.mark.parametrize("limit", [1000, 0])
def test_openssl_says_early_what_we_take_or_not(
    pki: Pki, host: Host, tmp_path: Path, limit: int
) -> None:
    """``-early_data``: it reports which."""
    need(OpenSslCli())
    config, kept = server_config(pki, early_data=1000), tmp_path / "session"
    early = tmp_path / "early"
    early.write_bytes(EARLY)
    with_s_client(pki, host, config, "-sess_out", kept)
    now = server_config(pki, sessions=config.sessions, early_data=limit)
    talk, said = with_s_client(pki, host, now, "-sess_in", kept, "-early_data", early)
    came = b"".join(bytes(event.data) for event in talk.seen(EarlyDataReceived))
    if limit:
        assert b"Early data was accepted" in said
        assert came == EARLY
    else:
        assert b"Early data was rejected" in said
        assert came == b""
    assert talk.connection.info.resumed


def test_openssl_shows_us_an_external_key(pki: Pki, host: Host) -> None:
    """``-psk``: no certificate is shown, and OpenSSL calls it a session that was reused."""
    need(OpenSslCli())
    config = ServerConfig(credentials=[], psks=[MESH], insecure_accept_own_hellos=True)
    more = ["-psk", KEY.hex(), "-psk_identity", "mesh"]
    talk, said = with_s_client(pki, host, config, *more)
    assert talk.connection.info.psk_identity == b"mesh"
    assert b"Reused, TLSv1.3" in said
    assert b"no peer certificate available" in said


def s_server(pki: Pki, *more: str | Path) -> tuple[Program, int]:
    """OpenSSL serves us."""
    identity = pki.server("ecdsa_secp256r1")
    argv: list[str | Path] = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-tls1_3"]
    argv += ["-cert", identity.leaf, "-key", identity.key, "-cert_chain", identity.intermediates]
    program = Program([*argv, *more])
    return program, int(program.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])


@pytest.mark.parametrize("early", [b"", EARLY])
def test_we_resume_with_openssl(pki: Pki, early: bytes) -> None:
    """Twice the same server: it reports a reused session, and what came early."""
    need(OpenSslCli())
    more = ["-early_data", "-no_anti_replay"] if early else []
    config = client_config(pki)
    program, port = s_server(pki, *more)
    with program:
        for number in range(2):
            talk = visit(port, config, early=early if number else b"")
            talk.say(HELLO)
            program.stdout.wait_for(rb"(?s)(%s.*){%d}" % (HELLO.strip(), number + 1))
            if not talk.seen(TicketReceived):
                talk.until(TicketReceived)
            assert talk.connection.info.resumed is bool(number)
            taken = EarlyData.ACCEPTED if early and number else EarlyData.NOT_OFFERED
            assert talk.connection.info.early_data is taken
            talk.close()
        program.stdout.wait_for(b"Reused session-id|Reused, TLSv1.3")
        if early:
            program.stdout.wait_for(b"Early data received:")
            program.stdout.wait_for(EARLY.strip())  # written past what is printed, in any place


def test_we_show_openssl_an_external_key(pki: Pki) -> None:
    """Without a certificate it has nothing else to prove itself with."""
    need(OpenSslCli())
    argv = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-tls1_3", "-nocert"]
    program = Program([*argv, "-psk", KEY.hex(), "-psk_identity", "mesh"])
    with program:
        port = int(program.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])
        talk = visit(port, ClientConfig(psks=[MESH]))
        talk.say(HELLO)
        program.stdout.wait_for(HELLO.strip())
        assert talk.connection.info.psk_identity == b"mesh"
        program.stdout.wait_for(b"Reused session-id|Reused, TLSv1.3")


# --- Go and rustls ----------------------------------------------------------------------------


def asking(pki: Pki, **more: Any) -> Spec:
    """What these programs are asked for, but for the sessions."""
    return Spec(pki.ca, **more)


PROGRAMS = [pytest.param(Go(), id="go"), pytest.param(Rustls(), id="rustls")]


def echo(talk: Talk, spec: Spec) -> None:
    """Give back what the program says, then let it close."""
    got = 0

    while got < len(PAYLOAD):
        data = talk.until(DataReceived).data
        got += len(data)
        talk.say(bytes(data))
    talk.until(PeerClosed)
    talk.connection.close_write()
    talk.flush()


@pytest.mark.parametrize("peer", PROGRAMS)
def test_programs_resume_with_us(peer: JsonLinesPeer, pki: Pki, host: Host) -> None:
    """Their clients report whether they resumed; rustls sends early data as well."""
    need(peer)
    spec, name = asking(pki), f"{peer.name} to us"
    early = {"early": EARLY.decode()} if peer.name == "rustls" else {}
    config = server_config(pki, early_data=1000)
    for number in range(2):
        answers = peer.resume(spec, role="client", port=host.port, sessions=name, **early)
        talk = host.accept(config)
        echo(talk, spec)
        told = next_answer(answers)["report"]
        assert told["resumed"] is bool(number)
        assert talk.connection.info.resumed is bool(number)
        if early and number:
            assert told["early"] is True
            assert b"".join(bytes(e.data) for e in talk.seen(EarlyDataReceived)) == EARLY


def say_payload(talk: Talk) -> None:
    """What these programs wait for, and the end that they want."""
    talk.say(PAYLOAD)
    talk.data(PAYLOAD)
    talk.close()


@pytest.mark.parametrize("peer", PROGRAMS)
def test_we_resume_with_programs(peer: JsonLinesPeer, pki: Pki) -> None:
    """Their servers report whether they resumed, and rustls what came early."""
    need(peer)
    spec = asking(pki, identity=pki.server("ecdsa_secp256r1"))
    early = peer.name == "rustls"
    config = client_config(pki)
    for number in range(2):
        answers = peer.resume(
            spec, role="server", sessions=f"us to {peer.name}", **({"early": ""} if early else {})
        )
        port = next_answer(answers)["port"]
        talk = visit(port, config, early=EARLY if early and number else b"")
        say_payload(talk)
        told = next_answer(answers)["report"]
        assert told["resumed"] is bool(number)
        assert talk.connection.info.resumed is bool(number)
        if early and number:
            assert told["early"] == EARLY.decode()
            assert talk.connection.info.early_data is EarlyData.ACCEPTED


# --- GnuTLS -----------------------------------------------------------------------------------

PSK_PRIORITY = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:+ECDHE-PSK:+DHE-PSK"


def test_gnutls_resumes_with_us(pki: Pki, host: Host, tmp_path: Path) -> None:
    """``--resume``: it connects twice by itself, and says early what it was told to."""
    need(GnuTls())
    early = tmp_path / "early"
    early.write_bytes(EARLY)
    config = server_config(pki, early_data=1000)
    argv: list[str | Path] = ["gnutls-cli", "--resume", "--x509cafile", pki.ca, "--port"]
    argv += [str(host.port), "--sni-hostname", "server.test", "--verify-hostname", "server.test"]
    argv += ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.3", "--earlydata", early]
    with Program([*argv, "--waitresumption", "127.0.0.1"]) as program:
        first = host.accept(config)
        first.close()
        second = host.accept(config)
        second.say(ANSWER)
        program.stdout.wait_for(ANSWER.strip())
        program.close_stdin()
        second.close()
        program.wait(None)
        assert b"*** This is a resumed session" in program.stdout.all()
    assert second.connection.info.resumed
    assert b"".join(bytes(e.data) for e in second.seen(EarlyDataReceived)) == EARLY


def gnutls_serv(*more: str | Path) -> tuple[Program, int]:
    """GnuTLS serves us."""
    port = free_port()
    program = Program(["gnutls-serv", "--echo", "--port", str(port), *more])
    program.stderr.wait_for(rb"listening on IPv4 .*done$")
    return program, port


def test_we_resume_with_gnutls(pki: Pki) -> None:
    """Its server reports the resumed session, and takes what comes early; it does not show that."""
    need(GnuTls())
    identity = pki.server("ecdsa_secp256r1")
    more: list[str | Path] = ["--x509certfile", identity.chain, "--x509keyfile", identity.key]
    more += ["--disable-client-cert", "--earlydata", "--maxearlydata", "1000", "-d", "5"]
    config = client_config(pki, suites=[CipherSuite.TLS_AES_128_GCM_SHA256])
    program, port = gnutls_serv(*more)
    with program:
        for number in range(2):
            talk = visit(port, config, early=EARLY if number else b"")
            talk.say(HELLO)
            if number:
                assert talk.connection.info.resumed
                assert talk.connection.info.early_data is EarlyData.ACCEPTED
            talk.data(HELLO)
            if not talk.seen(TicketReceived):
                talk.until(TicketReceived)
            talk.close()
        program.stdout.wait_for(b"This is a resumed session")


def test_gnutls_shows_us_an_external_key(host: Host) -> None:
    """``--pskusername``: the key is all that there is."""
    need(GnuTls())
    config = ServerConfig(credentials=[], psks=[MESH], insecure_accept_own_hellos=True)
    argv = ["gnutls-cli", "--port", str(host.port), "--priority", PSK_PRIORITY]
    with Program([*argv, "--pskusername", "mesh", "--pskkey", KEY.hex(), "127.0.0.1"]) as program:
        talk = host.accept(config)
        talk.say(ANSWER)
        program.stdout.wait_for(ANSWER.strip())
        program.close_stdin()
        talk.close()
        said = program.stdout.all()
    assert talk.connection.info.psk_identity == b"mesh"
    assert re.search(rb"PSK", said)


def test_we_show_gnutls_an_external_key(tmp_path: Path) -> None:
    """Its server reports as whom we came."""
    need(GnuTls())
    keys = tmp_path / "keys"
    keys.write_text(f"mesh:{KEY.hex()}\n")
    program, port = gnutls_serv("--pskpasswd", keys, "--priority", PSK_PRIORITY)
    with program:
        talk = visit(port, ClientConfig(psks=[MESH]))
        talk.say(HELLO)
        talk.data(HELLO)
        assert talk.connection.info.psk_identity == b"mesh"
        program.stdout.wait_for(rb"PSK authentication\. Connected as 'mesh'")
