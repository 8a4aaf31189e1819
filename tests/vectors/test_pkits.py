"""NIST's path validation suite (PKITS), with its revocation lists."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tests.support.vectors import load
from tlsee.identity.path.judge import Purpose, Verdict, judge
from tlsee.identity.path.known import Known, Needs, Revocation
from tlsee.identity.path.policies import ANY, PolicySettings
from tlsee.identity.pem import certificates_in
from tlsee.identity.trust import Trust

AT = datetime(2015, 1, 1, tzinfo=UTC).timestamp()  # within the suite's validity

# DSA, which no version of TLS that is spoken here has.
DSA = {"4.1.4", "4.1.5"}


@lru_cache
def suite() -> dict[str, Any]:
    found: dict[str, Any] = load("pkits-dev.json")
    return found


def lists(case: dict[str, Any]) -> tuple[bytes, ...]:
    texts = [suite()["crls"][name].splitlines() for name in case["crls"]]
    return tuple(base64.b64decode("".join(lines[1:-1])) for lines in texts)


def outcome(
    case: dict[str, Any],
    revocation: Revocation = Revocation.HARD,
    policies: PolicySettings = ANY,
) -> Verdict:
    anchor, *path = [certificates_in(suite()["certs"][name])[0] for name in case["certs"]]
    found: Verdict | Needs = judge(
        path[::-1],
        Trust.from_der([anchor]),
        purpose=Purpose.CLIENT,
        name=None,
        at=AT,
        use=None,
        known=Known(crls=lists(case), offline=True),
        revocation=revocation,
        policies=policies,
    )
    assert isinstance(found, Verdict)
    return found


def test_every_case_but_dsa() -> None:
    """Accepted and refused as NIST says, where what is not known of revocation refuses."""
    wrong = {
        case["id"] for case in suite()["cases"] if outcome(case).accepted is not case["expect"]
    }
    assert wrong == DSA


def test_dsa_is_refused_for_what_it_is() -> None:
    """The certificate's key, or the signature that such a key made."""
    for case in suite()["cases"]:
        if case["id"] in DSA:
            assert "dsa" in outcome(case).detail.lower(), case["id"]


def test_off_and_soft_refuse_no_more_than_hard() -> None:
    """What hard accepts, soft accepts, and what that does, off does."""
    for case in suite()["cases"]:
        hard, soft, off = (outcome(case, policy).accepted for policy in reversed(Revocation))
        assert hard <= soft <= off, case["id"]
