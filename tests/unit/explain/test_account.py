"""The account of a recording: what every view shows, from redacted and full recordings alike."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.endpoints import NAME, Pair, client_config, events_of, server_config
from tests.support.recordings import ANSWERED, EARLY, SAID, SCENARIOS, record
from tlsee.codes import ContentType
from tlsee.errors import AlertReceived, CertificateRejected
from tlsee.explain.account import Account, Ending
from tlsee.explain.story import Kind
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import Role


@cache
def recorded(name: str) -> tuple[Recording, ...]:
    """What each recorder of a scenario wrote, read again."""
    made = record(name).recorders
    return tuple(Recording.from_bytes(r.recording.to_bytes()) for r in made)


def accounts(name: str) -> Iterator[Account]:
    return (Account.of(recording) for recording in recorded(name))


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_record_is_read_to_its_last_byte(name: str) -> None:
    """Handshake, alerts and headers in any recording; application data where the keys are kept."""
    for account in accounts(name):
        for view, tree in zip(account.records, account.record_fields, strict=True):
            assert not [field.problem for field in tree.walk() if field.problem], view
            opened = view.seen.opened
            if opened is not None and view.content != ContentType.application_data:
                assert opened.content is not None


@pytest.mark.parametrize("name", SCENARIOS)
def test_redacted_and_full_recordings_dissect_alike(name: str) -> None:
    """What the messages fill in is what the keys open, but for the ticket that was taken."""
    client, server, full_client, full_server = accounts(name)
    for redacted, full in ((client, full_client), (server, full_server)):
        vars(full)["context"] = redacted.context
        assert len(redacted.records) == len(full.records)
        for one, other in zip(redacted.records, full.records, strict=True):
            if one.content != ContentType.application_data:
                assert one.seen == other.seen
        for told, known in zip(redacted.steps, full.steps, strict=True):
            assert told.field == known.field


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_step_has_its_records_and_its_key(name: str) -> None:
    """Each record belongs to a step, but for 1.3's dummy ChangeCipherSpec."""
    for account in accounts(name):
        for step in account.steps:
            assert step.records, step.title
            keys = {account.records[n - 1].seen.protection for n in step.records}
            assert step.key in {key.key if key is not None else None for key in keys}
        linked = {number for step in account.steps for number in step.records}
        lonely = [view for view in account.records if view.number not in linked]
        assert all(view.content == ContentType.change_cipher_spec for view in lonely)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_words_of_the_application_need_the_keys(name: str) -> None:
    """A full recording has them, a redacted one never."""
    client, server, full_client, full_server = accounts(name)
    for account in (client, server):
        assert not any(step.step.spoken for step in account.steps)
    for account in (full_client, full_server):
        said = b"".join(
            view.seen.opened.content or b""
            for view in account.records
            if view.seen.opened is not None and view.content == ContentType.application_data
        )
        wanted = [SAID, ANSWERED, *([EARLY] if "early" in name else [])]
        assert all(words in said for words in wanted)
        assert any(step.step.spoken for step in account.steps if step.step.kind is Kind.DATA)


def test_keys_count_their_updates() -> None:
    """What is said behind a KeyUpdate is under another key than what was said before it."""
    for account in accounts("1.3, keys updated"):
        keys = {view.seen.protection.key for view in account.records if view.seen.protection}
        assert "client application traffic key" in keys
        assert "client application traffic key, update 1" in keys


def test_the_headings_of_both_sides() -> None:
    """Each side is 'you' in its own recording; the other has its name."""
    client, server = list(accounts("1.3"))[:2]
    assert (client.heading.left, client.heading.right) == ("you", NAME)
    assert (server.heading.left, server.heading.right) == ("client", "you")
    assert client.heading.title == NAME
    assert client.outcome.ending is Ending.CONNECTED
    assert client.outcome.headline.startswith("Connected: TLS 1.3, X25519MLKEM768")


def test_a_refusal_names_reason_evidence_and_fix() -> None:
    """A name that the certificate does not have, told by the side that refused and by the other."""
    ours, theirs = Recorder(), Recorder()
    pair = Pair(
        client_config(),
        server_config(),
        name="elsewhere.test",
        client_options={"observers": [ours]},
        server_options={"observers": [theirs]},
    )
    with pytest.raises(CertificateRejected):
        pair.run()
    Pair.carry(pair.client, pair.server)
    with pytest.raises(AlertReceived):
        events_of(pair.server)
    here, there = Account.of(ours.recording).outcome, Account.of(theirs.recording).outcome
    assert here.ending is Ending.REFUSED_HERE
    assert here.name
    assert here.alert.startswith("bad_certificate") or "(" in here.alert
    assert here.evidence
    assert there.ending is Ending.REFUSED_THERE
    assert there.fix


def test_what_would_have_been_accepted_is_judged_again() -> None:
    """The name that the certificate has, from a recording alone; nothing where it was accepted."""
    recorder = Recorder()
    options = {"observers": [recorder]}
    pair = Pair(client_config(), server_config(), name="elsewhere.test", client_options=options)
    with pytest.raises(CertificateRejected):
        pair.run()
    refused = Account.of(Recording.from_bytes(recorder.recording.to_bytes()))
    hidden = Account.of(with_pseudonyms(refused.recording))
    accepted = next(accounts("1.3"))
    assert refused.verdict is not None
    assert hidden.verdict is not None
    assert accepted.verdict is not None
    found = refused.verdict.what_ifs()
    assert [what_if.accepted for what_if in found] == [True]
    assert NAME in found[0].change
    assert hidden.verdict.what_ifs() == ()
    assert accepted.verdict.what_ifs() == ()


def test_pseudonyms_leave_a_whole_account() -> None:
    """Bodies that were left out are said to be; nothing else is missing."""
    account = Account.of(with_pseudonyms(recorded("1.3")[0]))
    assert account.outcome.good
    assert all(step.records for step in account.steps)
    assert account.heading.title != NAME


@given(st.data())
def test_no_damage_is_too_much(data: st.DataObject) -> None:
    """Moments may be missing, or come in any order: an account says what is left."""
    recording = data.draw(st.sampled_from([r for name in ("1.3", "1.2") for r in recorded(name)]))
    moments = list(recording.moments)
    kept = data.draw(st.lists(st.sampled_from(range(len(moments))), max_size=len(moments)))
    account = Account.of(Recording(recording.header, [moments[place] for place in kept]))
    assert len(account.record_fields) == len(account.records)
    assert account.heading.title
    assert account.outcome.headline
    assert len(account.steps) == len(account.story.steps)
    assert account.story.role in Role


@pytest.mark.parametrize("name", ["1.3, resumed", "1.2, resumed", "1.3, early data"])
def test_the_ticket_that_was_taken_is_open_to_its_server_alone(name: str) -> None:
    """Down to the session's fields, as the bytes travelled; the secret in it is not shown."""
    client, server, full_client, full_server = accounts(name)
    for account in (client, server, full_client):
        hello = account.steps[0].field
        assert hello is not None
        sealed = hello.find("encrypted_state")
        assert sealed is None or not sealed.children
    hello = full_server.steps[0].field
    assert hello is not None
    sealed = hello.find("encrypted_state")
    assert sealed is not None
    assert sealed.protected_by == "the server's ticket key"
    inside = {field.name: field for field in sealed.children}
    assert "suite" in inside
    assert inside["secret"].words.endswith("secret and not shown")
    assert b"".join(field.raw for field in sealed.children) == sealed.raw
