"""The benchmark runs: one iteration of every scenario, no figure judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measure import SMOKE, Spread, in_turn, ratios
from benchmarks.results import Case, Goal
from benchmarks.scenarios import SCENARIOS

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_compares_tlsee_with_the_others(scenario: str, tmp_path: Path) -> None:
    """Each scenario runs in a process of its own and has figures of tlsee and of another."""
    written = tmp_path / "run.json"
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", scenario, "--smoke", "--json", str(written)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert max(map(len, run.stdout.splitlines())) <= 80
    report = json.loads(written.read_text(encoding="utf-8"))
    assert report["schema"] == "tlsee.benchmark/1"
    (outcome,) = report["scenarios"]
    for case in outcome["cases"]:
        assert case["subject"] in case["figures"]
        assert case["ratios"]


def test_work_is_done_in_turn() -> None:
    """A B A B, so that a disturbance hits neighbours alike, and one figure each a round."""
    order: list[str] = []
    figures = in_turn({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, SMOKE)
    assert order == ["a", "b"]
    assert {name: len(each) for name, each in figures.items()} == {"a": 1, "b": 1}


def test_a_ratio_is_of_pairs() -> None:
    """Quartiles of the pairwise ratios, not the ratio of medians."""
    assert ratios([1.0, 4.0, 9.0], [1.0, 2.0, 3.0]) == Spread(2.0, 1.5, 2.5)


@pytest.mark.parametrize(("more", "met"), [(False, True), (True, False)])
def test_a_goal_has_a_direction(more: bool, met: bool) -> None:
    """A time is to stay below its goal, a throughput above it."""
    figures = {"tlsee": [1.0], "ssl": [2.0]}
    case = Case("x", "s", figures, more_is_better=more, goals={"ssl": Goal(1.0)})
    assert case.met("ssl") is met
