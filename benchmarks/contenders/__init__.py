"""The libraries that are measured, each behind the same few calls."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import cast

from benchmarks.contenders.base import Contender

MODULES = {
    "tlsee": "with_tlsee",
    "ssl": "with_ssl",
    "pyOpenSSL": "with_pyopenssl",
    "tlslite-ng": "with_tlslite",
    "aioquic": "with_aioquic",
}


def contender(name: str) -> Contender:
    """Import one adapter.

    Raises:
        ImportError: the library is not installed.
    """
    module = importlib.import_module(f"benchmarks.contenders.{MODULES[name]}")
    return cast("Contender", module.CONTENDER)


def available(names: Iterable[str] = tuple(MODULES)) -> tuple[dict[str, Contender], list[str]]:
    """The adapters that can be imported, in order, and the names of those that cannot."""
    found: dict[str, Contender] = {}
    missing: list[str] = []
    for name in names:
        try:
            found[name] = contender(name)
        except ImportError:
            missing.append(name)
    return found, missing
