"""Running one endpoint of a full recording again: the same bytes, without network, keys or clock.

    outcome = replay(Recording.load("handshake.tlsrec"))
    outcome.same, outcome.difference

A ``Replaying`` does it step by step: it stops where it is told to, and can be looked at. A ``Fork``
is one in which something is changed; ``Play`` has the forks of a client's and a server's recording
talk to each other, ``meet`` has one talk to a live connection. See docs/replay.md.
"""

from __future__ import annotations

from tlsee.recording.recording import Recording
from tlsee.recording.replaying.comparing import Difference
from tlsee.recording.replaying.differing import ChoiceDiffers, MessageDiffers, Misfit
from tlsee.recording.replaying.forking import Fork, ForkOutcome
from tlsee.recording.replaying.playing import Play, meet
from tlsee.recording.replaying.running import Outcome, Replaying

__all__ = [
    "ChoiceDiffers",
    "Difference",
    "Fork",
    "ForkOutcome",
    "MessageDiffers",
    "Misfit",
    "Outcome",
    "Play",
    "Replaying",
    "meet",
    "replay",
]


def replay(recording: Recording) -> Outcome:
    """Run the recording's endpoint again, to the end or the first difference.

    Raises:
        ApiMisuse: it cannot be replayed; the text says why, and how to record so that it can.
    """
    return Replaying(recording).run()
