"""What the protocol needs from the world: the Protocols, and the frozen Provider that has them.

Everything that differs between two runs of the same handshake passes through here: randomness,
the clock, keys made, secrets encapsulated, signatures. So a provider that wraps another can record
it all and replay it (``journal``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final, Protocol

from tlsee.codes import CipherSuite, NamedGroup, SignatureScheme
from tlsee.crypto.schemes import PublicKey, Scheme
from tlsee.crypto.suites import Aead, Suite
from tlsee.values import value

__all__ = [
    "LATER",
    "Aead",
    "Decrypter",
    "Group",
    "Later",
    "OwnShare",
    "Provider",
    "Random",
    "Response",
    "Signer",
]


class Later:
    """The class of ``LATER``: the answer comes another time, the connection becomes a question."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "LATER"


LATER: Final = Later()


class Signer(Protocol):
    """Whoever holds a private key: in memory, in a process of its own, in an HSM."""

    @property
    def schemes(self) -> Sequence[SignatureScheme]:
        """What it can sign with, best first."""
        ...

    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        """The signature over ``content`` (unhashed), or ``LATER``."""
        ...


class Decrypter(Protocol):
    """Whoever holds an RSA private key and decrypts with it, for TLS 1.2's RSA key exchange."""

    def decrypt(self, ciphertext: bytes) -> bytes | Later:
        """The plaintext of PKCS #1 v1.5, or ``LATER``.

        For whatever is no ciphertext it gives other bytes, ``b""`` if need be; it never raises for
        that, and takes no other time for it. What it gives goes to
        ``rsa_exchange.select_premaster`` alone.
        """
        ...


class Random(Protocol):
    """Where unpredictable bytes come from."""

    def __call__(self, count: int, purpose: str = "") -> bytes:
        """So many bytes. ``purpose`` is for whoever writes them down: ``client_random``."""
        ...


class OwnShare(Protocol):
    """Our half of a key exchange, used once."""

    @property
    def public(self) -> bytes:
        """The key_exchange field to send (RFC 9846, 4.3.8)."""
        ...

    def finish(self, peer_share: bytes) -> bytes:
        """The shared secret; the private key is forgotten, also when this fails.

        Raises:
            PeerMisbehaved: ``bad_key_share``.
            ApiMisuse: the share has been used.
        """
        ...

    def private_bytes(self) -> bytes:
        """The private key, for a journal alone.

        Raises:
            ApiMisuse: the share has been used.
        """
        ...

    def fork(self) -> OwnShare:
        """The same share again, for a connection that is forked as a whole."""
        ...


@value
class Response:
    """A server's answer to a client's share: the share to send, and the secret it leads to."""

    share: bytes
    secret: bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"secret"})


class Group(Protocol):
    """A way to agree on a secret. Lengths are the key_exchange fields' in bytes."""

    @property
    def code(self) -> NamedGroup:
        """Its number in the registry."""
        ...

    @property
    def post_quantum(self) -> bool:
        """Whether a quantum computer would not open what it protects."""
        ...

    @property
    def client_share_length(self) -> int:
        """What a client sends."""
        ...

    @property
    def server_share_length(self) -> int:
        """What a server answers with."""
        ...

    def generate(self) -> OwnShare:
        """A fresh share of a client."""
        ...

    def from_private(self, private: bytes) -> OwnShare:
        """The share with a private key that ``OwnShare.private_bytes`` gave or an RFC prints.

        Raises:
            ApiMisuse: it is no private key of this group.
        """
        ...

    def respond(self, client_share: bytes) -> Response:
        """A server's share and the secret.

        Raises:
            PeerMisbehaved: ``bad_key_share``.
        """
        ...


@value
class Provider:
    """The algorithms by their code points, and the sources of everything unpredictable.

    Attributes:
        name: what a person calls it.
        random: this many bytes, unpredictable, and what they are for.
        now: seconds since the epoch.
        groups, suites, schemes: what is there; a code point that is missing is not supported.
        sign: asks a signer.
        finite_field: the group that a server of TLS 1.2 describes by dh_p and dh_g, or
            PeerMisbehaved (``unacceptable_dh_group``).
        schemes12: what TLS 1.2 signs with, where PKCS#1 has a place and curves no hash.
        encrypt: a premaster secret of TLS 1.2 under an RSA key (``rsa_exchange.encrypt``).
        decrypt: asks a decrypter.
    """

    name: str
    random: Random
    now: Callable[[], float]
    groups: Mapping[NamedGroup, Group]
    suites: Mapping[CipherSuite, Suite]
    schemes: Mapping[SignatureScheme, Scheme]
    sign: Callable[[Signer, SignatureScheme, bytes], bytes | Later]
    finite_field: Callable[[bytes, bytes], Group]
    encrypt: Callable[[PublicKey, bytes], bytes]
    decrypt: Callable[[Decrypter, bytes], bytes | Later]
    schemes12: Callable[[], Mapping[SignatureScheme, Scheme]]

    def __repr__(self) -> str:
        return f"Provider({self.name!r})"
