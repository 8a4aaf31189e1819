"""Sessions that were overheard, for the connections that take one up again."""

from __future__ import annotations

from typing import ClassVar

from tlsee.explain.capture import bounds
from tlsee.recording.seen import SessionSeen
from tlsee.values import value

__all__ = ["Known", "Memory"]


@value
class Known:
    """A session: what was seen of it, and in TLS 1.2 its main secret, where that is known."""

    seen: SessionSeen
    main: bytes = b""
    _hidden: ClassVar[frozenset[str]] = frozenset({"main"})


class Memory:
    """The sessions of a capture by what a client shows to take one up: a ticket, or a session id.

    A ticket of 1.3 is seen only where the connection that brought it could be read.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}

    def keep(self, shown: bytes, known: Known) -> None:
        """Remember, within the bound."""
        if shown and len(self._known) < bounds.CONNECTIONS_LIMIT:
            self._known[shown] = known

    def of(self, shown: bytes) -> Known | None:
        """The session that this stands for."""
        return self._known.get(shown)
