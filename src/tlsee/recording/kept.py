"""What a recording is made of besides the trace's events."""

from __future__ import annotations

import enum
from typing import Any, ClassVar

from tlsee.crypto.entries import Entry
from tlsee.trace import Deed, Role
from tlsee.values import value


@value
class Moment:
    """Something that happened.

    Attributes:
        at: nanoseconds since the recording began.
        cpu: nanoseconds of processor time that the thread has used since it told of the moment
            before, the recorder's own not counted; ``None`` where another thread told of that.
            What the application did in between is in it.
        item: a trace event, or one of ``NO_EVENTS``.
    """

    at: int
    cpu: int | None
    item: Any


@value
class Configuration:
    """A configuration as values: what can be said of it in code points, names and numbers."""

    role: Role
    settings: dict[str, tuple[Any, ...]]


@value
class Answered:
    """What a question was answered with; in full recordings alone.

    Attributes:
        question: the class of the question. ``how``: see ``How``.
        values: the answer as values: of ChooseCredential the chosen one, its scheme, whether the
            name is known, then each candidate with what became of it; of FindSession an item for
            each identity; of IsReplay the truth; of Sign and Decrypt the bytes; of FetchAll each
            place and what was there, bytes or a sentence.
        thing: a ``Verdict``, a ``Configuration`` or the exception that refused, or ``None``.
    """

    question: str
    how: How
    values: tuple[Any, ...] = ()
    thing: Any = None
    _hidden: ClassVar[frozenset[str]] = frozenset({"values"})


class How(enum.IntEnum):
    """What kind of an answer it is; the numbers are the format's."""

    VALUES = 0
    VERDICT = 1
    NEEDS = 2  # a judge wants something fetched first
    REFUSED = 3
    CONFIGURATION = 4


@value
class LeftOut:
    """So many events had no place in the recording: its bound was reached."""

    number: int


@value
class Remark:
    """A sentence, without its end, on what an overheard recording lacks or could not open.

    It holds nothing that a peer has said.
    """

    text: str


# What stands in a recording beside the trace's events.
NO_EVENTS = (Entry, Configuration, LeftOut, Deed, Answered, Remark)
