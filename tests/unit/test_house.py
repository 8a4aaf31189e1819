"""The house of docs/architecture.md: who may import whom, held by reading the imports."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.support.house import REPOSITORY, Import, Module, modules

FLOORS = {
    **dict.fromkeys(["codes", "codes12", "errors", "reasons", "values", "text", "defaults"], 0),
    "wire": 1,
    **dict.fromkeys(["crypto", "trace"], 2),
    **dict.fromkeys(["keys", "identity"], 3),
    "sessions": 4,
    **dict.fromkeys(
        ["config", "config_checks", "deciders", "negotiable", "offer", "policies", "questions"], 5
    ),
    "handshake": 6,
    "connection": 7,
    **dict.fromkeys(["recording", "streams", "ssl_compat"], 8),
    **dict.fromkeys(["explain", "lab"], 9),
    # The doors and the program: the program uses the door, and no cycle may come of it.
    **dict.fromkeys(["", "insecure", "cli", "__main__"], 10),
}
LONGEST_MODULE = 400
# Foreign package -> the only places (module or package, dotted) that may import it.
ONLY_IN = {
    "cryptography.hazmat": ("tlsee.crypto",),
    "cryptography.x509": ("tlsee.identity",),
    "certifi": ("tlsee.identity",),
    "idna": ("tlsee.identity",),
    "publicsuffixlist": ("tlsee.identity",),
    "redis": ("tlsee.sessions",),
    "dpkt": ("tlsee.explain.capture",),
    "pcapng": ("tlsee.explain.capture",),
    "click": ("tlsee.cli",),
    "rich": ("tlsee.cli", "tlsee.explain.report"),
    "htpy": ("tlsee.explain.report", "tlsee.cli.live"),
    "markupsafe": ("tlsee.explain.report", "tlsee.cli.live"),
    "starlette": ("tlsee.cli.live",),
    "uvicorn": ("tlsee.cli.live",),
}
POSIX_ONLY = {
    "crypt", "curses", "fcntl", "grp", "nis", "ossaudiodev", "posix", "pty", "pwd", "readline",
    "resource", "spwd", "syslog", "termios", "tty",
}  # fmt: skip
# Besides the standard library and what pyproject.toml names.
OPTIONAL = {"idna", "anyio", "redis", "publicsuffixlist", "pkcs11", "starlette", "uvicorn"}
OPTIONAL |= {"dpkt", "pcapng"}


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def _foreign() -> Iterator[tuple[Module, Import]]:
    for module in modules().values():
        for imported in module.imports:
            if not _within(imported.target, "tlsee"):
                yield module, imported


def _at(module: Module, imported: Import) -> str:
    where = module.path.relative_to(REPOSITORY).as_posix()
    return f"{where}:{imported.line} imports {imported.target}"


def test_every_room_has_a_floor() -> None:
    """A new room is placed on purpose: one without a floor is named here."""
    homeless = sorted({m.name for m in modules().values() if m.room not in FLOORS})
    assert not homeless, f"give these a floor in FLOORS and in docs/architecture.md: {homeless}"


def test_no_import_goes_up() -> None:
    """No module reaches above its own floor, be it lazily or for its types only."""
    ups = []
    for module in modules().values():
        for imported in module.imports:
            if not _within(imported.target, "tlsee"):
                continue
            room = imported.target.partition(".")[2].partition(".")[0]
            if FLOORS.get(room, 0) > FLOORS.get(module.room, 0):
                ups.append(_at(module, imported))
    assert not ups, "\n".join(ups)


def test_no_cycles() -> None:
    """The imports form no cycle, also not within a floor or a room."""
    edges = {
        name: {i.target for i in module.imports if _within(i.target, "tlsee")}
        for name, module in modules().items()
    }
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as error:
        pytest.fail("cycle: " + " <- ".join(error.args[1]), pytrace=False)


def test_every_import_of_our_own_names_a_module() -> None:
    """Imports are absolute, and those of ``tlsee`` name a module that exists."""
    wrong = [
        _at(module, imported)
        for module in modules().values()
        for imported in module.imports
        if imported.target.startswith(".")
        or (_within(imported.target, "tlsee") and imported.target not in modules())
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", sorted(ONLY_IN))
def test_a_foreign_package_has_one_home(package: str) -> None:
    """``cryptography.hazmat`` only in crypto/, ``cryptography.x509`` only in identity/, ..."""
    strays = [
        _at(module, imported)
        for module, imported in _foreign()
        if _within(imported.target, package)
        and not any(_within(module.name, home) for home in ONLY_IN[package])
    ]
    assert not strays, "\n".join(strays)


def test_nothing_undeclared_is_imported() -> None:
    """What is imported is the standard library's, a dependency, or a guarded optional package."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {d.partition(">")[0].partition("=")[0] for d in project["dependencies"]}
    undeclared = []
    for module, imported in _foreign():
        top = imported.target.partition(".")[0]
        optional = top in OPTIONAL and not imported.at_module_level
        if top not in sys.stdlib_module_names and top not in declared and not optional:
            undeclared.append(_at(module, imported))
    assert not undeclared, "\n".join(undeclared)


def test_nothing_posix_only_at_import() -> None:
    """Every module can be imported on Windows: what only POSIX has is imported under a guard."""
    strays = [
        _at(module, imported)
        for module, imported in _foreign()
        if imported.at_module_level and imported.target.partition(".")[0] in POSIX_ONLY
    ]
    assert not strays, "\n".join(strays)


def test_no_module_is_too_long() -> None:
    """A module that passes 400 lines wants to be two rooms."""
    long = {m.name: m.lines for m in modules().values() if m.lines > LONGEST_MODULE}
    assert not long, long


def test_every_module_says_what_it_is() -> None:
    """Every module and package begins with a docstring that says something."""
    mute = [
        name
        for name, module in modules().items()
        if not module.path.read_text(encoding="utf-8").lstrip().startswith(('"""', 'r"""'))
        or module.path.read_text(encoding="utf-8").lstrip().startswith('""""""')
    ]
    assert not mute, mute


def test_import_tlsee_is_lean() -> None:
    """``import tlsee`` brings neither click nor rich, and warns of nothing."""
    look = "import sys, tlsee; print(sorted({'click', 'rich'} & set(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", look],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
    )
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")
