"""Choices by order: the first of one list that stands in the other; shared by several rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tlsee.explain.why.facts import without
from tlsee.explain.why.values import WhatIf
from tlsee.explain.why.words import name_of, shown
from tlsee.trace import Choice

__all__ = ["again", "limited", "would"]


def would(change: str, choice: Choice, otherwise: str, note: str = "") -> WhatIf:
    """A choice made again, for certain."""
    if choice.chosen is None:
        return WhatIf(change, otherwise, certain=True)
    name = name_of(choice.chosen)
    return WhatIf(change, f"{name} would have been chosen{note}", certain=True, then=name)


def again(
    choose: Callable[[Sequence[Any]], Choice], offered: Sequence[Any], gone: Any, otherwise: str
) -> WhatIf:
    """The same choice without the winner in the offer."""
    change = f"the client had not offered {name_of(gone)}"
    return would(change, choose(without(offered, gone)), otherwise)


def limited(change: str, left: Sequence[Any], decider: str) -> WhatIf:
    """What is certain where the peer decides: what it could not have chosen, and what is left."""
    were = "was" if len(left) == 1 else "were"
    remained = f"{shown(left)} {were} left" if left else "nothing else of the kind was left"
    result = (
        f"{decider} could not have chosen it; {remained}; what it would have done it did not say"
    )
    return WhatIf(change, result, certain=True)
