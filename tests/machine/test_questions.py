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
from tlsee.codes import AlertDescription, SignatureScheme
from tlsee.crypto.provider import LATER, Later, Signer
from tlsee.deciders import default_chooser, default_judge
from tlsee.errors import ApiMisuse, CertificateRejected, LocalFailure, Reasons, TLSError
from tlsee.identity.credentials import Credential
from tlsee.questions import ChooseCredential, ConfigForHello, Judge, Question, Sign


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


def asked(events: list[Any]) -> list[str]:
    return [type(event).__name__ for event in events if isinstance(event, Question)]


def test_every_question_is_answered_late_in_both_roles() -> None:
    """The handshake completes as if the answers had been there."""
    pair = slow_pair().run()

    assert pair.done
    assert asked(pair.client_events) == ["Judge", "ChooseCredential", "Sign"]
    assert asked(pair.server_events) == ["ConfigForHello", "ChooseCredential", "Sign", "Judge"]


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
