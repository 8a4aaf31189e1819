"""Captures at the command line: key logs, private keys, and which connections there are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from tlsee.cli.exit_codes import Usage
from tlsee.cli.output import HEADING, HINT, Screen
from tlsee.cli.stores import reason_of
from tlsee.cli.views import ViewWish, show_recording
from tlsee.codes import AlertDescription
from tlsee.crypto.private_keys import load_private_key
from tlsee.errors import ApiMisuse
from tlsee.explain.capture import CaptureReading, Overheard, bounds, read_capture
from tlsee.explain.reading import server_name
from tlsee.explain.recorded import story_of
from tlsee.explain.story import Kind, Story
from tlsee.identity.certificate import moment
from tlsee.recording.format import MAGIC
from tlsee.text import count, printable
from tlsee.values import value
from tlsee.wire.hellos import ClientHello, ServerHello

__all__ = [
    "CaptureWish",
    "capture_options",
    "is_capture",
    "neither",
    "pick",
    "read",
    "show_list",
    "show_notes",
    "tell",
]

F = TypeVar("F", bound=Callable[..., Any])

KEY_LIMIT = 1 << 20  # bytes of a file with a private key
NOTES_SHOWN = 4  # where there is no connection to tell
_LABEL = 10  # columns of a row's label
# How captures begin: pcap in both orders and both clocks, pcapng.
_MAGIC = frozenset(
    bytes.fromhex(magic) for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a")
)

# Captures are kept packed, and what unpacks them.
_PACKED = {
    b"\x1f\x8b": "gunzip",
    b"\xfd7zXZ": "unxz",
    b"\x28\xb5\x2f\xfd": "unzstd",
    b"PK\x03\x04": "unzip",
}


@value
class CaptureWish:
    """What the options say: a key log's path, files with private keys, which connection."""

    keylog: str | None = None
    keys: tuple[str, ...] = ()
    connection: int | None = None

    @property
    def asked(self) -> bool:
        """Whether one of the options was given."""
        return self.keylog is not None or bool(self.keys) or self.connection is not None


def capture_options(command: F) -> F:
    """The options ``--keylog``, ``--key`` and ``--connection``."""
    keylog = click.option(
        "--keylog", metavar="FILE", help="Of a capture: secrets to open it (SSLKEYLOGFILE)."
    )
    key = click.option(
        "--key",
        "keys",
        metavar="FILE",
        multiple=True,
        help="Of a capture: a server's private key, for RSA key exchange.",
    )
    connection = click.option(
        "--connection", metavar="N", type=click.IntRange(1), help="Of a capture: tell this one."
    )
    return keylog(key(connection(command)))


def is_capture(path: str) -> bool:
    """Whether a file that is there begins as a capture does."""
    try:
        with Path(path).open("rb") as file:
            return file.read(4) in _MAGIC
    except (OSError, ValueError):
        return False


def neither(path: str) -> Usage | None:
    """What to say of a file that begins neither as a capture nor as a recording does."""
    try:
        with Path(path).open("rb") as file:
            begin = file.read(len(MAGIC))
    except (OSError, ValueError):
        return None  # whoever reads it will say that
    if begin[:4] in _MAGIC or (begin and MAGIC.startswith(begin)):
        return None
    why, fix = "it begins otherwise", "tlsee connect HOST --record FILE makes a recording"
    packed = next((tool for magic, tool in _PACKED.items() if begin.startswith(magic)), "")
    if not begin:
        why = "it is empty"
    elif packed:
        why, fix = "it is packed", f"unpack it first: {packed} {printable(path, 60)}"
    return Usage(
        f"{printable(path, 60)} is a file, and this is no recording of tlsee's and no capture: "
        f"{why}",
        fix,
    )


def read(path: str, wish: CaptureWish) -> CaptureReading:
    """What is in a capture.

    Raises:
        Usage: a file cannot be read, or is not what it should be.
    """
    keys = tuple(_private_key(name) for name in wish.keys)
    log = None
    if wish.keylog is not None:
        log = _content(wish.keylog, "--keylog", bounds.KEYLOG_LIMIT)
    shown = printable(path, 60)
    try:
        return read_capture(path, log, keys)
    except OSError as error:
        raise Usage(
            f"{shown} is a file that cannot be read: {reason_of(error)}",
            "look at its name and its permissions",
        ) from None
    except ApiMisuse as problem:
        raise Usage(f"{shown}: {problem.detail}", problem.fix) from None


def tell(path: str, wish: CaptureWish, views: ViewWish) -> None:
    """Show the connection that is meant, or list those that there are.

    Raises:
        Usage: as ``read`` and ``pick``; a view other than the screen shows one connection.
    """
    reading = read(path, wish)
    overheard = pick(reading, path, wish.connection)
    if overheard is None:
        if views.files or views.as_json:
            has = count(len(reading.connections), "connection")
            raise Usage(f"{printable(path, 60)} has {has} of TLS", "--connection N shows one")
        screen = Screen(sys.stdout)
        show_list(screen, path, reading)
        screen.flush()
        return
    notes = [f"{note[:1].upper()}{note[1:]}." for note in reading.notes]
    show_recording(overheard.recording, path, views, notes=notes)


def pick(reading: CaptureReading, path: str, number: int | None) -> Overheard | None:
    """The connection that is meant; ``None`` where there are several and none was named.

    Raises:
        Usage: there is none of this number, or no TLS at all.
    """
    found, shown = reading.connections, printable(path, 60)
    if not found:
        notes = list(reading.notes[:NOTES_SHOWN])
        if len(reading.notes) > NOTES_SHOWN:
            notes.append(f"and {count(len(reading.notes) - NOTES_SHOWN, 'note')} more of the kind")
        why = "; ".join(notes) or "it has no packets of TCP"
        raise Usage(f"{shown} has no TLS that can be told: {why}", "capture from the first packet")
    if number is not None and number > len(found):
        has = count(len(found), "connection")
        raise Usage(
            f"{shown} has {has}, no number {number}",
            f"leave --connection out to see {_them(found)}",
        )
    if number is None:
        return found[0] if len(found) == 1 else None
    return found[number - 1]


def show_list(screen: Screen, path: str, reading: CaptureReading) -> None:
    """The connections of a capture, each with how it went, and what was odd about the file."""
    screen.paragraph(
        f"{printable(path, 60)}: {count(len(reading.connections), 'connection')} of TLS", 0, HEADING
    )
    for number, overheard in enumerate(reading.connections, 1):
        screen.line()
        _show_one(screen, number, overheard)
    show_notes(screen, reading.notes)
    if len(reading.connections) > 1:
        screen.line()
        screen.paragraph(
            f"One of them: tlsee explain {printable(path, 60)} --connection 1", 0, HINT
        )


def show_notes(screen: Screen, notes: Sequence[str]) -> None:
    """Sentences on what is missing or odd."""
    for note in notes:
        screen.line()
        screen.paragraph(f"{note[:1].upper()}{note[1:]}.", 0, HINT)


def _show_one(screen: Screen, number: int, overheard: Overheard) -> None:
    recording = overheard.recording
    story = story_of(recording)
    when = moment(recording.header.began / 1e9)
    screen.row(f"{number}", f"{overheard.client} -> {overheard.server}, {when}", label_width=_LABEL)
    screen.row("name", _name(story), label_width=_LABEL)
    screen.row("agreed", agreed(story), label_width=_LABEL)
    screen.row("ended", ended(story, overheard), label_width=_LABEL)
    for place, note in enumerate(overheard.notes):
        screen.row("" if place else "notes", note, label_width=_LABEL)


def _name(story: Story) -> str:
    hello = story.first(ClientHello)
    if hello is None:
        return "none: its ClientHello could not be read"
    return server_name(hello) or "none was asked for"


def agreed(story: Story) -> str:
    """Version and suite, as far as the server has answered."""
    answer = story.first(ServerHello)
    if answer is None or story.version is None:
        return "nothing: there is no ServerHello"
    return f"{story.version.label}, {answer.cipher_suite}"


def ended(story: Story, overheard: Overheard) -> str:
    """How far the handshake came, which alert was last, and what became of TCP."""
    if story.done is not None:
        parts = ["handshake done"]
    elif story.first(ServerHello) is None:
        parts = ["no handshake"]
    elif any(step.is_closed or step.kind is Kind.CHANGE for step in story.steps):
        parts = ["whether the handshake was done is not known"]
    else:
        parts = ["handshake not done"]
    for sent, who in ((True, "client"), (False, "server")):
        alerts = [a for a in story.alerts(sent=sent) if a != AlertDescription.close_notify]
        if alerts:
            parts.append(f"the {who} sent {alerts[-1]} ({int(alerts[-1])})")
    return ", ".join((*parts, f"TCP {overheard.ending}"))


def _them(found: Sequence[Overheard]) -> str:
    return "it" if len(found) == 1 else "them"


def _private_key(path: str) -> Any:
    try:
        return load_private_key(_content(path, "--key", KEY_LIMIT))
    except ApiMisuse as problem:
        raise Usage(f"{printable(path, 60)} (--key): {problem.detail}", problem.fix) from None


def _content(path: str, option: str, limit: int) -> bytes:
    """A file's bytes, if they are no more than that."""
    shown = f"{printable(path, 60)} ({option})"
    try:
        with Path(path).open("rb") as file:
            content = file.read(limit + 1)
    except (OSError, ValueError) as error:
        why = reason_of(error) if isinstance(error, OSError) else str(error)
        raise Usage(f"cannot read {shown}: {why}", "look at its name and its permissions") from None
    if len(content) > limit:
        raise Usage(f"{shown} has over {limit:,} bytes", "name the right file")
    return content
