"""The recipes: run as a reader would run them, they give the numbers that the graph shows."""

from __future__ import annotations

import pytest

from tests.support.keytrees import EVERY, executed, graph_of, recordings
from tlsee.explain.keytree import ABSENT, recipe

# What no full recording has: the half of an answer that the library keeps to itself, and the
# private key of the server's certificate.
_KEPT = ("private key", "decapsulation key")


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("side", ["client", "server"])
def test_every_value_can_be_computed_again(name: str, side: str) -> None:
    """Each recipe of each node of a full recording prints the node's value, transcripts too."""
    graph = graph_of(recordings(name)[side == "server"])
    assert not graph.problems
    ran = 0
    for node in (*graph.nodes, *graph.transcripts):
        found = executed(graph, node)
        if node.output is None:
            assert node.operation == "given"
            assert node.name.endswith(_KEPT)
            continue
        if found is None:  # it starts from one of those
            assert any(one.node.endswith(_KEPT) for one in node.inputs)
            continue
        assert found == node.output, recipe(graph, node)
        assert len(found) == node.length
        ran += 1
    assert ran >= len(graph.nodes) - 4


@pytest.mark.parametrize("name", EVERY)
def test_a_redacted_recording_has_recipes_that_wait(name: str) -> None:
    """Without secrets each recipe is a program still, which waits for a value or computes one."""
    graph = graph_of(recordings(name)[2])
    for node in (*graph.nodes, *graph.transcripts):
        found = executed(graph, node)
        waits = ABSENT in recipe(graph, node)
        assert waits is (found is None)
        if node.operation == "Transcript-Hash" or node.public:
            assert found == node.output
