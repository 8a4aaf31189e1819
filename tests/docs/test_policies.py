"""docs/policies.md says of each suite, group, scheme and switch what the code does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from tests.support.house import REPOSITORY
from tlsee import policies
from tlsee.cli.lists import LEGACY_WARNING
from tlsee.codes import CipherSuite, NamedGroup, OpenEnum, SignatureScheme
from tlsee.config import ClientConfig
from tlsee.crypto.pyca import PROVIDER
from tlsee.crypto.schemes12 import schemes12
from tlsee.crypto.suites12 import suites12
from tlsee.identity.trust import Trust
from tlsee.policies import Policy

DOCUMENT = (REPOSITORY / "docs" / "policies.md").read_text(encoding="utf-8")
POLICIES = {
    "default": policies.default,
    "legacy": policies.legacy,
    "insecure": policies.insecure_old_machines,
}
SWITCHES = (
    "require_extended_main_secret",
    "allow_mac_then_encrypt",
    "allow_sha1_signatures",
    "legacy_psk_alone",
    "grease",
)


def table(*heading: str) -> list[dict[str, str]]:
    """The rows of the one table whose columns have these names."""
    lines = DOCUMENT.splitlines()
    (start,) = (at for at, line in enumerate(lines) if _cells(line) == list(heading))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = _cells(line)
        assert len(cells) == len(heading), line
        rows.append(dict(zip(heading, cells, strict=True)))
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _names(cell: str) -> list[str]:
    return cell.split(", ")


def first(offered: Mapping[str, object], item: OpenEnum, otherwise: str) -> str:
    """The first policy that offers it."""
    for name, items in offered.items():
        assert isinstance(items, tuple)
        if item in items:
            return name
    return otherwise


def configured(policy: Policy) -> ClientConfig:
    return ClientConfig(trust=Trust.insecure_accept_anyone(), policy=policy)


def suites_told() -> Iterator[tuple[CipherSuite, str]]:
    """Each combination of the table, with the policy that it names."""
    for row in table("key exchange", "protection", "policy", "why"):
        for exchange in _names(row["key exchange"]):
            begin = "TLS_" if exchange == "TLS 1.3" else f"TLS_{exchange}_WITH_"
            for protection in _names(row["protection"]):
                yield CipherSuite.named(f"{begin}{protection}"), row["policy"]


def test_every_suite_stands_in_one_row() -> None:
    """Those that are built, no others, each once, under the first policy that offers it."""
    told = list(suites_told())
    assert Counter(code for code, _ in told) == Counter([*PROVIDER.suites, *suites12()])
    offered = {name: policy.suites for name, policy in POLICIES.items()}
    assert dict(told) == {code: first(offered, code, "none") for code, _ in told}


def test_every_group_stands_in_one_row() -> None:
    """With the versions that it serves."""
    told = [
        (NamedGroup.named(name), row["policy"], row["versions"])
        for row in table("groups", "versions", "policy", "why")
        for name in _names(row["groups"])
    ]
    assert Counter(code for code, _, _ in told) == Counter([*PROVIDER.groups])
    offered = {name: configured(policy).groups for name, policy in POLICIES.items()}
    everything = configured(policies.legacy)
    older = {*everything.groups12, *everything.fields12}
    for code, policy, versions in told:
        assert policy == first(offered, code, "none"), code
        assert versions == ("1.3, 1.2" if code in older else "1.3"), code


@pytest.mark.parametrize("column", ["in 1.3", "in 1.2", "in certificates"])
def test_every_scheme_stands_in_one_row(column: str) -> None:
    """Each place has its own policy."""
    told = {
        SignatureScheme.named(name): row[column]
        for row in table("schemes", "in 1.3", "in 1.2", "in certificates", "why")
        for name in _names(row["schemes"])
    }
    assert set(told) == {*PROVIDER.schemes, *schemes12()}
    configs = {name: configured(policy) for name, policy in POLICIES.items()}
    offered = {
        "in 1.3": {name: config.schemes for name, config in configs.items()},
        "in 1.2": {name: config.schemes12 for name, config in configs.items()},
        "in certificates": {n: config.certificate_schemes for n, config in configs.items()},
    }[column]
    assert told == {code: first(offered, code, "never") for code in told}


def test_every_switch_is_what_it_says() -> None:
    """Whatever a policy weakens is in the table, and nothing else is said of it."""
    rows = table("what", "default", "legacy", "insecure", "why")
    assert tuple(row["what"] for row in rows) == SWITCHES
    for row in rows:
        for name, policy in POLICIES.items():
            assert row[name] == ("yes" if getattr(policy, row["what"]) else "no"), row["what"]


def test_policies_differ_in_nothing_else() -> None:
    """A field that one policy sets and another does not is one that the document speaks of."""
    spoken_of = {"name", "suites", "group_tiers", *SWITCHES}
    for policy in POLICIES.values():
        for field, item in vars(policy).items():
            assert field in spoken_of or item == getattr(policies.default, field), field


def test_each_policy_has_what_the_one_before_has() -> None:
    """The document says so: no suite, group or scheme is lost on the way down."""
    for kept, more in zip(POLICIES.values(), [*POLICIES.values()][1:], strict=False):
        one, other = configured(kept), configured(more)
        for field in ("versions", "suites", "groups", "schemes12", "certificate_schemes"):
            assert set(getattr(one, field)) <= set(getattr(other, field)), field


def test_the_warning_is_the_one_that_is_printed() -> None:
    """Quoted, word for word."""
    quoted = " ".join(re.findall(r"^> (.*)$", DOCUMENT, re.MULTILINE))
    assert quoted == LEGACY_WARNING


def test_every_row_has_its_reason() -> None:
    """No row stands where it is without one."""
    for line in DOCUMENT.splitlines():
        if line.startswith("|"):
            assert all(_cells(line)), line
