"""A serving process under a load tool in another process: handshakes per second."""

from __future__ import annotations

import contextlib
from pathlib import Path

from benchmarks import contenders
from benchmarks.children import Child, saved
from benchmarks.contenders.base import BlockingContender
from benchmarks.material import Material
from benchmarks.measure import Effort
from benchmarks.results import Case, Outcome

ROUNDS = {"full": 7, "quick": 2, "smoke": 1}
SECONDS = {"full": 1.0, "quick": 0.5, "smoke": 0.0}
CLIENTS = 4


def serving(material: Material, effort: Effort) -> Outcome:
    """The same load tool, on ``ssl`` and verifying, against a process of each library in turn."""
    found, missing = contenders.available()
    notes = [f"{name} is not installed" for name in missing]
    notes.append("the load tool takes a core of its own; CPU time is the server's alone")
    rates: dict[str, list[float]] = {}
    costs: dict[str, list[float]] = {}
    with saved(material) as directory, contextlib.ExitStack() as stack:
        servers: dict[str, tuple[Child, int]] = {}
        for name, each in found.items():
            if isinstance(each, BlockingContender):
                child = stack.enter_context(Child("serve", name, directory))
                servers[name] = child, int(child.line())
        for name, (_, port) in servers.items():
            _load(name, directory, port, 0.0)  # what is compiled and cached at first use
        for _ in range(ROUNDS[effort.name]):
            for name, (child, port) in servers.items():
                before = float(child.ask())
                count, elapsed = _load(name, directory, port, SECONDS[effort.name])
                rates.setdefault(name, []).append(count / elapsed)
                costs.setdefault(name, []).append((float(child.ask()) - before) / count)
    cases = [
        Case("handshakes per second", "/s", rates, more_is_better=True),
        Case("CPU time of the server per handshake", "s", costs),
    ]
    return Outcome("serving", "A serving process under load, x25519", cases, notes)


def _load(name: str, directory: Path, port: int, seconds: float) -> tuple[int, float]:
    with Child("load", name, directory, port, seconds, CLIENTS) as child:
        count, elapsed = child.line().split()
    return int(count), float(elapsed)
