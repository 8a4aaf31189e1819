"""A few lines of Python that compute a node's value again, with what a reader has at hand.

``hashlib`` and ``hmac`` do all of it but the key exchange, for which ``cryptography`` is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from tlsee.explain.keytree.node import KeyGraph, KeyInput, KeyNode

__all__ = ["ABSENT", "recipe"]

# What stands behind a value that the reader has to have from elsewhere.
ABSENT = "# not in this recording"


def recipe(graph: KeyGraph, node: KeyNode) -> str:
    """Lines that print the node's value in hexadecimal.

    What comes from a node stands there as that node's value; where the recording does not have it,
    a line ends with ``ABSENT`` and waits for it. A program as it is: it shows every secret in it.
    """
    writer = _Writer(graph)
    lines = _OPERATIONS.get(node.operation, _Writer.given)(writer, node)
    imports = "\n".join(sorted(writer.imports))
    return "\n".join(part for part in (imports, *lines) if part) + "\n"


class _Writer:
    """Writes one recipe."""

    def __init__(self, graph: KeyGraph) -> None:
        self.graph = graph
        self.imports: set[str] = set()

    # --- Constants --------------------------------------------------------------------------------

    def _constant(self, one: KeyInput, name: str = "") -> str:
        """``name = bytes.fromhex(...)`` with where it comes from."""
        name = name or _identifier(one.role)
        data = one.data
        if one.node:
            source = self.graph.node(one.node)
            data = source.output if source is not None else None
        if data is None:
            return f'{name} = bytes.fromhex("...")  {ABSENT}: {one.node or one.role}'
        comment = f"  # {one.node}" if one.node else ""
        return f"{name} = {_literal(data)}{comment}"

    def _constants(self, node: KeyNode) -> list[str]:
        return [self._constant(one) for one in node.inputs]

    # --- Operations -------------------------------------------------------------------------------

    def extract(self, node: KeyNode) -> list[str]:
        """HKDF-Extract is one HMAC, keyed with the salt."""
        self.imports.add("import hmac")
        salt, key = node.inputs
        return [
            self._constant(salt, "salt"),
            self._constant(key, "ikm"),
            f'print(hmac.digest(salt, ikm, "{node.hash_name}").hex())',
        ]

    def expand(self, node: KeyNode) -> list[str]:
        """HKDF-Expand-Label is one HMAC too, over HkdfLabel and a counter of 1."""
        self.imports.add("import hmac")
        comment = f"  # {node.context_words}" if node.context_words else ""
        cut = "" if node.length == _DIGESTS.get(node.hash_name) else f"[:{node.length}]"
        return [
            self._constant(node.inputs[0], "secret"),
            f'label = b"tls13 {node.label}"',
            f"context = {_literal(node.context)}{comment}"
            if node.context or not _is_hash(node)
            else f'context = bytes.fromhex("...")  {ABSENT}: {node.context_words}',
            f'info = ({node.length}).to_bytes(2, "big") + bytes([len(label)]) + label',
            "info += bytes([len(context)]) + context",
            f'print(hmac.digest(secret, info + b"\\x01", "{node.hash_name}"){cut}.hex())',
        ]

    def mac(self, node: KeyNode) -> list[str]:
        """HMAC over a transcript's hash."""
        self.imports.add("import hmac")
        return [
            self._constant(node.inputs[0], "key"),
            f"data = {_literal(node.context)}  # {node.context_words}",
            f'print(hmac.digest(key, data, "{node.hash_name}").hex())',
        ]

    def prf(self, node: KeyNode) -> list[str]:
        """P_hash (RFC 5246, 5)."""
        self.imports.add("import hmac")
        return [
            self._constant(node.inputs[0], "secret"),
            f'seed = b"{node.label}" + {_literal(node.context)}  # {node.context_words}',
            'a, output = seed, b""',
            f"while len(output) < {node.length}:",
            f'    a = hmac.digest(secret, a, "{node.hash_name}")',
            f'    output += hmac.digest(secret, a + seed, "{node.hash_name}")',
            f"print(output[:{node.length}].hex())",
        ]

    def cut(self, node: KeyNode) -> list[str]:
        """A piece of another value."""
        end = node.start + node.length
        return [
            self._constant(node.inputs[0], "whole"),
            f"print(whole[{node.start}:{end}].hex())",
        ]

    def concatenation(self, node: KeyNode) -> list[str]:
        """One behind the other."""
        names = [f"part{number + 1}" for number in range(len(node.inputs))]
        lines = [self._constant(one, name) for one, name in zip(node.inputs, names, strict=True)]
        return [*lines, f"print(({' + '.join(names)}).hex())"]

    def stripped(self, node: KeyNode) -> list[str]:
        """RFC 5246, 8.1.2."""
        return [
            self._constant(node.inputs[0], "shared"),
            'print(shared.lstrip(b"\\x00").hex())',
        ]

    def transcript(self, node: KeyNode) -> list[str]:
        """A hash over messages."""
        self.imports.add("import hashlib")
        lines = [f'transcript = hashlib.new("{node.hash_name}")']
        lines += [
            f"transcript.update({_literal(one.data or b'')})  # {one.role}" for one in node.inputs
        ]
        return [*lines, "print(transcript.hexdigest())"]

    def finite_field(self, node: KeyNode) -> list[str]:
        """Diffie-Hellman needs no library."""
        lines = [self._constant(one, name) for one, name in zip(node.inputs, "xpy", strict=True)]
        numbers = "int.from_bytes(y, 'big'), int.from_bytes(x, 'big'), int.from_bytes(p, 'big')"
        return [*lines, f'print(pow({numbers}).to_bytes(len(p), "big").hex())']

    def curve(self, node: KeyNode) -> list[str]:
        """ECDH with the library that tlsee itself uses."""
        if not node.inputs or not node.label:
            return self.given(node)
        lines = self._constants(node)
        private, peer = (_identifier(one.role) for one in node.inputs)
        if node.label in _MONTGOMERY:
            name = _MONTGOMERY[node.label]
            self.imports.add(f"from {_ASYMMETRIC}.{node.label} import {name}PrivateKey as Private")
            self.imports.add(f"from {_ASYMMETRIC}.{node.label} import {name}PublicKey as Public")
            return [
                *lines,
                f"public = Public.from_public_bytes({peer})",
                f"print(Private.from_private_bytes({private}).exchange(public).hex())",
            ]
        self.imports.add(f"from {_ASYMMETRIC} import ec")
        return [
            *lines,
            f"curve = ec.{node.label.upper()}()",
            f"public = ec.EllipticCurvePublicKey.from_encoded_point(curve, {peer})",
            f'scalar = int.from_bytes({private}, "big")',
            "print(ec.derive_private_key(scalar, curve).exchange(ec.ECDH(), public).hex())",
        ]

    def lattice(self, node: KeyNode) -> list[str]:
        """ML-KEM's decapsulation, from the seed d || z."""
        name = f"{node.label.replace('-', '')}PrivateKey"
        self.imports.add(f"from {_ASYMMETRIC}.mlkem import {name}")
        key, ciphertext = (_identifier(one.role) for one in node.inputs)
        return [
            *self._constants(node),
            f"print({name}.from_seed_bytes({key}).decapsulate({ciphertext}).hex())",
        ]

    def rsa(self, node: KeyNode) -> list[str]:
        """The server's private key decrypts; it is in no recording."""
        self.imports.add(f"from {_ASYMMETRIC} import padding")
        self.imports.add(
            "from cryptography.hazmat.primitives.serialization import load_pem_private_key"
        )
        self.imports.add("from pathlib import Path")
        _, ciphertext = node.inputs
        return [
            f'pem = Path("server.key").read_bytes()  {ABSENT}',
            "private_key = load_pem_private_key(pem, None)",
            self._constant(ciphertext, "ciphertext"),
            "print(private_key.decrypt(ciphertext, padding.PKCS1v15()).hex())",
        ]

    def given(self, node: KeyNode) -> list[str]:
        """Nothing here computes it."""
        if node.output is None:
            line = f'value = bytes.fromhex("...")  {ABSENT}: {node.name}'
        else:
            line = f"value = {_literal(node.output)}  # as the recording has it"
        return [line, "print(value.hex())"]


_OPERATIONS: dict[str, Callable[[_Writer, KeyNode], list[str]]] = {
    "HKDF-Extract": _Writer.extract,
    "HKDF-Expand-Label": _Writer.expand,
    "Derive-Secret": _Writer.expand,
    "HMAC": _Writer.mac,
    "PRF": _Writer.prf,
    "cut": _Writer.cut,
    "concatenation": _Writer.concatenation,
    "without leading zeros": _Writer.stripped,
    "Transcript-Hash": _Writer.transcript,
    "DH": _Writer.finite_field,
    "ECDH": _Writer.curve,
    "ML-KEM": _Writer.lattice,
    "RSA": _Writer.rsa,
}
_ASYMMETRIC = "cryptography.hazmat.primitives.asymmetric"
_MONTGOMERY = {"x25519": "X25519", "x448": "X448"}
_DIGESTS = {"sha256": 32, "sha384": 48, "sha512": 64}
_WORD = re.compile(r"[^a-z0-9]+")


def _is_hash(node: KeyNode) -> bool:
    """Whether the context is a transcript's hash, which is never empty."""
    return node.context_words.startswith("Transcript-Hash")


def _identifier(role: str) -> str:
    """A role as a name of Python."""
    return _WORD.sub("_", role.replace("'s", "s").lower()).strip("_") or "value"


def _literal(data: bytes) -> str:
    """Bytes as Python writes them; zeros by their number."""
    if not data:
        return 'b""'
    if not any(data):
        return f"bytes({len(data)})"
    return f'bytes.fromhex("{data.hex()}")'
