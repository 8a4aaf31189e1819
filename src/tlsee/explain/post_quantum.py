"""Which bytes of a handshake are post-quantum cryptography's, and which are certificates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tlsee.codes import NamedGroup, SignatureScheme
from tlsee.explain.phrases import CERTIFICATES
from tlsee.explain.reading import view_of
from tlsee.explain.story import Step, Story
from tlsee.values import value
from tlsee.wire.extensions.key_share import KeyShareClientHello, KeyShareServerHello
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages12 import RawPublicKeyCertificate
from tlsee.wire.messages13 import CertificateVerify

__all__ = [
    "CLASSICAL_BYTES",
    "PostQuantum",
    "certificate_bytes",
    "post_quantum",
    "post_quantum_bytes",
    "shown_by",
]

# Of a hybrid's share, the bytes that are not ML-KEM's (RFC 10024).
CLASSICAL_BYTES = {
    NamedGroup.X25519MLKEM768: 32,
    NamedGroup.SecP256r1MLKEM768: 65,
    NamedGroup.SecP384r1MLKEM1024: 97,
}
_MLDSA = frozenset((SignatureScheme.mldsa44, SignatureScheme.mldsa65, SignatureScheme.mldsa87))


@value
class PostQuantum:
    """Bytes on the wire that are there for post-quantum cryptography; ``number`` of their step."""

    number: int
    what: str
    size: int


def post_quantum_bytes(story: Story) -> int:
    """How many bytes of the shares on the wire are ML-KEM's."""
    return sum(part.size for step in story.steps for part in _shares(step))


def post_quantum(steps: Iterable[Step]) -> Iterator[PostQuantum]:
    """What is there for post-quantum cryptography and for nothing else.

    Of hybrid shares the part that is ML-KEM's; ML-DSA's signatures, and keys and signatures in
    certificates. What a classical signature would have taken in their place is in no recording.
    """
    for step in steps:
        yield from _shares(step)
        message = step.message
        if isinstance(message, CertificateVerify) and message.algorithm in _MLDSA:
            what = f"the signature, {message.algorithm}"
            yield PostQuantum(step.number, what, len(message.signature))
        for place, der in enumerate(shown_by(step), 1):
            yield from _of_certificate(step.number, place, der)


def _shares(step: Step) -> Iterator[PostQuantum]:
    entries: list[Any] = []
    if isinstance(step.message, ClientHello):
        sent = step.message.extensions.get(KeyShareClientHello)
        entries = list(sent.client_shares) if sent is not None else []
    elif isinstance(step.message, ServerHello):
        answer = step.message.extensions.get(KeyShareServerHello)
        entries = [answer.server_share] if answer is not None else []
    for entry in entries:
        size = len(entry.key_exchange) - CLASSICAL_BYTES.get(entry.group, len(entry.key_exchange))
        if size > 0:
            yield PostQuantum(step.number, f"ML-KEM's part of the {entry.group} share", size)


def _of_certificate(number: int, place: int, der: bytes) -> Iterator[PostQuantum]:
    view = view_of(der)
    if view is None:
        return
    key = view.public_key
    if key is not None and key.kind.startswith("mldsa"):
        yield PostQuantum(number, f"certificate {place}: its key, {view.key_label}", len(view.spki))
    if view.algorithm is not None and view.algorithm.name.startswith("ML-DSA"):
        what = f"certificate {place}: its issuer's signature, {view.algorithm.name}"
        yield PostQuantum(number, what, len(view.signature))


def certificate_bytes(steps: Iterable[Step]) -> int:
    """How many bytes the certificates in these steps have, or the raw keys in their place."""
    return sum(len(der) for step in steps for der in shown_by(step))


def shown_by(step: Step) -> list[bytes]:
    """The certificates of a step, DER."""
    if isinstance(step.message, CERTIFICATES):
        entries = step.message.certificate_list
        return [entry if isinstance(entry, bytes) else entry.cert_data for entry in entries]
    if isinstance(step.message, RawPublicKeyCertificate):
        return [step.message.subject_public_key_info]
    return []
