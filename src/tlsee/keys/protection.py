"""Record payload protection (RFC 9846, 5.2 to 5.4): the hot path of a connection.

A record's nonce is its number xored with the IV; one integer xor turned to bytes is the cheapest
way to it in Python. The plaintext of a record must end with its content type, so content is joined
with it once and encrypted straight into the output, which is allocated once for a whole write.
Opening decrypts each record behind the content of the one before it, over that one's content type,
so a run of records comes out as one piece.

Output is a BytesIO's: one can write into its buffer, and take what was written as ``bytes`` without
another copy. With a bytearray that copy, and the second allocation it needs, made writes of a
mebibyte several times as expensive as their encryption.
"""

from __future__ import annotations

from io import BytesIO

from cryptography.exceptions import InvalidTag

from tlsee.codes import ContentType
from tlsee.keys.schedule13 import TrafficSecret

HEADER_LENGTH = 5
MAX_PLAINTEXT = 2**14
MAX_INNER = MAX_PLAINTEXT + 1  # content and its type (RFC 9846, 5.4)
MAX_CIPHERTEXT = 2**14 + 256

BAD_TAG = -1  # for ``Opener.open_run``: the record that stopped it is not authentic

_APPLICATION_DATA = 23
_TYPE = bytes((_APPLICATION_DATA,))


def protected_header(length: int) -> bytes:
    """The header of a TLSCiphertext, which is also its additional data."""
    return bytes((_APPLICATION_DATA, 3, 3, length >> 8, length & 0xFF))


class Sealer:
    """One direction's sending keys. ``number`` counts the records sealed so far."""

    __slots__ = ("_aead", "_iv", "limit", "number", "tag_length")

    def __init__(self, secret: TrafficSecret) -> None:
        key, iv = secret.keys()
        self._aead = secret.suite.aead(key)
        self._iv = int.from_bytes(iv, "big")
        self.number = 0
        self.limit = secret.suite.record_limit
        self.tag_length = secret.suite.tag_length

    def copy(self) -> Sealer:
        """The same keys at the same number, for a forked connection that never meets ours."""
        twin: Sealer = object.__new__(Sealer)
        twin._aead, twin._iv, twin.number = self._aead, self._iv, self.number
        twin.limit, twin.tag_length = self.limit, self.tag_length
        return twin

    def seal(self, content_type: ContentType, content: bytes, padding: int = 0) -> bytes:
        """One record with its header. The caller keeps to the size limits."""
        inner = content + bytes((content_type,)) + bytes(padding)
        length = len(inner) + self.tag_length
        header = protected_header(length)
        record = bytearray(HEADER_LENGTH + length)
        record[:HEADER_LENGTH] = header
        nonce = (self._iv ^ self.number).to_bytes(12, "big")
        self._aead.encrypt_into(nonce, inner, header, memoryview(record)[HEADER_LENGTH:])
        self.number += 1
        return bytes(record)

    def seal_data(self, data: memoryview, fragment: int, block: int) -> bytes:
        """Application data as records of at most ``fragment`` bytes of content each.

        ``block`` is the padding policy: plaintexts are filled up to a multiple of it, as far as a
        full record goes.
        """
        full, rest = divmod(len(data), fragment)
        padding = _padding(rest, fragment, block) if rest else 0
        overhead = HEADER_LENGTH + 1 + self.tag_length
        size = full * (fragment + overhead) + (rest + padding + overhead if rest else 0)
        target = BytesIO(bytes(size))
        with target.getbuffer() as out:
            position = self._seal_full(data, full, fragment, out) if full else 0
            if rest:
                inner = b"".join((data[full * fragment :], _TYPE, bytes(padding)))
                header = protected_header(len(inner) + self.tag_length)
                body = position + HEADER_LENGTH
                out[position:body] = header
                nonce = (self._iv ^ self.number).to_bytes(12, "big")
                self._aead.encrypt_into(nonce, inner, header, out[body:])
                self.number += 1
        return target.getvalue()

    def _seal_full(self, data: memoryview, full: int, fragment: int, out: memoryview) -> int:
        """The records that are full, which all have one header; where the next one begins."""
        length = fragment + 1 + self.tag_length
        header = protected_header(length)
        encrypt, iv, number, join = self._aead.encrypt_into, self._iv, self.number, b"".join
        position = taken = 0
        for _ in range(full):
            inner = join((data[taken : taken + fragment], _TYPE))
            body = position + HEADER_LENGTH
            out[position:body] = header
            position = body + length
            encrypt((iv ^ number).to_bytes(12, "big"), inner, header, out[body:position])
            taken += fragment
            number += 1
        self.number = number
        return position


def _padding(rest: int, fragment: int, block: int) -> int:
    if not block:
        return 0
    return min(-rest % block, fragment - rest)


class Opener:
    """One direction's receiving keys. ``number`` counts the records opened so far."""

    __slots__ = ("_aead", "_iv", "limit", "number", "tag_length")

    def __init__(self, secret: TrafficSecret) -> None:
        key, iv = secret.keys()
        self._aead = secret.suite.aead(key)
        self._iv = int.from_bytes(iv, "big")
        self.number = 0
        self.limit = secret.suite.record_limit
        self.tag_length = secret.suite.tag_length

    def copy(self) -> Opener:
        """The same keys at the same number."""
        twin: Opener = object.__new__(Opener)
        twin._aead, twin._iv, twin.number = self._aead, self._iv, self.number
        twin.limit, twin.tag_length = self.limit, self.tag_length
        return twin

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
