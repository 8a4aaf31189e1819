"""From events to steps: what a collector keeps, and how it is put together."""

from __future__ import annotations

import pytest

from tlsee.codes import (
    AlertDescription,
    AlertLevel,
    ContentType,
    HandshakeType,
    NamedGroup,
)
from tlsee.explain import collector as module
from tlsee.explain.collector import Collector, Records
from tlsee.explain.narrate import narrate
from tlsee.explain.story import Kind, Story, merged
from tlsee.trace import (
    AlertArrived,
    AlertSent,
    Choice,
    Epoch,
    FinishedChecked,
    HandshakeCompleted,
    MessageReceived,
    MessageSent,
    RecordReceived,
    RecordSent,
    Role,
    SecretDerived,
)
from tlsee.wire.codec import encode
from tlsee.wire.messages13 import Finished, KeyUpdate

FINISHED = encode(Finished(b"f" * 32))
DATA = ContentType.application_data


def _collector() -> Collector:
    ticks = iter(range(1_000_000))
    return Collector(Role.CLIENT, lambda: float(next(ticks)))


def test_secrets_are_not_kept() -> None:
    """A collector holds nothing that a key log would."""
    collector = _collector()
    collector.on_event(SecretDerived("EXPORTER_SECRET", b"r" * 32, b"s" * 32))
    assert collector.events == []


def test_a_run_of_records_is_one() -> None:
    """Application data costs a constant, however long it flows; directions stay apart."""
    collector = _collector()
    for _ in range(10_000):
        collector.on_event(RecordReceived(b"x" * 122, DATA, 100, Epoch.APPLICATION))
    collector.on_event(RecordSent(b"x" * 32, DATA, 10, Epoch.APPLICATION))
    assert [event for _, event in collector.events] == [
        Records(False, DATA, Epoch.APPLICATION, 10_000, 1_000_000, 1_220_000),
        Records(True, DATA, Epoch.APPLICATION, 1, 10, 32),
    ]


def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that goes on saying things fills nobody's memory; how it ends is known even so."""
    monkeypatch.setattr(module, "EVENTS_LIMIT", 10)
    collector = _collector()
    for _ in range(25):
        collector.on_event(MessageReceived(Epoch.APPLICATION, FINISHED))
    assert (len(collector.events), collector.lost) == (10, 15)
    goodbye = AlertArrived(AlertLevel.warning, AlertDescription.close_notify, Epoch.APPLICATION)
    collector.on_event(goodbye)
    story = Story.of(collector)
    assert story.alerts(sent=False) == [AlertDescription.close_notify]
    assert story.lost == 15


def test_facts_belong_to_the_message_before_them() -> None:
    """What an endpoint tells while it handles a message is found with that message."""
    collector = _collector()
    collector.on_event(MessageReceived(Epoch.HANDSHAKE, FINISHED))
    collector.on_event(FinishedChecked())
    collector.on_event(MessageSent(Epoch.HANDSHAKE, FINISHED))
    collector.on_event(HandshakeCompleted())
    story = Story.of(collector)
    first, second = story.steps
    assert first.fact(FinishedChecked) is not None
    assert second.fact(FinishedChecked) is None
    assert (first.sender, second.sender) == (Role.SERVER, Role.CLIENT)
    assert story.milliseconds == 3000.0
    assert story.step_of(Finished, Role.CLIENT) is second
    assert story.first(Finished, Role.SERVER) == Finished(b"f" * 32)
    assert story.first(KeyUpdate) is None


def test_bytes_that_cannot_be_read_are_kept() -> None:
    """A message that the endpoint refused is a step without a meaning, and is told as one."""
    story = Story(Role.SERVER, [(0.0, MessageReceived(Epoch.INITIAL, b"\x01\x00\x00\x01\xff"))])
    (step,) = story.steps
    assert (step.message, step.handshake_type) == (None, HandshakeType.client_hello)
    (block,) = narrate(story, detail=True)
    assert [line.text.strip() for line in block.lines][1:] == ["Cannot be read here."]


@pytest.mark.parametrize("raw", [b"", b"\x01", b"\x06\x00\x00\x00", b"\xff\x00\x00\x00"])
def test_no_bytes_raise(raw: bytes) -> None:
    """Whatever an observer was told, a story comes of it."""
    story = Story(Role.CLIENT, [(0.0, MessageReceived(Epoch.INITIAL, raw))])
    assert list(narrate(story))


def test_the_last_choice_counts() -> None:
    """After a HelloRetryRequest things are chosen again, and that is what holds."""
    group = NamedGroup.x25519
    first = Choice("group", (group,), (), None, "", Role.SERVER)
    last = Choice("group", (group,), (), group, "", Role.SERVER)
    story = Story(Role.CLIENT, [(0.0, first), (1.0, last)])
    assert story.choice("group") is last
    assert story.group is group
    assert story.choice("alpn") is None


def test_two_goodbyes_are_told_as_one() -> None:
    """close_notify both ways is one step; another alert is never folded away."""
    goodbye = (AlertLevel.warning, AlertDescription.close_notify, Epoch.APPLICATION)
    fatal = (AlertLevel.fatal, AlertDescription.unknown_ca, Epoch.APPLICATION)
    story = Story(Role.CLIENT, [(0.0, AlertSent(*goodbye)), (1.0, AlertArrived(*goodbye))])
    assert [both for _, both in merged(story.steps)] == [True]
    story = Story(Role.CLIENT, [(0.0, AlertArrived(*fatal)), (1.0, AlertSent(*goodbye))])
    assert [both for _, both in merged(story.steps)] == [False, False]
    assert story.alerts(sent=False) == [AlertDescription.unknown_ca]


def test_only_the_handshakes_bytes_are_counted() -> None:
    """Records after the end of the handshake are no cost of it."""
    record = Records(True, ContentType.handshake, Epoch.INITIAL, 1, 95, 100)
    data = Records(True, DATA, Epoch.APPLICATION, 1, 10, 32)
    story = Story(Role.CLIENT, [(0.0, record), (1.0, HandshakeCompleted()), (2.0, data)])
    assert story.handshake_wire == 100
    assert [step.kind for step in story.steps] == [Kind.DATA]
