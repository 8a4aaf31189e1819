"""What it costs to have: memory per idle connection, import, start of the command."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import contenders
from benchmarks.children import ROOT, Child, environment, saved
from benchmarks.material import Material
from benchmarks.measure import Effort
from benchmarks.results import SUBJECT, Case, Outcome

PAIRS = {"full": 400, "quick": 100, "smoke": 40}
STARTS = {"full": 15, "quick": 5, "smoke": 1}
MEMORY_ROUNDS = {"full": 3, "quick": 1, "smoke": 1}


def idle_memory(material: Material, effort: Effort) -> Outcome:
    """Bytes that one end of an open, quiet connection holds, each library in fresh processes."""
    found, missing = contenders.available()
    names = [name for name, each in found.items() if each.bulk]
    figures: dict[str, dict[str, list[float]]] = {"resident": {}, "traced": {}}
    with saved(material) as directory:
        for _ in range(MEMORY_ROUNDS[effort.name]):
            for how, of in figures.items():
                for name in names:
                    # tlslite-ng needs 11 ms a handshake; its size does not depend on the number.
                    count = PAIRS[effort.name]
                    with Child("idle", name, directory, how, count) as child:
                        of.setdefault(name, []).append(float(child.line()))
    cases = [
        Case("growth of the process per end", "B", figures["resident"]),
        Case("allocated by Python per end (tracemalloc)", "B", figures["traced"]),
    ]
    notes = [f"{name} is not installed" for name in missing]
    return Outcome("idle-memory", "Memory per idle connection", cases, notes)


def import_time(material: Material, effort: Effort) -> Outcome:
    """``python -c 'import X'``, whole processes; of tlsee with what a connection needs."""
    del material
    found, missing = contenders.available()
    commands = {name: _import(each.module) for name, each in found.items()}
    if SUBJECT in commands:  # the bare import puts off nearly all of its work
        commands["bare import tlsee"] = commands[SUBJECT]
        commands[SUBJECT] = [sys.executable, "-c", "from tlsee import ClientConfig, connect"]
    commands["python alone"] = [sys.executable, "-c", "pass"]
    notes = [f"{name} is not installed" for name in missing]
    case = Case("python -c 'import ..', start to end", "s", _starts(commands, effort))
    return Outcome("import", "Import time", [case], notes)


def command_start(material: Material, effort: Effort) -> Outcome:
    """``tlsee --version`` beside a Python that imports ``ssl``."""
    del material
    found, missing = contenders.available([SUBJECT])
    commands = {SUBJECT: _program()} if found else {}
    commands["import ssl"] = _import("ssl")
    commands["python alone"] = [sys.executable, "-c", "pass"]
    notes = [f"{name} is not installed" for name in missing]
    case = Case("tlsee --version, start to end", "s", _starts(commands, effort))
    return Outcome("command", "Start of the command", [case], notes)


def _program() -> list[str]:
    beside = shutil.which("tlsee", path=str(Path(sys.executable).parent))
    return [beside, "--version"] if beside else [sys.executable, "-m", "tlsee", "--version"]


def _import(module: str) -> list[str]:
    return [sys.executable, "-c", f"import {module}"]


def _starts(commands: dict[str, list[str]], effort: Effort) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as cache:
        # Compiled modules as an installation has them, whatever the checkout or the user wants.
        settings = {**environment(), "PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": ""}
        for command in commands.values():
            _start(command, settings)
        for _ in range(STARTS[effort.name]):
            for name, command in commands.items():
                figures[name].append(_start(command, settings))
    return figures


def _start(command: list[str], settings: dict[str, str]) -> float:
    start = time.perf_counter()  # and no timeout=: with one, run() sleeps between looks
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=settings)
    return time.perf_counter() - start
