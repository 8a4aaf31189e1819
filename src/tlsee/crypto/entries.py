"""The entries of a journal: one answer of a provider each."""

from __future__ import annotations

import struct
from hashlib import sha256
from math import isfinite
from typing import Any, ClassVar

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.errors import ApiMisuse
from tlsee.values import value

_SECONDS = struct.Struct(">d")


@value
class Entry:
    """One answer of a provider.

    Attributes:
        kind: ``random``, ``clock``, ``key_share``, ``response``, ``refused`` (a share that was
            none), ``signature``, ``later``, ``failed`` (a signer that raised), ``encrypted``,
            ``decrypted``, ``decrypts_later``, ``not_decrypted`` (a decrypter that raised); of the
            stores of sessions ``sessions`` (what a client took), ``ticket`` and ``session_id``
            (what a server's gave out).
        code: the number of bytes, the group or the scheme; of a store how many it gave; 0 for the
            clock and for RSA.
        data: the answer itself. A key_share is its private key.
        about: SHA-256 of the share or content that was answered; ``b""`` compares nothing.
        purpose: what random bytes were for, such as ``client_random``; by it and its place among
            the entries of one purpose an answer is found again. ``""`` serves any purpose.
    """

    kind: str
    code: int
    data: bytes
    about: bytes = b""
    purpose: str = ""
    _hidden: ClassVar[frozenset[str]] = frozenset({"data"})

    @classmethod
    def random(cls, data: bytes, purpose: str = "") -> Entry:
        """Random bytes that were asked for by their number, for a purpose."""
        return cls("random", len(data), data, b"", purpose)

    @classmethod
    def clock(cls, seconds: float) -> Entry:
        """A reading of the clock, in seconds since the epoch."""
        return cls("clock", 0, _SECONDS.pack(seconds))

    @classmethod
    def key_share(cls, group: NamedGroup, private: bytes) -> Entry:
        """A private key: of a client's share, or of a server's that answers by Diffie-Hellman."""
        return cls("key_share", group, private)

    @classmethod
    def response(
        cls, group: NamedGroup, share: bytes, secret: bytes, client_share: bytes = b""
    ) -> Entry:
        """A server's share and the secret."""
        return cls("response", group, share + secret, about(client_share))

    @classmethod
    def signature(cls, scheme: SignatureScheme, signature: bytes, content: bytes = b"") -> Entry:
        """A signature over ``content``, or over anything."""
        return cls("signature", scheme, signature, about(content))

    @property
    def seconds(self) -> float:
        """What the clock showed."""
        shown: float = _SECONDS.unpack(self.data)[0]
        return shown

    @property
    def label(self) -> str:
        """What a person reads of it; nothing secret."""
        named: dict[str, type[Any]] = {
            **dict.fromkeys(("key_share", "response", "refused"), NamedGroup),
            **dict.fromkeys(("signature", "later", "failed"), SignatureScheme),
        }
        what = f"{self.kind} {named.get(self.kind, int)(self.code)}"
        return f"{what} for {self.purpose}" if self.purpose else what


SECONDS_LENGTH = _SECONDS.size
STORES = ("sessions", "ticket", "session_id")  # what a store gave, of which the code is how many
KINDS = frozenset(
    ("random", "clock", "key_share", "response", "refused", "signature", "later", "failed")
) | {
    *("encrypted", "decrypted", "decrypts_later", "not_decrypted"),
    *STORES,
}


def about(data: bytes) -> bytes:
    """What an entry keeps of the share or content that it answers."""
    return sha256(data).digest() if data else b""


def entry_from_json(number: int, item: Any) -> Entry:
    """One item of what ``Journal.to_json`` wrote; ``number`` is its place, for the text.

    Raises:
        ApiMisuse: it is none.
    """
    try:
        kind, code = item["kind"], item["code"]
        data, answered = bytes.fromhex(item["data"]), bytes.fromhex(item["about"])
        purpose = item.get("purpose", "")
    except (AttributeError, KeyError, TypeError, ValueError):
        raise ApiMisuse(f"entry {number} of the journal cannot be read") from None
    known = isinstance(kind, str) and type(code) is int and 0 <= code < 2**32
    if not known or not isinstance(purpose, str):
        raise ApiMisuse(f"entry {number} of the journal is of no known kind")
    try:
        return checked(Entry(kind, code, data, answered, purpose))
    except ValueError as problem:
        raise ApiMisuse(f"entry {number} of the journal is none: {problem}") from None


def checked(entry: Entry) -> Entry:
    """The same, if a provider could have answered it.

    Raises:
        ValueError: it could not; the text says why.
    """
    if entry.kind not in KINDS:
        raise ValueError("an entry of the journal of no known kind")
    lengths = {"random": int(entry.code), "clock": SECONDS_LENGTH}
    if len(entry.data) != lengths.get(entry.kind, len(entry.data)):
        raise ValueError("an entry of the journal with another length than its kind")
    if entry.kind == "clock" and not isfinite(entry.seconds):
        raise ValueError("a clock that shows no number")
    return entry
