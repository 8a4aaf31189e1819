"""What a judgement may know beyond the chain, and what it asks for when that is not enough.

The judge never waits: where an answer from elsewhere would decide, it returns ``Needs``. Whoever
called it fetches, adds what came to ``Known`` and judges again, from the beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from tlsee.text import count
from tlsee.values import value


class FetchKind(Enum):
    """What is asked for, which says how: CRLs and issuers by GET, OCSP by POST (RFC 6960, A.1)."""

    CRL = "CRL"
    OCSP = "OCSP response"
    ISSUER = "issuer's certificate"

    __hash__ = object.__hash__  # an enumeration's own costs a call in Python each time


@value
class Fetch:
    """One thing to fetch. ``body`` is OCSP's request in DER, else empty. A key of dictionaries."""

    kind: FetchKind
    url: str
    body: bytes = b""


_NOTHING: Mapping[Fetch, bytes | str] = MappingProxyType({})


@value
class Known:
    """What is known beyond the chain; a value, and ``plus`` makes the next one.

    Attributes:
        fetched: for each fetch its bytes, or in a sentence why there are none.
        crls, ocsp: given by the caller, DER; they are believed only as far as their signatures go.
        offline: nothing can be fetched, so whatever is not here stays unknown.
    """

    fetched: Mapping[Fetch, bytes | str] = _NOTHING
    crls: tuple[bytes, ...] = ()
    ocsp: tuple[bytes, ...] = ()
    offline: bool = False

    def answer_to(self, fetch: Fetch) -> bytes | str | None:
        """The bytes, a sentence that says why there are none, or ``None``: not asked yet."""
        found = self.fetched.get(fetch)
        if found is None and self.offline:
            return "nothing is fetched here"
        return found

    def plus(self, answers: Mapping[Fetch, bytes | str]) -> Known:
        """With these answers too."""
        return Known({**self.fetched, **answers}, self.crls, self.ocsp, self.offline)


NOTHING_KNOWN = Known()


@value
class Needs:
    """No verdict yet: these fetches may decide it. Each once, at least one, all at a time."""

    fetches: tuple[Fetch, ...]

    def __str__(self) -> str:
        return count(len(self.fetches), "fetch")


class Revocation(Enum):
    """Whether it is asked if a certificate was taken back, and what not knowing means.

    ``OFF``: nobody looks. ``SOFT``: a certificate known to be revoked is refused, and one of which
    nothing can be learnt passes and stands in the verdict's ``not_checked``. ``HARD``: what cannot
    be learnt is refused. A certificate that says its server staples (RFC 7633) is held to that by
    SOFT and HARD alike.
    """

    OFF = "off"
    SOFT = "soft"
    HARD = "hard"

    __hash__ = object.__hash__
