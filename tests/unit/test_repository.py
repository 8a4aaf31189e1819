"""What lies in the repository: nothing of one machine, nothing of one package index."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.support.house import REPOSITORY
from tests.support.missing import missing

REQUIREMENTS = REPOSITORY / "requirements"
PINNED = re.compile(r"[a-z0-9][a-z0-9._-]*==[\w.!+]+( ; .+?)?( ?--hash=sha256:[0-9a-f]{64})+")
# Written so that this file does not match itself.
FORBIDDEN = {
    "an address of a package index": re.compile(
        r"index[-_]url|find[-_]links|pypi\.(org|python\.org)/simple|registry\+http"
        r'|"resolved": *"http|registry *= *"http|GOPROXY=[h]ttp',
        re.IGNORECASE,
    ),
    "a path of somebody's machine": re.compile(
        r"(?<![\w.~-])/(home|Users|root|work|farm|workspace|builds)/(?!\*)\w", re.ASCII
    ),
    "a merge that was not finished": re.compile(r"^(<{7}|>{7})( |$)", re.MULTILINE),
}
# Their kind writes addresses of an index, or of the machine that made them.
LOCK_FILES = {
    "Cargo.lock", "Pipfile.lock", "package-lock.json", "npm-shrinkwrap.json", "pdm.lock",
    "pnpm-lock.yaml", "poetry.lock", "uv.lock", "yarn.lock",
}  # fmt: skip


@cache
def _tracked() -> tuple[Path, ...]:
    if not (REPOSITORY / ".git").exists():
        missing("the repository's history", "a clone of it (this is an unpacked archive)")
    listed = subprocess.run(
        ["git", "-C", str(REPOSITORY), "ls-files", "-z"], capture_output=True, check=True
    ).stdout.decode()
    paths = (REPOSITORY / name for name in listed.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


@pytest.mark.parametrize("what", sorted(FORBIDDEN))
def test_no_tracked_file_holds(what: str) -> None:
    """No tracked text names an index or a path that only one machine has."""
    found = []
    for path in _tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for hit in FORBIDDEN[what].finditer(text):
            line = text.count("\n", 0, hit.start()) + 1
            found.append(f"{path.relative_to(REPOSITORY).as_posix()}:{line} {hit[0]!r}")
    assert not found, f"{what}: " + "\n".join(found)


def test_no_lock_file_that_carries_addresses() -> None:
    """Locks are requirements files with hashes; other kinds write addresses and stay out."""
    assert not [path for path in _tracked() if path.name in LOCK_FILES]


def _blocks(path: Path) -> list[str]:
    """The file's logical lines: a requirement and its hashes each."""
    joined = re.sub(r"\\\n\s*", "", path.read_text(encoding="utf-8"))
    return [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_requirement_is_pinned_and_hashed(path: Path) -> None:
    """A locked requirement is one exact version with at least one sha256, and nothing else."""
    wrong = [line for line in _blocks(path) if not PINNED.fullmatch(line)]
    assert not wrong, wrong


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.glob("*.in")), ids=lambda path: path.stem)
def test_every_wish_is_locked(path: Path) -> None:
    """Whatever stands in an .in file stands, locked, in the .txt file beside it."""
    wishes = {
        re.split(r"[<>=~! ]", line)[0].lower()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "-"))
    }
    locked = {line.partition("==")[0] for line in _blocks(path.with_suffix(".txt"))}
    assert wishes <= locked, wishes - locked


def test_locks_agree_with_one_another() -> None:
    """All sets go into one environment, so no two of them may pin a package differently."""
    pins: dict[str, set[str]] = {}
    for path in REQUIREMENTS.glob("*.txt"):
        for line in _blocks(path):
            name, _, rest = line.partition("==")
            pins.setdefault(name, set()).add(re.split(r"[ ;-]", rest)[0])
    assert not {name: versions for name, versions in pins.items() if len(versions) > 1}


def test_the_lock_is_of_what_the_package_declares() -> None:
    """requirements/runtime.in and the package's own dependencies are the same list."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = (REQUIREMENTS / "runtime.in").read_text(encoding="utf-8").splitlines()
    assert project["dependencies"] == [line for line in runtime if line and line[0] not in "#-"]
