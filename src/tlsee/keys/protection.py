"""Record payload protection (RFC 9846, 5.2 to 5.4): the hot path of a connection.

A record's nonce is its number xored with the IV; one integer xor turned to bytes is the cheapest
way to it in Python. The plaintext of a record must end with its content type, so content is joined
with it once and encrypted straight into the output, which is allocated once for a whole write.
Opening decrypts each record behind the content of the one before it, over that one's content type,
so a run of records comes out as one piece.
"""

from __future__ import annotations

from functools import cache
from typing import Self

from cryptography.exceptions import InvalidTag

from tlsee.codes import ContentType
from tlsee.keys.schedule13 import TrafficSecret

HEADER_LENGTH = 5
MAX_PLAINTEXT = 2**14
MAX_INNER = MAX_PLAINTEXT + 1  # content and its type (RFC 9846, 5.4)
MAX_CIPHERTEXT = 2**14 + 256

BAD_TAG = -1  # for ``Opener.open_run``: the record that stopped it is not authentic

LARGE_WRITE = 8  # records; their output is more than the C library keeps at hand by default

_APPLICATION_DATA = 23
_TYPE = bytes((_APPLICATION_DATA,))


def protected_header(length: int) -> bytes:
    """The header of a TLSCiphertext, which is also its additional data."""
    return bytes((_APPLICATION_DATA, 3, 3, length >> 8, length & 0xFF))


class _Keys:
    """One direction's keys. ``number`` counts the records so far, ``limit`` bounds it."""

    __slots__ = ("_aead", "_iv", "limit", "number", "tag_length")

    def __init__(self, secret: TrafficSecret) -> None:
        key, iv = secret.keys()
        self._aead = secret.suite.aead(key)
        self._iv = int.from_bytes(iv, "big")
        self.number = 0
        self.limit = secret.suite.record_limit
        self.tag_length = secret.suite.tag_length

    def copy(self) -> Self:
        """The same keys at the same number, for a forked connection that never meets ours."""
        twin = object.__new__(type(self))
        twin._aead, twin._iv, twin.number = self._aead, self._iv, self.number
        twin.limit, twin.tag_length = self.limit, self.tag_length
        return twin


class Sealer(_Keys):
    """One direction's sending keys. ``number`` counts the records sealed so far."""

    __slots__ = ()

    def seal(self, content_type: ContentType, content: bytes, padding: int = 0) -> bytes:
        """One record with its header. The caller keeps to the size limits."""
        return self._record(b"".join((content, bytes((content_type,)), bytes(padding))))

    def seal_data(self, data: bytes | memoryview, fragment: int, block: int) -> bytes | bytearray:
        """Application data as records of at most ``fragment`` bytes of content each.

        ``block`` is the padding policy: plaintexts are filled up to a multiple of it, as far as a
        full record goes.
        """
        if len(data) <= fragment:
            return self._record(b"".join((data, _TYPE, _padding(len(data), fragment, block))))
        full, rest = divmod(len(data), fragment)
        view = memoryview(data)
        out = self._full(view, full, fragment)
        if rest:
            parts = (view[full * fragment :], _TYPE, _padding(rest, fragment, block))
            out += self._record(b"".join(parts))
        return out

    def _record(self, inner: bytes) -> bytes:
        """One record around a TLSInnerPlaintext."""
        header = protected_header(len(inner) + self.tag_length)
        nonce = (self._iv ^ self.number).to_bytes(12, "big")
        record = header + self._aead.encrypt(nonce, inner, header)
        self.number += 1
        return record

    def _full(self, data: memoryview, full: int, fragment: int) -> bytearray:
        """The first records, which are full and all have one header."""
        if full >= LARGE_WRITE:
            _expect_large_blocks()
        length = fragment + 1 + self.tag_length
        header = protected_header(length)
        out = bytearray(full * (HEADER_LENGTH + length))
        view = memoryview(out)
        encrypt, iv, number, join = self._aead.encrypt_into, self._iv, self.number, b"".join
        position = taken = 0
        for _ in range(full):
            inner = join((data[taken : taken + fragment], _TYPE))
            body = position + HEADER_LENGTH
            out[position:body] = header
            position = body + length
            encrypt((iv ^ number).to_bytes(12, "big"), inner, header, view[body:position])
            taken += fragment
            number += 1
        self.number = number
        return out


@cache
def _expect_large_blocks() -> None:
    """Have the C library keep the memory of large writes.

    glibc gives a free mebibyte back to the system and asks for it again at the next write, which
    takes four times as long as the encryption, until a block of some megabytes was seen to come
    and go (M_MMAP_THRESHOLD in its mallopt(3) is dynamic). So one does, once in a process; its
    pages are never touched. Elsewhere this does nothing.
    """
    bytes(2**22)


def _padding(rest: int, fragment: int, block: int) -> bytes:
    return bytes(min(-rest % block, fragment - rest)) if block else b""


class Opener(_Keys):
    """One direction's receiving keys. ``number`` counts the records opened so far."""

    __slots__ = ()

    def open_one(self, record: memoryview, inner_limit: int) -> tuple[bytes, int, int]:
        """Decrypt one record, where no other follows: nothing to be put together.

        Returns:
            ``(inner, filled, odd)``: the plaintext, the other two as ``open_run`` has them.
        """
        if len(record) <= HEADER_LENGTH + self.tag_length:
            return b"", 0, BAD_TAG
        nonce = (self._iv ^ self.number).to_bytes(12, "big")
        try:
            inner = self._aead.decrypt(nonce, record[HEADER_LENGTH:], record[:HEADER_LENGTH])
        except InvalidTag:
            return b"", 0, BAD_TAG
        self.number += 1
        plain = len(inner)
        if inner[-1] != _APPLICATION_DATA or plain == 1 or plain > inner_limit:
            return inner, 0, plain
        return inner, plain - 1, 0

    def open_run(
        self, source: memoryview, start: int, out: memoryview, inner_limit: int
    ) -> tuple[int, int, int]:
        """Decrypt application data records from ``start`` on, each behind the one before.

        Stops behind the first record that is anything else inside, and before one that is not
        whole, not of the protected type, too long, not authentic, or has no room in ``out``.

        Returns:
            ``(end, filled, odd)``: where the run ends in ``source``; how many bytes of data are in
            ``out``; and the length of the plaintext of the odd record that ended it, which lies in
            ``out`` behind the data (0: none, ``BAD_TAG``: the next one is not authentic).
        """
        decrypt, iv, number, tag = self._aead.decrypt_into, self._iv, self.number, self.tag_length
        available, room = len(source), len(out)
        end, filled, odd = start, 0, 0
        while end + HEADER_LENGTH <= available and source[end] == _APPLICATION_DATA:
            body = end + HEADER_LENGTH
            length = source[end + 3] << 8 | source[end + 4]
            stop = body + length
            if stop > available or length > MAX_CIPHERTEXT:
                break
            plain = length - tag
            if plain < 1:
                odd = BAD_TAG
                break
            last = filled + plain
            if last > room:
                break
            try:
                decrypt(
                    (iv ^ number).to_bytes(12, "big"),
                    source[body:stop],
                    source[end:body],
                    out[filled:last],
                )
            except InvalidTag:
                odd = BAD_TAG
                break
            number += 1
            end = stop
            if out[last - 1] != _APPLICATION_DATA or plain == 1 or plain > inner_limit:
                odd = plain
                break
            filled = last - 1
        self.number = number
        return end, filled, odd
