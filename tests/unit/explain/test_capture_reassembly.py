"""TCP put together: what came late, twice or never, and what is said of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.captures_made import ACK, FIN, RAW, RST, SYN, Talker, framed
from tlsee.explain.capture import bounds
from tlsee.explain.capture.packets import Packet, PacketReader
from tlsee.explain.capture.reassembly import Conversation, Gap, Stream, conversations

SAID = bytes(range(256)) * 2
PIECE = 64


def _read(talker: Talker) -> list[Conversation]:
    reader = PacketReader()
    segments = [
        reader.segment(Packet(number, item.at, RAW, framed(item.data, RAW)))
        for number, item in enumerate(talker.packets, 1)
    ]
    found, beyond = conversations(segment for segment in segments if segment is not None)
    assert beyond == reader.unread == 0
    return found


def _client(talker: Talker) -> Stream:
    (found,) = _read(talker)
    return found.streams()[0]


def _talker(isn: int = 1000) -> Talker:
    """A client that says ``SAID`` in eight pieces; packets 3 to 10 hold them."""
    return Talker(isn=(isn, 5000)).hands().say(True, SAID, PIECE).bye()


def test_in_order() -> None:
    """The plain case: all bytes, nothing to say."""
    stream = _client(_talker())
    assert stream.data == SAID
    assert stream.gap is None
    assert stream.whole_start
    assert (stream.late, stream.twice, stream.differing, stream.closed) == (0, 0, 0, FIN)


def test_swapped_segments_are_put_right() -> None:
    """A segment behind the next one is counted and put in its place, with its own time."""
    talker = _talker()
    talker.packets[4], talker.packets[5] = talker.packets[5], talker.packets[4]
    stream = _client(talker)
    assert stream.data == SAID
    assert (stream.late, stream.gap) == (1, None)
    late = stream.piece_of(2 * PIECE)
    assert late is not None
    assert late.number == 6


def test_what_came_twice_counts_once() -> None:
    """A retransmission, whole and in part, adds nothing and is counted."""
    talker = _talker()
    talker.packets.insert(5, talker.packets[4])
    talker.again(True, PIECE // 2, SAID[PIECE // 2 : 2 * PIECE])
    stream = _client(talker)
    assert stream.data == SAID
    assert stream.twice == 2
    assert stream.differing == 0


def test_an_overlap_that_brings_more() -> None:
    """A segment that repeats bytes and goes on gives the rest of it."""
    talker = Talker().hands()
    talker.again(True, 0, SAID[:100]).again(True, 50, SAID[50:200]).again(True, 150, SAID[150:])
    stream = _client(talker)
    assert stream.data == SAID
    assert stream.gap is None


def test_other_bytes_for_the_same_place_are_said() -> None:
    """Whoever injects a second version of a segment is noticed; the first one counts."""
    talker = _talker().again(True, 10, b"\xff" * 5)
    stream = _client(talker)
    assert stream.data == SAID
    assert stream.differing == 5


@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_lost_segment_is_a_gap(place: int) -> None:
    """What the capture lacks is said with its place and length, and nothing behind it is told."""
    talker = _talker()
    del talker.packets[3 + place]
    stream = _client(talker)
    assert stream.data == SAID[: place * PIECE]
    assert stream.gap == Gap(place * PIECE, PIECE, cut=False)
    assert stream.behind == len(SAID) - (place + 1) * PIECE


def test_a_lost_end_is_known_from_what_the_other_side_acknowledges() -> None:
    """The last segment is missing: the server has acknowledged it, and FIN stands behind it."""
    talker = _talker()
    del talker.packets[10]
    assert _client(talker).gap == Gap(len(SAID) - PIECE, PIECE, cut=False)
    talker = Talker().hands().say(True, SAID, PIECE)
    talker.say(False, b"understood")
    del talker.packets[10]
    assert _client(talker).gap == Gap(len(SAID) - PIECE, PIECE, cut=False)


def test_several_lost_segments_are_one_gap_up_to_what_follows() -> None:
    """The gap ends where the next segment that is there begins."""
    talker = _talker()
    del talker.packets[4:7]
    assert _client(talker).gap == Gap(PIECE, 3 * PIECE, cut=False)


@pytest.mark.parametrize("before", [0, 1, 63, 64, 200, 511])
def test_sequence_numbers_wrap_around(before: int) -> None:
    """Numbers begin anew at 2^32, in order, out of order and with a gap."""
    isn = 2**32 - 1 - before
    assert _client(_talker(isn)).data == SAID
    swapped = _talker(isn)
    swapped.packets[3:11] = reversed(swapped.packets[3:11])
    assert _client(swapped).data == SAID
    lossy = _talker(isn)
    del lossy.packets[5]
    assert _client(lossy).gap == Gap(2 * PIECE, PIECE, cut=False)


def test_a_keep_alive_is_no_data() -> None:
    """A probe repeats the last number with no byte, or one that means nothing."""
    talker = Talker().hands().say(True, SAID, PIECE)
    talker.again(True, len(SAID) - 1, b"").again(True, len(SAID) - 1, b"\x00")
    stream = _client(talker)
    assert stream.data == SAID
    assert (stream.twice, stream.differing, stream.gap) == (0, 0, None)


def test_what_lies_behind_fin_is_not_of_the_stream() -> None:
    """A segment behind FIN adds nothing; one before it that comes late does."""
    talker = _talker().again(True, len(SAID), b"after the end")
    stream = _client(talker)
    assert stream.data == SAID
    assert stream.gap is None
    late = _talker()
    late.packets.append(late.packets.pop(10))
    assert _client(late).data == SAID


def test_a_reset_is_said_and_what_it_carries_is_no_data() -> None:
    """RST ends a connection; its words, if any, are for people."""
    talker = Talker().hands().say(True, SAID, PIECE).again(True, len(SAID), b"sorry", RST | ACK)
    stream = _client(talker)
    assert stream.closed == RST
    assert stream.data == SAID


def test_ports_that_are_used_again_are_two_connections() -> None:
    """A new SYN with another number begins another connection, also without a FIN before it."""
    for end in (True, False):
        first = Talker().hands().say(True, b"first")
        if end:
            first.bye()
        second = Talker(isn=(70_000, 90_000)).hands().say(True, b"second").bye()
        first.packets += second.packets
        found = _read(first)
        assert [c.streams()[0].data for c in found] == [b"first", b"second"]


def test_a_repeated_syn_is_the_same_connection() -> None:
    """SYN and its answer sent again begin nothing."""
    talker = _talker()
    talker.packets[1:1] = [talker.packets[0]]
    talker.packets[3:3] = [talker.packets[2]]
    assert _client(talker).data == SAID


def test_a_capture_that_begins_late() -> None:
    """Without SYN the lowest number among the first segments is the beginning, as is known."""
    talker = _talker()
    del talker.packets[:3]
    talker.packets[0], talker.packets[1] = talker.packets[1], talker.packets[0]
    stream = _client(talker)
    assert stream.data == SAID
    assert not stream.whole_start


def test_a_side_that_says_nothing_has_no_gap() -> None:
    """Numbers that belong to nothing are no loss."""
    (found,) = _read(_talker())
    server = found.streams()[1]
    assert (server.data, server.gap) == (b"", None)
    talker = _talker()
    del talker.packets[:3]
    (found,) = _read(talker)
    assert [stream.gap for stream in found.streams()] == [None, None]


def test_a_stream_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it bytes are left out, and that is known."""
    monkeypatch.setattr(bounds, "STREAM_LIMIT", 100)
    stream = _client(_talker())
    assert stream.data == SAID[:100]
    assert stream.overflow


def test_connections_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of more connections than are followed are counted."""
    monkeypatch.setattr(bounds, "CONNECTIONS_LIMIT", 2)
    reader = PacketReader()
    found, beyond = conversations(
        segment
        for port in range(4)
        for number, item in enumerate(Talker(client=("10.0.0.1", 5000 + port)).hands().packets)
        if (segment := reader.segment(Packet(number, item.at, RAW, item.data))) is not None
    )
    assert (len(found), beyond) == (2, 6)


@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.tuples(st.integers(0, 511), st.integers(1, 200)), max_size=30),
    st.randoms(use_true_random=False),
)
def test_any_segments_in_any_order_are_the_stream_or_its_beginning(
    isn: int, cuts: list[tuple[int, int]], order: Any
) -> None:
    """Every byte up to the first that no segment has, none behind it, none that is another's,
    whatever overlaps and whatever the order.
    """
    talker = Talker(isn=(isn, 1)).hands()
    before = len(talker.packets)
    covered: set[int] = set()
    for offset, length in cuts:
        talker.again(True, offset, SAID[offset : offset + length])
        covered.update(range(offset, min(len(SAID), offset + length)))
    tail = talker.packets[before:]
    order.shuffle(tail)
    talker.packets[before:] = tail
    stream = _client(talker)
    whole = next(n for n in range(len(SAID) + 1) if n not in covered)
    assert stream.data == SAID[:whole]
    assert stream.differing == 0
    if covered and max(covered) >= whole:
        missing = min(n for n in covered if n > whole) - whole
        assert stream.gap == Gap(whole, missing, cut=False)
    else:
        assert stream.gap is None


def test_only_syn_flags_count() -> None:
    """A SYN with data (TCP Fast Open) carries the stream's first bytes."""
    talker = Talker()
    talker.again(True, -1, SAID[:100], SYN).again(True, 100, SAID[100:])
    assert _client(talker).data == SAID
