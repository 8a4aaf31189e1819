"""A plugin of pytest that records every connection of ours, whole, in whatever tests run.

    python -m pytest -p tests.support.tshark_recording --record-into DIRECTORY tests/interop

leaves a file for each connection, named after the test. Tests know nothing of it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Self

import pytest

from tlsee.connection.connection import ClientConnection, ServerConnection
from tlsee.recording.recorder import Recorder

__all__ = ["EveryConnection"]


class EveryConnection:
    """Puts a recorder to each connection that is made while this is in force."""

    def __init__(self) -> None:
        self._recorders: list[Recorder] = []
        self._lock = threading.Lock()
        self._before: dict[Any, Callable[..., None]] = {}

    def __enter__(self) -> Self:
        for kind in (ClientConnection, ServerConnection):
            self._before[kind] = kind.__init__
            kind.__init__ = self._watching(kind.__init__)  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        for kind, before in self._before.items():
            kind.__init__ = before

    def _watching(self, before: Callable[..., None]) -> Callable[..., None]:
        def init(made: Any, *args: Any, observers: Sequence[Any] = (), **more: Any) -> None:
            recorder = Recorder(reveal_secrets=True)
            with self._lock:
                self._recorders.append(recorder)
            before(made, *args, observers=[*observers, recorder], **more)

        return init

    def taken(self) -> list[Recorder]:
        """The recorders since this was asked last."""
        with self._lock:
            found, self._recorders = self._recorders, []
        return found


class _Plugin:
    def __init__(self, directory: Path, every: EveryConnection) -> None:
        self._directory = directory
        self._every = every
        self._numbers = count()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        name = re.sub(r"[^A-Za-z0-9_.=-]+", "_", item.nodeid.removeprefix("tests/interop/"))
        for recorder in self._every.taken():
            path = self._directory / f"{name[:180]}.{next(self._numbers)}.tlsrec"
            recorder.recording.save(path)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-into", type=Path, help="a directory for recordings")


def pytest_configure(config: pytest.Config) -> None:
    directory = config.getoption("--record-into")
    if directory is not None:
        every = EveryConnection().__enter__()
        config.add_cleanup(lambda: every.__exit__(None, None, None))
        config.pluginmanager.register(_Plugin(directory, every))
