"""A handshake message as a field: whichever version it is of, and however damaged."""

from __future__ import annotations

from tlsee.codes import HandshakeType, ProtocolVersion
from tlsee.errors import PeerMisbehaved
from tlsee.explain.dissect import refining, structs, tickets
from tlsee.explain.dissect.context import NOTHING_KNOWN, Context
from tlsee.explain.dissect.converting import Converter, struct_field
from tlsee.explain.dissect.damaged import salvage
from tlsee.explain.dissect.field import Field
from tlsee.explain.dissect.meaning import code_words
from tlsee.explain.dissect.vocabulary import words_of_struct
from tlsee.explain.layout import short_hex
from tlsee.text import count
from tlsee.trace import Role
from tlsee.values import replace
from tlsee.wire import messages12, messages13
from tlsee.wire.codec import Message, decode, dissect_message
from tlsee.wire.extensions import SupportedVersionsServerHello
from tlsee.wire.framing import HEADER_LENGTH, kind_of
from tlsee.wire.hellos import ServerHello
from tlsee.wire.span import Span

__all__ = ["after", "dissect_handshake", "refining", "tickets"]

HEADER_CLAUSE = "RFC 9846, 4"
_RAW_KEY = HEADER_LENGTH + 3  # where the key begins in a Certificate of RFC 7250
_SENDERS = {
    HandshakeType.client_hello: Role.CLIENT,
    HandshakeType.server_hello: Role.SERVER,
    HandshakeType.hello_retry_request: Role.SERVER,
    HandshakeType.encrypted_extensions: Role.SERVER,
    HandshakeType.server_key_exchange: Role.SERVER,
    HandshakeType.client_key_exchange: Role.CLIENT,
}


def dissect_handshake(raw: bytes, context: Context = NOTHING_KNOWN, offset: int = 0) -> Field:
    """A handshake message with its header, as a tree; ``offset`` is where it begins.

    Never raises: what cannot be read is a leaf with a ``problem`` that says why.
    """
    if len(raw) < HEADER_LENGTH:
        why = f"a header has {HEADER_LENGTH} bytes, {len(raw)} are here"
        words, about = f"unreadable: {why}", "a handshake message"
        return Field("Handshake", 0, len(raw), raw, words, about, HEADER_CLAUSE, problem=why).moved(
            offset
        )
    kind = _kind(raw)
    known = replace(context, sender=_SENDERS.get(kind, context.sender))
    if kind == HandshakeType.compressed_certificate:
        return _with_header(raw, kind, _compressed(raw, known)).moved(offset)
    classes = _classes(kind, known.version)
    if messages12.Certificate in classes and refining.is_key_info(raw[_RAW_KEY:]):
        # A list of certificates would begin with a length of more than 3 MB.
        classes = [messages12.RawPublicKeyCertificate]
    if not classes:
        return _with_header(raw, kind, _opaque(raw, kind)).moved(offset)
    for cls in classes:
        try:
            span = dissect_message(cls, raw)
        except PeerMisbehaved:
            continue
        return _converted(raw, kind, cls, span.children[2:], known, "").moved(offset)
    return _damaged(raw, kind, classes[0], known).moved(offset)


def after(context: Context, message: Field) -> Context:
    """What is known behind a message: a ServerHello tells version and suite."""
    if message.name != ServerHello.__name__ or message.problem:
        return context
    hello = decode(ServerHello, message.raw)
    selected = hello.extensions.get(SupportedVersionsServerHello)
    version = selected.selected_version if selected is not None else hello.legacy_version
    return replace(context, version=version, suite=hello.cipher_suite)


def _kind(raw: bytes) -> HandshakeType:
    try:
        return kind_of(raw)
    except PeerMisbehaved:
        return HandshakeType.of(raw[0])


def _classes(kind: HandshakeType, version: ProtocolVersion | None) -> list[type[Message]]:
    tables = [messages13.MESSAGES, messages12.MESSAGES]
    if version is not None and version < ProtocolVersion.TLS13:
        tables.reverse()
    found = [table[kind] for table in tables if kind in table]
    if version is not None and len(found) == 2:
        return found[:1]  # the other version's fields would only mislead
    return list(dict.fromkeys(found))


def _damaged(raw: bytes, kind: HandshakeType, cls: type[Message], context: Context) -> Field:
    """What can be read; the length in the header may be wrong as well."""
    try:
        dissect_message(cls, raw)
        problem = ""
    except PeerMisbehaved as error:
        problem = error.detail
    end = min(HEADER_LENGTH + int.from_bytes(raw[1:HEADER_LENGTH]), len(raw))
    body = salvage(cls.__name__, cls, raw, HEADER_LENGTH, end)
    spans = list(body.children)
    found = _converted(raw, kind, cls, tuple(spans), context, problem)
    if end < len(raw):
        why = "bytes behind the end that the header names"
        leaf = Field("trailing_bytes", end, len(raw), raw[end:], f"unreadable: {why}", problem=why)
        found = replace(found, children=(*found.children, leaf)).filled()
    return found


def _converted(
    raw: bytes,
    kind: HandshakeType,
    cls: type[Message],
    spans: tuple[Span, ...],
    context: Context,
    problem: str,
) -> Field:
    children = Converter(raw, context).fields(spans, cls)
    kept = tuple(child for child in children if len(child) or child.problem)
    row = words_of_struct(cls)
    body = Field(
        cls.__name__, 0, len(raw), raw, row.about, row.about, row.clause, None, kept, problem
    )
    return _with_header(raw, kind, body)


def _compressed(raw: bytes, context: Context) -> Field:
    inner = struct_field(structs.CompressedCertificate, raw[HEADER_LENGTH:], context)
    moved = inner.moved(HEADER_LENGTH)
    return replace(moved, start=0, end=len(raw), raw=raw)


def _opaque(raw: bytes, kind: HandshakeType) -> Field:
    body = raw[HEADER_LENGTH:]
    name = kind.name if kind.is_known else f"Handshake {kind}"
    about = "a message that nothing here speaks"
    words = f"{count(len(body), 'byte')}: {short_hex(body)}"
    leaf = Field("body", HEADER_LENGTH, len(raw), body, words, about, HEADER_CLAUSE)
    kept = (leaf,) if body else ()
    return Field(name, 0, len(raw), raw, words, about, HEADER_CLAUSE, None, kept)


def _with_header(raw: bytes, kind: HandshakeType, body: Field) -> Field:
    """The message with the two fields that stand before its body, and no field unexplained."""
    wire = HandshakeType.of(raw[0])
    said = code_words(wire)
    if kind != wire:
        said += ", with the random of a HelloRetryRequest"
    length = int.from_bytes(raw[1:HEADER_LENGTH])
    about = "how long the body is"
    head = (
        Field("msg_type", 0, 1, raw[:1], said, "which message it is", HEADER_CLAUSE),
        Field("length", 1, HEADER_LENGTH, raw[1:4], count(length, "byte"), about, HEADER_CLAUSE),
    )
    return replace(body, children=(*head, *body.children)).filled("", HEADER_CLAUSE)
