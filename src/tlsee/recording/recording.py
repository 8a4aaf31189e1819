"""A recording: the moments of one connection as one side saw them, in memory or from a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tlsee.crypto.entries import Entry
from tlsee.crypto.journal import Journal
from tlsee.errors import ApiMisuse, CertificateRejected, PeerMisbehaved
from tlsee.recording.encoding import decode, encode
from tlsee.recording.format import (
    FILE_LIMIT,
    FrameReader,
    FrameWriter,
    Header,
    header_bytes,
    read_header,
)
from tlsee.recording.kept import NO_EVENTS, Configuration, LeftOut, Moment, Remark
from tlsee.text import count
from tlsee.trace import (
    CertificateJudged,
    Failed,
    MessageReceived,
    MessageSent,
    Role,
    TraceEvent,
)

OWNER_ONLY = 0o600
_CLIENT_HELLO = 1  # the type of the first message of any connection


class Recording:
    """The moments of one connection.

    Attributes:
        header: what the file says of itself.
        moments: in their order.
        damage: a sentence on what could not be read of a file, or ``""``.
        unknown: how many frames are of kinds that a newer release has.
    """

    def __init__(
        self, header: Header, moments: Iterable[Moment], damage: str = "", unknown: int = 0
    ) -> None:
        self.header = header
        self.moments = tuple(moments)
        self.damage = damage
        self.unknown = unknown

    def __repr__(self) -> str:
        whose = self.role.value if self.role is not None else "nobody"
        return f"<recording of a {whose}: {count(len(self.moments), 'moment')}>"

    # --- Files ----------------------------------------------------------------------------------

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Recording:
        """The recording in a file, as far as it can be read: see ``damage``.

        Raises:
            OSError: the file cannot be opened.
            ApiMisuse: it is no recording, one of another format, or too large.
        """
        with Path(path).open("rb") as file:
            return cls.from_bytes(file.read(FILE_LIMIT + 1))

    @classmethod
    def from_bytes(cls, data: bytes) -> Recording:
        """The recording that ``to_bytes`` wrote, as far as it can be read.

        Raises:
            ApiMisuse: as ``load``.
        """
        if len(data) > FILE_LIMIT:
            raise ApiMisuse(f"this is longer than any recording: over {FILE_LIMIT:,} bytes")
        header, at = read_header(data)
        frames = FrameReader(data, at)
        moments: list[Moment] = []
        unknown, damage = 0, ""
        for body in frames:
            try:
                moment = decode(body)
            except (PeerMisbehaved, ApiMisuse, ValueError) as problem:
                damage = f"frame {frames.frames} says what no recorder writes ({_why(problem)})"
                damage += f"; {count(frames.frames - 1, 'frame')} before it could be read"
                break
            if moment is None:
                unknown += 1
            else:
                moments.append(moment)
        _link(moments)
        return cls(header, moments, damage or frames.damage, unknown)

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        writer = FrameWriter()
        frames = (writer.frame(encode(moment)) for moment in self.moments)
        return b"".join((header_bytes(self.header), *frames))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file that only its owner can read; one that is there is replaced.

        Raises:
            OSError: it cannot be written.
        """
        data = self.to_bytes()
        with os.fdopen(create(path), "wb") as file:
            file.write(data)

    # --- What is in it --------------------------------------------------------------------------

    def events(self) -> Iterator[TraceEvent]:
        """The trace's events, as an observer heard them, but for what was left out."""
        return (event for _, event in self.timed())

    def timed(self) -> Iterator[tuple[float, TraceEvent]]:
        """The same with their times: pairs of seconds since the beginning and event."""
        for moment in self.moments:
            if not isinstance(moment.item, NO_EVENTS):
                yield moment.at / 1e9, moment.item

    @property
    def role(self) -> Role | None:
        """Whose recording it is: a client begins with its hello. ``None``: nothing was said."""
        for event in self.events():
            if isinstance(event, MessageSent | MessageReceived):
                hello = event.raw[:1] == bytes((_CLIENT_HELLO,))
                sent = isinstance(event, MessageSent)
                return Role.CLIENT if sent is hello else Role.SERVER
            if isinstance(event, Failed):
                told = getattr(event.error, "evidence", None)
                return Role(told.role) if told is not None and told.role in _ROLES else None
        return None

    @property
    def reveals_secrets(self) -> bool:
        """Whether all is in it: whoever has it can read the connection."""
        return self.header.reveals_secrets

    @property
    def lost(self) -> int:
        """How many events had no place."""
        return sum(m.item.number for m in self.moments if isinstance(m.item, LeftOut))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What an overheard recording lacks, or could not open: sentences without their end."""
        return tuple(m.item.text for m in self.moments if isinstance(m.item, Remark))

    @property
    def journal(self) -> Journal:
        """The provider's answers, in order; empty unless all was recorded."""
        return Journal.of(m.item for m in self.moments if isinstance(m.item, Entry))

    @property
    def configuration(self) -> Configuration | None:
        """The configuration as values, where all was recorded."""
        for moment in self.moments:
            if isinstance(moment.item, Configuration):
                return moment.item
        return None


_ROLES = frozenset(role.value for role in Role)


def create(path: str | os.PathLike[str]) -> int:
    """A file for a recording, empty, readable by its owner alone, also where one was there.

    Raises:
        OSError: it cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, OWNER_ONLY)
    if hasattr(os, "fchmod") and Path(path).is_file():
        os.fchmod(handle, OWNER_ONLY)
    return handle


def _link(moments: list[Moment]) -> None:
    """A refusal's verdict stands in the event before it."""
    verdict = None
    for moment in moments:
        if isinstance(moment.item, CertificateJudged):
            verdict = moment.item.verdict
        elif isinstance(moment.item, Failed) and isinstance(moment.item.error, CertificateRejected):
            moment.item.error.verdict = verdict


def _why(problem: Exception) -> str:
    return getattr(problem, "detail", "") or str(problem)
