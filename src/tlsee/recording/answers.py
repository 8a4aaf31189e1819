"""What questions were answered with, as values that a recording can keep."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tlsee.errors import TLSError
from tlsee.identity.path.judge import Verdict
from tlsee.questions import (
    ChooseCredential,
    ConfigForHello,
    Decrypt,
    FetchAll,
    FindSession,
    IsReplay,
    Judge,
    Sign,
)
from tlsee.recording.kept import Answered, How
from tlsee.recording.seen import seen
from tlsee.recording.settings import configuration_of
from tlsee.trace import QuestionAnswered
from tlsee.values import replace


def answered_of(event: QuestionAnswered) -> Answered | None:
    """The answer that an event tells of; ``None`` where the event holds none, or an unknown one."""
    if isinstance(event.answer, TLSError):
        return Answered(event.kind, How.REFUSED, (), event.answer)
    take = _TAKERS.get(type(event.question))
    return take(event.question, event.answer) if take is not None else None


def _config(question: ConfigForHello, answer: Any) -> Answered:
    if answer is question.config:
        return Answered("ConfigForHello", How.VALUES)
    return Answered("ConfigForHello", How.CONFIGURATION, (), configuration_of(answer))


def _credential(_: ChooseCredential, answer: Any) -> Answered:
    considered = (part for pair in answer.considered for part in pair)
    items = (answer.chosen, answer.scheme, answer.name_known, *considered)
    values = tuple(seen(item, in_full=True) for item in items)
    return Answered("ChooseCredential", How.VALUES, values)


def _verdict(_: Judge, answer: Any) -> Answered:
    if not isinstance(answer, Verdict):
        return Answered("Judge", How.NEEDS)
    return Answered("Judge", How.VERDICT, (), replace(answer, asked=None, explore=None))


def _fetched(question: FetchAll, answer: Any) -> Answered:
    found = ((fetch.url, answer.get(fetch)) for fetch in question.fetches)
    values = tuple(part for pair in found for part in pair)
    return Answered("FetchAll", How.VALUES, tuple(seen(part, in_full=True) for part in values))


def _sessions(_: FindSession, answer: Any) -> Answered:
    return Answered("FindSession", How.VALUES, tuple(answer))


def _replayed(_: IsReplay, answer: Any) -> Answered:
    return Answered("IsReplay", How.VALUES, (bool(answer),))


def _bytes(question: Sign | Decrypt, answer: Any) -> Answered:
    return Answered(type(question).__name__, How.VALUES, (bytes(answer),))


_TAKERS: dict[type, Callable[[Any, Any], Answered]] = {
    ConfigForHello: _config,
    ChooseCredential: _credential,
    Judge: _verdict,
    FetchAll: _fetched,
    FindSession: _sessions,
    IsReplay: _replayed,
    Sign: _bytes,
    Decrypt: _bytes,
}
