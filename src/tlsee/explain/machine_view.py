"""The state machine as a picture: all that may happen in a role and a version, and what did.

The graph is read from the handlers' annotations, as the driver reads it (``handshake.states``), so
that what is drawn is what runs. The path is that of the recording's ``StateEntered`` events.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from tlsee.codes import ContentType, ProtocolVersion
from tlsee.errors import TLSError
from tlsee.explain.placed import Placed
from tlsee.explain.story import Story
from tlsee.handshake import hello_client, hello_server
from tlsee.handshake.states import (
    State,
    answer_edge,
    aside_edges,
    change_cipher_spec_edge,
    command_edges,
    edges,
)
from tlsee.recording.recording import Recording
from tlsee.text import printable
from tlsee.trace import (
    MessageReceived,
    MessageSent,
    RecordReceived,
    Role,
    StateEntered,
)
from tlsee.values import replace, value
from tlsee.wire.framing import kind_of

__all__ = ["CHANGE_CIPHER_SPEC", "MachineEdge", "MachineView", "machine_of"]

CHANGE_CIPHER_SPEC = "change_cipher_spec"  # no message, but an edge in TLS 1.2
_STARTS: dict[Role, type[State]] = {
    Role.CLIENT: hello_client.AwaitSessionVerdict,
    Role.SERVER: hello_server.WaitClientHello,
}
NAME_SHOWN = 64  # characters of a state's name; ours are shorter
PATH_LIMIT = 512  # states of one connection that are told; a peer may ask for new keys for hours
# What this side wants, by the message that says it.
_WISHES = {
    "key_update": "(update keys)",
    "certificate_request": "(request certificate)",
    "new_session_ticket": "(send tickets)",
}


@value
class MachineEdge:
    """A way from one state to another.

    Attributes:
        message: what leads there: a message's name, ``change_cipher_spec``, or what is in brackets:
            an answer from outside, ``(verdict)``, or what this side wanted, ``(update keys)``.
        taken: whether this connection went there.
        steps: the numbers of the story's steps that led there, in order.
    """

    source: str
    message: str
    target: str
    taken: bool
    steps: tuple[int, ...] = ()


@value
class MachineView:
    """One role's machine in one version, and the path through it.

    Attributes:
        version: what was agreed on; before that, the newest, whose machine is shown.
        states: the names, in the order in which they can be reached; ``figure`` has the name of
            each in RFC 9846, Appendix A (for TLS 1.2: what it waits for).
        path: each state that was entered with the number of the story's step that led there; 0 at
            the start. A state may come more than once.
        refused: whether the connection failed in the last of them.
    """

    role: Role
    version: ProtocolVersion
    states: tuple[str, ...]
    edges: tuple[MachineEdge, ...]
    path: tuple[tuple[str, int], ...]
    figure: dict[str, str]
    refused: bool


def machine_of(recording: Recording) -> MachineView | None:
    """The machine of the side that was recorded, the taken path lit.

    ``None`` where no machine was watched: nothing happened, or a listener recorded it.
    """
    entered = any(isinstance(event, StateEntered) for event in recording.events())
    if not entered or recording.header.overheard:
        return None
    placed = Placed(recording)
    story = placed.story
    version = _version(story)
    drawn = graph(story.role, version)
    walk = _Walk({(edge.source, edge.message, edge.target) for edge in drawn.edges})
    for place, moment in enumerate(recording.moments):
        walk.take(moment.item, placed.number_at(place), older=_OLDER[version])
    if story.error is None:
        walk.pause()
    lit = tuple(
        replace(edge, taken=key in walk.taken, steps=tuple(walk.taken.get(key, ())))
        for edge in drawn.edges
        for key in [(edge.source, edge.message, edge.target)]
    )
    return replace(drawn, edges=lit, path=tuple(walk.path), refused=story.error is not None)


def _version(story: Story) -> ProtocolVersion:
    """What was agreed on, else what the server chose before it failed, else the newest."""
    choice = story.choice("version")
    for version in (story.version, choice.chosen if choice is not None else None):
        if isinstance(version, ProtocolVersion) and version in _OLDER:
            return version
    return ProtocolVersion.TLS13


_OLDER = {ProtocolVersion.TLS13: False, ProtocolVersion.TLS12: True}


@cache
def graph(role: Role, version: ProtocolVersion) -> MachineView:
    """What may happen at all in a role and a version, nothing of it taken."""
    found: dict[str, type[State]] = {}
    ways: dict[tuple[str, str, str], None] = {}
    waiting = [_STARTS[role]]
    while waiting:
        state = waiting.pop(0)
        if state.__name__ in found:
            continue
        found[state.__name__] = state
        for label, target in _ways(state):
            if _is_of(target, version):
                ways[state.__name__, label, target.__name__] = None
                waiting.append(target)
    return MachineView(
        role,
        version,
        tuple(found),
        tuple(MachineEdge(*way, taken=False) for way in ways),
        (),
        {name: state.rfc.removeprefix("1.2 ") for name, state in found.items()},
        False,
    )


def _is_of(state: type[State], version: ProtocolVersion) -> bool:
    """A state of one version lives in a module that says so, but for those of the hellos."""
    module = state.__module__.rpartition(".")[2]
    return module.startswith("hello_") or ("12" in module) is _OLDER[version]


def _ways(state: type[State]) -> Iterator[tuple[str, type[State]]]:
    asking = answer_edge(state)
    if asking is not None:
        yield from ((_bracketed(asking[0]), target) for target in asking[1])
        return
    for kind, edge in edges(state).items():
        yield from ((str(kind), target) for target in edge.targets)
    yield from ((CHANGE_CIPHER_SPEC, target) for target in change_cipher_spec_edge(state))
    for found in (aside_edges(state), command_edges(state)):
        for name, targets in found.items():
            yield from ((_bracketed(name), target) for target in targets)


def _bracketed(handler: str) -> str:
    """``on_verdict`` is ``(verdict)``, ``do_update_keys`` is ``(update keys)``."""
    return f"({handler.partition('_')[2].replace('_', ' ')})"


class _Walk:
    """Follows the events through the graph and keeps the edges that they took."""

    def __init__(self, ways: set[tuple[str, str, str]]) -> None:
        self._ways = ways
        self._answers: dict[tuple[str, str], list[str]] = {}
        for source, label, target in sorted(ways):
            if label.startswith("("):
                self._answers.setdefault((source, target), []).append(label)
        self.path: list[tuple[str, int]] = []
        self.taken: dict[tuple[str, str, str], list[int]] = {}
        self._came = ""  # what the peer said since the last state, and no state came of it yet
        self._sent = ""  # what this side said since then
        self._steps = {"came": 0, "sent": 0}  # the numbers of the last of each

    def take(self, event: Any, number: int, *, older: bool) -> None:
        """One event of the trace; ``number`` is the story's at this moment."""
        if isinstance(event, MessageReceived):
            self._comes(_label(event.raw), number)
        elif isinstance(event, RecordReceived):
            if older and event.content_type == ContentType.change_cipher_spec:
                self._comes(CHANGE_CIPHER_SPEC, number)
        elif isinstance(event, MessageSent):
            self._sent, self._steps["sent"] = _label(event.raw), number
        elif isinstance(event, StateEntered):
            self._enters(printable(event.name, NAME_SHOWN))

    def _comes(self, label: str, number: int) -> None:
        self.pause()
        self._came, self._steps["came"] = label, number

    def pause(self) -> None:
        """What the peer said before led to no other state: it stayed where it was."""
        if self._came and self.path:
            state = self.path[-1][0]
            self._light((state, self._came, state), self._steps["came"])
        self._came = self._sent = ""

    def _enters(self, name: str) -> None:
        if len(self.path) >= PATH_LIMIT:
            return
        number = 0
        if self.path:
            source = self.path[-1][0]
            label = self._came or self._answer(source, name)
            wished = label in _WISHES.values() or not self._steps["came"]
            number = self._steps["sent" if wished else "came"]
            self._light((source, label, name), number)
        self.path.append((name, number))
        self._came = self._sent = ""

    def _answer(self, source: str, target: str) -> str:
        """Which answer or wish it was; where several lead there, what this side said tells."""
        labels = self._answers.get((source, target), [])
        wish = _WISHES.get(self._sent)
        if wish in labels:
            return wish
        return next((label for label in labels if label not in _WISHES.values()), "")

    def _light(self, way: tuple[str, str, str], number: int) -> None:
        if way in self._ways:
            self.taken.setdefault(way, []).append(number)


def _label(raw: bytes) -> str:
    try:
        return str(kind_of(raw))
    except TLSError:
        return ""
