"""What a connection knows of itself once the handshake is done."""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.handshake.outcome import ByPsk, EarlyData, Outcome, PeerProof
from tlsee.identity.credentials import Credential
from tlsee.identity.peer_identity import PeerIdentity, identity_of, identity_of_key
from tlsee.identity.proof import ByCertificate, ByDecryption, ByRawPublicKey
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.trace import Choice, Role
from tlsee.values import value


@value
class ConnectionInfo:
    """Everything that was negotiated and proved.

    Attributes:
        scheme: what the server signed with; ``client_scheme``: what the client did, or ``None``.
        alpn: the application protocol, or ``None``.
        peer: the proof: ``ByCertificate``, ``ByDecryption``, ``ByRawPublicKey``, ``ByPsk``,
            ``Anonymous`` or ``Unverified``.
        own_credential: what this side showed, or ``None``.
        asked_for_certificate: whether the server asked the client for one.
        retried: whether a HelloRetryRequest was needed.
        choices: every decision with its losers.
        established_at: when the full handshake was done that this connection descends from, in
            seconds since the epoch.
        early_data: what became of data before the handshake was done.
        shaken_with: what the handshake proved of a client that has proved more since, by
            ``request_certificate``; else ``None``.
    """

    role: Role
    version: ProtocolVersion
    suite: CipherSuite
    group: NamedGroup | None
    scheme: SignatureScheme | None
    client_scheme: SignatureScheme | None
    alpn: bytes | None
    server_name: str | None
    peer: PeerProof
    own_credential: Credential | None
    asked_for_certificate: bool
    retried: bool
    choices: tuple[Choice, ...]
    established_at: float = 0.0
    early_data: EarlyData = EarlyData.NOT_OFFERED
    shaken_with: PeerProof | None = None
    external_key: ExternalPsk | None = None
    _hidden: ClassVar[frozenset[str]] = frozenset({"choices", "own_credential"})  # too long to read

    @property
    def resumed(self) -> bool:
        """Whether an earlier session was resumed."""
        return self.session is not None

    @property
    def session(self) -> Session | None:
        """The session that was resumed, or ``None``."""
        proof = self.peer if self.shaken_with is None else self.shaken_with
        source = proof.source if isinstance(proof, ByPsk) else None
        return source if isinstance(source, Session) else None

    @property
    def peer_identity(self) -> PeerIdentity | None:
        """Who the peer is: subject, names, SPIFFE id. ``None`` where nobody vouches for it.

        Also in a session that was resumed, whose certificate was judged again.
        """
        if isinstance(self.peer, ByRawPublicKey):
            return identity_of_key(self.peer.peer)
        if isinstance(self.peer, ByCertificate | ByDecryption | ByPsk) and self.peer.peer:
            return identity_of(self.peer.peer.certificate)
        return None

    @property
    def psk_identity(self) -> bytes | None:
        """The name of the external pre-shared key that both sides have, or ``None``.

        It may be the only proof (``peer`` is ``ByPsk``), count beside certificates (RFC 9973), or
        be what the session that was resumed descends from.
        """
        if self.external_key is not None:
            return self.external_key.identity
        proof = self.peer if self.shaken_with is None else self.shaken_with
        if not isinstance(proof, ByPsk):
            return None
        source = proof.source
        return source.psk_identity or None if isinstance(source, Session) else source.identity


def info_of(role: Role, outcome: Outcome, choices: tuple[Choice, ...]) -> ConnectionInfo:
    """The public view of what a handshake settled."""
    return ConnectionInfo(
        role,
        outcome.version,
        outcome.suite,
        outcome.group,
        outcome.scheme,
        outcome.client_scheme,
        outcome.alpn,
        outcome.server_name,
        outcome.peer,
        outcome.own_credential,
        outcome.asked_for_certificate,
        outcome.retried,
        choices,
        outcome.established_at,
        outcome.early_data,
        outcome.shaken_with,
        outcome.external_key,
    )
