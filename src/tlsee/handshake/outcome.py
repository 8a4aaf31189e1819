"""What a handshake settled: the values behind ``connection.info``."""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.identity.credentials import Credential
from tlsee.identity.proof import PeerProof
from tlsee.trace import Direction
from tlsee.values import value


@value
class Outcome:
    """All that was negotiated and proved.

    ``scheme`` is what the server signed with, ``client_scheme`` what the client did, if it did.
    Both ``group`` and ``scheme`` are ``None`` with RSA key exchange.
    ``own_credential`` is what this side showed; ``asked_for_certificate`` tells whether the server
    sent a CertificateRequest; ``retried`` whether there was a HelloRetryRequest.
    """

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


@value
class TicketArrived:
    """A server gave us a ticket (RFC 9846, 4.7.1); nothing here keeps it yet."""

    lifetime: int
    raw: bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"raw"})


@value
class KeysUpdated:
    """One direction has new keys (RFC 9846, 4.7.3); ``requested`` if the peer asked for ours."""

    direction: Direction
    requested: bool
