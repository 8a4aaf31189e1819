"""Questions that a blocking stream answers by asking a function."""

from __future__ import annotations

import pytest

from tests.support.endpoints import client_config
from tests.support.streams import PATIENCE, streams, threads
from tlsee.crypto.provider import LATER, Later
from tlsee.deciders import JudgeRequest, default_judge
from tlsee.errors import ApiMisuse, LocalFailure, TLSError
from tlsee.questions import Judge, Question


def _later(_: JudgeRequest) -> Later:
    return LATER


def _answered(on_question: object) -> BaseException | None:
    """How a client with a judge that answers later ends, and (in its text) its server too."""
    config, options = client_config(judge=_later), {"on_question": on_question}
    with (
        streams(config, client_options=options, shaken=False) as (ours, theirs),
        threads() as submit,
    ):
        serving = submit(theirs.recv)
        try:
            ours.handshake()
        except TLSError as error:
            error.add_note(str(serving.exception(PATIENCE)))
            return error
        ours.send_eof()
        assert serving.result(PATIENCE) == b""
        return None


def test_answered_by_a_function() -> None:
    """The function's answer is the answer."""
    asked: list[Question] = []

    def judge(question: Question) -> object:
        asked.append(question)
        assert isinstance(question, Judge)
        return default_judge(question.request)

    assert _answered(judge) is None
    assert [type(question) for question in asked] == [Judge]


def test_nobody_to_ask() -> None:
    """Without a function the handshake ends with an alert, and the text says what is missing."""
    error = _answered(None)
    assert isinstance(error, ApiMisuse)
    assert "on_question=" in str(error)
    assert "internal_error" in error.__notes__[0]


def test_an_answer_of_the_wrong_type() -> None:
    """It does not leave the peer waiting."""
    error = _answered(lambda _: True)
    assert isinstance(error, ApiMisuse)
    assert "Judge was answered with" in str(error)


def test_a_function_that_passes_on_leaves_it_to_the_question() -> None:
    """LATER again is no answer: the question's own way is taken, and Judge has none."""
    error = _answered(lambda _: LATER)
    assert isinstance(error, ApiMisuse)
    assert "nobody to ask" in str(error)


def test_a_question_with_a_way_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a function the stream takes the question's own way, which may block."""
    monkeypatch.setattr(Judge, "resolve", lambda question: default_judge(question.request))
    assert _answered(None) is None


def test_a_function_that_raises_refuses() -> None:
    """Whatever it raises: the peer gets access_denied, the caller the cause."""

    def refuse(_: Question) -> object:
        raise PermissionError("not today")

    error = _answered(refuse)
    assert isinstance(error, LocalFailure)
    assert isinstance(error.__cause__, PermissionError)
    assert "access_denied" in error.__notes__[0]
    with pytest.raises(LocalFailure):
        raise error
