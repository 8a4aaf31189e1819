"""Captures made by hand: packets of every kind of link, in any order, whole or cut."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

__all__ = [
    "ACK",
    "BEGAN",
    "ETHERNET",
    "FIN",
    "LOOP",
    "NULL",
    "RAW",
    "RST",
    "SLL",
    "SLL2",
    "SYN",
    "Talker",
    "block",
    "framed",
    "pcap",
    "pcapng",
    "segment",
]

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
ETHERNET, NULL, RAW, LOOP, SLL, SLL2 = 1, 0, 101, 108, 113, 276
BEGAN = 1_800_000_000  # seconds since the epoch
CLIENT, SERVER = ("10.0.0.1", 50_000), ("10.0.0.2", 443)


class Packet(NamedTuple):
    """An IP packet and when it was there, nanoseconds after ``BEGAN``."""

    at: int
    data: bytes


def segment(
    source: tuple[str, int],
    target: tuple[str, int],
    seq: int,
    data: bytes = b"",
    flags: int = ACK,
    ack: int = 0,
) -> bytes:
    """A TCP segment in an IP packet of the addresses' version."""
    tcp = struct.pack(
        ">HHIIBBHHH", source[1], target[1], seq % 2**32, ack % 2**32, 5 << 4, flags, 0xFFFF, 0, 0
    )
    one, other = (ipaddress.ip_address(end[0]) for end in (source, target))
    if one.version == 6:
        head = struct.pack(">IHBB", 6 << 28, len(tcp) + len(data), 6, 64)
        return head + one.packed + other.packed + tcp + data
    total = 20 + len(tcp) + len(data)
    head = struct.pack(">BBHHHBBH", 0x45, 0, total, 0, 0, 64, 6, 0)
    return head + one.packed + other.packed + tcp + data


class Talker:
    """A TCP connection whose packets are kept in the order in which they are said.

    ``isn``: the client's and the server's initial sequence numbers.
    """

    def __init__(
        self,
        client: tuple[str, int] = CLIENT,
        server: tuple[str, int] = SERVER,
        isn: tuple[int, int] = (1000, 5000),
        begin: int = 0,
    ) -> None:
        self.ends = (client, server)
        self.isn = isn
        self.next = [isn[0], isn[1]]
        self.packets: list[Packet] = []
        self.at = begin

    def hands(self) -> Talker:
        """The three packets with which TCP begins."""
        self._add(0, b"", SYN, 1)
        self._add(1, b"", SYN | ACK, 1)
        self._add(0, b"", ACK)
        return self

    def say(self, from_client: bool, data: bytes, size: int = 1400) -> Talker:
        """Data in segments of at most this many bytes."""
        for at in range(0, len(data), size):
            piece = data[at : at + size]
            self._add(not from_client, piece, ACK, len(piece))
        return self

    def bye(self, flags: int = FIN | ACK) -> Talker:
        """FIN from both sides."""
        self._add(0, b"", flags, 1)
        self._add(1, b"", flags, 1)
        self._add(0, b"", ACK)
        return self

    def again(self, from_client: bool, offset: int, data: bytes, flags: int = ACK) -> Talker:
        """A segment at an offset of the stream, besides what is said in order."""
        side = int(not from_client)
        self._packet(side, self.isn[side] + 1 + offset, data, flags)
        return self

    def _add(self, side: int, data: bytes, flags: int, length: int = 0) -> None:
        self._packet(side, self.next[side], data, flags)
        self.next[side] += length

    def _packet(self, side: int, seq: int, data: bytes, flags: int) -> None:
        ack = self.next[1 - side] if flags & ACK else 0
        one, other = self.ends[side], self.ends[1 - side]
        self.packets.append(Packet(self.at, segment(one, other, seq, data, flags, ack)))
        self.at += 1_000_000


def framed(data: bytes, link: int, vlan: int | None = None) -> bytes:
    """An IP packet behind the header of a link layer."""
    newer = data[0] >> 4 == 6
    ethertype = struct.pack(">H", 0x86DD if newer else 0x0800)
    if link == ETHERNET:
        tag = struct.pack(">HH", 0x8100, vlan) if vlan is not None else b""
        return bytes(12) + tag + ethertype + data
    if link == NULL:
        return struct.pack("<I", 30 if newer else 2) + data
    if link == LOOP:
        return struct.pack(">I", 24 if newer else 2) + data
    if link == SLL:
        return struct.pack(">HHH8s", 0, 1, 6, b"") + ethertype + data
    if link == SLL2:
        return ethertype + struct.pack(">HIHBB8s", 0, 1, 1, 0, 6, b"") + data
    return data


def pcap(
    packets: Iterable[Packet],
    link: int = RAW,
    order: str = "<",
    nano: bool = False,
    snaplen: int = 0xFFFF,
    vlan: int | None = None,
) -> bytes:
    """A file of the older format; ``snaplen`` cuts each packet."""
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    made = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snaplen, link)
    for at, data in packets:
        frame = framed(data, link, vlan)
        kept = frame[:snaplen]
        seconds, rest = divmod(BEGAN * 10**9 + at, 10**9)
        fraction = rest if nano else rest // 1000
        made += struct.pack(f"{order}IIII", seconds, fraction, len(kept), len(frame)) + kept
    return made


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """A block of pcapng."""
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + length + body + length


def pcapng(
    packets: Sequence[Packet],
    links: Sequence[int] = (RAW,),
    order: str = "<",
    secrets: bytes = b"",
    nano: bool = True,
    simple: bool = False,
) -> bytes:
    """A file of the newer format; packets go to its interfaces in turn."""
    section = struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)
    made = block(0x0A0D0D0A, section, order)
    # if_tsresol: nanoseconds; without it they are microseconds.
    options = struct.pack(f"{order}HHB3xHH", 9, 1, 9, 0, 0) if nano else b""
    for link in links:
        made += block(1, struct.pack(f"{order}HHI", link, 0, 0) + options, order)
    if secrets:
        head = struct.pack(f"{order}II", 0x544C534B, len(secrets))
        made += block(10, head + secrets, order)
    for number, (at, data) in enumerate(packets):
        which = number % len(links)
        frame = framed(data, links[which])
        ticks = BEGAN * 10**9 + at
        ticks = ticks if nano else ticks // 1000
        if simple:
            made += block(3, struct.pack(f"{order}I", len(frame)) + frame, order)
            continue
        head = struct.pack(
            f"{order}IIIII", which, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)
        )
        made += block(6, head + frame, order)
    return made
