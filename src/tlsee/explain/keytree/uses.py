"""Where each value counts first: the step of the story that it protects, makes or verifies."""

from __future__ import annotations

from tlsee.codes import HandshakeType
from tlsee.explain.keytree.listening import Listener
from tlsee.explain.keytree.node import KeyNode
from tlsee.explain.keytree.transcripts import named
from tlsee.explain.story import Story
from tlsee.trace import Epoch, Role
from tlsee.values import replace

__all__ = ["finished_nodes", "note_protection"]

_EPOCHS = {Epoch.EARLY: "early", Epoch.HANDSHAKE: "handshake"}


def note_protection(listener: Listener, story: Story) -> None:
    """Which keys protect which step, by sender, epoch and the KeyUpdates so far."""
    generations = {Role.CLIENT: 0, Role.SERVER: 0}
    for step in story.steps:
        if step.epoch is Epoch.INITIAL:
            continue
        sender, words = step.sender.value, f"protects {named(step)}"
        if story.is_older:
            names = [f"{sender}_write_{what}" for what in ("MAC_key", "key", "IV")]
        else:
            number = generations[step.sender]
            epoch = _EPOCHS.get(step.epoch, f"application {number}")
            names = [f"{sender}_write_{what} ({epoch})" for what in ("key", "iv")]
        for name in names:
            listener.used(name, step.number, words)
        if step.handshake_type == HandshakeType.key_update:
            generations[step.sender] += 1


def finished_nodes(listener: Listener) -> tuple[KeyNode, ...]:
    """The nodes with their uses: what makes others counts where the first of them does.

    The schedule compares each run with the constant of one without a pre-shared key. Where that
    leads nowhere it is no part of this connection.
    """
    nodes = list(listener.nodes.values())
    used = {one.node for node in nodes for one in node.inputs}
    nodes = [
        node
        for node in nodes
        if node.name in used or node.operation != "HKDF-Extract" or not node.public
    ]
    uses = {name: (*use, "") for name, use in listener.uses.items()}
    for node in reversed(nodes):
        use = uses.get(node.name)
        if use is None:
            continue
        number, words, through = use
        for one in node.inputs:
            known = uses.get(one.node)
            if known is None or number < known[0] or (number == known[0] and known[2]):
                uses[one.node] = number, words, through or node.name
    return tuple(_with_use(node, *uses.get(node.name, (None, "", ""))) for node in nodes)


def _with_use(node: KeyNode, number: int | None, words: str, through: str) -> KeyNode:
    if through:
        words = f"through {through}, which {words}"
    return replace(node, used_first=number, used_words=words)
