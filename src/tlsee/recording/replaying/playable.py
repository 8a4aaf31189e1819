"""Whether a recording has everything that a replay needs."""

from __future__ import annotations

from tlsee.errors import ApiMisuse
from tlsee.handshake.reflections import REFLECTIONS
from tlsee.recording.recording import Recording
from tlsee.trace import Deed, Failed, MessageReceived

BEGINNINGS = ("connect", "accept")
_CLIENT_HELLO = 1
_RANDOM = slice(6, 38)  # of a hello, header included


def check_playable(recording: Recording) -> None:
    """Whether everything is in it.

    Raises:
        ApiMisuse: it is not; the text says what is missing.
    """
    record_in_full = "tlsee connect HOST --record FILE --reveal-secrets records one in full"
    if not recording.reveals_secrets:
        raise ApiMisuse(
            "this recording leaves out secrets and keys: it can be explained, not replayed",
            record_in_full,
        )
    if not recording.moments and not recording.damage:
        raise ApiMisuse("no connection was begun in this recording", record_in_full)
    deeds = [m.item for m in recording.moments if isinstance(m.item, Deed)]
    begun = recording.configuration is not None and any(d.what in BEGINNINGS for d in deeds)
    if not begun and recording.damage:
        raise ApiMisuse(f"where the connection begins, {recording.damage}", record_in_full)
    if not begun:
        raise ApiMisuse(
            "this recording has the secrets and not what this side did: it was made by an older "
            "release, of a capture, or with a configuration that nobody watched",
            f"{record_in_full}; in Python: recorder.watched(config)",
        )
    if recording.lost:
        raise ApiMisuse(
            f"{recording.lost:,} events had no place in this recording", "record a shorter one"
        )


def was_reflected(recording: Recording) -> bool:
    """Whether a hello was refused as one of the process's own; it is so again."""
    hello = b""
    for event in recording.events():
        if isinstance(event, MessageReceived) and event.raw[:1] == bytes((_CLIENT_HELLO,)):
            hello = event.raw
        elif isinstance(event, Failed) and getattr(event.error, "name", "") == "own_hello":
            REFLECTIONS.remember(hello[_RANDOM])
            return True
    return False
