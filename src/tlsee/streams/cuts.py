"""A transport that breaks off: for TLS that is an end like any other, a cut, with one more word."""

from __future__ import annotations

from tlsee.text import printable

CUT = (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)


def blame(failure: BaseException | None, error: BaseException | None) -> None:
    """Keep the transport's own word on an error of TLS: as its cause, and as a note to read."""
    if failure is None or error is None or failure.__cause__ is not None or failure is error:
        return
    failure.__cause__ = error
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    failure.add_note(f"the transport said: {printable(said)}")
