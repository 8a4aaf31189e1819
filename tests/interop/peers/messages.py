"""What a peer's own log of handshake messages tells about a connection.

OpenSSL hands every handshake message that it sends or receives to whoever asks, in the clear. The
few fields that the matrix needs are picked out here, by hand and without tlsee's codec, so that
a mistake of ours cannot vouch for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme

_SERVER_HELLO = 2
_ENCRYPTED_EXTENSIONS = 8
_CERTIFICATE_VERIFY = 15
_ALPN = 16
_SUPPORTED_VERSIONS = 43
_KEY_SHARE = 51
# RFC 9846, 4.2.3: the SHA-256 of "HelloRetryRequest" in place of a random.
_RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


@dataclass(frozen=True)
class Logged:
    """One entry: whether the peer sent it, its content type, its bytes without record header."""

    sent: bool
    content_type: int
    data: bytes


@dataclass(frozen=True)
class Facts:
    """What the log shows, by the registries' names; ``""`` for what did not happen."""

    version: str
    suite: str
    group: str
    scheme: str
    alpn: str
    retried: bool
    closed: bool


def facts(log: Iterable[Logged]) -> Facts:
    """Read a log from front to back; ``scheme`` and ``closed`` are about the other side."""
    version = suite = group = scheme = alpn = ""
    retried = closed = False
    for entry in log:
        if entry.content_type == 21 and not entry.sent:
            closed = closed or entry.data[1:2] == b"\x00"
        if entry.content_type != 22:
            continue
        kind, body = entry.data[0], entry.data[4:]
        if kind == _SERVER_HELLO and body[2:34] == _RETRY_RANDOM:
            retried = True
        elif kind == _SERVER_HELLO:
            version, suite, group = _server_hello(body)
        elif kind == _ENCRYPTED_EXTENSIONS:
            alpn = dict(_extensions(body)).get(_ALPN, b"")[3:].decode()
        elif kind == _CERTIFICATE_VERIFY and not entry.sent:
            scheme = SignatureScheme.of(int.from_bytes(body[:2])).name
    return Facts(version, suite, group, scheme, alpn, retried, closed)


def _server_hello(body: bytes) -> tuple[str, str, str]:
    """RFC 9846, 4.2.3: version, suite, group."""
    at = 35 + body[34]
    extensions = dict(_extensions(body[at + 3 :]))
    version = ProtocolVersion.of(int.from_bytes(extensions.get(_SUPPORTED_VERSIONS, body[:2])))
    suite = CipherSuite.of(int.from_bytes(body[at : at + 2]))
    share = extensions.get(_KEY_SHARE)
    group = NamedGroup.of(int.from_bytes(share[:2])).name if share else ""
    return version.name, suite.name, group


def _extensions(block: bytes) -> Iterator[tuple[int, bytes]]:
    """RFC 9846, 4.3: a block with its length in front, to pairs of type and data."""
    at = 2
    while at < len(block):
        length = int.from_bytes(block[at + 2 : at + 4])
        yield int.from_bytes(block[at : at + 2]), block[at + 4 : at + 4 + length]
        at += 4 + length
