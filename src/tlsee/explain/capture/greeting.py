"""The hellos of a connection, read ahead: they tell how everything else is to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from tlsee import defaults
from tlsee.codes import ContentType, HandshakeType, ProtocolVersion
from tlsee.crypto.suites12 import Suite12, suites12
from tlsee.errors import TLSError
from tlsee.explain.capture.facts import version_of
from tlsee.explain.capture.records import Record
from tlsee.values import value
from tlsee.wire.codec import Message, decode
from tlsee.wire.framing import HandshakeBuffer, kind_of
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello

__all__ = ["Greeting", "greeting_of"]


M = TypeVar("M", bound=Message)


@value
class Greeting:
    """What both sides said first.

    Attributes:
        hello: the ClientHello that was answered; ``first`` the one before a retry. ``None``: it
            cannot be read.
        retry: a HelloRetryRequest, raw. answer: the ServerHello; ``None``: none came.
        kinds: of the server's messages in the clear.
    """

    hello: ClientHello | None
    first: ClientHello | None
    retry: bytes
    answer: ServerHello | None
    kinds: tuple[HandshakeType, ...]

    @property
    def version(self) -> int:
        """What was agreed on; 0: nothing yet. A retry comes in TLS 1.3 alone."""
        if self.answer is not None:
            return version_of(self.answer)
        return ProtocolVersion.TLS13 if self.retry else 0

    @property
    def is_older(self) -> bool:
        """Whether it is 1.2 or before."""
        return 0 < self.version < ProtocolVersion.TLS13

    @property
    def suite12(self) -> Suite12 | None:
        """The suite of a TLS 1.2 that can be decrypted here."""
        if self.answer is None or self.version != ProtocolVersion.TLS12:
            return None
        return suites12().get(self.answer.cipher_suite)


def greeting_of(client: Iterable[Record], server: Iterable[Record]) -> Greeting:
    """The hellos of both directions' records."""
    said = list(_clear(client))
    answered = list(_clear(server))
    hellos = [raw for raw in said if raw[0] == HandshakeType.client_hello]
    kinds = tuple(kind for raw in answered if (kind := _kind(raw)) is not None)
    retry = b""
    if kinds and kinds[0] == HandshakeType.hello_retry_request:
        retry = answered[0]
    place = 1 if retry and len(hellos) > 1 else 0
    hello = _read(ClientHello, hellos[place]) if hellos else None
    answer = None
    for raw in answered:
        if _kind(raw) == HandshakeType.server_hello:
            answer = _read(ServerHello, raw)
            break
    first = _read(ClientHello, hellos[0]) if retry and hellos else None
    if retry and _read(HelloRetryRequest, retry) is None:
        retry = b""
    return Greeting(hello, first, retry, answer, kinds)


_HELLOS = (bytes((HandshakeType.client_hello,)), bytes((HandshakeType.server_hello,)))


def _clear(records: Iterable[Record]) -> Iterator[bytes]:
    """The messages in the clear. Behind a ChangeCipherSpec that is a hello that follows a retry in
    TLS 1.3, or nothing: in 1.2 ciphertext stands there.
    """
    buffer, changed = HandshakeBuffer(defaults.message_limit), False
    try:
        for record in records:
            changed = changed or record.kind == ContentType.change_cipher_spec
            if record.kind != ContentType.handshake:
                continue
            if changed and not buffer.pending and record.fragment[:1] not in _HELLOS:
                return
            buffer.append(record.fragment)
            while (raw := buffer.next()) is not None:
                yield raw
    except TLSError:
        return


def _kind(raw: bytes) -> HandshakeType | None:
    try:
        return kind_of(raw)
    except TLSError:
        return None


def _read(struct: type[M], raw: bytes) -> M | None:
    try:
        return decode(struct, raw)
    except TLSError:
        return None
