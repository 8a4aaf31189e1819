"""The TCP payloads of a capture in pcap's classic format: enough for one published session."""

from __future__ import annotations

import struct
from pathlib import Path

_MAGIC = 0xA1B2C3D4
_LINKTYPE_NULL = 0  # a loopback of BSD: four bytes of address family, then the packet
_IPV6_HEADER = 40
_TCP = 6


def payloads(path: Path) -> list[tuple[int, int, bytes]]:
    """What each TCP segment over IPv6 carries: (source port, destination port, bytes).

    The capture must have the segments in order and each once, as one of a loopback has.
    """
    data = path.read_bytes()
    assert struct.unpack_from("<I", data)[0] == _MAGIC
    assert struct.unpack_from("<I", data, 20)[0] == _LINKTYPE_NULL
    found = []
    at = 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        packet = data[at + 20 : at + 16 + length]
        at += 16 + length
        if packet[0] >> 4 != 6 or packet[6] != _TCP:
            continue
        segment = packet[_IPV6_HEADER : _IPV6_HEADER + struct.unpack_from(">H", packet, 4)[0]]
        source, destination = struct.unpack_from(">HH", segment)
        body = segment[4 * (segment[12] >> 4) :]
        if body:
            found.append((source, destination, body))
    return found
