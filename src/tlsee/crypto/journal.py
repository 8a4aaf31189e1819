"""A provider that writes down another's answers; ``crypto.replay`` gives them again.

Everything that differs between two runs of the same handshake passes through the Provider, so its
answers, the application's and the peer's bytes together replay a connection bit for bit. A
journal can also be written by hand, from the keys and randoms that an RFC publishes.

A journal holds private keys and secrets. It shows none of them; whoever stores it must know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tlsee.codes import SignatureScheme
from tlsee.crypto.entries import Entry, about, entry_from_json
from tlsee.crypto.provider import (
    Decrypter,
    Group,
    Later,
    OwnShare,
    Provider,
    Response,
    Signer,
)
from tlsee.crypto.schemes import PublicKey
from tlsee.errors import PeerMisbehaved
from tlsee.values import replace

__all__ = ["Entry", "Journal", "recording"]


class Journal:
    """Answers in their order. ``recording`` appends; a ``Replay`` reads and changes nothing."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Journal:
        """A journal written by hand."""
        made = cls()
        made.entries.extend(entries)
        return made

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return f"Journal({len(self.entries)} entries)"

    def to_json(self) -> list[dict[str, str | int]]:
        """Values that ``json`` can write, secrets included; bytes are hexadecimal."""
        return [
            {
                "kind": e.kind,
                "code": int(e.code),
                "data": e.data.hex(),
                "about": e.about.hex(),
                "purpose": e.purpose,
            }
            for e in self.entries
        ]

    @classmethod
    def from_json(cls, items: Sequence[Any]) -> Journal:
        """The journal that ``to_json`` wrote.

        Raises:
            ApiMisuse: it did not write this.
        """
        return cls.of(entry_from_json(number, item) for number, item in enumerate(items))


class WrappedGroup:
    """A group that keeps its facts and asks somebody else for its answers."""

    __slots__ = ("_inner", "client_share_length", "code", "post_quantum", "server_share_length")

    def __init__(self, inner: Group) -> None:
        self._inner = inner
        self.code = inner.code
        self.post_quantum = inner.post_quantum
        self.client_share_length = inner.client_share_length
        self.server_share_length = inner.server_share_length

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code})"

    def from_private(self, private: bytes) -> OwnShare:
        """Nothing unpredictable: straight to the group."""
        return self._inner.from_private(private)


class RecordingGroup(WrappedGroup):
    """Writes down what the group answers."""

    __slots__ = ("_entries",)

    def __init__(self, inner: Group, entries: list[Entry]) -> None:
        super().__init__(inner)
        self._entries = entries

    def generate(self) -> OwnShare:
        """A fresh share, its private key written down."""
        share = self._inner.generate()
        self._entries.append(Entry.key_share(self.code, share.private_bytes()))
        return share

    def respond(self, client_share: bytes) -> Response:
        """The group's answer, or its refusal, written down."""
        try:
            made = self._inner.respond(client_share)
        except PeerMisbehaved as error:
            detail = error.detail.encode()
            self._entries.append(Entry("refused", self.code, detail, about(client_share)))
            raise
        self._entries.append(Entry.response(self.code, made.share, made.secret, client_share))
        return made


def _kind_of(error: Exception) -> bytes:
    """What is kept of an exception: its text may hold anything."""
    return type(error).__name__.encode()


def recording(provider: Provider, journal: Journal) -> Provider:
    """A provider that answers as ``provider`` does and appends each answer to ``journal``."""
    entries = journal.entries

    def random(count: int, purpose: str = "") -> bytes:
        data = provider.random(count, purpose)
        entries.append(Entry.random(data, purpose))
        return data

    def now() -> float:
        seconds = provider.now()
        entries.append(Entry.clock(seconds))
        return seconds

    def sign(signer: Signer, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        try:
            made = provider.sign(signer, scheme, content)
        except Exception as error:
            entries.append(Entry("failed", scheme, _kind_of(error), about(content)))
            raise
        if isinstance(made, Later):
            entries.append(Entry("later", scheme, b"", about(content)))
        else:
            entries.append(Entry.signature(scheme, made, content))
        return made

    def finite_field(p: bytes, g: bytes) -> Group:
        return RecordingGroup(provider.finite_field(p, g), entries)

    def encrypt(public_key: PublicKey, premaster: bytes) -> bytes:
        made = provider.encrypt(public_key, premaster)
        entries.append(Entry("encrypted", 0, made, about(premaster)))
        return made

    def decrypt(decrypter: Decrypter, ciphertext: bytes) -> bytes | Later:
        try:
            made = provider.decrypt(decrypter, ciphertext)
        except Exception as error:
            entries.append(Entry("not_decrypted", 0, _kind_of(error), about(ciphertext)))
            raise
        if isinstance(made, Later):
            entries.append(Entry("decrypts_later", 0, b"", about(ciphertext)))
        else:
            entries.append(Entry("decrypted", 0, made, about(ciphertext)))
        return made

    return replace(
        provider,
        name=f"{provider.name}, recorded",
        finite_field=finite_field,
        encrypt=encrypt,
        decrypt=decrypt,
        random=random,
        now=now,
        groups={code: RecordingGroup(row, entries) for code, row in provider.groups.items()},
        sign=sign,
    )
