"""``tlsee explain FILE``: a recording is told as the connection was; a bad one in a sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.command import World, looks_good, tls_server, tlsee, world
from tests.support.endpoints import Pair, client_config
from tests.support.recordings import SCENARIOS, record
from tlsee.cli.recordings import ManyRecordings, RecordWish
from tlsee.config import ServerConfig
from tlsee.errors import CertificateRejected
from tlsee.explain import summary
from tlsee.explain.narrate import narrate
from tlsee.explain.recorded import story_of
from tlsee.explain.story import Story
from tlsee.identity.authority import Authority
from tlsee.identity.trust import Trust
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import RecordReceived, RecordSent, Role, SecretDerived

__all__ = ["world"]


def _words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_recording_is_told(name: str, tmp_path: Path) -> None:
    """Every message by its name, what was chosen and proved, what it cost; from either side."""
    made = record(name)
    for whose, recorder in (("client", made.client), ("server", made.server)):
        path = tmp_path / f"{whose}.tlsrec"
        recorder.recording.save(path)
        result = tlsee("explain", path)
        assert (result.code, result.err) == (0, "")
        looks_good(result.out)
        said = _words(result.out)
        assert f"what a {whose} saw" in said
        assert "Left out: secrets" in said
        for word in ("ClientHello", "ServerHello", "Finished", "application data", "proved"):
            assert word in said
        assert "nobody else may know" not in said


def _told(story: Story) -> list[str]:
    lines = [line for block in narrate(story, detail=True) for line in block.lines]
    lines += summary.choices(story) + summary.summary(story)
    return [re.sub(r"\d+\.\d ms", "N ms", line.text) for line in lines]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_words_as_when_it_happened(name: str, tmp_path: Path) -> None:
    """A connection told while it is watched and told from its file differ in no line."""
    made = record(name)
    recorders = (made.client, made.server, made.full_client, made.full_server)
    for recorder, collector in zip(recorders, (*made.collectors, *made.collectors), strict=True):
        path = tmp_path / "c.tlsrec"
        recorder.recording.save(path)
        assert _told(story_of(Recording.load(path))) == _told(Story.of(collector))


def test_every_field_with_its_bytes(tmp_path: Path) -> None:
    """``-vv`` adds the fields."""
    path = tmp_path / "c.tlsrec"
    record("1.3").client.recording.save(path)
    brief, whole = tlsee("explain", path), tlsee("explain", path, "-vv")
    assert "legacy_session_id" not in brief.out
    assert "legacy_session_id" in whole.out


def test_a_failure_is_told_from_the_file(tmp_path: Path) -> None:
    """The sentence is the one that the program had."""
    path = tmp_path / "c.tlsrec"
    nobody = client_config(trust=Trust.from_pem(Authority.create("somebody else").pem))
    with Recorder(path) as recorder:
        pair = Pair(nobody, client_options={"observers": [recorder]})
        with pytest.raises(CertificateRejected) as caught:
            pair.run()
    result = tlsee("explain", path)
    assert result.code == 0
    said = _words(result.out)
    assert caught.value.reason.sentence in said
    assert caught.value.fix in said
    assert f"alert {caught.value.label}" in said


def test_a_file_that_was_cut_off(tmp_path: Path) -> None:
    """What could be read is told, and then that it is not all."""
    path = tmp_path / "c.tlsrec"
    data = record("1.3").client.recording.to_bytes()
    path.write_bytes(data[: len(data) // 2])
    result = tlsee("explain", path)
    said = _words(result.out)
    assert (result.code, result.err) == (0, "")
    assert "ClientHello" in said
    assert "The file is not whole: frame" in said
    assert "was not done when the recording ends" in said
    looks_good(result.out)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it is empty"),
        (b"-----BEGIN CERTIFICATE-----", "this is no recording of tlsee's"),
        (record("1.3").client.recording.to_bytes()[:20], "cut off in its first bytes"),
        (b"\x89TLSREC\r\n\x1a\n" + bytes(20), "damaged in its first bytes"),
    ],
)
def test_what_is_no_recording(data: bytes, says: str, tmp_path: Path) -> None:
    """Exit code 2, a sentence, and what makes one."""
    path = tmp_path / "c.tlsrec"
    path.write_bytes(data)
    result = tlsee("explain", path)
    assert (result.code, result.out) == (2, "")
    assert says in _words(result.err)


# --- Making them --------------------------------------------------------------------------------


def test_connect_records(world: World, tmp_path: Path) -> None:
    """``--record`` writes what ``explain`` tells, without secrets unless those are asked for."""
    path = tmp_path / "c.tlsrec"
    config = ServerConfig(credentials=[world.authority.issue("localhost")])
    with tls_server(config) as (port, _):
        for options in ((), ("--reveal-secrets",)):
            given = ("--ca", world.ca, "--record", path, *options)
            result = tlsee("connect", f"localhost:{port}", "-n", *given)
            assert (result.code, result.err) == (0, "")
            recording = Recording.load(path)
            assert (recording.damage, recording.role) == ("", Role.CLIENT)
            assert recording.reveals_secrets == bool(options)
            secrets = [e for e in recording.events() if isinstance(e, SecretDerived)]
            assert bool(secrets) == bool(options)
            assert bool(len(recording.journal)) == bool(options)
            assert "ServerHello" in tlsee("explain", path).out


def test_demo_records_both_sides(tmp_path: Path) -> None:
    """The server's recording stands beside the client's."""
    path = tmp_path / "demo.tlsrec"
    assert tlsee("demo", "--record", path, "--reveal-secrets").code == 0
    client, server = Recording.load(path), Recording.load(tmp_path / "demo-server.tlsrec")
    assert (client.role, server.role) == (Role.CLIENT, Role.SERVER)
    assert len(client.journal) > 2
    assert len(server.journal) > 2
    sent = [e.raw for e in client.events() if isinstance(e, RecordSent)]
    assert sent == [e.raw for e in server.events() if isinstance(e, RecordReceived)]


def test_pseudonyms(tmp_path: Path) -> None:
    """Nobody is named in the file, which says so, and it is told like any other."""
    path = tmp_path / "demo.tlsrec"
    assert tlsee("demo", "--record", path, "--pseudonyms").code == 0
    for found in (path, tmp_path / "demo-server.tlsrec"):
        recording = Recording.load(found)
        assert recording.header.has_pseudonyms
        assert not any(b"demo.test" in getattr(e, "raw", b"") for e in recording.events())
        result = tlsee("explain", found)
        assert (result.code, result.err) == (0, "")
        assert "demo.test" not in result.out
        assert "are pseudonyms" in _words(result.out)


def test_serve_records_each_client(tmp_path: Path) -> None:
    """A file for each client that said something, the first under the name that was given."""
    path = tmp_path / "s.tlsrec"
    complaints: list[str] = []
    many = ManyRecordings(RecordWish(str(path)), complaints.append)
    silent, first, second = many.next(), many.next(), many.next()
    for one in (first, second):
        Pair(server_options={"observers": one.observers}).run()
    for one in (silent, first, second):
        one.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s-2.tlsrec", "s.tlsrec"]
    for found in tmp_path.iterdir():
        assert Recording.load(found).role is Role.SERVER
    assert ManyRecordings(None, complaints.append).next().observers == ()
    nowhere = ManyRecordings(RecordWish(str(tmp_path / "no" / "s.tlsrec")), complaints.append)
    one = nowhere.next()
    assert Pair(server_options={"observers": one.observers}).run().done
    one.close()
    assert "is not complete" in complaints[0]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--record", "no/such/place.tlsrec"], "cannot write no/such/place.tlsrec (--record)"),
        (["--reveal-secrets"], "add --record FILE"),
        (["--pseudonyms"], "--pseudonyms is about a recording"),
        (["--record", "x", "--reveal-secrets", "--pseudonyms"], "contradict each other"),
    ],
)
def test_what_cannot_be_recorded(options: list[str], says: str) -> None:
    """Said before anything else happens."""
    result = tlsee("demo", *options)
    assert (result.code, result.out) == (2, "")
    assert says in _words(result.err)
