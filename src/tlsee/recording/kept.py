"""What a recording is made of besides the trace's events."""

from __future__ import annotations

from typing import Any

from tlsee.trace import Role
from tlsee.values import value


@value
class Moment:
    """Something that happened.

    Attributes:
        at: nanoseconds since the recording began.
        cpu: nanoseconds of processor time that the thread has used since it told of the moment
            before, the recorder's own not counted; ``None`` where another thread told of that.
            What the application did in between is in it.
        item: a trace event, ``crypto.entries.Entry``, ``Configuration`` or ``LeftOut``.
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
class LeftOut:
    """So many events had no place in the recording: its bound was reached."""

    number: int
