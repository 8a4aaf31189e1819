"""The transcript's hashes, from the messages of a story, each in the words of the RFC."""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.codes import HandshakeType
from tlsee.explain.keytree.listening import Context, Listener
from tlsee.explain.keytree.node import KeyInput, KeyNode
from tlsee.explain.narrate import title
from tlsee.explain.story import Kind, Step, Story
from tlsee.keys.transcript import Transcript
from tlsee.trace import Role
from tlsee.wire.framing import message_hash
from tlsee.wire.hellos import ClientHello, HelloRetryRequest

__all__ = ["Said", "Transcripts", "named"]

_CLAUSE = {True: "RFC 9846, 4.1", False: "RFC 5246, 7.4.9"}

# Not part of any transcript (RFC 9846, 4.1; RFC 5246, 7.4.1.1). 1.2's NewSessionTicket is.
_APART = frozenset((HandshakeType.key_update, HandshakeType.hello_request))


# What both sides may say; the words tell who did.
_OF_BOTH = frozenset(
    (HandshakeType.certificate, HandshakeType.certificate_verify, HandshakeType.finished)
)


def named(step: Step) -> str:
    """What to call a step: a message by its number and name."""
    kind = "message" if step.kind is Kind.MESSAGE else "step"
    return f"{kind} {step.number}, {title(step)}"


class Said:
    """The handshake of a story, and what came after it.

    Attributes:
        handshake: the steps whose messages are the transcript, up to the last Finished.
        after: the messages behind that, and those that no transcript has.
    """

    def __init__(self, story: Story) -> None:
        self.handshake: list[Step] = []
        self.after: list[Step] = []
        apart = _APART if story.is_older else _APART | {HandshakeType.new_session_ticket}
        open_ends = {Role.CLIENT, Role.SERVER}
        for step in story.steps:
            if step.kind is not Kind.MESSAGE:
                continue
            if not open_ends or step.handshake_type in apart:
                self.after.append(step)
                continue
            self.handshake.append(step)
            if step.handshake_type == HandshakeType.finished:
                open_ends.discard(step.sender)

    def step(self, kind: HandshakeType, sender: Role) -> Step | None:
        """The first message of this type from this side."""
        for step in self.handshake:
            if step.handshake_type == kind and step.sender is sender:
                return step
        return None

    def upto(self, last: Step) -> list[Step]:
        """The messages from the first one up to and with this one."""
        return self.handshake[: self.handshake.index(last) + 1]

    def before(self, step: Step) -> list[Step]:
        """The messages in front of this one."""
        return self.handshake[: self.handshake.index(step)]


class Transcripts:
    """Hashes of messages; each becomes a node beside the listener's."""

    def __init__(self, listener: Listener, *, older: bool = False) -> None:
        self._listener = listener
        self._clause = _CLAUSE[not older]

    def of(self, hash_name: str, steps: Sequence[Step], truncated: bytes | None = None) -> Context:
        """Transcript-Hash of these messages.

        Args:
            hash_name: ``hashlib``'s.
            steps: in order, from the first ClientHello on.
            truncated: what stands for the last one: a ClientHello without its binders.
        """
        inputs: list[KeyInput] = []
        rest = list(steps)
        if len(rest) > 1 and isinstance(rest[1].message, HelloRetryRequest):
            first = self.of(hash_name, rest[:1])
            inputs.append(KeyInput(f"message_hash of {named(rest[0])}", "", message_hash(first)))
            rest = rest[1:]
        inputs += [KeyInput(named(step), "", step.raw) for step in rest]
        words = _words(steps)
        if truncated is not None:
            inputs[-1] = KeyInput(f"{named(steps[-1])}, without its binders", "", truncated)
            words = _words([*steps[:-1]], f"Truncate({_called(steps[-1], steps)})")
        transcript = Transcript.start(hash_name)
        for one in inputs:
            transcript = transcript.add(one.data or b"")
        return self._noted(hash_name, Context.of(transcript.digest(), words), tuple(inputs))

    def _noted(self, hash_name: str, made: Context, inputs: tuple[KeyInput, ...]) -> Context:
        known = self._listener.transcripts
        name, number = made.words, 1
        while name in known and known[name].output != bytes(made):
            number += 1
            name = f"{made.words}, {number}"
        made.words = name
        about = f"The hash of {len(inputs)} messages as they came, headers included."
        if len(inputs) == 1:
            about = "The hash of one message as it came, header included."
        known[name] = KeyNode(
            name,
            "Transcript-Hash",
            inputs,
            "",
            b"",
            "",
            len(made),
            bytes(made),
            True,
            None,
            "",
            about,
            self._clause,
            "transcript",
            hash_name,
        )
        return made


def _words(steps: Sequence[Step], last: str = "") -> str:
    """The first and the last message; between them two dots, as the RFC has three."""
    names = [_called(step, steps) for step in steps] + ([last] if last else [])
    if len(names) > 1 and isinstance(steps[min(1, len(steps) - 1)].message, HelloRetryRequest):
        names[0] = f"message_hash({names[0]})"
    if not names:
        return "Transcript-Hash of no messages"
    if len(names) == 1:
        return f"Transcript-Hash({names[0]})"
    between = ", " if len(names) == 2 else " .. "
    return f"Transcript-Hash({names[0]}{between}{names[-1]})"


def _called(step: Step, steps: Sequence[Step]) -> str:
    """A message's name, with its sender or its number where there are two of its kind."""
    name = title(step)
    if isinstance(step.message, ClientHello):
        hellos = [one for one in steps if isinstance(one.message, ClientHello)]
        retried = any(isinstance(one.message, HelloRetryRequest) for one in steps)
        return f"{name}{hellos.index(step) + 1}" if retried and step in hellos else name
    if step.handshake_type in _OF_BOTH:
        return f"{step.sender.value} {name}"
    return name
