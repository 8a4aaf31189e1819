"""Records of TLS 1.2 under AES-CBC and HMAC (RFC 5246, 6.2.3.2), in either order.

With encrypt_then_mac (RFC 7366) the MAC is over IV and ciphertext and is checked before anything is
decrypted: what a forger sends never reaches the padding.

Without it the MAC is over the plaintext, the padding behind it is covered by nothing, and the time
that a check takes tells of the padding (Lucky 13; POODLE was the same in SSL 3). Python cannot do
this in constant time and does not pretend to: it is here to look at old machines, where the code
says ``insecure``. What is done: padding and MAC are both looked at for every record, whatever was
found before, and every failure is one and the same.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from tlsee.codes import ContentType
from tlsee.crypto.suites12 import AES_BLOCK, CbcCipher
from tlsee.errors import ApiMisuse
from tlsee.keys.aead12 import APPLICATION_DATA, EMPTY, MAX_CIPHERTEXT_12, TOO_LONG, VERSION
from tlsee.keys.protection import BAD_TAG, HEADER_LENGTH
from tlsee.keys.schedule12 import TrafficKeys12


class _Keys:
    """One direction's keys, for sealing or for opening."""

    __slots__ = (
        "_cbc",
        "_etm",
        "_mac_key",
        "_mac_length",
        "_mac_name",
        "limit",
        "number",
        "overhead",
    )

    def __init__(self, keys: TrafficKeys12) -> None:
        cipher = keys.suite.cipher
        if not isinstance(cipher, CbcCipher):
            raise ApiMisuse(f"{keys.suite.code} has no CBC")
        self._cbc = cipher.cbc(keys.key)
        self._mac_key, self._mac_name, self._mac_length = (
            keys.mac_key,
            cipher.mac_name,
            cipher.mac_length,
        )
        self._etm = keys.encrypt_then_mac
        self.number = 0
        self.limit = cipher.record_limit
        self.overhead = 2 * AES_BLOCK + cipher.mac_length  # an IV, and padding of at most a block

    def _copy_to(self, twin: _Keys) -> None:
        for name in _Keys.__slots__:
            setattr(twin, name, getattr(self, name))

    def _mac(self, start: bytes | memoryview, content: bytes | memoryview) -> bytes:
        """HMAC over the number, type and version (``start``), the length, and the content."""
        parts = (self.number.to_bytes(8), start, len(content).to_bytes(2), content)
        return hmac.digest(self._mac_key, b"".join(parts), self._mac_name)


def _padding(length: int) -> bytes:
    """What fills this many bytes up to whole blocks; each byte is the number of those before it."""
    count = AES_BLOCK - length % AES_BLOCK
    return bytes([count - 1]) * count


class CbcSealer12(_Keys):
    """One direction's sending keys. ``number`` counts the records sealed so far.

    ``random`` is the provider's: an IV must be unpredictable (RFC 5246, 6.2.3.2; BEAST).
    """

    __slots__ = ("_random",)

    def __init__(self, keys: TrafficKeys12, random: Callable[[int], bytes]) -> None:
        super().__init__(keys)
        self._random = random

    def copy(self) -> CbcSealer12:
        """The same keys at the same number, for a forked connection that never meets ours."""
        twin: CbcSealer12 = object.__new__(CbcSealer12)
        self._copy_to(twin)
        twin._random = self._random
        return twin

    def seal(self, content_type: ContentType, content: bytes | memoryview) -> bytes:
        """One record with its header. The caller keeps to the size limits."""
        return self._record(bytes((content_type,)) + VERSION, content, self._random(AES_BLOCK))

    def seal_data(self, data: memoryview, fragment: int, block: int = 0) -> bytes | bytearray:
        """Application data as records of at most ``fragment`` bytes each.

        ``block`` is the padding policy of TLS 1.3; here padding is the least that there can be.
        """
        del block
        count = max(1, -(-len(data) // fragment))
        ivs = self._random(AES_BLOCK * count)
        start = bytes((APPLICATION_DATA,)) + VERSION
        return b"".join(
            [
                self._record(
                    start,
                    data[index * fragment : (index + 1) * fragment],
                    ivs[AES_BLOCK * index : AES_BLOCK * (index + 1)],
                )
                for index in range(count)
            ]
        )

    def _record(self, start: bytes, content: bytes | memoryview, iv: bytes) -> bytes:
        if self._etm:
            body = iv + self._cbc.encrypt(iv, b"".join((content, _padding(len(content)))))
            body += self._mac(start, body)
        else:
            mac = self._mac(start, content)
            padding = _padding(len(content) + len(mac))
            body = iv + self._cbc.encrypt(iv, b"".join((content, mac, padding)))
        self.number += 1
        return b"".join((start, len(body).to_bytes(2), body))


class CbcOpener12(_Keys):
    """One direction's receiving keys. ``number`` counts the records opened so far."""

    __slots__ = ()

    def copy(self) -> CbcOpener12:
        """The same keys at the same number."""
        twin: CbcOpener12 = object.__new__(CbcOpener12)
        self._copy_to(twin)
        return twin

    def open_one(self, record: memoryview, limit: int) -> tuple[bytes, int]:
        """Decrypt one whole record of any type.

        Returns:
            ``(content, odd)``: ``odd`` is 0, or why there is no content: ``BAD_TAG``, ``EMPTY``
            (authentic, and counted), ``TOO_LONG``.
        """
        start, body = record[:3], record[HEADER_LENGTH:]
        opened = self._outside(start, body) if self._etm else self._inside(start, body)
        if opened is None:
            return b"", BAD_TAG
        if len(opened) > limit:
            return b"", TOO_LONG
        self.number += 1
        return opened, 0 if opened else EMPTY

    def _outside(self, start: memoryview, body: memoryview) -> bytes | None:
        """RFC 7366, 3: first the MAC, then the rest."""
        end = len(body) - self._mac_length
        if end < 2 * AES_BLOCK or end % AES_BLOCK:
            return None
        if not hmac.compare_digest(self._mac(start, body[:end]), body[end:]):
            return None
        plain = self._cbc.decrypt(bytes(body[:AES_BLOCK]), body[AES_BLOCK:end])
        count = plain[-1] + 1
        if plain[-count:] != bytes([count - 1]) * count:
            return None
        return plain[: len(plain) - count]

    def _inside(self, start: memoryview, body: memoryview) -> bytes | None:
        """RFC 5246, 6.2.3.2: wrong padding counts as none, so that there is a MAC to compute."""
        least = self._mac_length + 1
        if len(body) % AES_BLOCK or len(body) < AES_BLOCK + least:
            return None
        plain = self._cbc.decrypt(bytes(body[:AES_BLOCK]), body[AES_BLOCK:])
        count = plain[-1] + 1
        fits = count + self._mac_length <= len(plain)
        count = count if fits else 1
        good = fits & (plain[-count:] == bytes([count - 1]) * count)
        count = count if good else 1
        end = len(plain) - count - self._mac_length
        good &= hmac.compare_digest(
            self._mac(start, plain[:end]), plain[end : end + self._mac_length]
        )
        return plain[:end] if good else None

    def open_run(
        self, source: memoryview, start: int, out: memoryview, limit: int
    ) -> tuple[int, int, int]:
        """Decrypt application data records from ``start`` on, each behind the one before.

        Stops behind a record without content, and before one that is not whole, of another type,
        too long, not authentic, or has no room in ``out``, which is judged by its ciphertext.

        Returns:
            ``(end, filled, odd)``: where the run ends in ``source``; how many bytes of data are in
            ``out``; and why it ended, as ``open_one`` says it (0: nothing is wrong).
        """
        available, room = len(source), len(out)
        end, filled, odd = start, 0, 0
        least = AES_BLOCK + 1 + self._mac_length  # of any record: an IV, a MAC, padding
        while end + HEADER_LENGTH <= available and source[end] == APPLICATION_DATA:
            length = source[end + 3] << 8 | source[end + 4]
            stop = end + HEADER_LENGTH + length
            if stop > available or length > MAX_CIPHERTEXT_12:
                break
            if filled + max(0, length - least) > room:
                break
            content, odd = self.open_one(source[end:stop], limit)
            if odd in {BAD_TAG, TOO_LONG}:
                break
            end = stop
            out[filled : filled + len(content)] = content
            filled += len(content)
            if odd:
                break
        return end, filled, odd
