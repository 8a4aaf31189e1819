"""TCP segments to the bytes of each direction: what came late or twice is put right, and what never
came is said.

The segments of a connection are all there, so each direction is put together at once. A byte that
came twice counts as it came first. Bytes that are missing end the direction: what lies behind a
gap belongs to nothing that is known.

No library does that soundly here: the one that is well kept and free enough fills gaps with zeros,
calls that complete, and takes four gigabytes for a number that wraps around.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from tlsee.explain.capture import bounds
from tlsee.explain.capture.packets import ACK, FIN, RST, SYN, Segment
from tlsee.text import count
from tlsee.values import value

__all__ = ["Conversation", "Gap", "Piece", "Stream", "conversations"]

_MODULUS = 1 << 32
_HALF = 1 << 31


@value
class Piece:
    """Bytes that one segment brought: where they end in the stream, when, in which packet."""

    start: int
    end: int
    at: int
    number: int


@value
class Gap:
    """Bytes that the capture does not have; ``offset`` counts from the stream's first."""

    offset: int
    length: int
    cut: bool

    def __str__(self) -> str:
        why = "the capture cut the packet" if self.cut else "not in the capture"
        return f"{count(self.length, 'byte')} at offset {self.offset:,} ({why})"


@value
class Stream:
    """What one direction said, up to the first gap.

    Attributes:
        data: its bytes. pieces: which segment brought which of them.
        gap: what is missing behind them, or ``None``.
        whole_start: whether the first byte is certainly the direction's first.
        late, twice: segments that came behind later ones, or again.
        differing: bytes that came again and were others.
        behind: bytes behind the gap, which are not read.
        closed: ``FIN``, ``RST`` or nothing.
        overflow: whether there is more than is read of a direction.
    """

    data: bytes
    pieces: tuple[Piece, ...]
    gap: Gap | None
    whole_start: bool
    late: int
    twice: int
    differing: int
    behind: int
    closed: int
    overflow: bool

    def piece_of(self, end: int) -> Piece | None:
        """What brought the byte before offset ``end``."""
        place = bisect_left(self.pieces, end, key=lambda piece: piece.end)
        return self.pieces[place] if place < len(self.pieces) else None


class Conversation:
    """The segments of a TCP connection.

    Attributes:
        first, second: the two ends; the first is who opened it, as far as that was captured.
        began: nanoseconds since the epoch. segments: of both, in the capture's order.
    """

    def __init__(self, first: Segment) -> None:
        opened = not (first.flags & SYN and first.flags & ACK)
        ends = (first.source, first.target)
        self.first, self.second = ends if opened else (ends[1], ends[0])
        self.began = first.at
        self.segments: list[Segment] = []
        self._starts: dict[str, int] = {}
        self._over = False

    def add(self, segment: Segment) -> None:
        """One more of this connection."""
        if segment.flags & SYN:
            self._starts.setdefault(segment.source, segment.seq)
        self._over = self._over or bool(segment.flags & (FIN | RST))
        self.segments.append(segment)

    def begins_anew(self, segment: Segment) -> bool:
        """Whether a segment with these ports is of another connection than this one."""
        if not segment.flags & SYN:
            return False
        known = self._starts.get(segment.source)
        if known is None:
            # The first SYN of a side: of this connection unless the other is long at it.
            return self._over or any(s.source == segment.source for s in self.segments)
        return known != segment.seq

    def streams(self) -> tuple[Stream, Stream]:
        """What each end said, the first one's before."""
        return self._stream(self.first), self._stream(self.second)

    def _stream(self, source: str) -> Stream:
        own = [segment for segment in self.segments if segment.source == source]
        acknowledged = [
            segment.ack
            for segment in self.segments
            if segment.source != source and segment.flags & ACK and not segment.flags & RST
        ]
        return _Building(own, acknowledged, self._starts.get(source)).run()


def conversations(segments: Iterable[Segment]) -> tuple[list[Conversation], int]:
    """The connections in the order in which they began, and the segments beyond the bound."""
    found: list[Conversation] = []
    open_ones: dict[frozenset[str] | tuple[str, str], Conversation] = {}
    beyond = 0
    for segment in segments:
        ends = frozenset((segment.source, segment.target))
        known = open_ones.get(ends)
        if known is None or known.begins_anew(segment):
            if len(found) >= bounds.CONNECTIONS_LIMIT:
                beyond += 1
                continue
            known = open_ones[ends] = Conversation(segment)
            found.append(known)
        known.add(segment)
    return found, beyond


class _Building:
    """One direction, put together."""

    def __init__(
        self, segments: Sequence[Segment], acknowledged: Sequence[int], start: int | None
    ) -> None:
        self._segments = segments
        self._acknowledged = acknowledged
        self._whole_start = start is not None
        self._known = self._whole_start or any(s.data or s.cut for s in segments)  # any number
        self._data = bytearray()
        self._pieces: list[Piece] = []
        self._waiting: list[tuple[int, int, Segment]] = []  # a heap: by offset, then as they came
        self._late = self._twice = self._differing = 0
        self._cut_at: set[int] = set()
        self._said = 0  # up to where there was something, by any word of either side
        self._end: int | None = None  # where FIN stands
        self._closed = 0
        self._overflow = False
        self._base = (start + 1) % _MODULUS if start is not None else self._lowest()

    def _lowest(self) -> int:
        """Without SYN: the lowest number among the first, which may have come in any order."""
        numbers = [s.seq for s in self._segments[: bounds.FIRST_SEGMENTS] if s.data or s.cut]
        if not numbers:
            return 0
        first = numbers[0]
        return min(numbers, key=lambda n: _signed(n - first))

    def run(self) -> Stream:
        for segment in self._segments:
            self._take(segment)
        for number in self._acknowledged:
            self._acknowledge(number)
        return Stream(
            bytes(self._data),
            tuple(self._pieces),
            self._gap(),
            self._whole_start,
            self._late,
            self._twice,
            self._differing,
            sum(len(segment.data) for _, _, segment in self._waiting),
            self._closed,
            self._overflow,
        )

    def _offset(self, number: int) -> int:
        """A sequence number as an offset: the one nearest to where the stream is now."""
        here = len(self._data)
        return here + _signed(number - self._base - here)

    def _take(self, segment: Segment) -> None:
        offset = self._offset((segment.seq + bool(segment.flags & SYN)) % _MODULUS)
        end = offset + len(segment.data) + segment.cut
        if segment.flags & RST:
            self._closed = RST
            return  # what a reset carries, if anything, is no data of the stream
        if segment.flags & FIN:
            self._end = end if self._end is None else self._end
            self._closed = self._closed or FIN
        self._said = max(self._said, end)
        if segment.cut:
            self._cut_at.add(offset + len(segment.data))
        if not segment.data:
            return
        if offset > len(self._data):
            heapq.heappush(self._waiting, (offset, segment.number, segment))
            return
        if self._waiting:
            self._late += 1
        self._append(offset, segment)
        self._drain()

    def _append(self, offset: int, segment: Segment) -> None:
        """A segment that begins where the stream ends, or before."""
        here, data = len(self._data), segment.data
        known = here - offset
        if known > 0:
            probe = offset == here - 1 and len(data) == 1  # keep-alive: its byte means nothing
            if not probe:
                self._compare(offset, data[:known])
            if known >= len(data):
                self._twice += not probe
                return
            data = data[known:]
        if self._end is not None:
            data = data[: max(0, self._end - here)]
        if here + len(data) > bounds.STREAM_LIMIT:
            self._overflow = True
            data = data[: bounds.STREAM_LIMIT - here]
        if data:
            self._data += data
            self._pieces.append(Piece(here, here + len(data), segment.at, segment.number))

    def _compare(self, offset: int, data: bytes) -> None:
        start = max(0, offset)
        theirs = data[start - offset :]
        ours = self._data[start : start + len(theirs)]
        if ours != theirs:
            self._differing += sum(a != b for a, b in zip(ours, theirs, strict=True))

    def _drain(self) -> None:
        """What waited for the bytes that are there now."""
        while self._waiting and self._waiting[0][0] <= len(self._data):
            offset, _, segment = heapq.heappop(self._waiting)
            self._append(offset, segment)

    def _acknowledge(self, number: int) -> None:
        """The other side has it, so it was said."""
        self._said = max(self._said, self._offset(number))

    def _gap(self) -> Gap | None:
        here = len(self._data)
        if self._overflow or not self._known:
            return None
        if self._waiting:
            following = self._waiting[0][0]
        elif self._end is not None:
            following = min(self._said, self._end)  # FIN counts as one more
        else:
            following = (
                self._said if self._said != here + 1 else here
            )  # a FIN that was not captured
        if following <= here:
            return None
        return Gap(here, following - here, here in self._cut_at)


def _signed(difference: int) -> int:
    """A difference of sequence numbers, modulo 2^32, as the smaller way round."""
    return (difference + _HALF) % _MODULUS - _HALF
