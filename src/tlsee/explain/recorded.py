"""A recording told as a connection is: the same events, through the same collector."""

from __future__ import annotations

from tlsee.explain.collector import Collector
from tlsee.explain.story import Story
from tlsee.recording.recording import Recording
from tlsee.trace import Role


def collected(recording: Recording) -> Collector:
    """A collector that heard what the recording has, with its times.

    Of application data it has the lengths; what was said is in no redacted recording.
    """
    now = 0.0
    # A client begins with its hello: whoever said nothing and heard nothing was a server.
    collector = Collector(recording.role or Role.SERVER, lambda: now)
    for at, event in recording.timed():
        now = at
        collector.on_event(event)
    collector.lost += recording.lost
    return collector


def story_of(recording: Recording) -> Story:
    """The story of a recording, as far as it goes."""
    story = Story.of(collected(recording))
    story.overheard = recording.header.overheard
    return story
