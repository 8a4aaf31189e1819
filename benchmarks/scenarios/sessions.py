"""Finding a session among ten and among a hundred thousand: it must cost the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.material import Material
from benchmarks.measure import Effort, Work, in_turn
from benchmarks.results import SUBJECT, Case, Goal, Outcome
from tlsee.codes import CipherSuite, ProtocolVersion
from tlsee.crypto.pyca import PROVIDER
from tlsee.sessions.redis import RedisSessions
from tlsee.sessions.redis_link import Send
from tlsee.sessions.session import Session, encode_session
from tlsee.sessions.stores import ServerSessions, StoredSessions, TicketSessions

FEW, MANY = 10, 100_000
BATCH = 500  # entries written to Redis at once
# Among many a look-up misses the processor's caches, which costs a microsecond of the hundreds that
# a resumed handshake takes. What must not be seen here is a cost that grows with the number.
GOALS = {"ten live": Goal(1.5, project=1.5)}


def finding(material: Material, effort: Effort) -> Outcome:
    """What a server does for each resumption, with few live sessions and with many."""
    del material
    many = FEW if effort.smoke else MANY
    cases = [
        _case("sealed tickets", TicketSessions, _issued, many, effort),
        _case("stored in memory", StoredSessions, _issued, many, effort),
    ]
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        notes = ["no Redis: install redis-server"]
    else:
        notes = []
        with _redis(program) as connect:
            cases.append(_case("stored in Redis", connect, _written, many, effort))
    return Outcome("sessions", f"Finding a session among {many:,} live ones", cases, notes)


def _case(
    title: str,
    store: Callable[[], ServerSessions],
    fill: Callable[[Any, int], Sequence[bytes]],
    many: int,
    effort: Effort,
) -> Case:
    work = {"ten live": _work(store(), fill, FEW), SUBJECT: _work(store(), fill, many)}
    return Case(title, "s", in_turn(work, effort), goals=GOALS)


def _work(
    sessions: ServerSessions, fill: Callable[[Any, int], Sequence[bytes]], count: int
) -> Work:
    """Find one after the other, in an order that no cache knows."""
    names = list(fill(sessions, count))
    Random(1).shuffle(names)
    ahead = cycle(names)
    now = PROVIDER.now()

    def find() -> None:
        (found,) = sessions.find_blocking((next(ahead),), now)
        assert found is not None

    find()
    return find


def _session(number: int) -> Session:
    now = PROVIDER.now()
    return Session(
        ProtocolVersion.TLS13,
        CipherSuite.TLS_AES_128_GCM_SHA256,
        number.to_bytes(32, "big"),
        now,
        86_400,
        now,
        server_name="server.example",
        alpn=b"h2",
    )


def _issued(sessions: ServerSessions, count: int) -> list[bytes]:
    now = PROVIDER.now()
    issued = [sessions.issue(_session(n), PROVIDER.random, now) for n in range(count)]
    return [name for name in issued if name is not None]


def _written(sessions: RedisSessions, count: int) -> list[bytes]:
    """The same entries as ``issue_id`` writes, many at once."""
    names = [os.urandom(32) for _ in range(count)]
    store = sessions.store
    for first in range(0, count, BATCH):
        entries: list[str | bytes] = []
        for number, name in enumerate(names[first : first + BATCH], first):
            place = store._place(name)
            content = encode_session(_session(number))
            entries += [place, store._at_rest.seal(content, place.encode())]
        sessions.link.ask(partial(_write, entries))
    return names


def _write(entries: Sequence[str | bytes], send: Send) -> Any:
    return send("MSET", *entries)


@contextmanager
def _redis(program: str) -> Iterator[Callable[[], RedisSessions]]:
    """A server on a socket in an empty directory; each call gives a space of its own in it."""
    made: list[RedisSessions] = []
    with tempfile.TemporaryDirectory() as home:
        socket = Path(home) / "redis"
        command = [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", home]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:

            def connect() -> RedisSessions:
                prefix = f"fleet{len(made)}"
                made.append(RedisSessions(f"unix://{socket}", bytes(32), prefix=prefix, timeout=5))
                if not made[-1].wait_until_ready(20):
                    raise RuntimeError("Redis did not start")
                return made[-1]

            try:
                yield connect
            finally:
                for sessions in made:
                    sessions.close()
                process.kill()
