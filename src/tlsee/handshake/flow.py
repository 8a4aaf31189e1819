"""The one way out of a state: an ordered list of effects.

A handler fills a Flow and returns the next state; only then do the effects take hold, in order. A
handler that raises has therefore done nothing. Whoever carries the handshake (records over TCP,
packets of QUIC, a test's list) implements ``Carrier``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, Protocol

from tlsee.codes import AlertDescription
from tlsee.keys.directions import DirectionSecret
from tlsee.questions import Question
from tlsee.trace import Direction, Epoch
from tlsee.values import value
from tlsee.wire.codec import encode

P = ParamSpec("P")


class Carrier(Protocol):
    """What moves handshake bytes and owns the keys.

    ``middlebox_compatibility`` and ``has_key_update`` are what differs between carriers: QUIC has
    neither the dummy change_cipher_spec nor KeyUpdate (RFC 9001, 6 and 8.4).
    """

    middlebox_compatibility: bool
    has_key_update: bool

    def send(self, epoch: Epoch, raw: bytes) -> None:
        """Protect and queue one handshake message."""

    def install(self, direction: Direction, epoch: Epoch, secret: DirectionSecret) -> None:
        """From here on this direction is protected by keys from this secret."""

    def open(self, direction: Direction) -> None:
        """Application data may flow in this direction."""

    def open_early(self, direction: Direction, limit: int) -> None:
        """Early data may flow in this direction, ``limit`` bytes of it."""

    def unprotect(self) -> None:
        """Write in the clear again: early data was refused by a HelloRetryRequest."""

    def change_cipher_spec(self) -> None:
        """Send the dummy record of RFC 9846, E.4."""

    def warn(self, description: AlertDescription) -> None:
        """Send an alert of level warning."""

    def ask_aside(self, question: Question) -> None:
        """Have the application answer; everything else goes on meanwhile."""

    def skip_undecryptable(self, limit: int) -> None:
        """Drop records that cannot be opened, ``limit`` bytes of them at most."""

    def limit_records(self, read: int, write: int, in_the_clear: bool) -> None:
        """The longest protected plaintext, content type included, each way (RFC 8449, 4).

        ``in_the_clear``: it holds for records without protection too (RFC 6066, 4).
        """

    def tell(self, fact: Any) -> None:
        """Let observers and events know."""


@value
class Send:
    """A handshake message under the epoch that writes at this point of the flow."""

    raw: bytes


@value
class Install:
    """New keys for one direction."""

    direction: Direction
    epoch: Epoch
    secret: DirectionSecret


@value
class Open:
    """Application data may flow in this direction."""

    direction: Direction


@value
class OpenEarly:
    """Early data may flow in this direction (RFC 9846, 4.3.10)."""

    direction: Direction
    limit: int


@value
class Unprotect:
    """The second hello is as readable as the first was."""


@value
class ChangeCipherSpec:
    """``required``: it means something (RFC 5246, 7.1); else it is the dummy (RFC 9846, E.4)."""

    required: bool


@value
class Warn:
    """An alert that ends nothing."""

    description: AlertDescription


@value
class SkipUndecryptable:
    """Refused early data follows."""

    limit: int


@value
class LimitRecords:
    """record_size_limit was negotiated, or max_fragment_length: then ``in_the_clear`` too."""

    read: int
    write: int
    in_the_clear: bool


@value
class Ask:
    """A question; the state that the handler returns waits for its answer.

    With ``aside`` an exchange waits for it, named by this context, and the state does not.
    """

    question: Question
    aside: bytes | None


@value
class Tell:
    """A fact for observers and for ``connection.info``."""

    fact: Any


Effect = (
    Send
    | Install
    | Open
    | OpenEarly
    | Unprotect
    | ChangeCipherSpec
    | Warn
    | SkipUndecryptable
    | LimitRecords
    | Ask
    | Tell
)


class Flow:
    """What a handler wants to happen, in order.

    Args:
        observed: whether anybody listens to what is only told.
    """

    __slots__ = ("effects", "observed")

    def __init__(self, observed: bool = True) -> None:
        self.effects: list[Effect] = []
        self.observed = observed

    def send(self, message: Any) -> bytes:
        """Queue a handshake message; returns its bytes, for the transcript."""
        raw = encode(message)
        self.effects.append(Send(raw))
        return raw

    def install(self, direction: Direction, epoch: Epoch, secret: DirectionSecret) -> None:
        """Change the keys of one direction. No read key while handshake bytes are left over."""
        self.effects.append(Install(direction, epoch, secret))

    def open(self, direction: Direction) -> None:
        """Let application data flow in this direction."""
        self.effects.append(Open(direction))

    def open_early(self, direction: Direction, limit: int) -> None:
        """Let early data flow in this direction, ``limit`` bytes of it."""
        self.effects.append(OpenEarly(direction, limit))

    def unprotect(self) -> None:
        """Write in the clear again."""
        self.effects.append(Unprotect())

    def change_cipher_spec(self, *, required: bool = False) -> None:
        """Send ChangeCipherSpec: 1.2's real one, or 1.3's dummy where the carrier has it."""
        self.effects.append(ChangeCipherSpec(required))

    def warn(self, description: AlertDescription) -> None:
        """Send an alert that ends nothing."""
        self.effects.append(Warn(description))

    def skip_undecryptable(self, limit: int) -> None:
        """Expect refused early data."""
        self.effects.append(SkipUndecryptable(limit))

    def limit_records(self, read: int, write: int, *, in_the_clear: bool = False) -> None:
        """Shrink records to what both sides agreed on; bytes, content type included."""
        self.effects.append(LimitRecords(read, write, in_the_clear))

    def ask(self, question: Question) -> None:
        """Ask the world outside; once in a flow, as its last effect."""
        self.effects.append(Ask(question, None))

    def ask_aside(self, question: Question, context: bytes) -> None:
        """Ask on behalf of one exchange of a connected state; once in a flow, as its last effect.

        Input goes on. The answer is for the state of that time: its ``aside_<answer>`` is called
        with the context.
        """
        self.effects.append(Ask(question, context))

    def tell(self, fact: Any) -> None:
        """Tell a fact that the connection keeps or acts on; observers hear of it too."""
        self.effects.append(Tell(fact))

    def note(self, fact: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Tell a fact that observers alone care for: it is not even made when there are none."""
        if self.observed:
            self.effects.append(Tell(fact(*args, **kwargs)))
