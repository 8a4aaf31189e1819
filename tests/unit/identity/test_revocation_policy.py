"""What the policies off, soft and hard make of what is known, and of a promise to staple."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509

from tests.support.certificates import HOST, VALID, accepted, alt_names, authority, forge, refused
from tlsee.errors import Reasons
from tlsee.identity.authority import Authority
from tlsee.identity.path.known import Known, Revocation
from tlsee.identity.path.purpose import Purpose

OFFLINE: dict[str, Any] = {"known": Known(offline=True)}
MUST_STAPLE = x509.TLSFeature([x509.TLSFeatureType.status_request])
V2_ONLY = x509.TLSFeature([x509.TLSFeatureType.status_request_v2])


@pytest.fixture(scope="module")
def root() -> Authority:
    return authority()


def test_not_knowing(root: Authority) -> None:
    """Off says that nobody looked, soft what it could not learn, hard refuses."""
    between = root.issue_intermediate("Between", **VALID)
    chain = between.issue(HOST, **VALID).chain

    off = accepted(chain, root, revocation=Revocation.OFF, **OFFLINE)
    soft = accepted(chain, root, revocation=Revocation.SOFT, **OFFLINE)
    hard = refused(chain, root, Reasons.revocation_unknown, revocation=Revocation.HARD, **OFFLINE)

    assert off.not_checked == ("revocation",)
    assert [text.partition(":")[0] for text in soft.not_checked] == [
        f"revocation of {HOST}",
        "revocation of Between",
    ]
    assert hard.path is not None
    assert {check.name for _, check in hard.path.failures} == {"revocation"}


def test_a_promise_to_staple_is_held_to(root: Authority) -> None:
    """By a server, whatever the policy but off (RFC 7633, 4.2.3)."""
    leaf = [forge(root, [(alt_names(HOST), False), (MUST_STAPLE, False)])]

    accepted(leaf, root, revocation=Revocation.OFF, **OFFLINE)
    for policy in (Revocation.SOFT, Revocation.HARD):
        refused(leaf, root, Reasons.staple_missing, revocation=policy, **OFFLINE)
    client: dict[str, Any] = {"purpose": Purpose.CLIENT, "name": None}
    accepted(leaf, root, revocation=Revocation.SOFT, **OFFLINE, **client)
    other = [forge(root, [(alt_names(HOST), False), (V2_ONLY, False)])]
    accepted(other, root, revocation=Revocation.SOFT, **OFFLINE)
