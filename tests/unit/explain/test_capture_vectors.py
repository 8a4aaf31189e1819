"""The two published sessions, read from their captures: what is told is what was published."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.captures import key_log
from tests.support.missing import missing
from tests.support.vectors import vectors_directory
from tlsee.codes import CipherSuite, ContentType, NamedGroup, ProtocolVersion
from tlsee.errors import ApiMisuse
from tlsee.explain.capture import Overheard, read_capture
from tlsee.explain.recorded import story_of
from tlsee.explain.summary import proved
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recording import Recording
from tlsee.trace import (
    FinishedChecked,
    HandshakeCompleted,
    MessageReceived,
    RecordReceived,
    RecordSent,
    Role,
    SecretDerived,
    SignatureChecked,
)

VERSIONS = ("12", "13")
SAID = 4  # bytes: ping and pong


def _session(version: str) -> tuple[Path, Path]:
    where = vectors_directory() / f"illustrated-tls{version}"
    if not where.is_dir():
        missing(f"the published session {where.name}", f"it into {where.parent}")
    return where / "capture.pcap", where / "keylog.txt"


def _only(version: str, *, keys: bool = True) -> Overheard:
    capture, log = _session(version)
    reading = read_capture(capture, log if keys else None)
    assert not reading.notes
    (found,) = reading.connections
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_signature_and_both_finished_fit_and_nothing_is_missing(version: str) -> None:
    """With the published key log the handshake is read to its end and both Finished are checked."""
    found = _only(version)
    assert found.notes == ()
    assert found.ending == "closed by both"
    events = list(found.recording.events())
    checked = (SignatureChecked, FinishedChecked, HandshakeCompleted)
    assert [type(event) for event in events if isinstance(event, checked)] == [
        SignatureChecked,
        FinishedChecked,
        HandshakeCompleted,
    ]
    assert found.recording.role is Role.CLIENT
    data = [
        event.content_length
        for event in events
        if isinstance(event, RecordSent | RecordReceived)
        and event.content_type == ContentType.application_data
    ]
    assert data == [SAID, SAID]


def test_the_choices_are_the_published_ones() -> None:
    """Version, suite and group of both sessions, as their pages have them."""
    older, newer = story_of(_only("12").recording), story_of(_only("13").recording)
    assert older.version == ProtocolVersion.TLS12
    assert newer.version == ProtocolVersion.TLS13
    chosen = [older.choice("suite"), newer.choice("suite")]
    assert [choice.chosen for choice in chosen if choice is not None] == [
        CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
        CipherSuite.TLS_AES_256_GCM_SHA384,
    ]
    assert older.group == newer.group == NamedGroup.x25519


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_listener_can_prove(version: str) -> None:
    """The signature tells who holds the key; whom to believe is nobody's to say here."""
    said = proved(story_of(_only(version).recording))
    assert said == (
        "the server holds example.ulfheim.net's key; whether anybody vouches for it was not judged"
    )
    closed = proved(story_of(_only(version, keys=False).recording))
    assert closed == (said if version == "12" else "nothing about who the other side is")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_secrets_are_the_logs(version: str) -> None:
    """The recording has each secret of the log that belongs to it, once, and says that it has."""
    found = _only(version)
    told = {e.label: e.secret for e in found.recording.events() if isinstance(e, SecretDerived)}
    assert told == key_log(_session(version)[1])
    header = found.recording.header
    assert header.overheard
    assert header.reveals_secrets
    assert "KEEP IT SECRET" in header.note


@pytest.mark.parametrize("version", VERSIONS)
def test_without_keys_nothing_is_guessed(version: str) -> None:
    """Protected records stay closed, the handshake is not called done, and a note says why."""
    found = _only(version, keys=False)
    events = list(found.recording.events())
    assert not [e for e in events if isinstance(e, HandshakeCompleted | FinishedChecked)]
    assert not [e for e in events if isinstance(e, SecretDerived)]
    assert not found.recording.header.reveals_secrets
    assert any("cannot be known" in note for note in found.notes)
    hidden = [
        event
        for event in events
        if isinstance(event, RecordSent | RecordReceived) and event.raw[0] == 0x17
    ]
    assert hidden
    assert all(event.content_length == len(event.raw) - 5 for event in hidden)
    if version == "13":
        assert len([e for e in events if isinstance(e, MessageReceived)]) == 1  # ServerHello


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("keys", [True, False])
def test_it_is_a_recording_like_any_other(version: str, keys: bool) -> None:
    """Saved and loaded it is the same, and says in its header that it was overheard."""
    recording = _only(version, keys=keys).recording
    loaded = Recording.from_bytes(recording.to_bytes())
    assert loaded.damage == ""
    assert loaded.header == recording.header
    assert loaded.moments == recording.moments
    if keys:
        with pytest.raises(ApiMisuse):
            with_pseudonyms(loaded)
    else:
        renamed = with_pseudonyms(loaded)
        assert renamed.header.overheard
        assert len(renamed.moments) == len(loaded.moments)


def test_times_are_the_packets() -> None:
    """The recording begins with the first packet, and its moments never go back."""
    recording = _only("13").recording
    assert recording.header.began == 1_648_774_116_286_233_000
    times = [moment.at for moment in recording.moments]
    assert times == sorted(times)
    assert times[-1] > 0
