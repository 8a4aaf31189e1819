"""What a judgement says: every path that was tried, every check with its clause, and the result."""

from __future__ import annotations

from enum import Enum

from tlsee.crypto.public_keys import PublicKey
from tlsee.errors import CertificateRejected, Reasons
from tlsee.identity.certificate import CertificateView, leaf_key
from tlsee.identity.trust import Anchor
from tlsee.reasons import Reason
from tlsee.values import value

__all__ = ["Check", "KeyUse", "Path", "Purpose", "Step", "Unread", "Verdict", "VerifiedPeer"]


class Purpose(Enum):
    """What the peer wants to be; the value is its key purpose (RFC 5280, 4.2.1.12)."""

    SERVER = "1.3.6.1.5.5.7.3.1"
    CLIENT = "1.3.6.1.5.5.7.3.2"

    __hash__ = object.__hash__  # an enumeration's own costs a call in Python each time

    @property
    def label(self) -> str:
        """As a person says it: ``a TLS server``."""
        return "a TLS server" if self is Purpose.SERVER else "a TLS client"

    @property
    def usage(self) -> str:
        """The extended key usage by its name."""
        return "serverAuth" if self is Purpose.SERVER else "clientAuth"


class KeyUse(Enum):
    """What the handshake does with the peer's key; the value allows it (RFC 5280, 4.2.1.3)."""

    SIGNING = "digitalSignature"
    KEY_ENCIPHERMENT = "keyEncipherment"  # RSA key exchange (RFC 5246, 7.4.2)

    __hash__ = object.__hash__

    @property
    def label(self) -> str:
        """As a person says it: ``make digital signatures``."""
        return "make digital signatures" if self is KeyUse.SIGNING else "encipher keys"


@value
class Check:
    """One rule applied to one certificate.

    Attributes:
        name: the rule, such as ``dates``; the same for passed and failed.
        ok: whether it held. ``detail``: what was found, escaped, empty where there is no more to
            say. ``clause``: where the rule stands. ``reason``: the catalogue's row when it failed.
    """

    name: str
    ok: bool
    detail: str = ""
    clause: str = ""
    reason: Reason | None = None


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
class Verdict:
    """The result of a judgement with the search that led to it.

    Attributes:
        accepted: whether the peer is who it has to be; then ``peer`` is there.
        paths: those that were tried, bounded; one that is accepted is the only one.
        reason, detail: why it was refused, the most informative one; ``detail`` is one line.
        presented: the chain as it came, those that could be read; ``unread`` the others.
        not_checked: what nobody looked at.
    """

    accepted: bool
    peer: VerifiedPeer | None
    paths: tuple[Path, ...]
    reason: Reason | None
    detail: str
    purpose: Purpose
    name: str | None
    at: float
    presented: tuple[CertificateView, ...] = ()
    unread: tuple[Unread, ...] = ()
    not_checked: tuple[str, ...] = ("revocation",)

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
        return self.paths[0] if self.paths else None

    def __bool__(self) -> bool:
        """Ambiguous on purpose.

        Raises:
            TypeError: always; say ``.accepted`` or ``.require()``.
        """
        raise TypeError("a verdict is no truth value: use .accepted or .require()")
