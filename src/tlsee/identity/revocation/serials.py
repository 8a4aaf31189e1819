"""Serial numbers of a revocation list, found in constant time however many there are.

A million entries as Python objects would take 200 MB. Kept are the list's own bytes and a table of
offsets into them, open addressing over the hash of the serial number's content octets: 8 to 16
bytes for each entry. Python's hash of bytes is keyed anew in each process, so who makes serial
numbers cannot make them collide.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple

from tlsee.identity import der as codec
from tlsee.identity.der import Element, NotDER
from tlsee.identity.revocation import fields

_CERTIFICATE_ISSUER = "2.5.29.29"

# Critical extensions of an entry that are understood: whatever the reason and since when, revoked
# is revoked (RFC 5280, 5.3).
_UNDERSTOOD = frozenset({fields.CRL_REASON, "2.5.29.24", "2.5.29.23"})

# Most entries end in one of a dozen ways, with a reason or without: each is read once.
_ENDINGS_REMEMBERED = 64


class Entry(NamedTuple):
    """A revoked certificate: since when in seconds since the epoch, why, and the entry's DER."""

    when: float
    reason: str
    der: bytes


class Serials:
    """The index of one list's revokedCertificates (RFC 5280, 5.1.2.6).

    Attributes:
        unusable: why the list must not be used for any certificate, because of an entry; or ``""``.

    Raises:
        NotDER: on construction, the entries are not what they must be.
    """

    def __init__(self, data: bytes, entries: Element | None) -> None:
        self._data = data
        self.unusable = ""
        offsets, hashes = self._walk(entries) if entries is not None else (array("I"), [])
        self._count = len(offsets)
        bits = max(4, (2 * self._count).bit_length())
        self._mask = (1 << bits) - 1
        self._table = array("I", bytes(array("I").itemsize << bits))
        self._fill(offsets, hashes)

    def __len__(self) -> int:
        return self._count

    def _walk(self, entries: Element) -> tuple[array[int], list[int]]:
        """Where each entry begins, and the hash of its serial number.

        One straight loop: calling ``codec.element`` for each field would take four times as long.
        """
        data, at, end = self._data, entries.body, entries.end
        offsets, hashes = array("I"), []
        endings: set[bytes] = {b""}
        while at < end:
            length, body = data[at + 1] if at + 1 < end else 0, at + 2
            if length >= 0x80:
                entry = codec.element(data, at, end)
                length, body = entry.end - entry.body, entry.body
            stop = body + length
            # Serial number and date: at least 3 and 15 bytes; the serial number's length is short.
            if data[at] != codec.SEQUENCE or stop > end or length < 18:
                raise NotDER("an entry that is none")
            octets = data[body + 1]
            date = body + 2 + octets
            if data[body] != codec.INTEGER or octets >= 0x80 or date + 15 > stop:
                raise NotDER("an entry that is none")
            serial = data[body + 2 : date]
            if octets < 2 or serial[0] in _EDGES:
                _check_shortest(serial)
            after = date + 2 + data[date + 1]
            if data[date : date + 2] not in _DATES or after > stop:
                raise NotDER("an entry without its date")
            ending = data[after:stop]
            if ending not in endings:
                self._read_ending(ending)
                if len(endings) < _ENDINGS_REMEMBERED:
                    endings.add(ending)
            offsets.append(at)
            hashes.append(hash(serial))
            at = stop
        return offsets, hashes

    def _read_ending(self, ending: bytes) -> None:
        found = fields.extensions(ending, fields.whole(ending, codec.SEQUENCE, "extensions"))
        fields.reason_in(ending, found)
        if _CERTIFICATE_ISSUER in found:
            self.unusable = "it has entries of other authorities (an indirect list)"
        for extension in found.values():
            if extension.critical and extension.oid not in _UNDERSTOOD and not self.unusable:
                self.unusable = f"an entry has the critical extension {extension.oid}"

    def _fill(self, offsets: array[int], hashes: list[int]) -> None:
        """Place 0 means free: an entry never begins at the first byte of a list."""
        table, mask = self._table, self._mask
        for offset, hashed in zip(offsets, hashes, strict=True):
            place = hashed & mask
            while table[place]:
                place = (place + 1) & mask
            table[place] = offset

    def find(self, serial: bytes) -> Entry | None:
        """The entry for a serial number (the content octets of its INTEGER); the first of several.

        Raises:
            NotDER: its date is none.
        """
        place = hash(serial) & self._mask
        while offset := self._table[place]:
            entry = codec.element(self._data, offset, len(self._data))
            number = codec.element(self._data, entry.body, entry.end)
            if self._data[number.body : number.end] == serial:
                return self._read(entry, number)
            place = (place + 1) & self._mask
        return None

    def _read(self, entry: Element, number: Element) -> Entry:
        data = self._data
        date = codec.element(data, number.end, entry.end)
        ending = data[date.end : entry.end]
        found = {}
        if ending:
            found = fields.extensions(ending, codec.element(ending, 0, len(ending)))
        reason = fields.reason_in(ending, found)
        return Entry(fields.moment_of(data, date), reason, data[entry.start : entry.end])


_DATES = (b"\x17\x0d", b"\x18\x0f")
_EDGES = b"\x00\xff"


def _check_shortest(serial: bytes) -> None:
    if not fields.is_shortest(serial):
        raise NotDER("a serial number that is not the shortest")
