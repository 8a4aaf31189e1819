"""The fields that revocation lists and OCSP responses have in common, read from DER.

All offsets count from the start of the buffer, as in ``identity.der``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

from tlsee.crypto import certificate_signatures
from tlsee.crypto.certificate_signatures import SignatureAlgorithm
from tlsee.identity import der as codec
from tlsee.identity.der import Element, NotDER
from tlsee.identity.revocation import bounds

BOOLEAN = 0x01
OCTET_STRING = 0x04
NULL = 0x05
ENUMERATED = 0x0A
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18

# RFC 5280, 5.3.1; 7 is not used. 6 and 8 are reasons that do not last.
REASONS = {
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}


class Extension(NamedTuple):
    """One extension: ``value`` is the place of what its OCTET STRING holds."""

    oid: str
    critical: bool
    body: int
    end: int


def whole(data: bytes, tag: int, what: str) -> Element:
    """The one element that fills ``data``.

    Raises:
        NotDER: it is another one, or bytes follow it.
    """
    found = codec.element(data, 0, len(data))
    if found.tag != tag or found.end != len(data):
        raise NotDER(f"no {what}, or bytes behind it")
    return found


def inner(data: bytes, outer: Element, tag: int) -> Element:
    """The one element inside an explicit tag.

    Raises:
        NotDER: there is another one, or more than one.
    """
    found = codec.element(data, outer.body, outer.end)
    if found.tag != tag or found.end != outer.end:
        raise NotDER("another field than belongs there")
    return found


def moment_of(data: bytes, element: Element) -> float:
    """UTCTime or GeneralizedTime in Zulu time with seconds (RFC 5280, 4.1.2.5), since the epoch.

    Raises:
        NotDER: it is neither.
    """
    text = data[element.body : element.end]
    if not text.endswith(b"Z") or not text[:-1].isdigit():
        raise NotDER("no moment in Zulu time")
    digits = text[:-1].decode("ascii")
    if element.tag == UTC_TIME and len(digits) == 12:
        digits = ("19" if digits[0] >= "5" else "20") + digits
    elif element.tag != GENERALIZED_TIME or len(digits) != 14:
        raise NotDER("no moment with whole seconds")
    year, rest = int(digits[:4]), digits[4:]
    month, day, hour, minute, second = (int(rest[at : at + 2]) for at in range(0, 10, 2))
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except (ValueError, OverflowError):
        raise NotDER("no moment that there was") from None


def object_identifier(data: bytes, element: Element) -> str:
    """In dotted form.

    Raises:
        NotDER: it is none.
    """
    raw = data[element.body : element.end]
    if element.tag != codec.OBJECT_IDENTIFIER or not raw or raw[-1] & 0x80 or len(raw) > 64:
        raise NotDER("no object identifier")
    numbers, number = [], 0
    for octet in raw:
        if number == 0 and octet == 0x80:
            raise NotDER("an object identifier that is not the shortest")
        number = number << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(number)
            number = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))


def is_shortest(raw: bytes) -> bool:
    """Whether an INTEGER's content has no octet too many (X.690, 8.3.2)."""
    if len(raw) < 2:
        return bool(raw)
    return not (raw[0] == 0 and raw[1] < 0x80) and not (raw[0] == 0xFF and raw[1] >= 0x80)


def enumerated(data: bytes, element: Element) -> int:
    """A small ENUMERATED.

    Raises:
        NotDER: it is none.
    """
    if element.tag != ENUMERATED or element.end - element.body != 1:
        raise NotDER("no enumerated value")
    return data[element.body]


def boolean(data: bytes, element: Element) -> bool:
    """The content of a BOOLEAN, whatever its tag.

    Raises:
        NotDER: it is none.
    """
    content = data[element.body : element.end]
    if content not in (b"\x00", b"\xff"):
        raise NotDER("no truth value")
    return content == b"\xff"


def extensions(data: bytes, sequence: Element) -> dict[str, Extension]:
    """A SEQUENCE OF Extension, by identifier (RFC 5280, 4.1).

    Raises:
        NotDER: it is none, one comes twice, or there are more than the bound.
    """
    found: dict[str, Extension] = {}
    if sequence.tag != codec.SEQUENCE:
        raise NotDER("no extensions")
    at = sequence.body
    while at < sequence.end:
        item = codec.element(data, at, sequence.end)
        at = item.end
        parts = codec.children(data, item) if item.tag == codec.SEQUENCE else []
        critical = len(parts) == 3 and parts[1].tag == BOOLEAN and boolean(data, parts[1])
        if len(parts) not in (2, 3) or parts[-1].tag != OCTET_STRING:
            raise NotDER("no extension")
        if len(parts) == 3 and not critical:
            raise NotDER("an extension with its default written out")
        oid = object_identifier(data, parts[0])
        if oid in found or len(found) >= bounds.EXTENSIONS:
            raise NotDER("an extension twice, or more than the bound")
        found[oid] = Extension(oid, critical, parts[-1].body, parts[-1].end)
    return found


def value_of(data: bytes, extension: Extension) -> Element:
    """The one element that an extension holds.

    Raises:
        NotDER: it holds none, or more.
    """
    found = codec.element(data, extension.body, extension.end)
    if found.end != extension.end:
        raise NotDER("bytes behind an extension's value")
    return found


def reason_in(data: bytes, found: dict[str, Extension]) -> str:
    """The name of CRLReason (RFC 5280, 5.3.1); ``unspecified`` without one.

    Raises:
        NotDER: it is no reason.
    """
    extension = found.get(CRL_REASON)
    if extension is None:
        return REASONS[0]
    return reason_name(enumerated(data, value_of(data, extension)))


def reason_name(code: int) -> str:
    """A reason's name; one that is not in the RFC by its number."""
    return REASONS.get(code, f"reason {code}")


CRL_REASON = "2.5.29.21"


class Signed(NamedTuple):
    """What a signature covers: ``algorithm`` is ``None`` for what is not known here.

    ``content`` is a view, since a list may be long.
    """

    content: memoryview
    algorithm: SignatureAlgorithm | None
    algorithm_oid: str
    signature: bytes


def signed(data: bytes, content: Element, algorithm: Element, signature: Element) -> Signed:
    """The three parts of a signed structure.

    Raises:
        NotDER: one is not of its type.
    """
    if algorithm.tag != codec.SEQUENCE or signature.tag != codec.BIT_STRING:
        raise NotDER("another field than a signature's")
    if data[signature.body : signature.body + 1] != b"\x00":
        raise NotDER("the signature is no whole number of bytes")
    identifier = data[algorithm.start : algorithm.end]
    oid = object_identifier(data, codec.element(data, algorithm.body, algorithm.end))
    return Signed(
        memoryview(data)[content.start : content.end],
        certificate_signatures.row_of(oid, identifier),
        oid,
        data[signature.body + 1 : signature.end],
    )
