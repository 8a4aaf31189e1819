"""The exceptions: who is to blame is the class, what happened is the Reason, how it looked is the
Evidence.

The text of an exception is one line: the alert by its RFC name, what happened in words, the fix.
Details are notes (PEP 678), so that they travel with a traceback and leave the line short. Nothing
a peer sent reaches a text unescaped, and no secret ever does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlsee.codes import AlertDescription
from tlsee.reasons import Reason, Reasons
from tlsee.values import value

__all__ = [
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
]


@value
class Evidence:
    """What was known when it went wrong; never a secret.

    ``client_hello`` and ``server_hello`` are whole handshake messages as they went over the wire,
    ``choices`` are ``trace.Choice`` values, ``verdict`` an ``identity.Verdict``.
    """

    role: str = ""
    state: str = ""
    phase: str = ""
    client_hello: bytes = b""
    server_hello: bytes = b""
    choices: tuple[Any, ...] = ()
    verdict: Any = None
    alert_sent: AlertDescription | None = None
    alert_received: AlertDescription | None = None


_explainers: list[Callable[[TLSError], object]] = []


def register_explainer(explain: Callable[[TLSError], object]) -> None:
    """Let the door say who computes ``.diagnosis``; no floor below imports ``explain``."""
    _explainers[:] = [explain]


class TLSError(Exception):
    """Base of everything that TLS itself raises; no ``OSError``.

    Attributes:
        reason: the catalogue's row.
        detail: what it was this time, in words; a peer's text in it is escaped.
        evidence: an ``Evidence``, filled in by the connection.
    """

    def __init__(self, reason: Reason, detail: str = "", *, fix: str | None = None) -> None:
        self.reason = reason
        self.detail = detail
        self.fix = reason.fix if fix is None else fix
        self.evidence = Evidence()
        super().__init__(reason, detail)

    def __str__(self) -> str:
        what = self.reason.sentence + (f": {self.detail}" if self.detail else "")
        fix = f"; fix: {self.fix}" if self.fix else ""
        return f"{self.label}: {what}{fix}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.reason.name!r}, {self.detail!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.reason, self.detail))

    @property
    def label(self) -> str:
        """What the line begins with: the alert by its RFC name and number."""
        return f"{self.alert} ({int(self.alert)})"

    @property
    def name(self) -> str:
        """The reason's stable name, such as ``group_not_offered``."""
        return self.reason.name

    @property
    def alert(self) -> AlertDescription:
        """The alert that goes with it: sent by us, or received."""
        return self.reason.alert

    @property
    def clause(self) -> str:
        """Where the rule stands, such as ``RFC 9846, 4.3.8``."""
        return self.reason.clause

    @property
    def diagnosis(self) -> object:
        """What an explainer makes of the evidence, or ``None`` where none is registered."""
        return _explainers[0](self) if _explainers else None


class PeerMisbehaved(TLSError):
    """The peer broke the protocol; a correct peer never causes it."""


class PeerIncompatible(TLSError):
    """Both sides are correct and have nothing in common."""


class CertificateRejected(TLSError):
    """The peer's certificate was judged and refused; ``verdict`` has the paths that were tried."""

    def __init__(
        self, reason: Reason, detail: str = "", *, fix: str | None = None, verdict: Any = None
    ) -> None:
        super().__init__(reason, detail, fix=fix)
        self.verdict = verdict


class AlertReceived(TLSError):
    """The peer ended the connection with an alert."""

    def __init__(self, description: AlertDescription, detail: str = "", fix: str = "") -> None:
        reason = Reason(str(description), description, "RFC 9846, 6.2", "the peer refused", fix)
        super().__init__(reason, detail)

    def __str__(self) -> str:
        fix = f"; fix: {self.fix}" if self.fix else ""
        return f"{self.label}: {self.detail or self.reason.sentence}{fix}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.alert, self.detail, self.fix))


class Truncation(TLSError):
    """The transport ended where TLS had not."""

    @property
    def label(self) -> str:
        """The reason's name: no alert goes with it."""
        return "truncated"


class HandshakeTimeout(TLSError):
    """The whole handshake took longer than its deadline allows."""

    @property
    def label(self) -> str:
        """The reason's name: what the peer is told matters less."""
        return "timeout"


class LocalFailure(TLSError):
    """This side could not go on: its signer failed, its judge raised, a limit was reached."""


class ApiMisuse(TLSError, RuntimeError):
    """The program called something at the wrong time or with values that cannot be."""

    def __init__(self, detail: str, fix: str = "") -> None:
        reason = Reason("api_misuse", AlertDescription.internal_error, "", "", fix)
        super().__init__(reason, detail)

    def __str__(self) -> str:
        return self.detail + (f"; fix: {self.fix}" if self.fix else "")

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.detail, self.fix))


# A traceback names an exception the way one catches it.
for _class in [item for item in vars().values() if isinstance(item, type)]:
    if issubclass(_class, TLSError):
        _class.__module__ = "tlsee"
