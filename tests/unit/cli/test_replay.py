"""``tlsee replay``: what it says of a replay, a stop, a fork and a play, in words and as JSON."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.machine.test_replay import flipped, with_entry
from tests.support.command import looks_good, tlsee
from tests.support.endpoints import NAME, Pair, client_config, events_of, server_config
from tests.support.recordings import SCENARIOS, record
from tests.support.schemas import complaints, schema
from tests.support.serving import serving
from tlsee.codes import NamedGroup
from tlsee.errors import TLSError
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.values import replace


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A connection's four recordings."""
    place = tmp_path_factory.mktemp("recordings")
    made = record("1.3")
    for name in ("client", "full_client", "full_server"):
        getattr(made, name).recording.save(place / f"{name}.tlsrec")
    return place


def words(text: str) -> str:
    """In one line."""
    return " ".join(text.split())


def run(place: Path, name: str, *arguments: str, code: int = 0) -> str:
    """What it prints; it ends with the code and fits the screen."""
    result = tlsee("replay", place / f"{name}.tlsrec", *arguments)
    assert (result.code, result.err) == (code, "")
    if "--json" not in arguments:
        looks_good(result.out)
    return result.out


def found(place: Path, name: str, *arguments: str, code: int = 0) -> Any:
    """The JSON object; it keeps to the schema."""
    item = json.loads(run(place, name, *arguments, "--json", code=code))
    assert complaints(item, schema("tlsee.replay/1")) == []
    assert item["ok"] is (code == 0)
    return item


@pytest.mark.parametrize("side", ["full_client", "full_server"])
def test_the_same(files: Path, side: str) -> None:
    """How many messages and bytes matched, and how it ended."""
    said = words(run(files, side))
    assert said.startswith("same ")
    assert "7 messages" in said
    assert "bytes sent" in said
    item = found(files, side)
    assert item["same"] is True
    assert item["replayed"]["messages"] == 7
    assert item["replayed"]["difference"] is None


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_kind(name: str, tmp_path: Path) -> None:
    """Words and JSON for each kind of connection, changed too."""
    made = record(name)
    for side in ("full_client", "full_server"):
        getattr(made, side).recording.save(tmp_path / f"{side}.tlsrec")
    for side, other in (("full_client", "full_server"), ("full_server", "full_client")):
        assert found(tmp_path, side)["same"]
        played = ("--with", str(tmp_path / f"{other}.tlsrec"))
        assert words(run(tmp_path, side, *played)).startswith("played ")
        item = found(tmp_path, side, *played, "--set", f"client_hello.random=hex:{'07' * 32}")
        assert {end["role"] for end in item["ends"]} == {"client", "server"}
        assert not item["same"]


def test_the_first_difference(files: Path, tmp_path: Path) -> None:
    """The message, both values, the field, and what it means."""
    recording = Recording.load(files / "full_client.tlsrec")
    labels = [entry.label for entry in recording.journal.entries]
    place = labels.index("random 32 for session_id")
    with_entry(recording, place, lambda e: replace(e, data=flipped(e.data, 3))).save(
        tmp_path / "changed.tlsrec"
    )
    said = words(run(tmp_path, "changed", code=1))
    for word in ("differs", "message 1, client_hello", "from byte 42", "legacy_session_id", "now:"):
        assert word in said
    assert "another release recorded it" in said
    (field,) = found(tmp_path, "changed", code=1)["replayed"]["difference"]["fields"]
    assert field["path"] == "legacy_session_id"
    assert field["then"] != field["now"]
    assert field["clause"].startswith("RFC 9846")


def test_a_stop(files: Path) -> None:
    """At a state, a message, a number; what was decided by then. Or it went by."""
    said = words(run(files, "full_client", "--until", "WaitServerHello"))
    assert "stopped at WaitServerHello" in said
    assert "messages client_hello" in said
    for where in ("certificate", "4"):
        item = found(files, "full_client", "--until", where)["stopped"]
        assert (item["state"], item["messages"]) == ("WaitCertificateVerify", 4)
        assert {choice["what"] for choice in item["choices"]} >= {"version", "suite", "group"}
    said = words(run(files, "full_client", "--until", "Nowhere", code=1))
    assert "Nowhere was not reached" in said
    assert "WaitServerHello" in said
    assert "near" not in said
    said = words(run(files, "full_client", "--until", "waitseverhello", code=1))
    assert "near --until WaitServerHello" in said
    assert not found(files, "full_client", "--until", "99", code=1)["stopped"]["reached"]
    changed = found(files, "full_client", "--until", "client_hello", "--set", "alpn=h2")
    assert changed["changes"] == [{"name": "alpn", "value": "h2"}]


def test_a_fork(files: Path) -> None:
    """What was changed, what differs, where it ends and why, and what would help."""
    said = words(run(files, "full_client", "--set", "groups=x25519", code=1))
    for word in (
        "ends early",
        "changed groups = x25519",
        "named_group_list",
        "message 2, server_h",
    ):
        assert word in said
    assert "--with and the recording of the other end" in said
    item = found(files, "full_client", "--set", "groups=x25519", code=1)
    assert item["misfit"]["message"] == "server_hello"
    assert item["seed"] == "tlsee"
    assert words(run(files, "full_server", "--set", "tickets=0")).startswith("went on ")


def test_a_play(files: Path) -> None:
    """To the end, with what differs at both ends; or to the refusal of one."""
    other = str(files / "full_server.tlsrec")
    said = words(run(files, "full_client", "--with", other, "--set", "groups=x25519"))
    for word in ("played", "group X25519MLKEM768, now x25519", "client ConnectedClient"):
        assert word in said
    assert "a stand-in for signature" in said
    assert "now: a stand-in" in said
    assert "unreadable" not in said
    assert "of the seed 'mine'" in words(
        run(files, "full_client", "--with", other, "--set", "groups=x25519", "--seed", "mine")
    )
    refused = ("--with", other, "--set", "server_name=other.test")
    said = words(run(files, "full_client", *refused, code=1))
    assert "failed" in said
    assert f"the certificate is for {NAME}; asked for other.test" in said
    item = found(files, "full_client", *refused, code=1)
    assert item["ends"][0]["error"]["name"] == "name_mismatch"


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("client", (), "it can be explained, not replayed"),
        ("full_client", ("--set", "groups"), "write NAME=VALUE"),
        ("full_client", ("--set", "nothing=1"), "neither a message's field nor a setting"),
        ("full_client", ("--set", "client_hello.x=1"), "no such field"),
        ("full_client", ("--set", "groups=none"), "is no NamedGroup"),
        ("full_client", ("--at", "+1d"), "--at is about --against"),
        ("full_client", ("--until", "1", "--with", "x"), "leave one of them out"),
        ("full_client", ("--seed", "mine"), "--set or --with"),
        ("full_client", ("--until", "0"), "counted from 1"),
        ("full_client", ("--until", ""), "name a state or a message"),
        ("full_client", ("--set", "certificate_status.x=1"), "changed nothing"),
        ("full_client", ("--against", "x", "--set", "a=b"), "leave one of them out"),
        ("missing", (), "cannot be read"),
    ],
)
def test_what_cannot_be(files: Path, name: str, arguments: tuple[str, ...], says: str) -> None:
    """Exit code 2 and a sentence on what to do; with --json the object says it."""
    result = tlsee("replay", files / f"{name}.tlsrec", *arguments)
    assert (result.code, result.out) == (2, "")
    assert says in words(result.err)
    looks_good(result.err)
    if "--against" not in arguments:
        result = tlsee("replay", files / f"{name}.tlsrec", *arguments, "--json")
        item = json.loads(result.out)
        assert complaints(item, schema("tlsee.replay/1")) == []
        assert (result.code, item["ok"]) == (2, False)
        assert (item["with"] is not None) is ("--with" in arguments)
        assert says in f"{item['sentence']}; {item['fix']}"


def test_a_play_that_failed_before(tmp_path: Path) -> None:
    """It fails as it did then, which is no failure of the change; another failure is one."""
    made = Recorder(reveal_secrets=True), Recorder(reveal_secrets=True)
    pair = Pair(
        made[0].watched(client_config(groups=[NamedGroup.x25519])),
        made[1].watched(server_config(groups=[NamedGroup.secp384r1])),
        client_options={"observers": [made[0]]},
        server_options={"observers": [made[1]]},
    )
    for one, other in ((pair.client, pair.server), (pair.server, pair.client)):
        Pair.carry(one, other)
        with contextlib.suppress(TLSError):
            events_of(other)
    for recorder, name in zip(made, ("failed", "failed-server"), strict=True):
        recorder.recording.save(tmp_path / f"{name}.tlsrec")
    other_end = ("--with", str(tmp_path / "failed-server.tlsrec"))
    said = words(run(tmp_path, "failed", *other_end))
    assert said.startswith("played")
    assert "it fails as it did then" in said
    assert found(tmp_path, "failed", *other_end)["ok"]
    changes = ("--set", "groups=secp384r1", "--set", "server_name=other.test")
    said = words(run(tmp_path, "failed", *other_end, *changes, code=1))
    assert said.startswith("failed")
    assert not found(tmp_path, "failed", *other_end, *changes, code=1)["ok"]


def test_a_file_that_was_cut_off(files: Path) -> None:
    """All that is left may be as recorded: it is not said to be the same, nor to be the end."""
    whole = (files / "full_client.tlsrec").read_bytes()
    (files / "cut.tlsrec").write_bytes(whole[: len(whole) // 2])
    said = words(run(files, "cut", code=1))
    assert said.startswith("cut off")
    assert "so far" in said
    item = found(files, "cut", code=1)
    assert not item["ok"]
    assert item["replayed"]["cut_off"]
    assert "to where the file is cut off" in words(run(files, "cut", "--set", "alpn=", code=1))
    item = found(files, "cut", "--set", "alpn=", code=1)
    assert not item["ok"]
    assert item["ends"][0]["cut_off"].startswith("frame")


def test_the_file_that_lacks_something_is_named(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two the one that cannot be replayed, not the first."""
    monkeypatch.chdir(files)
    result = tlsee("replay", "full_client.tlsrec", "--with", "client.tlsrec")
    assert result.code == 2
    assert "tlsee: client.tlsrec: this recording leaves out" in words(result.err)


def test_one_at_a_time(files: Path) -> None:
    """Several are for --against; the ends of two connections do not play."""
    both = [files / "full_client.tlsrec", files / "full_server.tlsrec"]
    result = tlsee("replay", *both)
    assert result.code == 2
    assert "--against FILE judges several" in words(result.err)
    result = tlsee("replay", both[0], "--with", both[0])
    assert "not the two ends of one connection" in words(result.err)


# --- What the other verbs record --------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--tls", "1.2"),
        ("--mutual",),
        ("--resume",),
        ("--resume", "--early-data"),
        ("--resume", "--tls", "1.2"),
        ("--key-exchange", "dhe"),
        ("--key-exchange", "rsa"),
    ],
)
def test_a_demo(options: tuple[str, ...], tmp_path: Path) -> None:
    """Each file that a demo makes runs again; the two of a connection play."""
    path = tmp_path / "demo.tlsrec"
    assert tlsee("demo", *options, "--record", path, "--reveal-secrets").code == 0
    files = sorted(tmp_path.glob("*.tlsrec"))
    assert len(files) >= 2
    for file in files:
        assert words(tlsee("replay", file).out).startswith("same ")
    result = tlsee("replay", path, "--with", tmp_path / "demo-server.tlsrec")
    assert "nothing that is sent or chosen" in words(result.out)


def test_a_server_and_its_clients(tmp_path: Path) -> None:
    """serve keeps a journal for each client of its own; connect's recordings run again, too."""
    recorded = ("--record", tmp_path / "serve.tlsrec", "--reveal-secrets", "--count", "3")
    with serving(tmp_path, *recorded) as server:
        for number, version in enumerate(("1.3", "1.2", "1.3")):
            result = tlsee(
                "connect", f"localhost:{server.port}", "--ca", server.ca, "--tls", version, "-n",
                "--record", tmp_path / f"client-{number}.tlsrec", "--reveal-secrets",
                "--http", "/",
            )  # fmt: skip
            assert result.code == 0, result.err
        code, _, _ = server.wait()
        assert code == 0
    files = sorted(tmp_path.glob("*.tlsrec"))
    assert len(files) == 6
    for file in files:
        said = words(tlsee("replay", file).out)
        assert said.startswith("same "), said
