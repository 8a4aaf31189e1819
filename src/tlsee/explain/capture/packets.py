"""Packets to TCP segments: link layers, IPv4 and IPv6 as ``dpkt`` reads them."""

from __future__ import annotations

import ipaddress
from typing import Any

from tlsee.explain.capture.libraries import packet_library
from tlsee.values import value

__all__ = ["ACK", "FIN", "RST", "SYN", "Packet", "PacketReader", "Segment"]

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

ETHERNET, NULL, LOOP, SLL, SLL2 = 1, 0, 108, 113, 276
RAW = frozenset((12, 14, 101, 228, 229))  # the number differs by system; 228 is IPv4, 229 IPv6
_NAMES = {105: "IEEE 802.11", 127: "radiotap", 220: "USB", 147: "a private one", 249: "USB"}
_INTERNET = frozenset((0x0800, 0x86DD))  # EtherTypes of IPv4 and IPv6
_PROTOCOL_TCP = 6
_FRAGMENT = 44


@value
class Packet:
    """What a capture holds of a packet.

    Attributes:
        number: from 1, as other tools count. at: nanoseconds since the epoch.
        link: the link type that says how ``data`` begins.
        data: as captured, which may be less than there was.
    """

    number: int
    at: int
    link: int
    data: bytes


@value
class Segment:
    """A TCP segment.

    Attributes:
        number, at: of the packet.
        source, target: address and port, as text that is ready to be shown.
        seq, ack: 32-bit numbers. flags: the header's.
        data: its content, as captured. cut: bytes of it that the capture does not have.
    """

    number: int
    at: int
    source: str
    target: str
    seq: int
    ack: int
    flags: int
    data: bytes
    cut: int


class PacketReader:
    """Finds TCP segments in packets, and counts what it passes over.

    Attributes:
        fragments: packets that are pieces of larger ones; they are not put together.
        unread: packets that say TCP and are cut inside their headers, or are malformed.
        other: packets that are no TCP. links: link types that are not known here.

    Raises:
        ApiMisuse: the library is not installed.
    """

    def __init__(self) -> None:
        self._dpkt = packet_library()
        self.fragments = 0
        self.unread = 0
        self.other = 0
        self.links: set[int] = set()

    def segment(self, packet: Packet) -> Segment | None:
        """The segment in a packet, if it is one. No bytes raise."""
        try:
            found = self._network(packet)
            return self._segment(packet, found) if found is not None else None
        except Exception:  # noqa: BLE001 - the library says by many exceptions that bytes are none
            self.unread += 1
            return None

    def _network(self, packet: Packet) -> Any:
        """The IP packet inside: an object of the library's; ``None`` for anything else."""
        lib, data, link = self._dpkt, packet.data, packet.link
        if link in RAW:
            return self._internet(data)
        if link in {NULL, LOOP}:
            frame = lib.loopback.Loopback(data)
        elif link == ETHERNET:
            frame = lib.ethernet.Ethernet(data)
        elif link == SLL:
            frame = lib.sll.SLL(data)
        elif link == SLL2:
            frame = lib.sll2.SLL2(data)
        else:
            self.links.add(link)
            return None
        inside = frame
        while not isinstance(inside, lib.ip.IP | lib.ip6.IP6):
            inside = getattr(inside, "data", None)
            if not isinstance(inside, lib.dpkt.Packet):
                is_cut = getattr(frame, "ethtype", getattr(frame, "type", 0)) in _INTERNET
                self.unread += is_cut
                self.other += not is_cut
                return None
        return inside

    def _internet(self, data: bytes) -> Any:
        version = data[0] >> 4
        return self._dpkt.ip6.IP6(data) if version == 6 else self._dpkt.ip.IP(data)

    def _segment(self, packet: Packet, found: Any) -> Segment | None:
        newer = isinstance(found, self._dpkt.ip6.IP6)
        if _is_fragment(found, newer=newer):
            self.fragments += 1
            return None
        tcp = found.data
        if not isinstance(tcp, self._dpkt.tcp.TCP):
            if found.p == _PROTOCOL_TCP:
                self.unread += 1
            else:
                self.other += 1
            return None
        source, target = _address(found.src), _address(found.dst)
        data = bytes(tcp.data)
        return Segment(
            packet.number,
            packet.at,
            _place(source, tcp.sport),
            _place(target, tcp.dport),
            tcp.seq,
            tcp.ack,
            tcp.flags & 0xFF,
            data,
            max(0, _announced(found, tcp, newer=newer) - len(data)),
        )


def link_name(link: int) -> str:
    """What a link type that is not read here is called."""
    return f"{_NAMES[link]} ({link})" if link in _NAMES else f"number {link}"


def _is_fragment(found: Any, *, newer: bool) -> bool:
    if newer:
        header = found.extension_hdrs.get(_FRAGMENT)
        return header is not None and bool(header.frag_off or header.m_flag)
    return bool(found.mf or found.offset)


def _announced(found: Any, tcp: Any, *, newer: bool) -> int:
    """How many bytes the segment has by its headers; 0 where they do not say (offloading)."""
    if newer:
        inside = found.plen - sum(header.length for header in found.all_extension_headers)
        return inside - tcp.off * 4 if found.plen else 0
    return found.len - found.hl * 4 - tcp.off * 4 if found.len else 0


def _address(packed: bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(packed)


def _place(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> str:
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
