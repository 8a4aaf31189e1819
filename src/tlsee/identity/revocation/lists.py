"""A revocation list read once (RFC 5280, 5): who speaks, when, about what; its entries indexed.

The frame is read at once, the entries when somebody asks for the first time, which is after the
signature was found true: a forged list costs little.
"""

from __future__ import annotations

import binascii
import re
import threading
from functools import cached_property
from hashlib import sha256

from tlsee.identity import der as codec
from tlsee.identity.certificate import Unreadable, guarded
from tlsee.identity.der import Element, NotDER
from tlsee.identity.revocation import bounds, fields
from tlsee.identity.revocation.scope import EVERYTHING, read_scope
from tlsee.identity.revocation.serials import Entry, Serials

CRL_NUMBER = "2.5.29.20"
DELTA = "2.5.29.27"
ISSUING_DISTRIBUTION_POINT = "2.5.29.28"
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
_EXTENSIONS = 0xA0  # crlExtensions' [0] EXPLICIT
_DATES = (fields.UTC_TIME, fields.GENERALIZED_TIME)

# Critical extensions that are honoured; the delta indicator by refusing the list for what it is.
_UNDERSTOOD = frozenset({CRL_NUMBER, DELTA, ISSUING_DISTRIBUTION_POINT, AUTHORITY_KEY_IDENTIFIER})

_BLOCK = re.compile(rb"-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]*)-----END X509 CRL-----")


class RevocationList:
    """A CRL. Dates are seconds since the epoch.

    Attributes:
        der: the whole list. ``signed``: what the signature covers, with the signature.
        issuer_der, issuer_key: who speaks; the name as it is and comparable.
        this_update, next_update: from when and until when it is the newest; the latter may lack.
        scope: for which certificates and reasons it speaks.
        number: CRLNumber, or ``None``. ``well_numbered``: it is there and not critical, as
            RFC 5280, 5.2.3, wants. ``is_delta``: it only says what changed since another.
        unknown_critical: the first critical extension that is not understood, or ``""``.

    Raises:
        Unreadable: on construction, whatever is wrong with its frame.
    """

    def __init__(self, der: bytes) -> None:
        self.der = der
        self._indexing = threading.Lock()
        self._serials: Serials | Unreadable | None = None
        if len(der) > bounds.LIST_LENGTH:
            most = bounds.LIST_LENGTH
            raise Unreadable(f"revocation list: {len(der):,} bytes, and {most:,} are the most")
        guarded("revocation list", self._read)

    def _read(self) -> None:
        data = self.der
        parts = codec.children(data, fields.whole(data, codec.SEQUENCE, "revocation list"))
        if len(parts) != 3 or parts[0].tag != codec.SEQUENCE:
            raise NotDER("a list is three fields: signed part, algorithm, signature")
        content = codec.children(data, parts[0])
        self._read_content(content)
        self.signed = fields.signed(data, *parts)
        inner = self._inner_algorithm
        if data[inner.start : inner.end] != data[parts[1].start : parts[1].end]:
            raise NotDER("two signature algorithms, one inside and one outside the signed part")

    def _read_content(self, content: list[Element]) -> None:
        """TBSCertList (RFC 5280, 5.1.2)."""
        data = self.der
        version = 1
        if content and content[0].tag == codec.INTEGER:
            if data[content[0].body : content[0].end] != b"\x01":
                raise NotDER("a version that there is not")
            version = 2
            content = content[1:]
        if [part.tag for part in content[:2]] != [codec.SEQUENCE, codec.SEQUENCE]:
            raise NotDER("no algorithm or no issuer")
        self._inner_algorithm, issuer = content[:2]
        self.issuer_der = data[issuer.start : issuer.end]
        self.issuer_key = codec.canonical_name(self.issuer_der)
        dates = [part for part in content[2:4] if part.tag in _DATES]
        if not dates or content[2] is not dates[0]:
            raise NotDER("no thisUpdate")
        self.this_update = fields.moment_of(data, dates[0])
        self.next_update = fields.moment_of(data, dates[1]) if len(dates) > 1 else None
        rest = content[2 + len(dates) :]
        self._entries: Element | None = None
        if rest and rest[0].tag == codec.SEQUENCE:
            self._entries = rest.pop(0)
        self._read_extensions(rest, version)

    def _read_extensions(self, rest: list[Element], version: int) -> None:
        data = self.der
        found: dict[str, fields.Extension] = {}
        if rest:
            if len(rest) > 1 or rest[0].tag != _EXTENSIONS or version != 2:
                raise NotDER("fields that do not belong there")
            found = fields.extensions(data, fields.inner(data, rest[0], codec.SEQUENCE))
        unknown = [e.oid for e in found.values() if e.critical and e.oid not in _UNDERSTOOD]
        self.unknown_critical = unknown[0] if unknown else ""
        self.is_delta = DELTA in found
        point = found.get(ISSUING_DISTRIBUTION_POINT)
        self.scope = EVERYTHING
        self.scope_der = b""
        if point is not None:
            self.scope = read_scope(data, fields.value_of(data, point), self.issuer_key)
            self.scope_der = data[point.body : point.end]
        self.number: int | None = None
        self.well_numbered = CRL_NUMBER in found and not found[CRL_NUMBER].critical
        if CRL_NUMBER in found:
            number = fields.value_of(data, found[CRL_NUMBER])
            content = data[number.body : number.end]
            # RFC 5280, 5.2.3: up to 20 octets.
            if number.tag != codec.INTEGER or not 1 <= len(content) <= 21:
                raise NotDER("no CRL number")
            self.number = int.from_bytes(content, "big", signed=True)

    def __repr__(self) -> str:
        return f"<revocation list of {len(self.der):,} bytes>"

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 over the whole list."""
        return sha256(self.der).digest()

    def serials(self) -> Serials:
        """The index of its entries, made once.

        Raises:
            Unreadable: the entries are not what they must be.
        """
        if self._serials is None:
            with self._indexing:
                if self._serials is None:
                    self._serials = self._index()
        if isinstance(self._serials, Unreadable):
            raise Unreadable(str(self._serials))  # another one: a traceback would grow with each
        return self._serials

    def _index(self) -> Serials | Unreadable:
        try:
            return guarded("revocation list", lambda: Serials(self.der, self._entries))
        except Unreadable as problem:
            return problem

    def entry(self, serial: bytes) -> Entry | None:
        """The entry for a serial number, given as the content octets of its INTEGER.

        Raises:
            Unreadable: the entries are not what they must be.
        """
        serials = self.serials()
        return guarded("revocation list", lambda: serials.find(serial))


class _Shelf:
    """Lists that were read, by their bytes, within two bounds: how many, and how long together."""

    def __init__(self) -> None:
        self._lists: dict[bytes, RevocationList | Unreadable] = {}
        self._length = 0
        self._lock = threading.Lock()

    def get(self, der: bytes) -> RevocationList | Unreadable:
        found = self._lists.get(der)
        if found is None:
            try:
                found = RevocationList(der)
            except Unreadable as problem:
                found = problem.with_traceback(None)
            self._put(der, found)
        return found

    def _put(self, der: bytes, found: RevocationList | Unreadable) -> None:
        with self._lock:
            if der in self._lists:
                return
            self._lists[der] = found
            self._length += len(der)
            while (
                len(self._lists) > bounds.LISTS_REMEMBERED or self._length > bounds.BYTES_REMEMBERED
            ):
                oldest = next(iter(self._lists))
                del self._lists[oldest]
                self._length -= len(oldest)


_shelf = _Shelf()


def read_list(der: bytes) -> RevocationList:
    """The list in ``der``, perhaps read before.

    Raises:
        Unreadable: it cannot be read; nothing else is ever raised.
    """
    found = _shelf.get(der)
    if isinstance(found, Unreadable):
        raise Unreadable(str(found))
    return found


def lists_in(data: bytes) -> tuple[bytes, ...]:
    """The revocation lists in PEM text, or the one that the bytes are, as DER; each is read.

    Raises:
        Unreadable: there is none, or one cannot be read, its entries included.
    """
    found: tuple[bytes, ...] = (bytes(data),)
    if not data.startswith(b"\x30"):
        try:
            found = tuple(binascii.a2b_base64(match[1]) for match in _BLOCK.finditer(data))
        except binascii.Error as problem:
            raise Unreadable(f"revocation list in PEM text: {problem}") from None
    if not found:
        raise Unreadable("no revocation list in it")
    for der in found:
        read_list(der).serials()
    return found
