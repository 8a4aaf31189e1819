"""The entries of a journal: one answer of a provider each."""

from __future__ import annotations

import struct
from hashlib import sha256
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
            ``decrypted``, ``decrypts_later``, ``not_decrypted`` (a decrypter that raised).
        code: the number of bytes, the group or the scheme; 0 for the clock and for RSA.
        data: the answer itself. A key_share is its private key.
        about: SHA-256 of the share or content that was answered; ``b""`` compares nothing.
    """

    kind: str
    code: int
    data: bytes
    about: bytes = b""
    _hidden: ClassVar[frozenset[str]] = frozenset({"data"})

    @classmethod
    def random(cls, data: bytes) -> Entry:
        """Random bytes that were asked for by their number."""
        return cls("random", len(data), data)

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
        return f"{self.kind} {named.get(self.kind, int)(self.code)}"


KINDS = frozenset(
    ("random", "clock", "key_share", "response", "refused", "signature", "later", "failed")
) | {"encrypted", "decrypted", "decrypts_later", "not_decrypted"}


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
    except (KeyError, TypeError, ValueError):
        raise ApiMisuse(f"entry {number} of the journal cannot be read") from None
    known = isinstance(kind, str) and kind in KINDS
    if not known or type(code) is not int or not 0 <= code < 2**32:
        raise ApiMisuse(f"entry {number} of the journal is of no known kind")
    if len(data) != {"random": code, "clock": _SECONDS.size}.get(kind, len(data)):
        raise ApiMisuse(f"entry {number} of the journal has another length than its kind")
    return Entry(kind, code, data, answered)
