"""Primitive values of ASN.1 in words, and the shapes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tlsee.explain.dissect.der.oids import named
from tlsee.explain.dissect.der.shapes import (
    BIT_STRING_TAG,
    BOOLEAN_TAG,
    ENUMERATED_TAG,
    INTEGER_TAG,
    NULL_TAG,
    OCTET_STRING_TAG,
    OID_TAG,
    Cut,
    Primitive,
)
from tlsee.explain.layout import short_hex
from tlsee.text import count, printable

SHOWN = 80  # characters of a string
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
STRINGS: Mapping[int, tuple[str, str]] = {
    0x0C: ("UTF8String", "utf-8"),
    0x12: ("NumericString", "latin-1"),
    0x13: ("PrintableString", "latin-1"),
    0x14: ("TeletexString", "latin-1"),
    0x16: ("IA5String", "latin-1"),
    0x1A: ("VisibleString", "latin-1"),
    0x1C: ("UniversalString", "utf-32-be"),
    0x1E: ("BMPString", "utf-16-be"),
}
LABELS: Mapping[int, str] = {
    BOOLEAN_TAG: "BOOLEAN",
    INTEGER_TAG: "INTEGER",
    BIT_STRING_TAG: "BIT STRING",
    OCTET_STRING_TAG: "OCTET STRING",
    NULL_TAG: "NULL",
    OID_TAG: "OBJECT IDENTIFIER",
    ENUMERATED_TAG: "ENUMERATED",
    UTC_TIME: "UTCTime",
    GENERALIZED_TIME: "GeneralizedTime",
    0x30: "SEQUENCE",
    0x31: "SET",
    **{tag: label for tag, (label, _) in STRINGS.items()},
}
LONGEST_OID = 64  # octets; the longest in use have some twenty


def tag_label(tag: int) -> str:
    """A tag as ASN.1 writes it: ``SEQUENCE``, ``[3]``."""
    if tag & 0xC0 == 0x80:
        return f"[{tag & 0x1F}]"
    return LABELS.get(tag, f"tag 0x{tag:02x}")


def say_integer(data: bytes) -> str:
    """A number; a long one by its size and ends."""
    if not data:
        return "no number: it has no bytes"
    if len(data) <= 8:
        return f"{int.from_bytes(data, 'big', signed=True):,}"
    bits = int.from_bytes(data[:9], "big").bit_length() + 8 * (len(data) - 9)
    return f"0x{short_hex(data)}, {bits:,} bits"


def say_boolean(data: bytes) -> str:
    """TRUE or FALSE."""
    return {b"\x00": "FALSE", b"\xff": "TRUE"}.get(data, "no DER boolean")


def say_oid(data: bytes) -> str:
    """An object identifier by its name and its numbers."""
    return named(dotted(data))


def dotted(data: bytes) -> str:
    """An object identifier's numbers; empty where the octets are none."""
    if not data or len(data) > LONGEST_OID or data[-1] & 0x80:
        return ""
    arcs: list[int] = []
    arc = 0
    for octet in data:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def say_time(data: bytes) -> str:
    """A UTCTime or GeneralizedTime as a person reads it (RFC 5280, 4.1.2.5)."""
    text = data.decode("ascii", "replace")
    if len(data) == 13:  # RFC 5280, 4.1.2.5.1: years from 50 on are of the last century
        text = ("19" if text[:2] >= "50" else "20") + text
    try:
        at = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return f"no time: {printable(data, 24)}"
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def say_octets(data: bytes) -> str:
    """Octets by their number and their ends."""
    return f"{count(len(data), 'byte')}: {short_hex(data)}" if data else "empty"


def say_null(data: bytes) -> str:
    """NULL has no contents."""
    return "nothing" if not data else f"{count(len(data), 'byte')} where none belong"


def say_text(data: bytes, codec: str = "utf-8") -> str:
    """Text in quotes, escaped."""
    return f'"{printable(data.decode(codec, "backslashreplace"), SHOWN)}"'


def say_address(data: bytes) -> str:
    """An IP address, or in name constraints an address and a mask."""
    if len(data) in (4, 8):
        whole = ".".join(map(str, data[:4]))
        return whole if len(data) == 4 else f"{whole} mask {'.'.join(map(str, data[4:]))}"
    if len(data) in (16, 32):
        halves = [data[i : i + 16] for i in range(0, len(data), 16)]
        return " mask ".join(half.hex(":", 2) for half in halves)
    return f"no address: {say_octets(data)}"


def _say_tagged_text(tag: int) -> Primitive:
    label, codec = STRINGS[tag]
    return Primitive(label, frozenset({tag}), lambda data: say_text(data, codec))


def flags(data: bytes, names: Sequence[str]) -> str:
    """The names of the bits that are set; ``data`` begins with the count of unused ones."""
    bits = [
        names[i] if i < len(names) else f"bit {i}"
        for i in range(8 * (len(data) - 1))
        if data[1 + i // 8] & 0x80 >> i % 8
    ]
    return ", ".join(bits) or "none"


def named_bits(*names: str) -> Primitive:
    """A BIT STRING whose bits have names."""
    return Primitive("BIT STRING", frozenset({BIT_STRING_TAG}), lambda data: flags(data, names))


def enumerated(names: Mapping[int, str]) -> Primitive:
    """An ENUMERATED with names for its numbers."""

    def say(data: bytes) -> str:
        number = int.from_bytes(data, "big")
        return f"{names[number]} ({number})" if number in names else say_integer(data)

    return Primitive("ENUMERATED", frozenset({ENUMERATED_TAG}), say)


def bits(cut: Cut | None = None) -> Primitive:
    """A BIT STRING whose octets are cut by ``cut``."""
    return Primitive("BIT STRING", frozenset({BIT_STRING_TAG}), _say_bits, cut)


def _say_bits(data: bytes) -> str:
    return say_octets(data[1:])


def octets(cut: Cut | None = None) -> Primitive:
    """An OCTET STRING whose octets are cut by ``cut``."""
    return Primitive("OCTET STRING", frozenset({OCTET_STRING_TAG}), say_octets, cut)


INTEGER = Primitive("INTEGER", frozenset({INTEGER_TAG}), say_integer)
BOOLEAN = Primitive("BOOLEAN", frozenset({BOOLEAN_TAG}), say_boolean)
OID = Primitive("OBJECT IDENTIFIER", frozenset({OID_TAG}), say_oid)
NULL = Primitive("NULL", frozenset({NULL_TAG}), say_null)
OCTETS = octets()
BITS = bits()
TIME = Primitive("Time", frozenset({UTC_TIME, GENERALIZED_TIME}), say_time)
IA5 = _say_tagged_text(0x16)
ADDRESS = Primitive("OCTET STRING", frozenset({OCTET_STRING_TAG}), say_address)

# By their tags, for what no table names.
UNIVERSAL: Mapping[int, Primitive] = {
    INTEGER_TAG: INTEGER,
    BOOLEAN_TAG: BOOLEAN,
    OID_TAG: OID,
    NULL_TAG: NULL,
    OCTET_STRING_TAG: OCTETS,
    BIT_STRING_TAG: BITS,
    ENUMERATED_TAG: enumerated({}),
    UTC_TIME: TIME,
    GENERALIZED_TIME: TIME,
    **{tag: _say_tagged_text(tag) for tag in STRINGS},
}
