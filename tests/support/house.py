"""The source tree read as text: which module imports which, without running any of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["REPOSITORY", "SOURCE", "Import", "Module", "modules"]

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCE = REPOSITORY / "src" / "tlsee"


@dataclass(frozen=True)
class Import:
    """One imported name: `target` is as deep as modules go, or a foreign dotted name."""

    target: str
    line: int
    at_module_level: bool


@dataclass(frozen=True)
class Module:
    """A file of the package; `imports` holds lazy and typing-only ones too: they bind as well."""

    name: str
    path: Path
    lines: int
    imports: tuple[Import, ...]

    @property
    def room(self) -> str:
        """The first name below ``tlsee``; empty for the door."""
        return self.name.partition(".")[2].partition(".")[0]


@cache
def modules() -> dict[str, Module]:
    """Every module of the package by its dotted name."""
    paths = {_name_of(path): path for path in sorted(SOURCE.rglob("*.py"))}
    return {name: _read(name, path, frozenset(paths)) for name, path in paths.items()}


def _name_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(name: str, path: Path, ours: frozenset[str]) -> Module:
    text = path.read_text(encoding="utf-8")
    found = tuple(_imports(ast.parse(text), ours, at_module_level=True))
    return Module(name, path, len(text.splitlines()), found)


def _imports(node: ast.AST, ours: frozenset[str], *, at_module_level: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, at_module_level)
        elif isinstance(child, ast.ImportFrom):
            base = "." * child.level + (child.module or "")
            for alias in child.names:
                deeper = f"{base}.{alias.name}"
                foreign = base.partition(".")[0] != "tlsee"
                target = deeper if foreign or deeper in ours else base
                yield Import(target, child.lineno, at_module_level)
        else:
            lazy = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(
                child,
                ours,
                at_module_level=at_module_level and not lazy and not _guarded(child),
            )


def _guarded(node: ast.AST) -> bool:
    """An ``if`` or ``try`` around an import is how a platform's absence is allowed for."""
    return isinstance(node, ast.If | ast.Try)
