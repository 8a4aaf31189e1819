"""A recording's story with the way back: which step of it each moment belongs to."""

from __future__ import annotations

from bisect import bisect_right

from tlsee.explain.collector import Collector
from tlsee.explain.story import Step, Story
from tlsee.recording.kept import NO_EVENTS
from tlsee.recording.recording import Recording
from tlsee.trace import Role

__all__ = ["Placed"]


class Placed:
    """The story of a recording, as ``story_of`` makes it, and the places of its steps.

    Attributes:
        story: with the recording's times.
    """

    def __init__(self, recording: Recording) -> None:
        moments = recording.moments
        now = 0
        collector = Collector(recording.role or Role.SERVER, lambda: now)
        for place, moment in enumerate(moments):
            now = place
            if not isinstance(moment.item, NO_EVENTS):
                collector.on_event(moment.item)
        collector.lost += recording.lost
        self.story = story = Story.of(collector)
        self._starts = [int(step.at) for step in story.steps]
        for step in story.steps:
            step.at = moments[int(step.at)].at / 1e9
        if story.began is not None:
            story.began = moments[int(story.began)].at / 1e9
        self.done = int(story.done) if story.done is not None else len(moments)  # its place
        if story.done is not None:
            story.done = moments[self.done].at / 1e9

    def number_at(self, place: int) -> int:
        """The number of the step that was the last when this moment was told; 0 before the first.

        Of a message, an alert and a ChangeCipherSpec that is the step it makes.
        """
        return bisect_right(self._starts, place)

    def step_at(self, place: int) -> Step | None:
        """That step."""
        number = self.number_at(place)
        return self.story.steps[number - 1] if number else None

    def starts(self, place: int) -> bool:
        """Whether a step begins with this moment."""
        number = self.number_at(place)
        return number > 0 and self._starts[number - 1] == place
