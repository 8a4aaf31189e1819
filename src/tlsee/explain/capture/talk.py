"""What a listener knows of a connection besides its records, and what follows from each message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from tlsee.codes import ExtensionType, HandshakeType, ProtocolVersion, SignatureScheme
from tlsee.errors import TLSError
from tlsee.explain.capture.facts import of_hellos
from tlsee.explain.capture.greeting import Greeting
from tlsee.explain.capture.memory import Known, Memory
from tlsee.explain.capture.openers import Openers
from tlsee.explain.reading import server_name
from tlsee.handshake.negotiate import peer_chose
from tlsee.recording.seen import SessionSeen
from tlsee.text import count
from tlsee.trace import Choice, Epoch, Role, SecretDerived, SignatureChecked
from tlsee.values import value
from tlsee.wire.codec import Message, decode
from tlsee.wire.framing import kind_of

__all__ = ["Ground", "Talk"]

M = TypeVar("M", bound=Message)


@value
class Ground:
    """What there is to begin with.

    Attributes:
        secrets: the key log's for this connection, by their labels.
        private_keys: any server's. memory: the sessions of the capture so far.
        server_changed: whether the server's ChangeCipherSpec was captured.
        lossy: whether bytes of either side are missing.
    """

    secrets: Mapping[str, bytes]
    private_keys: Sequence[Any]
    memory: Memory
    server_changed: bool = False
    lossy: bool = False
    _hidden: ClassVar[frozenset[str]] = frozenset({"secrets", "private_keys", "memory"})


class Talk:
    """A connection whose version is not spoken here, or not known: its hellos, and no more.

    Attributes:
        openers: what opens protected records, or ``None``.
        notes: sentences on what could not be followed.
        incomplete: whether messages are missing, so that a Finished need not fit.
    """

    def __init__(self, greeting: Greeting, ground: Ground) -> None:
        self.greeting = greeting
        self.secrets = dict(ground.secrets)
        self.memory = ground.memory
        self.openers: Openers | None = None
        self.notes: list[str] = []
        self.incomplete = ground.lossy
        self.chain: tuple[bytes, ...] = ()
        self.alpn: bytes | None = None
        self._told: set[str] = set()
        self._disproved: set[str] = set()

    # --- What the listener asks ---------------------------------------------------------------

    def epoch(self, sender: Role) -> Epoch:
        """Whose keys protect a record that stays closed, as far as that is known."""
        if self.openers is not None:
            return self.openers.epoch(sender)
        return Epoch.APPLICATION if self.greeting.is_older else Epoch.HANDSHAKE

    def said(self, sender: Role, raw: bytes, at: int) -> Iterator[Any]:
        """The events that follow from a message; ``at``: nanoseconds since the epoch."""
        try:
            handler = self.handlers().get((sender, kind_of(raw)))
            yield from handler(raw, at) if handler is not None else ()
        except TLSError:
            return  # a message that cannot be read: the story shows it as it is

    def handlers(self) -> dict[tuple[Role, HandshakeType], Any]:
        """What is done with each message; generators of events."""
        return {(Role.SERVER, HandshakeType.server_hello): self._server_hello}

    def changed(self, sender: Role) -> Iterator[Any]:
        """The events that follow from ChangeCipherSpec of TLS 1.2."""
        del sender
        return iter(())

    def rest(self) -> Iterator[Any]:
        """What is left to tell at the end."""
        yield from self.derived(*self.secrets)

    def forget(self) -> None:
        """The keys hold no longer, and the next ones are not known."""
        self._collect()
        self.openers = None

    def disproved(self) -> set[str]:
        """Labels of secrets that are not this connection's."""
        self._collect()
        return self._disproved

    def closed(self, sender: Role, first: int, number: int, *, opened: int) -> Iterator[str]:
        """Sentences on the records of a side that stay closed.

        Args:
            first: the first one's number. number: how many. opened: how many did not.
        """
        del first, opened
        records = count(number, "protected record")
        yield f"{records} of the {sender.value} cannot be read: {self._why_closed()}"

    # --- For those who know a version ---------------------------------------------------------

    def derived(self, *labels: str) -> Iterator[SecretDerived]:
        """The secrets with these labels, once each."""
        hello = self.greeting.hello
        for label in labels:
            if hello is not None and label in self.secrets and label not in self._told:
                self._told.add(label)
                yield SecretDerived(label, hello.random, self.secrets[label])

    def session_choice(self, offered: Sequence[bytes], chosen: Any) -> Choice:
        """A session was taken up again, or none of those that were shown."""
        return peer_chose("session", tuple(offered), chosen)

    def known_session(self, shown: bytes) -> Known:
        """The session that this stands for; where its beginning was not overheard, little of it."""
        known = self.memory.of(shown)
        if known is not None:
            return known
        answer = self.greeting.answer
        assert answer is not None  # nothing is chosen before
        version = ProtocolVersion.of(int(self.greeting.version))
        return Known(
            SessionSeen(version, answer.cipher_suite, 0.0, 0, 0.0, 0, None, self.name or None, None)
        )

    @property
    def name(self) -> str:
        """The name that the client asked for."""
        return server_name(self.greeting.hello) if self.greeting.hello is not None else ""

    def signature_checked(self, held: bool | None, scheme: SignatureScheme) -> Iterator[Any]:
        """What came of checking the server's signature; a note, where it does not hold."""
        if held:
            yield SignatureChecked(scheme)
        elif held is False and not self.incomplete:
            self.notes.append("the server's signature does not hold for what was captured")

    def finished_differs(self, sender: Role) -> None:
        """A Finished does not fit: worth a note, where nothing is known to be missing."""
        if not self.incomplete:
            self.notes.append(
                f"the {sender.value}'s Finished does not fit the messages that were captured"
            )

    def has(self, extension: ExtensionType) -> bool:
        """Whether the server's hello has it."""
        answer = self.greeting.answer
        return answer is not None and answer.extensions.has(extension)

    @staticmethod
    def read(struct: type[M], raw: bytes) -> M:
        """A message.

        Raises:
            PeerMisbehaved: it cannot be read.
        """
        return decode(struct, raw)

    def _server_hello(self, raw: bytes, at: int) -> Iterator[Any]:
        del raw, at
        if self.greeting.hello is not None and self.greeting.answer is not None:
            yield from of_hellos(self.greeting.hello, self.greeting.answer)

    def _collect(self) -> None:
        if self.openers is not None:
            self._disproved |= self.openers.failed

    def _why_closed(self) -> str:
        answer, version = self.greeting.answer, self.greeting.version
        if answer is None:
            return "the server's hello is not in the capture"
        label = ProtocolVersion.of(int(version)).label
        if version < ProtocolVersion.TLS12:
            return f"this is {label}, which is not decrypted here"
        return f"{answer.cipher_suite} is not known here"
