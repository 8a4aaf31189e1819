"""``tlsee explain``: what a word of TLS means, and what to do when it turns up."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from tlsee.cli import captures, recordings
from tlsee.cli.exit_codes import ExitCode, Usage
from tlsee.cli.json_output import line_of
from tlsee.cli.meant import is_a_file, looks_like_a_host, odd_file, shown_target
from tlsee.cli.output import HEADING, NO_OUTPUT, Screen
from tlsee.cli.views import ViewWish, show_recording, view_options, view_wish
from tlsee.explain.dictionary.entry import Entry
from tlsee.explain.dictionary.index import Found, look_up
from tlsee.explain.layout import listed
from tlsee.text import printable

SCHEMA = "tlsee.explain/1"
IN_FULL = 3  # entries for one word that are told whole; a list has a line for each
LABEL = 10  # columns


@click.command("explain", short_help="explain a word of TLS")
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@view_options
@captures.capture_options
def command(words: tuple[str, ...], **options: Any) -> int:
    """Explain an alert, message, extension, suite, group, scheme, field, state, secret or attack.

    A recording (connect --record FILE) is told as the connection was, written as a page, a capture
    or a diagram, or printed as an object (FILE may be -, standard output); so is a connection in a
    capture of packets.

    \b
    Examples:
      tlsee explain unknown_ca          an alert, by its name
      tlsee explain alert 48            the same, by its number
      tlsee explain 0x1301              whatever has this number
      tlsee explain master secret       older names find the new ones
      tlsee explain alerts              all of a kind
      tlsee explain handshake.tlsrec    a recording
      tlsee explain handshake.tlsrec --html page.html --pcapng wire.pcapng
      tlsee explain some.pcapng --keylog keys.txt

    Kinds: alerts, messages, extensions, suites, groups, schemes, versions,
    states, secrets, fields, reasons, terms, attacks.
    """  # noqa: D301 - click wants the backspace itself
    word, as_json = " ".join(words), options["as_json"]
    found = look_up(word)
    wish = view_wish(options)
    of_capture = captures.CaptureWish(*(options[n] for n in ("keylog", "keys", "connection")))
    if not found.entries and len(words) > 1 and all(map(is_a_file, words)):
        raise Usage(
            f"these are {len(words)} files, and one is shown at a time",
            f"type: tlsee explain {printable(words[0], 60)}",
        )
    if not found.entries and is_a_file(word):
        return _explain_file(word, wish, of_capture)
    if not found.entries and (odd := odd_file(word)) is not None:
        raise odd
    if of_capture.asked:
        raise Usage(
            "--keylog, --key and --connection are about a capture", "name a pcap or pcapng file"
        )
    if wish.files:
        raise Usage(
            f"{printable(word, 60)} is no file, and --{next(iter(wish.files))} shows a recording",
            "tlsee connect HOST --record FILE makes one",
        )
    problem = None if found.entries else _problem(word, found)
    screen = Screen(sys.stdout)
    if as_json:
        screen.line(line_of(_object(word, found, problem)))
    elif problem is not None:
        raise problem
    else:
        _show(screen, found.entries)
    screen.flush()
    return ExitCode.WORKED if problem is None else ExitCode.USAGE


def _explain_file(path: str, wish: ViewWish, of_capture: captures.CaptureWish) -> int:
    """A recording or a capture, in each view; with ``--json`` an object whatever happens."""
    try:
        wish.spare(path)
        if captures.is_capture(path) or of_capture.asked:
            captures.tell(path, of_capture, wish)
        elif (problem := captures.neither(path)) is not None:
            raise problem
        else:
            show_recording(recordings.load(path), path, wish)
    except Usage as problem:
        if not wish.as_json or problem.name == NO_OUTPUT:
            raise
        from tlsee.explain.report.json_report import failed_report

        screen = Screen(sys.stdout)
        screen.line(line_of(failed_report(problem.what, problem.fix)))
        screen.flush()
        return problem.code
    return ExitCode.WORKED


def _problem(word: str, found: Found) -> Usage:
    """Why there is nothing to tell, and what to type instead."""
    name = printable(word, 60)
    if looks_like_a_host(word):
        host = shown_target(word)
        shown = name if host in word and "/" not in word and "@" not in word else host
        return Usage(f"{shown} looks like a host", f"to connect, type: tlsee connect {host}")
    if found.suggestions:
        return Usage(
            f"'{name}' is not in the dictionary", f"did you mean {listed(found.suggestions, 'or')}?"
        )
    return Usage(
        f"'{name}' is not in the dictionary", "tlsee explain --help lists the kinds of words"
    )


def _show(screen: Screen, entries: Sequence[Entry]) -> None:
    if len(entries) > IN_FULL:
        _show_list(screen, entries)
        return
    for number, entry in enumerate(entries):
        if number:
            screen.line()
        _show_entry(screen, entry)


def _show_entry(screen: Screen, entry: Entry) -> None:
    gap = screen.width - len(entry.title) - len(entry.kind)
    if gap > 1:
        screen.line(f"{entry.title}{' ' * gap}{entry.kind}", HEADING)
    else:
        screen.line(entry.title, HEADING)
        screen.line(f"  {entry.kind}")
    for label, text in _rows(entry):
        if text:
            screen.row(label, text, label_width=LABEL)


def _rows(entry: Entry) -> tuple[tuple[str, str], ...]:
    where = "found" if entry.kind == "extension" else "sent by"
    return (
        ("what", entry.what),
        (where, entry.sender),
        ("means", entry.means),
        ("do", entry.do),
        ("security", entry.security),
        ("also", ", ".join(entry.also)),
        ("clause", entry.clause),
        ("see also", ", ".join(entry.see)),
    )


def _show_list(screen: Screen, entries: Sequence[Entry]) -> None:
    """A line for each: its name and how its first sentence begins."""
    column = min(max(len(entry.title) for entry in entries), screen.width // 2)
    for entry in entries:
        first = entry.what.partition(". ")[0]
        line = f"{entry.title:<{column}}  {first}"
        screen.line(line if len(line) <= screen.width else line[: screen.width - 2].rstrip() + "..")


def _object(word: str, found: Found, problem: Usage | None) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "ok": problem is None,
        "word": printable(word, 255),
        "entries": [_entry(entry) for entry in found.entries],
        "suggestions": list(found.suggestions),
        "sentence": problem.what if problem is not None else None,
        "fix": (problem.fix or None) if problem is not None else None,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "number": int(entry.code) if entry.code is not None else None,
        "what": entry.what,
        "sender": entry.sender or None,
        "means": entry.means or None,
        "do": entry.do or None,
        "security": entry.security or None,
        "clause": entry.clause,
        "also": list(entry.also),
        "see": list(entry.see),
    }
