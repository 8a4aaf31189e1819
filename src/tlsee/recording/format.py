"""The bytes of a recording: a header that says what it is, and frames that are only ever appended.

Each frame has its length and a checksum before a piece of one stream of DEFLATE (RFC 1951), which
ends at a byte boundary. So a file that was cut off or damaged is readable up to the frame before,
and what is said twice, as records, messages and certificates are, is kept once. docs/recordings.md
describes each field.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import ClassVar

from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.text import count
from tlsee.values import value
from tlsee.wire.codec import constant, opaque, read, struct, u8, u16, u32, u64, write

MAGIC = b"\x89TLSREC\r\n\x1a\n"  # no text, and no tool that changes line ends leaves it whole
VERSION = 1

# What is read is hostile: a mail attachment, a bug report. What the recorder keeps is less.
FILE_LIMIT = 64 << 20  # bytes of a file
BODIES_LIMIT = 256 << 20  # bytes of all bodies together; DEFLATE makes a thousand of one
BODY_LIMIT = 1 << 25  # bytes of one body: a verdict or a message of 16 MiB, and what is around it
FRAMES_LIMIT = 1 << 20  # a frame in memory takes more than its bytes

_DEFLATE = -15  # raw, with the largest window
_LEVEL = 1  # of what repeats it finds nearly as much as 6 does, in half the time
_FRAME_HEADER = 8  # length and CRC-32 over it and what follows
# A flushed piece always ends so; it is left out (RFC 7692, 7.2.1).
_FLUSHED = b"\x00\x00\xff\xff"

REDACTED = (
    "A recording of a TLS connection, made by tlsee. Left out: secrets, private keys and the "
    "content of application records. Still in it: names, addresses, certificates, lengths, times."
)
PSEUDONYMS = (
    "A recording of a TLS connection, made by tlsee. Left out: secrets, private keys and the "
    "content of encrypted records. Names, addresses and what names a certificate are pseudonyms; "
    "dates, lengths, times and choices are as they were."
)
REVEALED = (
    "A recording of a TLS connection, made by tlsee. KEEP IT SECRET: it holds the keys to all that "
    "was said, and private keys that were made for it."
)
OVERHEARD = (
    "A TLS connection between others, as it went over the wire; tlsee made this of a capture. It "
    "holds no secrets; what was encrypted is in it as it was, and opens to whoever has the keys."
)
OVERHEARD_REVEALED = (
    "A TLS connection between others, as it went over the wire; tlsee made this of a capture and a "
    "key. KEEP IT SECRET: it holds the keys to all that was said."
)


@struct
class Start:
    """What follows the magic; the checksum is CRC-32 over magic and start."""

    version: int = u16()
    flags: int = u8()
    began: int = u64()
    program: bytes = opaque(0, 0xFF)
    note: bytes = opaque(0, 0xFFFF)


REVEALS = 1  # of Start.flags
HAS_PSEUDONYMS = 2
IS_OVERHEARD = 4


@struct
class _File:
    """Magic and length of the start, for whoever reads."""

    magic: ClassVar[bytes] = constant(MAGIC)
    start: bytes = opaque(0, 0x1FFFF)
    checksum: int = u32()


@value
class Header:
    """What a file says of itself.

    Attributes:
        version: of the format. ``began``: nanoseconds since the epoch.
        reveals_secrets: whether everything is in it. ``has_pseudonyms``: whether names are not.
        overheard: whether it is of a capture, told as the client would have; there is no journal.
        program: what wrote it. ``note``: the sentence that stands in the file.
    """

    began: int
    reveals_secrets: bool = False
    has_pseudonyms: bool = False
    program: str = ""
    version: int = VERSION
    overheard: bool = False

    @property
    def note(self) -> str:
        """What is in the file and what is not, as the file itself says in clear text."""
        if self.reveals_secrets:
            return OVERHEARD_REVEALED if self.overheard else REVEALED
        if self.has_pseudonyms:
            return PSEUDONYMS
        return OVERHEARD if self.overheard else REDACTED


def header_bytes(header: Header) -> bytes:
    """A file's beginning."""
    flags = REVEALS * header.reveals_secrets | HAS_PSEUDONYMS * header.has_pseudonyms
    flags |= IS_OVERHEARD * header.overheard
    start = write(
        Start(
            header.version,
            flags,
            header.began,
            header.program.encode("ascii", "replace")[:0xFF],
            header.note.encode("ascii"),
        )
    )
    return write(_File(start, zlib.crc32(MAGIC + start)))


def read_header(data: bytes) -> tuple[Header, int]:
    """A file's header, and where its frames begin.

    Raises:
        ApiMisuse: it is no recording, one of a newer format, or cut off or damaged here already.
    """
    if data[: len(MAGIC)] != MAGIC[: len(data)] or not data:
        raise ApiMisuse("this is no recording of tlsee's: it begins otherwise")
    size = len(MAGIC) + 3 + int.from_bytes(data[len(MAGIC) : len(MAGIC) + 3]) + 4
    try:
        outer = read(_File, data[:size])
        if zlib.crc32(MAGIC + outer.start) != outer.checksum:
            raise ApiMisuse("this recording is damaged in its first bytes")
        version = int.from_bytes(outer.start[:2])
        if version != VERSION:
            raise ApiMisuse(
                f"this recording has format {version}, and format {VERSION} is read here",
                "read it with the release of tlsee that wrote it, or a newer one",
            )
        start = read(Start, outer.start)
    except PeerMisbehaved:
        raise ApiMisuse("this recording is cut off in its first bytes") from None
    header = Header(
        start.began,
        bool(start.flags & REVEALS),
        bool(start.flags & HAS_PSEUDONYMS),
        start.program.decode("ascii", "replace"),
        overheard=bool(start.flags & IS_OVERHEARD),
    )
    return header, size


class FrameWriter:
    """Makes frames of bodies, in order; it holds some 260 kB for the compression."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _DEFLATE)

    def frame(self, body: bytes) -> bytes:
        """The frame's bytes, complete in themselves."""
        if len(body) > BODY_LIMIT:
            raise ApiMisuse(f"{count(len(body), 'byte')} in one frame")
        packed = self._deflate.compress(body) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        packed = packed.removesuffix(_FLUSHED)
        length = len(packed).to_bytes(4)
        return length + zlib.crc32(length + packed).to_bytes(4) + packed


class FrameReader:
    """Gives the bodies of frames, up to the first that is not whole.

    Attributes:
        damage: once the bodies are taken, a sentence on what could not be read, or ``""``.
        frames: how many were whole.
    """

    def __init__(self, data: bytes, at: int) -> None:
        self.damage = ""
        self.frames = 0
        self._data = data
        self._at = at

    def __iter__(self) -> Iterator[bytes]:
        inflate = zlib.decompressobj(_DEFLATE)
        room = BODIES_LIMIT
        while self._at < len(self._data):
            packed = self._packed()
            if packed is None:
                return
            try:
                body = inflate.decompress(packed + _FLUSHED, BODY_LIMIT + 1)
            except zlib.error:
                self._stop("cannot be unpacked")
                return
            room -= len(body)
            if len(body) > BODY_LIMIT or room < 0 or inflate.unconsumed_tail:
                self._stop("is larger than any that is written")
                return
            if self.frames >= FRAMES_LIMIT:
                self._stop("is beyond the number that is read")
                return
            self.frames += 1
            yield body

    def _packed(self) -> bytes | None:
        """The next frame's content, if it is whole."""
        data, start = self._data, self._at + _FRAME_HEADER
        length = int.from_bytes(data[self._at : self._at + 4])
        end = start + length
        if start > len(data) or end > len(data):
            self._stop("is cut off or damaged")
            return None
        packed = data[start:end]
        checksum = int.from_bytes(data[self._at + 4 : start])
        if zlib.crc32(data[self._at : self._at + 4] + packed) != checksum:
            self._stop("is damaged")
            return None
        self._at = end
        return packed

    def _stop(self, why: str) -> None:
        left = count(len(self._data) - self._at, "byte")
        self.damage = f"frame {self.frames + 1} {why}; the {count(self.frames, 'frame')} before it"
        self.damage += f" could be read, {left} could not"
