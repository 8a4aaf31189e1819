"""A Redis for the tests that need one, and sessions in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.support.missing import missing
from tests.support.redis_server import RedisServer, running
from tlsee.sessions.redis import RedisSessions

SECRET = b"known to the servers alone, not to Redis"
QUICK = {"pause": 0.05, "refresh": 0.2}


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    with running(tmp_path) as server:
        yield server


@pytest.fixture
def connect() -> Iterator[Callable[..., RedisSessions]]:
    """Makes sessions of a server, as many processes would; all are closed at the end."""
    if find_spec("redis") is None:
        missing("the redis package", "redis (requirements/test.txt)")
    made: list[RedisSessions] = []

    def make(server: RedisServer, **options: Any) -> RedisSessions:
        given: dict[str, Any] = {"secret": SECRET, "timeout": 5.0, **QUICK, **options}
        made.append(RedisSessions(server.url, **given))
        return made[-1]

    yield make
    for sessions in made:
        sessions.close()
