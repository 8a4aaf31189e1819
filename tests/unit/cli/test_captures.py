"""``tlsee explain capture.pcapng``: one connection told, several listed, bad files refused."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from tests.support.captures_made import Talker, pcap, pcapng
from tests.support.captures_told import flights, key_log_of, wire
from tests.support.command import looks_good, tlsee
from tests.support.endpoints import server_credential
from tests.support.recordings import record
from tlsee.crypto.private_keys import private_pem
from tlsee.explain.capture import read_capture
from tlsee.recording.recording import Recording


@cache
def _own(name: str) -> Recording:
    return record(name).full_client.recording


def _words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def one(tmp_path: Path) -> tuple[Path, Path]:
    """A capture of one connection, and its key log."""
    capture, log = tmp_path / "one.pcapng", tmp_path / "keys.txt"
    capture.write_bytes(pcapng(wire(_own("1.3")).packets))
    log.write_bytes(key_log_of([_own("1.3")]))
    return capture, log


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A capture of three connections, the third refused, and one of HTTP."""
    capture = tmp_path / "several.pcap"
    packets = wire(_own("1.3")).packets
    packets += wire(_own("1.2"), client=("10.0.0.1", 50_001), begin=10**9).packets
    hello = next(data for from_client, data in flights(_own("1.3")) if from_client)
    refused = Talker(("10.0.0.1", 50_002), begin=2 * 10**9).hands().say(True, hello)
    packets += refused.say(False, b"\x15\x03\x03\x00\x02\x02\x28").bye().packets
    plain = Talker(("10.0.0.1", 50_003), ("10.0.0.2", 80), begin=3 * 10**9).hands()
    packets += plain.say(True, b"GET / HTTP/1.1\r\n\r\n").bye().packets
    capture.write_bytes(pcap(packets))
    return capture


def test_one_connection_is_told(one: tuple[Path, Path]) -> None:
    """With its key log: every message, what was said, that the handshake was done."""
    result = tlsee("explain", one[0], "--keylog", one[1])
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    said = _words(result.out)
    for word in ("what a listener saw", "Connected: TLS 1.3", "EncryptedExtensions", "Finished"):
        assert word in said
    assert "KEEP IT SECRET" in said


def test_without_keys_it_says_what_it_cannot_know(one: tuple[Path, Path]) -> None:
    """The hellos, and sentences instead of guesses."""
    result = tlsee("explain", one[0])
    assert result.code == 0
    looks_good(result.out)
    said = _words(result.out)
    assert "whether the handshake was done, cannot be known" in said
    assert "no key log has its secrets" in said
    assert "EncryptedExtensions" not in said


def test_several_are_listed(several: Path) -> None:
    """Each with number, ends, time, name, version, suite and how it ended; others in notes."""
    result = tlsee("explain", several)
    assert (result.code, result.err) == (0, "")
    looks_good(result.out)
    said = _words(result.out)
    assert "3 connections of TLS" in said
    assert "10.0.0.1:50000 -> 10.0.0.2:443, 2027-01-15" in said
    assert "TLS 1.3, TLS_AES_128_GCM_SHA256" in said
    assert "TLS 1.2, TLS_ECDHE_ECDSA" in said
    assert "no handshake, the server sent handshake_failure (40), TCP closed by both" in said
    assert "no TLS; it begins with HTTP: 'GET / HTTP/1.1'" in said
    assert "--connection 1" in said


def test_one_of_several_is_told(several: Path) -> None:
    """By its number; a number that there is not is refused with how many there are."""
    result = tlsee("explain", several, "--connection", "2")
    assert result.code == 0
    assert "Overheard: TLS 1.2" in _words(result.out)
    result = tlsee("explain", several, "--connection", "4")
    assert result.code == 2
    assert "has 3 connections, no number 4" in _words(result.err)


def test_every_view_of_a_capture(one: tuple[Path, Path], tmp_path: Path) -> None:
    """JSON, page, diagram and capture again, as of any recording."""
    capture, log = one
    files = {name: tmp_path / f"view.{name}" for name in ("html", "mermaid", "pcapng")}
    options: list[Any] = [word for name, path in files.items() for word in (f"--{name}", path)]
    assert tlsee("explain", capture, "--keylog", log, *options).code == 0
    assert all(path.stat().st_size for path in files.values())
    shown = json.loads(tlsee("explain", capture, "--keylog", log, "--json").out)
    assert shown["ok"] is True
    again = tlsee("explain", files["pcapng"])
    assert "Connected: TLS 1.3" in _words(again.out)  # with the secrets that are embedded


def test_several_and_a_view_for_one(several: Path, tmp_path: Path) -> None:
    """A page is of one connection: which, has to be said."""
    result = tlsee("explain", several, "--html", tmp_path / "page.html")
    assert result.code == 2
    assert "--connection N" in _words(result.err)


def _key_file(path: Path, kind: str, password: bytes | None = None) -> Path:
    key: Any = server_credential(kind).signer
    encryption = serialization.BestAvailableEncryption(password) if password else None
    data = private_pem(key._key)
    if encryption is not None:
        data = key._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
    path.write_bytes(data)
    return path


def test_a_private_key(tmp_path: Path) -> None:
    """RSA key exchange opens with the server's key; another's key is said to be nobody's."""
    capture = tmp_path / "rsa.pcap"
    capture.write_bytes(pcap(wire(_own("1.2, RSA key exchange")).packets))
    right = _key_file(tmp_path / "server.pem", "rsa2048")
    assert "Connected: TLS 1.2" in _words(tlsee("explain", capture, "--key", right).out)
    wrong = _key_file(tmp_path / "other.pem", "ecdsa_secp256r1")
    result = tlsee("explain", capture, "--key", wrong)
    assert result.code == 0
    assert "belongs to no certificate" in _words(result.out + result.err)


def test_keys_that_cannot_be_used(one: tuple[Path, Path], tmp_path: Path) -> None:
    """An encrypted key, a certificate, nothing, a file that is not there: each in a sentence."""
    locked = _key_file(tmp_path / "locked.pem", "rsa2048", b"secret")
    result = tlsee("explain", one[0], "--key", locked)
    assert result.code == 2
    assert "the private key is encrypted" in _words(result.err)
    assert "openssl pkey" in _words(result.err)
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    for option, path, words in (
        ("--key", empty, "no private key in there"),
        ("--key", tmp_path / "none", "cannot read"),
        ("--keylog", tmp_path / "none", "cannot read"),
    ):
        result = tlsee("explain", one[0], option, path)
        assert result.code == 2
        assert words in _words(result.err)
    result = tlsee("explain", one[0], "--keylog", empty)
    assert "key log has no secrets" in _words(result.out + result.err)


def test_a_capture_without_tls(tmp_path: Path) -> None:
    """What there is instead is named."""
    capture = tmp_path / "plain.pcap"
    capture.write_bytes(pcap(Talker().hands().say(True, b"SSH-2.0-x\r\n").bye().packets))
    result = tlsee("explain", capture)
    assert result.code == 2
    assert "SSH: 'SSH-2.0-x'" in _words(result.err)


def test_what_is_no_capture(tmp_path: Path) -> None:
    """A key log for a file that is none, and options without a file."""
    path = tmp_path / "some.txt"
    path.write_text("hello", "ascii")
    result = tlsee("explain", path, "--keylog", path)
    assert result.code == 2
    assert "neither pcap nor pcapng" in _words(result.err)
    result = tlsee("explain", "unknown_ca", "--connection", "1")
    assert result.code == 2
    assert "about a capture" in _words(result.err)


def test_a_damaged_capture_is_told_as_far_as_it_goes(one: tuple[Path, Path]) -> None:
    """Cut off in the middle: the beginning, and a note."""
    whole = one[0].read_bytes()
    one[0].write_bytes(whole[: len(whole) // 2])
    result = tlsee("explain", one[0])
    assert result.code == 0
    assert "The capture is damaged or cut off" in _words(result.out)
    assert "ClientHello" in result.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "no recording of tlsee's and no capture"),
        (b"\x1f\x8b\x08\0", "unpack it first: gunzip"),
    ],
)
def test_files_that_are_neither(content: bytes, words: str, tmp_path: Path) -> None:
    """Whoever has a capture is not sent to make a recording."""
    path = tmp_path / "some.file"
    path.write_bytes(content)
    result = tlsee("explain", path)
    assert result.code == 2
    assert words in _words(result.err)


def test_what_is_no_ordinary_file(tmp_path: Path) -> None:
    """Directories, pipes and standard input are no words that nobody knows."""
    for word, words in (
        (tmp_path, "is a directory"),
        ("/dev/null", "is no ordinary file"),
        ("-", "not read from standard input"),
    ):
        result = tlsee("explain", word)
        assert result.code == 2
        assert words in _words(result.err)
        assert "dictionary" not in result.err


def test_a_capture_of_many_other_things_is_refused_in_few_words(tmp_path: Path) -> None:
    """A sentence, and no page of them; how many more there were is said."""
    packets = []
    for number in range(30):
        talker = Talker(client=("10.0.0.1", 50_000 + number)).hands()
        packets += talker.say(True, b"SSH-2.0-x\r\n").bye().packets
    capture = tmp_path / "plain.pcap"
    capture.write_bytes(pcap(packets))
    result = tlsee("explain", capture)
    assert result.code == 2
    assert "and 26 notes more of the kind" in _words(result.err)
    assert len(result.err.splitlines()) < 12


def test_a_connection_is_kept_as_a_recording(one: tuple[Path, Path], tmp_path: Path) -> None:
    """--record writes what every view is made of; with keys in it only its owner can read it."""
    kept = tmp_path / "kept.tlsrec"
    result = tlsee("explain", one[0], "--keylog", one[1], "--record", kept)
    assert result.code == 0
    assert "KEEP IT SECRET" in _words(result.out)
    assert kept.stat().st_mode & 0o077 == 0
    (overheard,) = read_capture(one[0], one[1]).connections
    assert Recording.load(kept).to_bytes() == overheard.recording.to_bytes()
    told = tlsee("explain", one[0], "--keylog", one[1]).out.splitlines()
    again = tlsee("explain", kept).out.splitlines()
    assert told[told.index("") :] == again[again.index("") :]
    printed = tlsee("explain", one[0], "--keylog", one[1], "--record", "-")
    assert printed.raw == kept.read_bytes()


def test_each_file_is_said_to_hold_what_it_holds(one: tuple[Path, Path], tmp_path: Path) -> None:
    """A diagram quotes the conversation, and has no key; a page and a capture have them."""
    diagram, page = tmp_path / "a.mmd", tmp_path / "a.html"
    log = one[1].read_text("ascii")
    secret = log.split()[2]
    result = tlsee("explain", one[0], "--keylog", one[1], "--mermaid", diagram)
    assert secret not in diagram.read_text("ascii")
    assert "KEEP IT SECRET: the beginning of what was said is in it" in _words(result.out)
    assert "keys" not in result.out
    result = tlsee("explain", one[0], "--keylog", one[1], "--html", page)
    assert "KEEP IT SECRET: the keys to all that was said are in it" in _words(result.out)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_an_object_that_cannot_be_printed_is_said(one: tuple[Path, Path]) -> None:
    """Exit code 2 never comes without a word, not even where the words were for a full disk."""
    program = f"from tlsee.cli.main import main; main(['explain', {str(one[0])!r}, '--json'])"
    with Path("/dev/full").open("wb") as full:
        found = subprocess.run(
            [sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert found.returncode == 2
    assert "cannot write to standard output" in _words(found.stderr.decode("ascii"))
