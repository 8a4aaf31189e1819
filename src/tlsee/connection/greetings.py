"""What a peer speaks that does not speak TLS, told by its first bytes where they are plain."""

from __future__ import annotations

from typing import NamedTuple

from tlsee.codes import ProtocolVersion
from tlsee.text import printable

SHOWN = 16  # bytes of a peer's first words in an error


class Greeting(NamedTuple):
    """How a protocol without TLS begins, what it is called, and what helps."""

    begin: bytes
    protocol: str
    fix: str


_HTTP = "this port speaks HTTP without TLS; https is usually at 443"
_REQUEST = "have the client speak TLS: https:// in its URL"
_MAIL = "this port begins without TLS; try 465 (smtps) or 990 (ftps)"

_GREETINGS = (
    Greeting(b"HTTP/", "HTTP", _HTTP),
    Greeting(b"<!DOC", "HTTP", _HTTP),  # an answer without a head, as HTTP/0.9 has it
    Greeting(b"<html", "HTTP", _HTTP),
    *(
        Greeting(method, "HTTP", _REQUEST)
        for method in (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"OPTIO", b"CONNE", b"DELET", b"PRI *")
    ),
    Greeting(b"SSH-", "SSH", "this port is for SSH, which has no TLS"),
    Greeting(b"220 ", "SMTP or FTP", _MAIL),
    Greeting(b"220-", "SMTP or FTP", _MAIL),
    Greeting(b"EHLO ", "SMTP", "have the client speak TLS from the start: smtps"),
    Greeting(b"+OK", "POP3", "this port begins without TLS; try 995 (pop3s)"),
    Greeting(b"* OK", "IMAP", "this port begins without TLS; try 993 (imaps)"),
    Greeting(b"<?xml", "XMPP", "this port begins without TLS; try 5223 (xmpps)"),
)


def greeting(data: bytes) -> Greeting | None:
    """The protocol that begins like this, if it is obvious."""
    return next((row for row in _GREETINGS if data.startswith(row.begin)), None)


def hello_of_ssl2(data: bytes) -> ProtocolVersion | None:
    """The version that a ClientHello in SSL 2.0's form asks for, if this begins one.

    Its header is a length of 15 bits under a set one, then the type 1 (RFC 5246, E.2). Clients of
    SSL 3 and TLS 1.0 began like that too, to be understood by servers of SSL 2.
    """
    if len(data) < 5 or not data[0] & 0x80 or data[2] != 1:
        return None
    version = ProtocolVersion.of(data[3] << 8 | data[4])
    return version if version.is_known else None


def answer_of_ssl2(data: bytes) -> bool:
    """Whether this begins a ServerHello or an error of SSL 2.0: its types are 4 and 0."""
    return len(data) >= 3 and bool(data[0] & 0x80) and data[2] in (0, 4)


def first_words(data: bytes) -> tuple[str, str | None]:
    """What to say of a peer's first bytes, escaped, and what helps; ``None`` if nobody knows."""
    said = f"its first bytes are '{printable(data[:SHOWN])}'"
    found = greeting(data)
    return (said, None) if found is None else (f"{said}: it speaks {found.protocol}", found.fix)
