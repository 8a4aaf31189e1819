"""A TCP connection made up around records, as a tool for captures wants to see one.

Ports, numbers and the segments without data are made up. Bytes that nobody kept are not: a packet
whose end is not known is captured short, as it is where somebody limits what a capture takes of
each packet.
"""

from __future__ import annotations

import struct as packing
from collections.abc import Iterator
from ipaddress import IPv4Address

from tlsee.values import value

# RFC 5737: addresses for documentation, which nobody has.
CLIENT_ADDRESS = IPv4Address("192.0.2.1")
SERVER_ADDRESS = IPv4Address("198.51.100.1")
SERVER_PORT = 443
FIRST_CLIENT_PORT = 49_152  # RFC 6335, 6: from here on any program may take one
CLIENT_PORTS = 0x10000 - FIRST_CLIENT_PORT

# No record is longer (RFC 5246, 6.2.3), so that each has a packet of its own.
SEGMENT = 5 + (1 << 14) + 2048
UNANSWERED = 1 << 15  # bytes in flight, and one segment more: less than the window
WINDOW = 0xFFFF

_FIN, _SYN, _RST, _PSH, _ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_TCP = 6
_HEADERS = 40  # of IP and TCP, both without options
_DO_NOT_FRAGMENT = 0x4000
_HOPS = 64


@value
class Packet:
    """A packet of IP.

    Attributes:
        at: nanoseconds since the epoch.
        captured: its bytes, from the first one; ``length`` is how many there were.
        comment: what is to be said about it, or ``""``.
    """

    at: int
    captured: bytes
    length: int
    comment: str = ""


class _Side:
    def __init__(self, address: IPv4Address, port: int, first: int) -> None:
        self.address = address.packed
        self.port = port
        self.next = first  # sequence number
        self.unanswered = 0  # bytes that the other side has not acknowledged
        self.packets = 0


class Conversation:
    """One connection, from the first packet to the last; each method gives the packets it takes."""

    def __init__(self, number: int = 0) -> None:
        port = FIRST_CLIENT_PORT + number % CLIENT_PORTS
        self._client = _Side(CLIENT_ADDRESS, port, 1_000_000)
        self._server = _Side(SERVER_ADDRESS, SERVER_PORT, 2_000_000)

    def open(self, at: int, comment: str = "") -> Iterator[Packet]:
        """The three packets that every connection begins with (RFC 9293, 3.5)."""
        yield self._packet(True, _SYN, at, comment=comment)
        yield self._packet(False, _SYN | _ACK, at)
        yield self._packet(True, _ACK, at)

    def say(
        self, from_client: bool, data: bytes, length: int, at: int, comment: str = ""
    ) -> Iterator[Packet]:
        """``length`` bytes from one side, of which ``data`` is known: all, or the first ones."""
        one = self._client if from_client else self._server
        for start in range(0, length, SEGMENT):
            size = min(SEGMENT, length - start)
            if one.unanswered > UNANSWERED:
                yield self._packet(not from_client, _ACK, at)
            piece = data[start : start + size]
            yield self._packet(from_client, _ACK | _PSH, at, piece, size, comment)
            one.unanswered += size

    def finish(self, from_client: bool, at: int) -> Iterator[Packet]:
        """One side has nothing more to say, and the other has heard it."""
        yield self._packet(from_client, _FIN | _ACK, at)
        yield self._packet(not from_client, _ACK, at)

    def abort(self, from_client: bool, at: int) -> Iterator[Packet]:
        """One side gives up."""
        yield self._packet(from_client, _RST | _ACK, at)

    def _packet(
        self,
        from_client: bool,
        flags: int,
        at: int,
        data: bytes = b"",
        size: int = 0,
        comment: str = "",
    ) -> Packet:
        one, other = self._client, self._server
        if not from_client:
            one, other = other, one
        known = len(data) == size
        tcp = _tcp(one, other, flags, data, known)
        ip = _ip(one, other, _HEADERS + size)
        one.next = (one.next + size + bool(flags & (_SYN | _FIN))) & 0xFFFF_FFFF
        one.packets += 1
        if flags & _ACK:
            other.unanswered = 0
        return Packet(at, ip + tcp + data, _HEADERS + size, comment)


def _ip(one: _Side, other: _Side, length: int) -> bytes:
    """An IPv4 header (RFC 791, 3.1)."""

    def header(checksum: int) -> bytes:
        fixed = (0x45, 0, length, one.packets & 0xFFFF, _DO_NOT_FRAGMENT, _HOPS, _TCP, checksum)
        return packing.pack(">BBHHHBBH", *fixed) + one.address + other.address

    return header(_checksum(header(0)))


def _tcp(one: _Side, other: _Side, flags: int, data: bytes, known: bool) -> bytes:
    """A TCP header (RFC 9293, 3.1); its checksum is 0 where not all that it covers is known."""

    def header(checksum: int) -> bytes:
        acknowledged = other.next if flags & _ACK else 0
        ports = (one.port, other.port, one.next, acknowledged)
        return packing.pack(">HHIIBBHHH", *ports, 5 << 4, flags, WINDOW, checksum, 0)

    if not known:
        return header(0)
    length = len(header(0)) + len(data)
    around = one.address + other.address + packing.pack(">HH", _TCP, length)
    return header(_checksum(around + header(0) + data))


def _checksum(data: bytes) -> int:
    """The complement of the sum of 16-bit words in one's complement (RFC 1071).

    Such a sum is what is left of the whole number on division by 2^16 - 1.
    """
    return -int.from_bytes(data + bytes(len(data) % 2)) % 0xFFFF
