"""A session: what is left of a connection, so that the next one can be short.

One notion for both versions. In TLS 1.3 a session is a pre-shared key and the ticket that names it
(RFC 9846, 4.7.1); in 1.2 it is the main secret, under a session id (RFC 5246, 7.4.1.2) or a ticket
(RFC 5077). Around the secret stands what the connection was and who the peer was, because whoever
resumes has to know, and to judge again.
"""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.errors import ApiMisuse, PeerMisbehaved
from tlsee.sessions.bounds import LIFETIME_LIMIT, SKEW_LIMIT, TOTAL_LIFETIME_LIMIT
from tlsee.sessions.secretive import hash_of, same
from tlsee.values import value
from tlsee.wire.codec import constant, opaque, read, struct, u8, u16, u32, u64, vector, write

__all__ = ["Session", "TicketContent", "decode_session", "encode_session"]


@value
class Session:
    """What one side keeps of a connection. Times are seconds since the epoch by its own clock.

    Attributes:
        version, suite: of the connection.
        secret: in 1.3 the pre-shared key of this ticket, in 1.2 the main secret.
        issued_at: when the ticket or session id was made, or received.
        lifetime: seconds from then on.
        established_at: when the full handshake was done that this descends from; resuming and
            renewing do not change it.
        server_name, alpn: what was agreed on.
        group, scheme, client_scheme: of the handshake that it comes from.
        peer_chain: the peer's certificates, DER, as they came; empty where it showed none.
        judged_at: when that chain was judged last; 0.0 where there is none.
        extended_main_secret: 1.2 only (RFC 7627).
        max_early_data: bytes that may come early; 0 forbids it. 1.3 only.
        age_add: the ticket_age_add of 1.3.
        ticket: what a client sends back; empty on the server.
        session_id: of 1.2, or empty.
        identity: a client's: for whom it judged the chain.
        psk_identity, psk_fingerprint: of the external key that it descends from, or empty: with
            that key it ends (``ExternalPsk.fingerprint``).
    """

    version: ProtocolVersion
    suite: CipherSuite
    secret: bytes
    issued_at: float
    lifetime: int
    established_at: float
    server_name: str | None = None
    alpn: bytes | None = None
    group: NamedGroup | None = None
    scheme: SignatureScheme | None = None
    client_scheme: SignatureScheme | None = None
    peer_chain: tuple[bytes, ...] = ()
    judged_at: float = 0.0
    extended_main_secret: bool = False
    max_early_data: int = 0
    age_add: int = 0
    ticket: bytes = b""
    session_id: bytes = b""
    identity: str | None = None
    psk_identity: bytes = b""
    psk_fingerprint: bytes = b""
    _hidden: ClassVar[frozenset[str]] = frozenset(
        {"secret", "ticket", "session_id", "peer_chain", "psk_fingerprint"}
    )

    __eq__ = same
    __hash__ = hash_of

    def is_alive(self, now: float) -> bool:
        """Whether it may still be resumed: not too old, nor renewed too often, nor of tomorrow."""
        age, total = now - self.issued_at, now - self.established_at
        return (
            -SKEW_LIMIT <= age < min(self.lifetime, LIFETIME_LIMIT)
            and -SKEW_LIMIT <= total < TOTAL_LIFETIME_LIMIT
        )

    @property
    def size(self) -> int:
        """The bytes in it whose number the peer chose, for whoever bounds them."""
        return len(self.ticket) + sum(map(len, self.peer_chain))


@struct
class TicketContent:
    """A session as bytes: what a sealed ticket or a store holds.

    Times are microseconds since the epoch; a name, a group or a scheme that is missing is empty or
    zero, which none of them can be.
    """

    format: ClassVar[bytes] = constant(b"\x02")
    version: ProtocolVersion = u16(ProtocolVersion)
    suite: CipherSuite = u16(CipherSuite)
    secret: bytes = opaque(1, 0xFF)
    issued_at: int = u64()
    lifetime: int = u32()
    established_at: int = u64()
    server_name: bytes = opaque(0, 0xFFFF)
    alpn: bytes = opaque(0, 0xFF)
    group: NamedGroup = u16(NamedGroup)
    scheme: SignatureScheme = u16(SignatureScheme)
    client_scheme: SignatureScheme = u16(SignatureScheme)
    judged_at: int = u64()
    extended_main_secret: int = u8()
    max_early_data: int = u32()
    age_add: int = u32()
    session_id: bytes = opaque(0, 0xFF)
    ticket: bytes = opaque(0, 0xFFFF)
    identity: bytes = opaque(0, 0xFFFF)
    psk_identity: bytes = opaque(0, 0xFFFF)
    psk_fingerprint: bytes = opaque(0, 0xFF)
    peer_chain: tuple[bytes, ...] = vector(opaque(1, 0xFFFFFF), 0, 0xFFFFFF)


def encode_session(session: Session) -> bytes:
    """A session as bytes, secret included: they must be sealed or stay in memory.

    Raises:
        ApiMisuse: a value that the format cannot hold.
    """
    return write(
        TicketContent(
            version=session.version,
            suite=session.suite,
            secret=session.secret,
            issued_at=_to_microseconds(session.issued_at),
            lifetime=session.lifetime,
            established_at=_to_microseconds(session.established_at),
            server_name=(session.server_name or "").encode(),
            alpn=session.alpn or b"",
            group=session.group or NamedGroup.of(0),
            scheme=session.scheme or SignatureScheme.of(0),
            client_scheme=session.client_scheme or SignatureScheme.of(0),
            judged_at=_to_microseconds(session.judged_at),
            extended_main_secret=int(session.extended_main_secret),
            max_early_data=session.max_early_data,
            age_add=session.age_add,
            session_id=session.session_id,
            ticket=session.ticket,
            identity=(session.identity or "").encode(),
            psk_identity=session.psk_identity,
            psk_fingerprint=session.psk_fingerprint,
            peer_chain=session.peer_chain,
        )
    )


def decode_session(data: bytes) -> Session | None:
    """The session that ``encode_session`` wrote; ``None`` for any other bytes.

    Another release's format is other bytes too: its sessions end, and full handshakes follow.
    """
    try:
        content = read(TicketContent, data)
        server_name = content.server_name.decode()
        identity = content.identity.decode()
    except (PeerMisbehaved, UnicodeDecodeError):
        return None
    return Session(
        version=content.version,
        suite=content.suite,
        secret=content.secret,
        issued_at=content.issued_at / 1e6,
        lifetime=content.lifetime,
        established_at=content.established_at / 1e6,
        server_name=server_name or None,
        alpn=content.alpn or None,
        group=content.group or None,
        scheme=content.scheme or None,
        client_scheme=content.client_scheme or None,
        peer_chain=content.peer_chain,
        judged_at=content.judged_at / 1e6,
        extended_main_secret=content.extended_main_secret == 1,
        max_early_data=content.max_early_data,
        age_add=content.age_add,
        ticket=content.ticket,
        session_id=content.session_id,
        identity=identity or None,
        psk_identity=content.psk_identity,
        psk_fingerprint=content.psk_fingerprint,
    )


def _to_microseconds(seconds: float) -> int:
    if not 0 <= seconds < 2**32:  # the year 2106; up to there a float tells microseconds apart
        raise ApiMisuse(f"{seconds} is no time in seconds since the epoch")
    return round(seconds * 1e6)
