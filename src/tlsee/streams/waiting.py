"""Waiting for a socket in non-blocking mode, with a limit of one's own."""

from __future__ import annotations

import math
import select
import socket
from typing import NamedTuple


class Ready(NamedTuple):
    """What a socket can do now. A broken one can do both: the attempt tells what is wrong."""

    read: bool
    write: bool


class PollWaiter:
    """Waits for one socket. One thread at a time may wait with one waiter."""

    def __init__(self, sock: socket.socket) -> None:
        self._handle = sock.fileno()
        self._poll = select.poll()
        self._wanted = 0

    def wait(self, *, read: bool, write: bool, seconds: float | None) -> Ready:
        """Until the socket can do one of what is wanted, or the time is over."""
        wanted = (select.POLLIN if read else 0) | (select.POLLOUT if write else 0)
        if wanted != self._wanted:
            self._poll.register(self._handle, wanted)
            self._wanted = wanted
        found = self._poll.poll(None if seconds is None else math.ceil(seconds * 1000))
        if not found:
            return Ready(False, False)
        flags = found[0][1]
        broken = bool(flags & (select.POLLERR | select.POLLHUP | select.POLLNVAL))
        return Ready(bool(flags & select.POLLIN) or broken, bool(flags & select.POLLOUT) or broken)


class SelectWaiter:
    """The same where there is no ``poll``, as on Windows."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def wait(self, *, read: bool, write: bool, seconds: float | None) -> Ready:
        """Until the socket can do one of what is wanted, or the time is over."""
        watched = [self._sock]
        found = select.select(watched if read else [], watched if write else [], watched, seconds)
        broken = bool(found[2])
        return Ready(bool(found[0]) or broken, bool(found[1]) or broken)


Waiter: type[PollWaiter | SelectWaiter] = PollWaiter if hasattr(select, "poll") else SelectWaiter
