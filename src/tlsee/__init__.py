"""tlsee: TLS that shows its work.

This is the door: what stands here is public and stays. What weakens a connection has a door of its
own, ``tlsee.insecure``. Everything is typed, and nothing here opens a file or a socket, or looks at
the environment, until it is asked to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tlsee import errors as _errors
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
from tlsee.config import ClientConfig, JudgeRequest, ServerConfig
from tlsee.connection import events
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import (
    NEED_DATA,
    DataReceived,
    Event,
    HandshakeDone,
    KeysUpdated,
    NeedData,
    PeerClosed,
    TicketReceived,
    Truncated,
)
from tlsee.connection.info import ConnectionInfo
from tlsee.crypto.provider import LATER, Later, Signer
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
from tlsee.identity.credentials import Credential
from tlsee.identity.path.verdict import Purpose, Verdict, VerifiedPeer
from tlsee.identity.proof import Anonymous, ByCertificate, ByDecryption, PeerProof, Unverified
from tlsee.identity.trust import Trust
from tlsee.policies import Policy
from tlsee.questions import Question
from tlsee.recording.keylog import KeyLog
from tlsee.streams.blocking import Listener, Stream, connect, listen, wrap_client, wrap_server
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
    "CertificateRejected",
    "Choice",
    "CipherSuite",
    "ClientConfig",
    "ClientConnection",
    "Connection",
    "ConnectionInfo",
    "ContentType",
    "Credential",
    "DataReceived",
    "Direction",
    "Epoch",
    "Event",
    "Evidence",
    "ExtensionType",
    "HandshakeDone",
    "HandshakeTimeout",
    "HandshakeType",
    "JudgeRequest",
    "KeyLog",
    "KeysUpdated",
    "Later",
    "Listener",
    "LocalFailure",
    "NamedGroup",
    "NeedData",
    "Observer",
    "PeerClosed",
    "PeerIncompatible",
    "PeerMisbehaved",
    "PeerProof",
    "Policy",
    "ProtocolVersion",
    "Purpose",
    "Question",
    "Reason",
    "Reasons",
    "Role",
    "ServerConfig",
    "ServerConnection",
    "SignatureScheme",
    "Signer",
    "Stream",
    "TLSError",
    "TicketReceived",
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

# A traceback names an exception the way one catches it.
for _class in (vars(_errors)[_name] for _name in _errors.__all__):
    if isinstance(_class, type) and issubclass(_class, Exception):
        _class.__module__ = __name__


if not TYPE_CHECKING:  # a type checker would take any misspelt name for one that is found here

    def __getattr__(name: str) -> Any:
        """``__version__`` as installed; looking it up takes a while, so when it is asked for."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import PackageNotFoundError, version

        try:
            found = version("tlsee")
        except PackageNotFoundError:
            found = "0+unknown"
        globals()["__version__"] = found
        return found
