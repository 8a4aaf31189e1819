"""``tlsee explain FILE`` in every form: where it goes, who may read it, and what bad files get."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import World, looks_good, tls_server, tlsee, world
from tests.support.endpoints import Pair
from tests.support.recordings import SAID, record
from tests.support.schemas import complaints, schema
from tlsee.cli import view_files, views
from tlsee.cli.recordings import ManyRecordings, RecordWish
from tlsee.config import ServerConfig
from tlsee.recording.recording import Recording

pytestmark = pytest.mark.long

__all__ = ["world"]

PAGE = b"<!doctype html>"
CAPTURE = bytes.fromhex("0a0d0d0a")  # a pcapng section begins so
DIAGRAM = b"sequenceDiagram\n"
FORMS: dict[str, bytes] = {"html": PAGE, "pcapng": CAPTURE, "mermaid": DIAGRAM}


def _words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A redacted recording."""
    path = tmp_path / "c.tlsrec"
    record("1.3").client.recording.save(path)
    return path


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A recording with its secrets."""
    path = tmp_path / "full.tlsrec"
    record("1.3").full_client.recording.save(path)
    return path


# --- Where it goes ------------------------------------------------------------------------------


def test_several_at_once(file: Path, tmp_path: Path) -> None:
    """Each view in its file, a line about each, and no story beside them; old files give way."""
    paths = {form: tmp_path / f"out.{form}" for form in FORMS}
    for path in paths.values():
        path.write_bytes(b"an older one " * 100_000)
    options = [part for form, path in paths.items() for part in (f"--{form}", path)]
    result = tlsee("explain", file, *options)
    assert (result.code, result.err) == (0, "")
    for form, path in paths.items():
        assert path.read_bytes().startswith(FORMS[form])
        assert f"{path.stat().st_size:,} bytes" in result.out
    assert "ClientHello" not in result.out
    assert "SECRET" not in result.out


def test_the_story_beside_a_file(file: Path, tmp_path: Path) -> None:
    """With -v it is told as well."""
    result = tlsee("explain", file, "--html", tmp_path / "p.html", "-v")
    assert (result.code, result.err) == (0, "")
    looks_good(result.out.partition("\n\n")[2])
    assert "ClientHello" in result.out


@pytest.mark.parametrize("form", FORMS)
def test_standard_output(form: str, file: Path, tmp_path: Path) -> None:
    """The bytes of the file and nothing else; what is written beside is told on standard error."""
    path = tmp_path / "one"
    assert tlsee("explain", file, f"--{form}", path).code == 0
    result = tlsee("explain", file, f"--{form}", "-")
    assert (result.code, result.err) == (0, "")
    assert result.raw == path.read_bytes()
    other = next(name for name in FORMS if name != form)
    both = tlsee("explain", file, f"--{form}", "-", f"--{other}", tmp_path / "two", "-vv")
    assert (both.code, both.raw) == (0, result.raw)
    assert "two" in both.err


@pytest.mark.parametrize("kind", ["client", "server", "full_client", "full_server"])
def test_json(kind: str, tmp_path: Path) -> None:
    """One line, one object, as the schema says."""
    path = tmp_path / "c.tlsrec"
    getattr(record("1.2, client certificate"), kind).recording.save(path)
    result = tlsee("explain", path, "--json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    assert complaints(found, schema("tlsee.recording/1")) == []
    assert found["ok"]
    assert found["heading"]["role"] == kind.removeprefix("full_")
    assert result.out.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--html", "-", "--json"], "--html - and --json would be mixed on standard output"),
        (["--html", "-", "--mermaid", "-"], "--html - and --mermaid - would be mixed"),
        (["--html", "x", "--mermaid", "./x"], "two views cannot be written into one file"),
        (["--html", "no/such/place"], "cannot write no/such/place (--html): no such file"),
        (["--pcapng", "."], "cannot write . (--pcapng): is a directory"),
        (["--mermaid", "a\0b"], r"cannot write a\x00b (--mermaid): that is no name of a file"),
        (["--html", ""], "cannot write (--html): is a directory"),
    ],
)
def test_what_cannot_be_written(options: list[str], says: str, file: Path) -> None:
    """Exit code 2, a sentence, and nothing on standard output."""
    result = tlsee("explain", file, *options)
    assert (result.code, result.out) == (2, "")
    assert says in _words(result.err)


def test_no_binary_for_a_terminal(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A capture would set a terminal on fire; a page is text."""
    monkeypatch.setattr(views, "is_terminal", lambda _: True)
    result = tlsee("explain", file, "--pcapng", "-")
    assert (result.code, result.out) == (2, "")
    assert "binary, and standard output is a terminal" in _words(result.err)
    assert tlsee("explain", file, "--html", "-").code == 0


def test_a_view_does_not_eat_its_recording(file: Path, tmp_path: Path) -> None:
    """Written over, by whatever name, there would be nothing left to show."""
    before = file.read_bytes()
    (tmp_path / "in").mkdir()
    for path in (file, tmp_path / "in" / ".." / file.name):
        result = tlsee("explain", file, "--html", path)
        assert (result.code, result.out) == (2, "")
        assert "would write over what it shows; name another file" in _words(result.err)
    assert file.read_bytes() == before


def test_one_at_a_time(file: Path, full: Path) -> None:
    """Two files are no name with a space in it."""
    result = tlsee("explain", file, full)
    assert (result.code, result.out) == (2, "")
    assert "these are 2 files, and one is shown at a time; type: tlsee" in _words(result.err)
    spaced = file.with_name("a b.tlsrec")
    spaced.write_bytes(file.read_bytes())
    assert tlsee("explain", *str(spaced).split(" ")).code == 0


def test_a_word_has_no_page(tmp_path: Path) -> None:
    """A view of what is no recording: said, and no file made."""
    path = tmp_path / "p.html"
    result = tlsee("explain", "unknown_ca", "--html", path)
    assert (result.code, result.out) == (2, "")
    assert "unknown_ca is no file, and --html shows a recording" in _words(result.err)
    assert not path.exists()


# --- Who may read it ----------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("form", FORMS)
def test_secrets_are_for_their_owner(form: str, file: Path, full: Path, tmp_path: Path) -> None:
    """A view with secrets is readable by the owner alone, also over an old file, and says so."""
    path = tmp_path / "out"
    path.write_bytes(b"old")
    path.chmod(0o644)
    plain = tlsee("explain", file, f"--{form}", path)
    assert path.stat().st_mode & 0o777 == 0o644
    assert "SECRET" not in plain.out
    secret = tlsee("explain", full, f"--{form}", path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "KEEP IT SECRET" in secret.out
    printed = tlsee("explain", full, f"--{form}", "-")
    assert "KEEP IT SECRET" in printed.err


# --- Bad files ----------------------------------------------------------------------------------


def _whole() -> bytes:
    return record("1.3").client.recording.to_bytes()


def _corrupted() -> bytes:
    data = bytearray(_whole())
    data[len(data) // 2] ^= 0x40
    return bytes(data)


def _newer() -> bytes:
    """The same with another format's number, and a checksum that fits."""
    import zlib

    data = bytearray(_whole())
    size = int.from_bytes(data[11:14])
    data[14:16] = (9).to_bytes(2)
    start = bytes(data[14 : 14 + size])
    data[14 + size : 18 + size] = zlib.crc32(bytes(data[:11]) + start).to_bytes(4)
    return bytes(data)


UNREADABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "it is empty"),
    "cut in its first bytes": (lambda: _whole()[:20], "cut off in its first bytes"),
    "of another format": (_newer, "has format 9, and format 1 is read here"),
    "a certificate": (lambda: b"-----BEGIN CERTIFICATE-----\n", "no recording of tlsee's"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "no recording of tlsee's"),
    "half a capture": (lambda: CAPTURE + bytes(3), "is"),
}
READABLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "truncated": (lambda: _whole()[: len(_whole()) // 2], "is cut off or damaged"),
    "a byte short": (lambda: _whole()[:-1], "is cut off or damaged"),
    "corrupted": (_corrupted, "damaged"),
    "with something behind it": (lambda: _whole() + b"\n", "is cut off or damaged"),
}
ALL_FORMS: list[tuple[str, ...]] = [
    (), ("-v",), ("-vv",), ("--json",), ("--html", "-"), ("--pcapng", "-"), ("--mermaid", "-"),
]  # fmt: skip


@pytest.mark.parametrize("form", ALL_FORMS, ids=" ".join)
@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read(name: str, form: tuple[str, ...], tmp_path: Path) -> None:
    """Exit code 2 and a sentence, in every form; with --json in an object."""
    path = tmp_path / "c.tlsrec"
    make, says = UNREADABLE[name]
    path.write_bytes(make())
    result = tlsee("explain", path, *form)
    assert result.code == 2
    if form == ("--json",):
        found = json.loads(result.out)
        assert complaints(found, schema("tlsee.recording/1")) == []
        assert (found["ok"], found["heading"]) == (False, None)
        assert says in found["sentence"]
    else:
        assert result.raw == b""
        assert says in _words(result.err)
    assert "Traceback" not in result.err
    assert "bug" not in result.err


@pytest.mark.parametrize("form", ALL_FORMS, ids=" ".join)
@pytest.mark.parametrize("name", READABLE)
def test_what_can_be_read_in_part(name: str, form: tuple[str, ...], tmp_path: Path) -> None:
    """What could be read is shown, exit code 0, and each view that has words says what is lost."""
    path = tmp_path / "c.tlsrec"
    make, says = READABLE[name]
    path.write_bytes(make())
    result = tlsee("explain", path, *form)
    assert (result.code, result.err) == (0, "")
    assert result.raw
    if form == ("--json",):
        (missing,) = json.loads(result.out)["heading"]["missing"]
        assert says in missing
    elif form[:1] not in (("--pcapng",), ("--mermaid",)):
        assert says in _words(result.out)


@pytest.mark.parametrize("form", ALL_FORMS, ids=" ".join)
def test_what_is_no_file(form: tuple[str, ...], tmp_path: Path) -> None:
    """One that is not there, a directory, a socket: a sentence, in every form."""
    folder = tmp_path / "folder.tlsrec"
    folder.mkdir()
    paths = [tmp_path / "gone.tlsrec", folder]
    with contextlib.ExitStack() as open_until_here:
        if hasattr(socket, "AF_UNIX"):
            listening = open_until_here.enter_context(socket.socket(socket.AF_UNIX))
            paths.append(tmp_path / "s.tlsrec")
            listening.bind(str(paths[-1]))
        for path in paths:
            result = tlsee("explain", path, *form)
            assert result.code == 2
            said = _words(result.err + result.out)
            assert "cannot be read" in said
            assert "bug" not in said


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are POSIX's")
def test_a_file_that_may_not_be_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's reason; root may read all, so the refusal is played."""

    def refused(_path: str) -> Recording:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Recording, "load", refused)
    result = tlsee("explain", file)
    assert (result.code, result.out) == (2, "")
    assert "permission denied" in _words(result.err)


# --- Pages of connections -----------------------------------------------------------------------


def test_connect_writes_a_page(world: World, tmp_path: Path) -> None:
    """Of a connection that worked; with --record both; redacted unless asked for more."""
    path, recording = tmp_path / "mine.html", tmp_path / "mine.tlsrec"
    config = ServerConfig(credentials=[world.authority.issue("localhost")])
    given = ("-n", "--ca", world.ca, "--html", path)
    with tls_server(config) as (port, _):
        result = tlsee("connect", f"localhost:{port}", *given)
        assert (result.code, result.err) == (0, "")
        assert path.read_bytes().startswith(PAGE)
        assert "  page        " in result.out
        last = result.out.splitlines()[-1]
        assert last == "more:  -v messages   --chain   --record FILE   --json"
        both = tlsee("connect", f"localhost:{port}", *given, "--record", recording)
        assert (both.code, both.err) == (0, "")
        assert Recording.load(recording).damage == ""
        assert "FILE" not in both.out
        told = tlsee("connect", f"localhost:{port}", *given, "--reveal-secrets")
        assert "KEEP IT SECRET" in told.out
        assert path.stat().st_mode & 0o077 == 0 or os.name != "posix"


def test_connect_writes_a_page_of_a_failure(world: World, tmp_path: Path) -> None:
    """The page of a handshake that was refused has the verdict."""
    path = tmp_path / "mine.html"
    config = ServerConfig(credentials=[world.authority.issue("elsewhere.test")])
    with tls_server(config) as (port, _):
        result = tlsee("connect", f"localhost:{port}", "-n", "--ca", world.ca, "--html", path)
    assert result.code == 1
    assert "bad_certificate" in path.read_text(encoding="utf-8")
    assert "  page        " in result.out


def test_demo_writes_a_page(tmp_path: Path) -> None:
    """Of the client's side, which knows from the server's recording how things were taken."""
    path = tmp_path / "demo.html"
    result = tlsee("demo", "--mutual", "--html", path)
    assert (result.code, result.err) == (0, "")
    assert [p.name for p in tmp_path.iterdir()] == ["demo.html"]
    text = path.read_text(encoding="utf-8")
    assert "The server checks" in text  # only the server's recording says that
    hidden = tlsee("demo", "--html", path, "--pseudonyms", "--record", tmp_path / "d.tlsrec")
    assert hidden.code == 0
    assert "demo.test" not in path.read_text(encoding="utf-8")


def test_serve_writes_a_page_for_each_client(tmp_path: Path) -> None:
    """FILE, FILE-2 and so on, for clients that said something."""
    complaints_: list[str] = []
    many = ManyRecordings(RecordWish(None, html=str(tmp_path / "s.html")), complaints_.append)
    for _ in range(2):
        one = many.next()
        Pair(server_options={"observers": one.observers}).run()
        one.close()
    many.next().close()
    assert complaints_ == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s-2.html", "s.html"]
    nowhere = ManyRecordings(RecordWish(None, html=str(tmp_path / "no" / "s")), complaints_.append)
    one = nowhere.next()
    assert Pair(server_options={"observers": one.observers}).run().done
    one.close()
    assert "is not complete" in complaints_[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--html", "no/such/place"], "cannot write no/such/place (--html)"),
        (["--html", "a\0b"], r"cannot write a\x00b (--html): that is no name of a file"),
        (["--html", "-"], "standard output has the story, not --html -; name a file"),
        (["--record", "-"], "standard output has the story, not --record -"),
        (["--html", "x", "--record", "./x"], "--record and --html cannot be one file"),
        (["--html", "x", "--reveal-secrets", "--pseudonyms"], "contradict each other"),
    ],
)
def test_what_cannot_be_a_page(
    options: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before anything else happens, and no file is made."""
    monkeypatch.chdir(tmp_path)
    result = tlsee("demo", *options)
    assert (result.code, result.out) == (2, "")
    assert says in _words(result.err)
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_fails_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk ends the page and not the connection: it is said on standard error."""

    def full(path: str, _data: bytes, *, secret: bool) -> None:
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(view_files, "save", full)
    result = tlsee("demo", "--html", tmp_path / "p.html")
    assert result.code == 0
    assert "is not complete: no space left on device" in _words(result.err)


def test_a_bug_of_the_page_ends_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is confessed in a line where the client is served, and the next one is served too."""

    def broken(*_: object) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(view_files, "made", broken)
    told: list[str] = []
    many = ManyRecordings(RecordWish(None, html=str(tmp_path / "s.html")), told.append)
    one = many.next()
    Pair(server_options={"observers": one.observers}).run()
    one.close()
    assert "this is a bug in tlsee (ZeroDivisionError" in told[0]


def test_what_was_said_is_in_no_redacted_view(file: Path) -> None:
    """Application data is not in the recording, and so in none of its views."""
    for form in (("-vv",), ("--json",), ("--html", "-"), ("--pcapng", "-"), ("--mermaid", "-")):
        raw = tlsee("explain", file, *form).raw
        assert SAID not in raw
        assert SAID.hex().encode() not in raw
