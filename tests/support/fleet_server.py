"""One server of a fleet: ``python -m tests.support.fleet_server PORT REDIS DIRECTORY [forgetful]``.

It writes down each datum that it takes, and how it came, before it answers. It ends when its
standard input closes, and says then what its sessions counted; usually it is killed before.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
from pathlib import Path

from tlsee.codes import ProtocolVersion
from tlsee.config import ServerConfig
from tlsee.connection.connection import ServerConnection
from tlsee.connection.events import (
    NEED_DATA,
    DataReceived,
    EarlyDataReceived,
    HandshakeDone,
    PeerClosed,
)
from tlsee.errors import TLSError
from tlsee.identity.credentials import Credential
from tlsee.questions import Question
from tlsee.sessions.redis import RedisSessions
from tlsee.sessions.replay import ReplayMemory
from tlsee.streams.answers import ask

THREADS = 6
BACKLOG = 256
SILENCE = 60.0  # seconds; a bound for a machine under load, not a measure
EARLY_DATA = 16_384
SECRET = bytes(range(32))  # what the fleet has and its Redis has not


class Visit:
    """One connection: a line comes, early or late, and how it came goes back."""

    def __init__(self, sock: socket.socket, config: ServerConfig, log: int) -> None:
        self.sock, self.log = sock, log
        self.connection = ServerConnection(config)
        self.early, self.late = b"", b""

    def run(self) -> None:
        """Until the answer is out, or the client is gone."""
        done = False
        while True:
            event = self.connection.next_event()
            if event is NEED_DATA:
                self._flush()
                data = self.sock.recv(65_536)
                if not data:
                    return
                self.connection.receive_data(data)
            elif isinstance(event, Question):
                ask(self.connection, event, None)
            elif isinstance(event, EarlyDataReceived):
                self.early += event.data
                self._note("early", self.early)
            elif isinstance(event, DataReceived):
                self.late += event.data
                self._note("late", self.late)
            elif isinstance(event, PeerClosed):
                return
            done = done or isinstance(event, HandshakeDone)
            if done and b"\n" in self.early + self.late:
                self.connection.write(b"early\n" if self.early else b"late\n")
                self.connection.close_write()
                self.early = self.late = b""

    def _note(self, how: str, line: bytes) -> None:
        """A line in the log, in one write: what is killed now has taken it, or has not."""
        if line.endswith(b"\n"):
            os.write(self.log, how.encode() + b" " + line.split()[0] + b"\n")

    def _flush(self) -> None:
        data = self.connection.data_to_send()
        if data:
            self.sock.sendall(data)


def serve(listener: socket.socket, config: ServerConfig, log: int) -> None:
    """One visit after the other, for ever."""
    while True:
        sock, _ = listener.accept()
        sock.settimeout(SILENCE)
        with contextlib.suppress(OSError, TLSError), sock:
            visit = Visit(sock, config, log)
            try:
                visit.run()
            finally:
                visit._flush()


def main() -> None:
    """Serve until standard input closes."""
    port, url, directory, *how = sys.argv[1:]
    home = Path(directory)
    sessions = RedisSessions(url, SECRET)
    if how == ["forgetful"]:
        vars(sessions)["replay"] = ReplayMemory()  # each for itself: the control
    config = ServerConfig(
        credentials=[Credential.from_files(home / "chain.pem", home / "key.pem")],
        versions=[ProtocolVersion.TLS13, ProtocolVersion.TLS12],
        sessions=sessions,
        early_data=EARLY_DATA,
    )
    log = os.open(home / "taken", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=BACKLOG)
    for _ in range(THREADS):
        threading.Thread(target=serve, args=(listener, config, log), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()
    print(json.dumps(sessions.counts), flush=True)


if __name__ == "__main__":
    main()
