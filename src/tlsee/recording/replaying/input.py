"""What came from the transport, on its way into a replayed connection."""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.recording.kept import Moment
from tlsee.trace import Deed, MessageReceived, RecordReceived

INPUTS = ("receive_data", "receive_eof", "answer")


class Input:
    """Bytes that came and were not handed over yet.

    What came at once is handed over at once, unless this side did something while it was taken, in
    another thread, or somebody wants to stop within: then record by record, as it was told of.
    """

    def __init__(self) -> None:
        self._pending = b""

    def take(self, data: bytes) -> None:
        """These came."""
        self._pending += data

    def rest(self) -> bytes:
        """All that is left; it is handed over."""
        data, self._pending = self._pending, b""
        return data

    def up_to(self, record: bytes) -> bytes:
        """What is left up to the end of this record; nothing where it is not there."""
        place = self._pending.find(record)
        end = place + len(record) if place >= 0 else 0
        data, self._pending = self._pending[:end], self._pending[end:]
        return data

    def is_interrupted(self, moments: Sequence[Moment], place: int) -> bool:
        """Whether something was done before the last of this input was dealt with.

        ``place`` is that of the moment to look at first.
        """
        if not self._pending:
            return False
        done = False
        for number in range(place, len(moments)):
            item = moments[number].item
            if isinstance(item, Deed):
                if item.what in INPUTS:
                    return False
                done = True
            elif done and self._is_of_it(item):
                return True
        return False

    def _is_of_it(self, item: object) -> bool:
        """Whether it came of what is at hand: a message, or a record of it."""
        if isinstance(item, RecordReceived):
            return item.raw in self._pending
        return isinstance(item, MessageReceived)
