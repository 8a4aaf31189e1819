"""A verdict as a screen: verdict, cause, evidence, what if, fix, and what nobody looked at.

All of it comes from the ``Verdict``; what that cannot know, such as the file in which a certificate
was, is a ``Telling``. Names in certificates are a stranger's and are escaped where they are read.
"""

from __future__ import annotations

from tlsee.explain.layout import WIDTH, Line, labelled, wrap
from tlsee.explain.verdicts_tree import right, tree
from tlsee.explain.verdicts_words import (
    CONNECTED,
    Telling,
    fix,
    held,
    not_checked,
    passed,
    profile,
)
from tlsee.identity.certificate import CertificateView, moment
from tlsee.identity.path.known import Revocation
from tlsee.identity.path.purpose import Purpose
from tlsee.identity.path.verdict import Path, Verdict, WhatIf
from tlsee.reasons import Reason
from tlsee.text import count, printable

__all__ = [
    "CONNECTED", "Telling", "cause", "expiry_lines", "fix", "not_checked", "refusal_lines",
    "revocation_of_leaf", "screen", "search_lines", "tree", "what_if_lines",
]  # fmt: skip

LABEL = 10  # columns of a row's label, behind two of indent
VERDICT = 10  # columns of the first word


def screen(verdict: Verdict, telling: Telling = CONNECTED, width: int = WIDTH) -> list[Line]:
    """The whole verdict in the order verdict, cause, evidence, what if, fix, the rest."""
    lines = _first_line(verdict, width)
    if not verdict.accepted:
        lines += _rows("cause", cause(verdict), width)
    lines += tree(verdict, telling, width)
    if not verdict.accepted:
        lines += what_if_lines(verdict, width)
        lines += _rows("fix", fix(verdict, telling), width)
    lines += _rows("passed", passed(verdict), width)
    lines += expiry_lines(verdict, width)
    return [*lines, *_unlooked(verdict, telling, width), *_alert(verdict, width)]


def refusal_lines(verdict: Verdict, telling: Telling, width: int = WIDTH) -> list[Line]:
    """Evidence and what-ifs alone, for a screen that has said verdict and cause already."""
    return [*tree(verdict, telling, width), *what_if_lines(verdict, width)]


def search_lines(verdict: Verdict, telling: Telling, width: int = WIDTH) -> list[Line]:
    """The paths, unless a refusal has shown them already; what held, what nobody looked at."""
    lines = tree(verdict, telling, width) if verdict.accepted else []
    if verdict.path is not None:
        lines += _rows("all held", held(verdict.path), width)
    return [*lines, *_unlooked(verdict, telling, width)]


def heading(reason: Reason) -> str:
    """A reason as it stands in a first line; an identifier would stand before the name."""
    return reason.name


def _first_line(verdict: Verdict, width: int) -> list[Line]:
    word, kind = ("ACCEPTED", "accepted") if verdict.accepted else ("REFUSED", "refused")
    text = heading(verdict.reason) if verdict.reason is not None else _who(verdict)
    end = f"as {verdict.purpose.label}, on {moment(verdict.at)}"
    start = f"{word:<{VERDICT}}"
    if len(start) + len(text) + len(end) < width:
        return [Line(shown, kind) for shown in right(text, end, width, VERDICT, start)]
    last = [f"{end:>{width}}"] if len(end) <= width else wrap(end, width, VERDICT)
    shown = [*wrap(text, width, VERDICT, start), *last]
    return [Line(line, kind) for line in shown]


def _who(verdict: Verdict) -> str:
    if verdict.name is not None:
        return printable(verdict.name, 100)
    return verdict.leaf.subject if verdict.leaf is not None else ""


def cause(verdict: Verdict) -> str:
    """Why a chain was refused, in a sentence; what was found is in the tree, if there is one."""
    text = verdict.reason.sentence if verdict.reason is not None else "nobody vouches for it"
    ended = verdict.path.ended_by if verdict.path is not None else None
    if ended is None or ended[1].reason is not verdict.reason:
        return f"{text}: {verdict.detail}" if verdict.detail else text
    culprit = ended[0]
    return text if culprit == verdict.leaf else f"{text}: {culprit.subject}"


def what_if_lines(verdict: Verdict, width: int = WIDTH) -> list[Line]:
    """What would have been accepted, and on which path; each was judged, none is guessed."""
    lines: list[Line] = []
    for found in verdict.what_ifs():
        first = f"  {'what if' if not lines else '':<{LABEL}}"
        end = _outcome(found, verdict)
        change = found.change
        if found.needs:
            urls = ", ".join(printable(fetch.url, 200) for fetch in found.needs)
            change = f"{change}: {urls}"
        shown = right(change, end, width, 2 + LABEL, first)
        lines += [Line(line, "accepted" if found.accepted else "text") for line in shown]
    return lines


def _outcome(found: WhatIf, verdict: Verdict) -> str:
    if found.verdict is None:
        return "not fetched"
    word = "ACCEPTED" if found.accepted else "refused"
    path = found.verdict.path
    number = _number(path, verdict) if path is not None else 0
    return f"path {number} {word}" if number else word


def _number(path: Path, verdict: Verdict) -> int:
    """Which of the tried paths it is, from 1; 0 for none."""
    for number, tried in enumerate(verdict.tried, 1):
        if tried.certificates == path.certificates:
            return number
    return 0


def expiry_lines(
    verdict: Verdict,
    width: int = WIDTH,
    label_width: int = LABEL,
    *,
    but: CertificateView | None = None,
) -> list[Line]:
    """What of an accepted path ends within 14 days, ``but`` what a screen tells elsewhere."""
    lines: list[Line] = []
    for view in verdict.expiring:
        if view == but:
            continue
        left = view.not_after - verdict.at
        days, hours = divmod(int(left // 3600), 24)
        span = count(days, "day") if days else count(hours, "hour") if hours else "minutes"
        text = f"{view.subject} ends {moment(view.not_after)}, in {span}"
        label = "soon over" if not lines else ""
        lines += [Line(line, "soon") for line in labelled(label, text, width, label_width)]
    return lines


def revocation_of_leaf(verdict: Verdict) -> str:
    """What was found out about the leaf of an accepted path: ``good as of ..``; empty for nothing.

    The subject is left out: whoever prints this names it.
    """
    asked, leaf = verdict.asked, verdict.leaf
    if verdict.peer is None or leaf is None:
        return ""
    if asked is not None and asked.revocation is Revocation.OFF:
        return ""
    for check in verdict.peer.path.steps[0].checks:
        if check.name == "revocation" and check.ok and not check.detail.startswith("not known"):
            return check.detail.removeprefix(f"{leaf.subject}: ")
    return ""


def _unlooked(verdict: Verdict, telling: Telling, width: int) -> list[Line]:
    lines: list[Line] = []
    rules = profile(verdict, telling)
    missing = not_checked(verdict, telling)
    for item in missing:
        shown = labelled("not checked" if not lines else "", item, width, 13)
        lines += [Line(line, "row") for line in shown]
    if rules and lines and len(lines[-1].text) + len(rules) + 2 <= width:
        last = lines.pop().text
        lines.append(Line(f"{last:<{width - len(rules)}}{rules}", "row"))
    elif rules:
        lines += _rows("profile", rules.removeprefix("profile "), width)
    return lines


def _alert(verdict: Verdict, width: int) -> list[Line]:
    if verdict.alert is None:
        return []
    who = "client" if verdict.purpose is Purpose.SERVER else "server"
    text = f"in a handshake a {who} sends {verdict.alert} ({int(verdict.alert)}) for this"
    return [Line(line, "row") for line in wrap(text, width, 2, "  ")]


def _rows(label: str, text: str, width: int) -> list[Line]:
    if not text:
        return []
    return [Line(line, "row") for line in labelled(label, text, width, LABEL)]
