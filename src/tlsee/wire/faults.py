"""What is wrong with a peer's bytes, said in one way: ``Struct.field: what``.

Nothing of the bytes themselves is quoted, only numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.errors import ApiMisuse, PeerMisbehaved, Reasons
from tlsee.text import count


def malformed(label: str, what: str) -> PeerMisbehaved:
    """The bytes of one field cannot be what its declaration says."""
    return PeerMisbehaved(Reasons.malformed, f"{label}: {what}")


def short(label: str, needed: int, left: int) -> PeerMisbehaved:
    """A field needs more bytes than there are."""
    return malformed(label, f"needs {count(needed, 'byte')}, {max(left, 0)} left")


def short_run(fields: Sequence[tuple[str, int]], left: int) -> PeerMisbehaved:
    """Several fields of fixed size were to be read at once: blame the first that does not fit."""
    for label, size in fields:
        if size > left:
            return short(label, size, left)
        left -= size
    raise AssertionError("the fields fit")


def bad_length(label: str, length: int, low: int, high: int) -> PeerMisbehaved:
    """A declared length is outside of its bounds."""
    return malformed(label, f"a length of {length}, allowed are {low} to {high}")


def uneven(label: str, length: int, size: int) -> PeerMisbehaved:
    """A vector's length is no multiple of its items' size."""
    return malformed(label, f"a length of {length} is no multiple of {size}")


def trailing(label: str, left: int) -> PeerMisbehaved:
    """A structure ends before its bytes do."""
    return PeerMisbehaved(Reasons.trailing_bytes, f"{label}: {count(left, 'byte')} too many")


def illegal(label: str, what: str) -> PeerMisbehaved:
    """A field can be parsed and holds what it must not hold."""
    return PeerMisbehaved(Reasons.illegal_value, f"{label}: {what}")


def unfit_length(label: str, length: int, low: int, high: int) -> ApiMisuse:
    """We were to write something of a length that the declaration excludes."""
    return ApiMisuse(f"{label}: a length of {length}, allowed are {low} to {high}")
