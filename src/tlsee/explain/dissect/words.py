"""What the fields are, in words: one table, keyed by the struct and the name of its field.

A row is filed with ``says``; the files ``words_*`` are nothing but rows. What a field is lacks its
value: that is ``meaning``.
"""

from __future__ import annotations

from collections.abc import Mapping

from tlsee.values import value

LENGTH_CLAUSE = "RFC 9846, 3.4"  # vectors, and the lengths before them


@value
class Words:
    """One row: what a field or a struct is, in a line, and where that stands."""

    about: str
    clause: str


@value
class StructWords:
    """What a struct is, and the rows of its fields by their names."""

    about: str
    clause: str
    fields: Mapping[str, Words]


_structs: dict[type, StructWords] = {}


def says(cls: type, clause: str, about: str, **fields: str | tuple[str, str]) -> None:
    """File a struct's rows; a field's clause is the struct's unless a pair says another.

    A field without a row has no words and is shown all the same; a test names those that lack one.
    """
    rows = {name: _row(said, clause) for name, said in fields.items()}
    _structs[cls] = StructWords(about, clause, rows)


def _row(said: str | tuple[str, str], clause: str) -> Words:
    return Words(said, clause) if isinstance(said, str) else Words(*said)


def table() -> Mapping[type, StructWords]:
    """Every row that was filed, by its struct; a view, not a copy."""
    return _structs


def words_of_struct(cls: type) -> Words:
    """What a struct is."""
    found = _structs.get(cls)
    return Words("", "") if found is None else Words(found.about, found.clause)


def words_of(cls: type, field: str) -> Words:
    """What a field is; a struct that nobody filed has nothing to say, and that is no failure."""
    found = _structs.get(cls)
    row = found.fields.get(field) if found is not None else None
    return Words("", "") if row is None else row
