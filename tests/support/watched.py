"""Every connection that is made while a test runs, recorded in full."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from tlsee.connection.connection import ClientConnection, ServerConnection
from tlsee.recording.recorder import Recorder

__all__ = ["watched_ends"]


@contextlib.contextmanager
def watched_ends() -> Iterator[list[Recorder]]:
    """The recorders of the connections that are made within, each with a journal of its own."""
    made: list[Recorder] = []
    with pytest.MonkeyPatch.context() as patch:
        for kind in (ClientConnection, ServerConnection):
            patch.setattr(kind, "__init__", _watching(kind, made))
        yield made


def _watching(kind: type, made: list[Recorder]) -> Any:
    original: Any = vars(kind)["__init__"]

    def init(self: Any, config: Any, *given: Any, observers: Any = (), **options: Any) -> None:
        recorder = Recorder(reveal_secrets=True)
        made.append(recorder)
        watched = recorder.watched(config)
        original(self, watched, *given, observers=[*observers, recorder], **options)

    return init
