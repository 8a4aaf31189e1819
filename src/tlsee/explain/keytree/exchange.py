"""What the key exchange gives: (EC)DHE, hybrids with both halves, and 1.2's premaster secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from tlsee.codes import NamedGroup
from tlsee.crypto.entries import Entry, about
from tlsee.crypto.groups import field_parameters, groups
from tlsee.errors import TLSError
from tlsee.explain.keytree.listening import Heard, Listener
from tlsee.explain.keytree.naming import Name
from tlsee.explain.keytree.node import KeyInput
from tlsee.values import value

__all__ = ["Exchanged", "agreed", "operation_of", "random_of", "shared_secret"]

STAGE = "key exchange"
SHARES_LIMIT = 16  # key_share entries of a group to try; a hello of ours has one


class Part(NamedTuple):
    """One key exchange: lengths of a private key, of both shares and of the secret in bytes."""

    name: str
    private: int
    client: int
    server: int
    secret: int


_MLKEM768 = Part("ML-KEM-768", 64, 1184, 1088, 32)
_MLKEM1024 = Part("ML-KEM-1024", 64, 1568, 1568, 32)
_X25519 = Part("x25519", 32, 32, 32, 32)
_SECP256R1 = Part("secp256r1", 32, 65, 65, 32)
_SECP384R1 = Part("secp384r1", 48, 97, 97, 48)

# RFC 9846, 7.4 and RFC 10024: what is done in a group, its parts in the order of the shares.
_PARTS: dict[NamedGroup, tuple[Part, ...]] = {
    NamedGroup.x25519: (_X25519,),
    NamedGroup.x448: (Part("x448", 56, 56, 56, 56),),
    NamedGroup.secp256r1: (_SECP256R1,),
    NamedGroup.secp384r1: (_SECP384R1,),
    NamedGroup.secp521r1: (Part("secp521r1", 66, 133, 133, 66),),
    NamedGroup.ffdhe2048: (Part("ffdhe2048", 256, 256, 256, 256),),
    NamedGroup.ffdhe3072: (Part("ffdhe3072", 384, 384, 384, 384),),
    NamedGroup.ffdhe4096: (Part("ffdhe4096", 512, 512, 512, 512),),
    NamedGroup.X25519MLKEM768: (_MLKEM768, _X25519),
    NamedGroup.SecP256r1MLKEM768: (_SECP256R1, _MLKEM768),
    NamedGroup.SecP384r1MLKEM1024: (_SECP384R1, _MLKEM1024),
}


@value
class Exchanged:
    """The public side of a key exchange, and what the journal adds.

    ``client``, ``server``: their shares. A private key is there where it fits the share;
    ``secret`` where the journal has it, or a private key leads to it. ``p``: of a finite field
    that has no name, for which nothing is computed here: it may be of any size. ``by_server``:
    the secret is known from the server's half.
    """

    group: NamedGroup
    client: bytes
    server: bytes
    client_private: bytes | None = None
    server_private: bytes | None = None
    secret: bytes | None = None
    p: bytes = b""
    by_server: bool = False
    _hidden: ClassVar[frozenset[str]] = frozenset({"client_private", "server_private", "secret"})


def agreed(
    group: NamedGroup,
    client: bytes,
    server: bytes,
    entries: Sequence[Entry],
    by_server: bool,
    p: bytes = b"",
) -> Exchanged:
    """What both sides said, with what a journal has of either.

    ``by_server``: whose private key to draw where the journal has nothing.
    """
    row = groups().get(group)
    shares = [e for e in entries if e.kind == "key_share" and e.code == group][-SHARES_LIMIT:]
    private = {own: _private(row, shares, own) for own in (client, server)}
    secret = _answer(entries, group, server, client)
    if secret is not None:
        by_server = True
    else:
        secret = _answer(entries, group, client, server)
        by_server = by_server and secret is None
    for own, peer in ((client, server), (server, client)):
        known = private[own]
        if known is not None and row is not None and (own is client or not row.post_quantum):
            by_server = own is server
            try:
                secret = row.from_private(known).finish(peer)
            except (TLSError, ValueError):
                secret = None  # the peer's share is none
            break
    return Exchanged(group, client, server, private[client], private[server], secret, p, by_server)


def _private(row: Any, shares: Sequence[Entry], own: bytes) -> bytes | None:
    """The private key whose share this is."""
    for entry in reversed(shares):
        try:
            if row is not None and row.from_private(entry.data).public == own:
                return entry.data
        except (TLSError, ValueError):
            continue  # it is no private key of this group
    return None


def _answer(entries: Sequence[Entry], group: NamedGroup, own: bytes, peer: bytes) -> bytes | None:
    """The secret that the provider answered together with this share."""
    for entry in reversed(entries):
        fits = entry.kind == "response" and entry.code == group and entry.data.startswith(own)
        if fits and own and entry.about in (b"", about(peer)) and len(entry.data) > len(own):
            return entry.data[len(own) :]
    return None


def operation_of(name: str) -> str:
    """What is done in a group."""
    if name.startswith("ML-KEM"):
        return "ML-KEM"
    return "DH" if name.startswith(("ffdhe", "the server's")) else "ECDH"


_CLAUSES = {"ML-KEM": "RFC 10024, 3", "ECDH": "RFC 9846, 7.4.2", "DH": "RFC 9846, 7.4.1"}


def shared_secret(listener: Listener, exchanged: Exchanged, name: Name) -> Heard:
    """The nodes of a key exchange; the last one, which is called ``name``, is what it gives."""
    parts = _PARTS.get(exchanged.group, ())
    if not parts and exchanged.p:
        size = len(exchanged.p)
        parts = (Part("the server's group", size, size, size, size),)
    lengths = (sum(p.client for p in parts), sum(p.server for p in parts))
    if not parts or lengths != (len(exchanged.client), len(exchanged.server)):
        about = f"{name.about} Of the group {exchanged.group}."
        clause = name.clause or "RFC 9846, 7.4"
        return listener.made(
            name._replace(about=about, clause=clause), "ECDH", (), exchanged.secret
        )
    if exchanged.secret is not None and len(exchanged.secret) != sum(p.secret for p in parts):
        exchanged = Exchanged(
            exchanged.group,
            exchanged.client,
            exchanged.server,
            p=exchanged.p,
            by_server=exchanged.by_server,
        )
    if len(parts) == 1:
        return _half(listener, exchanged, parts[0], name)
    halves: list[Heard] = []
    rest = exchanged
    for part in parts:
        half, rest = _split(rest, part)
        halves.append(_half(listener, half, part, _half_name(part)))
    inputs = tuple(KeyInput("half", half.node) for half in halves)
    length = sum(part.secret for part in parts)
    clause = name.clause or "RFC 10024, 3"
    return listener.made(
        name._replace(clause=clause), "concatenation", inputs, exchanged.secret, length
    )


def _half_name(part: Part) -> Name:
    hard = "a quantum computer cannot break either"
    what = hard if part.name.startswith("ML-KEM") else "an ordinary computer cannot break"
    return Name(f"{part.name} shared secret", STAGE, "RFC 10024, 3", f"The half that {what}.")


def _split(whole: Exchanged, part: Part) -> tuple[Exchanged, Exchanged]:
    """The first part of a hybrid, and what is left."""

    def cut(head: bool) -> Exchanged:
        def piece(data: bytes, length: int) -> bytes:
            return data[:length] if head else data[length:]

        def maybe(data: bytes | None, length: int) -> bytes | None:
            return None if data is None else piece(data, length)

        return Exchanged(
            whole.group,
            piece(whole.client, part.client),
            piece(whole.server, part.server),
            maybe(whole.client_private, part.private),
            maybe(whole.server_private, part.private),
            maybe(whole.secret, part.secret),
            by_server=whole.by_server,
        )

    return cut(head=True), cut(head=False)


def _half(listener: Listener, half: Exchanged, part: Part, name: Name) -> Heard:
    """One key exchange, from the private key of the side that is known, else of the client.

    In ML-KEM the client alone has one: the server draws the secret and encapsulates it.
    """
    operation = operation_of(part.name)
    what = "decapsulation key" if operation == "ML-KEM" else "private key"
    side, private, peer = "client", half.client_private, half.server
    if half.by_server and operation != "ML-KEM":
        side, private, peer = "server", half.server_private, half.client
    about = f"The {side}'s, made for this connection alone; its public half is its share."
    if private is None and half.secret is not None and (side == "server") is half.by_server:
        about += " The library answered share and secret at once, and kept it."
    own = listener.given(
        Name(f"{side} {part.name} {what}", STAGE, _CLAUSES[operation], about), private, part.private
    )
    inputs = [KeyInput(what, own.node)]
    if operation == "DH":
        inputs.append(KeyInput("p", "", half.p or field_parameters(half.group)[0]))
    sent = "ciphertext" if operation == "ML-KEM" else "peer's share"
    inputs.append(KeyInput(sent, "", peer))
    clause = name.clause or _CLAUSES[operation]
    return listener.made(
        name._replace(clause=clause),
        operation,
        tuple(inputs),
        half.secret,
        part.secret,
        label=part.name,
    )


def random_of(entries: Sequence[Entry], length: int) -> list[bytes]:
    """The random bytes that were asked for by this number, the newest first."""
    drawn = [e.data for e in entries if e.kind == "random" and len(e.data) == length]
    return drawn[::-1]
