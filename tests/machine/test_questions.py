"""Every question can be answered late, in both roles, and only once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.endpoints import (
    Pair,
    client_config,
    client_credential,
    server_config,
    server_credential,
    trust,
)
from tests.support.resuming import resumable
from tlsee.codes import AlertDescription, SignatureScheme
from tlsee.crypto.provider import LATER, Later, Signer
from tlsee.deciders import default_chooser, default_judge
from tlsee.errors import ApiMisuse, CertificateRejected, LocalFailure, Reasons, TLSError
from tlsee.handshake.outcome import EarlyData
from tlsee.identity.credentials import Credential
from tlsee.questions import (
    ChooseCredential,
    ConfigForHello,
    FindSession,
    IsReplay,
    Judge,
    Question,
    Sign,
)
from tlsee.sessions.stores import TicketSessions


class RemoteSigner:
    """A key that is held elsewhere: it never answers at once."""

    def __init__(self, inner: Signer) -> None:
        self.inner = inner

    @property
    def schemes(self) -> Sequence[SignatureScheme]:
        return self.inner.schemes

    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        return LATER

    def sign_now(self, scheme: SignatureScheme, content: bytes) -> bytes:
        made = self.inner.sign(scheme, content)
        assert isinstance(made, bytes)
        return made


def later(*_: Any) -> Later:
    return LATER


def remote(credential: Credential) -> Credential:
    return Credential(credential.chain, RemoteSigner(credential.signer))


def patient(question: Question) -> object:
    """The answer that would have come at once."""
    match question:
        case ConfigForHello():
            return question.config
        case ChooseCredential():
            return default_chooser(question.request)
        case Judge():
            return default_judge(question.request)
        case FindSession() | IsReplay():
            return question.resolve()
        case Sign():
            signer = question.signer
            assert isinstance(signer, RemoteSigner)
            return signer.sign_now(question.scheme, question.content)
    raise AssertionError(question)


def slow_pair(answer: Any = patient) -> Pair:
    """Both roles ask about everything they can ask about."""
    return Pair(
        client_config(
            credentials=[remote(client_credential())], judge=later, choose_credential=later
        ),
        server_config(
            credentials=[remote(server_credential())],
            client_trust=trust(),
            judge=later,
            choose_credential=later,
            config_for_hello=later,
        ),
        answer=answer,
    )


def slow_and_resumed(early: bool = False) -> Pair:
    """The same, for what a session adds: the stores of both sides and both judges are slow."""
    sessions = SlowSessions()
    client, _ = resumable(
        {"credentials": [client_credential()]},
        client_trust=trust(),
        sessions=sessions.inner,
        early_data=1000,
    )
    visiting = client_config(
        credentials=[client_credential()], sessions=client.sessions, judge=later
    )
    serving = server_config(client_trust=trust(), judge=later, sessions=sessions, early_data=1000)
    return Pair(visiting, serving, answer=patient, client_options={"early_data": early})


class SlowSessions:
    """Sessions that are elsewhere: a server that is asked for them never answers at once."""

    def __init__(self) -> None:
        self.inner = TicketSessions()
        self.issue, self.issue_id = self.inner.issue, self.inner.issue_id
        self.find_blocking, self.spend = self.inner.find_blocking, self.inner.spend
        self.is_replay_blocking = self.inner.is_replay_blocking

    def find(self, identities: tuple[bytes, ...], now: float) -> Later:
        return LATER

    def is_replay(self, token: bytes, until: float, now: float) -> Later:
        return LATER


def asked(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events if isinstance(event, Question)]


def test_every_question_is_answered_late_in_both_roles() -> None:
    """The handshake completes as if the answers had been there."""
    pair = slow_pair().run()

    assert pair.done
    assert asked(pair.client_events) == ["Judge", "ChooseCredential", "Sign"]
    assert asked(pair.server_events) == ["ConfigForHello", "ChooseCredential", "Sign", "Judge"]


def test_every_question_of_a_resumption_is_answered_late() -> None:
    """Before the client's hello, for what is behind its ticket, for its chain, for early data."""
    pair = slow_and_resumed(early=True)
    question = pair.client.next_event()
    assert isinstance(question, Judge)
    pair.client.answer(question, patient(question))
    pair.client.write_early_data(b"early")
    pair.run()

    assert pair.done
    assert pair.client.info.resumed
    assert pair.server.info.early_data is EarlyData.ACCEPTED
    assert asked(pair.server_events) == ["FindSession", "Judge", "IsReplay"]


@pytest.mark.parametrize("kind", [FindSession, IsReplay])
def test_a_store_that_fails_ends_the_handshake(kind: type[Question]) -> None:
    """An exception in the place of an answer refuses, like any other."""
    pair = slow_and_resumed(early=True)

    def answer(question: Question) -> object:
        return KeyError("gone") if isinstance(question, kind) else patient(question)

    pair.answer = answer
    with pytest.raises(TLSError):
        pair.run()
    assert pair.server.failure is not None
    assert pair.server.failure.reason == Reasons.answer_refused


@pytest.mark.parametrize("answer", [(), (None, None), ("session",), None, [None]])
def test_a_wrong_answer_about_sessions_is_misuse(answer: Any) -> None:
    """One item for each identity, each a session, a key or nothing."""
    pair = slow_and_resumed()

    def answering(question: Question) -> object:
        if isinstance(question, FindSession):
            with pytest.raises(ApiMisuse):
                pair.server.answer(question, answer)
        return patient(question)

    pair.answer = answering
    assert pair.run().done


@pytest.mark.parametrize("late", ["find", "replay"])
@pytest.mark.parametrize("answer", [True, False])
def test_copies_may_be_answered_differently(late: str, answer: bool) -> None:
    """Forked while the store thinks: each goes its own way, in a whole handshake."""
    kind = FindSession if late == "find" else IsReplay
    pair = slow_and_resumed(early=True)
    twins: list[Pair] = []

    def answering(question: Question) -> object:
        if not isinstance(question, kind):
            return patient(question)
        if not twins:
            twin = object.__new__(Pair)
            twin.__dict__.update(pair.__dict__)
            twin.client, twin.server = pair.client.fork(), pair.server.fork()
            twin.client_events, twin.server_events, twin.answer = [], [], patient
            twins.append(twin)
            twin.server.answer(question, patient(question))
        if kind is IsReplay:
            return answer
        return patient(question) if answer else (None,)

    pair.answer = answering
    pair.run()
    twins[0].run()
    accepted = answer is (kind is FindSession)
    assert pair.server.info.resumed is (answer or kind is IsReplay)
    taken = EarlyData.ACCEPTED if accepted else EarlyData.REFUSED
    assert pair.client.info.early_data is pair.server.info.early_data is taken
    assert twins[0].client.info.resumed
    assert twins[0].server.info.early_data is not EarlyData.NOT_OFFERED


def waiting_pair() -> tuple[Pair, Question]:
    """A server that waits for its configuration."""
    pair = slow_pair(answer=None).run()
    question = pair.server_events[-1]
    assert isinstance(question, ConfigForHello)
    return pair, question


def test_a_second_answer_is_misuse() -> None:
    """An answer is taken once; the connection does not suffer from the second."""
    pair, question = waiting_pair()
    pair.server.answer(question, patient(question))

    with pytest.raises(ApiMisuse, match="not the open question"):
        pair.server.answer(question, patient(question))


def test_a_foreign_answer_is_misuse() -> None:
    """A question of another connection is not ours."""
    pair, _ = waiting_pair()
    _, other = waiting_pair()

    with pytest.raises(ApiMisuse, match="not the open question"):
        pair.server.answer(other, patient(other))


def test_an_answer_of_the_wrong_type_is_misuse_and_can_be_put_right() -> None:
    """The question stays open."""
    pair, question = waiting_pair()

    with pytest.raises(ApiMisuse, match="answered with str"):
        pair.server.answer(question, "yes")
    pair.server.answer(question, patient(question))


def test_a_late_answer_after_failure_is_misuse() -> None:
    """Nothing is open any more once the connection has failed."""
    pair, question = waiting_pair()
    pair.server.receive_data(b"\x16\x03\x03\xff\xff")
    pair.server.receive_data(bytes(300_000))

    with pytest.raises(TLSError):
        pair.run()
    with pytest.raises(ApiMisuse):
        pair.server.answer(question, patient(question))


def test_an_exception_refuses_with_its_alert() -> None:
    """The application's refusal reaches the peer as the alert of its reason."""
    pair, question = waiting_pair()
    refusal = CertificateRejected(Reasons.unrecognized_name, "not here")
    pair.server.answer(question, refusal)

    with pytest.raises(CertificateRejected):
        pair.server.next_event()
    pair.client.receive_data(pair.server.data_to_send())
    with pytest.raises(TLSError) as caught:
        pair.client.next_event()
    assert caught.value.alert == AlertDescription.unrecognized_name


def test_any_other_exception_refuses_too() -> None:
    """The peer learns no more than access_denied; the cause is chained."""
    pair, question = waiting_pair()
    pair.server.answer(question, KeyError("tenant"))

    with pytest.raises(LocalFailure) as caught:
        pair.server.next_event()
    assert caught.value.alert == AlertDescription.access_denied
    assert isinstance(caught.value.__cause__, KeyError)


def test_input_waits_while_a_question_is_open_within_a_bound() -> None:
    """What comes meanwhile is neither processed nor kept without limit."""
    pair, _ = waiting_pair()
    record = b"\x17\x03\x03\x40\x00" + bytes(0x4000)
    for _ in range(17):
        pair.server.receive_data(record)

    with pytest.raises(TLSError) as caught:
        pair.server.next_event()
    assert caught.value.name == "input_while_waiting"


class BrokenSigner(RemoteSigner):
    def sign(self, scheme: SignatureScheme, content: bytes) -> bytes | Later:
        raise OSError("the module was unplugged")


def test_a_signer_that_raises_ends_the_handshake_with_internal_error() -> None:
    """What it raised is chained, not shown to the peer."""
    credential = server_credential()
    broken = Credential(credential.chain, BrokenSigner(credential.signer))
    pair = Pair(server=server_config(credentials=[broken]))
    Pair.carry(pair.client, pair.server)

    with pytest.raises(LocalFailure) as caught:
        pair.server.next_event()
    assert caught.value.name == "signing_failed"
    assert isinstance(caught.value.__cause__, OSError)
