"""The machine that is drawn is the one that runs, and what is lit is what happened."""

from __future__ import annotations

import random

import pytest

from tests.support.endpoints import Pair, client_config, server_config
from tests.support.recordings import SCENARIOS, record, reread
from tlsee.codes import HandshakeType, ProtocolVersion
from tlsee.errors import TLSError
from tlsee.explain.machine_view import PATH_LIMIT, MachineView, graph, machine_of
from tlsee.explain.recorded import story_of
from tlsee.recording.kept import Moment
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import Role, StateEntered


def view(recording: Recording) -> MachineView:
    found = machine_of(recording)
    assert found is not None
    return found


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_state_on_the_path_was_reached_by_an_edge_that_is_lit(name: str) -> None:
    """The path is the events', and there is no gap in what is lit."""
    made = record(name)
    for recorder in (made.client, made.server):
        recording = recorder.recording
        found = view(recording)
        entered = [e.name for e in recording.events() if isinstance(e, StateEntered)]
        lit = {(edge.source, edge.target) for edge in found.edges if edge.taken}

        assert [state for state, _ in found.path] == entered
        for (source, _), (target, _) in zip(found.path, found.path[1:], strict=False):
            assert (source, target) in lit
        assert len(lit) <= len(entered) + 1
        assert set(entered) <= set(found.states)
        assert found.path[0][1] == 0
        assert not found.refused


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_lit_message_is_the_storys_step(name: str) -> None:
    """The number beside an edge is a message of that very type, from the other side."""
    made = record(name)
    for recorder in (made.client, made.server):
        story = story_of(recorder.recording)
        for edge in view(recorder.recording).edges:
            for number in edge.steps:
                step = story.steps[number - 1]
                if not edge.message.startswith("(") and edge.message != "change_cipher_spec":
                    assert str(step.handshake_type) == edge.message
                    assert not step.sent
            assert edge.taken is bool(edge.steps)


def test_the_retry_is_an_edge_of_its_own() -> None:
    """A handshake with HelloRetryRequest lights it, one without does not."""
    retry = ("WaitServerHello", "hello_retry_request", "WaitRetriedHello")
    for name, taken in (("1.3, retried", True), ("1.3", False)):
        edges = {
            (edge.source, edge.message, edge.target): edge.taken
            for edge in view(record(name).client.recording).edges
        }
        assert edges[retry] is taken


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("version", [ProtocolVersion.TLS13, ProtocolVersion.TLS12])
def test_a_graph_is_of_one_version_and_has_no_state_twice(
    role: Role, version: ProtocolVersion
) -> None:
    """Names are unique in it, every edge leads from one of them to one, all can be reached."""
    drawn = graph(role, version)

    assert len(set(drawn.states)) == len(drawn.states)
    assert {e.source for e in drawn.edges} | {e.target for e in drawn.edges} == set(drawn.states)
    connected = {name for name in drawn.states if name.startswith("Connected")}
    assert len(connected) == 1
    assert all(name.endswith("12") is (version == ProtocolVersion.TLS12) for name in connected)
    kinds = {str(kind) for kind in HandshakeType.members()}
    plain = {edge.message for edge in drawn.edges if not edge.message.startswith("(")}
    assert plain <= kinds | {"change_cipher_spec"}


def test_a_refusal_ends_the_path_where_it_happened() -> None:
    """The server that refuses the hello stays where it was, and no edge leads on."""
    recorder = Recorder()
    pair = Pair(
        client_config(versions=[ProtocolVersion.TLS12]),
        server_config(versions=[ProtocolVersion.TLS13]),
        server_options={"observers": [recorder]},
    )
    with pytest.raises(TLSError):
        pair.run()
    found = view(recorder.recording)

    assert found.refused
    assert [state for state, _ in found.path] == ["WaitClientHello", "AwaitConfig"]
    assert [edge.message for edge in found.edges if edge.taken] == ["client_hello"]


def test_new_keys_are_a_loop() -> None:
    """What this side wanted and what came in answer are two edges, each with its step."""
    found = view(record("1.3, keys updated").client.recording)
    loops = {e.message: e.steps for e in found.edges if e.taken and e.source == e.target}

    assert set(loops) == {"(update keys)", "key_update"}
    assert all(len(steps) == 1 for steps in loops.values())


def test_nobody_watched_no_machine() -> None:
    """An empty recording and one of a listener have none."""
    whole = record("1.3").client.recording
    unseen = [m for m in whole.moments if not isinstance(m.item, StateEntered)]

    assert machine_of(Recording(whole.header, ())) is None
    assert machine_of(Recording(whole.header, unseen)) is None
    assert view(reread(whole)).path == view(whole).path


@pytest.mark.parametrize("seed", range(20))
def test_a_forged_recording_raises_nothing(seed: int) -> None:
    """States that do not exist, moments gone or doubled: what cannot be lit is not."""
    choose = random.Random(seed)
    whole = record(choose.choice(list(SCENARIOS))).server.recording
    moments = list(whole.moments)
    for _ in range(20):
        place = choose.randrange(len(moments))
        if choose.random() < 0.5:
            del moments[place]
        else:
            moments.insert(place, Moment(0, None, StateEntered("x\x1b[2J\u202e" * 50)))
    found = machine_of(Recording(whole.header, moments))

    assert found is None or all(
        name.isprintable() and name.isascii() and len(name) <= 64 for name, _ in found.path
    )


def test_the_path_is_bounded() -> None:
    """A recording of endless states is told up to a bound."""
    whole = record("1.3").client.recording
    many = [Moment(0, None, StateEntered("ConnectedClient"))] * (2 * PATH_LIMIT)

    assert len(view(Recording(whole.header, [*whole.moments, *many])).path) == PATH_LIMIT
