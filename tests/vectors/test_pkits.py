"""NIST's path validation suite (PKITS), as far as it needs no revocation list."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tests.support.vectors import load
from tlsee.identity.path.judge import Purpose, Verdict, judge
from tlsee.identity.pem import certificates_in
from tlsee.identity.trust import Trust

AT = datetime(2015, 1, 1, tzinfo=UTC).timestamp()  # within the suite's validity

# DSA, which no version of TLS that is spoken here has.
DSA = {"4.1.4", "4.1.5"}
# Refused by the suite for what a revocation list says, or that one is missing.
REVOCATION = {"4.5.2", "4.5.5", "4.5.7", "4.7.4", "4.7.5"}


@lru_cache
def suite() -> dict[str, Any]:
    found: dict[str, Any] = load("pkits-dev.json")
    return found


def verdict(case: dict[str, Any]) -> Verdict:
    anchor, *path = [certificates_in(suite()["certs"][name])[0] for name in case["certs"]]
    trust = Trust.from_der([anchor])
    return judge(path[::-1], trust, purpose=Purpose.CLIENT, name=None, at=AT)


def test_every_case_apart_from_revocation_and_dsa() -> None:
    """Accepted and refused as NIST says."""
    wrong = {
        case["id"]
        for case in suite()["cases"]
        if verdict(case).accepted is not case["expect"] and not case["id"].startswith("4.4.")
    }
    assert wrong - REVOCATION == DSA


def test_without_revocation_nothing_else_is_accepted() -> None:
    """What is accepted and should not be is all about revocation; no good path is refused."""
    for case in suite()["cases"]:
        if case["id"] not in DSA and case["expect"]:
            assert verdict(case).accepted, case["id"]
