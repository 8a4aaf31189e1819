"""A pcapng file taken apart again, by the format's description alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Block", "Segment", "blocks", "segments"]

_FIXED = {0x0A0D0D0A: 16, 1: 8, 6: 20, 10: 8}
_HEADERS = 40


@dataclass
class Block:
    """Its type, its fixed part, its data and its options."""

    kind: int
    fixed: bytes
    data: bytes
    options: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Segment:
    """A packet of IPv4 and TCP: numbers as they stand there, ``length`` of its data as sent.

    ``sums`` are those over header and packet, 0xFFFF where a checksum is right.
    """

    at: int
    ports: tuple[int, int]
    sequence: int
    acknowledged: int
    flags: int
    data: bytes
    length: int
    comment: str
    sums: tuple[int, int]
    checksum: int


def blocks(capture: bytes) -> list[Block]:
    """All blocks; each says its length twice, and all of it is used."""
    found, at = [], 0
    while at < len(capture):
        kind, length = struct.unpack_from("<II", capture, at)
        assert length % 4 == 0
        body = capture[at + 8 : at + length - 4]
        assert struct.unpack_from("<I", capture, at + length - 4) == (length,)
        fixed, rest = body[: _FIXED[kind]], body[_FIXED[kind] :]
        size = 0
        if kind == 6:
            size = struct.unpack("<5I", fixed)[3]
        elif kind == 10:
            size = struct.unpack("<2I", fixed)[1]
        padded = size + -size % 4
        assert not any(rest[size:padded])
        found.append(Block(kind, fixed, rest[:size], dict(_options(rest[padded:]))))
        at += length
    return found


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        code, length = struct.unpack_from("<HH", data)
        if code == 0:
            assert data == bytes(4)
            return
        yield code, data[4 : 4 + length]
        data = data[4 + length + -length % 4 :]


def segments(capture: bytes) -> list[Segment]:
    """The packets, in order."""
    return [_segment(block) for block in blocks(capture) if block.kind == 6]


def _segment(block: Block) -> Segment:
    _, high, low, captured, length = struct.unpack("<5I", block.fixed)
    ip, tcp, data = block.data[:20], block.data[20:_HEADERS], block.data[_HEADERS:]
    assert captured == len(block.data)
    assert ip[0] == 0x45
    assert int.from_bytes(ip[2:4]) == length
    sent = length - _HEADERS
    around = ip[12:20] + struct.pack(">HH", 6, 20 + sent)
    one, other, sequence, acknowledged = struct.unpack_from(">HHII", tcp)
    return Segment(
        high << 32 | low,
        (one, other),
        sequence,
        acknowledged,
        tcp[13],
        data,
        sent,
        block.options.get(1, b"").decode(),
        (_sum(ip), _sum(around + tcp + data)),
        int.from_bytes(tcp[16:18]),
    )


def _sum(data: bytes) -> int:
    """The sum in one's complement, as RFC 1071 describes it: 0xFFFF where the checksum is right."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total
