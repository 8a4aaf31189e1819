"""Recordings as captures: what is in the blocks, what is made up, and what is never there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.pcapng_blocks import Segment, blocks, segments
from tests.support.recordings import SCENARIOS, record, reread, secrets_of
from tlsee.codes import AlertDescription, AlertLevel, ContentType
from tlsee.errors import HandshakeTimeout, Reasons, Truncation
from tlsee.explain.report.pcapng import key_log, to_pcapng
from tlsee.explain.report.pcapng_tcp import SEGMENT
from tlsee.recording.format import Header
from tlsee.recording.kept import LeftOut, Moment
from tlsee.recording.recording import Recording
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    Epoch,
    Failed,
    MessageSent,
    RecordReceived,
    RecordSent,
    SecretDerived,
)

SECTION, INTERFACE, PACKET, SECRETS = 0x0A0D0D0A, 1, 6, 10
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
BEGAN = 1_800_000_000_000_000_123
RANDOM = bytes(range(32))
CLOSE = (AlertLevel.warning, AlertDescription.close_notify, Epoch.APPLICATION)
FATAL = (AlertLevel.fatal, AlertDescription.bad_record_mac, Epoch.APPLICATION)


def made(*items: Any, reveals: bool = True) -> Recording:
    """A client's recording, something happening each nanosecond."""
    moments = [Moment(at, None, item) for at, item in enumerate(items)]
    return Recording(Header(BEGAN, reveals_secrets=reveals, program="test"), moments)


HELLO = MessageSent(Epoch.INITIAL, bytes((1, 0, 0, 0)))


def sent(content: bytes, kept: int | None = None) -> RecordSent:
    raw = b"\x17\x03\x03" + len(content).to_bytes(2) + content
    kind = ContentType.application_data
    return RecordSent(raw if kept is None else raw[:kept], kind, len(content), Epoch.APPLICATION)


def received(content: bytes) -> RecordReceived:
    record = sent(content)
    return RecordReceived(record.raw, record.content_type, len(content), record.epoch)


def flags(recording: Recording, last: int) -> list[tuple[bool, int]]:
    """The last packets: whether they are the client's, and their flags."""
    found = segments(to_pcapng(recording))[-last:]
    return [(segment.ports[1] == 443, segment.flags) for segment in found]


def test_blocks_in_order() -> None:
    """Section, interface in nanoseconds, then the secrets, and only then packets."""
    recording = made(HELLO, SecretDerived("CLIENT_RANDOM", RANDOM, b"s" * 48), sent(b"one"))
    found = blocks(to_pcapng(recording))
    assert [block.kind for block in found] == [SECTION, INTERFACE, SECRETS, *[PACKET] * 4]
    assert b"Made up" in found[0].options[1]
    assert found[1].options[9] == b"\x09"
    assert found[2].data == f"CLIENT_RANDOM {RANDOM.hex()} {'73' * 48}\n".encode()
    assert b"KEEP IT SECRET" in found[3].options[1]


def test_a_file_that_says_redacted_gives_no_secrets() -> None:
    """Whatever frames somebody has put into it."""
    recording = made(SecretDerived("CLIENT_RANDOM", RANDOM, b"s" * 48), sent(b"1"), reveals=False)
    assert SECRETS not in {block.kind for block in blocks(to_pcapng(recording))}
    assert key_log(recording) == ""


def test_lines_of_a_key_log_cannot_be_forged() -> None:
    """A label with a line end in it, a random or a secret of another length: no line."""
    good = SecretDerived("SERVER_TRAFFIC_SECRET_0", RANDOM, b"k" * 32)
    bad = [
        SecretDerived("EXPORTER_SECRET 00 00\nCLIENT_RANDOM", RANDOM, b"k" * 32),
        SecretDerived("exporter", RANDOM, b"k" * 32),
        SecretDerived("\u0661", RANDOM, b"k" * 32),
        SecretDerived("EXPORTER_SECRET", RANDOM[1:], b"k" * 32),
        SecretDerived("EXPORTER_SECRET", RANDOM, b""),
        SecretDerived("EXPORTER_SECRET", RANDOM, b"k" * 65),
    ]
    line = f"SERVER_TRAFFIC_SECRET_0 {RANDOM.hex()} {'6b' * 32}\n"
    assert key_log(made(*bad, good, *bad, good)) == line


def test_packets_have_the_records_and_their_times() -> None:
    """In order, each from its side, at the nanosecond at which the recording has it."""
    found = segments(to_pcapng(made(HELLO, sent(b"one"), received(b"two"), sent(b"three"))))
    assert [segment.flags for segment in found[:3]] == [SYN, SYN | ACK, ACK]
    said = [(s.at - BEGAN, s.ports[1] == 443, s.data[5:]) for s in found if s.length]
    assert said == [(1, True, b"one"), (2, False, b"two"), (3, True, b"three")]
    assert {segment.at - BEGAN for segment in found[:3]} == {1}
    assert all(segment.sums == (0xFFFF, 0xFFFF) for segment in found)


def in_step(found: list[Segment]) -> None:
    """Every segment begins where the one before it has ended, and never more is acknowledged."""
    following: dict[int, int] = {}
    unanswered: dict[int, int] = {}
    for segment in found:
        one, other = segment.ports
        assert segment.sequence == following.get(one, segment.sequence)
        following[one] = segment.sequence + segment.length + bool(segment.flags & (SYN | FIN))
        if segment.flags & ACK:
            assert segment.acknowledged == following[other]
            unanswered[other] = 0
        unanswered[one] = unanswered.get(one, 0) + segment.length
        assert unanswered[one] < 0xFFFF


def test_numbers_fit() -> None:
    """Much from one side is acknowledged in between: nobody sends more than the window."""
    full = b"x" * 16_384
    found = segments(to_pcapng(made(HELLO, *[sent(full)] * 9, *[received(full)] * 9)))
    in_step(found)
    assert sum(segment.length for segment in found) == 18 * (5 + 16_384)


def test_what_was_left_out_is_not_invented() -> None:
    """The header alone is there, the length is the whole record's, a comment says it."""
    found = segments(to_pcapng(made(HELLO, sent(b"secret words", 5), sent(b"after"))))
    in_step(found)
    left, after = found[3], found[4]
    assert (left.data, left.length) == (b"\x17\x03\x03\x00\x0c", 17)
    assert left.comment == "12 bytes of this record were left out of the recording"
    assert (left.sums[0], left.checksum) == (0xFFFF, 0)
    assert (after.data[5:], after.comment, after.sums) == (b"after", "", (0xFFFF, 0xFFFF))


def test_records_longer_than_any() -> None:
    """A record beyond the bounds takes several packets, left out or not."""
    huge = RecordSent(b"\x17\x03\x03" + bytes(70_000), ContentType.alert, 0, Epoch.INITIAL)
    left = RecordSent(b"\x17\x03\x03\xff\xff", ContentType.alert, 0, Epoch.INITIAL)
    found = segments(to_pcapng(made(HELLO, huge, left)))
    in_step(found)
    assert b"".join(s.data for s in found) == huge.raw + left.raw
    assert sum(s.length for s in found) == len(huge.raw) + 5 + 0xFFFF
    assert max(s.length for s in found) == SEGMENT


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        ([], []),
        ([AlertSent(*CLOSE)], [(True, FIN | ACK), (False, ACK)]),
        (
            [AlertArrived(*CLOSE), AlertSent(*CLOSE)],
            [(False, FIN | ACK), (True, ACK), (True, FIN | ACK), (False, ACK)],
        ),
        (
            [AlertArrived(*FATAL)],
            [(False, FIN | ACK), (True, ACK), (True, FIN | ACK), (False, ACK)],
        ),
        (
            [Failed(Truncation(Reasons.cut_in_handshake))],
            [(False, FIN | ACK), (True, ACK), (True, FIN | ACK), (False, ACK)],
        ),
        ([Failed(HandshakeTimeout(Reasons.handshake_timeout))], [(True, RST | ACK)]),
    ],
)
def test_the_end_is_the_storys(events: list[Any], ends: list[tuple[bool, int]]) -> None:
    """FIN from whoever closed, first the first; RST from who gave up; an open one stays open."""
    recording = made(HELLO, sent(b"one"), *events)
    assert flags(recording, len(ends) + 1) == [(True, PSH | ACK), *ends]


def test_what_is_missing_is_said() -> None:
    """Events that had no room, and a file that ends early."""
    recording = made(HELLO, sent(b"one"), LeftOut(7))
    assert "no room for 7 events" in segments(to_pcapng(recording))[0].comment
    cut = Recording.from_bytes(recording.to_bytes()[:-3])
    assert "could not be read to its end" in segments(to_pcapng(cut))[0].comment


def test_several_at_once() -> None:
    """Each has a port of its own; the packets are in the order of time."""
    both = [made(HELLO, sent(b"one"), received(b"two")), made(HELLO, received(b"three"))]
    found = segments(to_pcapng(*both))
    assert [s.at for s in found] == sorted(s.at for s in found)
    assert len({port for s in found for port in s.ports}) == 3


def test_nothing_recorded() -> None:
    """A capture without packets."""
    assert [block.kind for block in blocks(to_pcapng(made()))] == [SECTION, INTERFACE]


@pytest.mark.parametrize("name", SCENARIOS)
def test_redacted_recordings_betray_nothing(name: str) -> None:
    """No secret, no key and no byte of the application's in the capture of either side."""
    one = record(name)
    for recorder in (one.client, one.server):
        capture = to_pcapng(reread(recorder.recording))
        in_step(segments(capture))
        for what, secret in secrets_of(one).items():
            assert secret not in capture, what
            assert secret.hex().encode() not in capture, what


_BYTES = st.binary(max_size=40)
_KIND = st.sampled_from(ContentType.members())
_RECORD = st.builds(
    lambda cls, raw, kind: cls(raw, kind, len(raw), Epoch.INITIAL),
    st.sampled_from([RecordSent, RecordReceived]),
    _BYTES,
    _KIND,
)
_OTHER = st.sampled_from(
    [
        HELLO,
        AlertSent(*CLOSE),
        AlertArrived(*FATAL),
        Failed(Truncation(Reasons.cut_in_handshake)),
        LeftOut(1 << 64),
    ]
)
_SECRET = st.builds(SecretDerived, st.text(max_size=9), _BYTES, _BYTES)
_MOMENT = st.builds(
    Moment, st.integers(0, (1 << 64) - 1), st.none(), st.one_of(_RECORD, _OTHER, _SECRET)
)


@given(st.lists(_MOMENT, max_size=12), st.integers(0, (1 << 64) - 1), st.booleans())
def test_hostile_recordings(moments: list[Moment], began: int, reveals: bool) -> None:
    """Whatever a file says, the capture is well formed: times, numbers, lengths."""
    recording = Recording(Header(began, reveals_secrets=reveals), moments)
    found = segments(to_pcapng(recording))
    in_step(found)
    assert [s.at for s in found] == sorted(s.at for s in found)
