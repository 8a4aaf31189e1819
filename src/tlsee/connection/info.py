"""What a connection knows of itself once the handshake is done."""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from tlsee.handshake.outcome import Outcome
from tlsee.identity.credentials import Credential
from tlsee.identity.proof import PeerProof
from tlsee.trace import Choice, Role
from tlsee.values import value


@value
class ConnectionInfo:
    """Everything that was negotiated and proved.

    Attributes:
        scheme: what the server signed with; ``client_scheme``: what the client did, or ``None``.
        alpn: the application protocol, or ``None``.
        peer: the proof: ``ByCertificate``, ``Anonymous`` or ``Unverified``.
        own_credential: what this side showed, or ``None``.
        asked_for_certificate: whether the server asked the client for one.
        retried: whether a HelloRetryRequest was needed.
        choices: every decision with its losers.
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
    _hidden: ClassVar[frozenset[str]] = frozenset({"choices", "own_credential"})  # too long to read

    @property
    def resumed(self) -> bool:
        """Whether an earlier session was resumed; not built yet, so never."""
        return False

    @property
    def early_data(self) -> bool:
        """Whether early data was accepted; not built yet, so never."""
        return False


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
    )
