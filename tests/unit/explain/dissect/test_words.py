"""The table of words: nothing in wire/ goes without, and nothing in it is long or odd."""

from __future__ import annotations

import re

import pytest

from tests.support.structs import every_struct
from tlsee.explain.dissect.structs import CONTENTS
from tlsee.explain.dissect.structs import every_struct as every_other_struct
from tlsee.explain.dissect.vocabulary import StructWords, table
from tlsee.sessions.session import TicketContent
from tlsee.wire.extensions.block import classes_of
from tlsee.wire.extensions.matrix import MATRIX
from tlsee.wire.kinds import layout_of

LONGEST = 80  # characters: a line
CLAUSE = re.compile(r"RFC \d{4,5}, \d+(\.\d+)*")


def test_every_field_has_words() -> None:
    """Whoever adds a struct to wire/ says what its fields are: says(...) in words_*.py."""
    missing = []
    for cls in (*every_struct(), *every_other_struct(), TicketContent):
        rows = table()[cls].fields if cls in table() else {}
        missing += [f"{cls.__name__}.{name}" for name, _ in layout_of(cls) if name not in rows]
        missing += [cls.__name__] if cls not in table() else []
    assert not missing, f"file these with says(...) in explain/dissect/words_*.py: {missing}"


def test_no_words_for_what_is_not_there() -> None:
    """A row whose field is gone is gone as well."""
    for cls in (*every_struct(), *every_other_struct()):
        assert set(table()[cls].fields) == {name for name, _ in layout_of(cls)}, cls.__name__


@pytest.mark.parametrize(
    "cls", table(), ids=lambda cls: f"{cls.__module__.rpartition('.')[2]}.{cls.__name__}"
)
def test_words_are_one_plain_line(cls: type) -> None:
    """ASCII, no full stop, at most a line; a clause is an RFC and a section."""
    struct: StructWords = table()[cls]
    rows = [(cls.__name__, struct.about, struct.clause)]
    rows += [(name, row.about, row.clause) for name, row in struct.fields.items()]
    for name, about, clause in rows:
        assert about, name
        assert about.isascii(), name
        assert len(about) <= LONGEST, (name, len(about))
        assert not about.endswith("."), name
        assert CLAUSE.fullmatch(clause), (name, clause)


# Empty where they stand, but for the server's answer to EKT, which stays bytes.
UNREAD = {
    ("status_request_v2", "SH12"),
    ("transparency_info", "CH"),
    ("transparency_info", "CR"),
    ("supported_ekt_ciphers", "EE"),
    ("supported_ekt_ciphers", "SH12"),
}


def test_every_known_extension_is_read_by_somebody() -> None:
    """What wire/ does not parse is declared in structs.py, for every message it may be in."""
    missing = {
        (kind.name, block.name)
        for kind, blocks in MATRIX.items()
        for block in blocks
        if kind not in classes_of(block) and block not in CONTENTS.get(kind, {})
    }
    assert missing == UNREAD
