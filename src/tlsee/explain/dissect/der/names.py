"""Names in certificates as shapes: distinguished names and the general ones (RFC 5280)."""

from __future__ import annotations

from collections.abc import Iterable

from tlsee.explain.dissect.der.saying import ADDRESS, IA5, OID
from tlsee.explain.dissect.der.shapes import (
    SET_TAG,
    Anything,
    Choice,
    Explicit,
    Many,
    Part,
    Sequence,
    implicit,
)
from tlsee.explain.dissect.field import Field

_CLAUSE = "RFC 5280, 4.1.2.4"
SHOWN = 120  # characters of several values in one line


def together(fields: Iterable[Field]) -> str:
    """What the fields say, with commas between; cut where it is long."""
    words = ", ".join(field.words for field in fields)
    return words if len(words) <= SHOWN else words[: SHOWN - 2] + ".."


def _attribute(fields: Iterable[Field]) -> str:
    kind, *values = [field.words for field in fields]
    return f"{kind.partition(' (')[0]}: {', '.join(values)}"


ATTRIBUTE = Sequence(
    (
        Part("type", OID, False, "which kind of name", _CLAUSE),
        Part("value", Anything(), False, "the name", _CLAUSE),
    ),
    sum_up=_attribute,
)
RELATIVE_NAME = Many(ATTRIBUTE, "attribute", SET_TAG, sum_up=together)
NAME = Many(RELATIVE_NAME, "relativeDistinguishedName", sum_up=together)

_GENERAL = "RFC 5280, 4.2.1.6"
_OTHER = Sequence(
    (
        Part("type-id", OID, False, "which kind of name", _GENERAL),
        Part("value", Explicit(0, Anything()), False, "the name", _GENERAL),
    )
)
GENERAL_NAME = Choice(
    (
        Part("otherName", implicit(0, _OTHER), False, "a name of another kind", _GENERAL),
        Part("rfc822Name", implicit(1, IA5), False, "an e-mail address", _GENERAL),
        Part("dNSName", implicit(2, IA5), False, "a DNS name", _GENERAL),
        Part("directoryName", Explicit(4, NAME), False, "a distinguished name", _GENERAL),
        Part("uniformResourceIdentifier", implicit(6, IA5), False, "a URI", _GENERAL),
        Part("iPAddress", implicit(7, ADDRESS), False, "an IP address", _GENERAL),
        Part("registeredID", implicit(8, OID), False, "an object identifier", _GENERAL),
    )
)
GENERAL_NAMES = Many(GENERAL_NAME, "generalName", sum_up=together)
