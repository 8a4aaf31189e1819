"""The recipes: run as a reader would run them, they give the numbers that the graph shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from tests.support.endpoints import server_credential
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


def test_rsa_with_the_key_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who has the server's private key in a file computes the premaster secret from the wire."""
    graph = graph_of(recordings("1.2, RSA key exchange")[1])
    node = graph.node("premaster secret")
    assert node is not None
    key: Any = server_credential("rsa2048").signer
    pem = key._key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "server.key").write_bytes(pem)
    monkeypatch.chdir(tmp_path)
    exec(recipe(graph, node), {})
    assert bytes.fromhex(capsys.readouterr().out) == node.output
