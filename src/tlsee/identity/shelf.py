"""The credentials of a configuration: fixed ones, and sources that are asked in every handshake."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol, runtime_checkable

from tlsee.errors import ApiMisuse, LocalFailure, Reasons, TLSError
from tlsee.identity.credentials import Credential
from tlsee.identity.index import CredentialIndex

__all__ = ["CredentialSource", "Shelf"]


@runtime_checkable
class CredentialSource(Protocol):
    """Whoever has a credential that may change while a server runs, such as ``FileCredentials``."""

    def current(self) -> Credential:
        """The one for now. Asked in every handshake, by several threads, and not to raise."""
        ...


class Shelf:
    """Credentials and sources in order of preference, and the index of what there is now.

    Args:
        items: credentials and sources.
        now: the clock by which they must be good, in seconds since the epoch; not asked where
            there are none.

    Raises:
        ApiMisuse: something that is neither, or a credential with a flaw, in words.
    """

    def __init__(
        self, items: Iterable[Credential | CredentialSource], now: Callable[[], float]
    ) -> None:
        self._items = tuple(items)
        for item in self._items:
            if not isinstance(item, Credential | CredentialSource):
                raise ApiMisuse("credentials= takes Credential values", "Credential.from_pem(...)")
        self._changes = any(not isinstance(item, Credential) for item in self._items)
        self._index = CredentialIndex(self._now())
        checked = [credential for credential in self._index.credentials if credential.checked]
        at = now() if checked else 0.0
        for credential in checked:
            for what, fix in credential.flaws(at):
                raise ApiMisuse(what, f"{fix}; for a test: credential.despite_flaws()")

    def __repr__(self) -> str:
        return f"Shelf({len(self._items)} items)"

    def _now(self) -> tuple[Credential, ...]:
        return tuple(item if isinstance(item, Credential) else _asked(item) for item in self._items)

    def index(self) -> CredentialIndex:
        """What there is now, by name; made anew only when a source has something else.

        Several threads may find that at once: each makes an index that is right.
        """
        if not self._changes:
            return self._index
        index, now = self._index, self._now()
        if len(now) != len(index.credentials) or any(map(_differ, now, index.credentials)):
            index = self._index = CredentialIndex(now)
        return index


def _asked(source: CredentialSource) -> Credential:
    try:
        return source.current()
    except TLSError:
        raise
    except Exception as error:
        what = f"the source of a credential raised {type(error).__name__}"
        raise LocalFailure(Reasons.local_failure, what) from error


def _differ(one: Credential, other: Credential) -> bool:
    return one is not other
