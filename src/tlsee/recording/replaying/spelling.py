"""What somebody meant who typed a name that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["meant"]

_LONGEST = 80  # characters that are compared: what is longer is no name of ours


def meant(word: str, known: Iterable[str]) -> str:
    """The known name that is most like the word, in any case of letters; ``""``: none is."""
    names: dict[str, str] = {}
    for name in known:
        names.setdefault(name.lower(), name)
    close = get_close_matches(word[:_LONGEST].lower(), names, 1)
    return names[close[0]] if close else ""
