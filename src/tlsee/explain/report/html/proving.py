"""How a message's signature is verified by hand: what is signed, with which key, the lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from htpy import Node, a, button, code, dd, details, div, dl, dt, pre, summary

from tlsee.codes import SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.errors import TLSError
from tlsee.explain.account import StepView
from tlsee.explain.keytree.transcripts import Said
from tlsee.explain.phrases import CERTIFICATES
from tlsee.explain.post_quantum import shown_by
from tlsee.explain.reading import view_of
from tlsee.explain.report.html.markup import clause_of, size
from tlsee.explain.report.html.sheet import Sheet
from tlsee.explain.story import Step
from tlsee.keys.transcript import Transcript
from tlsee.values import value
from tlsee.wire.framing import message_hash
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello
from tlsee.wire.messages12 import CertificateVerify as CertificateVerify12
from tlsee.wire.messages12 import ServerKeyExchange
from tlsee.wire.messages13 import CertificateVerify

__all__ = ["proving"]

_MODULE = "cryptography.hazmat.primitives"
CONTENT_SHOWN = 1_024  # bytes that are signed; a group of a server's own making has 800


@value
class _Signed:
    """A signature with what it is over.

    Attributes:
        lines: Python that makes ``content``. parts: what it is, in words.
        hashed: whether ``content`` is the hash of what is signed: that is too long for the page.
    """

    scheme: SignatureScheme
    signature: bytes
    lines: tuple[str, ...]
    parts: str
    clause: str
    hashed: bool = False


def proving(sheet: Sheet, view: StepView) -> Node:
    """What proves that a sender has its certificate's key; ``None`` for other messages."""
    certificate = _certificate(sheet, view.step)
    signed = _signed(sheet, view.step)
    if certificate is None or signed is None or not sheet.amounts.openings:
        return None
    way = _way(signed.scheme, hashed=signed.hashed)
    if way is None:
        return None
    der = shown_by(certificate)[0]
    read = view_of(der)
    text = "\n".join(_program(signed, read.spki if read is not None else der, way)) + "\n"
    href = sheet.href(certificate.number)
    words = f"step {certificate.number}, Certificate"
    key: Node = [read.key_label if read is not None else "a raw public key", ", in ",
                 a(href=href)[words] if href else words]  # fmt: skip
    return details(".fold")[
        summary["How the signature is verified"],
        dl[
            dt["Signed is"],
            dd[signed.parts, " ", clause_of(signed.clause)],
            dt["With the key of"],
            dd[key],
            dt["Scheme"],
            dd[f"{signed.scheme}, {size(len(signed.signature))} of signature"],
        ],
        div(".recipe")[
            button(".copy", type="button", hidden=True)["Copy"],
            pre(tabindex="0", role="group", aria_label=f"Python for step {view.step.number}")[
                code[text]
            ],
        ],
    ]


def _certificate(sheet: Sheet, step: Step) -> Step | None:
    """The last that its sender showed before it."""
    found = [
        view.step
        for view in sheet.account.steps
        if view.step.sender is step.sender
        and view.step.number < step.number
        and isinstance(view.step.message, CERTIFICATES)
        and shown_by(view.step)
    ]
    return found[-1] if found else None


def _signed(sheet: Sheet, step: Step) -> _Signed | None:
    if isinstance(step.message, CertificateVerify):
        return _of_transcript(sheet, step, step.message)
    if isinstance(step.message, CertificateVerify12):
        return _of_messages(sheet, step, step.message)
    if isinstance(step.message, ServerKeyExchange):
        try:
            return _of_parameters(sheet, step.message)
        except TLSError:
            return None
    return None


def _of_transcript(sheet: Sheet, step: Step, message: CertificateVerify) -> _Signed | None:
    said = Said(sheet.account.story)
    graph = sheet.graph
    if graph is None or not graph.hash_name or step not in said.handshake:
        return None
    digest = _transcript(graph.hash_name, said.before(step))
    label = f"TLS 1.3, {step.sender.value} CertificateVerify"
    return _Signed(
        message.algorithm,
        message.signature,
        (
            f'transcript_hash = bytes.fromhex("{digest.hex()}")',
            f'content = b" " * 64 + b"{label}" + b"\\x00" + transcript_hash',
        ),
        f"64 spaces, the words {label}, a zero, and the hash of every message before it: so it "
        "counts for this handshake and nowhere else.",
        "RFC 9846, 4.5.2",
    )


def _transcript(hash_name: str, steps: list[Step]) -> bytes:
    """Transcript-Hash (RFC 9846, 4.1): after a HelloRetryRequest the first hello is a hash."""
    pieces = [step.raw for step in steps]
    if len(steps) > 1 and isinstance(steps[1].message, HelloRetryRequest):
        pieces[0] = message_hash(Transcript.start(hash_name).add(pieces[0]).digest())
    transcript = Transcript.start(hash_name)
    for piece in pieces:
        transcript = transcript.add(piece)
    return transcript.digest()


def _of_messages(sheet: Sheet, step: Step, message: CertificateVerify12) -> _Signed | None:
    said = Said(sheet.account.story)
    bits = _bits(message.algorithm)
    if step not in said.handshake or not bits:
        return None
    before = said.before(step)
    digest = hashlib.new(f"sha{bits}", b"".join(each.raw for each in before)).hexdigest()
    return _Signed(
        message.algorithm,
        message.signature,
        (
            f"# the messages up to step {before[-1].number}, hashed: their bytes stand above",
            f'content = bytes.fromhex("{digest}")',
        ),
        "every message before it, one behind another: so it counts for this handshake and "
        "nowhere else.",
        "RFC 5246, 7.4.8",
        hashed=True,
    )


def _of_parameters(sheet: Sheet, message: ServerKeyExchange) -> _Signed | None:
    story = sheet.account.story
    client, server = story.first(ClientHello), story.first(ServerHello)
    if client is None or server is None or story.key_exchange is None:
        return None
    ecdhe = story.key_exchange is KeyExchangeAlgorithm.ecdhe
    found = message.ecdh() if ecdhe else message.dh()
    params = message.params(found)
    if len(params) > CONTENT_SHOWN:
        return None
    return _Signed(
        found.signed_params.algorithm,
        found.signed_params.signature,
        (
            f'client_random = bytes.fromhex("{client.random.hex()}")',
            f'server_random = bytes.fromhex("{server.random.hex()}")',
            f'params = bytes.fromhex("{params.hex()}")',
            "content = client_random + server_random + params",
        ),
        "both randoms and the server's share: so it counts for this handshake and nowhere else.",
        "RFC 5246, 7.4.3",
    )


def _bits(scheme: SignatureScheme) -> int:
    """How long the hash of a scheme is; 0 for those that hash in ways of their own, and SHA-1."""
    return next((bits for bits in (256, 384, 512) if scheme.name.endswith(f"sha{bits}")), 0)


def _way(scheme: SignatureScheme, *, hashed: bool) -> tuple[str, str] | None:
    """What has to be imported, and the arguments behind the content; ``None`` if not known."""
    name = scheme.name
    if name in {"ed25519", "ed448"} or name.startswith("mldsa"):
        return "", ""
    bits = _bits(scheme)
    if not bits:
        return None
    digest = f"hashes.SHA{bits}()"
    over = f"Prehashed({digest})" if hashed else digest
    if name.startswith("ecdsa"):
        return "ec", f", ec.ECDSA({over})"
    if name.startswith("rsa_pss"):
        pss = f"padding.PSS(padding.MGF1({digest}), padding.PSS.DIGEST_LENGTH)"
        return "padding", f", {pss}, {over}"
    if name.startswith("rsa_pkcs1"):
        return "padding", f", padding.PKCS1v15(), {over}"
    return None


def _program(signed: _Signed, spki: bytes, way: tuple[str, str]) -> Iterator[str]:
    module, arguments = way
    if module:
        yield f"from {_MODULE} import hashes"
        yield f"from {_MODULE}.asymmetric import {module}"
    if signed.hashed:
        yield f"from {_MODULE}.asymmetric.utils import Prehashed"
    yield f"from {_MODULE}.serialization import load_der_public_key"
    yield f'key = load_der_public_key(bytes.fromhex("{spki.hex()}"))  # subjectPublicKeyInfo'
    yield f'signature = bytes.fromhex("{signed.signature.hex()}")'
    yield from signed.lines
    yield f"key.verify(signature, content{arguments})  # raises InvalidSignature"
    yield 'print("valid")'
