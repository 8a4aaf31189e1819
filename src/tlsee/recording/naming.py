"""Who is named in bytes: texts, addresses and identifiers, gathered with a pseudonym for each."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection
from ipaddress import ip_address
from typing import Any

from tlsee.codes import NamedGroup
from tlsee.crypto.pyca import PROVIDER
from tlsee.identity import der

LEAST = 4  # bytes: what is shorter stands in too many places by chance, and names nobody
_IDENTIFIER = 8  # bytes of a number that names a certificate; versions and exponents are shorter
_DEPTH = 32  # of DER; a certificate goes down to some 12
_TEXTS = frozenset((0x0C, 0x13, 0x14, 0x16, 0x1A))
_GENERAL_NAMES = frozenset((0x81, 0x82, 0x86))  # mailbox, host, URI (RFC 5280, 4.2.1.6)
_IP_ADDRESS = 0x87
_CONSTRUCTED = 0x20
_OCTET_STRING = 0x04
_POINT = b"\x04"  # uncompressed (RFC 5480, 2.2)
_CURVES = {65: NamedGroup.secp256r1, 97: NamedGroup.secp384r1, 133: NamedGroup.secp521r1}
_SHOWN = re.compile(rb"[*\x2e-\x7e][\x20-\x7e]*")  # as a name in a certificate begins
_WORD = re.compile(rb"[A-Za-z0-9\x80-\xff]+")
_SCT_FIXED = 1 + 32 + 8 + 2  # version, log, timestamp, length of extensions (RFC 6962, 3.2)


class Names:
    """What is to be replaced, and by what.

    Attributes:
        table: bytes and those that stand for them, as long as they are.
        texts: the same for texts, in lower case; an address may change its length there.
    """

    def __init__(self, key: bytes) -> None:
        self.table: dict[bytes, bytes] = {}
        self.texts: dict[str, str] = {}
        self._key = key

    # --- Gathering ------------------------------------------------------------------------------

    def text(self, data: bytes) -> None:
        """A name that people read: words of the same length, dots and all else where they were."""
        if len(data) < LEAST or data in self.table:
            return
        host = b"." in data and b" " not in data
        head, dot, last = data.rpartition(b".") if host else (data, b"", b"")
        for way in (bytes, bytes.lower):
            self.table[way(data)] = way(_WORD.sub(self._word, head) + dot + last)
        if host and data.startswith(b"*."):
            self.text(data[2:])
        shown = data.decode("utf-8", "replace").lower()
        self.texts[shown] = self.table[data].decode("utf-8", "replace")

    def wide_text(self, data: bytes) -> None:
        """The same in UTF-16."""
        narrow = data.decode("utf-16-be", "replace").encode("ascii", "replace")
        if len(narrow) >= LEAST and data not in self.table:
            self.text(narrow)
            self.table[data] = self.table[narrow].decode("ascii", "replace").encode("utf-16-be")

    def reference(self, name: str) -> None:
        """A name or an address that was asked for, in words."""
        try:
            self.address(ip_address(name).packed)
        except ValueError:
            self.text(name.encode())

    def address(self, data: bytes) -> None:
        """An IP address: one of the ranges for measurements and documentation."""
        if len(data) not in {4, 16} or data in self.table:
            return
        prefix = b"\xc6\x12" if len(data) == 4 else b"\x20\x01\x0d\xb8"
        self.table[data] = prefix + self._bytes(data, len(data) - len(prefix))
        self.texts[str(ip_address(data))] = str(ip_address(self.table[data]))

    def opaque(self, data: bytes, keep: int = 0) -> None:
        """Bytes that name something; the first ``keep`` stay."""
        if len(data) >= LEAST and data not in self.table:
            self.table[data] = data[:keep] + self._bytes(data, len(data) - keep)

    def der(self, data: bytes) -> bool:
        """All that a structure in DER names; whether it is one, from the first byte to the last."""
        try:
            self._elements(data, 0, len(data), 0)
        except der.NotDER:
            return False
        return True

    # --- DER ------------------------------------------------------------------------------------

    def _elements(self, data: bytes, at: int, end: int, depth: int) -> None:
        if depth > _DEPTH or at == end:
            raise der.NotDER("too deep, or nothing")
        found = []
        while at < end:
            found.append(der.element(data, at, end))
            at = found[-1].end
        for item in found:
            if item.tag & _CONSTRUCTED and item.body < item.end:
                self._elements(data, item.body, item.end, depth + 1)
            else:
                self._element(item.tag, data[item.body : item.end], depth)

    def _element(self, tag: int, body: bytes, depth: int) -> None:
        if tag in _TEXTS:
            self.text(body)
        elif tag == der.BMP_STRING:
            self.wide_text(body)
        elif tag == der.INTEGER:
            self._number(body)
        elif tag == _IP_ADDRESS:
            self.address(body)
        elif tag in _GENERAL_NAMES and _SHOWN.fullmatch(body):
            self.text(body)
        elif tag == der.BIT_STRING and body[1:2] == _POINT and len(body) - 1 in _CURVES:
            self._point(body[1:])  # one in 256 could be read as an octet string as well
        elif tag in (_OCTET_STRING, der.BIT_STRING):
            self._inside(body if tag == _OCTET_STRING else body[1:], depth)
        elif tag & 0xC0 == 0x80 and len(body) >= _IDENTIFIER:
            self.opaque(body, 1)

    def _inside(self, body: bytes, depth: int) -> None:
        """A string of bytes or bits: another structure, a key, a signature, an identifier."""
        try:
            self._elements(body, 0, len(body), depth + 1)
        except der.NotDER:
            if body[:1] == _POINT and len(body) in _CURVES:
                self._point(body)
            elif not self._timestamps(body) and len(body) >= _IDENTIFIER:
                self.opaque(body)

    def _point(self, body: bytes) -> None:
        """A public key: any bytes would not do, it has to be on the curve."""
        if body not in self.table:
            self.table[body] = PROVIDER.groups[_CURVES[len(body)]].generate().public

    def _number(self, body: bytes) -> None:
        """A serial number, a modulus, half of a signature: sign and size stay, odd stays odd."""
        if len(body) < _IDENTIFIER or body in self.table:
            return
        self.opaque(body, 2)
        made = self.table[body]
        self.table[body] = made[:-1] + bytes([made[-1] & 0xFE | body[-1] & 1])

    def _timestamps(self, body: bytes) -> bool:
        """SignedCertificateTimestampList: by time and signature a public log finds the name."""
        if len(body) < 2 or int.from_bytes(body[:2]) != len(body) - 2:
            return False
        at = 2
        while at + 2 <= len(body):
            length = int.from_bytes(body[at : at + 2])
            one = body[at + 2 : at + 2 + length]
            if len(one) < _SCT_FIXED or len(one) != length:
                return False
            self.opaque(one[33:41], 4)
            signature = _SCT_FIXED + int.from_bytes(one[41:43]) + 4
            self.der(one[signature:])
            at += 2 + length
        return True

    # --- Pseudonyms -----------------------------------------------------------------------------

    def _bytes(self, data: bytes, length: int) -> bytes:
        made = b""
        while len(made) < length:
            made += hmac.digest(self._key, bytes([len(made) & 0xFF]) + data, "sha256")
        return made[:length]

    def _word(self, found: re.Match[bytes]) -> bytes:
        """A word of the same length: small letters for small ones, capitals, digits."""
        word = found[0]
        if len(word) < 3 or word in {b"http", b"https", b"ldap"}:
            return word
        made = self._bytes(word.lower(), len(word))
        return bytes(map(_letter, word, made))


def _letter(was: int, chance: int) -> int:
    if 0x30 <= was <= 0x39:
        return 0x30 + chance % 10
    return (0x41 if 0x41 <= was <= 0x5A else 0x61) + chance % 26


def gather(names: Names, item: Any) -> None:
    """Walk a decoded message: structures in DER, host names, tickets and identities."""
    fields: Collection[str] = getattr(type(item), "_fields", ())
    if isinstance(item, bytes):
        if item[:1] == b"\x30" and len(item) > _IDENTIFIER:
            names.der(item)
        return
    if isinstance(item, str | int) or item is None:
        return
    for field in fields:
        part = getattr(item, field)
        if field in {"ticket", "identity"} and isinstance(part, bytes):
            names.opaque(part)
        elif field == "name" and isinstance(part, bytes):
            names.text(part)
        else:
            gather(names, part)
    if not fields and hasattr(item, "__iter__"):
        for part in item:
            gather(names, part)
