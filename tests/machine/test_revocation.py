"""Revocation within the handshake: staples in both versions, and fetching as a question."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.x509 import ocsp as library

from tests.support.drivers import DriverPair
from tests.support.endpoints import (
    NAME,
    Pair,
    authority,
    client_config,
    client_credential,
    server_config,
    server_credential,
    trust,
)
from tests.support.revocation import (
    HOUR,
    LIST_URL,
    MUST_STAPLE,
    RESPONDER_URL,
    asks_at,
    ocsp_response,
    points_to,
    revocation_list,
)
from tlsee import defaults, policies
from tlsee.codes import AlertDescription, CertificateStatusType, CipherSuite, ProtocolVersion
from tlsee.crypto.provider import LATER
from tlsee.deciders import JudgeRequest, default_judge
from tlsee.errors import ApiMisuse, CertificateRejected, LocalFailure, PeerMisbehaved
from tlsee.identity.credentials import Credential
from tlsee.identity.path.judge import Verdict
from tlsee.identity.path.known import Fetch, FetchKind, Needs
from tlsee.identity.pem import to_pem
from tlsee.questions import FetchAll, Judge, Question
from tlsee.reasons import Reason, Reasons
from tlsee.wire.codec import encode
from tlsee.wire.extensions.status_request import OCSPResponse
from tlsee.wire.messages12 import CertificateStatus

NOW = time.time()
VERSIONS = [ProtocolVersion.TLS13, ProtocolVersion.TLS12]
LEAF = server_credential().chain[0]


def good(der: bytes = LEAF) -> bytes:
    """A response of today."""
    return ocsp_response(der, authority(), since=NOW - HOUR, until=NOW + HOUR)


def bad(der: bytes = LEAF) -> bytes:
    """A response of today that says revoked."""
    status = library.OCSPCertStatus.REVOKED
    return ocsp_response(der, authority(), status=status, since=NOW - HOUR, until=NOW + HOUR)


def crl(*revoked: bytes) -> bytes:
    """A list of today."""
    return revocation_list(authority(), revoked, since=NOW - HOUR, until=NOW + HOUR)


def stapling(*staples: bytes | None, credential: Credential | None = None) -> Credential:
    """The server's credential with these."""
    return (credential or server_credential()).with_staples(staples)


def issued(*extensions: Any) -> Credential:
    """A server's credential with further extensions."""
    return authority().issue(NAME, extensions=extensions)


def shake(
    client: Mapping[str, Any],
    server: Mapping[str, Any] = {},
    version: ProtocolVersion = ProtocolVersion.TLS13,
    answer: Any = None,
) -> DriverPair:
    """Both ends with these settings, to the end."""
    return DriverPair(
        client_config(versions=[version], **client), server_config(**server), answer
    ).run()


def names(pair: DriverPair) -> list[int]:
    """The messages' types, in order."""
    return [raw[0] for _, _, raw in pair.messages]


def refused(reason: Reason, *arguments: Any, **options: Any) -> CertificateRejected:
    """A handshake that ends for this reason, with its alert."""
    with pytest.raises(CertificateRejected) as caught:
        shake(*arguments, **options)
    assert caught.value.reason is reason
    assert caught.value.alert is reason.alert
    return caught.value


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
def test_a_staple_that_says_good_satisfies_hard(version: ProtocolVersion) -> None:
    """The client asks, the server staples, the judge takes it."""
    settings = {"revocation": "hard"}
    pair = shake(settings, {"credentials": [stapling(good())]}, version)
    assert pair.client.state.connected
    assert (22 in names(pair)) == (version is ProtocolVersion.TLS12)


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
@pytest.mark.parametrize("policy", ["soft", "hard"])
def test_a_staple_that_says_revoked_refuses(version: ProtocolVersion, policy: str) -> None:
    """With certificate_revoked, whatever the policy."""
    server = {"credentials": [stapling(bad())]}
    refused(Reasons.certificate_revoked, {"revocation": policy}, server, version)


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
def test_a_staple_for_another_certificate_refuses(version: ProtocolVersion) -> None:
    """RFC 6066, 8: bad_certificate_status_response; garbage as well."""
    for staple in (good(client_credential().chain[0]), b"\x30\x00", b"garbage"):
        server = {"credentials": [stapling(staple)]}
        refused(Reasons.bad_staple, {"revocation": "soft"}, server, version)


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
def test_without_revocation_nobody_asks_and_nobody_staples(version: ProtocolVersion) -> None:
    """It costs bytes; a server does not send what was not asked for."""
    pair = shake({}, {"credentials": [stapling(bad())]}, version)
    assert pair.client.state.connected
    assert bad() not in b"".join(raw for _, _, raw in pair.messages)
    assert 22 not in names(pair)


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
def test_nothing_to_be_learnt_is_soft_or_hard(version: ProtocolVersion) -> None:
    """Soft lets it pass and says so in the verdict; hard refuses."""
    pair = shake({"revocation": "soft"}, version=version)
    verdict = _verdict(pair)
    assert any(note.startswith("revocation of server.test") for note in verdict.not_checked)
    refused(Reasons.revocation_unknown, {"revocation": "hard"}, version=version)


def _verdict(pair: DriverPair) -> Verdict:
    [found] = [fact.verdict for fact in pair.client_carrier.told if hasattr(fact, "verdict")]
    assert isinstance(found, Verdict)
    return found


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
def test_a_certificate_that_promises_a_staple_is_held_to_it(version: ProtocolVersion) -> None:
    """RFC 7633: soft and hard alike, and a list does not replace it; off does not look."""
    promised = issued(MUST_STAPLE)
    plain = {"credentials": [promised.despite_flaws()]}
    stapled = {"credentials": [stapling(good(promised.chain[0]), credential=promised)]}
    refused(Reasons.staple_missing, {"revocation": "soft", "crls": [crl()]}, plain, version)
    assert shake({"revocation": "soft"}, stapled, version).client.state.connected
    assert shake({}, plain, version).client.state.connected


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
def test_lists_that_were_given_decide(version: ProtocolVersion) -> None:
    """In both roles: the server's certificate, and the client's with its alert."""
    assert shake({"revocation": "hard", "crls": [crl()]}, version=version).client.state.connected
    settings = {"revocation": "hard", "crls": [crl(LEAF)]}
    refused(Reasons.certificate_revoked, settings, version=version)
    mine = {"credentials": [client_credential()]}
    revoked = {
        "client_trust": trust(),
        "revocation": "hard",
        "crls": [crl(client_credential().chain[0])],
    }
    refused(Reasons.certificate_revoked, mine, revoked, version)
    passing = {**revoked, "crls": [crl()]}
    assert shake(mine, passing, version).server.state.connected


def test_a_client_staples_when_the_server_asks() -> None:
    """RFC 9846, 4.5.1.1: status_request in CertificateRequest; 1.2 has no such thing."""
    own = client_credential()
    mine = {"credentials": [own.with_staples([good(own.chain[0])])]}
    asking = {"client_trust": trust(), "revocation": "hard"}
    assert shake(mine, asking).server.state.connected
    mine = {"credentials": [own.with_staples([bad(own.chain[0])])]}
    refused(Reasons.certificate_revoked, mine, asking)
    assert shake(mine, {"client_trust": trust()}).server.state.connected


def test_a_response_for_each_certificate_of_the_chain() -> None:
    """1.3 has a place for the intermediate's too; 1.2 does not."""
    between = authority().issue_intermediate("between")
    credential = between.issue(NAME)
    leaf, middle = credential.chain
    settings = {"revocation": "hard"}
    own = ocsp_response(leaf, between, since=NOW - HOUR, until=NOW + HOUR)
    server = {"credentials": [credential.with_staples([own, good(middle)])]}
    assert shake(settings, server).client.state.connected
    error = refused(Reasons.revocation_unknown, settings, server, ProtocolVersion.TLS12)
    assert "between" in str(error)
    server = {"credentials": [credential.with_staples([own, bad(middle)])]}
    refused(Reasons.certificate_revoked, settings, server)


# ---- 1.2: a server that says it staples, and then may not


def _status(pair: DriverPair, staple: CertificateStatus | None) -> DriverPair:
    """Run a handshake of 1.2 with another CertificateStatus, or without the one that came."""
    raw = b"" if staple is None else encode(staple)
    for receiver, epoch, message in pair.steps():
        if message[:1] == b"\x16":
            if raw:
                receiver.receive(epoch, raw)
            break
    return pair


def _without_status(exchange: str, crls: list[bytes]) -> list[str]:
    """A client's states while a server that said it staples does not; each message by itself.

    The transcript would differ without the message, so what follows is fed to the client alone.
    """
    credential = server_credential("ecdsa_secp256r1" if exchange == "ecdhe" else "rsa2048")
    leaf = credential.chain[0]
    suites: dict[str, Any] = {}
    if exchange != "ecdhe":
        suite = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
        suites = {"policy": policies.legacy, "suites": [suite]}
    lists = crls or [crl(leaf)]
    client = {"revocation": "hard", "crls": lists, "versions": [ProtocolVersion.TLS12], **suites}
    server = {"credentials": [stapling(good(leaf), credential=credential)], **suites}
    if exchange == "rsa-mutual":
        client["credentials"] = [client_credential()]
        server["client_trust"] = trust()
    pair = DriverPair(client_config(**client), server_config(**server))
    for receiver, _, raw in pair.steps():
        if receiver is pair.client and raw[:1] == b"\x16":
            break
    states = []
    for epoch, raw in pair.server_carrier.sent:
        if raw[:1] in (b"\x0c", b"\x0d", b"\x0e"):
            pair.client.receive(epoch, raw)
            states.append(type(pair.client.state).__name__)
    return states


@pytest.mark.parametrize(
    ("exchange", "states"),
    [
        ("ecdhe", ["WaitRequestOrDone", "WaitChangeCipherSpec"]),
        ("rsa", ["WaitChangeCipherSpec"]),
        ("rsa-mutual", ["WaitDone", "WaitChangeCipherSpec"]),
    ],
)
def test_a_server_may_change_its_mind_about_stapling(exchange: str, states: list[str]) -> None:
    """RFC 6066, 8: without the message the judge has no response; what came instead is taken.

    After the verdict: who is revoked gets no further.
    """
    assert _without_status(exchange, [crl()]) == states
    with pytest.raises(CertificateRejected) as caught:
        _without_status(exchange, [])
    assert caught.value.reason is Reasons.certificate_revoked


def test_a_status_of_an_unknown_type_is_refused() -> None:
    """Only OCSP was asked for."""
    pair = DriverPair(
        client_config(versions=[ProtocolVersion.TLS12], revocation="soft"),
        server_config(credentials=[stapling(good())]),
    )
    with pytest.raises(PeerMisbehaved) as caught:
        _status(pair, CertificateStatus(CertificateStatusType.of(9), b"\x00"))
    assert caught.value.reason is Reasons.illegal_value


def test_a_status_that_was_not_announced_is_unexpected() -> None:
    """RFC 6066, 8: the server's hello says so first."""
    pair = DriverPair(
        client_config(versions=[ProtocolVersion.TLS12], revocation="soft"), server_config()
    )
    status = CertificateStatus(CertificateStatusType.ocsp, OCSPResponse(good()))
    for receiver, epoch, raw in pair.steps():
        if raw[:1] == b"\x0c":
            with pytest.raises(PeerMisbehaved) as caught:
                receiver.receive(epoch, encode(status))
            assert caught.value.alert is AlertDescription.unexpected_message
            return
    raise AssertionError("no ServerKeyExchange")


# ---- fetching


class Library:
    """A fetcher with shelves; it notes what was asked."""

    def __init__(self, **shelves: bytes) -> None:
        self.shelves = shelves
        self.asked: list[Fetch] = []

    def __call__(self, fetch: Fetch) -> bytes:
        self.asked.append(fetch)
        return self.shelves[fetch.kind.name]


def resolved(question: Question) -> object:
    """The question's own way, as the blocking stream takes it."""
    return question.resolve()


@pytest.mark.parametrize("version", VERSIONS, ids=["1.3", "1.2"])
def test_fetching_is_a_question_between_two_judgements(version: ProtocolVersion) -> None:
    """FetchAll is open, its answer leads to the judge again, and that to the verdict."""
    credential = issued(asks_at(), points_to())
    leaf = credential.chain[0]
    fetcher = Library(OCSP=good(leaf))
    asked: list[Question] = []

    def answer(question: Question) -> object:
        asked.append(question)
        return question.resolve()

    settings = {"revocation": "hard", "fetcher": fetcher}
    pair = shake(settings, {"credentials": [credential]}, version, answer)
    assert pair.client.state.connected
    [question] = asked
    assert isinstance(question, FetchAll)
    assert [(fetch.kind, fetch.url) for fetch in fetcher.asked] == [(FetchKind.OCSP, RESPONDER_URL)]


def test_what_cannot_be_had_leads_on_and_ends() -> None:
    """The responder fails, so the list is fetched; with that revoked, or failing too."""
    credential = issued(asks_at(), points_to())
    server = {"credentials": [credential]}
    fetcher = Library(CRL=crl(credential.chain[0]))
    settings: dict[str, Any] = {"revocation": "soft", "fetcher": fetcher}
    refused(Reasons.certificate_revoked, settings, server, answer=resolved)
    assert [fetch.kind for fetch in fetcher.asked] == [FetchKind.OCSP, FetchKind.CRL]
    assert fetcher.asked[1].url == LIST_URL
    settings["fetcher"] = Library()
    assert shake(settings, server, answer=resolved).client.state.connected
    settings["revocation"] = "hard"
    refused(Reasons.revocation_unknown, settings, server, answer=resolved)


def test_what_is_at_hand_is_no_question() -> None:
    """A cache answers without anybody waiting."""

    class AtHand(Library):
        def at_hand(self, fetch: Fetch) -> bytes | None:
            return self(fetch)

    credential = issued(asks_at())
    fetcher = AtHand(OCSP=good(credential.chain[0]))
    settings = {"revocation": "hard", "fetcher": fetcher}
    assert shake(settings, {"credentials": [credential]}).client.state.connected


def test_without_a_fetcher_needs_stay_unmet() -> None:
    """Nothing is asked; soft passes, hard refuses."""
    server = {"credentials": [issued(asks_at(), points_to())]}
    assert shake({"revocation": "soft"}, server).client.state.connected
    refused(Reasons.revocation_unknown, {"revocation": "hard"}, server)


def test_a_mapping_that_lacks_an_answer_says_that_it_cannot_be_had() -> None:
    """So does one with something else in it; neither is asked for twice."""
    server = {"credentials": [issued(asks_at())]}
    settings = {"revocation": "soft", "fetcher": Library()}
    asked: list[Question] = []

    def nothing(question: Question) -> object:
        asked.append(question)
        return {}

    assert shake(settings, server, answer=nothing).client.state.connected
    assert len(asked) == 1


def test_a_judge_that_always_needs_more_ends() -> None:
    """A bounded number of rounds, then without; one that still needs something is at fault."""
    rounds: list[JudgeRequest] = []

    def greedy(request: JudgeRequest) -> Verdict | Needs:
        rounds.append(request)
        if request.known.offline and len(rounds) > 1:
            return default_judge(request)
        return Needs((Fetch(FetchKind.CRL, f"http://lists.test/{len(rounds)}"),))

    settings: dict[str, Any] = {"revocation": "soft", "fetcher": Library(), "judge": greedy}
    assert shake(settings, answer=resolved).client.state.connected
    assert len(rounds) == defaults.FETCH_ROUNDS + 2
    insatiable = lambda _: Needs((Fetch(FetchKind.CRL, LIST_URL),))  # noqa: E731 - one line
    with pytest.raises(LocalFailure):
        shake({**settings, "judge": insatiable}, answer=resolved)


def test_a_refusal_to_fetch_refuses() -> None:
    """An exception as the answer ends the handshake, as with every question."""
    settings = {"revocation": "soft", "fetcher": Library()}
    with pytest.raises(PermissionError):
        shake(
            settings,
            {"credentials": [issued(asks_at())]},
            answer=lambda _: PermissionError("not today"),
        )


def test_a_later_judge_may_be_answered_with_needs() -> None:
    """Whoever calls the built-in judge in an answer gets the same treatment."""
    credential = issued(asks_at())
    fetcher = Library(OCSP=bad(credential.chain[0]))

    def answer(question: Question) -> object:
        return (
            default_judge(question.request) if isinstance(question, Judge) else (question.resolve())
        )

    settings = {"revocation": "soft", "fetcher": fetcher, "judge": lambda _: LATER}
    server = {"credentials": [credential]}
    refused(Reasons.certificate_revoked, settings, server, answer=answer)


def test_questions_reach_the_application_as_events() -> None:
    """The sans-I/O user sees FetchAll and answers with what it fetched by its own means."""
    credential = issued(points_to())

    def answer(question: Question) -> object:
        assert isinstance(question, FetchAll)
        assert "judge" not in repr(question)
        return {fetch: crl() for fetch in question.fetches}

    client = client_config(revocation="hard", fetcher=Library())
    pair = Pair(client, server_config(credentials=[credential]), answer=answer).run()
    assert pair.done
    assert any(isinstance(event, FetchAll) for event in pair.client_events)


# ---- the configuration


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"revocation": "maybe"}, "revocation='maybe'"),
        ({"crls": [crl()]}, 'with revocation="off"'),
        ({"revocation": "soft", "crls": [b"no list"]}, "crls: number 1"),
        ({"revocation": "soft", "crls": [to_pem(LEAF)]}, "no revocation list"),
        ({"fetcher": Library()}, "nothing to fetch"),
        ({"fetch_issuers": True}, "nobody to fetch"),
    ],
)
def test_a_configuration_that_cannot_be_meant(settings: dict[str, Any], why: str) -> None:
    """In words, when it is made, for both roles."""
    for made in (client_config, server_config):
        with pytest.raises(ApiMisuse, match=why):
            made(**settings)


def test_a_promise_that_nobody_keeps_is_seen_when_the_server_is_made() -> None:
    """A must-staple certificate without responses; with some, or a source of them, all is well."""
    promised = issued(MUST_STAPLE)
    with pytest.raises(ApiMisuse, match="promises a stapled OCSP response"):
        server_config(credentials=[promised])
    server_config(credentials=[promised.with_staples(lambda _: [None])])
    server_config(credentials=[promised.with_staples([good(promised.chain[0])])])
