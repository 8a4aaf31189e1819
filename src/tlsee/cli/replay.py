"""``tlsee replay``: run a recording's end again, look into it, change something and go on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from tlsee.cli import replay_report
from tlsee.cli.exit_codes import CommandError, ExitCode, Usage
from tlsee.cli.json_output import line_of
from tlsee.cli.output import Screen
from tlsee.cli.recordings import load
from tlsee.cli.replay_json import failed_object, fork_object, replay_object, stop_object
from tlsee.errors import ApiMisuse
from tlsee.recording.recording import Recording
from tlsee.recording.replay import Fork, Play, Replaying
from tlsee.recording.replaying.forking import SEED
from tlsee.recording.replaying.playable import check_playable
from tlsee.text import printable


@click.command("replay", short_help="run a recording again, change something, see what differs")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a setting or a message's field, and go on. Repeatable.",
)
@click.option(
    "--until",
    metavar="WHERE",
    help="Stop at a state, or behind a message: its name, or its number from 1.",
)
@click.option(
    "--with",
    "peer",
    metavar="PEER",
    help="The other end's recording: both ends play, and a change goes through to the end.",
)
@click.option(
    "--seed",
    metavar="TEXT",
    help="What random bytes come of that the recording lacks. [default: tlsee]",
)
@click.option(
    "--against",
    metavar="CONFIG",
    help="Judge the recordings under the configuration in this file: which would break?",
)
@click.option("--at", metavar="DATE", help="With --against: judge certificates by this moment.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(**options: Any) -> int:
    """Run the end that FILE recorded again, offline, and hold each byte against the recording.

    FILE has to be a full recording: connect, serve or demo with --record FILE --reveal-secrets. A
    field is named as the structs have it, client_hello.extensions.server_name; settings are groups,
    suites, versions, schemes, alpn, policy.grease and others.

    \b
    Examples:
      tlsee replay demo.tlsrec
      tlsee replay demo.tlsrec --until WaitServerHello
      tlsee replay demo.tlsrec --set groups=x25519
      tlsee replay demo.tlsrec --with demo-server.tlsrec --set groups=x25519
      tlsee replay *.tlsrec --against next.toml

    \b
    Exit codes: 0 all as recorded, or the change went through; 1 something
    differs, or it came to an end before, as a file that is cut off does; 2
    wrong usage, or not a full recording.
    """  # noqa: D301 - click wants the backspace itself
    screen = Screen(sys.stdout)
    if options["against"] is not None:
        return _judge(options, screen)
    if not options["as_json"]:
        return _run(options, screen)
    try:
        return _run(options, screen)
    except CommandError as error:
        screen.line(line_of(failed_object(options["files"], options["peer"], error)))
        screen.flush()
        return error.code


def _judge(options: dict[str, Any], screen: Screen) -> int:
    from tlsee.cli.against import tell_against

    for name in ("changes", "until", "peer", "seed"):
        if options[name]:
            what = {"changes": "set", "peer": "with"}.get(name, name)
            raise Usage(
                f"--against judges, and --{what} is about a replay", "leave one of them out"
            )
    return tell_against(
        options["files"], options["against"], screen, options["at"], as_json=options["as_json"]
    )


def _run(options: dict[str, Any], screen: Screen) -> int:
    path, peer, until = _one(options["files"]), options["peer"], options["until"]
    if options["at"] is not None:
        raise Usage("--at is about --against", "leave it out")
    if options["seed"] is not None and peer is None and not options["changes"]:
        raise Usage("--seed is about what a change makes", "leave it out, or give --set or --with")
    changes = [_change(text) for text in options["changes"]]
    if until is not None and (not until.strip() or (until.isdigit() and not until.strip("0"))):
        raise Usage(
            f"--until {printable(until, 40) or 'without a place'} is nowhere",
            "name a state or a message; messages are counted from 1",
        )
    if peer is not None and until is not None:
        raise Usage("--until looks into one end, and --with plays two", "leave one of them out")
    recording, as_json = load(path), options["as_json"]
    seed = SEED if options["seed"] is None else options["seed"]
    try:
        if peer is not None:
            return _play(path, recording, peer, changes, seed, screen, as_json=as_json)
        if until is not None:
            return _stop(path, recording, until, changes, seed, screen, as_json=as_json)
        if changes:
            return _fork(path, recording, changes, seed, screen, as_json=as_json)
        return _replay(path, recording, screen, as_json=as_json)
    except ApiMisuse as problem:
        raise Usage(f"{printable(path, 60)}: {problem.detail}", problem.fix) from None


def _one(paths: Sequence[str]) -> str:
    if len(paths) > 1:
        from tlsee.cli.against import refuse_alone

        refuse_alone(paths)
    return paths[0]


def _change(text: str) -> tuple[str, str]:
    name, found, item = text.partition("=")
    if not found or not name:
        raise Usage(
            f"--set {printable(text, 40)} changes nothing", "write NAME=VALUE: groups=x25519"
        )
    return name, item


def _replay(path: str, recording: Recording, screen: Screen, *, as_json: bool) -> int:
    outcome = Replaying(recording).run()
    if as_json:
        screen.line(line_of(replay_object(path, recording, outcome)))
    else:
        replay_report.show_replay(screen, path, recording, outcome)
    screen.flush()
    whole = outcome.same and not outcome.cut_off
    return ExitCode.WORKED if whole else ExitCode.REFUSED


def _stop(
    path: str,
    recording: Recording,
    until: str,
    changes: list[tuple[str, str]],
    seed: str,
    screen: Screen,
    *,
    as_json: bool,
) -> int:
    run = Fork(recording, seed=seed) if changes else Replaying(recording)
    if isinstance(run, Fork):
        for name, item in changes:
            run.set(name, item)
    isa_number = until.isascii() and until.isdigit()
    reached = run.until(int(until) if isa_number else until)
    if isinstance(run, Fork):
        run.compared()  # which says what was set and does not fit
    if as_json:
        screen.line(line_of(stop_object(path, run, until, reached=reached)))
    else:
        replay_report.show_stop(screen, path, run, until, reached=reached)
    screen.flush()
    return ExitCode.WORKED if reached else ExitCode.REFUSED


def _fork(
    path: str,
    recording: Recording,
    changes: list[tuple[str, str]],
    seed: str,
    screen: Screen,
    *,
    as_json: bool,
) -> int:
    fork = Fork(recording, seed=seed)
    for name, item in changes:
        fork.set(name, item)
    outcome = fork.result()
    if as_json:
        screen.line(line_of(fork_object(path, None, [(recording, outcome)])))
    else:
        replay_report.show_fork(screen, path, recording, outcome)
    screen.flush()
    whole = outcome.misfit is None and not recording.damage
    return ExitCode.WORKED if whole else ExitCode.REFUSED


def _play(
    path: str,
    recording: Recording,
    peer: str,
    changes: list[tuple[str, str]],
    seed: str,
    screen: Screen,
    *,
    as_json: bool,
) -> int:
    other = load(peer)
    try:
        check_playable(other)
    except ApiMisuse as problem:  # which is said of this file, and not of the first
        raise Usage(f"{printable(peer, 60)}: {problem.detail}", problem.fix) from None
    play = Play(recording, other, seed=seed)
    for name, item in changes:
        play.set(name, item)
    ours, theirs = play.result()
    both = [(recording, ours), (other, theirs)]
    if as_json:
        screen.line(line_of(fork_object(path, peer, both)))
    else:
        replay_report.show_play(screen, path, peer, both, changes)
    screen.flush()
    return ExitCode.REFUSED if ours.fails_anew or theirs.fails_anew else ExitCode.WORKED
