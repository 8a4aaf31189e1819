"""Overheard or taken part in: a capture of a connection of ours tells what the client has told."""

from __future__ import annotations

from functools import cache

import pytest

from tests.support.captures_made import pcapng
from tests.support.captures_told import key_log_of, told, wire
from tests.support.endpoints import server_credential
from tests.support.recordings import SCENARIOS, record
from tlsee.explain.account import Account, Ending
from tlsee.explain.capture import CaptureReading, Overheard, read_capture
from tlsee.explain.recorded import story_of
from tlsee.handshake.outcome import EarlyDataSettled
from tlsee.recording.recording import Recording
from tlsee.trace import (
    Choice,
    FinishedChecked,
    HandshakeCompleted,
    KeysInstalled,
    Role,
    SecretDerived,
    SignatureChecked,
)

# A listener knows neither what a session or a key is, nor what the server was able to do.
SERVER = Role.SERVER
COMPARED = ("version", "suite", "group", "scheme", "alpn")


@cache
def _own(name: str) -> Recording:
    return record(name).full_client.recording


def _only(reading: CaptureReading) -> Overheard:
    assert not reading.notes
    (found,) = reading.connections
    return found


def _overheard(name: str, size: int = 1400) -> Overheard:
    own = _own(name)
    return _only(read_capture(pcapng(wire(own, size).packets, secrets=key_log_of([own]))))


@pytest.mark.parametrize(
    ("name", "size"),
    [(name, size) for name in SCENARIOS for size in (1400, 7)] + [("1.3", 1), ("1.2", 1)],
)
def test_a_listener_with_the_keys_tells_what_the_client_told(name: str, size: int) -> None:
    """Records with type, length and keys inside; messages; alerts; whatever the segments' size."""
    found = _overheard(name, size)
    assert found.notes == ()
    assert told(found.recording) == told(_own(name))
    assert found.recording.header.reveals_secrets


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_choices_are_the_clients(name: str) -> None:
    """What was chosen of what, and that the handshake was done."""
    own, found = list(_own(name).events()), list(_overheard(name).recording.events())
    for what in COMPARED:
        ours, theirs = (
            [e.chosen for e in all_of if isinstance(e, Choice) and (e.what, e.by) == (what, SERVER)]
            for all_of in (own, found)
        )
        assert theirs == ours, what
    for kind in (HandshakeCompleted, EarlyDataSettled, FinishedChecked, SignatureChecked):
        assert [e for e in found if isinstance(e, kind)] == [e for e in own if isinstance(e, kind)]
    story, theirs_too = story_of(_own(name)), story_of(_overheard(name).recording)
    assert theirs_too.resumed is story.resumed
    assert (theirs_too.external_key is None) is (story.external_key is None)
    assert theirs_too.round_trips == story.round_trips


@pytest.mark.parametrize("name", SCENARIOS)
def test_keys_and_secrets_are_told_once(name: str) -> None:
    """Each secret of the log is in the recording, once; keys are installed for both directions."""
    own, found = list(_own(name).events()), list(_overheard(name).recording.events())
    ours = {(e.label, e.secret) for e in own if isinstance(e, SecretDerived)}
    theirs = [(e.label, e.secret) for e in found if isinstance(e, SecretDerived)]
    assert len(theirs) == len(set(theirs))
    assert set(theirs) == ours
    installed = {(e.direction, e.epoch) for e in found if isinstance(e, KeysInstalled)}
    expected = {(e.direction, e.epoch) for e in own if isinstance(e, KeysInstalled)}
    assert installed == {(d, epoch) for d, epoch in expected if epoch.name != "EARLY"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_byte_is_explained(name: str) -> None:
    """The account of an overheard recording opens the same records as that of the client's own."""
    ours, theirs = Account.of(_own(name)), Account.of(_overheard(name).recording)
    for one, other in zip(ours.records, theirs.records, strict=True):
        assert (one.sender, one.content, one.length) == (other.sender, other.content, other.length)
        assert one.seen.opened == other.seen.opened


@pytest.mark.parametrize("name", SCENARIOS)
def test_without_keys_no_record_is_opened(name: str) -> None:
    """Without keys: the same bytes; nothing that was protected is called by what it is in 1.3."""
    own = _own(name)
    found = _only(read_capture(pcapng(wire(own).packets)))
    raws = [[e.raw for e in told(r).get("RecordReceived", [])] for r in (own, found.recording)]
    assert raws[0] == raws[1]
    assert any("there are no keys" in note for note in found.notes)
    for view in Account.of(found.recording).records:
        if view.seen.protection is not None:
            assert view.seen.opened is None
    outcome = Account.of(found.recording).outcome
    assert outcome.ending is Ending.UNFINISHED
    assert outcome.headline.startswith("Overheard: TLS 1.")
    assert "cannot be known without the keys" in outcome.sentences[0]
    story = story_of(found.recording)
    assert story.done is None
    assert all(
        step.is_readable or step.is_closed or step.kind.name != "DATA" for step in story.steps
    )


def test_a_private_key_opens_rsa_key_exchange() -> None:
    """With the server's key alone, and the main secret that follows is kept for the views."""
    own = _own("1.2, RSA key exchange")
    key = server_credential("rsa2048").signer._key  # type: ignore[attr-defined]
    found = _only(read_capture(pcapng(wire(own).packets), private_keys=[key]))
    assert found.notes == ()
    assert told(found.recording) == told(own)
    assert found.recording.header.reveals_secrets


def test_a_key_of_nobody_is_said() -> None:
    """A key that belongs to no certificate opens nothing, and a note says whose it is not."""
    own = _own("1.2, RSA key exchange")
    key = server_credential("ecdsa_secp256r1").signer._key  # type: ignore[attr-defined]
    reading = read_capture(pcapng(wire(own).packets), private_keys=[key])
    assert [note for note in reading.notes if "belongs to no certificate" in note]
    assert not reading.connections[0].recording.header.reveals_secrets


def test_a_key_that_only_signs_is_said() -> None:
    """With (EC)DHE the certificate's key opens nothing."""
    key = server_credential("ecdsa_secp256r1").signer._key  # type: ignore[attr-defined]
    (found,) = read_capture(pcapng(wire(_own("1.2")).packets), private_keys=[key]).connections
    assert [note for note in found.notes if "with ECDHE it only signs" in note]


@pytest.mark.parametrize("name", ["1.3", "1.2"])
def test_the_key_log_of_another_connection(name: str) -> None:
    """Lines under this connection's random that are another's: said, left out, nothing opened."""
    own, other = _own(name), record(name).full_client.recording
    random = next(e.client_random for e in own.events() if isinstance(e, SecretDerived))
    lines = [line.split() for line in key_log_of([other]).splitlines()]
    wrong = b"\n".join(b" ".join((label, random.hex().encode(), s)) for label, _, s in lines)
    (found,) = read_capture(pcapng(wire(own).packets), wrong).connections
    assert [note for note in found.notes if "does not open" in note]
    kept = {e.label for e in found.recording.events() if isinstance(e, SecretDerived)}
    assert kept <= {"EXPORTER_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"}
    assert not [e for e in found.recording.events() if isinstance(e, HandshakeCompleted)]
    if name == "1.2":
        assert not found.recording.header.reveals_secrets


def test_a_key_log_of_nobody_here_is_said() -> None:
    """A log without a line for any connection of the capture: a note of the capture's."""
    own, other = _own("1.3"), record("1.3").full_client.recording
    reading = read_capture(pcapng(wire(own).packets), key_log_of([other]))
    assert [note for note in reading.notes if "is of other connections" in note]


@pytest.mark.parametrize(
    "lacking", ["CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET"]
)
def test_where_one_secret_is_missing_the_others_still_open(lacking: str) -> None:
    """Application data opens all the same; what stays closed is said by its label."""
    own = _own("1.3")
    (found,) = read_capture(pcapng(wire(own).packets), key_log_of([own], [lacking])).connections
    assert [note for note in found.notes if f"no key log has {lacking}" in note]
    ours, theirs = told(own), told(found.recording)
    for kind in ("RecordSent", "RecordReceived"):
        assert theirs[kind][-1] == ours[kind][-1]  # close_notify, under the application's keys
    assert not [e for e in found.recording.events() if isinstance(e, HandshakeCompleted)]
