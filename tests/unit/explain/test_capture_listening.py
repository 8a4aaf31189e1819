"""What a listener makes of a capture that is not whole, not TLS, or of several connections."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.support.captures_made import ACK, Packet, Talker, pcap
from tests.support.captures_told import flights, key_log_of, told, wire
from tests.support.recordings import record
from tlsee.codes import AlertDescription, HandshakeType
from tlsee.explain.account import Account
from tlsee.explain.capture import Overheard, bounds, read_capture
from tlsee.explain.capture.greeting import greeting_of
from tlsee.explain.capture.records import Record
from tlsee.explain.recorded import story_of
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recording import Recording
from tlsee.trace import (
    Epoch,
    FinishedChecked,
    HandshakeCompleted,
    MessageReceived,
    MessageSent,
    RecordReceived,
    RecordSent,
)


@cache
def _own(name: str) -> Recording:
    return record(name).full_client.recording


def _one(talker: Talker, *logs: Recording) -> Overheard:
    (found,) = read_capture(pcap(talker.packets), key_log_of(logs) if logs else None).connections
    return found


def _is_beginning(found: list[Any], whole: list[Any]) -> bool:
    return found == whole[: len(found)]


# --- Losses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["1.3", "1.2", "1.3, early data", "1.3, keys updated"])
def test_whatever_packet_is_lost_nothing_is_guessed(name: str) -> None:
    """For each missing packet: a note, and of each direction the beginning of what was said."""
    own = _own(name)
    whole = told(own)
    packets = wire(own, 300).packets
    for lost in range(3, len(packets) - 3):
        talker = wire(own, 300)
        del talker.packets[lost]
        found = _one(talker, own)
        missing = [note for note in found.notes if "missing are" in note]
        assert len(missing) == 1, lost
        for kind, items in told(found.recording).items():
            if kind.startswith(("Record", "Alert")):
                opened = [item for item in items if not _closed(item)]
                assert _is_beginning(opened, whole[kind]), (lost, kind)
            else:
                assert _is_beginning(items, whole[kind]), (lost, kind)
        if not _is_complete(found.recording, whole):
            assert not [e for e in found.recording.events() if isinstance(e, HandshakeCompleted)]
        Account.of(found.recording)


def _closed(item: Any) -> bool:
    return (
        isinstance(item, RecordSent | RecordReceived)
        and item.epoch is not Epoch.INITIAL
        and item.content_length == len(item.raw) - 5
    )


def _is_complete(recording: Recording, whole: dict[str, list[Any]]) -> bool:
    """Whether both Finished are in it."""
    finished = {e.raw for kind in ("MessageSent", "MessageReceived") for e in whole[kind]}
    finished = {raw for raw in finished if raw[0] == 20}
    there = {e.raw for e in recording.events() if isinstance(e, MessageSent | MessageReceived)}
    return finished <= there


def test_reordered_and_repeated_packets_are_said_and_change_nothing() -> None:
    """The same story, and notes that count what came late and twice."""
    own = _own("1.3")
    talker = wire(own, 300)
    packets = talker.packets
    packets[4], packets[5] = packets[5], packets[4]
    packets.insert(9, packets[8])
    found = _one(talker, own)
    assert told(found.recording) == told(own)
    assert [n for n in found.notes if "1 segment of the client's came late" in n]
    assert [n for n in found.notes if "came more than once" in n]


def test_an_injected_segment_is_said() -> None:
    """Other bytes for the same place: the first are read, and the note says how many differ."""
    own = _own("1.2")
    talker = wire(own)
    raw = next(data for from_client, data in flights(own) if from_client)
    talker.again(True, 0, bytes(len(raw)))
    found = _one(talker, own)
    assert told(found.recording) == told(own)
    assert [n for n in found.notes if "came twice and differently" in n]


def test_a_changed_record_is_said_and_ends_what_is_opened() -> None:
    """A flipped bit in a protected record: that it does not open, and nothing of it is told."""
    own = _own("1.3")
    talker = Talker().hands()
    changed = False
    for from_client, data in flights(own):
        if not changed and from_client and data[0] == 23:
            changed = True
            talker.say(from_client, data[:-1] + bytes([data[-1] ^ 1]))
        else:
            talker.say(from_client, data)
    found = _one(talker.bye(), own)
    assert [n for n in found.notes if "does not open" in n]
    assert not [e for e in found.recording.events() if isinstance(e, HandshakeCompleted)]


def test_a_capture_that_begins_in_the_middle() -> None:
    """Without the hellos nothing can be read: a note of the capture's, and no connection."""
    own = _own("1.3")
    talker = wire(own)
    del talker.packets[:6]
    reading = read_capture(pcap(talker.packets), key_log_of([own]))
    assert reading.connections == ()
    assert [n for n in reading.notes if "begins in the middle" in n]


def test_a_capture_without_the_first_three_packets() -> None:
    """The hello is its own proof that it is the beginning; that SYN is missing is said."""
    own = _own("1.3")
    talker = wire(own)
    del talker.packets[:3]
    found = _one(talker, own)
    assert told(found.recording) == told(own)
    assert [n for n in found.notes if "first packet is not in the capture" in n]


def test_only_one_direction() -> None:
    """What the server says is missing altogether: the client's hello is told, the gap is said."""
    own = _own("1.3")
    talker = wire(own)
    talker.packets = [p for p in talker.packets if p.data[12:16] == b"\x0a\0\0\1"]
    found = _one(talker)
    assert [type(e) for e in found.recording.events() if isinstance(e, MessageSent)]
    assert story_of(found.recording).done is None


def test_a_capture_that_ends_early() -> None:
    """The capture stopped first: the beginning is told, and how TCP stood."""
    own = _own("1.3")
    talker = wire(own)
    del talker.packets[6:]
    found = _one(talker, own)
    assert found.ending == "open when the capture ends"
    assert story_of(found.recording).done is None


# --- Not TLS, or not from the start ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "answered", "words"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\n", "HTTP: 'GET / HTTP/1.1'"),
        (b"SSH-2.0-OpenSSH_9\r\n", b"SSH-2.0-dropbear\r\n", "SSH: 'SSH-2.0-OpenSSH_9'"),
        (b"", b"220 mail.example ESMTP\r\n", "SMTP or FTP"),
        (b"\x80\x2e\x01\x03\x00" + bytes(43), b"", "SSL 2.0"),
        (b"\x00\x01\x02\x03", b"", "\\x00\\x01\\x02\\x03"),
    ],
)
def test_other_protocols_are_named(said: bytes, answered: bytes, words: str) -> None:
    """A connection that is no TLS is a note with the words that it begins with."""
    talker = Talker().hands().say(True, said).say(False, answered).bye()
    reading = read_capture(pcap(talker.packets))
    assert reading.connections == ()
    (note,) = reading.notes
    assert words in note
    assert "10.0.0.1:50000 -> 10.0.0.2:443" in note


def test_a_hostile_beginning_is_escaped() -> None:
    """What a peer sent is never markup, not even the words of another protocol."""
    talker = Talker().hands().say(True, b"GET /\x1b[31m\xff HTTP/1.1\r\n").bye()
    (note,) = read_capture(pcap(talker.packets)).notes
    assert note.isascii()
    assert note.isprintable()


def test_many_notes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a bound connections that are no TLS are a number."""
    monkeypatch.setattr(bounds, "NOTES_LIMIT", 3)
    packets: list[Packet] = []
    for port in range(8):
        packets += Talker(client=("10.0.0.1", 6000 + port)).hands().say(True, b"SSH-2").packets
    notes = read_capture(pcap(packets)).notes
    assert len(notes) == 4
    assert "5 connections more" in notes[-1]


SMTP = (
    (False, b"220 mail.example ESMTP\r\n"),
    (True, b"EHLO a.example\r\n"),
    (False, b"250-mail.example\r\n250 STARTTLS\r\n"),
    (True, b"STARTTLS\r\n"),
    (False, b"220 go ahead\r\n"),
)


def test_starttls() -> None:
    """TLS behind a conversation of SMTP is found, opened, and where it begins is said."""
    own = _own("1.3")
    talker = Talker().hands()
    for from_client, data in (*SMTP, *flights(own)):
        talker.say(from_client, data)
    found = _one(talker.bye(), own)
    assert told(found.recording) == told(own)
    (note,) = found.notes
    assert "TLS begins after 26 bytes of the client and 70 bytes of the server" in note
    assert note.endswith("of the server, which are of SMTP")


def test_what_only_looks_like_starttls_is_not_taken() -> None:
    """A hello in the middle of other data, or one that nobody answers with a hello, is no TLS."""
    own = _own("1.3")
    hello = next(data for from_client, data in flights(own) if from_client)
    answered = Talker().hands().say(True, b"POST / HTTP/1.1\r\n\r\n").say(True, hello)
    answered.say(False, b"HTTP/1.1 400 Bad Request\r\n\r\n").bye()
    inside = Talker().hands().say(True, b"POST / HTTP/1.1\r\n\r\n" + hello, 10_000)
    for talker in (answered, inside):
        assert read_capture(pcap(talker.packets)).connections == ()


def test_a_server_that_answers_in_plain_words() -> None:
    """A hello that an HTTP server answers: the hello is told, the answer is no record."""
    own = _own("1.3")
    hello = next(data for from_client, data in flights(own) if from_client)
    talker = Talker().hands().say(True, hello).say(False, b"HTTP/1.1 400 Bad Request\r\n").bye()
    found = _one(talker)
    assert [e for e in found.recording.events() if isinstance(e, MessageSent)]
    assert [n for n in found.notes if "what follows is no record of TLS, at offset 0" in n]


def test_a_refusal_is_told() -> None:
    """A server that answers with an alert in the clear."""
    own = _own("1.3")
    hello = next(data for from_client, data in flights(own) if from_client)
    talker = Talker().hands().say(True, hello).say(False, b"\x15\x03\x03\x00\x02\x02\x28").bye()
    story = story_of(_one(talker).recording)
    assert story.alerts(sent=False) == [AlertDescription.handshake_failure]
    assert story.done is None


# --- What is said of it -------------------------------------------------------------------------


def test_segments_and_records_need_not_agree() -> None:
    """Several records in a segment, one in several, ACKs between: the same story."""
    own = _own("1.3")
    talker = Talker().hands()
    waiting: list[tuple[bool, bytes]] = []
    for from_client, data in flights(own):
        if waiting and waiting[-1][0] is from_client:
            waiting[-1] = (from_client, waiting[-1][1] + data)
        else:
            waiting.append((from_client, data))
    for from_client, data in waiting:
        talker.say(from_client, data, 113)
        talker.again(not from_client, 0, b"", ACK)
    found = _one(talker.bye(), own)
    assert told(found.recording) == told(own)


def test_remarks_are_kept_in_the_recording_and_shown_by_every_view() -> None:
    """What is missing is said from a saved file too, and stands in the heading of each view."""
    own = _own("1.3")
    talker = wire(own, 300)
    del talker.packets[5]
    found = _one(talker, own)
    loaded = Recording.from_bytes(found.recording.to_bytes())
    assert loaded.remarks == found.notes
    shown = " ".join(Account.of(loaded).heading.missing)
    assert "bytes are not all there: missing are 300 bytes at offset 600" in shown


def test_remarks_hold_no_words_of_a_peer() -> None:
    """They stay with pseudonyms, so what was said before TLS is not quoted in them."""
    own = _own("1.3")
    talker = Talker().hands()
    for from_client, data in (*SMTP, *flights(own)):
        talker.say(from_client, data)
    renamed = with_pseudonyms(_one(talker.bye()).recording)
    assert renamed.remarks
    assert "a.example" not in "".join(renamed.remarks)


def test_records_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it a direction is not read, and the note says so."""
    monkeypatch.setattr(bounds, "RECORDS_LIMIT", 2)
    assert [n for n in _one(wire(_own("1.3"))).notes if "more than 2 records" in n]


@pytest.mark.parametrize("name", ["1.3", "1.2"])
def test_a_finished_that_does_not_fit_is_said(name: str) -> None:
    """A hello that was changed before the listener: nothing is missing, and yet it differs."""
    own = _own(name)
    talker, changed = Talker().hands(), False
    for from_client, data in flights(own):
        if from_client and not changed:
            place = data.index(b"server.test")
            data = data[:place] + b"Server.test" + data[place + 11 :]  # noqa: PLW2901
            changed = True
        talker.say(from_client, data)
    found = _one(talker.bye(), own)
    assert [n for n in found.notes if "server's Finished does not fit" in n]
    events = list(found.recording.events())
    assert not [e for e in events if isinstance(e, HandshakeCompleted | FinishedChecked)]


def test_an_answer_comes_behind_what_it_answers() -> None:
    """STARTTLS: a hello of the server's before the client's is not the one that answers it."""
    own = _own("1.3")
    answer = next(data for from_client, data in flights(own) if not from_client)
    talker = Talker().hands().say(True, b"EHLO a.example\r\n").say(False, b"220 a\r\n")
    talker.say(False, answer, 10_000)
    for from_client, data in flights(own):
        talker.say(from_client, data, 10_000)
    assert told(_one(talker.bye(), own).recording) == told(own)


def test_ciphertext_behind_change_cipher_spec_is_no_message() -> None:
    """Encrypted bytes that happen to look like ServerHelloDone do not undo a resumption."""
    answer = next(e.raw for e in _own("1.2").events() if isinstance(e, MessageReceived))
    raws = (
        b"\x16\x03\x03" + len(answer).to_bytes(2) + answer,
        b"\x14\x03\x03\x00\x01\x01",
        b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00",
    )
    records = [Record(raw, 0, number, number) for number, raw in enumerate(raws, 1)]
    assert greeting_of([], records).kinds == (HandshakeType.server_hello,)
