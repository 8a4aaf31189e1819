"""Time limits: how long is left until something must be done, by a clock that can be given."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
MONOTONIC: Clock = time.monotonic


def _took_too_long() -> Exception:
    return TimeoutError("the peer did not go on in time")


class Deadline:
    """A moment by which something must be done; ``None`` seconds means there is none.

    ``late`` makes the exception for when it has passed.
    """

    __slots__ = ("_at", "_clock", "late")

    def __init__(
        self,
        seconds: float | None,
        clock: Clock = MONOTONIC,
        late: Callable[[], Exception] = _took_too_long,
    ) -> None:
        self._clock = clock
        self._at = None if seconds is None else clock() + seconds
        self.late = late

    @property
    def remaining(self) -> float | None:
        """Seconds that are left, 0.0 when it has passed; ``None`` when there is no limit."""
        return None if self._at is None else max(0.0, self._at - self._clock())

    def left(self) -> float | None:
        """Seconds that are left. A peer that always has one more byte does not escape it.

        Raises:
            Exception: what ``late`` makes, when the moment has passed.
        """
        remaining = self.remaining
        if remaining == 0.0:
            raise self.late()
        return remaining


NEVER = Deadline(None)


def sooner(first: float | None, second: float | None) -> float | None:
    """The shorter of two limits in seconds, where ``None`` is no limit."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)
