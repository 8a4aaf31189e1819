"""Shares that are no public values of their groups (RFC 9846, 4.3.8, 7.4; RFC 10024)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from tests.support.endpoints import client_config, server_config
from tests.support.hostile import HANDSHAKE, Edit, Puppet
from tests.support.hostile_client import HostileClient
from tests.support.hostile_server import HostileServer
from tests.support.refusals import Misdeed, carrying, done, names
from tlsee.codes import ContentType, NamedGroup
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import Reasons
from tlsee.wire.extensions.key_share import (
    KeyShareClientHello,
    KeyShareEntry,
    KeyShareServerHello,
)

P = {
    NamedGroup.secp256r1: 2**256 - 2**224 + 2**192 + 2**96 - 1,
    NamedGroup.secp384r1: 2**384 - 2**128 - 2**96 + 2**32 - 1,
    NamedGroup.secp521r1: 2**521 - 1,
}
X25519_P, X448_P = 2**255 - 19, 2**448 - 2**224 - 1
# RFC 7748 and the literature: points of small order, by their u-coordinates.
X25519_SMALL = (
    0,
    1,
    325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823,
    X25519_P - 1,
    X25519_P,
    X25519_P + 1,
)
X448_SMALL = (0, 1, X448_P - 1, X448_P, X448_P + 1)
Q = 3329  # FIPS 203: coefficients are below


class Parts(NamedTuple):
    """How a hybrid's share is cut: (group of the curve, where it begins), length of ML-KEM's."""

    curve: NamedGroup
    curve_first: bool


HYBRIDS = {
    NamedGroup.X25519MLKEM768: Parts(NamedGroup.x25519, False),
    NamedGroup.SecP256r1MLKEM768: Parts(NamedGroup.secp256r1, True),
    NamedGroup.SecP384r1MLKEM1024: Parts(NamedGroup.secp384r1, True),
}

Change = Callable[[bytes], bytes]


def bad_curve_shares(group: NamedGroup) -> Iterator[tuple[str, Change]]:
    """Values that are no points, or no good ones."""
    if group in P:
        size = (P[group].bit_length() + 7) // 8
        yield "not on the curve", lambda share: share[:-1] + bytes((share[-1] ^ 1,))
        yield (
            "on the twist of nowhere",
            lambda share: b"\x04" + bytes(size - 1) + b"\x01" + bytes(size),
        )
        yield "the origin", lambda share: b"\x04" + bytes(2 * size)
        yield (
            "X beyond p",
            lambda share: b"\x04" + P[group].to_bytes(size, "big") + share[1 + size :],
        )
        yield "compressed form", lambda share: b"\x02" + share[1:]
        yield "hybrid form", lambda share: bytes((6 | share[-1] & 1,)) + share[1:]
        yield "infinity, filled up", lambda share: bytes(len(share))
        return
    size, small = (32, X25519_SMALL) if group == NamedGroup.x25519 else (56, X448_SMALL)
    for number, point in enumerate(small):
        yield f"small order {number}", lambda _, p=point: p.to_bytes(size, "little")  # type: ignore[misc]
    if group == NamedGroup.x25519:
        yield "zero with the top bit", lambda _: bytes(31) + b"\x80"


def wrong_lengths(group: NamedGroup) -> Iterator[tuple[str, Change]]:
    """RFC 9846, 4.3.8: a share has one length."""
    yield "cut", lambda share: share[:-1]
    yield "longer", lambda share: share + b"\x00"
    yield "one byte", lambda share: b"\x04"
    yield "doubled", lambda share: share + share
    if group in P:
        yield (
            "compressed",
            lambda share: bytes((2 | share[-1] & 1,)) + share[1 : 1 + len(share) // 2],
        )
        yield "infinity", lambda share: b"\x00"


def within(group: NamedGroup, change: Change) -> Change:
    """The change of the curve's part of a hybrid's share."""
    parts = HYBRIDS[group]
    length = PROVIDER.groups[parts.curve].client_share_length

    def edit(share: bytes) -> bytes:
        if parts.curve_first:
            return change(share[:length]) + share[length:]
        return share[:-length] + change(share[-length:])

    return edit


def bad_lattice_key(group: NamedGroup) -> Change:
    """FIPS 203, 7.2: a coefficient that is not below q."""
    parts = HYBRIDS[group]
    start = PROVIDER.groups[parts.curve].client_share_length if parts.curve_first else 0

    def edit(share: bytes) -> bytes:
        # Two coefficients of 12 bits in three bytes: the first becomes q itself.
        low, high = Q & 0xFF, Q >> 8
        return share[:start] + bytes((low, share[start + 1] & 0xF0 | high)) + share[start + 2 :]

    return edit


def changes(group: NamedGroup, role: str) -> Iterator[tuple[str, Change]]:
    """Everything that can be wrong with a share of this group, for a victim of this role."""
    yield from wrong_lengths(group)
    if group not in HYBRIDS:
        yield from bad_curve_shares(group)
        return
    for name, change in bad_curve_shares(HYBRIDS[group].curve):
        yield f"curve: {name}", within(group, change)
    if role == "server":
        yield "ML-KEM: a coefficient of q", bad_lattice_key(group)


def forged_server_share(group: NamedGroup, change: Change) -> Edit:
    def edit(message: Any) -> Any:
        entry = message.extensions.require(KeyShareServerHello).server_share
        made = KeyShareEntry(group, change(entry.key_exchange))
        return carrying(KeyShareServerHello(made))(message)

    return edit


def to_client(group: NamedGroup, change: Change) -> Callable[[], Puppet]:
    config, edit = client_config(groups=[group]), forged_server_share(group, change)
    return lambda: HostileServer(config, group=group, server_hello=edit).flight()


def to_server(group: NamedGroup, change: Change) -> Callable[[], Puppet]:
    def edit(message: Any) -> Any:
        entry = message.extensions.require(KeyShareClientHello).client_shares[-1]
        made = KeyShareEntry(group, change(entry.key_exchange))
        return carrying(KeyShareClientHello((made,)))(message)

    return lambda: HostileClient(settings=client_config(groups=[group]), client_hello=edit).greet()


GROUPS = tuple(
    group
    for group in PROVIDER.groups
    if group in P or group in HYBRIDS or group in (NamedGroup.x25519, NamedGroup.x448)
)
MISDEEDS = [
    Misdeed(f"{group}, {name}, to a {role}", Reasons.bad_key_share, make(group, change))
    for group in GROUPS
    for role, make in (("client", to_client), ("server", to_server))
    for name, change in changes(group, role)
]


@pytest.mark.parametrize("misdeed", MISDEEDS, ids=names)
def test_a_bad_share_is_refused_in_both_roles(misdeed: Misdeed) -> None:
    """illegal_parameter, in the clear, and no key was ever derived from it."""
    error = misdeed.check()

    assert error.alert.name == "illegal_parameter"


@pytest.mark.parametrize("group", GROUPS)
def test_good_shares_of_each_group_are_accepted(group: NamedGroup) -> None:
    """What the tests above change is right before they change it."""
    assert done(HostileServer(client_config(groups=[group]), group=group).flight())
    assert done(HostileClient(settings=client_config(groups=[group])).flight())


def test_a_share_of_the_right_length_for_another_group_is_refused() -> None:
    """The group says what the bytes mean: 32 bytes are no point of P-256."""
    point = PROVIDER.groups[NamedGroup.x25519].generate().public
    attack = to_server(NamedGroup.secp256r1, lambda _: point)

    Misdeed("", Reasons.bad_key_share, attack, words="secp256r1: 32 bytes, and 65 are due").check()


def test_a_forged_ciphertext_gives_another_secret_and_no_news() -> None:
    """FIPS 203 rejects implicitly: the client goes on, and nothing opens any more."""
    group = NamedGroup.X25519MLKEM768

    def forged(share: bytes) -> bytes:
        return bytes((share[0] ^ 1,)) + share[1:]

    config = client_config(groups=[group])
    edit = forged_server_share(group, forged)
    peer = HostileServer(config, group=group, server_hello=edit).answer()
    assert not peer.stopped
    peer.victim.receive_data(peer.sealed(HANDSHAKE, b"\x08\x00\x00\x02\x00\x00"))

    assert peer.victim.failure is not None
    assert peer.victim.failure.reason == Reasons.bad_record_mac
    assert peer.victim.data_to_send()[0] == ContentType.application_data  # the alert is protected


def test_the_server_config_may_leave_groups_out() -> None:
    """A share of a group that the server does not take is not looked at."""
    peer = HostileClient(
        server_config(groups=[NamedGroup.x25519]),
        settings=client_config(
            groups=[NamedGroup.secp256r1, NamedGroup.x25519], key_shares=GROUPS[3:5]
        ),
    )
    peer.edits["client_hello"] = _spoil_p256

    assert done(peer.flight())


def _spoil_p256(message: Any) -> Any:
    entries = message.extensions.require(KeyShareClientHello).client_shares
    spoiled = tuple(
        KeyShareEntry(entry.group, b"\x04") if entry.group == NamedGroup.secp256r1 else entry
        for entry in entries
    )
    return carrying(KeyShareClientHello(spoiled))(message)
