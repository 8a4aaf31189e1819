"""The tiers in which a server keeps its groups, where a recording tells them and where it does not.

A choice lists the server's groups in their order, and not where a tier ends. A recording that keeps
all has the policy's tiers. Without them every way to cut the list is tried that leads to the choice
that was made: what they agree on is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from tlsee import defaults
from tlsee.codes import NamedGroup
from tlsee.explain.why.facts import Facts
from tlsee.explain.why.values import WhatIf
from tlsee.explain.why.words import name_of
from tlsee.handshake.negotiate import choose_group
from tlsee.trace import Choice

__all__ = ["Tierings", "retried", "tierings_of"]

Tiers = tuple[tuple[NamedGroup, ...], ...]

CUTS_LIMIT = 10  # groups of which every cut is tried: 512 of them
_NOTHING = "no group in common: handshake_failure (40), and the end"


class Tierings:
    """The tiers that may be: the likely ones, and all that lead to what was chosen.

    Attributes:
        likely: those of the recorded policy or of the program's.
        possible: ``likely`` alone where the recording has them; empty: too many to try.
    """

    def __init__(self, likely: Tiers, possible: tuple[Tiers, ...]) -> None:
        self.likely = likely
        self.possible = possible

    def what_if(
        self,
        change: str,
        choose: Callable[[Tiers], Choice],
        shares: Sequence[NamedGroup],
        note: str = "",
    ) -> WhatIf:
        """The choice made again in all tiers that may be; ``shares``: those sent then."""
        choice = choose(self.likely)
        results = {choose(tiers).chosen for tiers in self.possible}
        certain = results == {choice.chosen}
        assumed = "" if certain else ", if its tiers are those of the default policy"
        if choice.chosen is None:
            return WhatIf(change, _NOTHING, certain)
        name = name_of(choice.chosen)
        if not note and choice.chosen not in shares:
            note = " by a HelloRetryRequest: one round trip more"
        result = f"{name} would have been chosen{note}{assumed}"
        return WhatIf(change, result, certain, name)


def tierings_of(
    facts: Facts, offered: Sequence[NamedGroup], able: tuple[NamedGroup, ...], chosen: NamedGroup
) -> Tierings:
    """What the recording knows of the tiers of ``able``."""
    recorded = _recorded(facts, able)
    if recorded is not None:
        return Tierings(recorded, (recorded,))
    standard = (*defaults.GROUP_TIERS, defaults.FINITE_FIELDS)
    likely = _sorted_into(standard, able)
    if len(able) > CUTS_LIMIT:
        return Tierings(likely, ())
    fitting = tuple(
        tiers
        for tiers in _cuts(able)
        if choose_group(offered, facts.shares, tiers).chosen == chosen
    )
    return Tierings(likely, fitting)


def _recorded(facts: Facts, able: tuple[NamedGroup, ...]) -> Tiers | None:
    """The policy's tiers with the groups that were able, if they are in it in this order."""
    configuration = facts.recording.configuration
    if configuration is None or configuration.role is not facts.role:
        return None
    tiers: list[list[NamedGroup]] = [[]]
    for item in configuration.settings.get("policy.group_tiers", ()):
        if isinstance(item, NamedGroup):
            tiers[-1].append(item)
        else:
            tiers.append([])
    found = _sorted_into(tiers, able)
    return found if tuple(group for tier in found for group in tier) == able else None


def _sorted_into(tiers: Sequence[Sequence[NamedGroup]], able: Sequence[NamedGroup]) -> Tiers:
    placed = [tuple(group for group in able if group in tier) for tier in tiers]
    known = {group for tier in placed for group in tier}
    others = tuple(group for group in able if group not in known)
    return tuple(tier for tier in (*placed, others) if tier)


def _cuts(able: tuple[NamedGroup, ...]) -> Iterator[Tiers]:
    """Every way to cut a list into runs."""
    for mask in range(1 << max(0, len(able) - 1)):
        places = [0, *(n + 1 for n in range(len(able) - 1) if mask >> n & 1), len(able)]
        yield tuple(able[a:b] for a, b in pairwise(places))


def retried(facts: Facts) -> bool:
    """Whether the server asked for another hello."""
    return facts.retry is not None
