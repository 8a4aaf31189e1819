"""How much of a recording the page shows: a hostile one must not make it long, or slow to open."""

from __future__ import annotations

from typing import NamedTuple

PAGE_LENGTH = 400_000  # characters; a page that would be longer is written once more, with less
STEPS_FIRST = 56  # steps that are shown from the beginning; a handshake has some 20
STEPS_LAST = 12  # and from the end, where it tells how it ended
FIELDS_SHOWN = 2_400  # fields of all messages; a mutual handshake with long chains has 1,500
FIELDS_OF_A_MESSAGE = 1_200
FIELDS_OF_RECORDS = 480
DEPTH_SHOWN = 24  # fields within fields; a certificate comes to 14
BYTES_OF_A_FIELD = 2_048  # in hexadecimal; the longest post-quantum share has 1,665
BYTES_SHOWN = 40_000  # of all messages and records
RECORDS_SHOWN = 60  # rows of records, runs of application data folded into one
PATHS_SHOWN = 8
CHECKS_SHOWN = 40  # of a certificate; the profiles have fewer
CERTIFICATES_SHOWN = 12  # of a path
WHYS_SHOWN = 24  # choices
CANDIDATES_SHOWN = 60  # of a choice
NODES_SHOWN = 80  # of the key schedule; each KeyUpdate adds three
RECIPES_SHOWN = 32_000  # characters of all recipes; a handshake's come to 13,000
RECIPE_SHOWN = 4_096  # of one; a transcript's holds whole messages, which stand above already
PATH_SHOWN = 80  # states of the path through the machine
NAMES_SHOWN = 12  # of a certificate
TERMS_SHOWN = 48  # of the glossary


class Amounts(NamedTuple):
    """What a page shortens first when it comes out too long.

    Attributes:
        sealed: bytes of an encrypted record as it travelled; its length is told in any case.
        recipes: characters of all recipes of the key schedule. openings: whether each record has
            the lines that open it. ways: whether the machine's ways are listed in words.
        recording: characters of the recording itself, which goes along where it has no secrets.
        terse: whether what fields are for is said at the first of a kind in a message alone, and
            an element of DER is one row with its header.
        fields: of one message. octets: of all messages together.
    """

    sealed: int = BYTES_OF_A_FIELD
    recipes: int = RECIPES_SHOWN
    openings: bool = True
    ways: bool = True
    recording: int = 64_000
    terse: bool = False
    fields: int = FIELDS_OF_A_MESSAGE
    octets: int = BYTES_SHOWN


ALL = Amounts()
TERSE = Amounts(terse=True)
SLIM = TERSE._replace(sealed=32, ways=False)
FEWER = SLIM._replace(openings=False)
BARE = FEWER._replace(recipes=1_000, recording=0)
LESS = BARE._replace(sealed=0, recipes=0, fields=400, octets=24_000)
LEAST = LESS._replace(fields=100, octets=8_000)
# In turn, until the page is short enough: first goes what is missed least.
STAGES = (ALL, TERSE, SLIM, FEWER, BARE, LESS, LEAST)


class Budget:
    """How many fields and bytes may still be shown."""

    def __init__(self, fields: int = FIELDS_SHOWN, octets: int = BYTES_SHOWN) -> None:
        self.fields = fields
        self.octets = octets

    def take_fields(self, wanted: int, limit: int = FIELDS_OF_A_MESSAGE) -> int:
        """How many of these may be shown; they are spent."""
        given = min(wanted, limit, self.fields)
        self.fields -= given
        return given

    def take_bytes(self, wanted: int) -> int:
        """How many bytes of a field may be shown; they are spent."""
        given = min(wanted, BYTES_OF_A_FIELD, self.octets)
        self.octets -= given
        return given
