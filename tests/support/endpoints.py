"""Two endpoints of ours in one process, and what carries bytes between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection, Connection, ServerConnection
from tlsee.connection.events import NEED_DATA, HandshakeDone
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.identity.trust import Trust
from tlsee.questions import Question

NAME = "server.test"


@lru_cache(maxsize=1)
def authority() -> Authority:
    """One throw-away authority for all tests of a process."""
    return Authority.create("tlsee test authority")


@lru_cache(maxsize=64)
def server_credential(key: str = "ecdsa_secp256r1", name: str = NAME) -> Credential:
    """A server's certificate for ``name``."""
    return authority().issue(name, key=key)


@lru_cache(maxsize=64)
def client_credential(key: str = "ecdsa_secp256r1") -> Credential:
    """A client's certificate."""
    return authority().issue("client.test", key=key, client=True, server=False)


def trust() -> Trust:
    """Trust in the test authority alone."""
    return Trust.from_pem(authority().pem)


def client_config(**changes: Any) -> ClientConfig:
    """A client that believes the test authority."""
    return ClientConfig(**{"trust": trust(), "sessions": False, **changes})


def server_config(**changes: Any) -> ServerConfig:
    """A server with one ECDSA certificate."""
    return ServerConfig(**{"credentials": [server_credential()], "sessions": False, **changes})


class Pair:
    """A client and a server with nothing between them but these lists of events."""

    def __init__(
        self,
        client: ClientConfig | None = None,
        server: ServerConfig | None = None,
        name: str | None = NAME,
        answer: Callable[[Question], object] | None = None,
        **options: Any,
    ) -> None:
        self.client: Connection = ClientConnection(
            client or client_config(), name, **options.pop("client_options", {})
        )
        self.server: Connection = ServerConnection(
            server or server_config(), **options.pop("server_options", {})
        )
        self.answer = answer
        self.client_events: list[Any] = []
        self.server_events: list[Any] = []

    def run(self) -> Pair:
        """Carry bytes both ways until neither has anything to say; errors are raised."""
        while True:
            moved = self.carry(self.client, self.server)
            moved |= self.carry(self.server, self.client)
            asked = self._drain(self.client, self.client_events)
            asked |= self._drain(self.server, self.server_events)
            if not moved and not asked:
                return self

    @staticmethod
    def carry(sender: Connection, receiver: Connection) -> bool:
        """Move what one side has to say to the other; whether there was anything."""
        data = sender.data_to_send()
        if data:
            receiver.receive_data(data)
        return bool(data)

    def _drain(self, side: Connection, events: list[Any]) -> bool:
        answered = False
        while (event := side.next_event()) is not NEED_DATA:
            events.append(event)
            if isinstance(event, Question) and self.answer is not None:
                side.answer(event, self.answer(event))
                answered = True
        return answered

    @property
    def done(self) -> bool:
        """Whether both sides saw the handshake complete."""
        return all(
            any(isinstance(event, HandshakeDone) for event in events)
            for events in (self.client_events, self.server_events)
        )


def events_of(side: Connection) -> list[Any]:
    """All events that wait; raises what the connection failed with."""
    events: list[Any] = []
    while (event := side.next_event()) is not NEED_DATA:
        events.append(event)
    return events
