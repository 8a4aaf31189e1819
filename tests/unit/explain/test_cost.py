"""What a connection cost is what went over the wire, and nothing unknown is made up."""

from __future__ import annotations

import random

import pytest

from tests.support.endpoints import Pair, client_config, server_config, server_credential
from tests.support.recordings import SCENARIOS, record, reread
from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.errors import TLSError
from tlsee.explain.cost import cost_of
from tlsee.explain.recorded import story_of
from tlsee.recording.kept import Moment
from tlsee.recording.pseudonyms import with_pseudonyms
from tlsee.recording.recorder import Recorder
from tlsee.recording.recording import Recording
from tlsee.trace import Role


class Counted(Pair):
    """Counts the bytes of each direction until both sides are done."""

    def run(self) -> Counted:
        self.sent = {Role.CLIENT: 0, Role.SERVER: 0}
        while True:
            for sender, receiver, role in (
                (self.client, self.server, Role.CLIENT),
                (self.server, self.client, Role.SERVER),
            ):
                data = sender.data_to_send()
                self.sent[role] += len(data)
                if data:
                    receiver.receive_data(data)
            self._drain(self.client, self.client_events)
            self._drain(self.server, self.server_events)
            if self.done:
                return self


@pytest.mark.parametrize("name", ["1.3", "1.2", "1.3, retried", "1.3, client certificate"])
def test_the_bytes_are_those_on_the_wire(name: str) -> None:
    """Each direction's sum is what an independent counter between the two sides saw."""
    client, server = SCENARIOS[name]()
    recorders = Recorder(), Recorder()
    pair = Counted(
        client,
        server,
        client_options={"observers": [recorders[0]]},
        server_options={"observers": [recorders[1]]},
    ).run()

    for recorder in recorders:
        cost = cost_of(recorder.recording)
        assert cost.client_bytes == pair.sent[Role.CLIENT]
        assert cost.server_bytes == pair.sent[Role.SERVER]
        assert cost.content_bytes + cost.overhead_bytes == sum(pair.sent.values())


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_sides_agree_and_each_step_has_its_bytes(name: str) -> None:
    """What goes over the wire is the same whoever recorded it; steps and records add up."""
    made = record(name)
    ours, theirs = cost_of(made.client.recording), cost_of(made.server.recording)
    ours_wire = story_of(made.client.recording).handshake_wire
    assert story_of(made.server.recording).handshake_wire == ours_wire  # what the terminal says

    for cost in (ours, theirs):
        assert (cost.client_bytes, cost.server_bytes) == (ours.client_bytes, ours.server_bytes)
        assert cost.client_bytes + cost.server_bytes == ours_wire
        assert cost.round_trips == ours.round_trips
        assert all(step.wire >= step.content > 0 for step in cost.steps)
        assert [s.number for s in cost.steps] == list(range(1, len(cost.steps) + 1))
        assert list(cost.steps) == sorted(cost.steps, key=lambda step: step.at_ms)
        assert cost.milliseconds is not None
        assert cost.milliseconds >= 0
        assert cost.cpu_us is not None
        assert cost.cpu_us > 0


def test_the_numbers_are_the_storys() -> None:
    """A step's number means the same in every view."""
    recording = record("1.2, client certificate").server.recording
    story = story_of(recording)

    assert [(s.number, s.sender) for s in cost_of(recording).steps] == [
        (s.number, s.sender) for s in story.steps
    ]
    assert [s.at_ms for s in cost_of(recording).steps] == [
        pytest.approx((s.at - (story.began or 0)) * 1000) for s in story.steps
    ]


@pytest.mark.parametrize("name", ["1.3", "1.2, resumed", "1.3, early data"])
def test_every_kind_of_recording_costs_the_same(name: str) -> None:
    """What a recording leaves out are bodies; the lengths stay."""
    made = record(name)
    redacted = made.client.recording
    for other in (
        made.full_client.recording,
        with_pseudonyms(redacted, b"k" * 32),
        reread(redacted),
    ):
        a, b = cost_of(redacted), cost_of(other)
        assert (a.client_bytes, a.server_bytes, a.overhead_bytes, a.certificate_bytes) == (
            b.client_bytes,
            b.server_bytes,
            b.overhead_bytes,
            b.certificate_bytes,
        )
        assert [s.wire for s in a.steps] == [s.wire for s in b.steps]


def test_the_processor_is_not_charged_with_what_the_application_did() -> None:
    """Clocks that only this test moves: what lies before a record is nobody's, the rest counts."""
    cpu = 0

    def used() -> int:
        nonlocal cpu
        cpu += 1_000
        return cpu

    recorder = Recorder(cpu_clock=used)
    pair = Pair(server_options={"observers": [recorder]})
    hello = pair.client.data_to_send()
    cpu += 50_000_000  # the application thinks for 50 ms before it hands over the record
    pair.server.receive_data(hello)
    pair.run()

    cost = cost_of(recorder.recording)
    assert cost.cpu_us is not None
    assert cost.cpu_us < 1_000
    hello_cost = cost.steps[0]
    assert hello_cost.title == "ClientHello"
    assert hello_cost.cpu_us is not None


def test_a_first_message_that_no_moment_precedes_has_no_processor_time() -> None:
    """What the thread used before the recording began is unknown, and said to be."""
    assert cost_of(record("1.3").client.recording).steps[0].cpu_us is None


def test_post_quantum_bytes_by_their_parts() -> None:
    """ML-KEM-768 has a key of 1,184 bytes and a ciphertext of 1,088; ML-DSA-44 signs with 2,420."""
    recorder = Recorder()
    Pair(
        client_config(schemes=[SignatureScheme.mldsa44, SignatureScheme.ecdsa_secp256r1_sha256]),
        server_config(credentials=[server_credential("mldsa44")]),
        client_options={"observers": [recorder]},
    ).run()

    cost = cost_of(recorder.recording)
    sizes = [part.size for part in cost.post_quantum]
    assert sizes[:2] == [1184, 1088]
    assert 2420 in sizes
    assert any("certificate 1: its key" in part.what for part in cost.post_quantum)
    assert cost.post_quantum_bytes == sum(sizes)


def test_classical_groups_have_nothing_post_quantum() -> None:
    """Neither x25519 nor ECDSA counts."""
    recorder = Recorder()
    Pair(
        client_config(groups=[NamedGroup.x25519]),
        client_options={"observers": [recorder]},
    ).run()

    assert cost_of(recorder.recording).post_quantum_bytes == 0


def test_a_session_saves_the_certificates() -> None:
    """Resumed, there are none, and 1.2 needs one round trip less."""
    full, resumed = record("1.2").client.recording, record("1.2, resumed").client.recording

    assert cost_of(full).certificate_bytes > 400
    assert cost_of(resumed).certificate_bytes == 0
    assert (cost_of(full).round_trips, cost_of(resumed).round_trips) == (2, 1)


def test_a_failed_handshake_has_costs_but_no_time() -> None:
    """Until the alert all is counted."""
    recorder = Recorder()
    pair = Pair(
        client_config(alpn=["a"]),
        server_config(alpn=["b"]),
        server_options={"observers": [recorder]},
    )
    with pytest.raises(TLSError):
        pair.run()
    cost = cost_of(recorder.recording)

    assert cost.milliseconds is None
    assert cost.client_bytes > 1000
    assert cost.server_bytes == 7


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_recording_has_costs_too(seed: int) -> None:
    """Moments that are missing, doubled or out of order raise nothing."""
    choose = random.Random(seed)
    whole = record(choose.choice(list(SCENARIOS))).client.recording
    moments = list(whole.moments)
    for _ in range(20):
        place = choose.randrange(len(moments))
        if choose.random() < 0.5:
            del moments[place]
        else:
            moments.insert(choose.randrange(len(moments)), moments[place])
    odd = [Moment(0, None, m.item) if choose.random() < 0.1 else m for m in moments]

    cost = cost_of(Recording(whole.header, odd))
    assert all(step.at_ms >= 0 and step.wire >= 0 for step in cost.steps)
    cost_of(Recording(whole.header, ()))
