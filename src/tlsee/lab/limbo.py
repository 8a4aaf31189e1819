"""x509-limbo's protocol: cases on standard input, what the judge says of them on standard output.

    python -m tlsee.lab.limbo < limbo.json > results.json

Every case is judged by the web's profile, for the project's expectations are those of the web.
What a case does not ask (a key usage) is not demanded of it. The format is that project's: a
``Limbo`` object with ``testcases``, answered by a ``LimboResult`` with ``results``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tlsee.errors import ApiMisuse
from tlsee.identity.certificate import Unreadable, read_certificate
from tlsee.identity.path.judge import KeyUse, Purpose, Verdict, judge
from tlsee.identity.path.known import Known, Revocation
from tlsee.identity.pem import certificates_in
from tlsee.identity.revocation.lists import lists_in, read_list
from tlsee.identity.trust import Profile, Trust

HARNESS = "tlsee"
_NAMES = ("DNS", "IP", "RFC822")

Case = Mapping[str, Any]


def results(suite: Mapping[str, Any]) -> dict[str, Any]:
    """What ``LimboResult`` holds for the cases of a ``Limbo``."""
    return {
        "version": 1,
        "harness": f"{HARNESS}/{_version()}",
        "results": [result(case) for case in suite["testcases"]],
    }


def _version() -> str:
    """Of the installed package; a tree that nobody installed has none."""
    try:
        return version(HARNESS)
    except PackageNotFoundError:
        return "0+unknown"


def result(case: Case) -> dict[str, Any]:
    """One case's result: ``SUCCESS``, ``FAILURE`` with why, or ``SKIPPED`` for what it asks."""
    unsupported = _unsupported(case)
    if unsupported:
        return _result(case, "SKIPPED", unsupported)
    try:
        found = [verdict(case, name) for name in _names(case)]
    except (ApiMisuse, Unreadable, ValueError) as problem:
        # An anchor or a name that no caller may give: the configuration is refused.
        return _result(case, "FAILURE", str(problem))
    refused = next((one for one in found if not one.accepted), None)
    if refused is None:
        return _result(case, "SUCCESS", None)
    reason = refused.reason.name if refused.reason is not None else "refused"
    return _result(case, "FAILURE", f"{reason}: {refused.detail}")


def verdict(case: Case, name: str | None, profile: Profile = Profile.WEB) -> Verdict:
    """The judgement of a case for one of the names that it expects.

    Raises:
        ApiMisuse: an anchor or a name that no caller may give. ValueError: PEM that is none.
    """
    anchors = _certificates(case["trusted_certs"])
    between = _certificates(case["untrusted_intermediates"])
    chain = (*certificates_in(case["peer_certificate"]), *between)
    lists = tuple(der for text in case.get("crls") or () for der in lists_in(text.encode()))
    about_it = any(_speaks_of(der, (*chain, *anchors)) for der in lists)
    found = judge(
        chain,
        Trust.from_der(anchors, label="trusted_certs", profile=profile),
        purpose=Purpose[case["validation_kind"]],
        name=name,
        at=_moment(case["validation_time"]),
        use=KeyUse.SIGNING if "digitalSignature" in case["key_usage"] else None,
        known=Known(crls=lists, offline=True),
        revocation=_policy(lists, about_it),
        path_limit=case["max_chain_depth"],
    )
    if not isinstance(found, Verdict):
        raise ApiMisuse("an offline judgement asked for something")
    return found


def _policy(lists: Sequence[bytes], about_it: bool) -> Revocation:
    """Hard where a list is there that has to be good; one by others leaves everything open."""
    if not lists:
        return Revocation.OFF
    return Revocation.HARD if about_it else Revocation.SOFT


def _speaks_of(der: bytes, certificates: Sequence[bytes]) -> bool:
    try:
        issuer = read_list(der).issuer_key
    except Unreadable:
        return True  # nobody knows: better too hard
    for candidate in certificates:
        try:
            if read_certificate(candidate).issuer_key == issuer:
                return True
        except Unreadable:
            continue
    return False


def _names(case: Case) -> list[str | None]:
    expected = case.get("expected_peer_names") or []
    if case["expected_peer_name"] is not None:
        expected = [case["expected_peer_name"]]
    return [name["value"] for name in expected] or [None]


def _unsupported(case: Case) -> str:
    """What a case asks that the judge has no way to be asked; usages are the role's."""
    names = [*(case.get("expected_peer_names") or []), case["expected_peer_name"]]
    kinds = {name["kind"] for name in names if name is not None} - {*_NAMES}
    if kinds:
        return f"peer names of kind {', '.join(sorted(kinds))}"
    usages = set(case["extended_key_usage"]) - {Purpose[case["validation_kind"]].usage}
    return f"extended key usages {', '.join(sorted(usages))}" if usages else ""


def _certificates(texts: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(der for text in texts for der in certificates_in(text))


def _moment(text: str | None) -> float:
    return datetime.fromisoformat(text).timestamp() if text is not None else time.time()


def _result(case: Case, outcome: str, context: str | None) -> dict[str, Any]:
    return {"id": case["id"], "actual_result": outcome, "context": context}


def main() -> None:
    """Read, judge, write.

    Raises:
        SystemExit: the input is no such JSON.
    """
    try:
        suite = json.load(sys.stdin)
        answer = results(suite)
    except (json.JSONDecodeError, KeyError, TypeError) as problem:
        raise SystemExit(f"no cases in x509-limbo's format: {problem}") from None
    json.dump(answer, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
