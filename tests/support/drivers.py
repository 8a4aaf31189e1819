"""The machine without records: two drivers, and messages that travel in lists by epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tests.support.endpoints import NAME, client_config, server_config
from tlsee.codes import AlertDescription
from tlsee.config import ClientConfig, ServerConfig
from tlsee.handshake import hello_client, hello_server
from tlsee.handshake.compose import Composer
from tlsee.handshake.machine import Driver, State
from tlsee.questions import Question
from tlsee.trace import Direction, Epoch


class ListCarrier:
    """Keeps what a driver wants done; there is no other transport."""

    def __init__(self) -> None:
        self.middlebox_compatibility = False
        self.has_key_update = True
        self.sent: list[tuple[Epoch, bytes]] = []
        self.installed: list[tuple[Direction, Epoch, Any]] = []
        self.opened: list[Direction] = []
        self.told: list[Any] = []
        self.warnings: list[AlertDescription] = []
        self.asides: list[Question] = []
        self.skipping = 0
        self.early: list[tuple[Direction, int]] = []
        self.limits: list[tuple[int, int]] = []

    def send(self, epoch: Epoch, raw: bytes) -> None:
        """Keep a message."""
        self.sent.append((epoch, raw))

    def install(self, direction: Direction, epoch: Epoch, secret: Any) -> None:
        """Keep which keys came when."""
        self.installed.append((direction, epoch, secret))

    def open(self, direction: Direction) -> None:
        """Keep what was opened."""
        self.opened.append(direction)

    def open_early(self, direction: Direction, limit: int) -> None:
        """Keep how much may come early, and which way."""
        self.early.append((direction, limit))

    def unprotect(self) -> None:
        """What is sent next says its epoch."""

    def change_cipher_spec(self) -> None:
        """1.2's real one: it stands among the messages as nothing at all."""
        self.sent.append((Epoch.INITIAL, b""))

    def warn(self, description: AlertDescription) -> None:
        """Keep the warning."""
        self.warnings.append(description)

    def ask_aside(self, question: Question) -> None:
        """Keep the question."""
        self.asides.append(question)

    def skip_undecryptable(self, limit: int) -> None:
        """Keep the limit."""
        self.skipping = limit

    def limit_records(self, read: int, write: int, in_the_clear: bool) -> None:
        """Keep the limits."""
        self.limits.append((read, write))

    def tell(self, fact: Any) -> None:
        """Keep the fact."""
        self.told.append(fact)


class DriverPair:
    """A client's and a server's driver, fed one message at a time."""

    def __init__(
        self,
        client: ClientConfig | None = None,
        server: ServerConfig | None = None,
        answer: Callable[[Question], object] | None = None,
        early: bool = False,
    ) -> None:
        self.client_carrier, self.server_carrier = ListCarrier(), ListCarrier()
        composer = Composer()
        settings = client or client_config()
        answering = server or server_config()
        self.client = Driver(
            lambda flow: hello_client.start(settings, NAME, NAME, composer, flow, early),
            self.client_carrier,
            None,
        )
        self.server = Driver(
            lambda flow: hello_server.WaitClientHello(answering, composer),
            self.server_carrier,
            None,
        )
        self.client.begin()
        self.server.begin()
        self.answer = answer
        self.messages: list[tuple[str, Epoch, bytes]] = []
        self.taken = {"client": 0, "server": 0}  # of the messages in the carriers

    def steps(self) -> Iterator[tuple[Driver, Epoch, bytes]]:
        """Before each message: who will receive it, under which epoch, and the message.

        A ChangeCipherSpec of 1.2 has no bytes here.
        """
        taken = self.taken
        while True:
            moved = False
            for sender, carrier, receiver in (
                ("client", self.client_carrier, self.server),
                ("server", self.server_carrier, self.client),
            ):
                self._answer_all(receiver)
                while taken[sender] < len(carrier.sent):
                    epoch, raw = carrier.sent[taken[sender]]
                    taken[sender] += 1
                    moved = True
                    yield receiver, epoch, raw
                    if not raw:
                        receiver.receive_change_cipher_spec()
                        continue
                    self.messages.append((sender, epoch, raw))
                    receiver.receive(epoch, raw)
                    self._answer_all(receiver)
            if not moved:
                return

    def run(self) -> DriverPair:
        """To the end."""
        for _ in self.steps():
            pass
        return self

    def _answer_all(self, driver: Driver) -> None:
        while driver.question is not None and self.answer is not None:
            driver.answer(driver.question, self.answer(driver.question))


class AskingPair(DriverPair):
    """Once they are connected the server asks the client who it is."""

    def steps(self) -> Iterator[tuple[Driver, Epoch, bytes]]:
        """Those of the handshake, then those of the request and the answer."""
        yield from super().steps()
        self.server.command("request_certificate", b"who are you?")
        yield from super().steps()


def forked(driver: Driver) -> Driver:
    """A copy with a carrier of its own, which the copy alone keeps alive."""
    carrier = ListCarrier()
    twin = driver.fork(carrier, None)
    twin.__dict__["carrier_kept"] = carrier  # a driver does not own who carries it
    return twin


def state_name(state: State) -> str:
    """For test ids."""
    return type(state).__name__
