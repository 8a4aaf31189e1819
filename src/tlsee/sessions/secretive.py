"""Values with a secret among their fields: what ``_hidden`` names is compared in constant time."""

from __future__ import annotations

import hmac
from typing import Any

from tlsee.values import fields_of

__all__ = ["hash_of", "same"]


def same(one: Any, other: object) -> Any:
    """For ``__eq__``: the open fields are compared as usual, hidden bytes by ``hmac``."""
    if type(one) is not type(other):
        return NotImplemented
    for name in fields_of(type(one)):
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, bytes) and isinstance(theirs, bytes):
            if not hmac.compare_digest(mine, theirs):
                return False
        elif mine != theirs:
            return False
    return True


def hash_of(item: Any) -> int:
    """For ``__hash__``: over the fields that are not hidden."""
    cls = type(item)
    hidden: frozenset[str] = vars(cls)["_hidden"]
    return hash((cls, *(getattr(item, name) for name in fields_of(cls) if name not in hidden)))
