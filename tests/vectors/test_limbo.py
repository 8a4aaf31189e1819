"""x509-limbo's cases, each right or named here with why its expectation is not ours."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

from tests.support.vectors import load
from tlsee.errors import ApiMisuse
from tlsee.identity.path.judge import Purpose, judge
from tlsee.identity.pem import certificates_in
from tlsee.identity.trust import Profile, Trust

FORM = "a rule about form that many public roots and private tools break, and that protects nobody"
COMMON_NAME = "the common name is not looked at, so what stands in it is no ground for a refusal"
SUFFIX = "needs the list of public suffixes, which is not here yet"
REVOCATION = "revocation is not judged yet, and the verdict says so"
SIGNING = "RFC 9846, 4.5.1.2, wants digitalSignature in a leaf that has a key usage"

# Each case that is decided otherwise, under the web's profile.
OTHERWISE = {
    "crl::crlnumber-missing": REVOCATION,
    "crl::crlnumber-critical": REVOCATION,
    "pathlen::validation-ignores-pathlen-in-leaf": SIGNING,
    "pathlen::max-chain-depth-0-exhausted": "the bound on a path's length is not the caller's",
    "rfc5280::aki::cross-signed-root-missing-aki": FORM,
    "rfc5280::ski::root-missing-ski": FORM,
    "rfc5280::ca-as-leaf": SIGNING,
    "webpki::aki::root-with-aki-all-fields": FORM,
    "webpki::aki::root-with-aki-ski-mismatch": FORM,
    "webpki::cn::ipv4-leading-zeros-mismatch": COMMON_NAME,
    "webpki::cn::ipv6-uncompressed-mismatch": COMMON_NAME,
    "webpki::cn::ipv6-non-rfc5952-mismatch": COMMON_NAME,
    "webpki::cn::punycode-not-in-san": COMMON_NAME,
    "webpki::cn::case-mismatch": COMMON_NAME,
    "webpki::eku::ee-critical-eku": FORM,
    "webpki::eku::root-has-eku": "an anchor's purposes are honoured, and it names serverAuth",
    "webpki::san::public-suffix-multi-label-wildcard-san": SUFFIX,
    "webpki::san::public-suffix-private-namespace-wildcard-san": SUFFIX,
    "webpki::san::san-critical-with-nonempty-subject": "trustme makes such; RFC 5280 only advises",
}


@lru_cache
def cases() -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in load("limbo-dev.json")["testcases"]}


def accepts(case: dict[str, Any], profile: Profile) -> bool:
    anchors = [der for pem in case["trusted_certs"] for der in certificates_in(pem)]
    chain = certificates_in(case["peer_certificate"]) + tuple(
        der for pem in case["untrusted_intermediates"] for der in certificates_in(pem)
    )
    expected = case["expected_peer_name"]
    named = expected is not None and expected["kind"] in ("DNS", "IP")
    at = datetime.fromisoformat(case["validation_time"] or "2026-01-01T00:00:00+00:00")
    try:
        return judge(
            chain,
            Trust.from_der(anchors, profile=profile),
            purpose=Purpose[case["validation_kind"]],
            name=expected["value"] if named else None,
            at=at.timestamp(),
        ).accepted
    except ApiMisuse:  # an anchor or a name that no caller may give
        return False


def test_every_case_is_decided_as_listed() -> None:
    """Cases decided otherwise than expected are exactly those in OTHERWISE."""
    wrong = {
        name
        for name, case in cases().items()
        if accepts(case, Profile.WEB) is not (case["expected_result"] == "SUCCESS")
    }
    assert wrong == OTHERWISE.keys() & cases().keys()


def test_a_private_anchor_forgives_only_form() -> None:
    """What the private profile accepts and the web's refuses is listed here."""
    more = {
        name
        for name, case in cases().items()
        if accepts(case, Profile.PRIVATE) and not accepts(case, Profile.WEB)
    }
    assert (
        more
        == {
            "rfc5280::san::noncritical-with-empty-subject",
            "rfc5280::serial::zero",
            "rfc5280::root-non-critical-basic-constraints",
            "webpki::forbidden-rsa-key-not-divisible-by-8-in-leaf",
        }
        & cases().keys()
    )
