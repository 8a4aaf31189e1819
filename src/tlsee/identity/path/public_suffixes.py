"""Below which names everybody may register one: a library's list, if it is installed."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol


class _List(Protocol):
    def is_public(self, domain: str) -> bool:
        """Whether the name itself is a public suffix."""
        ...


class PublicSuffixes:
    """The list of publicsuffix.org as the ``publicsuffixlist`` package brings it.

    It is read at the first wildcard of the web's profile that has to be looked up (some 70
    milliseconds), and never for others.
    """

    @cached_property
    def _list(self) -> _List | None:
        try:
            from publicsuffixlist import PublicSuffixList
        except ImportError:
            return None
        found: _List = PublicSuffixList()
        return found

    @property
    def are_known(self) -> bool:
        """Whether there is a list; without one only top-level domains count."""
        return self._list is not None

    def has(self, name: str) -> bool:
        """Whether a name, lower-case ASCII, is a public suffix; ``False`` without a list."""
        return self._list is not None and self._list.is_public(name)


SUFFIXES = PublicSuffixes()
