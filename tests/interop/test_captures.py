"""Foreign programs with foreign programs, overheard on the loopback: what is told is what was said.

Nothing of ours takes part. The programs' own words (what they agreed on, the text that they
exchanged) are compared with what a capture and the key log of one of them give.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.interop.matrix import need
from tests.interop.peers.curl import Curl
from tests.interop.peers.gnutls import GnuTls
from tests.interop.peers.json_lines import Go
from tests.interop.peers.nginx import Nginx
from tests.interop.peers.openssl_cli import OpenSslCli
from tests.interop.peers.processes import Program
from tests.interop.peers.spec import PAYLOAD, UNSAID, Peer, Spec
from tests.interop.pki import Pki
from tests.support.captures_wire import Listening, listening
from tlsee.codes import ContentType
from tlsee.crypto.private_keys import load_private_key
from tlsee.explain.account import Account
from tlsee.explain.capture import CaptureReading, Overheard, read_capture
from tlsee.explain.recorded import story_of
from tlsee.explain.story import Story
from tlsee.trace import HandshakeCompleted, Role
from tlsee.wire.hellos import HelloRetryRequest

pytestmark = pytest.mark.peers

SAID = b"nobody else is to hear of this\n"
HEARD = SAID.rstrip()[::-1] + b"\n"


def said_by(found: Overheard) -> dict[Role, bytes]:
    """The application data of both sides, opened by what is in the recording alone."""
    said = dict.fromkeys(Role, b"")
    for record in Account.of(found.recording).records:
        opened = record.seen.opened
        if opened is not None and opened.content_type == ContentType.application_data:
            said[record.sender] += opened.content or b""
    return said


def whole(found: Overheard) -> Story:
    """The story of a connection of which everything could be read."""
    assert not [note for note in found.notes if "came" not in note], found.notes
    events = list(found.recording.events())
    assert len([event for event in events if isinstance(event, HandshakeCompleted)]) == 1
    return story_of(found.recording)


# --- OpenSSL with itself --------------------------------------------------------------------------


@contextmanager
def server(pki: Pki, *options: str | Path) -> Iterator[int]:
    """OpenSSL's server, which answers a line with the same backwards: its port."""
    mine = pki.server("rsa2048")
    argv: list[str | Path] = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-rev"]
    argv += ["-cert", mine.leaf, "-key", mine.key, "-CAfile", pki.ca]
    argv += ["-cert_chain", mine.intermediates, *options]
    with Program(argv) as program:
        yield int(program.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])


def talk(port: int, *options: str | Path, update: bool = False) -> None:
    """One conversation with OpenSSL's client."""
    argv: list[str | Path] = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}"]
    argv += ["-brief"] if update else ["-quiet", "-no_ign_eof"]
    with Program([*argv, *options]) as client:
        if update:
            client.write(b"K\n")
            client.stderr.wait_for(b"^KEYUPDATE")
        client.write(SAID)
        assert client.stdout.wait_for_length(len(HEARD)) == HEARD
        client.close_stdin()
        client.wait()


@pytest.fixture
def openssl() -> None:
    need(OpenSslCli())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "keys.log"


CASES = {
    "1.3, AES-128-GCM": ("", "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256"),
    "1.3, AES-256-GCM": ("", "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384"),
    "1.3, ChaCha20": ("", "-tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256"),
    "1.3, CCM": (
        "-ciphersuites TLS_AES_128_CCM_SHA256",
        "-tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256",
    ),
    "1.3, retried": ("-groups P-384", "-tls1_3 -groups X25519:P-384"),
    "1.3, padded": ("-record_padding 512", "-tls1_3 -record_padding 256"),
    "1.3, many records": ("-max_send_frag 512", "-tls1_3"),
    "1.2, ECDHE and GCM": ("", "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256"),
    "1.2, ECDHE and ChaCha20": ("", "-tls1_2 -cipher ECDHE-RSA-CHACHA20-POLY1305"),
    "1.2, ECDHE and CBC": ("", "-tls1_2 -cipher ECDHE-RSA-AES256-SHA384"),
    "1.2, ECDHE and CBC, the MAC inside": (
        "-no_etm",
        "-tls1_2 -no_etm -cipher ECDHE-RSA-AES128-SHA",
    ),
    "1.2, DHE": ("", "-tls1_2 -cipher DHE-RSA-AES256-GCM-SHA384"),
    "1.2, RSA and CCM_8": ("-cipher ALL", "-tls1_2 -cipher AES128-CCM8"),
}


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("case", CASES)
def test_openssl_with_openssl(pki: Pki, log: Path, case: str) -> None:
    """Each suite, retries, padding, fragments: both Finished fit, the lines are what was said."""
    serving, visiting = (options.split() for options in CASES[case])
    with server(pki, "-keylogfile", log, *serving) as port, listening(port) as wire:
        talk(wire.port, *visiting)
    (found,) = _read(wire.capture, log).connections
    story = whole(found)
    assert said_by(found) == {Role.CLIENT: SAID, Role.SERVER: HEARD}
    assert (story.first(HelloRetryRequest) is not None) is ("retried" in case)
    assert story.is_older is case.startswith("1.2")


def _read(capture: bytes, log: Path | None = None, keys: tuple[Path, ...] = ()) -> CaptureReading:
    private = [load_private_key(path.read_bytes()) for path in keys]
    reading = read_capture(capture, log, private)
    assert reading.notes == ()
    return reading


@pytest.mark.usefixtures("openssl")
def test_where_nobody_may_capture_a_relay_listens(
    pki: Pki, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way to listen, for machines on which dumpcap is missing or may not."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with server(pki, "-keylogfile", log) as port, listening(port) as wire:
        assert wire.port != port
        talk(wire.port, "-tls1_3")
        talk(wire.port, "-tls1_2")
    for found in _read(wire.capture, log).connections:
        whole(found)
        assert said_by(found) == {Role.CLIENT: SAID, Role.SERVER: HEARD}


@pytest.mark.usefixtures("openssl")
def test_keys_are_updated(pki: Pki, log: Path) -> None:
    """KeyUpdate and its answer: what follows opens under the next keys."""
    with server(pki, "-keylogfile", log) as port, listening(port) as wire:
        talk(wire.port, "-tls1_3", update=True)
    (found,) = _read(wire.capture, log).connections
    whole(found)
    assert said_by(found) == {Role.CLIENT: SAID, Role.SERVER: HEARD}
    names = [name for name in map(_name, story_of(found.recording).steps) if name == "key_update"]
    assert len(names) == 2


def _name(step: object) -> str:
    return str(getattr(step, "handshake_type", ""))


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("version", ["-tls1_3", "-tls1_2"])
def test_sessions_are_taken_up_again(pki: Pki, log: Path, tmp_path: Path, version: str) -> None:
    """Two connections in one capture: the second is known to go on with the first one's session."""
    session = tmp_path / "session"
    with server(pki, "-keylogfile", log) as port, listening(port) as wire:
        talk(wire.port, version, "-sess_out", session)
        talk(wire.port, version, "-sess_in", session)
    first, second = _read(wire.capture, log).connections
    assert not whole(first).resumed
    story = whole(second)
    assert story.resumed
    assert story.recalled.peer_chain == first.chain
    assert story.recalled.established_at * 1e9 == pytest.approx(
        first.recording.header.began, rel=1e-9
    )
    for found in (first, second):
        assert said_by(found) == {Role.CLIENT: SAID, Role.SERVER: HEARD}


@pytest.mark.usefixtures("openssl")
@pytest.mark.parametrize("accepted", [True, False])
def test_early_data(pki: Pki, log: Path, tmp_path: Path, accepted: bool) -> None:
    """0-RTT that the server takes, and that it does not: opened in both cases, and told apart."""
    session, early = tmp_path / "session", tmp_path / "early"
    early.write_bytes(b"this comes early\n")
    with reader(pki, log) as first, first.listening() as wire:
        first.hear(wire.port, "-sess_out", session)
        if accepted:
            first.hear(wire.port, "-sess_in", session, "-early_data", early)
    if not accepted:  # another server: it has no key for the ticket
        with reader(pki, log) as other, other.listening() as wire:
            other.hear(wire.port, "-sess_in", session, "-early_data", early)
    found = _read(wire.capture, log).connections[-1]
    assert whole(found).early_data_accepted is accepted
    assert said_by(found)[Role.CLIENT] == early.read_bytes() + SAID


class _Reader:
    """OpenSSL's server that takes early data and says what it hears."""

    def __init__(self, program: Program, log: Path) -> None:
        self._program = program
        self._log = log  # the client's: a server that refuses has no key for early data
        self._port = int(program.stdout.wait_for(rb"^ACCEPT \S+:(\d+)$")[1])
        self._heard = 0

    def listening(self) -> AbstractContextManager[Listening]:
        return listening(self._port)

    def hear(self, port: int, *options: str | Path) -> None:
        """One client that says a line."""
        argv: list[str | Path] = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}"]
        argv += ["-tls1_3", "-quiet", "-no_ign_eof", "-keylogfile", self._log, *options]
        with Program(argv) as client:
            client.write(SAID)
            self._heard += 1
            self._program.stdout.wait_for(rb"(?s)(" + SAID.rstrip() + rb".*){%d}" % self._heard)
            client.close_stdin()
            client.wait()


@contextmanager
def reader(pki: Pki, log: Path) -> Iterator[_Reader]:
    mine = pki.server("rsa2048")
    argv: list[str | Path] = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-early_data"]
    argv += ["-no_anti_replay", "-cert", mine.leaf, "-key", mine.key]
    with Program([*argv, "-cert_chain", mine.intermediates]) as program:
        yield _Reader(program, log)


@pytest.mark.usefixtures("openssl")
def test_the_servers_key_opens_rsa_key_exchange(pki: Pki, tmp_path: Path) -> None:
    """Without any log; also the connection that takes the session up again."""
    session = tmp_path / "session"
    with server(pki, "-tls1_2", "-cipher", "AES128-GCM-SHA256") as port, listening(port) as wire:
        talk(wire.port, "-tls1_2", "-sess_out", session)
        talk(wire.port, "-tls1_2", "-sess_in", session)
    for found in _read(wire.capture, keys=(pki.server("rsa2048").key,)).connections:
        whole(found)
        assert said_by(found) == {Role.CLIENT: SAID, Role.SERVER: HEARD}


@pytest.mark.usefixtures("openssl")
def test_client_certificates(pki: Pki, log: Path) -> None:
    """The client's flight is followed too, in both versions."""
    mine = pki.client("ecdsa_secp256r1")
    shown: list[str | Path] = ["-cert", mine.leaf, "-key", mine.key, "-cert_chain"]
    shown.append(mine.intermediates)
    with server(pki, "-keylogfile", log, "-Verify", "3") as port, listening(port) as wire:
        talk(wire.port, "-tls1_3", *shown)
        talk(wire.port, "-tls1_2", *shown)
    for found in _read(wire.capture, log).connections:
        whole(found)
        assert said_by(found) == {Role.CLIENT: SAID, Role.SERVER: HEARD}


# --- Other programs -------------------------------------------------------------------------------

PAIRS: dict[str, tuple[Peer, Peer]] = {
    "curl-nginx": (Curl(), Nginx()),
    "gnutls-openssl": (GnuTls(), OpenSslCli()),
    "openssl-gnutls": (OpenSslCli(), GnuTls()),
    "go-gnutls": (Go(), GnuTls()),
    "gnutls-go": (GnuTls(), Go()),
}


@pytest.mark.parametrize("version", ["TLS13", "TLS12"])
@pytest.mark.parametrize("pair", PAIRS)
def test_what_two_programs_say_of_it_is_what_is_told(
    pki: Pki, log: Path, monkeypatch: pytest.MonkeyPatch, pair: str, version: str
) -> None:
    """Version, suite, group and application protocol as both programs report them, and 100 kB."""
    visiting, serving = PAIRS[pair]
    need(visiting, serving)
    monkeypatch.setenv("SSLKEYLOGFILE", str(log))  # curl and GnuTLS write it
    alpn = ("http/1.1",) if visiting.application == "http" else ()
    suites = ("TLS_AES_128_GCM_SHA256",)
    if version == "TLS12":
        suites = ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",)
    common = {"ca": pki.ca, "suites": suites, "groups": ("x25519", "secp256r1"), "alpn": alpn}
    ours = Spec(**common, version=version, answer=serving.answer)  # type: ignore[arg-type]
    theirs = Spec(**common, version=version, identity=pki.server("ecdsa_secp256r1"))  # type: ignore[arg-type]
    running = serving.serve(theirs)
    try:
        with listening(running.port) as wire:
            reports = [visiting.connect(ours, wire.port)]
            reports.append(running.report())
    finally:
        running.close()
    found = _read(wire.capture, log).connections
    for overheard in found:
        story = whole(overheard)
        for report in reports:
            told = {
                "version": story.version.name if story.version is not None else "",
                "suite": _chosen(story, "suite"),
                "group": str(story.group),
                "alpn": _chosen(story, "alpn"),
            }
            for name, mine in told.items():
                assert getattr(report, name) in {UNSAID, mine}, (name, report)
    text = b"".join(said for overheard in found for said in said_by(overheard).values())
    assert PAYLOAD in text


def _chosen(story: Story, what: str) -> str:
    choice = story.choice(what)
    if choice is None or choice.chosen is None:
        return ""
    return choice.chosen.decode() if isinstance(choice.chosen, bytes) else choice.chosen.name
