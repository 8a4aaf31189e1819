"""tlsee: TLS that shows its work.

This is the door: what stands here is public and stays. What weakens a connection has a door of its
own, ``tlsee.insecure``. Everything is typed, and nothing here opens a file or a socket, or looks at
the environment, until it is asked to. A name is imported, with what it needs, when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tlsee import insecure, policies, questions, streams
    from tlsee.codes import (
        AlertDescription,
        AlertLevel,
        CipherSuite,
        ContentType,
        ExtensionType,
        HandshakeType,
        NamedGroup,
        ProtocolVersion,
        SignatureScheme,
    )
    from tlsee.config import ClientConfig, ServerConfig
    from tlsee.connection import events
    from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
    from tlsee.connection.events import (
        NEED_DATA,
        CertificateRequested,
        CertificateShown,
        ClientAuthenticated,
        ClientDeclined,
        DataReceived,
        EarlyDataReceived,
        Event,
        HandshakeDone,
        KeysUpdated,
        NeedData,
        PeerClosed,
        TicketReceived,
        Truncated,
    )
    from tlsee.connection.info import ConnectionInfo
    from tlsee.crypto.pkcs11 import PKCS11Signer
    from tlsee.crypto.provider import LATER, Later, Signer
    from tlsee.deciders import Fetcher, JudgeRequest
    from tlsee.errors import (
        AlertReceived,
        ApiMisuse,
        CertificateRejected,
        Evidence,
        HandshakeTimeout,
        LocalFailure,
        PeerIncompatible,
        PeerMisbehaved,
        Reason,
        Reasons,
        TLSError,
        Truncation,
    )
    from tlsee.handshake.outcome import ByPsk, EarlyData, PeerProof
    from tlsee.identity.credentials import Credential
    from tlsee.identity.file_credentials import FileCredentials
    from tlsee.identity.path.known import Fetch, Revocation
    from tlsee.identity.path.verdict import KeyUse, Purpose, Verdict, VerifiedPeer
    from tlsee.identity.peer_identity import PeerIdentity
    from tlsee.identity.proof import (
        Anonymous,
        ByCertificate,
        ByDecryption,
        ByRawPublicKey,
        Unverified,
    )
    from tlsee.identity.shelf import CredentialSource
    from tlsee.identity.trust import Trust
    from tlsee.offer import ClientOffer
    from tlsee.policies import Policy
    from tlsee.questions import Question
    from tlsee.recording.keylog import KeyLog
    from tlsee.recording.recorder import Recorder
    from tlsee.recording.recording import Recording
    from tlsee.sessions.psk import ExternalPsk
    from tlsee.sessions.session import Session
    from tlsee.sessions.stores import ClientSessions, ServerSessions, TicketSessions
    from tlsee.streams.blocking import Listener, Stream, connect, listen, wrap_client, wrap_server
    from tlsee.streams.fetching import HTTPFetcher
    from tlsee.trace import Choice, Direction, Epoch, Observer, Role, TraceEvent

__all__ = [
    "LATER",
    "NEED_DATA",
    "AlertDescription",
    "AlertLevel",
    "AlertReceived",
    "Anonymous",
    "ApiMisuse",
    "ByCertificate",
    "ByDecryption",
    "ByPsk",
    "ByRawPublicKey",
    "CertificateRejected",
    "CertificateRequested",
    "CertificateShown",
    "Choice",
    "CipherSuite",
    "ClientAuthenticated",
    "ClientConfig",
    "ClientConnection",
    "ClientDeclined",
    "ClientOffer",
    "ClientSessions",
    "Connection",
    "ConnectionInfo",
    "ContentType",
    "Credential",
    "CredentialSource",
    "DataReceived",
    "Direction",
    "EarlyData",
    "EarlyDataReceived",
    "Epoch",
    "Event",
    "Evidence",
    "ExtensionType",
    "ExternalPsk",
    "Fetch",
    "Fetcher",
    "FileCredentials",
    "HTTPFetcher",
    "HandshakeDone",
    "HandshakeTimeout",
    "HandshakeType",
    "JudgeRequest",
    "KeyLog",
    "KeyUse",
    "KeysUpdated",
    "Later",
    "Listener",
    "LocalFailure",
    "NamedGroup",
    "NeedData",
    "Observer",
    "PKCS11Signer",
    "PeerClosed",
    "PeerIdentity",
    "PeerIncompatible",
    "PeerMisbehaved",
    "PeerProof",
    "Policy",
    "ProtocolVersion",
    "Purpose",
    "Question",
    "Reason",
    "Reasons",
    "Recorder",
    "Recording",
    "Revocation",
    "Role",
    "ServerConfig",
    "ServerConnection",
    "ServerSessions",
    "Session",
    "SignatureScheme",
    "Signer",
    "Stream",
    "TLSError",
    "TicketReceived",
    "TicketSessions",
    "TraceEvent",
    "Truncated",
    "Truncation",
    "Trust",
    "Unverified",
    "Verdict",
    "VerifiedPeer",
    "__version__",
    "connect",
    "events",
    "insecure",
    "listen",
    "policies",
    "questions",
    "streams",
    "wrap_client",
    "wrap_server",
]

__version__: str

# The same as the imports above, which a test holds: where to import from when a name is asked for.
_MODULES = {
    "insecure": "tlsee.insecure",
    "policies": "tlsee.policies",
    "questions": "tlsee.questions",
    "streams": "tlsee.streams",
    "events": "tlsee.connection.events",
}
_NAMES = {
    "tlsee.codes": (
        "AlertDescription",
        "AlertLevel",
        "CipherSuite",
        "ContentType",
        "ExtensionType",
        "HandshakeType",
        "NamedGroup",
        "ProtocolVersion",
        "SignatureScheme",
    ),
    "tlsee.config": ("ClientConfig", "ServerConfig"),
    "tlsee.connection.connection": ("ClientConnection", "Connection", "ServerConnection"),
    "tlsee.connection.events": (
        "NEED_DATA",
        "CertificateRequested",
        "CertificateShown",
        "ClientAuthenticated",
        "ClientDeclined",
        "DataReceived",
        "EarlyDataReceived",
        "Event",
        "HandshakeDone",
        "KeysUpdated",
        "NeedData",
        "PeerClosed",
        "TicketReceived",
        "Truncated",
    ),
    "tlsee.connection.info": ("ConnectionInfo",),
    "tlsee.crypto.pkcs11": ("PKCS11Signer",),
    "tlsee.crypto.provider": ("LATER", "Later", "Signer"),
    "tlsee.deciders": ("Fetcher", "JudgeRequest"),
    "tlsee.errors": (
        "AlertReceived",
        "ApiMisuse",
        "CertificateRejected",
        "Evidence",
        "HandshakeTimeout",
        "LocalFailure",
        "PeerIncompatible",
        "PeerMisbehaved",
        "Reason",
        "Reasons",
        "TLSError",
        "Truncation",
    ),
    "tlsee.identity.credentials": ("Credential",),
    "tlsee.identity.file_credentials": ("FileCredentials",),
    "tlsee.identity.path.known": ("Fetch", "Revocation"),
    "tlsee.identity.path.verdict": ("KeyUse", "Purpose", "Verdict", "VerifiedPeer"),
    "tlsee.identity.peer_identity": ("PeerIdentity",),
    "tlsee.identity.proof": (
        "Anonymous",
        "ByCertificate",
        "ByDecryption",
        "ByRawPublicKey",
        "Unverified",
    ),
    "tlsee.handshake.outcome": ("ByPsk", "EarlyData", "PeerProof"),
    "tlsee.identity.shelf": ("CredentialSource",),
    "tlsee.sessions.psk": ("ExternalPsk",),
    "tlsee.sessions.session": ("Session",),
    "tlsee.sessions.stores": ("ClientSessions", "ServerSessions", "TicketSessions"),
    "tlsee.identity.trust": ("Trust",),
    "tlsee.offer": ("ClientOffer",),
    "tlsee.policies": ("Policy",),
    "tlsee.questions": ("Question",),
    "tlsee.recording.keylog": ("KeyLog",),
    "tlsee.recording.recorder": ("Recorder",),
    "tlsee.recording.recording": ("Recording",),
    "tlsee.streams.blocking": (
        "Listener",
        "Stream",
        "connect",
        "listen",
        "wrap_client",
        "wrap_server",
    ),
    "tlsee.streams.fetching": ("HTTPFetcher",),
    "tlsee.trace": ("Choice", "Direction", "Epoch", "Observer", "Role", "TraceEvent"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker would take any misspelt name for one that is found here

    def __getattr__(name: str) -> Any:
        """Import a name from where it lives; look ``__version__`` up, which takes a while."""
        from importlib import import_module

        if name in _HOMES:
            found = getattr(import_module(_HOMES[name]), name)
        elif name in _MODULES:
            found = import_module(_MODULES[name])
        elif name == "__version__":
            found = _version()
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tlsee")
    except PackageNotFoundError:
        return "0+unknown"
