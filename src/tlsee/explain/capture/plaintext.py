"""Connections that do not begin with TLS: what they begin with, and where TLS does."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import islice, takewhile

from tlsee.codes import ContentType
from tlsee.explain.capture import bounds
from tlsee.explain.capture.reassembly import Piece, Stream
from tlsee.explain.capture.records import begins
from tlsee.keys.protection import HEADER_LENGTH
from tlsee.keys.protection12 import MAX_CIPHERTEXT_12
from tlsee.text import printable
from tlsee.wire.hellos import ClientHello, HelloRetryRequest, ServerHello

__all__ = ["in_the_middle", "looks_like_hello", "protocol", "spoken", "turns"]

_SHOWN = 40  # characters of what is no TLS
_METHODS = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"PATCH ", b"CONNECT ")
# By how either side begins.
_PROTOCOLS: tuple[tuple[bytes, str], ...] = (
    *((method, "HTTP") for method in _METHODS),
    (b"HTTP/1.", "HTTP"),
    (b"PRI * HTTP/2", "HTTP/2 in the clear"),
    (b"SSH-", "SSH"),
    (b"220", "SMTP or FTP"),
    (b"EHLO", "SMTP"),
    (b"HELO", "SMTP"),
    (b"* OK", "IMAP"),
    (b"+OK", "POP3"),
    (b"<?xml", "XMPP"),
    (b"<stream:", "XMPP"),
    (b"RFB ", "VNC"),
    (b"PROXY ", "the PROXY protocol"),
    (b"\r\n\r\n\x00\r\nQUIT\n", "the PROXY protocol"),
    (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", "PostgreSQL asking for TLS"),
    (b"*1\r\n", "Redis"),
)
_CLIENT_HELLO = 1
_BEGINNING = bytes((ContentType.handshake, 3))  # of a record with a hello


def protocol(one: Stream, other: Stream) -> str:
    """What either side's first words are of; empty where that is not known here."""
    for data in (one.data, other.data):
        for beginning, name in _PROTOCOLS:
            if data.startswith(beginning):
                return name
    return ""


def spoken(one: Stream, other: Stream) -> str:
    """What a connection that is no TLS begins with, in its words, escaped."""
    name, data = protocol(one, other), one.data or other.data
    if name:
        line = data.partition(b"\r\n")[0] or data
        return f"{name}: '{printable(line, _SHOWN)}'"
    if len(data) > 2 and data[0] & 0x80 and data[2] == _CLIENT_HELLO:
        return "a hello of SSL 2.0, which is not read here"
    return f"'{printable(data[:_SHOWN], _SHOWN)}'"


def looks_like_hello(stream: Stream) -> bool:
    """Whether the stream begins as a ClientHello does, whole or not."""
    head = stream.data[: HEADER_LENGTH + 1]
    return (
        len(head) > HEADER_LENGTH
        and head[0] == ContentType.handshake
        and head[1] == 3
        and head[HEADER_LENGTH] == _CLIENT_HELLO
    )


def in_the_middle(stream: Stream) -> bool:
    """Whether it begins with something that has the form of a later record."""
    head = stream.data[:HEADER_LENGTH]
    return (
        len(head) == HEADER_LENGTH
        and ContentType.change_cipher_spec <= head[0] <= ContentType.application_data
        and head[1] == 3
        and head[2] <= 4
        and 0 < int.from_bytes(head[3:]) <= MAX_CIPHERTEXT_12
    )


def turns(client: Stream, server: Stream) -> tuple[int, int] | None:
    """Where both sides turn to TLS after something else: STARTTLS, CONNECT; ``None``: not for sure.

    A whole ClientHello at the beginning of a segment, answered by a hello at the beginning of one.
    """
    hellos = [(p.number, p.start) for p in _early(client) if begins(client, p.start) is ClientHello]
    if not hellos:
        return None
    answers = [
        (piece.number, piece.start)
        for piece in _early(server)
        if begins(server, piece.start) in {ServerHello, HelloRetryRequest}
    ]
    for number, start in hellos:
        place = bisect_right(answers, number, key=lambda answer: answer[0])
        if place < len(answers):
            return start, answers[place][1]
    return None


def _early(stream: Stream) -> Iterator[Piece]:
    """The segments in which a change to TLS is looked for."""
    near = takewhile(lambda piece: piece.start <= bounds.STARTTLS_LIMIT, stream.pieces)
    alike = (p for p in near if stream.data[p.start : p.start + 2] == _BEGINNING)
    return islice(alike, bounds.STARTTLS_TRIED)
