"""Why each thing was chosen: for every kind of connection, of both sides, damaged ones too."""

from __future__ import annotations

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
from tests.support.recordings import SCENARIOS, record, reread
from tests.support.resuming import Edited, resumable
from tests.support.whys import (
    AES128,
    BOTH,
    CHACHA,
    NEW,
    OLD,
    meeting,
    well_formed,
    what_if,
    why,
)
from tlsee.codes import CipherSuite, NamedGroup, SignatureScheme
from tlsee.errors import TLSError
from tlsee.explain.why import reasons_of
from tlsee.recording.format import Header
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import MessageReceived, MessageSent, RecordReceived, Role
from tlsee.values import replace

TRUE_OF_ALL = {"version", "suite", "session"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_sides_tell_the_same_winners(name: str) -> None:
    """Whoever was recorded, and however: what won is the same; only the server knows why."""
    made = record(name)
    ours, theirs = made.client.recording, made.server.recording
    found = {}
    for recording in (ours, theirs, reread(ours), reread(theirs), made.full_client.recording):
        reasons = reasons_of(recording)
        well_formed(reasons)
        winners = {(one.what, one.by): one.chosen for one in reasons}
        assert {what for what, _ in winners} >= TRUE_OF_ALL
        found[id(recording)] = winners
    assert all(winners == found[id(ours)] for winners in found.values())
    for reason in reasons_of(ours):
        if reason.by is Role.SERVER and reason.what in ("version", "suite", "group", "scheme"):
            assert all(candidate.able is None for candidate in reason.candidates)


@pytest.mark.parametrize("name", SCENARIOS)
def test_pseudonyms_change_names_and_nothing_else(name: str) -> None:
    """Suites, groups and versions are the same; nothing is lost with the names."""
    recording = record(name).client.recording
    other = reasons_of(with_pseudonyms(recording, b"k" * 32))

    well_formed(other)
    assert [(one.what, one.by) for one in other] == [
        (one.what, one.by) for one in reasons_of(recording)
    ]
    for one, two in zip(reasons_of(recording), other, strict=True):
        if one.what in ("version", "suite", "group", "scheme", "alpn"):
            assert one == two


def test_grease_and_the_unknown_are_named_in_plain_words() -> None:
    """What nobody knows stands among the candidates, with its number."""
    reason = why(record("1.3").server.recording, "suite")
    grease = [one for one in reason.candidates if "GREASE" in one.words]

    assert len(grease) == 1
    assert grease[0].name == f"0x{grease[0].code:04x}"
    assert not grease[0].able


def test_a_candidate_of_another_version_is_out_of_the_race() -> None:
    """Both versions share one list of suites."""
    recording = meeting(BOTH, BOTH)[1]
    words = {one.name: one.words for one in why(recording, "suite").candidates}

    assert words["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"] == "it is for TLS 1.2"


def test_a_client_is_certain_of_what_could_not_have_been_and_of_no_more() -> None:
    """A what-if of a client's recording names no winner that would be certain."""
    for name in SCENARIOS:
        for reason in reasons_of(record(name).client.recording):
            for item in reason.what_ifs:
                if reason.by is Role.SERVER:
                    assert not (item.certain and item.then), (name, reason)


def test_the_tiers_that_a_recording_does_not_tell_are_not_guessed() -> None:
    """Redacted, another tier would lead elsewhere: not certain. In full, the tiers are there."""
    hello = {"groups": [NamedGroup.X25519MLKEM768, NamedGroup.x25519]} | NEW
    change = "the client had sent no share of X25519MLKEM768"
    _, redacted, full = meeting(hello, NEW)

    assert not what_if(why(redacted, "group"), change).certain
    assert what_if(why(full, "group"), change).certain


def test_a_retry_says_what_it_cost() -> None:
    """The share that was not there, and what it would have saved."""
    made = record("1.3, retried")
    ours, theirs = (why(one.recording, "group") for one in (made.client, made.server))

    assert "HelloRetryRequest" in ours.rule
    assert any("one round trip less" in item.result for item in theirs.what_ifs)


@pytest.mark.parametrize(
    ("client", "server", "what", "names"),
    [
        (OLD, NEW, "version", ("TLS 1.2", "TLS 1.3")),
        (
            {"suites": [CipherSuite.TLS_AES_128_GCM_SHA256]} | NEW,
            {"suites": [CipherSuite.TLS_AES_256_GCM_SHA384]} | NEW,
            "suite",
            ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"),
        ),
        (
            {"suites": [CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]} | OLD,
            {"suites": [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]} | OLD,
            "suite",
            ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        ),
        (
            {"groups": [NamedGroup.x25519]} | NEW,
            {"groups": [NamedGroup.secp384r1]} | NEW,
            "group",
            ("x25519", "secp384r1"),
        ),
        (
            {"groups": [NamedGroup.secp521r1, NamedGroup.secp256r1]} | OLD,
            {"groups": [NamedGroup.secp384r1]} | OLD,
            "group",
            ("secp521r1", "secp384r1"),
        ),
        ({"alpn": ["a"]} | OLD, {"alpn": ["b"]} | OLD, "alpn", ("a", "b")),
        (
            {"schemes": [SignatureScheme.ed25519]} | NEW,
            NEW,
            "scheme",
            ("ed25519",),
        ),
        (
            {"suites": [CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]} | OLD,
            {"credentials": [server_credential()]} | OLD,
            "scheme",
            ("rsa_pss_rsae_sha256",),
        ),
    ],
)
def test_a_failed_negotiation_says_what_was_empty_and_what_would_have_helped(
    client: dict[str, Any], server: dict[str, Any], what: str, names: tuple[str, ...]
) -> None:
    """Both lists, no winner, and a smallest change on either side."""
    ours, theirs, _ = meeting(client, server)
    reason = why(theirs, what)
    well_formed(reasons_of(theirs))

    assert reason.chosen == ""
    shown = {candidate.name for candidate in reason.candidates}
    assert set(names) <= shown
    assert not any(candidate.chosen for candidate in reason.candidates)
    changes = [item.change for item in reason.what_ifs]
    assert any("client" in change for change in changes)
    assert any("this server" in change for change in changes)
    told = reasons_of(ours)  # the client heard an alert and no more
    well_formed(told)
    assert [one.chosen for one in told if one.what in (what, "refusal")] == [""] or what == "scheme"
    assert not any(item.certain and item.then for one in told for item in one.what_ifs)


def test_a_vague_alert_is_not_made_clearer_than_it_is() -> None:
    """handshake_failure names no list: all are shown, and what this client did not offer."""
    suites = [CipherSuite.TLS_AES_128_GCM_SHA256]
    other = [CipherSuite.TLS_AES_256_GCM_SHA384]
    reason = why(meeting({"suites": suites} | NEW, {"suites": other} | NEW)[0], "refusal")

    assert {one.name for one in reason.candidates} >= {"cipher suites", "groups"}
    assert all(not item.certain for item in reason.what_ifs)
    assert any("TLS 1.2" in item.change for item in reason.what_ifs)


def test_certificates_that_lost_are_there_with_their_reasons() -> None:
    """Two keys, a client that accepts but one: the other one's words say so."""
    both = [server_credential("rsa2048"), server_credential("ecdsa_secp256r1")]
    client = {"schemes": [SignatureScheme.ecdsa_secp256r1_sha256]} | NEW
    reason = why(meeting(client, {"credentials": both} | NEW)[1], "certificate")
    lost = [one for one in reason.candidates if not one.chosen]

    assert reason.chosen == "server.test (P-256)"
    assert len(lost) == 1
    assert "accepts no signature" in lost[0].words


def test_a_client_without_a_certificate_says_so() -> None:
    """Asked, and nothing configured: a choice too."""
    server = {"client_trust": trust(), "client_auth": "optional"} | NEW
    ours, theirs, _ = meeting(NEW, server)

    assert why(ours, "certificate", Role.CLIENT).rule == "No credential is configured."
    assert why(theirs, "certificate", Role.CLIENT).chosen == ""
    shown = meeting({"credentials": [client_credential()]} | NEW, server)[1]
    assert why(shown, "certificate", Role.CLIENT).chosen == "client.test (P-256)"


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_session_that_is_not_known_is_a_full_handshake_with_a_reason(
    version: dict[str, Any],
) -> None:
    """The ticket of another server: shown, unknown there, and what it would have saved."""
    client, _ = resumable(version, **version)
    _, other = resumable(version, **version)
    recorders = Recorder(), Recorder()
    Pair(
        client,
        other,
        client_options={"observers": recorders[:1]},
        server_options={"observers": recorders[1:]},
    ).run()
    ours, theirs = (why(one.recording, "session") for one in recorders)

    assert ours.chosen == theirs.chosen == ""
    assert "none is known here" in theirs.rule
    assert ours.candidates
    assert any("a resumption without" in item.result for item in theirs.what_ifs)


def test_the_name_and_who_serves_it() -> None:
    """A name in the certificate wins; one that nobody serves does not."""
    served = why(record("1.3").client.recording, "name")
    assert (served.chosen, served.candidates[0].able) == ("server.test", True)

    theirs = meeting(NEW, {"credentials": [server_credential(name="other.test")]} | NEW)[1]
    other = why(theirs, "name")
    assert other.chosen == ""
    assert [one.name for one in other.candidates] == ["server.test", "other.test"]


def test_limits_of_records_are_a_choice() -> None:
    """A server that has record_size_limit passes over max_fragment_length."""
    client = {"max_fragment_length": 1024, "record_size_limit": None} | NEW
    assert why(meeting(client, NEW)[1], "record_size").chosen == "max_fragment_length"
    both = {"max_fragment_length": 1024, "record_size_limit": 2000} | NEW
    reason = why(meeting(both, NEW)[1], "record_size")
    assert reason.chosen == "record_size_limit"
    assert [one.chosen for one in reason.candidates] == [True, False]


def test_without_choices_the_messages_tell() -> None:
    """What a listener has: hellos and certificates, and no word of either side."""
    made = record("1.2")
    kept = (MessageSent, MessageReceived, RecordReceived)
    heard = [m for m in made.client.recording.moments if isinstance(m.item, kept)]
    reasons = {one.what: one for one in reasons_of(Recording(Header(0), heard))}

    well_formed(tuple(reasons.values()))
    assert reasons["version"].chosen == "TLS 1.2"
    assert reasons["suite"].chosen == "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert reasons["group"].chosen == "x25519"
    assert reasons["scheme"].chosen == "ecdsa_secp256r1_sha256"


def test_a_server_that_takes_what_was_not_offered_is_said_to() -> None:
    """The client refuses it: the winner stands apart from what was on the table."""
    recorder = Recorder()
    odd = Edited(server_hello=lambda message: replace(message, cipher_suite=CHACHA))
    pair = Pair(
        client_config(suites=[AES128], **NEW),
        server_config(**NEW),
        client_options={"observers": [recorder]},
        server_options={"composer": odd},
    )
    with pytest.raises(TLSError):
        pair.run()
    reason = why(recorder.recording, "suite")
    winner = next(one for one in reason.candidates if one.chosen)

    assert reason.chosen == winner.name == "TLS_CHACHA20_POLY1305_SHA256"
    assert not winner.offered
    assert "not offered" in reason.rule
    assert reason.what_ifs == ()
