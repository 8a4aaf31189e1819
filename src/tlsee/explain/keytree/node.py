"""What the key schedule's graph is made of: values, and the steps that made them."""

from __future__ import annotations

from typing import ClassVar

from tlsee.codes import ProtocolVersion
from tlsee.text import count
from tlsee.values import value

__all__ = ["KeyGraph", "KeyInput", "KeyNode"]


@value
class KeyInput:
    """One thing that goes into a step.

    Attributes:
        role: what it is there, in the RFC's words: ``salt``, ``IKM``, ``secret``, ``private key``.
        node: the name of the node that it comes from, or ``""``.
        data: the bytes where it comes from no node: zeros, a share, a ciphertext.
    """

    role: str
    node: str = ""
    data: bytes | None = None
    _hidden: ClassVar[frozenset[str]] = frozenset({"data"})


@value
class KeyNode:
    """One value of the key schedule, and the step that makes it.

    Attributes:
        name: as the RFC calls it; no other node of the graph has it.
        operation: ``given``, ``HKDF-Extract``, ``HKDF-Expand-Label``, ``Derive-Secret``, ``HMAC``,
            ``PRF``, ``cut``, ``concatenation``, ``without leading zeros``, ``ECDH``, ``DH``,
            ``ML-KEM``, ``RSA``, ``Transcript-Hash``.
        inputs: in the order of the operation.
        label: as the RFC writes it, without ``tls13``; of a key exchange, what it computes with.
        context: a transcript's hash, a nonce, a PRF's seed, what an HMAC is over; or ``b""``.
        context_words: what that is, such as ``Transcript-Hash(ClientHello .. ServerHello)``.
        length: of the output in bytes; 0 where the recording does not tell.
        output: the value, or ``None``: it is not in this recording and does not follow from it.
        public: anybody who listened can compute it.
        used_first: the number of the story's step where it first counts, or ``None``.
        used_words: what it does there.
        about: what it is, and what is odd about it.
        clause: where the RFC defines it.
        stage: ``key exchange``, ``early``, ``handshake``, ``main``, ``after``.
        hash_name: ``hashlib``'s, of the steps that hash.
        start: of a ``cut``, where in its input it begins.
        problem: a sentence where the recording contradicts itself here, or ``""``.
    """

    name: str
    operation: str
    inputs: tuple[KeyInput, ...]
    label: str
    context: bytes
    context_words: str
    length: int
    output: bytes | None
    public: bool
    used_first: int | None
    used_words: str
    about: str
    clause: str
    stage: str
    hash_name: str = ""
    start: int = 0
    problem: str = ""
    _hidden: ClassVar[frozenset[str]] = frozenset({"output", "context"})


@value
class KeyGraph:
    """The values of one connection in the order of their making.

    Attributes:
        version: what the server selected.
        hash_name: of the suite, as ``hashlib`` knows it; ``""`` for a suite that is unknown here.
        nodes: a node comes after those that it is made of.
        missing: a sentence on what is not in the recording, or ``""``.
        transcripts: the hashes that stand in the nodes' contexts, under the names that
            ``context_words`` has; what goes into them are the messages.
        problems: sentences on what contradicts itself; each stands at its node too.
    """

    version: ProtocolVersion
    hash_name: str
    nodes: tuple[KeyNode, ...]
    missing: str
    transcripts: tuple[KeyNode, ...] = ()
    problems: tuple[str, ...] = ()

    def node(self, name: str) -> KeyNode | None:
        """The node, or the transcript, with this name."""
        for found in (*self.nodes, *self.transcripts):
            if found.name == name:
                return found
        return None

    def __repr__(self) -> str:
        return f"<key graph of {self.version.label}: {count(len(self.nodes), 'node')}>"
