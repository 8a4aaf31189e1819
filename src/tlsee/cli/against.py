"""``tlsee replay FILE... --against FILE``: which past connections another configuration breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from tlsee.cli.configurations import Written, read_configuration
from tlsee.cli.exit_codes import CommandError, ExitCode, Usage
from tlsee.cli.json_output import line_of
from tlsee.cli.judging import moment_of
from tlsee.cli.output import BAD, OK, QUIET, Screen
from tlsee.cli.recordings import load
from tlsee.explain.account.heading import heading_of
from tlsee.explain.against import Finding, Fit, Outlook, judge_against
from tlsee.explain.against.credential import recorded_credential
from tlsee.explain.against.finding import outlook_of
from tlsee.explain.recorded import story_of
from tlsee.explain.rejudging import recorded_trust
from tlsee.recording.recording import Recording
from tlsee.text import count, printable
from tlsee.trace import Role
from tlsee.values import value

SCHEMA = "tlsee.against/1"
_STYLES = {Fit.BREAKS: BAD, Fit.MAY_BREAK: BAD, Fit.UNKNOWN: QUIET, Fit.SAME: OK, Fit.CHANGES: OK}
_NO_TRUST = "whom the client trusts is not in the recording: name the authorities with ca"
_NO_CERTIFICATE = "the recording has no certificate of the server's: name one with cert"


@value
class Judged:
    """A recording with what would become of it."""

    path: str
    recording: Recording
    title: str
    outlook: Outlook


def tell_against(
    paths: Sequence[str], against: str, screen: Screen, date: str | None = None, *, as_json: bool
) -> int:
    """Judge recordings against the configuration in a file, and tell.

    Args:
        date: the moment to judge certificates at; ``None`` is when each was recorded.

    Returns:
        ``REFUSED`` where a connection breaks, else ``WORKED``. With ``as_json`` also ``USAGE``: the
        object says what for.

    Raises:
        Usage: a file cannot be read or says what cannot be.
    """
    judged: list[Judged] = []
    try:
        at = moment_of(date) if date is not None else None
        written = read_configuration(against)
        for path in paths:
            judged.append(_judge(path, written, at))
            if not as_json:
                _show(judged[-1], screen)
    except CommandError as error:
        if not as_json:
            raise
        screen.line(line_of(_object(judged, error)))
        screen.flush()
        return error.code
    if as_json:
        screen.line(line_of(_object(judged)))
    else:
        _total(judged, screen)
    screen.flush()
    broken = any(item.outlook.fit is Fit.BREAKS for item in judged)
    return ExitCode.REFUSED if broken else ExitCode.WORKED


def _judge(path: str, written: Written, at: float | None) -> Judged:
    recording = load(path)
    story = story_of(recording)
    title = heading_of(recording, story).title
    role = recording.role or Role.SERVER
    if role not in written.roles():  # the file is about the other side
        role = role.other
    if role is Role.SERVER:
        serving = written.server_config(recorded_credential(story))
        if serving is None:
            return Judged(path, recording, title, _unknown(role, _NO_CERTIFICATE))
        return Judged(path, recording, title, judge_against(recording, serving, at))
    trust = recorded_trust(story, Role.SERVER)
    outlook = judge_against(recording, written.client_config(trust), at)
    if trust is None and not written.names_authorities:
        more = (*outlook.findings, *_unknown(role, _NO_TRUST).findings)
        outlook = outlook_of(more, failed_before=outlook.failed_before, role=role)
    return Judged(path, recording, title, outlook)


def _unknown(role: Role, sentence: str) -> Outlook:
    return outlook_of((Finding(Fit.UNKNOWN, "certificate", sentence),), role=role)


def _show(judged: Judged, screen: Screen) -> None:
    outlook = judged.outlook
    before = ", which failed then" if outlook.failed_before else ""
    whose = f" ({judged.title}{before})"
    screen.verdict(outlook.fit.value, f"{printable(judged.path, 60)}{whose}", _STYLES[outlook.fit])
    for finding in outlook.findings:
        screen.row(finding.what, f"{finding.fit.value}: {finding.sentence}")
        if finding.fix:
            screen.row("", f"fix: {finding.fix}")


def _total(judged: Sequence[Judged], screen: Screen) -> None:
    if len(judged) < 2:
        return
    numbers = Counter(item.outlook.fit for item in judged)
    parts = [f"{numbers[fit]} {fit.value}" for fit in reversed(Fit) if numbers[fit]]
    screen.line()
    screen.paragraph(f"{count(len(judged), 'recording')}: {', '.join(parts)}")


def _object(judged: Sequence[Judged], error: CommandError | None = None) -> dict[str, Any]:
    """What was judged, up to what could not be."""
    numbers = Counter(item.outlook.fit for item in judged)
    return {
        "schema": SCHEMA,
        "ok": error is None,
        "sentence": error.what if error is not None else None,
        "fix": (error.fix or None) if error is not None else None,
        "total": {fit.name.lower(): numbers[fit] for fit in Fit},
        "recordings": list(_objects(judged)),
    }


def _objects(judged: Sequence[Judged]) -> Iterator[dict[str, Any]]:
    for item in judged:
        outlook = item.outlook
        yield {
            "file": printable(item.path, 255),
            "title": item.title,
            "as": outlook.role.value if outlook.role is not None else None,
            "fit": outlook.fit.name.lower(),
            "failed_before": outlook.failed_before,
            "findings": [
                {
                    "fit": finding.fit.name.lower(),
                    "what": finding.what,
                    "sentence": finding.sentence,
                    "before": finding.before or None,
                    "after": finding.after or None,
                    "name": finding.name or None,
                    "fix": finding.fix or None,
                }
                for finding in outlook.findings
            ],
        }


def refuse_alone(paths: Sequence[str]) -> None:
    """Several recordings at once are for ``--against``.

    Raises:
        Usage: there are several.
    """
    if len(paths) > 1:
        raise Usage("one recording at a time is replayed", "--against FILE judges several")
