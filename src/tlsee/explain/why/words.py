"""How candidates and what-ifs are said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tlsee.codes import CipherSuite, OpenEnum
from tlsee.explain.layout import listed
from tlsee.explain.why.values import CANDIDATES_SHOWN, WHAT_IFS_SHOWN, Candidate, WhatIf
from tlsee.text import printable
from tlsee.trace import Role

__all__ = [
    "NAMES_SHOWN",
    "SIGNALS",
    "candidates",
    "few",
    "name_of",
    "number_of",
    "plain_words",
    "shown",
    "this",
]

NAMES_SHOWN = 6  # in a sentence
NAME_LENGTH = 64
# RFC 5746 and RFC 7507: they stand among the suites and are none.
SIGNALS = (CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV, CipherSuite.TLS_FALLBACK_SCSV)
# RFC 8701, 2: one of them stands among the ALPN names.
_GREASE_LENGTH = 2


def name_of(item: Any) -> str:
    """What a value is called: as its registry spells it; a peer's bytes escaped."""
    if isinstance(item, OpenEnum):
        return str(getattr(item, "label", item.name)) if item.is_known else item.name
    if isinstance(item, bytes | str):
        return printable(item, NAME_LENGTH)
    return printable(str(item), NAME_LENGTH)


def number_of(item: Any) -> int | None:
    """Its code point."""
    return int(item) if isinstance(item, OpenEnum) else None


def shown(items: Iterable[Any], word: str = "and") -> str:
    """Their names in a sentence, the first few of them."""
    names = [name_of(item) for item in items if not is_grease(item)]
    more = len(names) - NAMES_SHOWN
    if more > 1:
        names = [*names[:NAMES_SHOWN], f"{more} more"]
    return listed(names, word)


def is_grease(item: Any) -> bool:
    """Whether RFC 8701 reserves it."""
    if isinstance(item, bytes):
        return len(item) == _GREASE_LENGTH and item[0] == item[1] and item[0] & 0x0F == 0x0A
    return bool(getattr(item, "is_grease", False))


def plain_words(item: Any) -> str:
    """What there is to say of a value whoever decides: nothing for an ordinary one."""
    if is_grease(item):
        return "GREASE: it means nothing, and keeps peers from choking on new values (RFC 8701)"
    if item in SIGNALS and isinstance(item, CipherSuite):
        return "a signal among the suites, and none itself"
    if isinstance(item, OpenEnum) and not item.is_known:
        return "a code point that nothing here knows"
    return ""


def candidates(
    offered: Sequence[Any],
    able: Sequence[Any] | None,
    chosen: Any,
    lost: Callable[[Any], str],
    won: str = "chosen",
    *,
    offerer: str = "the client",
    unable: str = "not enabled on the server",
    aside: Callable[[Any], str] = plain_words,
) -> tuple[Candidate, ...]:
    """Everything offered, then what would have been taken and was not offered.

    Args:
        lost: why one that both have has lost.
        offerer: who offered. unable: why one cannot win that was not able.
        aside: what there is to say of a value whoever decides.
    """
    everything = dict.fromkeys((*offered, *(able or ())))
    if chosen is not None:
        everything.setdefault(chosen)
    there, takes = set(offered), set(able) if able is not None else None
    found: list[Candidate] = []
    for item in everything:
        is_chosen = chosen is not None and item == chosen
        can = is_chosen or item in takes if takes is not None else None
        if is_chosen:
            words = won
        elif item not in there:
            words = f"{offerer} did not offer it"
        else:
            words = aside(item) or (unable if can is False else lost(item))
        if len(found) < CANDIDATES_SHOWN or is_chosen:
            found.append(
                Candidate(name_of(item), number_of(item), item in there, can, is_chosen, words)
            )
    return tuple(found)


def few(what_ifs: Iterable[WhatIf | None]) -> tuple[WhatIf, ...]:
    """The first of them, each change once."""
    found: dict[str, WhatIf] = {}
    for item in what_ifs:
        if item is not None:
            found.setdefault(item.change, item)
    return tuple(found.values())[:WHAT_IFS_SHOWN]


def this(role: Role, ours: Role) -> str:
    """``this server``, or ``the server``: whose recording it is."""
    return f"{'this' if role is ours else 'the'} {role.value}"
