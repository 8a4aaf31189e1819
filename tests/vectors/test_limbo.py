"""x509-limbo's cases, each right or named here with why its expectation is not ours."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from typing import Any

import pytest

from tests.support.vectors import load
from tlsee.errors import ApiMisuse
from tlsee.identity.trust import Profile
from tlsee.lab import limbo

NO_AUTHORITY = (
    "RFC 5280 says nothing of an authority's certificate as a leaf; the web's rules, by which "
    "webpki::ca-as-leaf has to fail, forbid it"
)

# Each case that is decided otherwise, under the web's profile. None of them is accepted.
OTHERWISE = {
    "pathlen::validation-ignores-pathlen-in-leaf": NO_AUTHORITY,
    "rfc5280::ca-as-leaf": NO_AUTHORITY,
}
# Cases that need a list which is an extra of its own.
SUFFIXES = {
    "webpki::san::public-suffix-multi-label-wildcard-san",
    "webpki::san::public-suffix-private-namespace-wildcard-san",
}


@lru_cache
def cases() -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in load("limbo-dev.json")["testcases"]}


def accepts(case: dict[str, Any], profile: Profile) -> bool:
    expected = case["expected_peer_name"]
    try:
        return limbo.verdict(case, expected["value"] if expected else None, profile).accepted
    except ApiMisuse:  # an anchor or a name that no caller may give
        return False


def test_every_case_is_decided_as_listed() -> None:
    """Cases decided otherwise than expected are exactly those in OTHERWISE."""
    pytest.importorskip("publicsuffixlist", reason="the list of public suffixes: an extra")
    wrong = {
        name
        for name, case in cases().items()
        if limbo.result(case)["actual_result"] != case["expected_result"]
    }
    assert wrong == OTHERWISE.keys() & cases().keys()


def test_nothing_is_accepted_that_should_not_be() -> None:
    """Also without any list of public suffixes, but for what only that can tell."""
    for name, case in cases().items():
        if case["expected_result"] == "FAILURE" and name not in SUFFIXES:
            assert limbo.result(case)["actual_result"] == "FAILURE", name


def test_a_private_anchor_forgives_only_form() -> None:
    """What the private profile accepts and the web's refuses is listed here."""
    more = {
        name
        for name, case in cases().items()
        if accepts(case, Profile.PRIVATE) and not accepts(case, Profile.WEB)
    }
    assert (
        more - SUFFIXES
        == {
            "crl::crlnumber-critical",
            "crl::crlnumber-missing",
            "pathlen::validation-ignores-pathlen-in-leaf",
            "rfc5280::aki::cross-signed-root-missing-aki",
            "rfc5280::ca-as-leaf",
            "rfc5280::pc::ica-noncritical-pc",
            "rfc5280::root-non-critical-basic-constraints",
            "rfc5280::san::noncritical-with-empty-subject",
            "rfc5280::serial::zero",
            "rfc5280::ski::root-missing-ski",
            "webpki::aki::root-with-aki-all-fields",
            "webpki::aki::root-with-aki-ski-mismatch",
            "webpki::ca-as-leaf",
            "webpki::cn::case-mismatch",
            "webpki::cn::ipv4-leading-zeros-mismatch",
            "webpki::cn::ipv6-non-rfc5952-mismatch",
            "webpki::cn::ipv6-uncompressed-mismatch",
            "webpki::cn::punycode-not-in-san",
            "webpki::eku::ee-critical-eku",
            "webpki::eku::root-has-eku",
            "webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf",
            "webpki::san::san-critical-with-nonempty-subject",
        }
        & cases().keys()
    )


def test_the_harness_speaks_the_protocol() -> None:
    """Cases in on standard input, results out on standard output, one for each in order."""
    some = [case for case in cases().values() if not case["id"].startswith("bettertls")][:5]
    case = {**some[0], "id": "x", "expected_peer_name": {"kind": "XMPP", "value": "x"}}
    sent = json.dumps({"version": 1, "testcases": [*some, case]})

    done = subprocess.run(
        [sys.executable, "-m", "tlsee.lab.limbo"], input=sent, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip

    answer = json.loads(done.stdout)
    assert (answer["version"], answer["harness"].partition("/")[0]) == (1, "tlsee")
    assert [one["id"] for one in answer["results"]] == [*(one["id"] for one in some), "x"]
    assert {one["actual_result"] for one in answer["results"]} == {"SUCCESS", "FAILURE", "SKIPPED"}
    bad = subprocess.run(
        [sys.executable, "-m", "tlsee.lab.limbo"], input="[]", capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert bad.returncode == 1
    assert "no cases" in bad.stderr
