"""A connection as a sequence of steps, put together from what an observer was told.

The collector keeps raw bytes and facts; ``Story`` reads the bytes again with the wire's codec. So
nothing is staged: whatever a narrator says stands in the bytes of this connection, or is a fact
that the endpoint told about them (a choice, a verdict, a checked signature).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from tlsee.codes import (
    AlertDescription,
    AlertLevel,
    ContentType,
    ExtensionType,
    HandshakeType,
    NamedGroup,
    ProtocolVersion,
)
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.public_keys import load_public_key
from tlsee.crypto.suites12 import Suite12, suites12
from tlsee.errors import TLSError
from tlsee.explain.collector import Collector, Records, Spoken
from tlsee.recording.seen import AnyExternalPsk, AnySession
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    CertificateJudged,
    Choice,
    Epoch,
    Failed,
    HandshakeCompleted,
    MessageReceived,
    MessageSent,
    Role,
)
from tlsee.wire import messages12
from tlsee.wire.codec import Message, decode
from tlsee.wire.extensions.supported_versions import SupportedVersionsServerHello
from tlsee.wire.framing import kind_of
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello
from tlsee.wire.messages13 import (
    Certificate,
    CertificateRequest,
    CertificateVerify,
    EncryptedExtensions,
    EndOfEarlyData,
    Finished,
    KeyUpdate,
    NewSessionTicket,
)

F = TypeVar("F")

# The messages of 1.3; those of 1.2 are ``messages12.MESSAGES``.
STRUCTS: dict[HandshakeType, type[Message]] = {
    HandshakeType.client_hello: ClientHello,
    HandshakeType.server_hello: ServerHello,
    HandshakeType.hello_retry_request: HelloRetryRequest,
    HandshakeType.encrypted_extensions: EncryptedExtensions,
    HandshakeType.certificate_request: CertificateRequest,
    HandshakeType.certificate: Certificate,
    HandshakeType.certificate_verify: CertificateVerify,
    HandshakeType.finished: Finished,
    HandshakeType.new_session_ticket: NewSessionTicket,
    HandshakeType.key_update: KeyUpdate,
    HandshakeType.end_of_early_data: EndOfEarlyData,
}


class Kind(enum.Enum):
    """What a step is. ``CHANGE`` is the ChangeCipherSpec of TLS 1.2, which is no message."""

    MESSAGE = "message"
    CHANGE = "change"
    DATA = "data"
    ALERT = "alert"


class Step:
    """Something that one side said, with the facts that came of it.

    Attributes:
        number: from 1. ``sender``: who said it; ``sent``: whether that was the observed side.
        kind: message, change, data or alert. ``epoch``: the keys that protect it.
        raw: a message's bytes, header included; ``message``: what they say, ``None`` if they
            cannot be read; ``handshake_type``: by its bytes.
        records: of application data. ``description``: of an alert; ``is_warning``: whether it is
            one after which the connection may go on.
        facts: what the observed side told while it dealt with this, in order.
        at: when, in seconds of the collector's clock.
    """

    def __init__(self, number: int, kind: Kind, sender: Role, sent: bool, epoch: Epoch) -> None:
        self.number = number
        self.kind = kind
        self.sender = sender
        self.sent = sent
        self.epoch = epoch
        self.raw = b""
        self.message: Any = None
        self.handshake_type: HandshakeType | None = None
        self.records: Records | None = None
        self.description: AlertDescription | None = None
        self.is_warning = False
        self.facts: list[Any] = []
        self.at = 0.0

    @property
    def spoken(self) -> bytes:
        """The beginning of application data, as far as the application told it."""
        return b"".join(fact.data for fact in self.facts if isinstance(fact, Spoken))

    @property
    def is_closed(self) -> bool:
        """Whether these are records that nobody could open: data perhaps, perhaps messages."""
        return self.records is not None and self.records.closed

    @property
    def is_goodbye(self) -> bool:
        """Whether this is close_notify."""
        return self.description == AlertDescription.close_notify

    @property
    def is_refusal(self) -> bool:
        """Whether this is an alert that ends the connection because something is wrong."""
        return self.kind is Kind.ALERT and not self.is_goodbye and not self.is_warning

    @property
    def is_readable(self) -> bool:
        """Whether a listener can read it."""
        return self.epoch is Epoch.INITIAL

    def fact(self, kind: type[F]) -> F | None:
        """The first fact of this kind."""
        for fact in self.facts:
            if isinstance(fact, kind):
                return fact
        return None


class Story:
    """The steps of one connection as one side saw them.

    Args:
        role: of the side that was observed.
        events: pairs of time and event, as ``Collector`` keeps them.
    """

    def __init__(self, role: Role, events: Iterable[tuple[float, Any]]) -> None:
        self.role = role
        self.steps: list[Step] = []
        self.choices: list[Choice] = []
        self.overheard = False  # told by a listener, in the client's place
        self.lost = 0  # events that the collector had no room for
        self.handshake_wire = (
            0  # bytes of its records, both ways; data that goes early is none of them
        )
        self._unsent = 0  # bytes of messages that are told, and their records not yet
        self.began: float | None = None
        self.done: float | None = None
        self.error: BaseException | None = None
        self.version: ProtocolVersion | None = None  # what ServerHello selected
        self.suite12: Suite12 | None = None  # with 1.2, which says how keys are exchanged
        for at, event in events:
            if self.began is None:
                self.began = at
            self._take(at, event)

    @classmethod
    def of(cls, collector: Collector) -> Story:
        """The story of what a collector has kept so far."""
        story = cls(collector.role, collector.so_far())
        story.lost = collector.lost
        return story

    def _take(self, at: float, event: Any) -> None:
        if isinstance(event, MessageSent | MessageReceived):
            self._message(at, event)
        elif isinstance(event, Records):
            self._records(at, event)
        elif isinstance(event, AlertSent | AlertArrived):
            step = self._step(at, Kind.ALERT, isinstance(event, AlertSent), event.epoch)
            step.description = event.description
            step.is_warning = self._warns(event)
        elif isinstance(event, Spoken):
            self._spoken(event)
        else:
            self._fact(at, event)

    def _warns(self, event: AlertSent | AlertArrived) -> bool:
        """Only TLS 1.2 goes by the level; 1.3 by the description alone (RFC 9846, 6)."""
        if event.description == AlertDescription.user_canceled:
            return True
        is_newer = self.version is not None and not self.is_older
        return event.level == AlertLevel.warning and not is_newer

    def _step(self, at: float, kind: Kind, sent: bool, epoch: Epoch) -> Step:
        sender = self.role if sent else self.role.other
        step = Step(len(self.steps) + 1, kind, sender, sent, epoch)
        step.at = at
        self.steps.append(step)
        return step

    def _message(self, at: float, event: MessageSent | MessageReceived) -> None:
        step = self._step(at, Kind.MESSAGE, isinstance(event, MessageSent), event.epoch)
        step.raw = event.raw
        if step.sent and self.done is None:
            self._unsent += len(event.raw)
        try:
            step.handshake_type = kind_of(event.raw)
            structs = messages12.MESSAGES if self.is_older else STRUCTS
            struct = structs.get(step.handshake_type)
            if struct is not None:
                step.message = decode(struct, event.raw)
        except TLSError:
            step.message = self._raw_key(step)  # or the endpoint has refused it too, and says why
        if isinstance(step.message, ServerHello):
            self._selected(step.message)

    def _raw_key(self, step: Step) -> Any:
        """The same message with a raw public key, which only 1.2 words in another way."""
        if not self.is_older or step.handshake_type != HandshakeType.certificate:
            return None
        try:
            found = decode(messages12.RawPublicKeyCertificate, step.raw)
            load_public_key(found.subject_public_key_info)
        except TLSError:
            return None
        return found

    def _selected(self, hello: ServerHello) -> None:
        item = hello.extensions.get(SupportedVersionsServerHello)
        self.version = item.selected_version if item is not None else hello.legacy_version
        if self.is_older:
            self.suite12 = suites12().get(hello.cipher_suite)

    def _records(self, at: float, event: Records) -> None:
        late = event.sent and event.content_type == ContentType.handshake and self._unsent > 0
        if late:
            self._unsent -= event.content
        if event.content_type != ContentType.application_data and (self.done is None or late):
            self.handshake_wire += event.wire
        if event.content_type == ContentType.change_cipher_spec and self.is_older:
            self._step(at, Kind.CHANGE, event.sent, event.epoch)  # in 1.3 it means nothing
        # TLS 1.2 names what is in a protected record: a listener's Finished stays closed too.
        closed = event.closed and event.content_type != ContentType.change_cipher_spec
        if event.content_type != ContentType.application_data and not closed:
            return
        last = self.steps[-1] if self.steps else None
        run = last.records if last is not None and last.sent is event.sent else None
        if last is not None and run is not None and run.content_type == event.content_type:
            last.records = run.plus(event)
        else:
            self._step(at, Kind.DATA, event.sent, event.epoch).records = event

    def _spoken(self, event: Spoken) -> None:
        for step in reversed(self.steps):
            if step.kind is Kind.DATA and step.sent is event.sent:
                step.facts.append(event)
                return

    def _fact(self, at: float, event: Any) -> None:
        if isinstance(event, Choice):
            self.choices.append(event)
        elif isinstance(event, HandshakeCompleted):
            self.done = at
        elif isinstance(event, Failed):
            self.error = event.error
        if self.steps:
            self.steps[-1].facts.append(event)

    # --- What a narrator asks for -------------------------------------------------------------

    @property
    def is_older(self) -> bool:
        """Whether it is TLS 1.2 or older, as far as the server has said."""
        return self.version is not None and self.version < ProtocolVersion.TLS13

    @property
    def key_exchange(self) -> KeyExchangeAlgorithm | None:
        """How 1.2 came to its premaster secret; ``None`` in 1.3."""
        return self.suite12.key_exchange if self.suite12 is not None else None

    def first(self, struct: type[F], sender: Role | None = None) -> F | None:
        """The first message of this kind, read."""
        for step in self.steps:
            if isinstance(step.message, struct) and sender in (None, step.sender):
                return step.message
        return None

    def step_of(self, struct: type[Any] | tuple[type[Any], ...], sender: Role) -> Step | None:
        """The first step with this kind of message, or one of these kinds, from this side."""
        for step in self.steps:
            if isinstance(step.message, struct) and step.sender is sender:
                return step
        return None

    def facts(self, kind: type[F]) -> list[F]:
        """All facts of this kind, in order."""
        return [fact for step in self.steps for fact in step.facts if isinstance(fact, kind)]

    def alerts(self, *, sent: bool) -> list[AlertDescription]:
        """The alerts of one direction, in order, close_notify among them."""
        return [
            step.description
            for step in self.steps
            if step.description is not None and step.sent is sent
        ]

    def choice(self, what: str) -> Choice | None:
        """The last choice about this: after a HelloRetryRequest things are chosen again."""
        found = None
        for choice in self.choices:
            if choice.what == what:
                found = choice
        return found

    @property
    def milliseconds(self) -> float | None:
        """How long the handshake took, or ``None`` if it was not done."""
        if self.began is None or self.done is None:
            return None
        return (self.done - self.began) * 1000

    @property
    def round_trips(self) -> int:
        """How often the client had to wait for the server before it could send data."""
        full12 = self.is_older and not self.resumed
        return 1 + (self.first(HelloRetryRequest) is not None) + full12

    @property
    def recalled(self) -> Any:
        """The ``Session`` or the ``ExternalPsk`` that both sides have used, or ``None``."""
        choice = self.choice("session")
        return choice.chosen if choice is not None else None

    @property
    def resumed(self) -> bool:
        """Whether an earlier session was taken up again."""
        return isinstance(self.recalled, AnySession)

    @property
    def external_key(self) -> AnyExternalPsk | None:
        """The external pre-shared key that both sides have used, or ``None``."""
        found = self.recalled
        return found if isinstance(found, AnyExternalPsk) else None

    @property
    def early_data_accepted(self) -> bool | None:
        """What became of data before the handshake was done; ``None`` where there was none."""
        hello = self.first(ClientHello)
        if hello is None or not hello.extensions.has(ExtensionType.early_data):
            return None
        settings = self.first(EncryptedExtensions)
        return settings is not None and settings.extensions.has(ExtensionType.early_data)

    @property
    def group(self) -> NamedGroup | None:
        """The group of the key exchange; RSA key exchange has none."""
        if self.key_exchange is KeyExchangeAlgorithm.rsa:
            return None
        choice = self.choice("group")
        return choice.chosen if choice is not None else None

    @property
    def verdict(self) -> Any:
        """The judgement on the peer's certificate, or ``None``."""
        judged = self.facts(CertificateJudged)
        return judged[-1].verdict if judged else None


def merged(steps: Sequence[Step]) -> Iterator[tuple[Step, bool]]:
    """Steps, with two close_notify that follow one another told as one."""
    skip = False
    for step, following in zip(steps, (*steps[1:], None), strict=bool(steps)):
        if skip:
            skip = False
            continue
        both = following is not None and step.is_goodbye and following.is_goodbye
        skip = both
        yield step, both
