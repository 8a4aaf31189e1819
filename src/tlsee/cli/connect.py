"""``tlsee connect``: connect to a server, and tell what was negotiated and proved."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import click

from tlsee import defaults
from tlsee.cli import connect_report, meetings
from tlsee.cli.attempt import Attempt
from tlsee.cli.exit_codes import CommandError, ExitCode, NotTried, Usage
from tlsee.cli.json_output import connect_object, failed_object, line_of
from tlsee.cli.judging import judging_options
from tlsee.cli.output import BAD, Screen
from tlsee.cli.plumbing import standard_output
from tlsee.cli.recalling import connect_options
from tlsee.cli.recordings import record_options
from tlsee.cli.surprises import Interrupted, confession
from tlsee.cli.wishes import Wish, wish_of
from tlsee.text import printable


@click.command("connect", short_help="connect, and tell what was negotiated and proved")
@click.argument("target")
@click.option(
    "--ca",
    multiple=True,
    metavar="FILE",
    help="Believe these authorities, not the system's; also: system, certifi. Repeatable.",
)
@click.option(
    "--server-name",
    "--servername",
    metavar="NAME",
    help="Ask for this name (SNI), and expect its certificate.",
)
@click.option(
    "--identity", metavar="NAME", help="Expect a certificate for this name or address; SNI stays."
)
@click.option("--no-sni", is_flag=True, help="Do not tell the server which name is wanted.")
@click.option(
    "--cert", metavar="FILE", help="Show this certificate (PEM, with its chain) if asked."
)
@click.option("--key", metavar="FILE", help="Its private key, if that is not in the same file.")
@judging_options
@connect_options
@click.option("--alpn", metavar="LIST", help="Application protocols to offer: h2,http/1.1.")
@click.option(
    "--groups", metavar="LIST", help="Key exchange groups to offer: X25519MLKEM768,P-256."
)
@click.option("--suites", metavar="LIST", help="Cipher suites to offer: TLS_AES_128_GCM_SHA256.")
@click.option(
    "--policy",
    type=click.Choice(["default", "legacy"]),
    default="default",
    help="legacy adds DHE, RSA key exchange, CCM and CBC, for peers that have nothing better.",
)
@click.option("--tls", metavar="VERSION", help="Offer this version and no other: 1.3 or 1.2.")
@click.option(
    "--timeout",
    type=float,
    default=defaults.HANDSHAKE_TIMEOUT,
    metavar="SECONDS",
    show_default=True,
    help="For TCP and handshake together; afterwards for any silence.",
)
@click.option("--keylog", metavar="FILE", help="Append the secrets, for Wireshark (RFC 9850).")
@record_options
@click.option(
    "--insecure", is_flag=True, help="Go on whoever the server is; still judged, and shown."
)
@click.option("--json", "as_json", is_flag=True, help="Print one object, also where it fails.")
@click.option(
    "--export",
    multiple=True,
    metavar="LABEL[:LENGTH]",
    help="Print keying material that only both ends have, 32 bytes unless told. Repeatable.",
)
@click.option("--key-update", is_flag=True, help="Change keys, and ask the server to (TLS 1.3).")
@click.option("--http", metavar="PATH", help="Send one GET request and print the answer.")
@click.option("--proxy", metavar="URL", help="Go through this HTTP proxy (CONNECT).")
@click.option(
    "--interactive", is_flag=True, help="Keep the connection open and send what is typed."
)
@click.option("-n", "no_stdin", is_flag=True, help="Never read standard input.")
@click.option("-v", "--verbose", count=True, help="Tell every message; -vv every field.")
@click.option("--chain", is_flag=True, help="Show every certificate, path and check.")
def command(**options: Any) -> int:
    """Connect to TARGET, and tell what was negotiated and proved.

    TARGET is HOST, HOST:PORT, [IPv6]:PORT or a pasted URL. Standard input, where it is a pipe or
    a file, is sent; then standard output carries the answer alone and the story goes to standard
    error.

    \b
    Examples:
      tlsee connect www.python.org
      tlsee connect https://www.python.org/downloads --http /downloads/
      tlsee connect localhost:8443 --ca ca.pem -v
      tlsee connect mesh.example:443 --cert me.pem --key me.key
      tlsee connect www.python.org --resume 1

    \b
    Exit codes: 0 it worked, 1 TLS said no (or --resume was not), 2 wrong
    usage, 3 no TLS could be tried (name, TCP, proxy), 130 interrupted.
    """  # noqa: D301 - click wants the backspace itself
    if options["as_json"]:
        return _as_json(options)
    return _as_story(wish_of(options, os.environ), options)


def _as_json(options: dict[str, Any]) -> int:
    """One object, whatever happens; the peer's bytes are in it, standard output has no other."""
    target, attempt = printable(options["target"], 255), None
    try:
        wish = wish_of(options, os.environ)
        target = str(wish.target)
        attempt = Attempt(wish, standard_output(shown=False))
        attempt.run(lambda _: None)
        found, code = _with_others(attempt)
    except CommandError as error:
        found, code = failed_object(target, error), error.code
    except KeyboardInterrupt:
        found, code = _cut_short(target, attempt, Interrupted()), ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the object says it
        found, code = _cut_short(target, attempt, confession(error)), ExitCode.BUG
    screen = Screen(sys.stdout)
    screen.line(line_of(found))
    screen.flush()
    return code


def _with_others(attempt: Attempt) -> tuple[dict[str, Any], ExitCode]:
    """The object of the first connection, and in it those that followed."""
    others = list(meetings.meet_again(attempt)) if attempt.error is None else []
    code = meetings.code_of(attempt, others)
    found = connect_object(attempt)
    found["ok"] = code is ExitCode.WORKED
    found["again"] = [meetings.as_object(other) for other in others]
    return found, code


def _cut_short(target: str, attempt: Attempt | None, error: CommandError) -> dict[str, Any]:
    """What was known by then; after a bug that can be no more than the bug itself."""
    if attempt is not None:
        attempt.error = error
        with contextlib.suppress(Exception, KeyboardInterrupt):
            return connect_object(attempt)
    return failed_object(target, error)


def _as_story(wish: Wish, options: dict[str, Any]) -> int:
    has_data = wish.exchange.has_data
    screen = Screen(sys.stderr if has_data else sys.stdout)
    attempt = Attempt(wish, standard_output(shown=has_data))

    def opened(attempt: Attempt) -> None:
        if has_data:  # what follows is the peer's; whoever watches sees first to whom this speaks
            connect_report.opening(attempt, screen)
            screen.flush()

    attempt.run(opened)
    if isinstance(attempt.error, NotTried | Usage):
        raise attempt.error
    detail = {
        "messages": options["verbose"] >= 1,
        "fields": options["verbose"] >= 2,
        "chain": options["chain"],
    }
    if attempt.error is None:
        if not has_data:
            connect_report.opening(attempt, screen)
        connect_report.ending(attempt, screen, **detail)
    else:
        connect_report.failure(attempt, screen, **detail)
    screen.flush()
    return _again(attempt, screen, detail)


def _again(first: Attempt, screen: Screen, detail: dict[str, bool]) -> int:
    """The further connections, each told as it ends."""
    others: list[Attempt] = []
    if first.error is None and first.wish.again.early:
        screen.row("warning", meetings.REPLAYABLE, BAD)
    for attempt in meetings.meet_again(first) if first.error is None else ():
        others.append(attempt)
        meetings.report(first, len(others), attempt, screen)
        if detail["messages"]:
            meetings.tell(attempt, len(others), screen, fields=detail["fields"])
        screen.flush()
    return meetings.code_of(first, others)
