"""A DER Name as a person says it, where there is no certificate around it."""

from __future__ import annotations

from tlsee.identity.der import (
    BMP_STRING,
    UNIVERSAL_STRING,
    NotDER,
    children,
    element,
)
from tlsee.text import printable

# RFC 5280, 4.1.2.4, as the bytes of the identifiers: common name first, then unit, organization.
_SPOKEN = (b"\x55\x04\x03", b"\x55\x04\x0b", b"\x55\x04\x0a")
_WIDE = {BMP_STRING: "utf-16-be", UNIVERSAL_STRING: "utf-32-be"}


def spoken_name(der: bytes) -> str:
    """The common name, else the unit or organization; escaped. Never raises."""
    try:
        parts = _attributes(der)
    except NotDER:
        return f"an unreadable name of {len(der)} bytes"
    for wanted in _SPOKEN:
        if wanted in parts:
            return printable(parts[wanted])
    return "an unnamed authority"


def _attributes(der: bytes) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for relative in children(der, element(der, 0, len(der))):
        for attribute in children(der, relative):
            pair = children(der, attribute)
            if len(pair) != 2:
                raise NotDER("no name")
            kind, content = pair
            codec = _WIDE.get(content.tag, "utf-8")
            text = der[content.body : content.end].decode(codec, "backslashreplace")
            found[der[kind.body : kind.end]] = text
    return found
