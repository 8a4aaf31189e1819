"""States of the machine, composed of what the code says about each of them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache

from tlsee import handshake
from tlsee.explain.dictionary.entry import Entry
from tlsee.handshake.machine import State

# By the module: who is in its states, and where the states are drawn.
_PLACES = (
    ("client12", "a client of TLS 1.2", "RFC 5246, 7.3"),
    ("server12", "a server of TLS 1.2", "RFC 5246, 7.3"),
    ("post12", "either side in TLS 1.2", "RFC 5246, 7.3"),
    ("client", "a client", "RFC 9846, A.1"),
    ("server", "a server", "RFC 9846, A.2"),
    ("post13", "either side in TLS 1.3", "RFC 9846, A.1"),
)


@cache
def state_entries() -> tuple[Entry, ...]:
    """One entry for each name; states of the same name are told in one."""
    for module in pkgutil.iter_modules(handshake.__path__):
        importlib.import_module(f"{handshake.__name__}.{module.name}")
    by_name: dict[str, list[type[State]]] = {}
    for cls in _below(State):
        if cls.rfc and cls not in by_name.setdefault(cls.__name__, []):
            by_name[cls.__name__].append(cls)
    return tuple(_entry(name, classes) for name, classes in by_name.items())


def _below(cls: type[State]) -> Iterator[type[State]]:
    for one in cls.__subclasses__():
        yield one
        yield from _below(one)


def _entry(name: str, classes: list[type[State]]) -> Entry:
    parts: dict[str, str] = {}
    clauses: list[str] = []
    for cls in classes:
        who, clause = _place(cls)
        parts.setdefault(f"{who}: {_sentence(cls)}", "")
        clauses.append(clause)
    figure = dict.fromkeys(cls.rfc for cls in classes)
    means = f"In the figure of Appendix A: {', '.join(f for f in figure if f[0] != '1')}."
    if all(rfc.startswith("1.2 ") for rfc in figure):
        means = ""
    also = tuple(rfc.removeprefix("1.2 ") for rfc in figure)
    what = " ".join(f"{part[0].upper()}{part[1:]}" for part in parts)
    return Entry(name, "state", what, clauses[0], None, means, also=also, see=("state machine",))


def _place(cls: type[State]) -> tuple[str, str]:
    module = cls.__module__.rpartition(".")[2].removeprefix("hello_")
    for start, who, clause in _PLACES:
        if module.startswith(start):
            return who, clause
    return "either side", "RFC 9846, A"


def _sentence(cls: type[State]) -> str:
    """The first paragraph of what the code says, without its marks."""
    first = (cls.__doc__ or "").strip().partition("\n\n")[0]
    return re.sub(r"\s+", " ", first.replace("``", ""))
