"""Captures of TLS over TCP: the byte stream of each side, and its records."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

__all__ = ["key_log", "records", "streams"]

MAGIC = 0xA1B2C3D4  # pcap, little endian, microseconds
LOOPBACK = 0  # link type: four bytes of address family, then IP
SYN = 0x02


def streams(capture: Path) -> tuple[bytes, bytes]:
    """What the client and what the server sent, in a pcap of one connection over IPv4.

    The client is who sent the first SYN. A gap in a stream is an AssertionError.
    """
    data = capture.read_bytes()
    magic, _, _, _, _, _, link = struct.unpack_from("<IHHiIII", data)
    assert (magic, link) == (MAGIC, LOOPBACK), "another kind of capture than these tests read"
    heard: dict[int, bytes] = {}
    following: dict[int, int] = {}
    for packet in _packets(data):
        port, number, flags, content = _segment(packet)
        if flags & SYN:
            heard[port], following[port] = b"", number + 1
            continue
        if content:
            assert number == following[port], "a segment is missing or came twice"
            heard[port] += content
            following[port] += len(content)
    client, server = heard.values()
    return client, server


def _packets(data: bytes) -> Iterator[bytes]:
    at = 24
    while at < len(data):
        _, _, kept, length = struct.unpack_from("<IIII", data, at)
        assert kept == length, "a packet was cut"
        at += 16
        yield data[at : at + length]
        at += length


def _segment(packet: bytes) -> tuple[int, int, int, bytes]:
    """Source port, sequence number, flags and content of the TCP segment in a packet."""
    ip = packet[4:]
    tcp = ip[(ip[0] & 15) * 4 : int.from_bytes(ip[2:4], "big")]
    port, _, number, _, offset, flags = struct.unpack_from(">HHIIBB", tcp)
    return port, number, flags, tcp[(offset >> 4) * 4 :]


def records(stream: bytes) -> list[bytes]:
    """The records of a stream, headers included, which must end with the last of them."""
    found = []
    while stream:
        end = 5 + int.from_bytes(stream[3:5], "big")
        assert end <= len(stream), "the last record was cut"
        found.append(stream[:end])
        stream = stream[end:]
    return found


def key_log(path: Path) -> dict[str, bytes]:
    """The secrets of a key log of one connection, by their labels (RFC 9850, 2)."""
    rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    assert len({client_random for _, client_random, _ in rows}) == 1
    return {label: bytes.fromhex(secret) for label, _, secret in rows}
