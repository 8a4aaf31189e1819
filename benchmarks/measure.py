"""Measuring in turn: A B C A B C ..., so that what the machine does meanwhile hits all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds of turns, and the seconds one contender works in a turn."""

    name: str
    rounds: int
    seconds: float

    @property
    def smoke(self) -> bool:
        """One iteration of each: does it run, not how fast."""
        return self.seconds == 0.0


FULL = Effort("full", rounds=31, seconds=0.12)
QUICK = Effort("quick", rounds=7, seconds=0.04)
SMOKE = Effort("smoke", rounds=1, seconds=0.0)


@dataclass(frozen=True)
class Spread:
    """The median and the quartiles of some figures."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Quartiles by linear interpolation; of one figure, that figure."""
        if len(figures) == 1:
            return cls(figures[0], figures[0], figures[0])
        low, median, high = statistics.quantiles(figures, n=4, method="inclusive")
        return cls(median, low, high)


def in_turn(
    work: Mapping[str, Work], effort: Effort, switches: Mapping[str, Work] | None = None
) -> dict[str, list[float]]:
    """Seconds per call of each contender, one figure a round, taken in turn.

    A contender's switch is thrown before each of its turns, outside the interval, and followed by
    a call that is not timed.

    Each contender gets its own number of calls per turn, so that a turn takes about
    ``effort.seconds`` for the quick and the slow alike. The cyclic collector stays on, as it does
    in a program, but what existed before is frozen: whose garbage it is, pays.
    """
    switches = switches or {}
    calls = {name: _calls(each, effort) for name, each in work.items()}
    figures: dict[str, list[float]] = {name: [] for name in work}
    gc.collect()
    gc.freeze()
    try:
        for _ in range(effort.rounds):
            for name, each in work.items():
                if name in switches:
                    switches[name]()
                    each()
                figures[name].append(_timed(each, calls[name]))
    finally:
        gc.unfreeze()
    return figures


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Ours divided by theirs, pair by pair of the same round."""
    return Spread.of([a / b for a, b in zip(ours, theirs, strict=True)])


def _timed(work: Work, calls: int) -> float:
    gc.collect()
    times = range(calls)
    start = time.perf_counter()
    for _ in times:
        work()
    return (time.perf_counter() - start) / calls


def _calls(work: Work, effort: Effort) -> int:
    if effort.smoke:
        return 1
    work()  # compiles and caches what is made at first use
    once = min(_timed(work, 1) for _ in range(3))
    return max(1, round(effort.seconds / once))
