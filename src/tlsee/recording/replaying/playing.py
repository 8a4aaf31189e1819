"""Two recordings of one connection, played against each other: a change goes through to the end."""

from __future__ import annotations

from typing import Any, Protocol

from tlsee.connection.connection import ClientConnection, Connection
from tlsee.errors import ApiMisuse
from tlsee.recording.recording import Recording
from tlsee.recording.replaying.applying import sender_of
from tlsee.recording.replaying.editing import edit_of
from tlsee.recording.replaying.forking import SEED, Fork, ForkOutcome
from tlsee.recording.replaying.input import INPUTS
from tlsee.recording.replaying.staging import Stage
from tlsee.trace import Deed, MessageReceived, MessageSent, Role
from tlsee.values import replace

_CLIENT_HELLO = b"\x01"
_CARRIED = ("receive_data", "receive_eof", "data_to_send")  # which is done here anyhow
_ROUNDS = 10_000  # of carrying and doing: more than any recording within its bounds has


class PlayedFork(Fork):
    """One end: it does what its recording's program did, and takes what the other end says."""

    def begin(self) -> None:
        """Up to its first wait for the other end."""
        while self._place < len(self._moments):
            item = self._moments[self._place].item
            if isinstance(item, Deed) and item.what in INPUTS:
                return
            self._place += 1
            if isinstance(item, Deed):
                self._perform(item)

    @property
    def next_at(self) -> int | None:
        """When its program did the next thing, in nanoseconds since the epoch; ``None``: it did."""
        while self._place < len(self._moments):
            moment = self._moments[self._place]
            if isinstance(moment.item, Deed) and moment.item.what not in _CARRIED:
                return self.recording.header.began + moment.at
            self._place += 1
        return None

    def do_one(self) -> None:
        """What ``next_at`` is the time of."""
        item = self._moments[self._place].item
        self._place += 1
        self._perform(item)

    def _perform(self, deed: Deed) -> None:
        self._guarded(deed.what, lambda: self._do(deed))

    def take(self, data: bytes) -> None:
        """What the other end says."""
        self._guarded("receive_data", lambda: self._hand_over(data))

    def say(self) -> bytes:
        """What there is to say."""
        return bytes(self._connection.data_to_send()) if self._connection is not None else b""

    def has_failed(self) -> bool:
        """Whether the connection is over for an error."""
        return self._connection is None or self._connection.failure is not None

    def _look_at_problem(self) -> None:
        """What a question of another time answered is no answer now; the connection says so."""


class Play:
    """A client's and a server's recording of one connection.

    Args:
        ours, theirs: full ones, in any order. Settings are those of the first unless named
            otherwise.
        seed: as ``Fork``'s.

    Raises:
        ApiMisuse: one cannot be replayed, or they are not the two ends of one connection.
    """

    def __init__(self, ours: Recording, theirs: Recording, *, seed: str = SEED) -> None:
        stage = Stage(seed, [ours.journal.entries, theirs.journal.entries])
        self.ours, self.theirs = PlayedFork(ours, stage=stage), PlayedFork(theirs, stage=stage)
        if self.ours.role is self.theirs.role or _hello(ours) != _hello(theirs):
            raise ApiMisuse(
                "these are not the two ends of one connection",
                "tlsee demo --record FILE --reveal-secrets records both",
            )

    def set(self, name: str, item: Any) -> None:
        """As ``Fork.set``; ``client.`` or ``server.`` before a setting says whose it is.

        Raises:
            ApiMisuse: as there.
        """
        end, _, rest = name.partition(".")
        if end in _ROLES:
            self._end(_ROLES[end]).set(rest, item)
            return
        edit = edit_of(name, item)
        sender = sender_of(edit.message) if edit is not None and not edit.received else None
        (self._end(sender) if sender is not None else self.ours).set(name, item)

    def result(self) -> tuple[ForkOutcome, ForkOutcome]:
        """Play it to its end. What became of the first and of the second.

        Raises:
            ApiMisuse: what was set does not fit.
        """
        client, server = self._end(Role.CLIENT), self._end(Role.SERVER)
        for end in (client, server):
            end.begin()
        while not (client.has_failed() and server.has_failed()):
            _carry(client, server)
            # In the order of then, by the clocks of their machines.
            waiting = [
                (at, end.role.value, end)
                for end in (client, server)
                if (at := end.next_at) is not None
            ]
            if not waiting:
                break
            min(waiting, key=lambda item: item[:2])[2].do_one()
        _carry(client, server)
        # In which order two ends spoke at the same time is no difference.
        ours = replace(self.ours.compared(), difference=None)
        theirs = replace(self.theirs.compared(), difference=None)
        if ours.error is None and theirs.error is None:
            self.ours.check_used()
            self.theirs.check_used()
        return ours, theirs

    def _end(self, role: Role) -> PlayedFork:
        return self.ours if self.ours.role is role else self.theirs


def meet(
    recording: Recording, live: Connection, *changes: tuple[str, Any], seed: str = SEED
) -> ForkOutcome:
    """Have the fork of a recording talk to a live connection of ours, which is in its first state.

    A live end knows nothing of stand-ins: it refuses a signature that only a recorded key could
    make, and decrypts nothing for a key that is not its own. Its questions are its program's.

    Args:
        changes: names and items, as ``Fork.set`` takes them.

    Raises:
        ApiMisuse: it cannot be replayed, both are clients or both servers, or what was set does not
            fit.
    """
    end = PlayedFork(recording, seed=seed)
    if isinstance(live, ClientConnection) is (end.role is Role.CLIENT):
        raise ApiMisuse(
            f"two {end.role.value}s do not meet: the recording is a {end.role.value}'s",
            f"give a live {end.role.other.value}",
        )
    for name, item in changes:
        end.set(name, item)
    other = _Live(live)
    end.begin()
    _carry(end, other)
    while end.next_at is not None and not end.has_failed():
        end.do_one()
        _carry(end, other)
    outcome = replace(end.compared(), difference=None)
    if outcome.error is None:
        end.check_used()
    return outcome


class _End(Protocol):
    """Who says something and takes what the other says."""

    def say(self) -> bytes:
        """What there is to say."""

    def take(self, data: bytes) -> None:
        """What the other end says."""


class _Live:
    """A connection as an end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def say(self) -> bytes:
        """What there is to say."""
        return bytes(self._connection.data_to_send())

    def take(self, data: bytes) -> None:
        """What the other end says."""
        self._connection.receive_data(data)


def _carry(one: _End, other: _End) -> None:
    """What both have to say, until neither has anything more."""
    for _ in range(_ROUNDS):
        moved = False
        for sender, receiver in ((one, other), (other, one)):
            data = sender.say()
            if data:
                moved = True
                receiver.take(data)
        if not moved:
            return


_ROLES = {role.value: role for role in Role}


def _hello(recording: Recording) -> bytes:
    """The first ClientHello of a connection; its random tells it from any other."""
    for event in recording.events():
        if isinstance(event, MessageSent | MessageReceived) and event.raw[:1] == _CLIENT_HELLO:
            return event.raw
    return b""
