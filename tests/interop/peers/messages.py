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
_SERVER_KEY_EXCHANGE = 12
_ENCRYPTED_EXTENSIONS = 8
_CERTIFICATE_VERIFY = 15
_ALPN = 16
_ENCRYPT_THEN_MAC = 22
_EXTENDED_MAIN_SECRET = 23
_SUPPORTED_VERSIONS = 43
_KEY_SHARE = 51
# How the primes of RFC 7919, A, and of RFC 3526 go on after 64 bits that are set.
_E = bytes.fromhex("adf85458a2bb4a9a")
_PI = bytes.fromhex("c90fdaa22168c234")
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
    encrypt_then_mac: bool | None = None
    extended_main_secret: bool | None = None


def facts(log: Iterable[Logged]) -> Facts:
    """Read a log from front to back; ``scheme`` and ``closed`` are about the other side."""
    version = suite = group = scheme = alpn = ""
    retried = closed = False
    older: dict[int, bytes] = {}
    for entry in log:
        if entry.content_type == 21 and not entry.sent:
            closed = closed or entry.data[1:2] == b"\x00"
        if entry.content_type != 22:
            continue
        kind, body = entry.data[0], entry.data[4:]
        if kind == _SERVER_HELLO and body[2:34] == _RETRY_RANDOM:
            retried = True
        elif kind == _SERVER_HELLO:
            version, suite, group, older = _server_hello(body)
            alpn = older.get(_ALPN, b"")[3:].decode()
        elif kind == _SERVER_KEY_EXCHANGE:
            group, signed = _server_key_exchange(body, suite)
            scheme = scheme if entry.sent else signed
        elif kind == _ENCRYPTED_EXTENSIONS:
            alpn = dict(_extensions(body)).get(_ALPN, b"")[3:].decode()
        elif kind == _CERTIFICATE_VERIFY and not entry.sent:
            scheme = SignatureScheme.of(int.from_bytes(body[:2])).name
    if version == "TLS13":
        return Facts(version, suite, group, scheme, alpn, retried, closed)
    also = _ENCRYPT_THEN_MAC in older, _EXTENDED_MAIN_SECRET in older
    return Facts(version, suite, group, scheme, alpn, retried, closed, *also)


def _server_hello(body: bytes) -> tuple[str, str, str, dict[int, bytes]]:
    """RFC 9846, 4.2.3: version, suite, group, extensions."""
    at = 35 + body[34]
    extensions = dict(_extensions(body[at + 3 :]))
    version = ProtocolVersion.of(int.from_bytes(extensions.get(_SUPPORTED_VERSIONS, body[:2])))
    suite = CipherSuite.of(int.from_bytes(body[at : at + 2]))
    share = extensions.get(_KEY_SHARE)
    group = NamedGroup.of(int.from_bytes(share[:2])).name if share else ""
    return version.name, suite.name, group, extensions


def _server_key_exchange(body: bytes, suite: str) -> tuple[str, str]:
    """RFC 5246, 7.4.3, and RFC 8422, 5.4: the group, and what its signature was made with."""
    if "_ECDHE_" in suite:
        code, at = NamedGroup.of(int.from_bytes(body[1:3])), 4 + body[3]
        return code.name, SignatureScheme.of(int.from_bytes(body[at : at + 2])).name
    at, length = 0, int.from_bytes(body[:2])
    prime = body[2 : 2 + length]
    for _ in range(3):  # p, g, Ys
        at += 2 + int.from_bytes(body[at : at + 2])
    known = {_E: "ffdhe", _PI: "modp"}.get(prime[8:16], "unknown")
    scheme = SignatureScheme.of(int.from_bytes(body[at : at + 2])).name
    return f"{known}{len(prime) * 8}", scheme


def _extensions(block: bytes) -> Iterator[tuple[int, bytes]]:
    """RFC 9846, 4.3: a block with its length in front, to pairs of type and data."""
    at = 2
    while at < len(block):
        length = int.from_bytes(block[at + 2 : at + 4])
        yield int.from_bytes(block[at : at + 2]), block[at + 4 : at + 4 + length]
        at += 4 + length
