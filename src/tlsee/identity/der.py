"""The little DER that a certificate's frame needs: where each field begins and ends.

``cryptography`` reads the values; what it does not give is the bytes as they were signed, the
place of a field, and the algorithm identifier inside the signed part. All offsets count from the
start of the buffer.
"""

from __future__ import annotations

from typing import NamedTuple

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02
BIT_STRING = 0x03
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
TELETEX_STRING = 0x14
IA5_STRING = 0x16
UNIVERSAL_STRING = 0x1C
BMP_STRING = 0x1E
VERSION = 0xA0  # TBSCertificate's [0] EXPLICIT
ISSUER_UNIQUE_ID = 0x81
SUBJECT_UNIQUE_ID = 0x82
EXTENSIONS = 0xA3  # TBSCertificate's [3] EXPLICIT
OBJECT_IDENTIFIER_LENGTH = 64  # bytes; those in use have at most some 20


class NotDER(ValueError):
    """The bytes are no DER, or not of the shape that was asked for."""


class Element(NamedTuple):
    """One tag-length-value: ``start`` is the tag's place, ``body`` the value's, ``end`` past it."""

    tag: int
    start: int
    body: int
    end: int


def element(data: bytes, at: int, end: int) -> Element:
    """The element that begins at ``at`` and must end by ``end``; single-byte tags only."""
    if at + 2 > end:
        raise NotDER("cut off")
    tag = data[at]
    if tag & 0x1F == 0x1F:
        raise NotDER("a tag of several bytes")
    length = data[at + 1]
    body = at + 2
    if length >= 0x80:
        octets = length & 0x7F
        if not 1 <= octets <= 4 or body + octets > end:
            raise NotDER("a length that cannot be")
        length = int.from_bytes(data[body : body + octets], "big")
        body += octets
        if length < 0x80 or length >> (8 * (octets - 1)) == 0:
            raise NotDER("a length that is not the shortest")
    if body + length > end:
        raise NotDER("cut off")
    return Element(tag, at, body, body + length)


def children(data: bytes, parent: Element) -> list[Element]:
    """The elements inside a constructed one, which they must fill exactly."""
    found = []
    at = parent.body
    while at < parent.end:
        found.append(element(data, at, parent.end))
        at = found[-1].end
    return found


def object_identifier(dotted: str) -> bytes:
    """The body of an OBJECT IDENTIFIER that is written with dots: our own constants."""
    first, second, *rest = map(int, dotted.split("."))
    encoded = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        encoded += bytes(reversed(groups))
    return bytes(encoded)


def dotted(body: bytes) -> str:
    """An OBJECT IDENTIFIER's body written with dots.

    Raises:
        NotDER: it is empty, cut off, or an arc is not the shortest or beyond 64 bytes.
    """
    if not body or body[-1] & 0x80:
        raise NotDER("an object identifier that is cut off")
    if len(body) > OBJECT_IDENTIFIER_LENGTH:
        raise NotDER(f"an object identifier of {len(body)} bytes")
    arcs: list[int] = []
    arc = 0
    fresh = True
    for octet in body:
        if fresh and octet == 0x80:
            raise NotDER("an object identifier that is not the shortest")
        arc = arc << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def identifier_pairs(data: bytes) -> tuple[tuple[str, str], ...]:
    """A SEQUENCE of SEQUENCEs of two OBJECT IDENTIFIERs, with dots.

    Raises:
        NotDER: it is not of that shape.
    """
    outer = element(data, 0, len(data))
    if outer.tag != SEQUENCE or outer.end != len(data):
        raise NotDER("no sequence")
    pairs = []
    for item in children(data, outer):
        parts = children(data, item) if item.tag == SEQUENCE else []
        if [part.tag for part in parts] != [OBJECT_IDENTIFIER, OBJECT_IDENTIFIER]:
            raise NotDER("no pair of object identifiers")
        first, second = (dotted(data[part.body : part.end]) for part in parts)
        pairs.append((first, second))
    return tuple(pairs)


class Frame(NamedTuple):
    """Where a certificate's fields are (RFC 5280, 4.1); absent optional ones are ``None``."""

    tbs: Element
    version: Element | None
    serial_number: Element
    inner_algorithm: Element
    issuer: Element
    validity: Element
    subject: Element
    subject_public_key_info: Element
    extensions: Element | None
    outer_algorithm: Element
    signature: Element


def certificate_frame(data: bytes) -> Frame:
    """The fields of a DER certificate that fills ``data`` exactly.

    Raises:
        NotDER: it is not of that shape.
    """
    outer = element(data, 0, len(data))
    if outer.tag != SEQUENCE or outer.end != len(data):
        raise NotDER("no certificate, or bytes behind it")
    parts = children(data, outer)
    if [part.tag for part in parts] != [SEQUENCE, SEQUENCE, BIT_STRING]:
        raise NotDER("a certificate is three fields: signed part, algorithm, signature")
    tbs, outer_algorithm, signature = parts
    if data[signature.body : signature.body + 1] != b"\x00":
        raise NotDER("the signature is no whole number of bytes")
    fields = children(data, tbs)
    version = fields.pop(0) if fields and fields[0].tag == VERSION else None
    tags = [field.tag for field in fields]
    if tags[:6] != [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE]:
        raise NotDER("the signed part has other fields than a certificate's")
    rest = tags[6:]
    allowed = [ISSUER_UNIQUE_ID, SUBJECT_UNIQUE_ID, EXTENSIONS]
    if rest != [tag for tag in allowed if tag in rest]:
        raise NotDER("the signed part ends in fields that do not belong there")
    extensions = fields[-1] if EXTENSIONS in rest else None
    serial, inner, issuer, validity, subject, key = fields[:6]
    return Frame(
        tbs,
        version,
        serial,
        inner,
        issuer,
        validity,
        subject,
        key,
        extensions,
        outer_algorithm,
        signature,
    )


_TEXT_CODECS = {
    UTF8_STRING: "utf-8",
    PRINTABLE_STRING: "latin-1",
    TELETEX_STRING: "latin-1",
    IA5_STRING: "latin-1",
    UNIVERSAL_STRING: "utf-32-be",
    BMP_STRING: "utf-16-be",
}

Canonical = tuple[tuple[tuple[bytes, str | bytes], ...], ...]


def canonical_name(data: bytes) -> Canonical:
    """A DER Name made comparable: one entry per RelativeDistinguishedName (RFC 5280, 7.1).

    Text is compared without regard to its string type, to case and to white space at the ends or
    repeated within; anything else by its bytes.

    Raises:
        NotDER: it is no Name.
    """
    outer = element(data, 0, len(data))
    if outer.tag != SEQUENCE or outer.end != len(data):
        raise NotDER("no name")
    return tuple(_canonical_rdn(data, rdn) for rdn in children(data, outer))


def _canonical_rdn(data: bytes, rdn: Element) -> tuple[tuple[bytes, str | bytes], ...]:
    attributes = []
    if rdn.tag != SET:
        raise NotDER("no name")
    for attribute in children(data, rdn):
        parts = children(data, attribute) if attribute.tag == SEQUENCE else []
        if len(parts) != 2 or parts[0].tag != OBJECT_IDENTIFIER:
            raise NotDER("no name")
        kind, content = parts
        attributes.append((data[kind.body : kind.end], _canonical_value(data, content)))
    if len(attributes) > 1:
        attributes.sort(key=repr)
    return tuple(attributes)


def _canonical_value(data: bytes, content: Element) -> str | bytes:
    codec = _TEXT_CODECS.get(content.tag)
    raw = data[content.body : content.end]
    if codec is None:
        return data[content.start : content.end]
    try:
        return " ".join(raw.decode(codec).casefold().split())
    except UnicodeDecodeError:
        return data[content.start : content.end]
