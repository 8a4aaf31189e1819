"""Bringing the answer to a question, or the lack of one, to the connection."""

from __future__ import annotations

from collections.abc import Callable

from tlsee.connection.connection import Connection
from tlsee.crypto.provider import LATER
from tlsee.errors import ApiMisuse
from tlsee.questions import Question

OnQuestion = Callable[[Question], object]


def ask(connection: Connection, question: Question, on_question: OnQuestion | None) -> None:
    """Ask the function for the answer, and settle; it may take its time.

    Where there is none, or it says ``LATER`` again, the question's own way is taken.
    """
    answer: object
    try:
        answer = on_question(question) if on_question is not None else LATER
        if answer is LATER:
            answer = question.resolve()
    except Exception as error:  # noqa: BLE001 - whatever it is, it refuses
        answer = error
    settle(connection, question, answer)


def settle(connection: Connection, question: Question, answer: object) -> None:
    """Answer; an answer of the wrong type refuses, so that the peer does not wait for ever."""
    try:
        connection.answer(question, answer)
    except ApiMisuse as error:
        if connection.failure is None:
            connection.answer(question, error)
