"""What a recording keeps of things that hold secrets: what was seen of them, and no more.

A choice among sessions, keys or credentials names the things themselves. They stay in the program;
these values go into the recording.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion
from tlsee.identity.certificate import CertificateView, Unreadable, read_certificate
from tlsee.identity.credentials import Credential
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.text import printable
from tlsee.trace import Choice
from tlsee.values import replace, value


class CredentialSeen:
    """A credential without its key.

    Attributes:
        chain: DER, leaf first; with ``raw`` one SubjectPublicKeyInfo (RFC 7250).
    """

    def __init__(self, chain: tuple[bytes, ...], raw: bool = False) -> None:
        self.chain = chain
        self.raw = raw

    @cached_property
    def certificate(self) -> CertificateView | None:
        """The leaf; ``None`` for a raw key and for what cannot be read."""
        if self.raw or not self.chain:
            return None
        try:
            return read_certificate(self.chain[0])
        except Unreadable:
            return None

    @property
    def dns_names(self) -> tuple[str, ...]:
        """The names it is for."""
        return self.certificate.dns_names if self.certificate is not None else ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CredentialSeen):
            return NotImplemented
        return (self.chain, self.raw) == (other.chain, other.raw)

    def __hash__(self) -> int:
        return hash((self.chain, self.raw))

    def __repr__(self) -> str:
        leaf = self.certificate
        if leaf is None:
            return "Credential(a raw public key)" if self.raw else "Credential(unreadable)"
        return f"Credential({leaf.subject}, {leaf.key_label})"


@value
class SessionSeen:
    """A session without its secret, its ticket and its id; times are seconds since the epoch."""

    version: ProtocolVersion
    suite: CipherSuite
    issued_at: float
    lifetime: int
    established_at: float
    max_early_data: int
    group: NamedGroup | None
    server_name: str | None
    alpn: bytes | None
    peer_chain: tuple[bytes, ...] = ()
    _hidden: ClassVar[frozenset[str]] = frozenset({"peer_chain"})

    @classmethod
    def of(cls, session: Session) -> SessionSeen:
        """What was seen of a session."""
        return cls(
            session.version,
            session.suite,
            session.issued_at,
            session.lifetime,
            session.established_at,
            session.max_early_data,
            session.group,
            session.server_name,
            session.alpn,
            session.peer_chain,
        )


@value
class ExternalPskSeen:
    """An external key without the key."""

    identity: bytes
    hash_name: str
    early_data: int
    imported: bool

    @classmethod
    def of(cls, psk: ExternalPsk) -> ExternalPskSeen:
        """What was seen of a key."""
        return cls(psk.identity, psk.hash_name, psk.early_data, psk.imported)


# What a choice about them names, live or recorded.
AnySession = Session | SessionSeen
AnyExternalPsk = ExternalPsk | ExternalPskSeen


class Other(str):
    """Something that no value of the format stands for, as it shows itself, escaped."""

    __slots__ = ()


PLAIN = (int, str, bytes, CredentialSeen, SessionSeen, ExternalPskSeen, type(None))


def seen(item: Any, *, in_full: bool) -> Any:
    """What to keep of a value of a choice; ``in_full`` leaves sessions and external keys whole."""
    if isinstance(item, Credential):
        return CredentialSeen(item.chain, raw=not item.certificates)
    if isinstance(item, Session):
        return item if in_full else SessionSeen.of(item)
    if isinstance(item, ExternalPsk):
        return item if in_full else ExternalPskSeen.of(item)
    return item if isinstance(item, PLAIN) else Other(printable(str(item)))


# Choices among code points and bytes, which are what they are.
_PLAIN_CHOICES = frozenset(("version", "suite", "group", "scheme", "alpn"))


def seen_choice(choice: Choice, *, in_full: bool) -> Choice:
    """A choice that holds nothing but what may be kept."""
    if choice.what in _PLAIN_CHOICES:
        return choice
    return replace(
        choice,
        offered=tuple(seen(item, in_full=in_full) for item in choice.offered),
        able=tuple(seen(item, in_full=in_full) for item in choice.able),
        chosen=seen(choice.chosen, in_full=in_full),
    )
