"""What was fetched, for as long as it says that it is the newest; bounded, safe for threads."""

from __future__ import annotations

import threading
from typing import NamedTuple

from tlsee import defaults
from tlsee.errors import ApiMisuse
from tlsee.identity.certificate import Unreadable
from tlsee.identity.path.known import Fetch, FetchKind
from tlsee.identity.revocation.lists import read_list
from tlsee.identity.revocation.ocsp import read_response


class _Kept(NamedTuple):
    answer: bytes | str
    until: float

    def size(self) -> int:
        return len(self.answer)


class FetchCache:
    """Answers by what was asked.

    A list or response is kept until its nextUpdate and at most ``longest`` seconds: nobody has
    verified it yet, and a false one would otherwise keep the true one away for as long as it likes.
    A failure is kept for ``failures`` seconds, so that a dead responder costs one wait and not one
    for each connection.

    Args:
        size: bytes of all answers together; the oldest go first.

    Raises:
        ApiMisuse: a negative bound.
    """

    def __init__(
        self,
        *,
        size: int = defaults.FETCH_CACHE_SIZE,
        longest: float = defaults.FETCH_CACHE_LIFETIME,
        failures: float = defaults.FETCH_FAILURE_LIFETIME,
    ) -> None:
        if min(size, longest, failures) < 0:
            raise ApiMisuse("a cache with a negative bound", "0 keeps nothing")
        self._bound = size
        self._longest = longest
        self._failures = failures
        self._kept: dict[Fetch, _Kept] = {}
        self._size = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, fetch: Fetch, now: float) -> bytes | str | None:
        """The bytes, the sentence of a failure, or ``None``. ``now``: seconds since the epoch."""
        with self._lock:
            found = self._kept.get(fetch)
            if found is None:
                return None
            if found.until <= now:
                self._drop(fetch)
                return None
            return found.answer

    def put(self, fetch: Fetch, answer: bytes, now: float) -> None:
        """Keep an answer for as long as it says, within the bound; one that is none is not kept."""
        until = superseded(fetch, answer)
        if until is not None:
            self._put(fetch, _Kept(answer, min(until, now + self._longest)), now)

    def put_failure(self, fetch: Fetch, sentence: str, now: float) -> None:
        """Keep a failure for a little while."""
        self._put(fetch, _Kept(sentence, now + self._failures), now)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._size = 0

    def _put(self, fetch: Fetch, kept: _Kept, now: float) -> None:
        if kept.until <= now or kept.size() > self._bound:
            return
        with self._lock:
            self._drop(fetch)
            self._kept[fetch] = kept
            self._size += kept.size()
            while self._size > self._bound or len(self._kept) > defaults.FETCH_CACHE_ENTRIES:
                self._drop(next(iter(self._kept)))

    def _drop(self, fetch: Fetch) -> None:
        found = self._kept.pop(fetch, None)
        if found is not None:
            self._size -= found.size()


def superseded(fetch: Fetch, answer: bytes) -> float | None:
    """When an answer says that a newer one is there, in seconds since the epoch.

    ``None`` for what cannot be read or does not say; an issuer's certificate does not change.
    """
    try:
        if fetch.kind is FetchKind.CRL:
            return read_list(answer).next_update
        if fetch.kind is FetchKind.OCSP:
            singles = read_response(answer).singles
            dates = [single.next_update for single in singles if single.next_update is not None]
            return min(dates) if len(dates) == len(singles) and dates else None
    except Unreadable:
        return None
    return float("inf")
