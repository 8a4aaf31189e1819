"""Recordings that were cut, mixed up and forged: the graph says what it can, and never raises."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.keytrees import EVERY, executed, recordings
from tlsee.crypto.entries import Entry
from tlsee.explain.keytree import key_graph, recipe
from tlsee.recording.kept import Moment
from tlsee.recording.recording import Recording
from tlsee.trace import MessageReceived, MessageSent, SecretDerived
from tlsee.values import fields_of, replace

_BYTES = {
    MessageSent: "raw",
    MessageReceived: "raw",
    SecretDerived: "secret",
    Entry: "data",
}


def mutated(data: st.DataObject, recording: Recording) -> Recording:
    """Moments dropped, doubled, moved, and bytes of some changed."""
    moments = list(recording.moments)
    for _ in range(data.draw(st.integers(1, 6))):
        if not moments:
            break
        place = data.draw(st.integers(0, len(moments) - 1))
        what = data.draw(st.sampled_from(["drop", "double", "move", "bytes", "bytes", "bytes"]))
        moment = moments.pop(place)
        if what == "double":
            moments[place:place] = [moment, moment]
        elif what == "move":
            moments.insert(data.draw(st.integers(0, len(moments))), moment)
        elif what == "bytes":
            moments.insert(place, Moment(moment.at, moment.cpu, other_bytes(data, moment.item)))
    return Recording(recording.header, moments)


def other_bytes(data: st.DataObject, item: Any) -> Any:
    """The item with some of its bytes changed, cut off or doubled."""
    field = _BYTES.get(type(item))
    if field is None or field not in fields_of(type(item)):
        return item
    raw = bytearray(getattr(item, field))
    for _ in range(data.draw(st.integers(1, 3))):
        if raw:
            place = data.draw(st.integers(0, len(raw) - 1))
            raw[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.none(), st.integers(0, len(raw))))
    return replace(item, **{field: bytes(raw[:end]) if end is not None else bytes(raw)})


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_forged_recording_never_raises(data: st.DataObject) -> None:
    """Whatever was done to it there is a graph whose recipes are programs; and what it shows as
    computed is what the recipe computes, so nothing forged is believed half-way.
    """
    recording = recordings(data.draw(st.sampled_from(EVERY)))[data.draw(st.integers(0, 2))]
    graph = key_graph(mutated(data, recording))
    if graph is None:
        return
    seen: set[str] = set()
    for node in graph.nodes:
        assert all(one.node in seen for one in node.inputs if one.node)
        seen.add(node.name)
        assert repr(node)
        compile(recipe(graph, node), node.name, "exec")
        recorded = "not computed here" in node.about or "nothing could be computed" in node.about
        if node.output is not None and not recorded:
            assert executed(graph, node) in (None, node.output)
