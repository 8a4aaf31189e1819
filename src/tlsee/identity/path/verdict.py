"""What a judgement says: every path that was tried, every check with its clause, and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from tlsee.codes import AlertDescription
from tlsee.crypto.public_keys import PublicKey
from tlsee.errors import CertificateRejected, Reasons
from tlsee.identity.certificate import CertificateView, leaf_key
from tlsee.identity.path.asked import Asked
from tlsee.identity.path.known import Fetch
from tlsee.identity.path.purpose import KeyUse, Purpose
from tlsee.identity.path.ranking import rank
from tlsee.identity.trust import Anchor
from tlsee.reasons import Reason
from tlsee.values import value

__all__ = [
    "Check",
    "KeyUse",
    "Path",
    "Purpose",
    "Step",
    "Unread",
    "Verdict",
    "VerifiedPeer",
    "WhatIf",
]

# A certificate that ends within this many seconds is worth a word though it is good.
EXPIRES_SOON = 14 * 86_400


@value
class Check:
    """One rule applied to one certificate.

    Attributes:
        name: the rule, such as ``dates``; the same for passed and failed.
        ok: whether it held. ``detail``: what was found, escaped, empty where there is no more to
            say. ``clause``: where the rule stands. ``reason``: the catalogue's row when it failed.
        span: the first byte of the field that failed it and the one past its last, counted in the
            certificate's DER; ``None`` where the rule held or a missing field is what is wrong.
    """

    name: str
    ok: bool
    detail: str = ""
    clause: str = ""
    reason: Reason | None = None
    span: tuple[int, int] | None = None


@value
class Step:
    """A certificate on a path with the checks it went through."""

    certificate: CertificateView
    checks: tuple[Check, ...]


@value
class Path:
    """One way that was tried, from the leaf on. ``anchor`` is ``None`` where it led nowhere."""

    steps: tuple[Step, ...]
    anchor: Anchor | None

    @property
    def certificates(self) -> tuple[CertificateView, ...]:
        """Leaf first."""
        return tuple(step.certificate for step in self.steps)

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks, leaf's first."""
        return tuple(check for step in self.steps for check in step.checks)

    @property
    def failures(self) -> tuple[tuple[CertificateView, Check], ...]:
        """The checks that failed, each with its certificate."""
        return tuple(
            (step.certificate, check)
            for step in self.steps
            for check in step.checks
            if not check.ok
        )

    @property
    def ended_by(self) -> tuple[CertificateView, Check] | None:
        """The check that ended it, the most telling where several failed, with its certificate."""
        return min(self.failures, key=lambda pair: rank(pair[1].reason), default=None)

    @property
    def accepted(self) -> bool:
        """Whether it ends in an anchor and every check passed."""
        return self.anchor is not None and all(
            check.ok for step in self.steps for check in step.checks
        )

    @property
    def chain(self) -> str:
        """``shop.example <- Example CA E7 <- Example Root X1 (in system store)``."""
        line = " <- ".join(step.certificate.subject for step in self.steps)
        return f"{line} (in {self.anchor.store})" if self.anchor is not None else line


@value
class Unread:
    """A certificate that could not be read: its place in the chain, from 0, and why."""

    position: int
    der: bytes
    detail: str


@value
class VerifiedPeer:
    """Who the peer is: the receipt of an accepted judgement.

    Attributes:
        certificate: the peer's. ``path``: the way to the anchor.
        name: the identity that was asked for, or ``None`` when none was.
        matched: the presented name that covers it.
    """

    certificate: CertificateView
    path: Path
    name: str | None
    matched: str

    @property
    def chain(self) -> tuple[CertificateView, ...]:
        """From the leaf to the anchor."""
        return self.path.certificates

    @property
    def store(self) -> str:
        """The store in which the anchor stands."""
        return self.path.anchor.store if self.path.anchor is not None else ""

    @property
    def public_key(self) -> PublicKey:
        """The key with which the peer must sign."""
        return leaf_key(self.certificate.der)


@value
class WhatIf:
    """A change, and what the judge says then; or what has to be fetched to say it.

    Attributes:
        change: a few words, such as ``judged on 2026-11-17 23:54:00 UTC``.
        verdict: the judgement of the changed question; ``None`` where ``needs`` come first.
    """

    change: str
    verdict: Verdict | None
    needs: tuple[Fetch, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the peer would be accepted."""
        return self.verdict is not None and self.verdict.accepted


Explore = Callable[["Verdict", Mapping[Fetch, "bytes | str"]], tuple[WhatIf, ...]]
_NOTHING: Mapping[Fetch, bytes | str] = MappingProxyType({})


@value
class Verdict:
    """The result of a judgement with the search that led to it.

    Attributes:
        accepted: whether the peer is who it has to be; then ``peer`` is there.
        tried: the paths, bounded; one that is accepted is the only one.
        reason, detail: why it was refused, the most informative one; ``detail`` is one line.
        presented: the chain as it came, those that could be read; ``unread`` the others.
        not_checked: what nobody looked at.
        asked: the judgement's arguments.
    """

    accepted: bool
    peer: VerifiedPeer | None
    tried: tuple[Path, ...]
    reason: Reason | None
    detail: str
    purpose: Purpose
    name: str | None
    at: float
    presented: tuple[CertificateView, ...] = ()
    unread: tuple[Unread, ...] = ()
    not_checked: tuple[str, ...] = ("revocation",)
    asked: Asked | None = None
    explore: Explore | None = None
    _hidden: ClassVar[frozenset[str]] = frozenset({"asked", "explore"})

    def __reduce__(self) -> tuple[Any, ...]:
        """Without the question and its trust store: a copy elsewhere is a record of what was."""
        kept = (
            self.accepted, self.peer, self.tried, self.reason, self.detail, self.purpose,
            self.name, self.at, self.presented, self.unread, self.not_checked,
        )  # fmt: skip
        return (type(self), kept)

    def require(self) -> VerifiedPeer:
        """The receipt.

        Raises:
            CertificateRejected: with the reason, the detail and this verdict.
        """
        if self.accepted and self.peer is not None:
            return self.peer
        raise CertificateRejected(self.reason or Reasons.unknown_ca, self.detail, verdict=self)

    @property
    def leaf(self) -> CertificateView | None:
        """The peer's own certificate, accepted or not; ``None`` when it cannot be read."""
        if not self.presented or any(item.position == 0 for item in self.unread):
            return None
        return self.presented[0]

    @property
    def path(self) -> Path | None:
        """The accepted path, else the one that the reason is taken from or the first tried."""
        return self.tried[0] if self.tried else None

    @property
    def alert(self) -> AlertDescription | None:
        """What a handshake sends for this; ``None`` when the peer is accepted."""
        return self.reason.alert if self.reason is not None else None

    @property
    def expiring(self) -> tuple[CertificateView, ...]:
        """Certificates of the accepted path that end within 14 days of the judgement."""
        if self.peer is None:
            return ()
        soon = self.at + EXPIRES_SOON
        return tuple(view for view in self.peer.chain if view.not_after <= soon)

    def what_ifs(self, fetched: Mapping[Fetch, bytes | str] = _NOTHING) -> tuple[WhatIf, ...]:
        """Changes that would make a refusal an acceptance, each of them judged; found when asked.

        Another date, an anchor among what was presented, another of the certificate's names, an
        intermediate at an address that a certificate names. What the latter needs is in ``needs``
        until ``fetched`` has it. Empty for a verdict that was accepted or unpickled.
        """
        if self.accepted or self.explore is None:
            return ()
        return self.explore(self, fetched)

    def __bool__(self) -> bool:
        """Ambiguous on purpose.

        Raises:
            TypeError: always; say ``.accepted`` or ``.require()``.
        """
        raise TypeError("a verdict is no truth value: use .accepted or .require()")
