"""Record payload protection (RFC 9846, 5.2 to 5.4): the hot path of a connection.

A record's nonce is its number xored with the IV; one integer xor turned to bytes is the cheapest
way to it in Python. The plaintext of a record must end with its content type, so content is copied
once into a scratch buffer that has the type in place, and encrypted straight into the output,
which is allocated once for a whole write. Opening decrypts each record behind the content of the
one before it, over that one's content type, so a run of records comes out as one piece.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag

from tlsee.codes import ContentType
from tlsee.errors import PeerMisbehaved, Reasons
from tlsee.keys.schedule13 import TrafficSecret

HEADER_LENGTH = 5
MAX_PLAINTEXT = 2**14
MAX_INNER = MAX_PLAINTEXT + 1  # content and its type (RFC 9846, 5.4)
MAX_CIPHERTEXT = 2**14 + 256

_APPLICATION_DATA = 23


def protected_header(length: int) -> bytes:
    """The header of a TLSCiphertext, which is also its additional data."""
    return bytes((_APPLICATION_DATA, 3, 3, length >> 8, length & 0xFF))


class Sealer:
    """One direction's sending keys. ``number`` counts the records sealed so far."""

    __slots__ = ("_aead", "_iv", "_scratch", "_view", "limit", "number", "tag_length")

    def __init__(self, secret: TrafficSecret) -> None:
        key, iv = secret.keys()
        self._aead = secret.suite.aead(key)
        self._iv = int.from_bytes(iv, "big")
        self.number = 0
        self.limit = secret.suite.record_limit
        self.tag_length = secret.suite.tag_length
        self._scratch = bytearray()
        self._view = memoryview(self._scratch)

    def copy(self) -> Sealer:
        """The same keys at the same number, for a forked connection that never meets ours."""
        twin: Sealer = object.__new__(Sealer)
        twin._aead, twin._iv, twin.number = self._aead, self._iv, self.number
        twin.limit, twin.tag_length = self.limit, self.tag_length
        twin._scratch = bytearray()
        twin._view = memoryview(twin._scratch)
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

    def seal_data(self, data: memoryview, fragment: int, block: int) -> bytearray:
        """Application data as records of at most ``fragment`` bytes of content each.

        ``block`` is the padding policy: plaintexts are filled up to a multiple of it, as far as a
        full record goes.
        """
        total, tag = len(data), self.tag_length
        full, rest = divmod(total, fragment)
        padding = _padding(rest, fragment, block) if rest else 0
        overhead = HEADER_LENGTH + 1 + tag
        size = full * (fragment + overhead) + (rest + padding + overhead if rest else 0)
        out = bytearray(size)
        view = memoryview(out)
        position = 0
        if full:
            position = self._seal_full(data, full, fragment, out, view)
        if rest:
            inner = bytearray(rest + 1 + padding)
            inner[:rest] = data[total - rest :]
            inner[rest] = _APPLICATION_DATA
            length = len(inner) + tag
            header = protected_header(length)
            start = position + HEADER_LENGTH
            out[position:start] = header
            nonce = (self._iv ^ self.number).to_bytes(12, "big")
            self._aead.encrypt_into(nonce, inner, header, view[start : start + length])
            self.number += 1
        return out

    def _seal_full(
        self, data: memoryview, full: int, fragment: int, out: bytearray, view: memoryview
    ) -> int:
        """The records that are full: one header, one scratch buffer, no allocation in the loop."""
        if len(self._scratch) != fragment + 1:
            self._scratch = bytearray(fragment + 1)
            self._scratch[fragment] = _APPLICATION_DATA
            self._view = memoryview(self._scratch)
        scratch, content = self._scratch, self._view[:fragment]
        length = fragment + 1 + self.tag_length
        header = protected_header(length)
        encrypt, iv, number = self._aead.encrypt_into, self._iv, self.number
        position = taken = 0
        for _ in range(full):
            content[:] = data[taken : taken + fragment]
            start = position + HEADER_LENGTH
            out[position:start] = header
            position = start + length
            encrypt((iv ^ number).to_bytes(12, "big"), scratch, header, view[start:position])
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

    def open_into(self, header: bytes, body: memoryview, out: memoryview, position: int) -> int:
        """Decrypt one record's body behind ``position``; returns the length of its plaintext.

        Raises:
            PeerMisbehaved: ``bad_record_mac``; the number has not moved then.
        """
        length = len(body) - self.tag_length
        if length < 1:
            raise PeerMisbehaved(Reasons.bad_record_mac, "a record too short for its tag")
        try:
            self._aead.decrypt_into(
                (self._iv ^ self.number).to_bytes(12, "big"),
                body,
                header,
                out[position : position + length],
            )
        except InvalidTag:
            raise PeerMisbehaved(Reasons.bad_record_mac, f"record {self.number}") from None
        self.number += 1
        return length
