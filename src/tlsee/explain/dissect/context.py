"""What the bytes alone do not tell, and how to read them depends on."""

from __future__ import annotations

from collections.abc import Callable

from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.suites12 import suites12
from tlsee.trace import Role
from tlsee.values import value


@value
class Context:
    """What is known around a message.

    Attributes:
        version: what was negotiated; ``None`` before, or where it is not known: then a message is
            read as TLS 1.3's, and where that fails as TLS 1.2's.
        suite: the suite that was negotiated; in 1.2 it tells what the key exchange messages hold.
        sender: whose bytes they are.
        own_tickets: whether the server is one of ours, so that its tickets have parts with names.
        open_ticket: opens such a ticket, or says ``None``; for who has the server's ticket keys.
    """

    version: ProtocolVersion | None = None
    suite: CipherSuite | None = None
    sender: Role | None = None
    own_tickets: bool = False
    open_ticket: Callable[[bytes], bytes | None] | None = None

    @property
    def key_exchange(self) -> KeyExchangeAlgorithm | None:
        """The key exchange of a suite of TLS 1.2, if there is one and it is known."""
        row = suites12().get(self.suite) if self.suite is not None else None
        return row.key_exchange if row is not None else None


NOTHING_KNOWN = Context()
