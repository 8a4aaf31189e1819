"""Published sessions as recordings: the graph's values are those that were published."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pytest

from tests.support.keytrees import executed, graph_of
from tests.support.replays import _entries, replayed, resumes
from tests.support.traces import SECTIONS, Step, Trace
from tests.vectors import test_illustrated12 as illustrated12
from tests.vectors import test_illustrated13 as illustrated13
from tlsee.codes import ContentType, HandshakeType, NamedGroup
from tlsee.crypto.entries import Entry
from tlsee.explain.keytree import KeyGraph, KeyNode
from tlsee.keys.schedule13 import TrafficSecret
from tlsee.recording.format import Header
from tlsee.recording.kept import Moment
from tlsee.recording.recording import Recording
from tlsee.recording.redact import in_full, redacted
from tlsee.trace import Epoch, MessageReceived, MessageSent, Role, SecretDerived
from tlsee.wire.framing import kind_of

sections = pytest.mark.parametrize("section", SECTIONS)
roles = pytest.mark.parametrize("role", Role, ids=lambda role: role.value)

# The illustrated sessions' ephemeral keys are these for the sake of their readers.
CLIENT_KEY, SERVER_KEY = bytes(range(0x20, 0x40)), bytes(range(0x90, 0xB0))
LABELS = {"handshake": "HANDSHAKE_TRAFFIC_SECRET", "application 0": "TRAFFIC_SECRET_0"}


def recording_of(items: Iterable[Any], *, reveal: bool = True) -> Recording:
    """These events and entries, a microsecond apart."""
    keep = in_full if reveal else redacted
    kept = [one for one in map(keep, items) if one is not None]
    moments = [Moment(1000 * number, None, item) for number, item in enumerate(kept)]
    return Recording(Header(0, reveals_secrets=reveal), moments)


# --- RFC 8448 -------------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def drawn(section: str, role: Role) -> tuple[Trace, KeyGraph]:
    """The graph of an endpoint's run through a trace, with its journal, through a file."""
    run = replayed(section, role)
    recording = recording_of([*_entries(run.trace, role), *run.told])
    return run.trace, graph_of(Recording.from_bytes(recording.to_bytes()))


def value(graph: KeyGraph, name: str) -> bytes:
    node = graph.node(name)
    assert node is not None
    assert node.output is not None
    return node.output


def secret_of(graph: KeyGraph, node: KeyNode) -> bytes | None:
    """The value of what a node starts from."""
    source = graph.node(node.inputs[0].node)
    return source.output if source is not None else None


def made(graph: KeyGraph, label: str, secret: bytes) -> KeyNode:
    """What this label makes of this secret."""
    (found,) = [
        node
        for node in graph.nodes
        if node.label == label and node.inputs and secret_of(graph, node) == secret
    ]
    return found


@sections
@roles
def test_extractions(section: str, role: Role) -> None:
    """Early, handshake and main secret, and what each is extracted from."""
    trace, graph = drawn(section, role)
    for step in trace.all("extract"):
        node = graph.node(f"{step.name} secret")
        assert node is not None
        salt, key = (
            one.data if one.data is not None else value(graph, one.node) for one in node.inputs
        )
        assert (salt or b"").strip(b"\0") == step["salt"].strip(b"\0")
        assert (key, node.output) == (step["input"], step["output"])
    assert not graph.problems


@sections
@roles
def test_derivations(section: str, role: Role) -> None:
    """Every secret that the trace derives, with its label and its context."""
    trace, graph = drawn(section, role)
    steps: list[Step] = [
        step
        for step in trace.all("derive")
        if role is Role.CLIENT or step.name != "resumption"  # our server sends no ticket here
    ]
    assert len(steps) >= 7
    for step in steps:
        node = made(graph, step.name, step["secret"])
        assert (node.context, node.output) == (step["context"], step["output"])


@sections
@roles
def test_keys_and_finished(section: str, role: Role) -> None:
    """Keys and IVs of each direction and epoch, Finished keys, verify_data, and binders."""
    trace, graph = drawn(section, role)
    for step in trace.all("keys"):
        key, iv = (made(graph, label, step["secret"]) for label in ("key", "iv"))
        assert (key.output, iv.output) == (step["key"], step["iv"])
    for step in trace.all("finished"):
        node = made(graph, "finished", step["secret"])
        assert node.output == step["key"]
        assert made(graph, "", step["key"]).output == step["verify_data"]
    assert len(trace.all("binder")) == resumes(trace)
    for step in trace.all("binder"):
        assert (value(graph, "binder"), step["context"]) == (
            step["verify_data"],
            graph.node("binder").context,  # type: ignore[union-attr]
        )


@sections
@roles
def test_the_key_exchange(section: str, role: Role) -> None:
    """From our private key to what the trace extracts."""
    trace, graph = drawn(section, role)
    shared = value(graph, "shared secret")
    (extracted,) = trace.all("extract", None, "handshake")
    assert shared == extracted["input"]
    private = {step["private"] for step in trace.all("key_share", role)}
    own = [node for node in graph.nodes if node.name.endswith("private key")]
    assert [node.output for node in own if node.output in private] == [own[0].output]


@sections
@roles
def test_the_recipes(section: str, role: Role) -> None:
    """Each prints what the trace has; nothing is missing, so all of them can."""
    _, graph = drawn(section, role)
    assert graph.missing == ""
    for node in (*graph.nodes, *graph.transcripts):
        assert executed(graph, node) == node.output


# --- The illustrated sessions ---------------------------------------------------------------------


def told13(role: Role) -> list[Any]:
    """The session's messages in their order, and its key log, as an endpoint would have told."""
    tickets = HandshakeType.new_session_ticket
    client = illustrated13.messages(Role.CLIENT)
    server = illustrated13.messages(Role.SERVER)
    late = [raw for raw in server if kind_of(raw) == tickets]
    flights = [
        (Role.CLIENT, client[:1]),
        (Role.SERVER, [raw for raw in server if raw not in late]),
        (Role.CLIENT, client[1:]),
        (Role.SERVER, late),
    ]
    items: list[Any] = []
    for sender, raws in flights:
        for raw in raws:
            clear = kind_of(raw) in (HandshakeType.client_hello, HandshakeType.server_hello)
            epoch = Epoch.INITIAL if clear else Epoch.HANDSHAKE
            epoch = Epoch.APPLICATION if raw in late else epoch
            items.append((MessageSent if sender is role else MessageReceived)(epoch, raw))
    random = client[0][6:38]
    logged = illustrated13.secrets()
    return [*items, *(SecretDerived(label, random, secret) for label, secret in logged.items())]


@roles
def test_the_illustrated_session_of_1_3(role: Role) -> None:
    """From either private key to each secret of the key log, and on to the records' keys."""
    private = CLIENT_KEY if role is Role.CLIENT else SERVER_KEY
    entry = Entry.key_share(NamedGroup.x25519, private)
    graph = graph_of(recording_of([entry, *told13(role)]))
    assert (graph.missing, graph.problems, graph.hash_name) == ("", (), "sha384")
    assert value(graph, f"{role.value} x25519 private key") == private
    assert set(illustrated13.secrets().values()) <= {node.output for node in graph.nodes}
    for node in (*graph.nodes, *graph.transcripts):
        assert "not computed here" not in node.about
        assert executed(graph, node) == node.output
    for side in ("client", "server"):
        for epoch, label in LABELS.items():
            secret = illustrated13.secrets()[f"{side.upper()}_{label}"]
            keys = TrafficSecret(illustrated13.suite(), secret).keys()
            found = tuple(value(graph, f"{side}_write_{what} ({epoch})") for what in ("key", "iv"))
            assert found == keys
    tickets = [node for node in graph.nodes if node.name.startswith("PSK of a ticket")]
    assert len(tickets) == 2


def test_the_illustrated_session_overheard() -> None:
    """With the key log alone: below its secrets everything is there, above them nothing."""
    graph = graph_of(recording_of(told13(Role.CLIENT)))
    known = {node.name for node in graph.nodes if node.output is not None}
    assert "server_write_key (handshake)" in known
    assert "client verify_data" in known
    assert not known & {"handshake secret", "main secret", "shared secret", "resumption_secret"}
    assert "handshake secret" in graph.missing
    assert not graph.problems


def told12() -> list[Any]:
    """The same of 1.2, whose Finished are opened with the key log."""
    sealed = {
        sender: content
        for sender, kind, content in illustrated12.opened()
        if kind == ContentType.handshake
    }
    items: list[Any] = []
    for sender, raw in illustrated12.plain_messages():
        kind = MessageSent if sender == "client" else MessageReceived
        items.append(kind(Epoch.INITIAL, raw))
    items.append(MessageSent(Epoch.APPLICATION, sealed["client"]))
    items.append(MessageReceived(Epoch.APPLICATION, sealed["server"]))
    return items


@pytest.mark.parametrize("private", [CLIENT_KEY, SERVER_KEY], ids=["client", "server"])
def test_the_illustrated_session_of_1_2(private: bytes) -> None:
    """From either private key to the key log's main secret, the key block and both Finished."""
    entry = Entry.key_share(NamedGroup.x25519, private)
    random, main = illustrated12.main_secret()
    told = [entry, *told12(), SecretDerived("CLIENT_RANDOM", random, main.secret)]
    graph = graph_of(recording_of(told))
    assert (graph.missing, graph.problems) == ("", ())
    assert value(graph, "main secret") == main.secret
    node = graph.node("main secret")
    assert node is not None
    assert node.label == "master secret"
    for node in (*graph.nodes, *graph.transcripts):
        assert executed(graph, node) == node.output
    server_random = illustrated12.messages()[1][1].random  # type: ignore[attr-defined]
    for keys, side in zip(main.keys(random, server_random), ("client", "server"), strict=True):
        assert value(graph, f"{side}_write_MAC_key") == keys.mac_key
        assert value(graph, f"{side}_write_key") == keys.key
        assert graph.node(f"{side}_write_IV") is None
