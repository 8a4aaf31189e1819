"""The table of words with all its rows in it."""

from __future__ import annotations

from tlsee.explain.dissect import words_extensions, words_hellos, words_structs
from tlsee.explain.dissect.words import (
    LENGTH_CLAUSE,
    StructWords,
    Words,
    table,
    words_of,
    words_of_struct,
)

__all__ = [
    "LENGTH_CLAUSE",
    "StructWords",
    "Words",
    "table",
    "words_extensions",
    "words_hellos",
    "words_of",
    "words_of_struct",
    "words_structs",
]
