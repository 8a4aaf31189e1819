"""What a handshake settled: the values behind ``connection.info``."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.identity.credentials import Credential
from tlsee.identity.path.judge import Verdict, VerifiedPeer
from tlsee.identity.proof import Anonymous, ByCertificate, ByDecryption, ByRawPublicKey, Unverified
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.session import Session
from tlsee.sessions.stores import ServerSessions
from tlsee.trace import Direction
from tlsee.values import value


class EarlyData(Enum):
    """What became of data before the handshake was done (RFC 9846, 4.3.10)."""

    NOT_OFFERED = "not offered"
    REFUSED = "refused"
    ACCEPTED = "accepted"


@value
class ByPsk:
    """The peer has the pre-shared key, which its binder or its Finished shows.

    ``source``: the session that was resumed, or the external key. ``verdict``: of the chain that
    the peer showed when the session began, judged again now; ``None`` where it showed none.
    """

    source: Session | ExternalPsk
    verdict: Verdict | None
    _hidden: ClassVar[frozenset[str]] = frozenset({"verdict"})

    @property
    def peer(self) -> VerifiedPeer | None:
        """Who the peer was shown to be when the session began, if somebody vouches for it now."""
        return self.verdict.peer if self.verdict is not None else None


# Never ``None``.
PeerProof = ByCertificate | ByDecryption | ByRawPublicKey | ByPsk | Anonymous | Unverified


@value
class Outcome:
    """All that was negotiated and proved.

    ``scheme`` is what the server signed with, ``client_scheme`` what the client did, if it did.
    Both ``group`` and ``scheme`` are ``None`` with RSA key exchange.
    ``own_credential`` is what this side showed; ``asked_for_certificate`` tells whether the server
    sent a CertificateRequest; ``retried`` whether there was a HelloRetryRequest.
    ``peer_chain`` is the peer's chain as it came, in this handshake or in the one that began the
    session; ``established_at`` is when that was. ``identity``: for whom a client judged.
    ``shaken_with``: what the handshake proved, where the client has proved more since.
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
    peer_chain: tuple[bytes, ...] = ()
    established_at: float = 0.0
    identity: str | None = None
    early_data: EarlyData = EarlyData.NOT_OFFERED
    shaken_with: PeerProof | None = None
    external_key: ExternalPsk | None = None
    _hidden: ClassVar[frozenset[str]] = frozenset({"peer_chain"})


@value
class TicketArrived:
    """A server gave us a ticket (RFC 9846, 4.7.1), to be kept under ``key``.

    ``session`` is ``None`` for one that cannot be used: its lifetime is zero.
    """

    lifetime: int
    key: str
    session: Session | None


@value
class KeysUpdated:
    """One direction has new keys (RFC 9846, 4.7.3); ``requested`` if the peer asked for ours."""

    direction: Direction
    requested: bool


@value
class SessionOffered:
    """The hello offers a session of TLS 1.2: it is forgotten should the handshake fail."""

    key: str
    session: Session


@value
class SessionKept:
    """A server's session of TLS 1.2 has a name and is complete: keep it."""

    identity: bytes
    session: Session
    sessions: ServerSessions
    _hidden: ClassVar[frozenset[str]] = frozenset({"identity", "sessions"})


@value
class SessionSpent:
    """A server's session was resumed; where it is kept, it is kept no longer (RFC 9846, 8.1)."""

    identity: bytes
    sessions: ServerSessions
    _hidden: ClassVar[frozenset[str]] = frozenset({"identity", "sessions"})


@value
class EarlyExporter:
    """Early data may be taken; this is what its exporter starts from (RFC 9846, 7.5).

    The carrier keeps it until early data is refused. No observer hears of it.
    """

    hash_name: str
    secret: bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"secret"})


@value
class CertificateRequested:
    """The server asks this client, after the handshake, who it is (RFC 9846, 4.7.2)."""

    context: bytes


@value
class CertificateShown:
    """This client has answered such a request: with this credential, or (``None``) with none.

    Whether the server was content nobody tells in TLS (RFC 9846, F.1.2).
    """

    context: bytes
    credential: Credential | None


@value
class ClientAuthenticated:
    """The client has proved, after the handshake, who it is; ``connection.info`` says it too."""

    context: bytes
    peer: PeerProof


@value
class ClientDeclined:
    """The client has answered a request with no certificate; ``connection.info`` is unchanged."""

    context: bytes


@value
class EarlyDataSettled:
    """The client knows what became of its early data (RFC 9846, 4.3.10)."""

    accepted: bool
