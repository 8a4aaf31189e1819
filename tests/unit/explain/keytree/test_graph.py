"""The graph: what is in it for each kind of connection and recording, and where it counts."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.support.endpoints import (
    NAME,
    Pair,
    client_config,
    client_credential,
    server_config,
    trust,
)
from tests.support.keytrees import (
    EVERY,
    executed,
    graph_of,
    logged,
    recordings,
    without_journal,
)
from tests.support.recordings import KEY, TLS12, TLS13
from tests.support.resuming import Edited, resumable
from tlsee import policies
from tlsee.codes import ExtensionType, NamedGroup, ProtocolVersion
from tlsee.explain.keytree import KeyGraph, KeyNode, key_graph
from tlsee.explain.narrate import title
from tlsee.explain.recorded import story_of
from tlsee.keys import schedule12, schedule13
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.sessions.psk import ExternalPsk
from tlsee.trace import Failed, MessageReceived, MessageSent, SecretDerived
from tlsee.values import replace
from tlsee.wire.extensions.block import Extensions

every = pytest.mark.parametrize("name", EVERY)

# RFC 9846, 7.1 to 7.3, of a handshake without a pre-shared key, in the order of its making.
FULL = [
    "early secret",
    "derived secret (early secret)",
    "handshake secret",
    "client_handshake_traffic_secret",
    "server_handshake_traffic_secret",
    *(
        f"{side}_write_{what} (handshake)"
        for side in ("client", "server")
        for what in ("key", "iv")
    ),
    "server finished_key (handshake)",
    "server verify_data",
    "client finished_key (handshake)",
    "client verify_data",
    "derived secret (handshake secret)",
    "main secret",
    "client_application_traffic_secret_0",
    "server_application_traffic_secret_0",
    "exporter_secret",
    *(
        f"{side}_write_{what} (application 0)"
        for side in ("client", "server")
        for what in ("key", "iv")
    ),
    "resumption_secret",
]


def names(graph: KeyGraph) -> list[str]:
    return [node.name for node in graph.nodes]


def shape(node: KeyNode) -> tuple[Any, ...]:
    """Everything but the value and what is said of it."""
    inputs = tuple((one.role, one.node, one.data) for one in node.inputs)
    return (
        *(node.name, node.operation, inputs, node.label, node.context, node.context_words),
        *(node.length, node.public, node.used_first, node.used_words, node.stage, node.start),
    )


def node(graph: KeyGraph, name: str) -> KeyNode:
    found = graph.node(name)
    assert found is not None, names(graph)
    return found


# --- What is in it --------------------------------------------------------------------------------


def test_a_full_handshake() -> None:
    """The whole schedule, each value once, in the order of its making."""
    graph = graph_of(recordings("1.3, x25519")[0])
    start = ["client x25519 private key", "shared secret"]
    assert sorted(names(graph)) == sorted([*FULL, *start])
    assert [name for name in names(graph) if name in FULL] == FULL
    assert graph.version == ProtocolVersion.TLS13
    assert (graph.missing, graph.problems) == ("", ())
    assert node(graph, "early secret").public
    assert node(graph, "derived secret (early secret)").public
    assert sum(one.public for one in graph.nodes) == 2


@every
def test_the_order_and_the_names(name: str) -> None:
    """No name comes twice, no input comes later than what it is for, each length is true."""
    for recording in recordings(name):
        graph = graph_of(recording)
        seen: set[str] = set()
        for one in graph.nodes:
            assert one.name not in seen
            assert all(part.node in seen for part in one.inputs if part.node)
            assert all((part.data is None) is bool(part.node) for part in one.inputs)
            assert one.output is None or len(one.output) == one.length
            assert one.about.endswith(".")
            assert one.clause.startswith("RFC ")
            assert one.stage
            seen.add(one.name)
        used = {part.node for one in graph.nodes for part in one.inputs}
        stages = [one for one in graph.nodes if one.operation == "HKDF-Extract"]
        assert all(one.name in used for one in stages if one.name != "main secret")


@every
def test_both_sides_have_the_same_values(name: str) -> None:
    """What the client's recording leads to, the server's does."""
    client, server = (graph_of(recording) for recording in recordings(name)[:2])
    values = {one.name: one.output for one in client.nodes if one.output is not None}
    common = {
        one.name: one.output
        for one in server.nodes
        if one.output is not None and one.name in values
    }
    assert len(common) >= len(client.nodes) - 4
    assert {name: values[name] for name in common} == common


@every
def test_it_agrees_with_what_the_endpoint_told(name: str) -> None:
    """Each secret that was logged is a node with this value, and was computed, not copied."""
    for recording in recordings(name)[:2]:
        graph = graph_of(recording)
        values = {one.output for one in graph.nodes}
        assert logged(recording)
        assert all(event.secret in values for event in logged(recording))
        assert not any("not computed here" in one.about for one in graph.nodes)


@every
def test_a_redacted_recording(name: str) -> None:
    """The same nodes with labels, contexts, inputs and lengths; of values those in clear alone."""
    full, _, brief = (graph_of(recording) for recording in recordings(name))
    assert names(full) == names(brief)
    for one, other in zip(full.nodes, brief.nodes, strict=True):
        if other.length:  # of what was agreed on elsewhere only the value tells it
            assert shape(one) == shape(other)
        clear = other.public or "verify_data" in other.name or other.name.startswith("binder")
        clear = clear and not other.name.endswith("key")
        assert (other.output is not None) is (clear and "key" not in other.name), other.name
        assert other.output in (None, one.output)
    assert "no secrets" in brief.missing
    assert brief.transcripts == full.transcripts


@every
def test_secrets_without_a_journal(name: str) -> None:
    """As serve keeps them: below the logged secrets all is computed, above them nothing is."""
    full = recordings(name)[1]
    graph, whole = graph_of(without_journal(full)), graph_of(full)
    assert names(graph) == names(whole)
    known = {one.name for one in graph.nodes if one.output is not None}
    missing = {one.name for one in graph.nodes} - known
    for one in graph.nodes:
        wanted = node(whole, one.name)
        assert one.output in (None, wanted.output)
        if one.inputs and all(part.node in known for part in one.inputs if part.node):
            assert one.output is not None, one.name
    if graph.version == ProtocolVersion.TLS12:
        assert not missing - {
            "premaster secret",
            "premaster random",
            "DH shared secret",
            *(name for name in missing if name.endswith("private key")),
        }
    else:
        assert "main secret" in missing or "resumed" in name or "key" in name or "early" in name
        assert "client_write_key (application 0)" in known
    assert not graph.problems


# --- Pre-shared keys ------------------------------------------------------------------------------


def recorded(client: Any, server: Any, name: str | None = NAME, **options: Any) -> list[Recording]:
    """Both sides of a connection in full."""
    ours, theirs = Recorder(reveal_secrets=True), Recorder(reveal_secrets=True)
    pair = Pair(
        ours.watched(client),
        theirs.watched(server),
        name=name,
        client_options={"observers": [ours], **options},
        server_options={"observers": [theirs]},
    ).run()
    assert pair.done
    return [ours.recording, theirs.recording]


def test_the_ticket_of_one_connection_begins_the_next() -> None:
    """The PSK that is computed for a ticket is the one that the next connection starts from."""
    client = client_config(**TLS13, sessions=True)
    server = server_config(**TLS13, sessions=True, tickets=2)
    first = graph_of(recorded(client, server)[0])
    tickets = [one for one in first.nodes if one.name.startswith("PSK of a ticket")]
    assert [one.name for one in tickets] == ["PSK of a ticket", "PSK of a ticket 2"]
    assert [one.context for one in tickets] == [b"\x00", b"\x01"]
    assert all("NewSessionTicket" in one.used_words for one in tickets)
    for recording in recorded(client, server):
        second = graph_of(recording)
        assert node(second, "PSK").output in {one.output for one in tickets}
        assert node(second, "binder_key").label == "res binder"
        assert not second.problems


def test_several_keys_are_offered() -> None:
    """Each has its early secret and its binder; the one that was taken goes on."""
    keys = [
        ExternalPsk(b"one", KEY),
        ExternalPsk(b"two", KEY[::-1]),
        ExternalPsk(b"three", KEY * 2),
    ]
    accepting = {"insecure_accept_own_hellos": True, "psks": keys[1:2]}
    sides = recorded(client_config(psks=keys, **TLS13), server_config(**accepting, **TLS13))
    for recording, others in zip(sides, (True, False), strict=True):
        graph = graph_of(recording)
        assert node(graph, "PSK").output == keys[1].key
        assert node(graph, "binder_key").label == "ext binder"
        one, three = (node(graph, f"PSK (identity {number})") for number in (1, 3))
        assert (one.output, three.output) == (
            (keys[0].key, keys[2].key) if others else (None, None)
        )
        assert (graph.node("binder_key (identity 3)") is not None) is others
        assert node(graph, "binder (identity 3)").output is not None
        assert not graph.problems


def test_a_server_that_takes_no_key() -> None:
    """The keys that were refused stand beside the schedule, which starts from zeros."""
    keys = [ExternalPsk(b"one", KEY)]
    client, server = recorded(client_config(psks=keys, **TLS13), server_config(**TLS13))
    for recording in (client, server):
        graph = graph_of(recording)
        assert node(graph, "early secret").public
        assert node(graph, "early secret (identity 1)").operation == "HKDF-Extract"
        assert not graph.problems
    assert node(graph_of(client), "early secret (identity 1)").output is not None


def test_a_key_alone() -> None:
    """psk_ke: no key exchange, and zeros in its place."""
    graph = graph_of(recordings("1.3, key alone")[0])
    assert graph.node("shared secret") is None
    handshake = node(graph, "handshake secret")
    assert [one.data for one in handshake.inputs] == [None, bytes(32)]
    assert "no forward secrecy" in handshake.about


def test_a_resumption_after_a_retry() -> None:
    """Both hellos have a binder, the second over message_hash and the HelloRetryRequest too."""
    client, server = resumable(
        {**TLS13, "key_shares": (NamedGroup.x25519,)}, **TLS13, groups=[NamedGroup.secp384r1]
    )
    for recording in recorded(client, server):
        graph = graph_of(recording)
        binders = [one for one in graph.nodes if one.operation == "HMAC" and "binder" in one.name]
        assert [one.context_words for one in binders] == [
            "Transcript-Hash(Truncate(ClientHello))",
            "Transcript-Hash(message_hash(ClientHello1) .. Truncate(ClientHello2))",
        ]
        assert [one.used_first for one in binders] == [1, 3]
        assert not graph.problems


def test_early_data_that_is_refused() -> None:
    """Its keys are in the client's graph, though the schedule goes on without the session."""
    client, server = resumable(TLS13, **TLS13, early_data=4096)
    fresh = server_config(**TLS13, sessions=True)
    ours, theirs = recorded(client, fresh, early_data=True)
    graph = graph_of(ours)
    early = node(graph, "client_early_traffic_secret")
    assert early.inputs[0].node == "early secret (identity 1)"
    assert early.output in {event.secret for event in logged(ours)}
    assert node(graph, "early secret").public
    assert not graph.problems
    assert node(graph_of(theirs), "client_early_traffic_secret").output is None
    del server


# --- After the handshake --------------------------------------------------------------------------


def test_key_updates() -> None:
    """Each generation has its secret, key and IV, and says where it begins to count."""
    recording = recordings("1.3, keys updated")[0]
    graph, steps = graph_of(recording), story_of(recording).steps
    for side in ("client", "server"):
        secret = node(graph, f"{side}_application_traffic_secret_1")
        assert secret.label == "traffic upd"
        assert secret.inputs[0].node == f"{side}_application_traffic_secret_0"
        update = next(s for s in steps if title(s) == "KeyUpdate" and s.sender.value == side)
        old, new = (node(graph, f"{side}_write_key (application {n})") for n in (0, 1))
        assert old.used_first is not None
        assert new.used_first is not None
        assert old.used_first <= update.number < new.used_first


def test_a_client_that_is_asked_later() -> None:
    """Its Finished is keyed by its application secret, over handshake, request and answer."""
    client = client_config(**TLS13, post_handshake_auth=True, credentials=[client_credential()])
    server = server_config(**TLS13, client_trust=trust(), client_auth="none")
    ours, theirs = Recorder(reveal_secrets=True), Recorder(reveal_secrets=True)
    pair = Pair(
        ours.watched(client),
        theirs.watched(server),
        client_options={"observers": [ours]},
        server_options={"observers": [theirs]},
    ).run()
    pair.server.request_certificate()
    pair.run()
    pair.client.update_keys()
    pair.run()
    pair.server.request_certificate()
    pair.run()
    for recorder in (ours, theirs):
        graph = graph_of(recorder.recording)
        made = [one for one in graph.nodes if one.name.startswith("client verify_data (app")]
        assert [one.name for one in made] == [
            "client verify_data (application 0)",
            "client verify_data (application 1)",
        ]
        words = "Transcript-Hash(ClientHello .. client CertificateVerify)"
        assert [one.context_words for one in made] == [words, f"{words}, 2"]
        assert not graph.problems


# --- TLS 1.2 --------------------------------------------------------------------------------------


def test_the_key_block_is_cut() -> None:
    """CBC: MAC keys and keys, of both directions, in the order of RFC 5246, 6.3, and no IV."""
    graph = graph_of(recordings("1.2, CBC")[0])
    block = node(graph, "key_block")
    pieces = [one for one in graph.nodes if one.operation == "cut"]
    assert [(one.name, one.start, one.length) for one in pieces] == [
        ("client_write_MAC_key", 0, 20),
        ("server_write_MAC_key", 20, 20),
        ("client_write_key", 40, 16),
        ("server_write_key", 56, 16),
    ]
    assert block.length == 72
    assert "over the ciphertext (RFC 7366)" in pieces[0].about
    assert block.output is not None
    for one in pieces:
        assert one.output == block.output[one.start : one.start + one.length]


def test_a_resumed_session_of_1_2() -> None:
    """It starts from the main secret that both kept; a redacted recording lacks that too."""
    full, _, brief = (graph_of(recording) for recording in recordings("1.2, resumed"))
    main = node(full, "main secret")
    assert (main.operation, main.inputs) == ("given", ())
    assert main.output is not None
    assert node(brief, "main secret").output is None


def test_without_extended_main_secret() -> None:
    """RFC 5246, 8.1: over the two randoms, and it says what that means."""
    kind = ExtensionType.extended_main_secret

    def without(message: Any) -> Any:
        items = [item for item in message.extensions if item.extension_type != kind]
        return replace(message, extensions=Extensions.of(*items))

    changes = {**TLS12, "policy": policies.legacy}
    for recording in recorded(
        client_config(**changes), server_config(**changes), composer=Edited(client_hello=without)
    ):
        graph = graph_of(recording)
        main = node(graph, "main secret")
        assert (main.label, main.length) == ("master secret", 48)
        assert main.context_words == "ClientHello.random + ServerHello.random"
        assert "extended_main_secret" in main.about
        assert executed(graph, main) == main.output == logged(recording)[0].secret
        assert not graph.problems


# --- Where it counts ------------------------------------------------------------------------------


@every
def test_where_a_value_counts_first(name: str) -> None:
    """The step exists and comes no later than that of what is made of it; keys say what they
    protect, and the step is of the side whose key it is.
    """
    for recording in recordings(name):
        graph, steps = graph_of(recording), story_of(recording).steps
        uses = {one.name: one.used_first for one in graph.nodes}
        for one in graph.nodes:
            if one.used_first is None:
                assert one.used_words == ""
                continue
            step = steps[one.used_first - 1]
            assert step.number == one.used_first
            assert f"{step.number}, {title(step)}" in one.used_words
            for part in one.inputs:
                if part.node:
                    assert (uses[part.node] or 0) <= one.used_first
            if "_write_" in one.name:
                assert one.used_words.startswith("protects ")
                assert step.sender.value == one.name.split("_")[0]
                assert step.epoch > 0


def test_the_first_uses_of_1_3() -> None:
    """In numbers, for one handshake."""
    graph = graph_of(recordings("1.3, x25519")[0])
    found = {one.name: (one.used_first, one.used_words) for one in graph.nodes}
    assert found["server_write_key (handshake)"] == (3, "protects message 3, EncryptedExtensions")
    assert found["client verify_data"] == (7, "is what message 7, Finished, says")
    assert found["handshake secret"] == (
        3,
        "through server_write_key (handshake), which protects message 3, EncryptedExtensions",
    )
    assert found["exporter_secret"] == (None, "")


# --- Whole and in part ----------------------------------------------------------------------------


def test_nothing_was_agreed_on() -> None:
    """A hello alone has no key schedule; one that offers a key has its beginning."""
    recorder = Recorder(reveal_secrets=True)
    Pair(client_config(), server_config(), client_options={"observers": [recorder]})
    assert key_graph(recorder.recording) is None
    recorder = Recorder(reveal_secrets=True)
    psks = [ExternalPsk(b"mesh", KEY)]
    client = recorder.watched(client_config(psks=psks))
    Pair(client, server_config(), client_options={"observers": [recorder]})
    graph = graph_of(recorder.recording)
    assert names(graph)[:2] == ["PSK", "early secret"]
    assert node(graph, "PSK").output == KEY
    assert "binder" in names(graph)
    assert key_graph(Recording(recorder.recording.header, ())) is None


def test_a_session_that_nobody_answered() -> None:
    """The journal has what the client took out of its store, before anybody chose it."""
    for recording in (recordings("1.3, early data")[0], recordings("1.3, resumed")[0]):
        end = next(
            place
            for place, m in enumerate(recording.moments)
            if isinstance(m.item, MessageReceived)
        )
        hello = [m for m in recording.moments[:end] if not isinstance(m.item, SecretDerived)]
        graph = graph_of(Recording(recording.header, hello))
        psk = node(graph, "PSK")
        assert psk.output == node(graph_of(recording), "PSK").output is not None
        assert graph.node("handshake secret") is None
        assert not graph.problems


def test_a_resumption_of_1_2_that_cannot_be_read() -> None:
    """Who hears that both changed their keys knows that there are some."""
    recording = recordings("1.2, resumed")[2]
    kept = [
        m
        for m in recording.moments
        if not (isinstance(m.item, MessageSent | MessageReceived) and m.item.raw[0] == 20)
    ]
    graph = graph_of(Recording(recording.header, kept))
    assert {"main secret", "key_block", "client_write_key"} <= set(names(graph))
    assert graph.node("client verify_data") is None


@every
def test_every_beginning_of_a_recording(name: str) -> None:
    """A connection that broke off has the beginning of the graph, and no other values."""
    for recording in recordings(name):
        whole = {one.name: one.output for one in graph_of(recording).nodes}
        sizes = []
        for end, moment in enumerate(recording.moments):
            if not isinstance(moment.item, MessageSent | MessageReceived | Failed):
                continue
            graph = key_graph(Recording(recording.header, recording.moments[: end + 1]))
            nodes = graph.nodes if graph is not None else ()
            sizes.append(len(nodes))
            for one in nodes:
                known = {"binder", "early secret", "PSK"} & {one.name.split(" (")[0]}
                if one.output is not None and not known and not one.public:
                    assert whole.get(one.name, one.output) == one.output
        assert sizes[-1] == len(whole)


def test_pseudonyms() -> None:
    """The hashes are of other messages than those that were sent, and that is said."""
    recording = recordings("1.3")[2]
    graph = graph_of(with_pseudonyms(recording, bytes(32)))
    assert "Names in the messages are replaced" in graph.missing
    assert "Names in the messages" not in graph_of(recording).missing


@every
def test_nothing_secret_in_a_repr(name: str) -> None:
    """Neither graph nor nodes nor inputs show a value."""
    graph = graph_of(recordings(name)[0])
    shown = repr(graph) + "".join(repr(one) + repr(one.inputs) for one in graph.nodes)
    for one in graph.nodes:
        if one.output is not None and len(one.output) >= 4:
            assert one.output[:4].hex() not in shown
            assert repr(one.output[:4])[2:-1] not in shown
    assert repr(graph).startswith("<key graph of TLS 1.")


def test_the_schedule_does_not_know_of_it() -> None:
    """The modules that connections use are the same before and after, and no module is entered."""
    before = dict(vars(schedule13)), dict(vars(schedule12)), set(sys.modules)
    for name in ("1.3", "1.2"):
        graph_of(recordings(name)[0])
    assert (dict(vars(schedule13)), dict(vars(schedule12)), set(sys.modules)) == before
    assert schedule13._digest.__module__ == "hmac"
