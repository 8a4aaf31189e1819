"""A full recording runs again: the same bytes, offline, with nothing of the machine it was made on.

What is changed in its journal stops it, and hostile recordings lead to sentences.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.endpoints import (
    NAME,
    Pair,
    client_config,
    client_credential,
    server_config,
    server_credential,
    trust,
)
from tests.support.house import REPOSITORY
from tests.support.recordings import SCENARIOS, TLS12, TLS13, record, reread
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, SignatureScheme
from tlsee.crypto.entries import Entry
from tlsee.crypto.private_keys import generate
from tlsee.crypto.provider import LATER
from tlsee.deciders import default_chooser, default_judge
from tlsee.errors import ApiMisuse, TLSError
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust
from tlsee.questions import ChooseCredential, ConfigForHello, Judge
from tlsee.recording.encoding import decode, encode
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.recording.replay import Outcome, Replaying, replay
from tlsee.sessions.stores import StoredSessions
from tlsee.trace import Deed, RecordSent, Role
from tlsee.values import replace

SIDES = ("full_client", "full_server")


@lru_cache(maxsize=32)
def _both(name: str) -> dict[str, Recording]:
    made = record(name)
    return {side: reread(getattr(made, side).recording) for side in SIDES}


def recorded(name: str, side: str) -> Recording:
    """A side's full recording of a scenario, from a file's bytes; of one connection, both."""
    return _both(name)[side]


def same(outcome: Outcome) -> None:
    """All was as recorded."""
    assert outcome.difference is None
    assert outcome.same
    assert outcome.messages
    assert outcome.unused == 0


def sent(recording: Recording) -> int:
    """Bytes of the records that a side sent."""
    return sum(len(event.raw) for event in recording.events() if isinstance(event, RecordSent))


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", SCENARIOS)
def test_each_kind_of_connection_runs_again(name: str, side: str) -> None:
    """Every event is the recorded one, every record sent the same bytes; nothing is left over."""
    recording = recorded(name, side)
    outcome = replay(recording)
    same(outcome)
    assert outcome.sent_bytes == sent(recording)
    assert outcome.role is (Role.CLIENT if side == "full_client" else Role.SERVER)


class Talk:
    """Two endpoints, both recorded in full, and their recordings."""

    def __init__(self, client: Any, server: Any, name: str | None = NAME, **options: Any) -> None:
        self.recorders = Recorder(reveal_secrets=True), Recorder(reveal_secrets=True)
        ours, theirs = self.recorders
        self.pair = Pair(
            ours.watched(client),
            theirs.watched(server),
            name=name,
            client_options={"observers": [ours]},
            server_options={"observers": [theirs]},
            **options,
        )

    def run_again(self) -> list[Outcome]:
        """What the replays of both recordings come to; they are as recorded."""
        outcomes = [replay(reread(recorder.recording)) for recorder in self.recorders]
        for outcome in outcomes:
            same(outcome)
        return outcomes


def _suites(*names: str) -> dict[str, Any]:
    suites = [CipherSuite.named(name) for name in names]
    return {**TLS12, "policy": policies.legacy, "suites": suites}


def test_dhe_runs_again() -> None:
    """TLS 1.2 with a group that the server describes."""
    settings = _suites("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256")
    talk = Talk(
        client_config(**settings),
        server_config(**settings, credentials=[server_credential("rsa2048")]),
    )
    talk.pair.run()
    talk.run_again()


def test_cbc_runs_again() -> None:
    """Each record's random IV comes from the journal, in writes of several records too."""
    settings = _suites("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA")
    talk = Talk(client_config(**settings), server_config(**settings))
    talk.pair.run()
    talk.pair.client.write(b"a" * 40_000)
    talk.pair.server.write(b"b")
    talk.pair.run()
    talk.run_again()


@pytest.mark.parametrize("version", [TLS13, TLS12])
def test_stored_sessions_run_again(version: dict[str, Any]) -> None:
    """What a store gave out and what was found in it is in the recording; the store is not."""
    sessions = StoredSessions()
    store = client_config(sessions=True, **version)
    Pair(store, server_config(sessions=sessions, **version)).run()
    talk = Talk(store, server_config(sessions=sessions, **version))
    talk.pair.run()
    assert talk.pair.client.info.resumed
    talk.run_again()


def test_authentication_after_the_handshake_runs_again() -> None:
    """request_certificate(), the client's answer, tickets on request and new keys."""
    talk = Talk(
        client_config(credentials=[client_credential()], post_handshake_auth=True, sessions=True),
        server_config(client_trust=trust(), client_auth="none", sessions=True),
    )
    pair = talk.pair.run()
    pair.server.request_certificate()
    pair.run()
    pair.server.send_tickets(2)
    pair.server.update_keys(request=True)
    pair.run()
    talk.run_again()


def test_later_answers_run_again() -> None:
    """Questions that the application answered wait in the replay as they did, input kept back."""
    first = server_config(alpn=["old"])
    other = server_config(alpn=["h2"], groups=[NamedGroup.secp384r1])

    def answer(question: Any) -> Any:
        if isinstance(question, Judge):
            return default_judge(question.request)
        if isinstance(question, ConfigForHello):
            return other
        assert isinstance(question, ChooseCredential)
        return default_chooser(question.request)

    talk = Talk(
        client_config(judge=lambda _: LATER, alpn=["h2"]),
        server_config(
            config_for_hello=lambda _: LATER, choose_credential=lambda _: LATER, alpn=["old"]
        ),
        answer=answer,
    )
    talk.pair.run()
    assert first.alpn == (b"old",)
    assert talk.pair.client.info.alpn == b"h2"
    talk.run_again()


@pytest.mark.parametrize("refuse", ["client", "server"])
def test_failures_run_again(refuse: str) -> None:
    """A refusal, by this side or told by an alert, is the same refusal again."""
    if refuse == "client":
        talk = Talk(client_config(), server_config(), name="other.test")
    else:
        talk = Talk(
            client_config(groups=[NamedGroup.x25519]), server_config(groups=[NamedGroup.secp384r1])
        )
    with pytest.raises(TLSError):
        talk.pair.run()
    for _ in range(2):
        for sender, receiver in (
            (talk.pair.client, talk.pair.server),
            (talk.pair.server, talk.pair.client),
        ):
            talk.pair.carry(sender, receiver)
    for outcome, side in zip(talk.run_again(), (talk.pair.client, talk.pair.server), strict=True):
        assert str(outcome.error) == str(side.failure)
        assert outcome.error is not None


def test_what_is_no_tls_runs_again() -> None:
    """Bytes that are no record, in pieces, and the end of the transport."""
    recorder = Recorder(reveal_secrets=True)
    pair = Pair(server=recorder.watched(server_config()), server_options={"observers": [recorder]})
    for piece in (b"GE", b"T / HT", b"TP/1.1"):
        pair.server.receive_data(piece)
    pair.server.receive_eof()
    outcome = replay(reread(recorder.recording))
    assert outcome.same
    assert outcome.error is not None
    assert outcome.error.name == "not_tls"


def test_two_threads_run_again() -> None:
    """What one thread wrote while another read comes between the same records."""
    talk = Talk(client_config(), server_config())
    pair = talk.pair.run()
    pair.server.write(b"one")
    pair.server.write(b"two")
    data = pair.server.data_to_send()

    class Interrupts:
        """Writes as soon as the first record is told of."""

        def __init__(self) -> None:
            self.done = False

        def on_event(self, event: Any) -> None:
            if not self.done and type(event).__name__ == "RecordReceived":
                self.done = True
                pair.client.update_keys()
                pair.client.write(b"between")

    pair.client._observers = (*pair.client._observers, Interrupts())
    pair.client._reader.observe = pair.client._notify
    pair.client.receive_data(data)
    pair.run()
    (outcome, _) = [replay(reread(recorder.recording)) for recorder in talk.recorders]
    same(outcome)


FRESH = """
import sys
import threading
import tlsee.identity.system_store as store
from tlsee.recording.recording import Recording
from tlsee.recording.replay import replay

def refused(*_):
    raise AssertionError("a replay looks at nothing of this machine")

import os, time
store.system_certificates = refused
for name in sys.argv[1:]:
    recording = Recording.load(name)
    os.urandom = time.time = refused
    outcome = replay(recording)
    assert outcome.same, outcome.difference
    print(outcome.messages, outcome.sent_bytes)
"""


@pytest.mark.parametrize("name", ["1.3, client certificate", "1.2, RSA key exchange"])
def test_another_machine(name: str, tmp_path: Path) -> None:
    """A fresh process without the authority, the store, the clock or the system's randomness."""
    files = []
    for side in SIDES:
        files.append(tmp_path / f"{side}.tlsrec")
        recorded(name, side).save(files[-1])
    done = subprocess.run(
        [sys.executable, "-c", FRESH, *map(str, files)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY / "src"), "SSL_CERT_FILE": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = [sent(recorded(name, side)) for side in SIDES]
    assert [int(line.split()[1]) for line in done.stdout.splitlines()] == expected


# --- What is changed is found ---------------------------------------------------------------------


def with_entry(recording: Recording, place: int, change: Callable[[Entry], Entry]) -> Recording:
    """The same with another entry at this place among the journal's."""
    moments, seen = list(recording.moments), -1
    for number, moment in enumerate(moments):
        if isinstance(moment.item, Entry):
            seen += 1
            if seen == place:
                moments[number] = replace(moment, item=change(moment.item))
    return Recording(recording.header, moments)


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    """The same with one bit changed."""
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


FIRST = [  # scenario, side, label of the entry, byte, and the first message that differs
    ("1.3", "full_client", "random 32 for client_random", 0, (1, "client_hello")),
    ("1.3", "full_client", "random 32 for session_id", 31, (1, "client_hello")),
    ("1.3", "full_client", "random 5 for grease", 0, (1, "client_hello")),
    ("1.3", "full_client", "key_share X25519MLKEM768", 5, (1, "client_hello")),
    ("1.3", "full_server", "random 32 for server_random", 7, (2, "server_hello")),
    ("1.3", "full_server", "response X25519MLKEM768", 9, (2, "server_hello")),
    ("1.3", "full_server", "signature ecdsa_secp256r1_sha256", 20, (5, "certificate_verify")),
    ("1.2", "full_client", "response x25519", 3, (6, "client_key_exchange")),
    ("1.2", "full_server", "key_share x25519", 3, (4, "server_key_exchange")),
    ("1.2, RSA key exchange", "full_client", "random 46 for premaster", 0, (5, "client_key_")),
    ("1.2, RSA key exchange", "full_client", "encrypted 0", 0, (5, "client_key_exchange")),
    ("1.2, RSA key exchange", "full_server", "decrypted 0", 9, (6, "finished")),
    ("1.3, resumed", "full_client", "sessions 1", 20, (1, "client_hello")),
    ("1.3, resumed", "full_server", "ticket 1", 40, (6, "new_session_ticket")),
    ("1.3, resumed", "full_server", "random 4 for ticket_age_add", 0, (6, "new_session_ticket")),
]


@pytest.mark.parametrize(("name", "side", "label", "at", "first"), FIRST)
def test_one_changed_byte_stops_at_the_first_message_that_differs(
    name: str, side: str, label: str, at: int, first: tuple[int, str]
) -> None:
    """For every kind of entry: the message that it goes into, by its number and name."""
    recording = recorded(name, side)
    labels = [entry.label for entry in recording.journal.entries]
    changed = with_entry(
        recording, labels.index(label), lambda e: replace(e, data=flipped(e.data, at))
    )
    outcome = replay(reread(changed))
    found = outcome.difference
    assert found is not None
    assert not outcome.same
    assert found.number == first[0]
    assert found.message.startswith(first[1])
    assert outcome.messages == first[0] - 1


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_changed_journal_replays_to_other_bytes(data: st.DataObject) -> None:
    """Any byte of any field of any entry: stopped in words, or each byte sent is the recorded."""
    name = data.draw(st.sampled_from(["1.3", "1.2", "1.3, early data", "1.2, RSA key exchange"]))
    recording = recorded(name, data.draw(st.sampled_from(SIDES)))
    place = data.draw(st.integers(0, len(recording.journal) - 1))

    def change(entry: Entry) -> Entry:
        field = data.draw(st.sampled_from(["data", "about", "code", "purpose", "kind"]))
        old: Any = getattr(entry, field)
        if field == "code":
            return replace(entry, code=int(old) ^ 1 << data.draw(st.integers(0, 15)))
        if field in ("purpose", "kind"):
            return replace(entry, **{field: old[:-1] + "x"})
        if not old:
            return replace(entry, about=bytes(32))
        at, bit = data.draw(st.integers(0, len(old) - 1)), data.draw(st.integers(0, 7))
        return replace(entry, **{field: flipped(old, at, bit)})

    changed = reread(with_entry(recording, place, change))
    run = Replaying(changed)
    outcome = run.run()
    ours = b"".join(event.raw for event in run.events if isinstance(event, RecordSent))
    if outcome.same and not outcome.cut_off:
        assert ours == b"".join(e.raw for e in recording.events() if isinstance(e, RecordSent))
    elif not outcome.cut_off:
        assert outcome.difference is not None
        assert outcome.difference.sentence


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_hostile_recordings(data: st.DataObject) -> None:
    """Moments left out, twice, in another order or with other bytes: an outcome or ApiMisuse."""
    name = data.draw(st.sampled_from(["1.3, client certificate", "1.2", "1.3, early data"]))
    recording = recorded(name, data.draw(st.sampled_from(SIDES)))
    moments = list(recording.moments)
    for _ in range(data.draw(st.integers(1, 4))):
        at, other = (data.draw(st.integers(0, len(moments) - 1)) for _ in range(2))
        how = data.draw(st.sampled_from(["drop", "twice", "swap", "bytes"]))
        item = moments[at].item
        if how == "drop" and len(moments) > 1:
            del moments[at]
        elif how == "twice":
            moments.insert(other, moments[at])
        elif how == "swap":
            moments[at], moments[other] = moments[other], moments[at]
        elif isinstance(item, Deed) and item.data:
            where = data.draw(st.integers(0, len(item.data) - 1))
            moments[at] = replace(moments[at], item=replace(item, data=flipped(item.data, where)))
    changed = Recording(recording.header, moments)
    with contextlib.suppress(ApiMisuse):
        outcome = replay(reread(changed))
        assert outcome.same == (outcome.difference is None)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_hostile_files(data: st.DataObject) -> None:
    """A byte of what stands in the frames changed, behind good checksums."""
    recording = recorded("1.3, early data", data.draw(st.sampled_from(SIDES)))
    moments = list(recording.moments)
    at = data.draw(st.integers(0, len(moments) - 1))
    body = encode(moments[at])
    try:
        moment = decode(flipped(body, data.draw(st.integers(0, len(body) - 1))))
    except (TLSError, ValueError):
        return
    if moment is None:
        del moments[at]
    else:
        moments[at] = moment
    with contextlib.suppress(ApiMisuse):
        outcome = replay(Recording(recording.header, moments))
        assert outcome.same == (outcome.difference is None)


# --- Looking --------------------------------------------------------------------------------------


def test_it_stops_where_it_is_told_to() -> None:
    """At a state, at a message by name or number, with what is known by then; and goes on."""
    run = Replaying(recorded("1.3", "full_client"))
    assert run.connection is None
    assert run.until("WaitServerHello")
    assert run.state == "WaitServerHello"
    assert run.until(2)
    assert {made.what for made in run.choices} >= {"suite", "group"}
    assert run.until("certificate")  # in one record with what follows
    assert run.state == "WaitCertificateVerify"
    assert run.until("certificate_verify")
    assert run.state == "WaitFinished"
    assert run.evidence.server_hello
    assert run.evidence.state == run.state
    assert not run.until("WaitForever")
    same(run.run())
    with pytest.raises(ApiMisuse, match="counted from 1"):
        Replaying(recorded("1.3", "full_client")).until(0)


def test_what_cannot_be_replayed() -> None:
    """A redacted recording, one without a journal, one that is too long: sentences and fixes."""
    made = record("1.3")
    with pytest.raises(ApiMisuse, match="explained, not replayed") as refused:
        replay(made.client.recording)
    assert "--reveal-secrets" in refused.value.fix
    with pytest.raises(ApiMisuse, match="no connection was begun"):
        replay(Recorder(reveal_secrets=True).recording)
    whole = made.full_client.recording.to_bytes()
    early = Recording.from_bytes(whole[:700])
    with pytest.raises(ApiMisuse, match="where the connection begins, frame 1 is cut off"):
        replay(early)
    alone = Recorder(reveal_secrets=True)
    Pair(client_options={"observers": [alone]}).run()
    with pytest.raises(ApiMisuse, match="nobody watched"):
        replay(alone.recording)
    short = Recorder(reveal_secrets=True, limit=3000)
    Pair(client=short.watched(client_config()), client_options={"observers": [short]}).run()
    with pytest.raises(ApiMisuse, match="had no place"):
        replay(short.recording)


def test_a_file_that_was_cut_off() -> None:
    """It is replayed as far as it goes, and the outcome says why it ends."""
    data = recorded("1.3", "full_client").to_bytes()
    outcome = replay(Recording.from_bytes(data[: len(data) * 2 // 3]))
    assert outcome.cut_off
    assert outcome.difference is None


def test_answers_in_another_order_run_again() -> None:
    """Three requests for certificates, answered from the last to the first: each by its place."""
    talk = Talk(
        client_config(
            credentials=[client_credential()],
            post_handshake_auth=True,
            choose_credential=lambda _: LATER,
        ),
        server_config(client_trust=trust(), client_auth="none"),
    )
    pair = talk.pair.run()
    for _ in range(3):
        pair.server.request_certificate()
    pair.run()
    questions = [event for event in pair.client_events if isinstance(event, ChooseCredential)]
    assert len(questions) == 3
    for question in reversed(questions):
        pair.client.answer(question, default_chooser(question.request))
    pair.run()
    talk.run_again()


def test_a_signer_that_failed_fails_again() -> None:
    """With the words of then, and nothing of what the exception said."""

    class Broken:
        schemes = (SignatureScheme.ecdsa_secp256r1_sha256,)

        def sign(self, scheme: SignatureScheme, content: bytes) -> bytes:
            raise OSError("token with its PIN 1234")

    credential = Credential(server_credential().chain, Broken())
    talk = Talk(client_config(), server_config(credentials=[credential]))
    with pytest.raises(TLSError):
        talk.pair.run()
    assert b"1234" not in talk.recorders[1].recording.to_bytes()
    (_, outcome) = talk.run_again()
    assert outcome.error is not None
    assert outcome.error.name == "signing_failed"


@pytest.mark.parametrize("version", [TLS13, TLS12])
def test_raw_public_keys_run_again(version: dict[str, Any]) -> None:
    """Who believes keys has them in the configuration; who shows one, its SubjectPublicKeyInfo."""
    ours, theirs = (Credential.raw_public_key(generate("ecdsa_secp256r1")) for _ in range(2))
    talk = Talk(
        client_config(
            trust=Trust.raw_public_keys([theirs.public_key.spki]), credentials=[ours], **version
        ),
        server_config(
            credentials=[theirs],
            client_trust=Trust.raw_public_keys([ours.public_key.spki]),
            **version,
        ),
    )
    talk.pair.run()
    talk.run_again()


def test_a_writer_and_a_reader_at_once_run_again() -> None:
    """New keys at the server's wish, while another thread writes: between the same messages."""
    talk = Talk(client_config(), server_config())
    pair = talk.pair.run()
    for _ in range(20):
        pair.server.update_keys(request=True)
        pair.server._asked_for_update = False
        pair.server.write(b"data")
    data = bytes(pair.server.data_to_send())

    def read() -> None:
        for start in range(0, len(data), 100):
            pair.client.receive_data(data[start : start + 100])

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(300):
        pair.client.write(b"x")
    reader.join()
    assert pair.client.failure is None
    same(replay(reread(talk.recorders[0].recording)))
