"""Capture files: pcap and pcapng to packets, and the secrets that pcapng may carry."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from typing import Any

from tlsee.errors import ApiMisuse
from tlsee.explain.capture import bounds
from tlsee.explain.capture.libraries import block_library, packet_library
from tlsee.explain.capture.packets import Packet
from tlsee.text import count

__all__ = ["CaptureFile"]

_SECTION = b"\x0a\x0d\x0d\x0a"
# pcap's first four bytes: microseconds or nanoseconds, and either order of bytes.
_MICROSECONDS = (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1")
_NANOSECONDS = (b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1")
_OTHERS = {
    b"\x1f\x8b": "gzip's: unpack it first",
    b"PK": "an archive: unpack it first",
    b"\xfd7zXZ": "xz's: unpack it first",
}
_INTERFACE = 0x00000001
_DECRYPTION_SECRETS = 0x0000000A  # a block that the library leaves as it is
_TLS_KEY_LOG = 0x544C534B
_SECOND = 10**9
_LATEST = 2**63 - 1  # nanoseconds: the year 2262; what a damaged clock says beyond fits nowhere


class CaptureFile:
    """The packets of a file, in its order.

    Attributes:
        secrets: key logs that were in the file, once the packets are taken.
        notes: sentences on what could not be read, likewise.

    Raises:
        ApiMisuse: it is no capture, too large, or the libraries are not installed.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) > bounds.FILE_LIMIT:
            raise ApiMisuse(
                f"this is longer than what is read of a capture: over {bounds.FILE_LIMIT:,} bytes",
                "cut it: editcap -c, or tshark -r FILE -Y 'tcp.stream == 0' -w OTHER",
            )
        self.secrets: list[bytes] = []
        self.notes: list[str] = []
        self._data = data
        self._number = 0
        magic = data[:4]
        if magic == _SECTION:
            self._pcapng: Any = block_library()
        elif magic in _MICROSECONDS + _NANOSECONDS:
            self._pcapng = None
        else:
            raise _no_capture(data)
        self._dpkt = packet_library()

    def packets(self) -> Iterator[Packet]:
        """All of them, up to what is cut off or damaged. No bytes raise."""
        inside = self._blocks() if self._pcapng is not None else self._records()
        try:
            for packet in inside:
                if packet.number > bounds.PACKETS_LIMIT:
                    self.notes.append(
                        f"the capture has more than {count(bounds.PACKETS_LIMIT, 'packet')}; "
                        "the rest was not read"
                    )
                    return
                yield packet
        except Exception:  # noqa: BLE001 - the libraries have many words for damage
            self._damaged()

    def _damaged(self) -> None:
        where = f"behind packet {self._number:,}"
        self.notes.append(f"the capture is damaged or cut off {where}; that far it was read")

    def _next(self, at: int, link: int, data: bytes) -> Packet:
        self._number += 1
        return Packet(self._number, at, link, data)

    # --- pcap ---------------------------------------------------------------------------------

    def _records(self) -> Iterator[Packet]:
        lib, data = self._dpkt.pcap, self._data
        head = lib.FileHdr(data[: lib.FileHdr.__hdr_len__])
        shape = lib.MAGIC_TO_PKT_HDR[head.magic]
        if data[:4] in {_MICROSECONDS[1], _NANOSECONDS[1]}:
            head = lib.LEFileHdr(data[: lib.FileHdr.__hdr_len__])
        scale = 1 if data[:4] in _NANOSECONDS else 1000
        link = head.linktype & 0xFFFF  # above are flags about a checksum
        at = lib.FileHdr.__hdr_len__
        while at < len(data):
            record = shape(data[at : at + shape.__hdr_len__])
            at += shape.__hdr_len__
            end = at + record.caplen
            if end > len(data):
                self._damaged()
                return
            yield self._next(record.tv_sec * _SECOND + record.tv_usec * scale, link, data[at:end])
            at = end

    # --- pcapng -------------------------------------------------------------------------------

    def _blocks(self) -> Iterator[Packet]:
        blocks = self._pcapng.blocks
        stream = io.BytesIO(self._data)
        scanner = self._pcapng.FileScanner(stream)
        room, last = bounds.KEYLOG_LIMIT, 0
        for block in _quietly(iter(scanner), stream):
            if isinstance(block, blocks.BasePacketBlock):
                interface = block.interface
                if isinstance(block, blocks.BlockWithTimestampMixin):
                    last = _moment(block, interface)
                yield self._next(last, interface.link_type, bytes(block.packet_data))
            elif isinstance(block, blocks.UnknownBlock) and (
                block.block_type == _DECRYPTION_SECRETS
            ):
                secrets = _key_log(bytes(block.data), scanner.endianness)
                room -= len(secrets)
                if secrets and room >= 0:
                    self.secrets.append(secrets)


def _quietly(blocks: Iterator[Any], stream: io.BytesIO) -> Iterator[Any]:
    """The blocks; about descriptions of interfaces the library warns of its own declarations."""
    view = stream.getbuffer()
    while stream.tell() < len(view):
        at = stream.tell()
        if int.from_bytes(view[at : at + 4].tobytes().strip(b"\0")) != _INTERFACE:
            yield next(blocks)
            continue
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            block = next(blocks)
        yield block


def _moment(block: Any, interface: Any) -> int:
    """Nanoseconds since the epoch, without a float between."""
    options = interface.options
    code = int(options["if_tsresol"][0]) if "if_tsresol" in options else 6
    units: int = (2 if code & 0x80 else 10) ** (code & 0x7F)
    offset = int(options.get("if_tsoffset", 0))
    ticks = int(block.timestamp_high) << 32 | int(block.timestamp_low)
    return min(_LATEST, max(0, ticks * _SECOND // units + offset * _SECOND))


def _key_log(data: bytes, endianness: str) -> bytes:
    """The key log of a Decryption Secrets Block; empty for secrets of another kind."""
    order = "big" if endianness == ">" else "little"
    kind, length = (int.from_bytes(data[at : at + 4], order) for at in (0, 4))  # type: ignore[arg-type]
    return data[8 : 8 + length] if kind == _TLS_KEY_LOG else b""


def _no_capture(data: bytes) -> ApiMisuse:
    if not data:
        return ApiMisuse("this is no capture: it is empty")
    for magic, what in _OTHERS.items():
        if data.startswith(magic):
            return ApiMisuse(f"this is no capture: it begins as a file of {what}")
    return ApiMisuse(
        "this is no capture: neither pcap nor pcapng begins so",
        "capture with tcpdump -w, dumpcap or Wireshark",
    )
