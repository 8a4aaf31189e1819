"""What a state is, and the edges that are read from it.

Whatever draws or tests the graph reads the same annotations as the driver; see ``machine``.
"""

from __future__ import annotations

import typing
from typing import Any, ClassVar, NamedTuple

from tlsee.codes import HandshakeType
from tlsee.questions import Question


class State:
    """Base of all states. ``rfc`` is the name of the moment in RFC 9846, Appendix A."""

    __slots__ = ()
    rfc: ClassVar[str] = ""
    connected: ClassVar[bool] = False
    allows_change_cipher_spec: ClassVar[bool] = True
    ignores_warnings: ClassVar[bool] = False
    allows_data: ClassVar[bool] = True  # where data may flow at all

    def fork(self) -> State:
        """The same state for a second connection; what can be used once is made twice."""
        return self

    def after_dummy(self) -> State:
        """The state once a dummy change_cipher_spec was dropped: the same for all but one."""
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # states hold secrets


class Edge(NamedTuple):
    """One legal message of a state: how to decode it, who handles it, where it may lead."""

    message: HandshakeType
    struct: type
    handler: str
    targets: tuple[type[State], ...]


CHANGE_CIPHER_SPEC = "on_change_cipher_spec"  # no message, and in no transcript (RFC 5246, 7.1)

_edges: dict[type[State], dict[HandshakeType, Edge]] = {}


def edges(state: type[State]) -> dict[HandshakeType, Edge]:
    """The edges of a state by message type, read from its handlers' annotations."""
    found = _edges.get(state)
    if found is None:
        found = _edges[state] = _read_edges(state)
    return found


def answer_edge(state: type[State]) -> tuple[str, tuple[type[State], ...]] | None:
    """For a state that waits for an answer: its handler's name and where it may lead."""
    for question in Question.__subclasses__():
        handler = getattr(state, question.handler, None)
        if handler is not None:
            return question.handler, _return_of(state, question.handler)
    return None


def aside_edges(state: type[State]) -> dict[str, tuple[type[State], ...]]:
    """Where the answers lead that a connected state takes aside, by its handlers' names."""
    names = {aside_handler(question) for question in Question.__subclasses__()}
    return {name: _return_of(state, name) for name in sorted(names) if hasattr(state, name)}


def command_edges(state: type[State]) -> dict[str, tuple[type[State], ...]]:
    """Where what this side may want leads, by its handlers' names."""
    return {name: _return_of(state, name) for name in dir(state) if name.startswith("do_")}


def aside_handler(question: Question | type[Question]) -> str:
    """Who takes the answer to a question that was asked aside."""
    return "aside" + question.handler.removeprefix("on")


def _return_of(state: type[State], handler: str) -> tuple[type[State], ...]:
    own: Any = typing.Self
    targets = _targets(typing.get_type_hints(getattr(state, handler))["return"])
    return tuple(state if target is own else target for target in targets)


def change_cipher_spec_edge(state: type[State]) -> tuple[type[State], ...]:
    """Where ChangeCipherSpec leads from here, for the states of 1.2 that wait for it."""
    handler = getattr(state, CHANGE_CIPHER_SPEC, None)
    return _targets(typing.get_type_hints(handler)["return"]) if handler is not None else ()


def _read_edges(state: type[State]) -> dict[HandshakeType, Edge]:
    answers = {question.handler for question in Question.__subclasses__()}
    table: dict[HandshakeType, Edge] = {}
    for name in dir(state):
        if name.startswith("on_") and name not in answers and name != CHANGE_CIPHER_SPEC:
            hints = typing.get_type_hints(getattr(state, name))
            struct = hints["message"]
            kind: HandshakeType = struct.msg_type
            table[kind] = Edge(kind, struct, name, _targets(hints["return"]))
    return table


def _targets(annotation: Any) -> tuple[type[State], ...]:
    return typing.get_args(annotation) or (annotation,)
