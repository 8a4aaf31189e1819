"""What a client does with a session before it says hello, and to whom a session belongs."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.support.endpoints import (
    NAME,
    Pair,
    authority,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tests.support.resuming import Bound, alone, resumable
from tlsee import policies
from tlsee.config import ClientConfig, ServerConfig
from tlsee.connection.connection import ClientConnection
from tlsee.crypto.provider import LATER
from tlsee.deciders import default_judge
from tlsee.errors import ApiMisuse, CertificateRejected, Reasons, TLSError
from tlsee.handshake.outcome import ByPsk
from tlsee.identity.proof import ByCertificate
from tlsee.identity.trust import Trust
from tlsee.questions import Judge, Question
from tlsee.sessions.client import ClientSessions
from tlsee.sessions.psk import ExternalPsk
from tlsee.values import replace

KEY = bytes(range(32))


def shared(config: ClientConfig, **changes: Any) -> ClientConfig:
    """Another configuration with the same sessions."""
    return client_config(sessions=config.sessions, **changes)


def judged(question: Question) -> object:
    """The answer that would have come at once."""
    assert isinstance(question, Judge)
    return default_judge(question.request)


def test_a_late_judge_of_a_session_is_asked_before_the_hello() -> None:
    """The question reaches the application although nothing has been received yet."""
    client, server = resumable()
    pair = Pair(
        shared(client, judge=lambda _: LATER),
        server,
        answer=judged,
    )
    assert not pair.client.has_data_to_send
    pair.run()
    assert [type(event) for event in pair.client_events[:1]] == [Judge]
    assert pair.client.info.resumed


@pytest.mark.parametrize("late", [False, True])
def test_a_judge_that_raises_fails_the_connection_and_nothing_else(late: bool) -> None:
    """The constructor gives a connection; what went wrong is told by ``next_event``."""
    client, _ = resumable()
    refusal = CertificateRejected(Reasons.judge_refused)

    def judge(_: Any) -> Any:
        if late:
            return LATER
        raise refusal

    connection = ClientConnection(shared(client, judge=judge), NAME)
    if late:
        question = connection.next_event()
        assert isinstance(question, Judge)
        connection.answer(question, refusal)
    with pytest.raises(TLSError) as caught:
        connection.next_event()
    assert caught.value is refusal


@pytest.mark.parametrize("how", ["nobody", "another authority", "expired"])
def test_who_is_not_believed_any_more_shows_a_certificate_again(how: str) -> None:
    """The session is not even offered; a refusal is the full handshake's, never skipped."""
    client, server = resumable()
    changes: dict[str, dict[str, Any]] = {
        "nobody": {"trust": Trust.nobody()},
        "another authority": {"trust": Trust.from_pem(stranger().pem)},
        "expired": {"judge": lambda request: default_judge(replace(request, at=request.at + 4e9))},
    }
    pair = Pair(shared(client, **changes[how]), server)
    with pytest.raises(TLSError):
        pair.run()
    assert isinstance(pair.client.failure, CertificateRejected)


def test_a_session_that_is_not_believed_leads_to_a_full_handshake() -> None:
    """Refused once, for the session; the certificate that is shown anew is believed."""
    client, server = resumable()
    asked: list[Any] = []

    def judge(request: Any) -> Any:
        asked.append(request)
        moment = request.at + (4e9 if len(asked) == 1 else 0)
        return default_judge(replace(request, at=moment))

    pair = Pair(shared(client, judge=judge), server).run()
    assert isinstance(pair.client.info.peer, ByCertificate)
    assert len(asked) == 2
    lost = [choice for choice in pair.client.info.choices if choice.what == "session"]
    assert lost[0].chosen is None
    assert "not believed" in lost[0].rule


def stranger() -> Any:
    """An authority that issued nothing here."""
    return type(authority()).create("a stranger")


def test_an_empty_store_is_a_store() -> None:
    """Given by the application, it is filled and used, although it counts as false."""
    store = ClientSessions()
    client = client_config(sessions=store)
    server = server_config(sessions=True)
    Pair(client, server).run()
    assert len(store) == 2
    assert Pair(client, server).run().client.info.resumed


def test_one_identity_does_not_go_on_with_the_session_of_another() -> None:
    """Sessions that are kept together are still of who began them."""
    client, server = resumable({"credentials": [client_credential()]}, client_trust=trust())
    other = client_credential("ed25519")
    for credentials in ([other], []):
        pair = Pair(
            shared(client, credentials=credentials),
            server_config(client_trust=trust(), client_auth="optional", sessions=server.sessions),
        ).run()
        assert not pair.client.info.resumed
    again = Pair(shared(client, credentials=[client_credential()]), server).run()
    assert again.client.info.resumed


# --- Sessions that descend from an external key -----------------------------------------------


def external(**server: Any) -> tuple[ClientConfig, ServerConfig]:
    """A session between configurations that have a key and no certificate."""
    keys = [ExternalPsk(b"mesh", KEY)]
    serving = ServerConfig(
        **{"credentials": [], "psks": keys, "insecure_accept_own_hellos": True, **server}
    )
    client = ClientConfig(psks=keys)
    Pair(client, serving).run()
    return client, serving


def test_a_session_of_an_external_key_is_resumed() -> None:
    """While both have the key."""
    pair = Pair(*external()).run()
    proof = pair.client.info.peer
    assert isinstance(proof, ByPsk)
    assert pair.client.info.resumed
    assert pair.server.info.session is not None
    assert pair.server.info.session.psk_identity == b"mesh"


@pytest.mark.parametrize("keys", [[], [ExternalPsk(b"mesh", KEY[::-1])], [ExternalPsk(b"x", KEY)]])
def test_it_ends_with_the_key_at_the_client(keys: list[ExternalPsk]) -> None:
    """Nothing else said who the server is: without that key, the session is not offered."""
    client, server = external()
    changed = ClientConfig(psks=keys, sessions=client.sessions or False, trust=Trust.nobody())
    pair = Pair(changed, server)
    with pytest.raises(TLSError):
        pair.run()


@pytest.mark.parametrize("keys", [[], [ExternalPsk(b"mesh", KEY[::-1])], [ExternalPsk(b"x", KEY)]])
def test_it_ends_with_the_key_at_the_server(keys: list[ExternalPsk]) -> None:
    """A ticket does not outlive the key that was taken away, or replaced."""
    client, server = external()
    only_session = client_config(psks=client.psks, sessions=client.sessions)
    changed = server_config(psks=keys, sessions=server.sessions, insecure_accept_own_hellos=True)
    pair = Pair(only_session, changed)
    if keys and keys[0].identity == b"mesh":  # the client offers the key itself as well
        with pytest.raises(TLSError):
            pair.run()
        assert pair.server.failure is not None
        assert pair.server.failure.reason == Reasons.bad_binder
        return
    pair.run()
    assert isinstance(pair.client.info.peer, ByCertificate)


# --- What a key alone leaves behind -----------------------------------------------------------

ALONE = dataclasses.replace(policies.default, legacy_psk_alone=True)


def test_a_session_that_stood_alone_and_is_not_believed_gets_a_key_exchange() -> None:
    """psk_ke, and the client's chain is refused now: the full handshake has a group of its own."""
    refuse: list[bool] = []

    def judge(request: Any) -> Any:
        return default_judge(replace(request, at=request.at + (4e9 if refuse else 0)))

    client, server = resumable(
        {"credentials": [client_credential()], "policy": ALONE},
        client_trust=trust(),
        policy=ALONE,
        judge=judge,
    )
    refuse.append(True)
    pair = Pair(client, server, client_options={"composer": Bound(alone)})
    with pytest.raises(TLSError):
        pair.run()  # the certificate that is shown anew is refused as well
    assert isinstance(pair.server.failure, CertificateRejected)
    hello = pair.server.evidence.server_hello
    assert bytes.fromhex("0033") in hello, "a key share"


def test_early_data_after_close_is_misuse() -> None:
    """Nothing follows close_notify."""
    client, server = resumable(early_data=1000)
    pair = Pair(client, server, client_options={"early_data": True})
    pair.client.close_write()
    with pytest.raises(ApiMisuse, match="after close_write"):
        pair.client.write_early_data(b"late")
