"""What a client says before the handshake is done, and what becomes of it (RFC 9846, 4.3.10).

Early data goes all together or not at all: a request that is cut in two is of no use early, and
whoever would have to remember how much of it went has nothing gained.
"""

from __future__ import annotations

from typing import Literal

from tlsee.connection.connection import Connection
from tlsee.connection.info import ConnectionInfo
from tlsee.errors import ApiMisuse
from tlsee.handshake.outcome import EarlyData
from tlsee.sessions.session import Session
from tlsee.trace import Role

__all__ = ["EarlyWords", "IfRefused"]

IfRefused = Literal["tell", "resend"]


class EarlyWords:
    """The early data of one client's stream.

    Args:
        data: what to say early.
        if_refused: ``"tell"`` leaves what did not go early in ``left``; ``"resend"`` has it sent as
            soon as the handshake is done. Never where another protocol was agreed on than that
            which the data is for: it could mean something else there (RFC 9846, 4.3.10).

    Attributes:
        data: what to say early. left: what the server does not have of it, so far.

    Raises:
        ApiMisuse: ``if_refused`` is neither.
    """

    def __init__(self, data: bytes, if_refused: IfRefused) -> None:
        if if_refused not in ("tell", "resend"):
            raise ApiMisuse(f"early_data_refused={if_refused!r}", 'use "tell" or "resend"')
        self.data = bytes(data)
        self.left = self.data
        self._resend = if_refused == "resend"
        self._sent = False
        self._decided = not data

    def __bool__(self) -> bool:
        return bool(self.data)

    def say(self, connection: Connection) -> None:
        """Seal it behind the hello, once it is known that a session allows so much."""
        if self._decided:
            return
        room = connection.early_data_room
        if room:
            self._decided = True
            if room >= len(self.data):
                connection.write_early_data(self.data)
                self._sent = True

    def settle(self, info: ConnectionInfo) -> bytes:
        """The handshake is done: what is to be sent now, and counts as sent from here on."""
        self._decided = True
        if self._sent and info.early_data is EarlyData.ACCEPTED:
            self.left = b""
        elif self._resend and self.left and self._is_for(info):
            late, self.left = self.left, b""
            return late
        return b""

    def annotate(self, error: BaseException) -> None:
        """A handshake failed after it was sent: whoever hears of that must know."""
        if self._sent:
            error.add_note(
                f"{len(self.data):,} bytes of early data were sent: whether the server took them "
                "is not known"
            )

    def _is_for(self, info: ConnectionInfo) -> bool:
        """Whether the protocol is the one that the data is for: the session's; where none was
        offered, the first that the client would speak. Where that cannot be told, it is not.
        """
        offered = [
            source
            for choice in info.choices
            if choice.what == "session" and choice.by is Role.SERVER
            for source in choice.offered
        ]
        sessions = [source for source in offered if isinstance(source, Session)]
        if sessions:
            return sessions[0].alpn == info.alpn
        ours = [c.offered for c in info.choices if c.what == "alpn" and c.offered]
        if not ours:
            return info.alpn is None
        return not self._sent and ours[0][0] == info.alpn
