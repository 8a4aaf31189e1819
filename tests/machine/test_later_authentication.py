"""A client is asked who it is after the handshake, while data flows (RFC 9846, 4.7.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.machine.test_questions import later, patient, remote
from tests.support.endpoints import (
    Pair,
    client_config,
    client_credential,
    events_of,
    server_config,
    server_credential,
    trust,
)
from tlsee import defaults
from tlsee.codes import AlertDescription, ProtocolVersion
from tlsee.config import ServerConfig
from tlsee.connection.connection import Connection
from tlsee.connection.events import DataReceived, TicketReceived
from tlsee.crypto.private_keys import generate
from tlsee.deciders import default_chooser
from tlsee.errors import ApiMisuse, CertificateRejected, TLSError
from tlsee.handshake.outcome import (
    ByPsk,
    CertificateRequested,
    CertificateShown,
    ClientAuthenticated,
    ClientDeclined,
)
from tlsee.identity.authority import Authority
from tlsee.identity.credentials import Credential
from tlsee.identity.index import Selection
from tlsee.identity.proof import Anonymous, ByCertificate, ByRawPublicKey, Unverified
from tlsee.identity.trust import Trust
from tlsee.insecure import SecurityWarning, accept_anyone
from tlsee.questions import Judge, Question, Sign
from tlsee.sessions.psk import ExternalPsk
from tlsee.trace import CertificateJudged, FinishedChecked, SignatureChecked


def willing(**changes: Any) -> Any:
    """A client that can be asked later."""
    settings = {"credentials": [client_credential()], "post_handshake_auth": True, **changes}
    return client_config(**settings)


def asking(**changes: Any) -> ServerConfig:
    """A server that asks nothing in the handshake."""
    return server_config(**{"client_trust": trust(), "client_auth": "none", **changes})


def pair_of(client: Any = None, server: Any = None, **options: Any) -> Pair:
    """Connected."""
    pair = Pair(client or willing(), server or asking(), **options).run()
    assert pair.done
    return pair


def found(events: list[Any], *kinds: type) -> list[Any]:
    return [event for event in events if isinstance(event, kinds)]


def data_of(events: list[Any]) -> bytes:
    return b"".join(bytes(event.data) for event in found(events, DataReceived))


def names(side: Connection) -> list[str]:
    identity = side.info.peer_identity
    return list(identity.dns_names) if identity is not None else []


def test_a_client_that_is_asked_later_proves_who_it_is() -> None:
    """Both sides know it: the event, ``info``, and what the client showed."""
    pair = pair_of()
    assert isinstance(pair.server.info.peer, Anonymous)
    context = pair.server.request_certificate()
    pair.run()

    (event,) = found(pair.server_events, ClientAuthenticated)
    assert event.context == context
    assert isinstance(event.peer, ByCertificate)
    info = pair.server.info
    assert info.peer is event.peer
    assert pair.server.client_answer(context) is event
    assert isinstance(info.shaken_with, Anonymous)
    assert info.asked_for_certificate
    assert info.client_scheme is client_credential().schemes[0]
    assert names(pair.server) == ["client.test"]
    assert found(pair.client_events, CertificateRequested)[0].context == context
    (shown,) = found(pair.client_events, CertificateShown)
    assert shown.context == context
    assert pair.client.info.own_credential is shown.credential
    assert pair.client.info.asked_for_certificate
    assert names(pair.client) == ["server.test"]  # whom the client trusts has not changed


def test_what_an_observer_is_told() -> None:
    """The vocabulary of the handshake; the judge speaks last, of a key that has signed."""

    class Ears:
        def __init__(self) -> None:
            self.heard: list[type] = []

        def on_event(self, event: Any) -> None:
            self.heard.append(type(event))

    ears = Ears()
    pair = pair_of(server_options={"observers": [ears]})
    ears.heard.clear()
    pair.server.request_certificate()
    pair.run()

    checks = (SignatureChecked, FinishedChecked, CertificateJudged)
    assert [kind for kind in ears.heard if kind in checks] == list(checks)


def slow() -> Pair:
    """A server that asks thrice; the client chooses and signs late, the server judges late."""
    client = willing(credentials=[remote(client_credential())], choose_credential=later)
    pair = pair_of(client, asking(judge=later), answer=judge_the_server)
    pair.answer = None
    return pair


def judge_the_server(question: Question) -> object:
    return patient(question)


def talk(pair: Pair, word: bytes) -> None:
    """Data both ways, and nothing holds it up."""
    pair.client.write(b"to the server: " + word)
    pair.server.write(b"to the client: " + word)
    pair.run()
    assert data_of(pair.server_events).endswith(b"to the server: " + word)
    assert data_of(pair.client_events).endswith(b"to the client: " + word)


def answer_all(pair: Pair, side: Connection, events: list[Any], order: Callable[..., Any]) -> int:
    """Answer what this side asks, in this order; data flows between the answers."""
    questions = order(found(events, Question))
    events[:] = [event for event in events if not isinstance(event, Question)]
    for number, question in enumerate(questions):
        side.answer(question, patient(question))
        talk(pair, b"%d" % number)
    return len(questions)


@pytest.mark.parametrize("order", [list, lambda items: items[::-1]], ids=["forth", "back"])
def test_late_answers_in_any_order_while_data_flows(order: Callable[..., Any]) -> None:
    """Three requests, nine late answers, data both ways and new keys between them all."""
    pair = slow()
    contexts = [pair.server.request_certificate() for _ in range(3)]
    talk(pair, b"first")
    for _ in range(2):  # to choose, to sign
        assert answer_all(pair, pair.client, pair.client_events, order) == 3
        pair.client.update_keys(request=True)
        pair.server.update_keys()
        talk(pair, b"with new keys")
    assert not found(pair.server_events, ClientAuthenticated)
    assert isinstance(pair.server.info.peer, Anonymous)
    assert answer_all(pair, pair.server, pair.server_events, order) == 3

    events = found(pair.server_events, ClientAuthenticated)
    assert [event.context for event in events] == order(
        order(contexts) if order is list else contexts
    )
    assert names(pair.server) == ["client.test"]
    assert all(pair.server.client_answer(context) for context in contexts)


def test_what_is_asked_aside_keeps_no_input_back() -> None:
    """``input_waits`` tells the two kinds of question apart."""
    pair = slow()
    pair.server.request_certificate()
    pair.run()

    (question,) = found(pair.client_events, Question)
    assert not pair.client.input_waits
    pair.client.answer(question, patient(question))
    with pytest.raises(ApiMisuse, match="not the open question"):
        pair.client.answer(question, patient(question))


def test_an_exception_in_place_of_an_answer_ends_the_connection() -> None:
    """As in the handshake: the peer is told by the alert of the reason."""
    pair = slow()
    pair.server.request_certificate()
    pair.run()
    (question,) = found(pair.client_events, Question)
    pair.client.answer(question, KeyError("no card in the reader"))

    with pytest.raises(TLSError) as caught:
        pair.client.next_event()
    assert caught.value.alert == AlertDescription.access_denied


@pytest.mark.parametrize("stop", range(4))
def test_both_copies_of_a_fork_answer(stop: int) -> None:
    """Forked with a request under way, a question open, a verdict missing."""
    pair = slow()
    pair.server.request_certificate()
    for _ in range(stop):
        pair.run()
        for side, events in (
            (pair.client, pair.client_events),
            (pair.server, pair.server_events),
        ):
            for question in found(events, Question)[:1]:
                events.remove(question)
                side.answer(question, patient(question))
    twin = object.__new__(Pair)
    twin.__dict__.update(pair.__dict__)
    twin.client, twin.server = pair.client.fork(), pair.server.fork()
    twin.client_events, twin.server_events = [], []
    open_now = [list(pair.client_events), list(pair.server_events)]
    for copy in (twin, pair):
        copy.client_events[:], copy.server_events[:] = open_now
        for _ in range(4):
            copy.run()
            answer_all(copy, copy.client, copy.client_events, list)
            answer_all(copy, copy.server, copy.server_events, list)
        assert names(copy.server) == ["client.test"]


def test_as_long_as_there_is_no_answer_there_is_none() -> None:
    """And it is of the request that it names."""
    pair = pair_of()
    first, second = pair.server.request_certificate(), pair.server.request_certificate()
    assert pair.server.client_answer(first) is pair.server.client_answer(b"none") is None
    pair.run()
    answers = [pair.server.client_answer(context) for context in (first, second)]
    assert [answer.context for answer in answers if answer is not None] == [first, second]


def test_a_client_may_decline() -> None:
    """No certificate fits: an event, and nothing has changed."""
    pair = pair_of(willing(credentials=[]))
    context = pair.server.request_certificate()
    pair.run()

    assert found(pair.server_events, ClientDeclined)[0].context == context
    assert isinstance(pair.server.client_answer(context), ClientDeclined)
    assert isinstance(pair.server.info.peer, Anonymous)
    assert found(pair.client_events, CertificateShown)[0].credential is None
    talk(pair, b"all the same")


def test_declining_takes_nothing_back() -> None:
    """Who was proved in the handshake stays proved."""

    def choose(request: Any) -> Any:
        return answers.pop(0)(request)

    answers: list[Callable[[Any], Any]] = [
        default_chooser,
        lambda _: Selection(None, None, (), True),
    ]
    pair = pair_of(willing(choose_credential=choose), asking(client_auth="optional"))
    before = pair.server.info.peer
    pair.server.request_certificate()
    pair.run()

    assert found(pair.server_events, ClientDeclined)
    assert pair.server.info.peer is before
    assert names(pair.server) == ["client.test"]


def refusal(client: Any, server: Any) -> tuple[TLSError, TLSError]:
    """What becomes of the server, and what the client hears of it."""
    pair = pair_of(client, server)
    pair.server.request_certificate()
    Pair.carry(pair.server, pair.client)
    Pair.carry(pair.client, pair.server)
    with pytest.raises(CertificateRejected) as caught:
        events_of(pair.server)
    Pair.carry(pair.server, pair.client)
    with pytest.raises(TLSError) as heard:
        events_of(pair.client)
    assert isinstance(pair.server._driver.state.outcome.peer, Anonymous)  # type: ignore[attr-defined]
    return caught.value, heard.value


def test_a_certificate_of_a_stranger_ends_the_connection() -> None:
    """The alert of the verdict, which is in the evidence."""
    stranger = Authority.create("elsewhere").issue("client.test", client=True, server=False)
    ours, theirs = refusal(willing(credentials=[stranger]), asking())

    assert ours.name == "unknown_ca"
    assert ours.evidence.verdict is not None
    assert theirs.alert == AlertDescription.unknown_ca


def test_a_certificate_for_another_purpose_ends_the_connection() -> None:
    """Judged as a client's."""
    ours, _ = refusal(willing(credentials=[server_credential()]), asking())

    assert ours.name == "wrong_purpose"


def test_insecure_trust_proves_nobody_here_either() -> None:
    """The chain is judged, the proof says that it was not good."""
    stranger = Authority.create("elsewhere").issue("client.test", client=True, server=False)
    with pytest.warns(SecurityWarning):
        anyone = accept_anyone()
    pair = pair_of(willing(credentials=[stranger]), asking(client_trust=anyone))
    pair.server.request_certificate()
    pair.run()

    assert isinstance(pair.server.info.peer, Unverified)
    assert pair.server.info.peer_identity is None


def raw_pair(believed: bool) -> Pair:
    """A raw public key for the handshake, and another one for later (RFC 7250)."""
    own, other = (Credential.raw_public_key(generate("ecdsa_secp256r1")) for _ in range(2))
    turns = [own, other]

    def choose(_: Any) -> Selection:
        credential = turns.pop(0)
        return Selection(credential, credential.schemes[0], (), True)

    keys_known = [one.public_key.spki for one in ((own, other) if believed else (own,))]
    return pair_of(
        willing(credentials=[own, other], choose_credential=choose, sessions=True),
        asking(
            client_trust=Trust.raw_public_keys(keys_known), client_auth="required", sessions=True
        ),
    )


def test_a_raw_public_key_is_shown_later_too() -> None:
    """Its type is that of the handshake; no ticket comes of it, and nobody is asked."""
    pair = raw_pair(believed=True)
    before = pair.server.info.peer
    context = pair.server.request_certificate()
    pair.run()

    assert isinstance(before, ByRawPublicKey)
    answer = pair.server.client_answer(context)
    assert isinstance(answer, ClientAuthenticated)
    assert isinstance(answer.peer, ByRawPublicKey)
    assert answer.peer != before
    assert pair.server.info.peer is answer.peer
    assert not found(pair.client_events, TicketReceived)


def test_a_raw_public_key_that_nobody_knows_is_refused_later_too() -> None:
    """By its bytes, whatever was proved before."""
    pair = raw_pair(believed=False)
    pair.server.request_certificate()
    Pair.carry(pair.server, pair.client)
    Pair.carry(pair.client, pair.server)
    with pytest.raises(CertificateRejected) as caught:
        events_of(pair.server)
    assert caught.value.name == "unknown_raw_key"


def resume(pair: Pair, client: Any, server: Any) -> Pair:
    assert found(pair.client_events, TicketReceived)
    again = Pair(client, server).run()
    assert again.server.info.resumed
    return again


def test_a_ticket_given_afterwards_knows_the_client() -> None:
    """RFC 9846, 4.7.1; those given before do not."""
    client, server = willing(sessions=True), asking(sessions=True, tickets=1)
    pair = pair_of(client, server)
    early = pair_of(client, server)  # resumed with the ticket from before
    assert early.server.info.resumed
    assert names(early.server) == []
    pair.server.request_certificate()
    pair.run()

    again = resume(pair, client, server)
    assert names(again.server) == ["client.test"]
    assert again.server.info.client_scheme is None  # nobody signed in this handshake
    session = again.server.info.session
    assert session is not None
    assert session.client_scheme is client_credential().schemes[0]
    assert session.established_at == pytest.approx(pair.server.info.established_at, abs=1e-5)


def test_a_resumed_connection_can_ask_too() -> None:
    """RFC 9846, 4.4.2; it goes on to know which session it resumed, and so does the next."""
    client, server = willing(sessions=True), asking(sessions=True, tickets=1)
    first = pair_of(client, server)
    second = pair_of(client, server)
    second.server.request_certificate()
    second.run()

    info = second.server.info
    assert info.resumed
    assert isinstance(info.peer, ByCertificate)
    assert isinstance(info.shaken_with, ByPsk)
    assert info.established_at == pytest.approx(first.server.info.established_at, abs=1e-5)
    third = resume(second, client, server)
    assert names(third.server) == ["client.test"]
    assert third.server.info.established_at == pytest.approx(
        first.server.info.established_at, abs=1e-5
    )
    assert third.server.info.session is not None
    assert third.server.info.session.scheme is first.server.info.scheme


def keys() -> list[ExternalPsk]:
    return [ExternalPsk(b"mesh", bytes(32))]


def older() -> Pair:
    versions = [ProtocolVersion.TLS12]
    return pair_of(willing(versions=versions), asking(versions=versions))


def with_external_key() -> Pair:
    server = asking(psks=keys(), insecure_accept_own_hellos=True)
    return pair_of(willing(psks=keys()), server)


def ask(pair: Pair) -> None:
    pair.server.request_certificate()


MISUSES: dict[str, tuple[Callable[[], Pair], str]] = {
    "not offered": (lambda: pair_of(client_config()), "did not say"),
    "TLS 1.2": (older, "TLS 1.2"),
    "nobody to trust": (lambda: pair_of(server=server_config()), "nobody to trust"),
    "external key": (with_external_key, "external key"),
    "too early": (lambda: Pair(willing(), asking()), "before the handshake is done"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_where_nobody_can_be_asked(name: str) -> None:
    """Said in words, and the connection does not suffer."""
    make, words = MISUSES[name]
    pair = make()
    with pytest.raises(ApiMisuse, match=words):
        ask(pair)
    pair.run()
    talk(pair, b"unharmed")


def test_a_session_of_an_external_key_is_not_asked_either() -> None:
    """RFC 9846, 4.4.2: the key is what authenticates, also by way of a ticket."""
    client = willing(psks=keys(), sessions=True)
    server = asking(psks=keys(), sessions=True, insecure_accept_own_hellos=True)
    pair_of(client, server)
    pair = pair_of(client, server)
    assert pair.server.info.resumed
    with pytest.raises(ApiMisuse, match="external key"):
        ask(pair)


def test_a_client_asks_nobody() -> None:
    """Servers show theirs unasked."""
    pair = pair_of()
    with pytest.raises(ApiMisuse, match="a client asks"):
        pair.client.request_certificate()


def test_requests_are_bounded_on_the_side_that_asks() -> None:
    """So many at a time; what is judged counts too. An answer makes room."""
    pair = pair_of(server=asking(judge=later), answer=None)
    for _ in range(defaults.OPEN_REQUESTS_LIMIT):
        ask(pair)
    pair.run()
    with pytest.raises(ApiMisuse, match="8 requests are open"):
        ask(pair)
    judge = found(pair.server_events, Judge)[0]
    pair.server.answer(judge, patient(judge))
    ask(pair)
    pair.run()


def test_a_context_is_never_the_same() -> None:
    """As long as they are drawn at random."""
    pair = pair_of()
    contexts = {pair.server.request_certificate() for _ in range(8)}
    assert {len(context) for context in contexts} == {32}
    assert len(contexts) == 8


def test_the_client_says_nothing_before_it_can_say_all_of_it() -> None:
    """4.7.2: its messages follow one another; until it has signed not one of them is out."""
    pair = slow()
    ask(pair)
    pair.run()
    for _ in range(2):
        assert not pair.client.has_data_to_send
        (question,) = found(pair.client_events, Question)
        pair.client_events.clear()
        pair.client.answer(question, patient(question))
        events_of_client = pair.client.next_event() if not isinstance(question, Sign) else None
        if isinstance(events_of_client, Question):
            pair.client_events.append(events_of_client)
    assert pair.client.has_data_to_send
