"""Whatever a peer presents as a chain ends in a verdict, and damage never in an accepted one."""

from __future__ import annotations

import contextlib
from functools import lru_cache

from hypothesis import given
from hypothesis import strategies as st

from tests.support.certificates import HOST, VALID, accepted, authority, judged
from tlsee.errors import PeerMisbehaved
from tlsee.identity import der
from tlsee.identity.authority import Authority
from tlsee.identity.certificate import CertificateView, Unreadable, leaf_key


@lru_cache
def root() -> Authority:
    return authority(key="ed25519", permitted=["test", "10.0.0.0/8"])


@lru_cache
def chain() -> tuple[bytes, ...]:
    limits = ["test", "10.0.0.0/8"]
    between = root().issue_intermediate("Between", key="ed25519", permitted=limits, **VALID)
    return between.issue(HOST, "10.0.0.1", key="ed25519", client=True, **VALID).chain


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """One of the good certificates with some bytes changed, cut out or put in."""
    data = bytearray(draw(st.sampled_from(chain())))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data) - 1))
        kind = draw(st.sampled_from(["change", "cut", "insert"]))
        if kind == "change":
            data[place] = draw(st.integers(0, 255))
        elif kind == "cut":
            del data[place : place + draw(st.integers(1, 8))]
        else:
            data[place:place] = draw(st.binary(min_size=1, max_size=8))
        if not data:
            break
    return bytes(data)


def test_undamaged_it_is_accepted() -> None:
    """What the others damage is good, or they would prove nothing."""
    accepted(chain(), root())


@given(damaged())
def test_a_damaged_leaf_is_refused(leaf: bytes) -> None:
    """In the leaf's place: never accepted unless nothing was changed, and no exception."""
    verdict = judged([leaf, *chain()[1:]], root())

    assert verdict.accepted is (leaf == chain()[0])
    assert verdict.accepted or verdict.reason is not None
    assert verdict.detail.isascii()
    assert "\n" not in verdict.detail


@given(damaged())
def test_a_damaged_authority_is_refused(authority_certificate: bytes) -> None:
    """In the intermediate's place, the only way home."""
    verdict = judged([chain()[0], authority_certificate], root())

    assert verdict.accepted is (authority_certificate == chain()[1])


@given(st.lists(st.one_of(st.binary(max_size=64), damaged(), st.sampled_from(chain())), max_size=6))
def test_any_list_of_bytes_is_judged(presented: list[bytes]) -> None:
    """Nothing escapes from a chain, and what is accepted begins with the good leaf."""
    verdict = judged(presented, root())

    if verdict.accepted:
        assert presented[0] == chain()[0]
        assert chain()[1] in presented


@given(st.one_of(st.binary(max_size=200), damaged()))
def test_reading_raises_one_thing(data: bytes) -> None:
    """Every reader has exactly one exception for what it cannot read."""
    try:
        view = CertificateView(data)
    except Unreadable:
        pass
    else:
        assert view.subject.isascii()
        assert view.issuer.isascii()
    with contextlib.suppress(PeerMisbehaved):
        leaf_key(data)
    for read in (der.certificate_frame, der.canonical_name):
        with contextlib.suppress(der.NotDER):
            read(data)
