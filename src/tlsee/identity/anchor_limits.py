"""How far an anchor is believed: for which names, for certificates issued until when."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from hashlib import sha256
from ipaddress import ip_network

from cryptography import x509

from tlsee.errors import ApiMisuse
from tlsee.text import printable
from tlsee.values import value

Subtrees = tuple[x509.GeneralName, ...]


@value
class Limits:
    """What is asked of all paths that end in an anchor, beyond what its certificate says.

    Attributes:
        permitted: sets of subtrees; a name must be in one of each set. ``excluded``: subtrees.
        issued_until: leaves that begin later are refused; seconds since the epoch.
        legacy_common_name: a leaf without subjectAltName is matched by its common name.
    """

    permitted: tuple[Subtrees, ...] = ()
    excluded: Subtrees = ()
    issued_until: float | None = None
    legacy_common_name: bool = False

    def plus(self, other: Limits) -> Limits:
        """Both: the stricter of each, but for the common name, which is added."""
        ends = [end for end in (self.issued_until, other.issued_until) if end is not None]
        return Limits(
            self.permitted + other.permitted,
            self.excluded + other.excluded,
            min(ends, default=None),
            self.legacy_common_name or other.legacy_common_name,
        )


UNLIMITED = Limits()

# RFC 5280, 4.2.1.10: a form without any subtree is not constrained. One that nothing is in.
_NOTHING: tuple[x509.GeneralName, ...] = (
    x509.DNSName("invalid"),
    x509.IPAddress(ip_network("0.0.0.0/32")),
    x509.RFC822Name("invalid"),
    x509.UniformResourceIdentifier("invalid"),
)


def subtrees(names: Iterable[str], *, closed: bool = False) -> Subtrees:
    """Subtrees from text; ``closed`` adds to each form that is not named one with nothing in it.

    Raises:
        ApiMisuse: a text that is no name.
    """
    found = tuple(_subtree(name) for name in names)
    forms = {type(base) for base in found}
    missing = tuple(base for base in _NOTHING if type(base) not in forms) if closed else ()
    return found + missing


def _subtree(text: str) -> x509.GeneralName:
    try:
        if text.startswith("uri:"):
            return x509.UniformResourceIdentifier(text.removeprefix("uri:"))
        if "@" in text:
            return x509.RFC822Name(text.removeprefix("@"))
        if "/" in text or ":" in text or text.replace(".", "").isdigit():
            return x509.IPAddress(ip_network(text))
        return x509.DNSName(text.removeprefix("*."))
    except (ValueError, TypeError) as problem:
        raise ApiMisuse(
            f"{printable(text)!r} is no subtree of names: {printable(str(problem))}",
            "give example.com, 10.0.0.0/8, @example.com or uri:example.com",
        ) from None


PIN_LENGTH = sha256().digest_size  # bytes


def _decoded(text: str) -> bytes:
    """What base64 stands for; nothing for any other text."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def pin(text: str | bytes) -> bytes:
    """A pin's 32 bytes.

    Raises:
        ApiMisuse: it is no SHA-256.
    """
    raw = text
    if isinstance(text, str):
        # Base64 may begin with a slash itself, so what is left must have the right length.
        bare = (text.removeprefix(prefix) for prefix in ("sha256//", "sha256/", ""))
        raw = next((found for found in map(_decoded, bare) if len(found) == PIN_LENGTH), b"")
    if not isinstance(raw, bytes) or len(raw) != PIN_LENGTH:
        raise ApiMisuse(
            f"{printable(text)!r} is no SHA-256 of a public key",
            "give 32 bytes, or base64 of them: openssl pkey -pubin -outform DER | sha256",
        )
    return raw
