"""What can be told of a connection: the vocabulary of events, and nothing that happens.

Events hold raw bytes and values, never text. They are made in two modules only, the machine's
driver and the connection, and only when somebody listens; what a handler knows beyond the bytes it
tells as a fact (a ``Choice``, a verdict, a checked signature). Explaining works on the recording
afterwards.
"""

from __future__ import annotations

import enum
from collections.abc import Hashable
from typing import Any, ClassVar, Protocol

from tlsee.codes import (
    AlertDescription,
    AlertLevel,
    CipherSuite,
    ContentType,
    ExtensionType,
    SignatureScheme,
)
from tlsee.values import value


class Role(enum.Enum):
    """Which end of the connection."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def other(self) -> Role:
        """The peer's role."""
        return Role.SERVER if self is Role.CLIENT else Role.CLIENT


class Direction(enum.Enum):
    """Which half of the connection, seen from this side."""

    READ = "read"
    WRITE = "write"


class Epoch(enum.IntEnum):
    """Which keys protect: RFC 9846, 4 and 7; the numbers are those of RFC 9147 and QUIC."""

    INITIAL = 0
    EARLY = 1
    HANDSHAKE = 2
    APPLICATION = 3


@value
class Choice:
    """A decision with its losers.

    ``what`` is one of version, suite, group, scheme, certificate, alpn, name. ``offered`` is what
    the one who did not decide had put on the table, in its order. ``able`` is what the one who
    decided was willing to take, in its order (empty when that was the peer: it does not say).
    ``chosen`` is the winner or ``None``. ``rule`` says why in a few words; ``by`` who decided.
    """

    what: str
    offered: tuple[Any, ...]
    able: tuple[Any, ...]
    chosen: Any
    rule: str
    by: Role


@value
class MessageSent:
    """A handshake message of ours, header included, and the epoch that protects it."""

    epoch: Epoch
    raw: bytes


@value
class MessageReceived:
    """A handshake message of the peer's, header included, and the epoch that protected it."""

    epoch: Epoch
    raw: bytes


@value
class StateEntered:
    """The machine moved on; the name is the state's class name."""

    name: str


@value
class KeysInstalled:
    """New keys protect one direction from here on."""

    direction: Direction
    epoch: Epoch
    suite: CipherSuite


@value
class SecretDerived:
    """A secret as RFC 9850 logs it. Only a key log looks at ``secret``; recorders leave it out."""

    label: str
    client_random: bytes
    secret: bytes
    _hidden: ClassVar[frozenset[str]] = frozenset({"secret"})


@value
class SignatureChecked:
    """The peer's CertificateVerify is valid."""

    scheme: SignatureScheme


@value
class FinishedChecked:
    """The peer's Finished matches what this side saw."""


@value
class CertificateJudged:
    """What the judge said of the peer's chain: an ``identity.Verdict``."""

    verdict: Any


@value
class ExtensionsIgnored:
    """Extensions the peer sent that nothing here knows; GREASE among them."""

    types: tuple[ExtensionType, ...]


@value
class QuestionAsked:
    """The machine waits for an answer from outside; ``kind`` is the question's class name."""

    kind: str


@value
class QuestionAnswered:
    """The answer came, or was there at once.

    ``question`` and ``answer`` are the things themselves, an exception where it was refused. Only
    a recording that keeps all looks at them.
    """

    kind: str
    question: Any = None
    answer: Any = None
    _hidden: ClassVar[frozenset[str]] = frozenset({"question", "answer"})


@value
class RecordSent:
    """A record as it goes on the wire. ``content_length`` excludes padding and the tag."""

    raw: bytes
    content_type: ContentType
    content_length: int
    epoch: Epoch


@value
class RecordReceived:
    """A record as it came; for a protected one the type and length are those inside."""

    raw: bytes
    content_type: ContentType
    content_length: int
    epoch: Epoch


@value
class AlertSent:
    """An alert of ours."""

    level: AlertLevel
    description: AlertDescription
    epoch: Epoch


@value
class AlertArrived:
    """An alert of the peer's."""

    level: AlertLevel
    description: AlertDescription
    epoch: Epoch


@value
class HandshakeCompleted:
    """Both Finished are exchanged and checked, as this side sees it."""


@value
class EarlyDataRefused:
    """The client sent early data and this server skips up to ``limit`` bytes of it."""

    limit: int


@value
class Failed:
    """The connection ended with this error."""

    error: BaseException


TraceEvent = (
    Choice
    | MessageSent
    | MessageReceived
    | StateEntered
    | KeysInstalled
    | SecretDerived
    | SignatureChecked
    | FinishedChecked
    | CertificateJudged
    | ExtensionsIgnored
    | QuestionAsked
    | QuestionAnswered
    | RecordSent
    | RecordReceived
    | AlertSent
    | AlertArrived
    | HandshakeCompleted
    | EarlyDataRefused
    | Failed
)


@value
class Deed:
    """Something that the program around a connection did: a method it called.

    Attributes:
        what: the method's name; ``connect`` and ``accept`` are how it began.
        arguments: its arguments, other than bytes.
        data: the bytes: what came from the transport, what is to be sent.
    """

    what: str
    arguments: tuple[Any, ...] = ()
    data: bytes = b""
    _hidden: ClassVar[frozenset[str]] = frozenset({"data"})

    @property
    def raw(self) -> bytes:
        """The bytes, by the name that messages and records have for theirs."""
        return self.data


class Observer(Protocol):
    """Somebody who listens. It must not raise and cannot change what happens.

    One that has ``on_deed`` as well, and not ``None``, is told of each ``Deed`` before it is done.
    """

    def on_event(self, event: TraceEvent) -> None:
        """Called for each event in the order of the protocol, before its bytes leave."""


def decided(
    what: str,
    by: Role,
    offered: tuple[Hashable, ...],
    able: tuple[Hashable, ...],
    chosen: Hashable,
    rule: str,
) -> Choice:
    """A Choice in the order in which one thinks of it."""
    return Choice(what, offered, able, chosen, rule, by)
