"""Bringing the answer to a question, or the lack of one, to the connection."""

from __future__ import annotations

from collections.abc import Callable

from tlsee.connection.connection import Connection
from tlsee.errors import ApiMisuse
from tlsee.questions import Question

OnQuestion = Callable[[Question], object]


def ask(connection: Connection, question: Question, on_question: OnQuestion | None) -> None:
    """Ask the function for the answer, and settle; it may take its time."""
    answer: object
    if on_question is None:
        answer = unanswered(question)
    else:
        try:
            answer = on_question(question)
        except Exception as error:  # noqa: BLE001 - whatever it is, it refuses
            answer = error
    settle(connection, question, answer)


def unanswered(question: Question) -> ApiMisuse:
    """Something answered ``LATER`` and nobody is there to answer then."""
    kind = type(question).__name__
    return ApiMisuse(
        f"the answer to {kind} was LATER, and this stream has nobody to ask for it",
        "pass on_question= a function that takes the question and returns its answer",
    )


def settle(connection: Connection, question: Question, answer: object) -> None:
    """Answer; an answer of the wrong type refuses, so that the peer does not wait for ever."""
    try:
        connection.answer(question, answer)
    except ApiMisuse as error:
        if connection.failure is None:
            connection.answer(question, error)
