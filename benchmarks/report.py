"""The table of 80 columns, the JSON and RESULTS.md: three views of the same outcomes."""

from __future__ import annotations

import datetime as dt
import os
import platform
import ssl
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.results import Case, Outcome

SCHEMA = "tlsee.benchmark/1"
HERE = Path(__file__).parent
_SCALES = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")),
    "B/s": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s")),
    "B": ((1e6, "MB"), (1e3, "kB"), (1.0, "B")),
    "/s": ((1.0, "/s"),),
    "blocks": ((1.0, "blocks"),),
}


def shown(figure: float, unit: str) -> str:
    """A figure with three digits and the unit that fits it."""
    for scale, name in _SCALES[unit]:
        if figure >= scale or (scale, name) == _SCALES[unit][-1]:
            return f"{_number(figure / scale)} {name}"
    raise AssertionError(unit)


def _number(figure: float) -> str:
    """Three digits, never an exponent."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:#.3g}"


def machine() -> dict[str, Any]:
    """What the figures depend on; nothing that names the machine."""
    packages = ("cryptography", "pyOpenSSL", "tlslite-ng", "aioquic")
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "openssl_of_ssl": ssl.OPENSSL_VERSION,
        "openssl_of_cryptography": _inner_openssl(),
        "packages": {name: _version(name) for name in packages},
    }


def _inner_openssl() -> str | None:
    from cryptography.hazmat.backends.openssl.backend import backend

    return backend.openssl_version_text()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def table(outcome: Outcome) -> str:
    """One scenario at 80 columns."""
    lines = ["", outcome.title]
    for case in outcome.cases:
        wanted = "more" if case.more_is_better else "less"
        lines.append(f"  {case.title + ' ':.<52} {wanted} is better")
        lines.extend(_rows(case))
    lines.extend(f"  note: {note}" for note in outcome.notes)
    return "\n".join(lines)


def _rows(case: Case) -> list[str]:
    if case.subject in case.figures:
        ours = shown(case.spread(case.subject).median, case.unit)
        rows = [f"    {case.subject:<19}{ours:>10}"]
    else:
        rows = []
    for other in case.others:
        theirs = shown(case.spread(other).median, case.unit)
        rows.append(f"    {other:<19}{theirs:>10}  {_compared(case, other)}".rstrip())
    return rows


def _compared(case: Case, other: str) -> str:
    ratio = case.ratio(other)
    if ratio is None:
        return ""
    text = f"x {_number(ratio.median):<6} ({_number(ratio.low)} to {_number(ratio.high)})"
    goal = case.goals.get(other)
    if goal is None:
        return text
    sign = ">=" if case.more_is_better else "<="
    return f"{text:<26} {sign} {goal.now:.2g} {'met' if case.met(other) else 'NOT met'}"


def as_json(outcomes: Sequence[Outcome], mode: str) -> dict[str, Any]:
    """Everything, for other programs."""
    now = dt.datetime.now(dt.UTC)
    return {
        "schema": SCHEMA,
        "date": now.date().isoformat(),
        "mode": mode,
        "machine": machine(),
        "scenarios": [outcome.as_json() for outcome in outcomes],
    }


def markdown(outcomes: Sequence[Outcome], mode: str) -> str:
    """RESULTS.md: ratios, date and kind of machine; NOTES.md, written by hand, follows below."""
    facts = as_json((), mode)
    about = facts["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
    lines = [
        "# Benchmark results",
        "",
        "Written by `python -m benchmarks --write-results`; the notes at the end are NOTES.md.",
        "A ratio is tlsee to the other, taken pair by pair in turn within one process and run:",
        "the median, and the quartiles in brackets. Only ratios carry over to another machine.",
        "",
        (
            f"{facts['date']}, mode {mode}: {about['system']} on {about['architecture']}, "
            f"{about['cores']} cores, Python {about['python']}; "
            f"`ssl` on {about['openssl_of_ssl']}; "
            f"`cryptography` on {about['openssl_of_cryptography']}; {packages}."
        ),
    ]
    for outcome in outcomes:
        lines += ["", f"## {outcome.title}", "", "| what | against | ratio | wanted | goal |"]
        lines += ["|---|---|---|---|---|"]
        lines += [_markdown_row(case, other) for case in outcome.cases for other in case.others]
        lines += [f"\nNote: {note}." for note in outcome.notes]
    return "\n".join(lines) + "\n\n" + (HERE / "NOTES.md").read_text(encoding="utf-8")


def _markdown_row(case: Case, other: str) -> str:
    ratio, goal = case.ratio(other), case.goals.get(other)
    cell = "-"
    if ratio is not None:
        cell = f"{_number(ratio.median)} ({_number(ratio.low)} to {_number(ratio.high)})"
    wanted, sign = ("more", ">=") if case.more_is_better else ("less", "<=")
    aim = ""
    if goal:
        final = f", finally {sign} {goal.project:.2g}" if goal.project else ""
        aim = f"{sign} {goal.now:.2g} {'met' if case.met(other) else 'not met'}{final}"
    return f"| {case.title} | {other} | {cell} | {wanted} | {aim} |"
