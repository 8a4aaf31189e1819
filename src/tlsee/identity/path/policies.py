"""Certificate policies along a path (RFC 5280, 6.1, with the policy graph of RFC 9618).

RFC 5280's tree can grow exponentially. RFC 9618 keeps one node per policy and level; and since a
node's fate depends on its ancestors alone, only the level in hand is kept here, each node with the
policies of the first authority's domain that lead to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from typing import NamedTuple, TypeVar

from tlsee.identity import certificate as fields
from tlsee.identity.certificate import CertificateView
from tlsee.identity.der import NotDER
from tlsee.identity.path import bounds
from tlsee.identity.path.certificate_rules import ANY_POLICY, policy_mappings
from tlsee.values import value


@value
class PolicySettings:
    """What the caller asks of policies (RFC 5280, 6.1.1 (c) and (e) to (g)).

    Attributes:
        acceptable: identifiers with dots, or ``None`` for any.
        explicit: a policy has to be valid for the path even if no authority demands it.
        inhibit_mapping, inhibit_any: from the anchor on nothing is mapped, anyPolicy is no match.
    """

    acceptable: frozenset[str] | None = None
    explicit: bool = False
    inhibit_mapping: bool = False
    inhibit_any: bool = False


ANY = PolicySettings()


class _Node(NamedTuple):
    """A policy that is valid so far: what it is called below, and where it comes from."""

    expected: frozenset[str]
    origins: frozenset[str]


_Level = dict[str, _Node]
_ANY_ALONE: _Level = {ANY_POLICY: _Node(frozenset({ANY_POLICY}), frozenset({ANY_POLICY}))}


class TooManyPolicies(Exception):
    """A certificate has more than the bound; the text says which and how many."""


def failure(path: Sequence[CertificateView], settings: PolicySettings = ANY) -> tuple[int, str]:
    """Where a path lacks a policy that is demanded, and why; ``(-1, "")`` when it does not.

    Args:
        path: leaf first; the anchor last, which takes no part (RFC 5280, 6.1).
    """
    certificates = path[-2::-1]
    if not settings.explicit and not any(_constrains(view) for view in certificates):
        return (-1, "")  # explicit_policy starts above the path's length and cannot reach 0
    walk = _Walk(len(certificates), settings)
    for depth, certificate in enumerate(certificates, 1):
        try:
            why = walk.take(certificate, is_last=depth == len(certificates))
        except (TooManyPolicies, NotDER) as problem:
            why = str(problem)
        if why:
            return (len(certificates) - depth, f"{certificate.subject}: {why}")
    return (-1, "")


def _constrains(certificate: CertificateView) -> bool:
    found = certificate.extensions.get(fields.POLICY_CONSTRAINTS)
    return found is not None and found.require_explicit_policy is not None


class _Walk:
    """RFC 5280, 6.1.2 to 6.1.5, as far as policies go."""

    def __init__(self, length: int, settings: PolicySettings) -> None:
        self.acceptable = settings.acceptable
        self.explicit_policy = 0 if settings.explicit else length + 1
        self.policy_mapping = 0 if settings.inhibit_mapping else length + 1
        self.inhibit_any = 0 if settings.inhibit_any else length + 1
        self.level: _Level | None = dict(_ANY_ALONE)

    def take(self, certificate: CertificateView, *, is_last: bool) -> str:
        """The next certificate below; what fails at it, or ``""``."""
        policies = _policies(certificate)
        self.level = self._next_level(certificate, policies, is_last) if policies else None
        if self.explicit_policy == 0 and not self.level:
            return "none of its policies is one that the authorities above demand"
        if is_last:
            return self._wrap_up(certificate)
        self._map(certificate)
        self._constrain(certificate)
        return ""

    def _next_level(
        self, certificate: CertificateView, policies: frozenset[str], is_last: bool
    ) -> _Level | None:
        """RFC 9618, 5.3: the update of 6.1.3 (d)."""
        above = self.level
        if not above:
            return None
        parents: dict[str, list[_Node]] = {}
        for node in above.values():
            for policy in node.expected:
                parents.setdefault(policy, []).append(node)
        found: _Level = {}
        for policy in policies - {ANY_POLICY}:
            if policy in parents:
                found[policy] = _child(policy, parents[policy])
            elif ANY_POLICY in above:
                found[policy] = _Node(frozenset({policy}), frozenset({policy}))
        passes = self.inhibit_any > 0 or (certificate.self_issued and not is_last)
        if ANY_POLICY in policies and passes:
            for policy, nodes in parents.items():
                if policy not in found:
                    found[policy] = _child(policy, nodes)
        return found or None

    def _map(self, certificate: CertificateView) -> None:
        """RFC 9618, 5.4: the update of 6.1.4 (b)."""
        if not self.level:
            return
        targets: dict[str, set[str]] = {}
        for issuer, subject in _mappings(certificate):
            targets.setdefault(issuer, set()).add(subject)
        for policy, below in targets.items():
            if self.policy_mapping == 0:
                self.level.pop(policy, None)
            elif policy in self.level:
                self.level[policy] = _Node(frozenset(below), self.level[policy].origins)
            elif ANY_POLICY in self.level:
                self.level[policy] = _Node(frozenset(below), frozenset({policy}))

    def _constrain(self, certificate: CertificateView) -> None:
        """RFC 5280, 6.1.4 (h) to (j)."""
        if not certificate.self_issued:
            self.explicit_policy = max(0, self.explicit_policy - 1)
            self.policy_mapping = max(0, self.policy_mapping - 1)
            self.inhibit_any = max(0, self.inhibit_any - 1)
        constraints = certificate.extensions.get(fields.POLICY_CONSTRAINTS)
        if constraints is not None:
            self.explicit_policy = _least(self.explicit_policy, constraints.require_explicit_policy)
            self.policy_mapping = _least(self.policy_mapping, constraints.inhibit_policy_mapping)
        inhibit = certificate.extensions.get(fields.INHIBIT_ANY_POLICY)
        if inhibit is not None:
            self.inhibit_any = _least(self.inhibit_any, inhibit.skip_certs)

    def _wrap_up(self, certificate: CertificateView) -> str:
        """RFC 5280, 6.1.5 (a), (b) and (g)."""
        self.explicit_policy = max(0, self.explicit_policy - 1)
        constraints = certificate.extensions.get(fields.POLICY_CONSTRAINTS)
        if constraints is not None and constraints.require_explicit_policy == 0:
            self.explicit_policy = 0
        if self.explicit_policy > 0:
            return ""
        if not self.level:
            return "no policy is valid for the whole path, and one is demanded"
        if self.acceptable is None or self._has_acceptable(self.level, self.acceptable):
            return ""
        return "no policy that is valid for the whole path is one that is acceptable here"

    def _has_acceptable(self, level: _Level, acceptable: frozenset[str]) -> bool:
        if ANY_POLICY in acceptable:
            return True
        if ANY_POLICY in level:
            return bool(acceptable)
        return any(node.origins & acceptable for node in level.values())


def _child(policy: str, parents: list[_Node]) -> _Node:
    if len(parents) == 1:
        return _Node(frozenset({policy}), parents[0].origins)
    return _Node(frozenset({policy}), frozenset().union(*(node.origins for node in parents)))


def _least(now: int, limit: int | None) -> int:
    return now if limit is None else min(now, limit)


def _policies(certificate: CertificateView) -> frozenset[str]:
    found = certificate.extensions.get(fields.CERTIFICATE_POLICIES) or ()
    return frozenset(
        information.policy_identifier.dotted_string for information in _bounded(list(found))
    )


def _mappings(certificate: CertificateView) -> Iterable[tuple[str, str]]:
    return _bounded(policy_mappings(certificate))


_Items = TypeVar("_Items", bound=Sized)


def _bounded(found: _Items) -> _Items:
    if len(found) > bounds.POLICIES:
        raise TooManyPolicies(f"{len(found):,} policies, and {bounds.POLICIES} are the most")
    return found
