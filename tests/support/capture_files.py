"""A capture file of one connection: its bytes in TCP segments over IPv4, as tools expect them."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

__all__ = ["CLIENT_PORT", "SERVER_PORT", "write_capture"]

MAGIC = 0xA1B2C3D4
RAW_IP = 101  # link type: packets begin with the IP header
CLIENT_PORT, SERVER_PORT = 50_000, 443
SYN, ACK, PUSH = 0x02, 0x10, 0x08
SEGMENT = 1400  # bytes of TCP content


class _Side:
    def __init__(self, address: bytes, port: int) -> None:
        self.address, self.port, self.next = address, port, 1000


def write_capture(path: Path, flights: Iterable[tuple[bool, bytes]]) -> None:
    """Write what each side sent, in order; ``True`` marks the client's bytes."""
    client, server = _Side(b"\x0a\0\0\1", CLIENT_PORT), _Side(b"\x0a\0\0\2", SERVER_PORT)
    packets = [_packet(client, server, SYN), _packet(server, client, SYN | ACK)]
    packets.append(_packet(client, server, ACK))
    for from_client, data in flights:
        one, other = (client, server) if from_client else (server, client)
        pieces = [data[at : at + SEGMENT] for at in range(0, len(data), SEGMENT)]
        packets += [_packet(one, other, ACK | PUSH, piece) for piece in pieces]
    head = struct.pack("<IHHiIII", MAGIC, 2, 4, 0, 0, 0xFFFF, RAW_IP)
    stamped = (
        struct.pack("<IIII", 1_800_000_000, 1000 * number, len(packet), len(packet)) + packet
        for number, packet in enumerate(packets)
    )
    path.write_bytes(head + b"".join(stamped))


def _packet(one: _Side, other: _Side, flags: int, data: bytes = b"") -> bytes:
    acknowledged = other.next if flags & ACK else 0
    tcp = struct.pack(
        ">HHIIBBHHH", one.port, other.port, one.next, acknowledged, 5 << 4, flags, 0xFFFF, 0, 0
    )
    one.next += len(data) + bool(flags & SYN)
    length = 20 + len(tcp) + len(data)
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, 6, 0, one.address, other.address)
    return ip + tcp + data
