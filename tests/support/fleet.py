"""A fleet on one Redis, clients that come back to it, and somebody who repeats what they said.

Servers and Redis are processes that are killed and started again while the traffic runs. Each
connection carries one line, an id that no other connection has, early where it can.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import socket
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.endpoints import NAME, authority, client_config
from tests.support.fleet_server import SILENCE
from tests.support.redis_server import RedisServer, _free_port
from tests.support.refusals import without
from tests.support.resuming import Edited
from tlsee.codes import ExtensionType, ProtocolVersion
from tlsee.connection.connection import COMPOSER, ClientConnection, Connection
from tlsee.connection.events import (
    NEED_DATA,
    DataReceived,
    HandshakeDone,
    PeerClosed,
    Truncated,
)
from tlsee.errors import TLSError
from tlsee.handshake.outcome import EarlyData

__all__ = ["Fleet", "Member", "Traffic"]

ROOT = Path(__file__).parent.parent.parent
CLIENTS, REPEATERS = 4, 2
REMEMBERED = 3_000  # flights to be repeated: at a hundred connections a second, half a minute's
REPEATED_AT_ONCE = 0.2  # the part of all flights whose copies race with them
OLDER = 0.3  # the part of connections in TLS 1.2, half of them by session id
DARING = 0.9  # the part of the others that sends early data where it can
ENOUGH = 30_000  # connections after which what was waited for will not come
WITHOUT_TICKETS = Edited(client_hello=without(ExtensionType.session_ticket))


class Member:
    """One server of the fleet, on the same port in each of its lives."""

    def __init__(self, redis: RedisServer, home: Path, *how: str) -> None:
        self.port = _free_port()
        self.up = False
        self.deaths = 0
        self.counts: Counter[str] = Counter()
        self._command = [sys.executable, "-m", "tests.support.fleet_server", str(self.port)]
        self._command += [redis.url, str(home), *how]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run it, and wait until it listens."""
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, cwd=ROOT)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"
        self.up = True

    def kill(self) -> None:
        """SIGKILL, in the middle of whatever it does."""
        self.up = False
        self.deaths += 1
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def end(self) -> None:
        """Let it say what it counted."""
        if self._process is None:
            return
        said, _ = self._process.communicate(b"")
        self._process = None
        self.up = False
        self.counts.update(json.loads(said))

    def excuses(self, was_up: bool, deaths: int) -> bool:
        """Whether who asked it then may have been cut off: it was away, or died since."""
        return not was_up or self.deaths != deaths


class Traffic:
    """Clients and repeaters, each in a thread, until ``stop``.

    Attributes:
        tally: what happened how often.
        failures: what nothing excuses.
        answered: by id, how a server said that it came.
    """

    def __init__(self, members: list[Member], *, seed: int = 1) -> None:
        self.members = members
        self.tally: Counter[str] = Counter()
        self.failures: list[str] = []
        self.answered: dict[str, str] = {}
        older = [ProtocolVersion.TLS12]
        self._newer = client_config(sessions=True), COMPOSER
        self._older = client_config(sessions=True, versions=older), COMPOSER
        self._oldest = client_config(sessions=True, versions=older), WITHOUT_TICKETS
        self._flights: deque[bytes] = deque(maxlen=REMEMBERED)
        self._ids = (f"{number:016x}" for number in itertools.count(1))
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        jobs = [self._visit] * CLIENTS + [self._repeat] * REPEATERS
        self._threads = [
            threading.Thread(target=self._work, args=(job, random.Random(seed * 100 + number)))
            for number, job in enumerate(jobs)
        ]

    def start(self) -> None:
        """Let them run."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End what is under way, and no more."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    @property
    def connections(self) -> int:
        """How many were begun."""
        return self.tally["connections"]

    def more(self, count: int, what: str = "connections") -> None:
        """Wait until it has happened so many more times, or something has failed."""
        end, last = self.tally[what] + count, self.connections + ENOUGH
        while self.tally[what] < end and not self.failures:
            assert self.connections < last, f"no {what} any more, after {dict(self.tally)}"
            self._stopped.wait(0.01)

    def _work(self, job: Any, chance: random.Random) -> None:
        while not self._stopped.is_set():
            try:
                job(chance)
            except Exception as error:  # noqa: BLE001 - a thread of a test tells the test
                self._fail(repr(error))

    def _count(self, what: str) -> None:
        with self._lock:
            self.tally[what] += 1

    def _fail(self, what: str) -> None:
        with self._lock:
            self.failures.append(what)

    # --- Clients ------------------------------------------------------------------------------

    def _visit(self, chance: random.Random) -> None:
        member = chance.choice(self.members)
        was_up, deaths = member.up, member.deaths
        with self._lock:
            ident = next(self._ids)
            self.tally["connections"] += 1
        older = chance.choice((self._older, self._oldest))
        config, composer = older if chance.random() < OLDER else self._newer
        dares = chance.random() < DARING
        connection = ClientConnection(config, NAME, early_data=dares, composer=composer)
        try:
            with socket.create_connection(("127.0.0.1", member.port), SILENCE) as sock:
                self._talk(connection, sock, ident, chance)
        except ConnectionRefusedError as error:
            if member.excuses(was_up, deaths):
                self._count("nobody there")
                self._stopped.wait(0.01)
            else:
                self._fail(f"{ident}: {error!r}, and the server was there")
        except (OSError, TLSError) as error:
            if isinstance(error, TLSError) and error.name not in {"truncated", "cut_in_handshake"}:
                self._fail(f"{ident}: {error!r}")
            elif member.excuses(was_up, deaths):
                self._count("cut off by a server that died")
            else:
                self._fail(f"{ident}: {error!r}, and the server was there")

    def _talk(
        self, connection: Connection, sock: socket.socket, ident: str, chance: random.Random
    ) -> None:
        line = ident.encode() + b"\n"
        early = bool(connection.early_data_room)
        if early:
            connection.write_early_data(line)
            flight = bytes(connection.data_to_send())
            self._flights.append(flight)
            at_once = chance.random() < REPEATED_AT_ONCE
            if at_once and chance.random() < 0.5:
                self._copy(chance.choice(self.members), flight)
            sock.sendall(flight)
            if at_once:
                for member in self.members:
                    self._copy(member, flight)
        answer = b""
        while not answer.endswith(b"\n"):
            event = connection.next_event()
            if event is NEED_DATA:
                data = connection.data_to_send()
                if data:
                    sock.sendall(data)
                received = sock.recv(65_536)
                connection.receive_data(received) if received else connection.receive_eof()
            elif isinstance(event, HandshakeDone):
                if event.info.early_data is not EarlyData.ACCEPTED:
                    connection.write(line)
            elif isinstance(event, DataReceived):
                answer += event.data
            elif isinstance(event, Truncated | PeerClosed):
                raise ConnectionResetError("no answer came")
        self._settle(connection, ident, early, answer.decode().strip())

    def _settle(self, connection: Connection, ident: str, early: bool, answer: str) -> None:
        """What the client believes of its early data is what the server did."""
        info = connection.info
        accepted = info.early_data is EarlyData.ACCEPTED
        if accepted != (answer == "early"):
            self._fail(f"{ident}: {info.early_data} here, {answer} there")
        with self._lock:
            self.answered[ident] = answer
            self.tally["answered"] += 1
            self.tally["resumed" if info.resumed else "full handshakes"] += 1
            self.tally[f"in {info.version.label}, resumed"] += info.resumed
            if early:
                self.tally["early data accepted" if accepted else "early data declined"] += 1

    # --- Who repeats --------------------------------------------------------------------------

    def _repeat(self, chance: random.Random) -> None:
        """A flight of any age, to any server."""
        if not self._flights:
            self._stopped.wait(0.01)
            return
        self._copy(chance.choice(self.members), chance.choice(self._flights))
        self._stopped.wait(0.01)

    def _copy(self, member: Member, flight: bytes) -> None:
        """The same bytes again; whoever sends them has no keys and can say no more."""
        with contextlib.suppress(OSError):
            with socket.create_connection(("127.0.0.1", member.port), SILENCE) as sock:
                sock.sendall(flight)
                sock.recv(1024)
            self._count("copies sent")


class Fleet:
    """Members on one Redis, what they took, and the traffic between."""

    def __init__(self, redis: RedisServer, home: Path, *how: str, size: int = 2) -> None:
        chain, key = authority().issue_pem(NAME)
        (home / "chain.pem").write_bytes(chain)
        (home / "key.pem").write_bytes(key)
        self.redis, self.home = redis, home
        self.members = [Member(redis, home, *how) for _ in range(size)]
        self.traffic = Traffic(self.members)

    @contextlib.contextmanager
    def running(self) -> Iterator[Traffic]:
        """From the first connection to the last; all processes have ended afterwards."""
        try:
            for member in self.members:
                member.start()
            self.traffic.start()
            try:
                yield self.traffic
            finally:
                self.traffic.stop()
            for member in self.members:
                member.end()
        finally:
            for member in self.members:
                member.kill()

    def taken(self) -> dict[str, Counter[str]]:
        """How often each id was taken, early and late, by any server."""
        found: dict[str, Counter[str]] = {"early": Counter(), "late": Counter()}
        for line in (self.home / "taken").read_text().splitlines():
            how, ident = line.split()
            found[how][ident] += 1
        return found

    def trust_memory(self) -> None:
        """Write down what a Redis has that has run for longer than any hello is fresh."""
        self.redis.ask("SET", "tlsee:run", self.redis.ask("INFO", "server")["run_id"])
