"""Groups: both sides agree, a share is used once, and no bad share is accepted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from hypothesis import given
from hypothesis import strategies as st

from tlsee.codes import NamedGroup
from tlsee.crypto import groups as rows
from tlsee.crypto.provider import Group
from tlsee.crypto.pyca import PROVIDER
from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons

GROUPS = sorted(PROVIDER.groups.values(), key=lambda group: group.code)
# RFC 10024, 3, and RFC 9846, 4.3.8: what a client sends, what a server sends, the secret.
LENGTHS = {
    NamedGroup.X25519MLKEM768: (1216, 1120, 64),
    NamedGroup.SecP256r1MLKEM768: (1249, 1153, 64),
    NamedGroup.SecP384r1MLKEM1024: (1665, 1665, 80),
    NamedGroup.x25519: (32, 32, 32),
    NamedGroup.secp256r1: (65, 65, 32),
    NamedGroup.secp384r1: (97, 97, 48),
    NamedGroup.secp521r1: (133, 133, 66),
    NamedGroup.x448: (56, 56, 56),
    NamedGroup.ffdhe2048: (256, 256, 256),
    NamedGroup.ffdhe3072: (384, 384, 384),
    NamedGroup.ffdhe4096: (512, 512, 512),
}
POINTS = [NamedGroup.secp256r1, NamedGroup.secp384r1, NamedGroup.secp521r1]
each_group = pytest.mark.parametrize("group", GROUPS, ids=repr)


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(PeerMisbehaved) as caught:
        act()
    assert caught.value.reason is Reasons.bad_key_share


def test_all_are_there() -> None:
    """The groups of RFC 9846 up to 4096 bits and RFC 10024's, the hybrids marked as such."""
    assert set(PROVIDER.groups) == set(LENGTHS)
    hybrids = {group.code.name for group in GROUPS if group.post_quantum}
    assert hybrids == {"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"}


@each_group
def test_both_sides_agree(group: Group) -> None:
    """Client and server come to one secret; all lengths are those of the documents."""
    share = group.generate()
    response = group.respond(share.public)
    secret = share.finish(response.share)
    assert secret == response.secret
    lengths = (len(share.public), len(response.share), len(secret))
    assert lengths == LENGTHS[group.code]
    assert lengths[:2] == (group.client_share_length, group.server_share_length)


@each_group
def test_nothing_is_the_same_twice(group: Group) -> None:
    """Shares and responses are fresh each time."""
    first, second = group.generate(), group.generate()
    assert first.public != second.public
    one, other = group.respond(first.public), group.respond(first.public)
    assert one.share != other.share
    assert one.secret != other.secret


@pytest.mark.parametrize(
    ("code", "half", "place", "secret_place"),
    [
        (NamedGroup.X25519MLKEM768, NamedGroup.x25519, slice(1184, None), slice(32, None)),
        (NamedGroup.SecP256r1MLKEM768, NamedGroup.secp256r1, slice(65), slice(32)),
        (NamedGroup.SecP384r1MLKEM1024, NamedGroup.secp384r1, slice(97), slice(48)),
    ],
)
def test_the_order_within_hybrids(
    code: NamedGroup, half: NamedGroup, place: slice, secret_place: slice
) -> None:
    """ML-KEM comes first with x25519 and second with the NIST curves, in share and secret."""
    hybrid, classical = PROVIDER.groups[code], PROVIDER.groups[half]
    share = hybrid.generate()
    private = share.private_bytes()
    length = len(private) - 64
    own = classical.from_private(private[64:] if place.start else private[:length])
    assert share.public[place] == own.public
    response = hybrid.respond(share.public)
    at = slice(1088, None) if place.start else place
    assert own.finish(response.share[at]) == response.secret[secret_place]


@each_group
def test_a_share_is_used_once(group: Group) -> None:
    """After finish, successful or not, there is no private key to use or to read."""
    good, bad = group.generate(), group.generate()
    server_share = group.respond(good.public).share
    good.finish(server_share)
    refused(lambda: bad.finish(b""))
    for share in (good, bad):
        with pytest.raises(ApiMisuse, match="has been used"):
            share.finish(server_share)
        with pytest.raises(ApiMisuse, match="has been used"):
            share.private_bytes()


@each_group
def test_a_fork_finishes_by_itself(group: Group) -> None:
    """Both copies of a forked connection come to the secret, once each; a used one stays used."""
    share = group.generate()
    twin = share.fork()
    response = group.respond(share.public)
    assert share.finish(response.share) == twin.finish(response.share) == response.secret
    with pytest.raises(ApiMisuse):
        share.fork().finish(response.share)


@each_group
def test_a_private_key_comes_back(group: Group) -> None:
    """from_private(private_bytes) is the same share, leading zeros included."""
    share = group.generate()
    again = group.from_private(share.private_bytes())
    assert again.public == share.public
    response = group.respond(share.public)
    assert again.finish(response.share) == response.secret


@each_group
def test_private_keys_that_are_none(group: Group) -> None:
    """Another length, and a scalar of zero on the NIST curves, are ApiMisuse."""
    length = len(group.generate().private_bytes())
    for wrong in (b"", bytes(length - 1), bytes(length + 1)):
        with pytest.raises(ApiMisuse, match="no private key"):
            group.from_private(wrong)
    if group.code in POINTS:
        for scalar in (bytes(length), b"\xff" * length):
            with pytest.raises(ApiMisuse, match="no private key"):
                group.from_private(scalar)


@each_group
def test_lengths_are_exact(group: Group) -> None:
    """One byte less or more than the only length there is: refused, in both roles."""
    share = group.generate()
    public, answer = share.public, group.respond(share.public).share
    for wrong in (b"", public[:-1], public + b"\0"):
        refused(lambda wrong=wrong: group.respond(wrong))  # type: ignore[misc]
    for wrong in (b"", answer[:-1], answer + b"\0"):
        refused(lambda wrong=wrong: group.generate().finish(wrong))  # type: ignore[misc]


@pytest.mark.parametrize("code", [NamedGroup.x25519, NamedGroup.x448])
def test_zeros_are_no_secret(code: NamedGroup) -> None:
    """RFC 9846, 7.4.2: points of small order lead to zeros and are refused in both roles."""
    group = PROVIDER.groups[code]
    for low in (0, 1):
        point = low.to_bytes(group.client_share_length, "little")
        refused(lambda point=point: group.respond(point))  # type: ignore[misc]
        refused(lambda point=point: group.generate().finish(point))  # type: ignore[misc]


def test_zeros_in_a_hybrid() -> None:
    """The x25519 half is checked there as well."""
    group = PROVIDER.groups[NamedGroup.X25519MLKEM768]
    share = group.generate()
    answer = group.respond(share.public).share
    refused(lambda: group.respond(share.public[:-32] + bytes(32)))
    refused(lambda: share.finish(answer[:-32] + bytes(32)))


@pytest.mark.parametrize("code", [NamedGroup.X25519MLKEM768, NamedGroup.SecP384r1MLKEM1024])
def test_encapsulation_keys_out_of_range(code: NamedGroup) -> None:
    """FIPS 203, 7.2: coefficients of 4095 exceed the modulus."""
    group = PROVIDER.groups[code]
    public = bytearray(group.generate().public)
    at = 0 if code == NamedGroup.X25519MLKEM768 else 97
    public[at : at + 3] = b"\xff\xff\xff"
    refused(lambda: group.respond(bytes(public)))


@pytest.mark.parametrize("code", POINTS)
def test_points(code: NamedGroup) -> None:
    """Compressed, hybrid-form, infinite and off-curve points are refused in both roles."""
    group = PROVIDER.groups[code]
    public = group.generate().public
    half = (len(public) - 1) // 2
    parity = public[-1] & 1
    wrong = [
        bytes([2 + parity]) + public[1 : 1 + half],
        bytes([2 + parity]) + public[1:],
        bytes([6 + parity]) + public[1:],
        b"\0" * len(public),
        b"\4" + bytes(2 * half),
        b"\4" + b"\xff" * (2 * half),
        public[:-1] + bytes([public[-1] ^ 1]),
    ]
    for share in wrong:
        refused(lambda share=share: group.respond(share))  # type: ignore[misc]
        refused(lambda share=share: group.generate().finish(share))  # type: ignore[misc]
    with pytest.raises(PeerMisbehaved, match=r"of form [67], and only 4"):
        group.respond(wrong[2])


@given(st.data())
def test_any_bytes_are_an_answer_or_a_refusal(data: st.DataObject) -> None:
    """Whatever a peer sends, nothing but bad_key_share comes out of a group."""
    group = data.draw(st.sampled_from([g for g in GROUPS if g.code != NamedGroup.x448]))
    length = group.client_share_length
    noise = data.draw(st.binary(max_size=80)).ljust(length, data.draw(st.binary(min_size=1))[:1])
    acts: tuple[Callable[[bytes], object], ...] = (group.respond, group.generate().finish)
    for act in acts:
        reason = Reasons.bad_key_share
        try:
            act(noise)
        except PeerMisbehaved as error:
            reason = error.reason
        assert reason is Reasons.bad_key_share


def test_nothing_is_shown() -> None:
    """The repr of a share and of a response holds neither private key nor secret."""
    group = PROVIDER.groups[NamedGroup.x25519]
    share = group.generate()
    response = group.respond(share.public)
    assert repr(share) == "Share(x25519)"
    assert "secret" not in repr(response)


def test_what_the_library_lacks_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ML-KEM the hybrids are no rows at all, and the rest is there."""

    def lacks(_: bytes) -> None:
        raise UnsupportedAlgorithm("ML-KEM")

    monkeypatch.setattr(rows._mlkem768, "load_private", lacks)
    monkeypatch.setattr(rows._mlkem1024, "load_private", lacks)
    assert set(rows.groups()) == {g.code for g in GROUPS if not g.post_quantum}
