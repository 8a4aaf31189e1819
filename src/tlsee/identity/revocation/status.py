"""The question about one certificate on a path, and its answer (RFC 5280, 6.3; RFC 6960)."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from tlsee.identity.certificate import CertificateView
from tlsee.identity.path.known import NOTHING_KNOWN, Fetch, Known
from tlsee.reasons import Reason
from tlsee.values import value


class State(Enum):
    """What is known of a certificate."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # an enumeration's own costs a call in Python each time


@value
class Question:
    """Is this certificate revoked?

    Attributes:
        path: certificates that hold otherwise, leaf first, the anchor last.
        place: which of them is asked about, from 0; the anchor never is.
        pool: further certificates that may have signed a list or a response. Nothing is known of
            them: they count as far as an authority on the path vouches for them.
        at: the moment, in seconds since the epoch.
        known: what was given and fetched.
        stapled: the response that came with this certificate, DER, or ``None``.
        strict: lists have the form that public authorities' have (the web's profile).
    """

    path: tuple[CertificateView, ...]
    place: int
    pool: tuple[CertificateView, ...]
    at: float
    known: Known = NOTHING_KNOWN
    stapled: bytes | None = None
    strict: bool = False
    _hidden: ClassVar[frozenset[str]] = frozenset({"pool", "known", "stapled"})

    @property
    def certificate(self) -> CertificateView:
        """The one that is asked about."""
        return self.path[self.place]

    @property
    def issuer(self) -> CertificateView:
        """The one that signed it."""
        return self.path[self.place + 1]


@value
class Status:
    """The answer.

    Attributes:
        state: what is known.
        detail: what was found, one line, escaped; for UNKNOWN why nothing can be learnt.
        source: who said so: ``stapled OCSP response``, ``CRL of Example R3``; empty for UNKNOWN.
        clause: where the rule stands that decided.
        reason: the catalogue's row for a refusal: always for REVOKED; for UNKNOWN what a hard
            policy refuses with; for a response that was stapled and is no good, its own row, and
            that one is refused by the soft policy too (``fatal``).
        stapled: whether the response that came with the certificate decided.
        fatal: refuse whatever the policy (apart from OFF).
        until: when the answer ceases to hold, in seconds since the epoch, or ``None``.
        needs: for UNKNOWN: what may tell, to be fetched next; empty when all was tried.
    """

    state: State
    detail: str = ""
    source: str = ""
    clause: str = "RFC 5280, 6.1.3 (a)(3)"
    reason: Reason | None = None
    stapled: bool = False
    fatal: bool = False
    until: float | None = None
    needs: tuple[Fetch, ...] = ()
