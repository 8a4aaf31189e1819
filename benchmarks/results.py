"""What a run yields: figures per contender, ratios to them, and the goals they are held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.measure import Spread, ratios

SUBJECT = "tlsee"


@dataclass(frozen=True)
class Goal:
    """A bound for the ratio to one contender: ``now`` for this stage, ``project`` at the end."""

    now: float
    project: float | None = None


@dataclass(frozen=True)
class Case:
    """One comparison.

    ``figures`` are one number a round and contender, in ``unit``. With ``more_is_better`` the
    ratio of tlsee to another is wanted high (a throughput), otherwise low (a time, a size).
    """

    title: str
    unit: str
    figures: Mapping[str, list[float]]
    more_is_better: bool = False
    subject: str = SUBJECT
    goals: Mapping[str, Goal] = field(default_factory=dict)

    @property
    def others(self) -> list[str]:
        """The contenders but for variants of the subject."""
        return [name for name in self.figures if not name.startswith(SUBJECT)]

    def spread(self, name: str) -> Spread:
        """Median and quartiles of one contender's figures."""
        return Spread.of(self.figures[name])

    def ratio(self, other: str) -> Spread | None:
        """tlsee to ``other``, or nothing where one of them has no figures here."""
        if self.subject not in self.figures or other not in self.figures:
            return None
        return ratios(self.figures[self.subject], self.figures[other])

    def met(self, other: str) -> bool | None:
        """Whether the median ratio keeps the goal of this stage; nothing where none is set."""
        ratio, goal = self.ratio(other), self.goals.get(other)
        if ratio is None or goal is None:
            return None
        return ratio.median >= goal.now if self.more_is_better else ratio.median <= goal.now

    def as_json(self) -> dict[str, Any]:
        """Spreads, ratios and goals; the single figures too."""
        compared = {other: self.ratio(other) for other in self.others}
        return {
            "title": self.title,
            "unit": self.unit,
            "better": "more" if self.more_is_better else "less",
            "subject": self.subject,
            "figures": {
                name: {**vars(self.spread(name)), "rounds": figures}
                for name, figures in self.figures.items()
            },
            "ratios": {name: vars(ratio) for name, ratio in compared.items() if ratio},
            "goals": {
                name: {**vars(goal), "met": self.met(name)} for name, goal in self.goals.items()
            },
        }


@dataclass(frozen=True)
class Outcome:
    """A scenario's cases, or why there are none."""

    name: str
    title: str
    cases: list[Case]
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The scenario for ``--json``."""
        return {
            "name": self.name,
            "title": self.title,
            "cases": [case.as_json() for case in self.cases],
            "notes": self.notes,
        }
