"""From a recording to the graph of its key schedule."""

from __future__ import annotations

from tlsee.codes import HandshakeType, ProtocolVersion
from tlsee.crypto.suites import suites
from tlsee.crypto.suites12 import suites12
from tlsee.errors import TLSError
from tlsee.explain.keytree.early13 import offers_psk
from tlsee.explain.keytree.listening import Listener
from tlsee.explain.keytree.node import KeyGraph, KeyNode
from tlsee.explain.keytree.sources import Logged
from tlsee.explain.keytree.transcripts import Said
from tlsee.explain.keytree.tree12 import Tree12, is_agreed
from tlsee.explain.keytree.tree13 import Tree13
from tlsee.explain.keytree.uses import finished_nodes, note_protection
from tlsee.explain.recorded import story_of
from tlsee.explain.story import Story
from tlsee.recording.recording import Recording
from tlsee.text import count
from tlsee.trace import Role
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello

__all__ = ["key_graph"]

NAMED_MISSING = 4  # values that are named where some are missing


def key_graph(recording: Recording) -> KeyGraph | None:
    """The key schedule of a recorded connection; ``None`` where nothing was agreed on yet.

    It never raises for what is in the recording. A value that neither stands there nor follows from
    what does has no output, and ``missing`` says so; a recording that contradicts itself has
    ``problems``.
    """
    story = story_of(recording)
    said = Said(story)
    first = said.step(HandshakeType.client_hello, Role.CLIENT)
    hello = first.message if first is not None else None
    if not isinstance(hello, ClientHello):
        return None
    answer = story.first(ServerHello, Role.SERVER)
    logged = Logged(recording, hello.random)
    listener = Listener(logged.secrets)
    listener.problems += logged.problems
    if story.is_older and answer is not None:
        return _older(recording, story, said, listener, (hello, answer))
    return _newer(recording, story, said, listener, hello)


def _newer(
    recording: Recording, story: Story, said: Said, listener: Listener, hello: ClientHello
) -> KeyGraph | None:
    answer = story.first(ServerHello, Role.SERVER) or story.first(HelloRetryRequest, Role.SERVER)
    suite = suites().get(answer.cipher_suite) if answer is not None else None
    if isinstance(answer, ServerHello) and suite is None:
        return _unknown(story, f"{answer.cipher_suite} is not known here")
    if not isinstance(answer, ServerHello) and not offers_psk(hello):
        return None
    tree = Tree13(recording, story, said, listener, suite)
    broken = _run(tree)
    name = suite.hash_name if suite is not None else ""
    return _graph(recording, story, listener, name, broken or tree.left_out)


def _older(
    recording: Recording,
    story: Story,
    said: Said,
    listener: Listener,
    hellos: tuple[ClientHello, ServerHello],
) -> KeyGraph | None:
    if story.version != ProtocolVersion.TLS12:
        return _unknown(story, "of versions before 1.2 none is drawn")
    suite = suites12().get(hellos[1].cipher_suite)
    if suite is None:
        return _unknown(story, f"{hellos[1].cipher_suite} is not known here")
    if not is_agreed(story, said):
        return None
    broken = _run(Tree12(recording, said, listener, suite, hellos))
    return _graph(recording, story, listener, suite.hash_name, broken)


def _unknown(story: Story, why: str) -> KeyGraph:
    version = story.version or ProtocolVersion.TLS13
    return KeyGraph(version, "", (), f"The key schedule cannot be drawn: {why}.")


def _run(tree: Tree12 | Tree13) -> str:
    """Run through the schedule; a message that says what no endpoint would ends it, in words."""
    try:
        tree.run()
    except (TLSError, ValueError) as error:
        return _broken(error)
    return ""


def _broken(error: Exception) -> str:
    detail = getattr(error, "detail", "") or str(error)
    return f"The graph ends early, for the recording does not hold together ({detail})."


def _graph(
    recording: Recording, story: Story, listener: Listener, hash_name: str, remark: str
) -> KeyGraph:
    note_protection(listener, story)
    nodes = finished_nodes(listener)
    version = story.version or ProtocolVersion.TLS13
    sentences = (_missing(recording, nodes), remark, _replaced(recording))
    return KeyGraph(
        version,
        hash_name,
        nodes,
        " ".join(sentence for sentence in sentences if sentence),
        tuple(listener.transcripts.values()),
        tuple(listener.problems),
    )


def _missing(recording: Recording, nodes: tuple[KeyNode, ...]) -> str:
    """Which values have no output, and why."""
    names = [node.name for node in nodes if node.output is None]
    if not names:
        return ""
    if not recording.reveals_secrets:
        return (
            f"This recording has no secrets: of {count(len(nodes), 'value')} {len(names)} are not "
            "in it. What each is made of is."
        )
    listed = ", ".join(names[:NAMED_MISSING])
    if len(names) > NAMED_MISSING:
        listed += f" and {len(names) - NAMED_MISSING} more"
    return f"Not in this recording, and not to be computed from what is: {listed}."


def _replaced(recording: Recording) -> str:
    """With pseudonyms the messages are not those of the connection, nor their hashes."""
    if not recording.header.has_pseudonyms:
        return ""
    return "Names in the messages are replaced, so the transcripts' hashes are others too."
