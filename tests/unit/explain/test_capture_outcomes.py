"""What is said of how overheard connections ended: by whom, why, and no more than was heard."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest

from tests.support.captures_made import Talker, pcap
from tests.support.captures_told import flights, key_log_of, wire
from tests.support.endpoints import Pair, client_config, server_config, trust
from tests.support.recordings import TLS12, TLS13, record
from tlsee.codes import AlertDescription, AlertLevel, CipherSuite, ContentType
from tlsee.errors import TLSError
from tlsee.explain.account import Account, Ending
from tlsee.explain.capture import read_capture
from tlsee.explain.report.terminal import terminal
from tlsee.explain.why import reasons_of
from tlsee.identity.authority import Authority
from tlsee.identity.trust import Trust
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.values import replace


def _account(talker: Talker, *logs: Recording) -> Account:
    (found,) = read_capture(pcap(talker.packets), key_log_of(logs) if logs else None).connections
    return Account.of(found.recording)


def _alert(level: AlertLevel, alert: AlertDescription) -> bytes:
    return bytes((int(ContentType.alert), 3, 3, 0, 2, int(level), int(alert)))


def _hello() -> bytes:
    """A client's first record."""
    return next(flights(record("1.2").full_client.recording))[1]


def _elsewhere() -> Trust:
    return Trust.from_pem(Authority.create("another authority").pem)


def _screen(account: Account) -> str:
    return re.sub(r"\s+", " ", " ".join(line.text for line in terminal(account, "a.pcap")))


def _met(client: Any, server: Any, **options: Any) -> Recording:
    """What a client has recorded, whoever refused."""
    recorder = Recorder(reveal_secrets=True)
    pair = Pair(client, server, client_options={"observers": [recorder]}, **options)
    with contextlib.suppress(TLSError):
        pair.run()
    with contextlib.suppress(TLSError):
        pair.carry(pair.client, pair.server)
    with contextlib.suppress(TLSError):
        pair.carry(pair.server, pair.client)
    return recorder.recording


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_client_that_does_not_know_the_authority(version: dict[str, Any]) -> None:
    """The server showed a certificate: nobody is told to show one, least of all the client."""
    own = _met(client_config(**version, trust=_elsewhere()), server_config(**version))
    outcome = _account(wire(own), own).outcome
    assert outcome.ending is Ending.REFUSED_HERE
    assert outcome.headline == "The client refused: unknown_ca"
    (sentence,) = outcome.sentences
    assert "the client does not know the authority of the certificate it was shown" in sentence
    assert outcome.alert == "unknown_ca (48)"
    assert "--" not in outcome.fix  # no option of a command of ours is in their hands


def test_a_server_that_wants_a_certificate_refuses_behind_the_handshake() -> None:
    """In TLS 1.3 the client was done: that is not all there is to say of it."""
    own = _met(client_config(**TLS13), server_config(**TLS13, client_trust=trust()))
    account = _account(wire(own), own)
    assert account.story.done is not None
    assert account.outcome.ending is Ending.CUT
    assert account.outcome.headline == "The server refused: certificate_required"
    assert account.outcome.fix == "have the client show a certificate"
    assert "The handshake had been done before." in account.outcome.sentences
    assert "Connected" not in _screen(account)


def test_a_server_that_names_no_more_than_a_bad_certificate() -> None:
    """Where the client showed none, that is what the server means."""
    talker = Talker().hands().say(True, _hello())
    talker.say(False, _alert(AlertLevel.fatal, AlertDescription.bad_certificate)).bye()
    outcome = _account(talker).outcome
    assert outcome.headline == "The server refused: bad_certificate"
    assert "the server wants a certificate, and none was shown" in outcome.sentences[0]


def test_a_warning_refuses_nothing() -> None:
    """TLS 1.2 servers warn that they do not know the name, and go on."""
    own = record("1.2").full_client.recording
    warning = _alert(AlertLevel.warning, AlertDescription.unrecognized_name)
    talker = Talker().hands()
    for number, (from_client, data) in enumerate(flights(own)):
        if number == 1:
            talker.say(False, warning)
        talker.say(from_client, data)
    account = _account(talker.bye(), own)
    assert account.outcome.good
    screen = _screen(account)
    assert "alert unrecognized_name (112) warning" in screen
    assert "fatal" not in screen


def test_in_1_3_the_level_means_nothing() -> None:
    """A warning of TLS 1.3 is as fatal as any alert but close_notify and user_canceled."""
    own = record("1.3").full_client.recording
    talker = Talker().hands()
    for _, data in list(flights(own))[:1]:
        talker.say(True, data)
    for from_client, data in list(flights(own))[1:2]:
        talker.say(from_client, data)
    talker.say(True, _alert(AlertLevel.warning, AlertDescription.decode_error)).bye()
    account = _account(talker)
    assert account.outcome.headline == "The client refused: decode_error"


def test_what_is_missing_is_not_said_not_to_have_happened() -> None:
    """Behind a hole there may have been all of the handshake."""
    own = record("1.2").full_client.recording
    talker = wire(own, 300)
    packets = [*talker.packets[:5], *talker.packets[6:]]
    (found,) = read_capture(pcap(packets)).connections
    outcome = Account.of(found.recording).outcome
    assert outcome.headline == "The handshake was not done as far as it was overheard"


def test_a_listener_judges_no_session() -> None:
    """Who resumes has judged the certificate again; who listens has not."""
    for version in (TLS12, TLS13):
        client = client_config(**version, sessions=True)
        server = server_config(**version, sessions=True)
        first, second = _met(client, server), _met(client, server)
        packets = wire(first).packets
        packets += wire(second, client=("10.0.0.1", 50_001), begin=10**9).packets
        log = key_log_of([first, second])
        heard = read_capture(pcap(packets), log).connections[1]
        screen = _screen(Account.of(heard.recording))
        assert "the server has the key of the session in which it held server.test's key" in screen
        assert "judged again" not in screen
        assert "judged again" in _screen(Account.of(second))


def test_both_goodbyes_are_hidden() -> None:
    """Every step that is shown as encrypted is told as hidden, the last one too."""
    account = Account.of(record("1.3").full_client.recording)
    last = account.story.steps[-1]
    assert last.is_goodbye
    assert not last.is_readable
    assert f"hidden 3 to {last.number};" in _screen(account)
    assert any(f"3 to {last.number};" in fact for fact in account.outcome.sentences)


def test_what_stays_closed_in_1_2_is_told_where_it_was_said() -> None:
    """Its headers are readable: Finished and goodbyes are there, in order, with their records."""
    account = _account(wire(record("1.2").full_client.recording))
    told = [(view.title, view.step.sender.value, len(view.records)) for view in account.steps]
    client = [(title, records) for title, sender, records in told if sender == "client"]
    at = client.index(("ChangeCipherSpec", 1))
    assert client[at + 1 :] == [("closed handshake", 1), ("closed records", 1), ("closed alert", 1)]
    titles = [title for title, _, _ in told]
    assert titles.count("closed handshake") == titles.count("closed alert") == 2
    carried = [number for view in account.steps for number in view.records]
    assert sorted(set(carried)) == [view.number for view in account.records]


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_the_session_that_was_taken_has_won(version: dict[str, Any]) -> None:
    """The answer names it; its suite in TLS 1.2 was never up for a decision."""
    client = client_config(**version, sessions=True)
    server = server_config(**version, sessions=True)
    first, second = _met(client, server), _met(client, server)
    packets = wire(first).packets
    packets += wire(second, client=("10.0.0.1", 50_001), begin=10**9).packets
    heard = read_capture(pcap(packets), key_log_of([first, second])).connections[1].recording
    for recording in (heard, second):
        found = {why.what: why for why in reasons_of(recording)}
        (one,) = found["session"].candidates
        assert one.chosen
        assert one.words.startswith("taken")
        if version is TLS12:
            lost = {one.words for one in found["suite"].candidates if not one.chosen}
            assert "the session keeps the suite that it began with" in lost
            assert "the server did not take it, and does not say why" not in lost
            assert "resumed" in found["suite"].what_ifs[0].result


@pytest.mark.parametrize("name", ["1.2, client certificate", "1.3, client certificate"])
def test_a_client_certificate_is_named(name: str) -> None:
    """Both showed one: what is known of the client's is said, and no more."""
    own, plain = (record(one).full_client.recording for one in (name, "1.3"))
    screen = _screen(_account(wire(own), own))
    said = "the client showed a certificate for client.test; its signature was not checked"
    assert said in screen
    assert said not in _screen(Account.of(own))
    assert "the client showed" not in _screen(_account(wire(plain), plain))


def test_a_signal_is_no_suite_that_is_offered() -> None:
    """Older clients put one among their suites; those of RSA key exchange name no groups."""
    own = record("1.2, RSA key exchange").full_client.recording
    account = _account(wire(own))
    hello = account.steps[0].step.message
    signal = CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV
    real = [s for s in hello.cipher_suites if s != signal and not s.is_grease]
    account.story.steps[0].message = replace(hello, cipher_suites=[signal, *real])
    said = account.steps[0].sentences[0]
    assert re.search(rf"here (is|are) {len(real)} cipher suite", said)
    assert "0 groups" not in said
