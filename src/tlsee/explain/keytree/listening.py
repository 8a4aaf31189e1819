"""The key schedule run again, with somebody who listens to each step of HKDF and the PRF.

The graph is not drawn from a description of the schedule: it is what ``tlsee.keys`` does. Those
modules announce nothing, and their functions call each other directly, as a handshake wants it. So
a listener has instances of them of its own: loaded from the same files, entered nowhere, and with
``extract``, ``expand_label``, ``derive_secret`` and ``prf`` replaced by functions that note their
arguments and call the originals. What connections use is untouched, and each run listens to itself
alone, in whatever thread.

Secrets that a recording does not have run along as stand-ins: ``Heard`` bytes know the node that
they come from and whether their value is known. What is made of an unknown one is unknown.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from importlib import util
from types import ModuleType
from typing import Any

from tlsee.explain.keytree import naming
from tlsee.explain.keytree.naming import Name
from tlsee.explain.keytree.node import KeyInput, KeyNode
from tlsee.values import replace

__all__ = ["Context", "Heard", "Listener"]


class Heard(bytes):
    """The value of a node, or a stand-in for it; a slice of it is a part of the same node."""

    node: str
    known: bool
    start: int

    @classmethod
    def of(cls, data: bytes, node: str, *, known: bool, start: int = 0) -> Heard:
        """These bytes, from this node."""
        made = cls(data)
        made.node, made.known, made.start = node, known, start
        return made

    def __getitem__(self, key: Any) -> Any:
        found = bytes(self)[key]
        if not isinstance(found, bytes):
            return found
        start = key.indices(len(self))[0]
        return Heard.of(found, self.node, known=self.known, start=self.start + start)


class Context(bytes):
    """A context that can say what it is."""

    words: str = ""
    known: bool = True

    @classmethod
    def of(cls, data: bytes, words: str) -> Context:
        """These bytes, in these words."""
        made = cls(data)
        made.words = words
        return made

    @classmethod
    def unknown(cls, length: int, words: str) -> Context:
        """A stand-in for what cannot be computed: a message of it is not there."""
        made = cls.of(bytes(length), words)
        made.known = False
        return made


class Listener:
    """What one run of the schedule did.

    Args:
        logged: secrets that the recording has, by the names of their nodes. They stand where the
            run cannot compute, and are compared where it can.

    Attributes:
        nodes: by name, in the order of making. transcripts: the hashes in their contexts.
        problems: what does not fit, in sentences.
        uses: by node, the number of the story's step where it counts first, and how.
    """

    def __init__(self, logged: Mapping[str, bytes]) -> None:
        self.nodes: dict[str, KeyNode] = {}
        self.transcripts: dict[str, KeyNode] = {}
        self.problems: list[str] = []
        self.uses: dict[str, tuple[int, str]] = {}
        self._logged = logged
        self._known: dict[tuple[Any, ...], Heard] = {}

    # --- The schedule's modules, listened to ----------------------------------------------------

    def schedule13(self) -> Any:
        """TLS 1.3's schedule; its ``EarlyStage`` begins a run."""
        module = _instance("tlsee.keys.schedule13")
        extract, expand_label = module.extract, module.expand_label
        derive_secret, digest = module.derive_secret, module._digest  # noqa: SLF001 - it is ours

        def heard_extract(hash_name: str, salt: bytes, key: bytes) -> bytes:
            name = naming.of_extract(_node(salt), _node(key))
            inputs = (("salt", salt), ("IKM", key))
            return self._hear(
                "HKDF-Extract",
                name,
                inputs,
                lambda: extract(hash_name, bytes(salt), bytes(key)),
                hash_name,
            )

        def heard_expand(
            hash_name: str, secret: bytes, label: bytes, context: bytes, length: int
        ) -> bytes:
            return self._hear(
                "HKDF-Expand-Label",
                naming.of_label(label.decode(), _node(secret)),
                (("secret", secret),),
                lambda: expand_label(hash_name, bytes(secret), label, bytes(context), length),
                hash_name,
                label.decode(),
                context,
                length,
            )

        def heard_derive(hash_name: str, secret: bytes, label: bytes, context: bytes) -> bytes:
            return self._hear(
                "Derive-Secret",
                naming.of_label(label.decode(), _node(secret)),
                (("secret", secret),),
                lambda: derive_secret(hash_name, bytes(secret), label, bytes(context)),
                hash_name,
                label.decode(),
                context,
            )

        def heard_digest(key: bytes, data: bytes, hash_name: str) -> bytes:
            """What goes through HKDF comes here with plain bytes, and was heard already."""
            if not isinstance(key, Heard):
                made: bytes = digest(key, data, hash_name)
                return made
            return self._hear(
                "HMAC",
                naming.of_hmac(key.node),
                (("key", key),),
                lambda: digest(bytes(key), bytes(data), hash_name),
                hash_name,
                "",
                data,
            )

        module.__dict__.update(
            extract=heard_extract,
            expand_label=heard_expand,
            derive_secret=heard_derive,
            _digest=heard_digest,
        )
        return module

    def schedule12(self) -> Any:
        """TLS 1.2's schedule; its ``MainSecret`` begins a run."""
        module = _instance("tlsee.keys.schedule12")
        prf = module.prf

        def heard_prf(
            hash_name: str, secret: bytes, label: bytes, seed: bytes, length: int
        ) -> bytes:
            return self._hear(
                "PRF",
                naming.of_label(label.decode(), _node(secret)),
                (("secret", secret),),
                lambda: prf(hash_name, bytes(secret), label, bytes(seed), length),
                hash_name,
                label.decode(),
                seed,
                length,
            )

        module.__dict__["prf"] = heard_prf
        return module

    def _hear(
        self,
        operation: str,
        name: Name,
        inputs: Iterable[tuple[str, bytes]],
        compute: Callable[[], bytes],
        hash_name: str,
        label: str = "",
        context: bytes = b"",
        length: int = 0,
    ) -> Heard:
        """Note a step; one that was made before is the same node."""
        given = tuple(inputs)
        shown = tuple(_input(role, data) for role, data in given)
        same = (operation, hash_name, shown, label, bytes(context), length)
        if same in self._known:
            return self._known[same]
        context_known = getattr(context, "known", True)
        unknown = not context_known or any(
            isinstance(data, Heard) and not data.known for _, data in given
        )
        output = None if unknown else compute()
        words = getattr(context, "words", "") or naming.SEEDS.get(label, "")
        if not words and operation == "Derive-Secret":
            words = "Transcript-Hash of no messages"
        node = KeyNode(
            self._free(name.name),
            operation,
            shown,
            label,
            bytes(context) if context_known else b"",
            words,
            length or digest_length(hash_name),
            output,
            all(self._is_public(one) for one in shown),
            None,
            "",
            name.about,
            name.clause,
            name.stage,
            hash_name,
        )
        made = self._known[same] = self._keep(node)
        return made

    # --- What the schedule starts from and leads to -----------------------------------------------

    def given(
        self,
        name: Name,
        data: bytes | None,
        length: int = 0,
        *,
        public: bool = False,
        inputs: tuple[KeyInput, ...] = (),
    ) -> Heard:
        """A value that nothing here computes; ``length`` where ``data`` is not there."""
        return self.made(name, "given", inputs, data, length, public=public)

    def made(
        self,
        name: Name,
        operation: str,
        inputs: tuple[KeyInput, ...],
        output: bytes | None,
        length: int = 0,
        *,
        label: str = "",
        start: int = 0,
        public: bool = False,
    ) -> Heard:
        """A value that something else than the schedule computed."""
        node = KeyNode(
            self._free(name.name),
            operation,
            inputs,
            label,
            b"",
            "",
            len(output) if output is not None else length,
            output,
            public,
            None,
            "",
            name.about,
            name.clause,
            name.stage,
            "",
            start,
        )
        return self._keep(node)

    def cut(self, name: Name, piece: bytes) -> None:
        """A piece of a value, as a slice of it came out; an empty one is none."""
        if isinstance(piece, Heard) and piece:
            output = bytes(piece) if piece.known else None
            whole = (KeyInput("from", piece.node),)
            self.made(name, "cut", whole, output, len(piece), start=piece.start)

    def seen(self, name: str, data: bytes, where: str) -> None:
        """A message says this value; ``where``, such as ``message 8``."""
        node = self.nodes.get(name)
        if node is None:
            return
        if len(data) != node.length:
            self.complain(name, f"{where} says {len(data)} bytes, and {node.length} are due")
        elif node.output is None:
            about = f"{node.about} Its value here is what {where} says: nothing could be computed."
            self.nodes[name] = replace(node, output=data, about=about)
        elif not hmac.compare_digest(node.output, data):
            self.complain(name, f"{where} says another value than what the schedule gives")

    def logs(self, part: str) -> bool:
        """Whether the recording has a secret with this in its name."""
        return any(part in name for name in self._logged)

    def used(self, name: str, step: int, words: str) -> None:
        """A value counts in this step of the story; the first one is kept."""
        if name in self.nodes and step < self.uses.get(name, (step + 1, ""))[0]:
            self.uses[name] = step, words

    def complain(self, name: str, sentence: str) -> None:
        """Something about a node does not fit."""
        self.problems.append(f"{name}: {sentence}.")
        node = self.nodes.get(name)
        if node is not None:
            problem = f"{node.problem} {sentence}.".strip()
            self.nodes[name] = replace(node, problem=problem)

    # --- Within -----------------------------------------------------------------------------------

    def _keep(self, node: KeyNode) -> Heard:
        logged = self._logged.get(node.name)
        if node.output is None and logged is not None and (len(logged) == node.length):
            about = f"{node.about} The recording has it as a secret; it was not computed here."
            node = replace(node, output=logged, about=about.strip())
        self.nodes[node.name] = node
        if logged is not None and (
            node.output is None or not hmac.compare_digest(node.output, logged)
        ):
            self.complain(node.name, "the recording logs another value under this name")
        node = self.nodes[node.name]
        known = node.output is not None
        return Heard.of(node.output or bytes(node.length or 1), node.name, known=known)

    def _free(self, name: str) -> str:
        number, free = 1, name
        while free in self.nodes:
            number += 1
            free = f"{name} {number}"
        return free

    def _is_public(self, one: KeyInput) -> bool:
        return not one.node or self.nodes[one.node].public


def _instance(name: str) -> ModuleType:
    """The module once more, for one listener alone; ``sys.modules`` does not hear of it."""
    spec = util.find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _node(data: bytes) -> str:
    return data.node if isinstance(data, Heard) else ""


def _input(role: str, data: bytes) -> KeyInput:
    if isinstance(data, Heard):
        return KeyInput(role, data.node)
    return KeyInput(role, "", bytes(data))


def digest_length(hash_name: str) -> int:
    """Bytes."""
    return len(hmac.digest(b"", b"", hash_name))
