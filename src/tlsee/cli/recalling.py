"""Options about sessions, early data and pre-shared keys, for ``connect`` and for ``serve``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from tlsee import defaults
from tlsee.cli import lists
from tlsee.cli.exit_codes import Usage
from tlsee.cli.stores import reason_of
from tlsee.codes import ProtocolVersion
from tlsee.errors import ApiMisuse
from tlsee.sessions.psk import ExternalPsk
from tlsee.sessions.stores import ServerSessions, StoredSessions
from tlsee.text import printable
from tlsee.values import value

Command = TypeVar("Command", bound=Callable[..., Any])

SECRET_VARIABLE = "TLSEE_SESSION_SECRET"  # noqa: S105 - the name of a variable, no secret
TIMES_LIMIT = 100  # further connections
EARLY_DATA_LIMIT = 1 << 20  # bytes of a file; servers allow some 16 KiB
REDIS = ("redis://", "rediss://", "unix://")
REDIS_SECONDS = 1.0  # until the shared keys are read; a server that is served without them goes on

_PSK = click.option(
    "--psk",
    multiple=True,
    metavar="IDENTITY:HEX",
    help="A pre-shared key; IDENTITY:@FILE reads it from a file. Repeatable.",
)


@value
class Again:
    """What follows the first connection: how many more, and what they say early."""

    times: int
    early: bytes


def connect_options(command: Command) -> Command:
    """``--resume``, ``--early-data`` and ``--psk`` of a client."""
    resume = click.option(
        "--resume",
        type=click.IntRange(1, TIMES_LIMIT),
        metavar="N",
        help="Connect N more times, with the session; exit code 1 if one is not resumed.",
    )
    early = click.option(
        "--early-data",
        metavar="FILE",
        help="With --resume: send this in the first flight (0-RTT). It can be replayed.",
    )
    return resume(early(_PSK(command)))


def serve_options(command: Command) -> Command:
    """``--sessions`` and all that goes with it, of a server."""
    sessions = click.option(
        "--sessions",
        default="memory",
        show_default=True,
        metavar="WHERE",
        help="memory (tickets), stored (the server keeps them), redis://..., or none.",
    )
    secret = click.option(
        "--session-secret",
        metavar="FILE",
        help=f"For Redis: 32 bytes or more in hexadecimal; else in {SECRET_VARIABLE}.",
    )
    tickets = click.option(
        "--tickets",
        type=click.IntRange(0, defaults.TICKETS_LIMIT),
        default=defaults.TICKETS,
        show_default=True,
        metavar="N",
        help="Tickets for each client.",
    )
    early = click.option(
        "--early-data",
        type=click.IntRange(0, (1 << 32) - 1),
        default=0,
        metavar="BYTES",
        help="Take so much data in a client's first flight (0-RTT). It can be replayed.",
    )
    return sessions(secret(tickets(early(_PSK(command)))))


def again_of(options: Mapping[str, Any]) -> Again:
    """What ``--resume`` and ``--early-data`` ask for.

    Raises:
        Usage: early data without a session to say it under, in TLS 1.2, or of a file that cannot
            be.
    """
    times, path = options["resume"] or 0, options["early_data"]
    if path is None:
        return Again(times, b"")
    if not times:
        raise Usage("--early-data needs a session from before", "add --resume 1")
    _needs_13(options, "early data")
    data = _read(path, "--early-data")
    if not data:
        raise Usage(f"--early-data {printable(path, 100)}: the file is empty", "say something")
    if len(data) > EARLY_DATA_LIMIT:
        raise Usage(
            f"--early-data {printable(path, 100)}: more than {EARLY_DATA_LIMIT:,} bytes",
            "servers take some 16,384",
        )
    return Again(times, data)


def psks_of(options: Mapping[str, Any]) -> tuple[ExternalPsk, ...]:
    """The keys of ``--psk``; none of them is ever shown.

    Raises:
        Usage: no identity, no key, one that is too short, or TLS 1.2 alone.
    """
    if options["psk"]:
        _needs_13(options, "keys of --psk")
    return tuple(_psk(text) for text in options["psk"])


def _needs_13(options: Mapping[str, Any], what: str) -> None:
    versions = lists.versions(options["tls"])
    if versions is not None and ProtocolVersion.TLS13 not in versions:
        raise Usage(f"TLS 1.2 has no {what}", "use --tls 1.3, or leave --tls out")


def _psk(text: str) -> ExternalPsk:
    identity, colon, key = text.rpartition(":")
    shown = f"--psk {printable(identity, 40)}:..."
    if not colon or not identity:
        raise Usage("--psk without an identity", "give IDENTITY:HEX, or IDENTITY:@FILE")
    try:
        return ExternalPsk(identity.encode("utf-8", "surrogateescape"), _key(key, shown))
    except ApiMisuse as error:
        raise Usage(f"{shown}: {error.detail}", error.fix) from None


def _key(text: str, shown: str) -> bytes:
    if text.startswith("@"):
        text = _read(text[1:], shown).decode("ascii", "replace")
    return _hexadecimal(text, shown)


def _hexadecimal(text: str, shown: str) -> bytes:
    digits = "".join(text.split())
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", digits):
        raise Usage(f"{shown}: the key is not hexadecimal", "openssl rand -hex 32 makes one")
    return bytes.fromhex(digits)


def _read(path: str, what: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(EARLY_DATA_LIMIT + 1)
    except (OSError, ValueError) as error:
        why = reason_of(error) if isinstance(error, OSError) else "no path"
        said = f"cannot read {printable(path, 100)} ({what}): {why}"
        raise Usage(said, "check the path") from None


def server_settings(options: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """What a ``ServerConfig`` takes of sessions, early data and keys.

    Raises:
        Usage: a place that is not known, a secret that is missing or cannot be, or early data
            where there is none.
    """
    sessions = _sessions(options, environ)
    if options["early_data"] and sessions is False:
        raise Usage("--early-data needs a session, and --sessions none keeps none", "use memory")
    if options["early_data"]:
        _needs_13(options, "early data")
    return {
        "sessions": sessions,
        "early_data": options["early_data"],
        "tickets": options["tickets"],
        "psks": psks_of(options),
    }


def _sessions(options: Mapping[str, Any], environ: Mapping[str, str]) -> ServerSessions | bool:
    where, file = options["sessions"], options["session_secret"]
    if where.startswith(REDIS):
        return _in_redis(where, file, environ)
    if file is not None:
        raise Usage("--session-secret is for sessions in Redis", "use --sessions redis://HOST")
    if where == "stored":
        return StoredSessions()
    if where not in ("memory", "none"):
        raise Usage(
            f"--sessions {printable(where, 40)}: no place for sessions",
            "use memory, stored, none, or redis://HOST:PORT/0",
        )
    return bool(where == "memory")


def _in_redis(url: str, file: str | None, environ: Mapping[str, str]) -> ServerSessions:
    if file is not None:
        shown, text = "--session-secret", _read(file, "--session-secret").decode("ascii", "replace")
    else:
        shown, text = SECRET_VARIABLE, environ.get(SECRET_VARIABLE, "")
    if not text:
        raise Usage(
            "sessions in Redis are sealed under a secret that each server has, and there is none",
            f"openssl rand -hex 32 > FILE, then --session-secret FILE, or set {SECRET_VARIABLE}",
        )
    secret = _hexadecimal(text, shown)
    from tlsee.sessions.redis import RedisSessions  # an extra: not everybody has it

    try:
        sessions = RedisSessions(url, secret)
    except ApiMisuse as error:
        raise Usage(error.detail, error.fix) from None
    sessions.wait_until_ready(REDIS_SECONDS)  # or the first clients would get no ticket
    return sessions


def is_away(sessions: ServerSessions | None) -> bool:
    """Whether they lie in Redis, and it has not answered yet."""
    from tlsee.sessions.redis import RedisSessions

    return isinstance(sessions, RedisSessions) and not sessions.link.refreshed.is_set()
