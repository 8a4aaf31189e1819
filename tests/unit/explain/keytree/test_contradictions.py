"""Recordings that contradict themselves: what does not fit is said, and nothing hides it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.keytrees import changed, graph_of, logged, recordings, without_journal
from tests.support.recordings import KEY
from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.crypto.entries import Entry
from tlsee.explain.keytree import KeyGraph, key_graph, recipe
from tlsee.explain.keytree.tree13 import AFTER_LIMIT
from tlsee.recording.kept import Moment
from tlsee.recording.recording import Recording
from tlsee.sessions.psk import ExternalPsk
from tlsee.trace import Choice, KeysInstalled, MessageReceived, MessageSent, SecretDerived
from tlsee.values import replace
from tlsee.wire.codec import decode
from tlsee.wire.extensions.key_share import KeyShareServerHello
from tlsee.wire.hellos import ServerHello

LABELS = {
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET": "client_handshake_traffic_secret",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET": "server_handshake_traffic_secret",
    "CLIENT_TRAFFIC_SECRET_0": "client_application_traffic_secret_0",
    "SERVER_TRAFFIC_SECRET_0": "server_application_traffic_secret_0",
    "EXPORTER_SECRET": "exporter_secret",
    "CLIENT_EARLY_TRAFFIC_SECRET": "client_early_traffic_secret",
    "EARLY_EXPORTER_SECRET": "early_exporter_secret",
    "CLIENT_RANDOM": "main secret",
}


def event(recording: Recording, label: str) -> SecretDerived:
    (found,) = [one for one in logged(recording) if one.label == label]
    return found


def problem_of(graph: KeyGraph, name: str) -> str:
    node = graph.node(name)
    assert node is not None
    return node.problem


@pytest.mark.parametrize("label", LABELS)
def test_another_secret_is_logged(label: str) -> None:
    """The computed value stays, and the node says that the recording has another one."""
    name = "1.2" if label == "CLIENT_RANDOM" else "1.3, early data"
    recording = recordings(name)[0]
    told = event(recording, label)
    forged = changed(recording, told, replace(told, secret=bytes(len(told.secret))))
    graph, node_name = graph_of(forged), LABELS[label]
    before, after = graph_of(recording).node(node_name), graph.node(node_name)
    assert before is not None
    assert after is not None
    assert after.output == before.output
    assert "another value" in after.problem
    assert len(graph.problems) == 1
    assert [one.name for one in graph.nodes if one.problem] == [node_name]


def test_two_values_under_one_label() -> None:
    """The first counts, and it is said."""
    recording = recordings("1.3")[0]
    told = event(recording, "EXPORTER_SECRET")
    twice = Recording(
        recording.header,
        [*recording.moments, replace_item(recording, told, replace(told, secret=bytes(32)))],
    )
    assert any("two values" in problem for problem in graph_of(twice).problems)


def replace_item(recording: Recording, old: Any, new: Any) -> Moment:
    """The moment of one thing, with another in its place."""
    (moment,) = [moment for moment in recording.moments if moment.item is old]
    return Moment(moment.at, moment.cpu, new)


def test_a_secret_of_another_connection() -> None:
    """It is left aside, as if it were not there."""
    recording = without_journal(recordings("1.3")[0])
    told = event(recording, "EXPORTER_SECRET")
    other = changed(recording, told, replace(told, client_random=bytes(32)))
    graph = graph_of(other)
    node = graph.node("exporter_secret")
    assert node is not None
    assert node.output is None
    assert any("another connection" in problem for problem in graph.problems)


def test_a_secret_of_another_length() -> None:
    """It cannot be one, and is not shown."""
    recording = without_journal(recordings("1.3")[0])
    told = event(recording, "EXPORTER_SECRET")
    graph = graph_of(changed(recording, told, replace(told, secret=b"short")))
    node = graph.node("exporter_secret")
    assert node is not None
    assert node.output is None
    assert node.problem


@pytest.mark.parametrize("name", ["1.3", "1.2"])
@pytest.mark.parametrize("side", ["client", "server"])
def test_another_finished(name: str, side: str) -> None:
    """What the message says is compared with what the schedule gives."""
    recording = recordings(name)[0]
    kind = MessageSent if side == "client" else MessageReceived
    (told,) = [e for e in recording.events() if isinstance(e, kind) and e.raw[0] == 20]
    raw = told.raw[:-1] + bytes([told.raw[-1] ^ 1])
    graph = graph_of(changed(recording, told, kind(told.epoch, raw)))
    assert "says another value" in problem_of(graph, f"{side} verify_data")


def test_another_binder() -> None:
    """The binder that stands in the hello is compared too."""
    recording = recordings("1.3, resumed")[0]
    told = next(e for e in recording.events() if isinstance(e, MessageSent))
    raw = told.raw[:-1] + bytes([told.raw[-1] ^ 1])
    graph = graph_of(changed(recording, told, MessageSent(told.epoch, raw)))
    assert "says another value" in problem_of(graph, "binder")


def test_a_private_key_that_is_not_the_shares() -> None:
    """It is not used: nothing is computed from what does not fit."""
    recording = recordings("1.3, x25519")[0]
    (entry,) = [e for e in recording.journal.entries if e.kind == "key_share"]
    (held,) = [m.item for m in recording.moments if m.item is entry or m.item == entry]
    forged = changed(recording, held, Entry("key_share", entry.code, bytes(range(32))))
    graph = graph_of(forged)
    private = graph.node("client x25519 private key")
    shared = graph.node("shared secret")
    assert private is not None
    assert shared is not None
    assert private.output is None
    assert shared.output is None
    assert not graph.problems


def test_another_external_key() -> None:
    """A session that is said to be another: the binder and the secrets contradict it."""
    recording = recordings("1.3, external key")[1]
    told = next(e for e in recording.events() if isinstance(e, Choice) and e.what == "session")
    other = ExternalPsk(b"mesh", KEY[::-1])
    forged = changed(recording, told, replace(told, chosen=other, able=(other,)))
    forged = Recording(
        forged.header,
        [m for m in forged.moments if type(m.item).__name__ != "Configuration"],
    )
    graph = graph_of(forged)
    assert "another value" in problem_of(graph, "binder")
    assert "another value" in problem_of(graph, "client_handshake_traffic_secret")


def test_a_suite_that_nobody_knows() -> None:
    """There is no schedule to draw, and that is said."""
    for name in ("1.3", "1.2"):
        recording = recordings(name)[2]
        told = next(e for e in recording.events() if isinstance(e, MessageReceived))
        at = 4 + 2 + 32 + 1 + told.raw[38]
        raw = told.raw[:at] + b"\x0a\x0a" + told.raw[at + 2 :]
        graph = key_graph(changed(recording, told, MessageReceived(told.epoch, raw)))
        assert graph is not None
        assert graph.nodes == ()
        assert "not known here" in graph.missing


def test_an_older_version() -> None:
    """Versions before 1.2 have another PRF."""
    recording = recordings("1.2")[2]
    told = next(e for e in recording.events() if isinstance(e, MessageReceived))
    raw = told.raw[:4] + b"\x03\x02" + told.raw[6:]
    graph = key_graph(changed(recording, told, MessageReceived(told.epoch, raw)))
    assert graph is not None
    assert graph.nodes == ()
    assert "before 1.2" in graph.missing


def test_application_secrets_alone() -> None:
    """A capture whose key log lacks the handshake's secrets: what theirs lead to is there."""
    recording = recordings("1.3, x25519")[0]
    kept = []
    for moment in without_journal(recording).moments:
        item = moment.item
        if isinstance(item, MessageSent | MessageReceived) and item.epoch:
            continue
        if isinstance(item, SecretDerived) and "HANDSHAKE" in item.label:
            continue
        kept.append(moment)
    graph = graph_of(Recording(recording.header, kept))
    whole = graph_of(recording)
    for side in ("client", "server"):
        for what in ("key", "iv"):
            name = f"{side}_write_{what} (application 0)"
            one, other = graph.node(name), whole.node(name)
            assert one is not None
            assert other is not None
            assert one.output == other.output is not None
        secret = graph.node(f"{side}_application_traffic_secret_0")
        assert secret is not None
        assert secret.context == b""
        assert "not all of it recorded" in secret.context_words
    assert "main secret" in graph.missing or "more" in graph.missing
    assert not graph.problems


@pytest.mark.parametrize("code", [0x0A0A, CipherSuite.TLS_AES_256_GCM_SHA384])
def test_early_data_under_another_suite(code: int) -> None:
    """KeysInstalled tells whose suite protects early data; one that does not fit is passed over."""
    recording = recordings("1.3, early data")[0]
    installed = next(e for e in recording.events() if isinstance(e, KeysInstalled) and e.epoch == 1)
    forged = changed(recording, installed, replace(installed, suite=CipherSuite.of(code)))
    graph = graph_of(forged)
    assert graph.version == ProtocolVersion.TLS13
    assert not graph.problems


@pytest.mark.parametrize("right", [True, False])
def test_a_session_is_known_by_its_binder(right: bool) -> None:
    """A server's sessions have no ticket: one belongs to an identity whose binder it gives."""
    recording = recordings("1.3, resumed")[1]
    told = next(e for e in recording.events() if isinstance(e, Choice) and e.what == "session")
    session = told.chosen if right else replace(told.chosen, secret=bytes(32))
    loser = replace(told.chosen, secret=bytes(range(32)))
    choice = replace(told, chosen=None, able=(loser, session))
    graph = graph_of(changed(recording, told, choice))
    psk = graph.node("PSK")
    assert psk is not None
    assert psk.output == (told.chosen.secret if right else None)
    assert not graph.problems


@pytest.mark.parametrize("name", ["1.2", "1.2, DHE", "1.2, RSA key exchange"])
def test_a_key_exchange_that_cannot_be_read(name: str) -> None:
    """The graph ends before it, and says why."""
    recording = recordings(name)[0]
    (told,) = [e for e in recording.events() if isinstance(e, MessageSent) and e.raw[0] == 16]
    body = b"\x00" * (len(told.raw) - 5) + b"\xff" if "2," in name else b"\xff" * 9
    raw = told.raw[:1] + len(body).to_bytes(3) + body
    graph = graph_of(changed(recording, told, MessageSent(told.epoch, raw)))
    assert "does not hold together" in graph.missing
    assert graph.node("main secret") is None


# --- What is too much, and what is too little -----------------------------------------------------


def entry_of(recording: Recording, kind: str) -> Entry:
    (found,) = [m.item for m in recording.moments if getattr(m.item, "kind", "") == kind]
    assert isinstance(found, Entry)
    return found


def test_more_key_updates_than_anybody_makes() -> None:
    """So many are drawn, each from the one before, and that there are more is said."""
    recording = recordings("1.3, keys updated")[2]
    place, update = next(
        (place, m)
        for place, m in enumerate(recording.moments)
        if isinstance(m.item, MessageSent) and m.item.raw[0] == 24
    )
    before, after = recording.moments[:place], recording.moments[place:]
    graph = graph_of(Recording(recording.header, [*before, *[update] * AFTER_LIMIT, *after]))
    last = graph.node(f"client_application_traffic_secret_{AFTER_LIMIT}")
    assert last is not None
    assert last.inputs[0].node == f"client_application_traffic_secret_{AFTER_LIMIT - 1}"
    assert graph.node(f"client_application_traffic_secret_{AFTER_LIMIT + 1}") is None
    assert "there are more" in graph.missing


def test_finished_twice() -> None:
    """Each side's first one is the handshake's."""
    recording = recordings("1.2")[2]
    twice = [
        m
        for one in recording.moments
        for m in [one] * (1 + (isinstance(one.item, MessageSent) and one.item.raw[0] == 20))
    ]
    graph = graph_of(Recording(recording.header, twice))
    found = [node.name for node in graph.nodes if "verify_data" in node.name]
    assert found == ["client verify_data", "server verify_data"]


def test_a_message_that_is_missing() -> None:
    """Nothing is computed over a transcript that is not all there: what is logged stands alone."""
    recording = recordings("1.3, x25519")[0]
    kept = [
        m
        for m in recording.moments
        if not (isinstance(m.item, MessageReceived) and m.item.raw[0] == 20)
    ]
    graph = graph_of(Recording(recording.header, kept))
    main, secret = graph.node("main secret"), graph.node("client_application_traffic_secret_0")
    assert main is not None
    assert secret is not None
    assert main.output is not None
    assert "not computed here" in secret.about
    assert "not in this recording" in recipe(graph, secret)
    without = [m for m in kept if not isinstance(m.item, SecretDerived)]
    secret = graph_of(Recording(recording.header, without)).node("exporter_secret")
    assert secret is not None
    assert secret.output is None


def test_an_answer_to_another_share() -> None:
    """A secret of the journal that is of another share than the hello's is not taken."""
    recording = recordings("1.3, x25519")[1]
    entry = entry_of(recording, "response")
    graph = graph_of(changed(recording, entry, replace(entry, about=bytes(32))))
    shared = graph.node("shared secret")
    assert shared is not None
    assert shared.output is None


def test_a_share_that_is_none() -> None:
    """A point of small order leads to no secret, whatever else the journal says."""
    recording = recordings("1.3, x25519")[0]
    told = next(e for e in recording.events() if isinstance(e, MessageReceived))
    share = decode(ServerHello, told.raw).extensions.require(KeyShareServerHello).server_share
    raw = told.raw.replace(share.key_exchange, bytes(32))
    forged = changed(recording, told, MessageReceived(told.epoch, raw))
    answer = Entry("response", share.group, bytes(64))
    moments = [Moment(0, None, answer), *forged.moments]
    graph = graph_of(Recording(forged.header, moments))
    shared = graph.node("shared secret")
    assert shared is not None
    assert shared.output is None
