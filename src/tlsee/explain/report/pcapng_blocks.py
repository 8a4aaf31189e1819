"""The blocks of pcapng that a capture of ours has (draft-ietf-opsawg-pcapng, 4).

A section of four kinds of blocks takes fewer lines than a library would take to be told of the one
that it does not have: secrets. All numbers are little-endian, all parts fill 32-bit words.
"""

from __future__ import annotations

import struct as packing

SECTION_HEADER = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 1
ENHANCED_PACKET = 6
DECRYPTION_SECRETS = 10

BYTE_ORDER = 0x1A2B3C4D
LENGTH_UNKNOWN = 0xFFFF_FFFF_FFFF_FFFF  # of a section that is written in one go
TLS_KEY_LOG = 0x544C534B
RAW_IP = 101  # link type: a packet begins with the header of IP
NANOSECONDS = 9  # timestamps count 10^-9 seconds
LATEST = (1 << 64) - 1

COMMENT = 1  # options; the others mean something in one kind of block
END = 0
SECTION_PROGRAM = 4
INTERFACE_NAME = 2
INTERFACE_RESOLUTION = 9
OPTION_LIMIT = 0xFFFF


def section_header(program: str, comment: str) -> bytes:
    """The first block: version 1.0, and what there is to say about the whole capture."""
    fixed = packing.pack("<IHHQ", BYTE_ORDER, 1, 0, LENGTH_UNKNOWN)
    options = {COMMENT: comment.encode("utf-8", "replace"), SECTION_PROGRAM: program.encode()}
    return _block(SECTION_HEADER, fixed, options)


def interface_description(name: str) -> bytes:
    """Where the packets that follow were seen: whole ones that begin with IP, in nanoseconds."""
    options = {INTERFACE_NAME: name.encode(), INTERFACE_RESOLUTION: bytes([NANOSECONDS])}
    return _block(INTERFACE_DESCRIPTION, packing.pack("<HHI", RAW_IP, 0, 0), options)


def decryption_secrets(key_log: bytes) -> bytes:
    """Secrets as lines of RFC 9850, for the packets that follow."""
    return _block(
        DECRYPTION_SECRETS, packing.pack("<II", TLS_KEY_LOG, len(key_log)) + _whole(key_log), {}
    )


def enhanced_packet(at: int, captured: bytes, length: int, comment: str = "") -> bytes:
    """A packet: ``at`` in nanoseconds since the epoch, ``length`` in bytes as it was sent.

    ``captured`` is its beginning, and shorter where the rest is not known.
    """
    at = min(at, LATEST)
    fixed = packing.pack("<IIIII", 0, at >> 32, at & 0xFFFF_FFFF, len(captured), length)
    options = {COMMENT: comment.encode("utf-8", "replace")} if comment else {}
    return _block(ENHANCED_PACKET, fixed + _whole(captured), options)


def _block(kind: int, body: bytes, options: dict[int, bytes]) -> bytes:
    if options:
        body += b"".join(_option(*option) for option in (*options.items(), (END, b"")))
    length = 12 + len(body)
    return packing.pack("<II", kind, length) + body + packing.pack("<I", length)


def _option(code: int, text: bytes) -> bytes:
    text = text[:OPTION_LIMIT]
    return packing.pack("<HH", code, len(text)) + _whole(text)


def _whole(data: bytes) -> bytes:
    """Filled up to a whole number of 32-bit words."""
    return data + bytes(-len(data) % 4)
