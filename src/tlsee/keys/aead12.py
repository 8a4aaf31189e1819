"""Records of TLS 1.2 under an AEAD (RFC 5246, 6.2.3.3; RFC 5288, 3; RFC 6655, 3; RFC 7905, 2).

The header says the content type, so content is encrypted where it lies and decrypted to where it
is wanted, without a copy. The number of a record, its type, version and length are additional data.

Where a nonce has an explicit part we send the record's number, as all recommend: it cannot repeat.
The implicit part then stands above that number, so for every suite here our nonce is the IV as an
integer of 12 bytes xored with the number. What a peer sends as the explicit part is its own choice.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag

from tlsee.codes import ContentType
from tlsee.crypto.suites12 import AeadCipher
from tlsee.errors import ApiMisuse
from tlsee.keys.protection import BAD_TAG, HEADER_LENGTH
from tlsee.keys.schedule12 import TrafficKeys12

MAX_CIPHERTEXT_12 = 2**14 + 2048  # RFC 5246, 6.2.3
VERSION = b"\x03\x03"

# For ``open_run`` and ``open_one``, besides ``BAD_TAG``.
EMPTY = -2  # the record that ended the run had no content
TOO_LONG = -3  # the record that stopped the run has more content than is allowed

APPLICATION_DATA = 23
_NONCE_LENGTH = 12


def _cipher(keys: TrafficKeys12) -> AeadCipher:
    cipher = keys.suite.cipher
    if not isinstance(cipher, AeadCipher):
        raise ApiMisuse(f"{keys.suite.code} has no AEAD")
    return cipher


class AeadSealer12:
    """One direction's sending keys. ``number`` counts the records sealed so far."""

    __slots__ = ("_aead", "_explicit", "_iv", "limit", "number", "overhead")

    def __init__(self, keys: TrafficKeys12) -> None:
        cipher = _cipher(keys)
        self._aead = cipher.aead(keys.key)
        self._explicit = cipher.explicit_length
        self._iv = int.from_bytes(keys.iv.ljust(_NONCE_LENGTH, b"\0"), "big")
        self.number = 0
        self.limit = cipher.record_limit
        self.overhead = cipher.explicit_length + cipher.tag_length

    def copy(self) -> AeadSealer12:
        """The same keys at the same number, for a forked connection that never meets ours."""
        twin: AeadSealer12 = object.__new__(AeadSealer12)
        twin._aead, twin._explicit, twin._iv = self._aead, self._explicit, self._iv
        twin.number, twin.limit, twin.overhead = self.number, self.limit, self.overhead
        return twin

    def seal(self, content_type: ContentType, content: bytes | memoryview) -> bytes:
        """One record with its header. The caller keeps to the size limits."""
        start = bytes((content_type,)) + VERSION
        number = self.number.to_bytes(8, "big")
        length = len(content)
        nonce = (self._iv ^ self.number).to_bytes(_NONCE_LENGTH, "big")
        sealed = self._aead.encrypt(nonce, content, number + start + length.to_bytes(2, "big"))
        self.number += 1
        size = (length + self.overhead).to_bytes(2, "big")
        return b"".join((start, size, number[: self._explicit], sealed))

    def seal_data(self, data: memoryview, fragment: int, block: int = 0) -> bytes | bytearray:
        """Application data as records of at most ``fragment`` bytes each.

        ``block`` is the padding policy of TLS 1.3; here a record has no room for padding.
        """
        del block
        if len(data) <= fragment:
            return self.seal(ContentType.application_data, data)
        full, rest = divmod(len(data), fragment)
        out = self._full(data, full, fragment)
        if rest:
            out += self.seal(ContentType.application_data, data[full * fragment :])
        return out

    def _full(self, data: memoryview, full: int, fragment: int) -> bytearray:
        """The first records, which are full and all have one header."""
        start = bytes((APPLICATION_DATA,)) + VERSION
        about = start + fragment.to_bytes(2, "big")
        header = start + (fragment + self.overhead).to_bytes(2, "big")
        encrypt, explicit = self._aead.encrypt_into, self._explicit
        iv, number = self._iv, self.number
        size = HEADER_LENGTH + fragment + self.overhead
        out = bytearray(full * size)
        view = memoryview(out)
        begin = HEADER_LENGTH + explicit
        position = 0
        for taken in range(0, full * fragment, fragment):
            counted = number.to_bytes(8, "big")
            body = position + begin
            out[position:body] = header + counted[:explicit]
            position += size
            encrypt(
                (iv ^ number).to_bytes(12, "big"),
                data[taken : taken + fragment],
                counted + about,
                view[body:position],
            )
            number += 1
        self.number = number
        return out


class AeadOpener12:
    """One direction's receiving keys. ``number`` counts the records opened so far."""

    __slots__ = ("_aead", "_explicit", "_iv", "_salt", "limit", "number", "overhead")

    def __init__(self, keys: TrafficKeys12) -> None:
        cipher = _cipher(keys)
        self._aead = cipher.aead(keys.key)
        self._explicit = cipher.explicit_length
        self._salt = keys.iv
        self._iv = int.from_bytes(keys.iv, "big")
        self.number = 0
        self.limit = cipher.record_limit
        self.overhead = cipher.explicit_length + cipher.tag_length

    def copy(self) -> AeadOpener12:
        """The same keys at the same number."""
        twin: AeadOpener12 = object.__new__(AeadOpener12)
        twin._aead, twin._explicit, twin._iv = self._aead, self._explicit, self._iv
        twin._salt, twin.number = self._salt, self.number
        twin.limit, twin.overhead = self.limit, self.overhead
        return twin

    def open_one(self, record: memoryview, limit: int) -> tuple[bytes, int]:
        """Decrypt one whole record of any type.

        Returns:
            ``(content, odd)``: ``odd`` is 0, or why there is no content: ``BAD_TAG``, ``EMPTY``
            (authentic, and counted), ``TOO_LONG``.
        """
        plain = len(record) - HEADER_LENGTH - self.overhead
        if plain < 0:
            return b"", BAD_TAG
        if plain > limit:
            return b"", TOO_LONG
        body = HEADER_LENGTH + self._explicit
        number = self.number
        if self._explicit:
            nonce = self._salt + record[HEADER_LENGTH:body]
        else:
            nonce = (self._iv ^ number).to_bytes(_NONCE_LENGTH, "big")
        about = b"".join((number.to_bytes(8, "big"), record[:3], plain.to_bytes(2, "big")))
        try:
            content = self._aead.decrypt(nonce, record[body:], about)
        except InvalidTag:
            return b"", BAD_TAG
        self.number = number + 1
        return content, 0 if plain else EMPTY

    def open_run(
        self, source: memoryview, start: int, out: memoryview, limit: int
    ) -> tuple[int, int, int]:
        """Decrypt application data records from ``start`` on, each behind the one before.

        Stops behind a record without content, and before one that is not whole, of another type,
        too long, not authentic, or has no room in ``out``.

        Returns:
            ``(end, filled, odd)``: where the run ends in ``source``; how many bytes of data are in
            ``out``; and why it ended, as ``open_one`` says it (0: nothing is wrong).
        """
        decrypt, number, explicit = self._aead.decrypt_into, self.number, self._explicit
        iv, salt, overhead = self._iv, self._salt, self.overhead
        available, room, begin = len(source), len(out), HEADER_LENGTH + explicit
        end, filled, odd = start, 0, 0
        while end + HEADER_LENGTH <= available and source[end] == APPLICATION_DATA:
            length = source[end + 3] << 8 | source[end + 4]
            stop = end + HEADER_LENGTH + length
            plain = length - overhead
            if stop > available or length > MAX_CIPHERTEXT_12 or filled + plain > room:
                break
            if not 0 <= plain <= limit:
                odd = BAD_TAG if plain < 0 else TOO_LONG
                break
            body = end + begin
            nonce = (
                salt + source[end + HEADER_LENGTH : body]
                if explicit
                else (iv ^ number).to_bytes(12, "big")
            )
            about = b"".join(
                (number.to_bytes(8, "big"), source[end : end + 3], plain.to_bytes(2, "big"))
            )
            try:
                decrypt(nonce, source[body:stop], about, out[filled : filled + plain])
            except InvalidTag:
                odd = BAD_TAG
                break
            number += 1
            end = stop
            filled += plain
            if not plain:
                odd = EMPTY
                break
        self.number = number
        return end, filled, odd
