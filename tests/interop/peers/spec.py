"""What a cell of the matrix asks of a peer, and what a peer says afterwards.

Every peer, foreign or ours, is driven through the same three names: ``serve`` gives a running
server for one connection, ``connect`` makes one connection, and both end in a ``Report`` that
holds the peer's own words, never ours. Names in here are the registries' (``tlsee.codes``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, Protocol

# The longest wait for any single answer of a peer, in seconds. A bound, not a pace: a cell takes
# a few hundredths of a second; a browser on a busy machine may need many.
DEADLINE = 20.0

SUITES = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
CLASSIC_GROUPS = ("x25519", "secp256r1", "secp384r1", "secp521r1")
HYBRID_GROUPS = ("X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024")
CLASSIC_KEYS = ("ecdsa_secp256r1", "ecdsa_secp384r1", "ecdsa_secp521r1", "rsa2048", "ed25519")
ML_DSA_KEYS = ("mldsa44", "mldsa65", "mldsa87")

FINITE_FIELDS = ("ffdhe2048", "ffdhe3072", "ffdhe4096")

UNSAID = "(unsaid)"
"""The peer has no way to tell; not the same as ``""``, which says that there was none."""

Role = Literal["client", "server"]

# 100 kB in lines of digits, so that no program takes a line for a command of its own.
PAYLOAD = b"".join(f"{number:03d}".encode() * 333 + b"\n" for number in range(100))
REVERSED = b"".join(line[::-1] + b"\n" for line in PAYLOAD.split(b"\n")[:-1])
"""What ``openssl s_server -rev`` answers to ``PAYLOAD``."""


@dataclass(frozen=True)
class Identity:
    """A certificate with its key, as files for programs that know nothing else.

    ``name`` is the subject's common name; ``key_type`` one of ``pki.KEY_TYPES``.
    """

    name: str
    key_type: str
    leaf: Path
    intermediates: Path
    chain: Path
    key: Path


@dataclass(frozen=True)
class Spec:
    """One endpoint's configuration for one connection.

    Args:
        ca: a PEM file with the roots that this endpoint believes.
        identity: its own certificate; a server always has one.
        suites, groups: what it offers or takes, in its order of preference. A client sends a
            share for the first group alone if the program can be told so.
        client_auth: what a server asks of its client.
        alpn: protocol names, preferred first.
        server_name: what a client asks for and checks.
        closes_first: who sends the first close_notify after the 100 kB came back.
        answer: what the echo must look like to a client.
        key_updates: change keys in the middle and ask the other side to, where the program can.
        application: an echo as it is, or inside HTTP/1.1 (POST and its response).
        cookie: whether a server sends a HelloRetryRequest with a cookie.
        version: the one version that it speaks; ``also_older``: and TLS 1.2 beside TLS 1.3.
        encrypt_then_mac: whether it offers or takes RFC 7366; only OpenSSL and ours can do without.
        schemes: the signature schemes it has; empty for all. Only OpenSSL's command can be told.
    """

    ca: Path
    identity: Identity | None = None
    suites: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    client_auth: Literal["none", "optional", "required"] = "none"
    alpn: tuple[str, ...] = ()
    server_name: str = "server.test"
    closes_first: Role = "client"
    answer: bytes = field(default=PAYLOAD, repr=False)
    cookie: bool = False
    key_updates: bool = False
    application: Literal["echo", "http"] = "echo"
    version: Literal["TLS13", "TLS12"] = "TLS13"
    also_older: bool = False
    encrypt_then_mac: bool = True
    schemes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What the peer says about a finished connection.

    ``scheme`` is what the *other* side signed with and ``identity`` the common name in the other
    side's certificate; ``received`` counts the application's bytes that arrived and were right;
    ``closed`` tells whether the other side's close_notify arrived. The last two are about TLS 1.2
    and never counted on: who says nothing leaves them ``None``.
    """

    version: str = UNSAID
    suite: str = UNSAID
    group: str = UNSAID
    scheme: str = UNSAID
    identity: str = UNSAID
    alpn: str = UNSAID
    retried: bool | None = None
    received: int | None = None
    closed: bool | None = None
    encrypt_then_mac: bool | None = None
    extended_main_secret: bool | None = None

    def said(self) -> frozenset[str]:
        """The names of the fields that the peer did fill."""
        return frozenset(
            each.name for each in fields(self) if getattr(self, each.name) not in {UNSAID, None}
        )


EVERYTHING = frozenset(each.name for each in fields(Report)) - {
    "encrypt_then_mac",
    "extended_main_secret",
}


class PeerFailed(AssertionError):
    """A foreign peer ended a connection in another way than orderly; the text is its own."""


class Running(Protocol):
    """A server that waits for its one connection, or has had it."""

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""

    def report(self) -> Report:
        """Wait for the connection's end and say what it was.

        Raises:
            PeerFailed: the connection failed, or nothing came within ``DEADLINE``.
        """

    def close(self) -> None:
        """Stop whatever is left; the second call does nothing."""


class Peer:
    """An implementation of TLS behind one interface; what most have in common is the default.

    Attributes:
        groups: the groups that it has; ``keys``: the key types that it can show and verify.
        keeps_own_order: whether a client tries its groups in the order of ``groups``, whatever it
            is told.
        sends_cookies: whether a server can be told to send a HelloRetryRequest with a cookie.
        sleeps_on_key_updates: whether its server takes a second's rest at each one.
        client_wants_close_from, server_wants_close_from: who must close first for this program to
            see the other side's close_notify, where that matters.
        answer: what its server sends back for ``PAYLOAD``.
        suites12: the suites that it has in TLS 1.2; ``fields12``: the groups of RFC 7919 that it
            can be told to use there.
        names_fields12: whether its server tells such a group's name.
        encrypts_then_macs, macs_then_encrypts: which order of CBC it has.
    """

    name: str
    roles: frozenset[Role] = frozenset({"client", "server"})
    application: Literal["echo", "http", "any"] = "echo"
    groups: tuple[str, ...]
    keys: tuple[str, ...]
    keeps_own_order = False
    sends_cookies = False
    sleeps_on_key_updates = False
    client_wants_close_from: Role | None = None
    server_wants_close_from: Role | None = None
    answer = PAYLOAD
    suites12: tuple[str, ...] = ()
    fields12: tuple[str, ...] = ()
    names_fields12 = True
    encrypts_then_macs = True
    macs_then_encrypts = False

    def missing(self) -> str | None:
        """The package to install, or ``None`` when everything is there."""
        return None

    def tells(self, role: Role) -> frozenset[str]:
        """The fields that its reports fill in this role."""
        return EVERYTHING

    def serve(self, spec: Spec) -> Running:
        """Listen on a free port of 127.0.0.1 for one connection."""
        raise NotImplementedError(f"{self.name} is no server")

    def connect(self, spec: Spec, port: int) -> Report:
        """Connect to 127.0.0.1, exchange 100 kB each way, close orderly, and say what it was.

        Raises:
            PeerFailed: the connection failed.
        """
        raise NotImplementedError(f"{self.name} is no client")
