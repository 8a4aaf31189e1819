"""The machine: what a state is, which edges it has (``states``), and the driver that walks them.

Rules that hold here:

1. A state is a value that holds what is known by then, and nothing optional. It has one
   ``on_<message>`` per legal message; the annotation of its argument names the struct to decode,
   the return annotation *is* the edge. ``edges`` reads the graph from those annotations, so the
   code, the test against RFC 9846, Appendix A, and the drawing in the docs cannot disagree.
2. A message without a handler is illegal, without anybody having written that down.
3. A state that waits for an answer has one ``on_<answer>`` and no message at all: input waits.
   What a connected state asks aside holds up one exchange only: ``aside_<answer>`` takes it.
4. The driver knows no records and no sockets. Handshake bytes go in by epoch; effects come out
   through the Carrier, in order, after the handler has returned.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

from tlsee import defaults
from tlsee.codes import HandshakeType
from tlsee.crypto.provider import LATER
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons, TLSError
from tlsee.handshake.flow import (
    Ask,
    Carrier,
    ChangeCipherSpec,
    Flow,
    Install,
    LimitRecords,
    Open,
    OpenEarly,
    Send,
    SkipUndecryptable,
    Tell,
    Unprotect,
    Warn,
)
from tlsee.handshake.states import (
    CHANGE_CIPHER_SPEC,
    Edge,
    State,
    answer_edge,
    aside_edges,
    aside_handler,
    change_cipher_spec_edge,
    command_edges,
    edges,
)
from tlsee.questions import Question
from tlsee.trace import (
    Direction,
    Epoch,
    MessageReceived,
    MessageSent,
    QuestionAnswered,
    QuestionAsked,
    StateEntered,
)
from tlsee.wire.codec import decode
from tlsee.wire.framing import HandshakeBuffer, kind_of

__all__ = [
    "Driver",
    "Edge",
    "State",
    "answer_edge",
    "aside_edges",
    "change_cipher_spec_edge",
    "command_edges",
    "edges",
]


class Aside(NamedTuple):
    """An open question that holds up one exchange, and which."""

    question: Question
    context: bytes


class Driver:
    """Walks the machine: reassembles messages, decodes, calls the handler, applies its flow.

    Args:
        start: fills the first flow (a client's hello) and returns the first state.
        carrier: where effects go.
        observe: told of messages and states, or ``None`` when nobody listens.

    ``begin`` lets the first flow take hold. ``flow`` makes the flows: a fork of a recording has
    ones that change what is sent.
    """

    flow: ClassVar[type[Flow]] = Flow

    def __init__(
        self,
        start: Callable[[Flow], State],
        carrier: Carrier,
        observe: Callable[[Any], None] | None,
    ) -> None:
        self.carrier: Carrier = weakref.proxy(carrier)  # who owns the driver, and ends with it
        self.observe = observe
        self.buffer = HandshakeBuffer(defaults.message_limit)
        self.read_epoch = Epoch.INITIAL
        self.write_epoch = Epoch.INITIAL
        self.question: Question | None = None
        self.asides: list[Aside] = []
        self.heard: dict[HandshakeType, bytes] = {}  # hellos and requests, for evidence
        flow = self.flow(self.observe is not None)
        self.state: State = start(flow)
        self._first: Flow | None = flow

    def begin(self) -> None:
        """Say what is to be said first, and ask; once.

        Raises:
            TLSError: whoever was asked refused or failed.
        """
        first, self._first = self._first, None
        if first is not None:
            self._settle(first, entered=True)

    # --- In -----------------------------------------------------------------------------------

    def receive(self, epoch: Epoch, data: bytes) -> None:
        """Take handshake bytes that were protected by this epoch's keys.

        Raises:
            PeerMisbehaved: and whatever else a handler refuses with. Nothing after the refusal
                has happened; everything before it has.
        """
        if epoch is not self.read_epoch:
            raise PeerMisbehaved(
                Reasons.unexpected_message,
                f"handshake bytes under {epoch.name} keys, expected {self.read_epoch.name}",
            )
        self.buffer.append(data)
        self.resume()

    def resume(self) -> None:
        """Process buffered messages until more bytes or an answer are needed."""
        while self.question is None:
            raw = self.buffer.next()
            if raw is None:
                return
            self._handle(raw)

    def receive_change_cipher_spec(self) -> None:
        """Take it where it means something (RFC 5246, 7.1); else drop the dummy, or refuse it."""
        if self.buffer.pending:
            raise PeerMisbehaved(
                Reasons.interleaved_handshake, "change_cipher_spec inside a handshake message"
            )
        handler = getattr(self.state, CHANGE_CIPHER_SPEC, None)
        if handler is not None:
            flow = self.flow(self.observe is not None)
            self._enter(handler(flow), flow)
            return
        if not self.state.allows_change_cipher_spec:
            raise PeerMisbehaved(
                Reasons.bad_change_cipher_spec, f"while the state is {self.state.rfc}"
            )
        self.state = self.state.after_dummy()

    def is_open(self, question: Question) -> bool:
        """Whether this very question waits for its answer."""
        return question is self.question or any(question is aside.question for aside in self.asides)

    def place_of(self, question: Question) -> int:
        """Its place among the open questions of its kind, the oldest first."""
        asides = [aside.question for aside in self.asides]
        open_ones = [*asides, *([self.question] if self.question is not None else [])]
        same = [one for one in open_ones if type(one) is type(question)]
        return next(place for place, one in enumerate(same) if one is question)

    def answer(self, question: Question, answer: object) -> None:
        """Go on with the answer to an open question; an exception refuses.

        Raises:
            ApiMisuse: no such question is open, or the answer has the wrong type.
        """
        if not self.is_open(question):
            raise ApiMisuse(
                f"{type(question).__name__} is not the open question",
                "answer each Question event once",
            )
        if isinstance(answer, BaseException):
            self._tell_answer(question, answer)
            self._close(question)
            raise answer
        checked = question.check(answer)
        self._tell_answer(question, answer)
        context = self._close(question)
        following = question.then(checked)
        if following is None:
            self._answered(question, checked, context)
        else:
            self._ask(following, context)
        self.resume()

    def can(self, name: str) -> bool:
        """Whether the state has such a command."""
        return hasattr(self.state, f"do_{name}")

    def command(self, name: str, *arguments: object) -> None:
        """Something this side wants: new keys, tickets for the client, its certificate.

        Raises:
            ApiMisuse: the state cannot do it.
        """
        handler = getattr(self.state, f"do_{name}", None)
        if handler is None:
            raise ApiMisuse(f"{name} while the state is {type(self.state).__name__}")
        flow = self.flow(self.observe is not None)
        self._enter(handler(*arguments, flow), flow)

    def fork(self, carrier: Carrier, observe: Callable[[Any], None] | None) -> Driver:
        """A second driver in the same state, on another carrier."""
        twin: Driver = object.__new__(type(self))
        twin.carrier = weakref.proxy(carrier)
        twin.observe = observe
        twin.buffer = self.buffer.copy()
        twin.read_epoch = self.read_epoch
        twin.write_epoch = self.write_epoch
        twin.question = self.question
        twin.asides = list(self.asides)
        twin.heard = dict(self.heard)
        twin.state = self.state.fork()
        twin._first = self._first
        return twin

    def expected(self) -> tuple[str, ...]:
        """The names of the messages that this state allows."""
        return tuple(str(kind) for kind in edges(type(self.state)))

    # --- Within -------------------------------------------------------------------------------

    def _handle(self, raw: bytes) -> None:
        kind = kind_of(raw)
        if self.read_epoch is Epoch.INITIAL or kind == HandshakeType.certificate_request:
            self.heard[kind] = raw
        if self.observe is not None:
            self.observe(MessageReceived(self.read_epoch, raw))
        edge = edges(type(self.state)).get(kind)
        if edge is None:
            expected = " or ".join(self.expected()) or "nothing"
            raise PeerMisbehaved(
                Reasons.unexpected_message, f"got {kind}, expected {expected} ({self.state.rfc})"
            )
        flow = self.flow(self.observe is not None)
        self._enter(getattr(self.state, edge.handler)(decode(edge.struct, raw), flow), flow)

    def _enter(self, state: State, flow: Flow) -> None:
        if self.buffer.pending:
            self._check_alignment(flow)
        entered = state is not self.state
        self.state = state
        self._settle(flow, entered)

    def _check_alignment(self, flow: Flow) -> None:
        """Before read keys change nothing may be left over of what the old ones protected.

        It is looked at before any effect takes hold, so that the alert leaves under keys that the
        peer expects: those of before the whole step (RFC 9846, 5.1).
        """
        for effect in flow.effects:
            if isinstance(effect, Install) and effect.direction is Direction.READ:
                raise PeerMisbehaved(
                    Reasons.misaligned_key_change, f"{self.buffer.pending} bytes behind a message"
                )

    def _settle(self, flow: Flow, entered: bool) -> None:
        """Let a flow take hold; a question that is answered at once leads straight on."""
        asked = self._apply(flow)
        if entered and self.observe is not None:
            self.observe(StateEntered(type(self.state).__name__))
        if asked is not None:
            self._ask(asked.question, asked.aside)

    def _ask(self, question: Question, context: bytes | None) -> None:
        """Try a question at once, and those to which it leads; only ``LATER`` leaves it open."""
        while True:
            answer = self._attempt(question)
            if answer is LATER:
                self._leave_open(question, context)
                return
            checked = question.check(answer)
            following = question.then(checked)
            if following is None:
                self._answered(question, checked, context)
                return
            question = following

    def _attempt(self, question: Question) -> Any:
        if self.observe is None:
            return question.attempt()
        self.observe(QuestionAsked(type(question).__name__))
        try:
            answer = question.attempt()
        except TLSError as refusal:
            self._tell_answer(question, refusal)
            raise
        if answer is not LATER:
            self._tell_answer(question, answer)
        return answer

    def _tell_answer(self, question: Question, answer: object) -> None:
        if self.observe is not None:
            self.observe(QuestionAnswered(type(question).__name__, question, answer))

    def _leave_open(self, question: Question, context: bytes | None) -> None:
        if context is None:
            self.question = question
        else:
            self.asides.append(Aside(question, context))
            self.carrier.ask_aside(question)

    def _close(self, question: Question) -> bytes | None:
        """It is answered; gives the context of the exchange that asked, if it was one."""
        if question is self.question:
            self.question = None
            return None
        (found,) = [aside for aside in self.asides if aside.question is question]
        self.asides = [aside for aside in self.asides if aside is not found]
        return found.context

    def _answered(self, question: Question, answer: object, context: bytes | None) -> None:
        flow = self.flow(self.observe is not None)
        if context is None:
            state = getattr(self.state, question.handler)(answer, flow)
        else:
            state = getattr(self.state, aside_handler(question))(answer, context, flow)
        self._enter(state, flow)

    def _apply(self, flow: Flow) -> Ask | None:
        for effect in flow.effects:
            if isinstance(effect, Ask):
                return effect
            _APPLIERS[type(effect)](self, effect)
        return None

    def take_send(self, effect: Send) -> None:
        """A message leaves under the epoch that writes now."""
        raw = effect.raw
        if self.write_epoch is Epoch.INITIAL:
            self.heard[kind_of(raw)] = raw
        if self.observe is not None:
            self.observe(MessageSent(self.write_epoch, raw))
        self.carrier.send(self.write_epoch, raw)

    def take_change_cipher_spec(self, effect: ChangeCipherSpec) -> None:
        """The dummy record, where the carrier has such a thing."""
        if effect.required or self.carrier.middlebox_compatibility:
            self.carrier.change_cipher_spec()

    def take_install(self, effect: Install) -> None:
        """Keys change."""
        if effect.direction is Direction.READ:
            self.read_epoch = effect.epoch
        else:
            self.write_epoch = effect.epoch
        self.carrier.install(effect.direction, effect.epoch, effect.secret)

    def take_unprotect(self, effect: Unprotect) -> None:  # noqa: ARG002 - it says it all
        """Back to the epoch without keys, for the second hello."""
        self.write_epoch = Epoch.INITIAL
        self.carrier.unprotect()


_APPLIERS: dict[type, Callable[[Driver, Any], None]] = {
    Send: Driver.take_send,
    Install: Driver.take_install,
    ChangeCipherSpec: Driver.take_change_cipher_spec,
    Warn: lambda driver, effect: driver.carrier.warn(effect.description),
    Tell: lambda driver, effect: driver.carrier.tell(effect.fact),
    Open: lambda driver, effect: driver.carrier.open(effect.direction),
    OpenEarly: lambda driver, effect: driver.carrier.open_early(effect.direction, effect.limit),
    Unprotect: Driver.take_unprotect,
    LimitRecords: lambda driver, effect: driver.carrier.limit_records(
        effect.read, effect.write, effect.in_the_clear
    ),
    SkipUndecryptable: lambda driver, effect: driver.carrier.skip_undecryptable(effect.limit),
}
