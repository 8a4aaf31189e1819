"""The recorder: it hears all, keeps what it may, and disturbs nobody."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import Any, get_args

import pytest

import tlsee
from tests.support.endpoints import Pair, client_config, server_config
from tests.support.recordings import SCENARIOS, TLS13, record, reread
from tlsee.connection.core import Core
from tlsee.errors import ApiMisuse, CertificateRejected
from tlsee.explain.collector import Collector
from tlsee.explain.recorded import collected, story_of
from tlsee.identity.authority import Authority
from tlsee.identity.trust import Trust
from tlsee.recording import recorder as module
from tlsee.recording.encoding import BY_CLASS, ROWS, encode
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import (
    CertificateJudged,
    Deed,
    Epoch,
    Failed,
    HandshakeCompleted,
    MessageReceived,
    MessageSent,
    QuestionAsked,
    Role,
    SecretDerived,
    StateEntered,
    TraceEvent,
)

FULL = Path("/dev/full")


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_file_gives_back_what_was_heard(name: str) -> None:
    """Both kinds of recording come back moment by moment; written again they are the same bytes."""
    for recorder in record(name).recorders:
        recording = recorder.recording
        back = reread(recording)
        assert (back.damage, back.unknown, back.lost) == ("", 0, 0)
        assert [encode(m) for m in back.moments] == [encode(m) for m in recording.moments]
        assert back.role is recording.role
        assert [type(e) for e in back.events()] == [type(e) for e in recording.events()]


def test_every_event_has_a_place() -> None:
    """A new event of the trace is a new row of the format, or recordings would lose it."""
    assert [kind for kind in get_args(TraceEvent) if kind not in BY_CLASS] == []
    numbers = [row.number for row in ROWS]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_role_is_read_from_the_first_message(name: str) -> None:
    """Nobody tells a recorder at which end it listens."""
    made = record(name)
    assert made.client.recording.role is made.full_client.recording.role is Role.CLIENT
    assert made.server.recording.role is made.full_server.recording.role is Role.SERVER


class _Teller:
    """A collector and a recorder that hear the same and look at the same clock."""

    def __init__(self, role: Role) -> None:
        self.now = 0
        self.collector = Collector(role, lambda: self.now / 1e9)
        self.recorder = Recorder(clock=lambda: self.now)

    def on_event(self, event: Any) -> None:
        self.now += 1_000
        self.collector.on_event(event)
        self.recorder.on_event(event)


def _as_told(collector: Collector) -> list[str]:
    return [f"{at:.6f} {event!r}" for at, event in collector.so_far()]


@pytest.mark.parametrize("version", [tlsee.ProtocolVersion.TLS13, tlsee.ProtocolVersion.TLS12])
def test_the_story_is_the_one_that_was_lived(version: tlsee.ProtocolVersion) -> None:
    """A collector that heard the connection and one that heard its file have heard the same."""
    ours, theirs = _Teller(Role.CLIENT), _Teller(Role.SERVER)
    pair = Pair(
        client_config(versions=[version]),
        server_config(versions=[version]),
        client_options={"observers": [ours]},
        server_options={"observers": [theirs]},
    ).run()
    pair.client.write(b"x" * 40_000)
    pair.run()
    pair.client.close_write()
    pair.run()
    for teller in (ours, theirs):
        again = collected(reread(teller.recorder.recording))
        lived = _as_told(teller.collector)
        assert len(lived) > 20
        assert [w for w in _as_told(again) if "Judged" not in w] == [
            w for w in lived if "Judged" not in w
        ]
        assert story_of(teller.recorder.recording).handshake_wire > 900


def test_a_verdict_comes_back_whole() -> None:
    """Paths, checks, reasons and certificates are those of the judge; so is the refusal's error."""
    recorder = Recorder()
    nobody = client_config(trust=Trust.from_pem(Authority.create("somebody else").pem))
    pair = Pair(nobody, server_config(), client_options={"observers": [recorder]})
    with pytest.raises(CertificateRejected) as caught:
        pair.run()
    told = caught.value
    back = reread(recorder.recording)
    (verdict,) = [e.verdict for e in back.events() if isinstance(e, CertificateJudged)]
    judged = told.verdict
    assert (verdict.accepted, verdict.reason, verdict.detail) == (False, told.reason, judged.detail)
    assert (verdict.at, verdict.name, verdict.purpose) == (judged.at, judged.name, judged.purpose)
    assert verdict.presented == judged.presented
    assert [p.checks for p in verdict.tried] == [p.checks for p in judged.tried]
    assert [p.chain for p in verdict.tried] == [p.chain for p in judged.tried]
    (failed,) = [e for e in back.events() if isinstance(e, Failed)]
    assert str(failed.error) == str(told)
    assert type(failed.error) is type(told)
    assert failed.error.verdict is verdict


def test_an_accepted_verdict_comes_back_with_its_path() -> None:
    """Who the peer is, by which path and anchor."""
    made = record("1.3, client certificate")
    for recorder in (made.client, made.server):
        (live,) = [e for e in recorder.recording.events() if isinstance(e, CertificateJudged)]
        (back,) = [
            e for e in reread(recorder.recording).events() if isinstance(e, CertificateJudged)
        ]
        peer, was = back.verdict.peer, live.verdict.peer
        assert peer.path.chain == was.path.chain
        assert (peer.name, peer.matched, peer.store) == (was.name, was.matched, was.store)
        assert back.verdict.tried == (peer.path,)
        assert back.verdict.asked is None


# --- As it happens ------------------------------------------------------------------------------


def test_a_crash_keeps_what_was_there(tmp_path: Path) -> None:
    """A file has every event as soon as it was told, without any closing."""
    path = tmp_path / "c.tlsrec"
    recorder = Recorder(path)
    pair = Pair(client_options={"observers": [recorder]})
    (moment,) = [m for m in Recording.load(path).moments if isinstance(m.item, MessageSent)]
    assert moment.item.raw[0] == 1
    pair.run()
    back = Recording.load(path)
    assert [encode(m) for m in back.moments] == [encode(m) for m in recorder.recording.moments]
    assert any(isinstance(e, HandshakeCompleted) for e in back.events())
    recorder.close()


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    """Names and certificates are nobody else's business, and secrets less."""
    path = tmp_path / "c.tlsrec"
    path.write_bytes(b"older")
    path.chmod(0o644)
    with Recorder(path):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Recording.load(path).moments == ()


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full")
def test_a_full_disk_ends_the_file_and_not_the_connection() -> None:
    """The connection goes on, the memory has it all, and ``failure`` says why the file ended."""
    with Recorder(FULL) as recorder:
        assert Pair(client_options={"observers": [recorder]}).run().done
    assert isinstance(recorder.failure, OSError)
    assert any(isinstance(e, HandshakeCompleted) for e in recorder.recording.events())


def test_what_has_no_place_is_counted_and_disturbs_nobody() -> None:
    """An event that the format has no kind for is lost; whoever told it hears nothing of it."""
    recorder = Recorder()
    recorder.on_event(object())  # type: ignore[arg-type]
    recorder.on_event(StateEntered("WaitServerHello"))
    assert isinstance(recorder.failure, ValueError)
    recording = reread(recorder.recording)
    assert (recording.lost, list(recording.events())) == (1, [StateEntered("WaitServerHello")])


def test_there_is_a_bound(tmp_path: Path) -> None:
    """A peer that goes on saying things fills neither memory nor disk; the end is kept even so."""
    path = tmp_path / "c.tlsrec"
    with Recorder(path, limit=10 * (module.MOMENT_SIZE + 100)) as recorder:
        for _ in range(25):
            recorder.on_event(MessageReceived(Epoch.APPLICATION, bytes(100)))
        recorder.on_event(HandshakeCompleted())
    for recording in (recorder.recording, Recording.load(path)):
        events = list(recording.events())
        assert (len(events), recording.lost) == (11, 15)
        assert events[-1] == HandshakeCompleted()


def test_time_and_cost_of_each_step() -> None:
    """Times count from the beginning; processor time is the thread's, without the recorder's."""
    now, used = iter(range(1_000, 2_000, 10)), iter((5, 6, 36, 40, 100, 101))
    recorder = Recorder(clock=lambda: next(now), cpu_clock=lambda: next(used), today=lambda: 7)
    recorder.on_event(StateEntered("a"))
    recorder.on_event(StateEntered("b"))
    thread = threading.Thread(target=recorder.on_event, args=(StateEntered("c"),))
    thread.start()
    thread.join()
    moments = reread(recorder.recording).moments
    assert [(m.at, m.cpu) for m in moments] == [(10, None), (20, 30), (30, None)]
    assert recorder.recording.header.began == 7


def test_without_observers_nothing_of_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that nobody watches makes no event and calls no observer; one is counted too."""
    calls: list[str] = []
    for owner, name in ((Recorder, "on_event"), (Collector, "on_event"), (Core, "_notify")):
        original = getattr(owner, name)

        def counted(self: Any, event: Any, original: Any = original, name: str = name) -> None:
            calls.append(f"{type(self).__name__}.{name}")
            original(self, event)

        monkeypatch.setattr(owner, name, counted)
    events: list[str] = []
    for kind in (MessageSent, MessageReceived, StateEntered, SecretDerived, QuestionAsked, Deed):
        init = kind.__init__

        def made(self: Any, *given: Any, init: Any = init) -> None:
            events.append(type(self).__name__)
            init(self, *given)

        monkeypatch.setattr(kind, "__init__", made)
    Pair(client_config(**TLS13), server_config(**TLS13)).run().client.write(b"data")
    assert (calls, events) == ([], [])
    Pair(client_options={"observers": [Recorder()]}).run()
    assert calls.count("Recorder.on_event") == calls.count("ClientConnection._notify") > 20
    assert "MessageSent" in events
    assert "QuestionAsked" in events
    events.clear()
    Pair(client_options={"observers": [Recorder(reveal_secrets=True)]}).run()
    assert "Deed" in events


# --- All of it ----------------------------------------------------------------------------------


def test_only_what_reveals_has_a_journal() -> None:
    """Watching a configuration with a recorder that leaves all answers out is a mistake."""
    with pytest.raises(ApiMisuse, match="redacted"):
        Recorder().watched(client_config())


def test_all_of_it_has_secrets_journal_and_configuration() -> None:
    """What a replay needs is there, and comes back from the file."""
    recorder = record("1.3").full_client
    back = reread(recorder.recording)
    assert back.reveals_secrets
    labels = {e.label for e in back.events() if isinstance(e, SecretDerived)}
    assert {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"} <= labels
    assert {"random", "key_share", "clock"} <= {entry.kind for entry in back.journal.entries}
    configuration = back.configuration
    assert configuration is not None
    assert configuration.role is Role.CLIENT
    assert configuration.settings["versions"] == (tlsee.ProtocolVersion.TLS13,)
    assert configuration.settings["policy.name"] == ("default",)
