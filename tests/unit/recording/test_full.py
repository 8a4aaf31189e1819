"""Full recordings: what a replay needs is in them, comes back from a file, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import Pair, client_config, server_config, trust
from tests.support.recordings import SAID, SCENARIOS, record, reread
from tlsee.crypto.entries import Entry
from tlsee.crypto.journal import Journal
from tlsee.crypto.provider import LATER
from tlsee.deciders import default_judge
from tlsee.errors import ApiMisuse, PeerMisbehaved, TLSError
from tlsee.questions import Judge
from tlsee.recording.encoding import decode, encode
from tlsee.recording.kept import NO_EVENTS, Answered, How, Moment
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.recording.shapes import Body, EntryBody
from tlsee.recording.watching import sessions_in, watched_config
from tlsee.sessions.stores import StoredSessions
from tlsee.trace import Deed, QuestionAnswered, QuestionAsked
from tlsee.wire.codec import write


def items(recording: Recording, kind: type) -> list[Any]:
    """The moments' items of a kind."""
    return [moment.item for moment in recording.moments if isinstance(moment.item, kind)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_all_of_it_comes_back(name: str) -> None:
    """Deeds, answers, configuration and journal are the same behind a file's bytes."""
    made = record(name)
    for recorder in (made.full_client, made.full_server):
        recording = recorder.recording
        again = reread(recording)
        assert again.damage == ""
        assert again.journal.entries == recording.journal.entries
        assert items(again, Deed)
        for kind in (Deed, Answered):
            assert [encode(Moment(0, 0, item)) for item in items(again, kind)] == [
                encode(Moment(0, 0, item)) for item in items(recording, kind)
            ]


def test_what_the_program_did() -> None:
    """How it began, what came, what was written, and how it ended, in order."""
    recording = record("1.3").full_client.recording
    deeds = items(recording, Deed)
    assert deeds[0].what == "connect"
    assert deeds[0].arguments == ("server.test", None, 0)
    others = [deed for deed in deeds if deed.what != "receive_data"]
    assert [deed.what for deed in others[1:]] == ["write", "close_write"]
    assert others[1].data == SAID
    assert SAID.hex() not in repr(deeds)
    assert not [event for event in recording.events() if isinstance(event, NO_EVENTS)]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_redacted_one_has_none_of_it(name: str) -> None:
    """That questions were asked is told; the answers and the deeds are not."""
    made = record(name)
    for recorder in (made.client, made.server):
        assert recorder.on_deed is None
        recording = reread(recorder.recording)
        assert not items(recording, Deed)
        assert not items(recording, Answered)
        full = made.full_client if recorder is made.client else made.full_server
        for kind in (QuestionAsked, QuestionAnswered):
            assert len(items(recording, kind)) == len(items(full.recording, kind))
        for told in items(recording, QuestionAnswered):
            assert (told.question, told.answer) == (None, None)


def test_each_answer_is_a_value() -> None:
    """A verdict, a chosen credential, another configuration, a refusal."""
    made = record("1.3, client certificate")
    client = {one.question: one for one in items(made.full_client.recording, Answered)}
    server = {one.question: one for one in items(made.full_server.recording, Answered)}
    assert client["Judge"].how is server["Judge"].how is How.VERDICT
    assert client["Judge"].thing.accepted
    chosen, scheme, known, *_ = client["ChooseCredential"].values
    assert "client.test" in repr(chosen)
    assert (str(scheme), known) == ("ecdsa_secp256r1_sha256", True)
    assert len(client["Sign"].values[0]) > 60
    assert server["ConfigForHello"].how is How.VALUES


def test_another_configuration_is_an_answer() -> None:
    """It stands in the recording, and its provider is watched as the first one's was."""
    recorder = Recorder(reveal_secrets=True)
    other = server_config(alpn=["h2"])
    config = recorder.watched(server_config(config_for_hello=lambda _: other))
    Pair(client_config(alpn=["h2"]), config, server_options={"observers": [recorder]}).run()
    (answered,) = [
        one for one in items(recorder.recording, Answered) if one.question == "ConfigForHello"
    ]
    assert answered.how is How.CONFIGURATION
    assert answered.thing.settings["alpn"] == (b"h2",)
    assert "random 32 for server_random" in [e.label for e in recorder.recording.journal.entries]


def test_a_refusal_is_an_answer() -> None:
    """What the application raised instead of an answer, or a judge, is kept with its reason."""

    def refuse(_: Any) -> Any:
        raise OSError("no")

    recorder = Recorder(reveal_secrets=True)
    pair = Pair(
        recorder.watched(client_config(judge=refuse)), client_options={"observers": [recorder]}
    )
    with pytest.raises(TLSError, match="judge raised OSError"):
        pair.run()
    (answered,) = items(reread(recorder.recording), Answered)
    assert (answered.question, answered.how) == ("Judge", How.REFUSED)
    assert answered.thing.name == "local_failure"


def test_a_late_answer_is_a_deed() -> None:
    """Which question of its kind it was for, and the answer behind it."""
    recorder = Recorder(reveal_secrets=True)
    pair = Pair(
        recorder.watched(client_config(judge=lambda _: LATER)),
        client_options={"observers": [recorder]},
        answer=lambda question: default_judge(question.request),  # type: ignore[attr-defined]
    )
    pair.run()
    recording = recorder.recording
    (deed,) = [deed for deed in items(recording, Deed) if deed.what == "answer"]
    assert deed.arguments == (Judge.__name__, 0)
    (answered,) = items(recording, Answered)
    assert answered.how is How.VERDICT


def test_stores_are_watched() -> None:
    """What a client took and what a server gave out is in the journal; sealing bytes are not."""
    sessions = StoredSessions()
    ours, theirs = Journal(), Journal()
    client = watched_config(client_config(sessions=True), ours)
    server = watched_config(server_config(sessions=sessions), theirs)
    for _ in range(2):
        Pair(client, server).run()
    taken = [entry for entry in ours.entries if entry.kind == "sessions"]
    assert [entry.code for entry in taken] == [0, 1]
    ((session,), given) = sessions_in(taken[1]), [e for e in theirs.entries if e.kind == "ticket"]
    assert session.ticket in [entry.data for entry in given]
    assert all(entry.purpose for entry in theirs.entries if entry.kind == "random")
    with pytest.raises((ValueError, PeerMisbehaved)):
        sessions_in(Entry("sessions", 1, b"\x00\x00\x00\x05\x00\x00\x01xx"))


def test_an_entry_of_an_older_release() -> None:
    """Kind 32 is read still; it serves any purpose."""
    body = EntryBody(b"random", 4, b"data", b"")
    moment = decode(write(Body(32, 1, 2, write(body))))
    assert moment is not None
    assert moment.item == Entry.random(b"data")
    assert moment.item.purpose == ""


@pytest.mark.parametrize(
    "entry",
    [
        Entry("random", 5, b"data"),
        Entry("clock", 0, b"\x7f\xf0" + bytes(6)),
        Entry("clock", 0, b"now"),
        Entry("something", 0, b""),
    ],
)
def test_an_entry_that_nobody_wrote(entry: Entry) -> None:
    """Of no known kind, of another length, or a clock that shows no number."""
    with pytest.raises(ValueError, match=r"journal|clock"):
        decode(encode(Moment(0, 0, entry)))


def test_watching_without_secrets_is_misuse() -> None:
    """A redacted recorder takes over no journal either."""
    with pytest.raises(ApiMisuse, match="redacted"):
        Recorder().adopt(client_config(trust=trust()), Journal())
