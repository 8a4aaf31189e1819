"""What ``tlsee connect`` says of the judgement: rows of its screen, and the search behind them."""

from __future__ import annotations

from tlsee.cli.output import Screen
from tlsee.cli.styles import show
from tlsee.explain.certificates import chain_lines, chain_text, validity
from tlsee.explain.layout import listed
from tlsee.explain.verdicts import (
    Telling,
    expiry_lines,
    fix,
    not_checked,
    refusal_lines,
    revocation_of_leaf,
    search_lines,
)
from tlsee.identity.path.verdict import Verdict

LABEL = 12  # columns of a row's label on this screen

CONNECTED = Telling(unasked="no OCSP response asked for; --revocation soft asks", own="--ca")


def certificate_rows(verdict: Verdict, screen: Screen) -> None:
    """Who vouches for the peer and for how long; of a refusal the search instead."""
    if not verdict.accepted:
        evidence(verdict, screen)
    else:
        text = chain_text(verdict)
        if text:
            screen.row("chain", text)
        if verdict.leaf is not None:
            screen.row("valid", validity(verdict.leaf, verdict.at))
        show(screen, expiry_lines(verdict, screen.width, LABEL, but=verdict.leaf))
        found = revocation_of_leaf(verdict)
        if found:
            screen.row("revocation", found)
    missing = not_checked(verdict, CONNECTED)
    if missing:
        screen.row("not checked", listed(missing))


def evidence(verdict: Verdict, screen: Screen) -> None:
    """Each path with what failed on it, and what would change that."""
    show(screen, refusal_lines(verdict, CONNECTED, screen.width))


def whole_search(verdict: Verdict, screen: Screen) -> None:
    """What ``--chain`` asks for: every certificate, the paths, every rule that held."""
    for line in chain_lines(verdict, screen.width):
        screen.line(line)
    show(screen, search_lines(verdict, CONNECTED, screen.width))


def refusal(verdict: Verdict) -> str:
    """Why a chain was refused, in a line."""
    reason = verdict.reason
    text = reason.sentence if reason is not None else "nobody vouches for it"
    return in_words(text, verdict.detail)


def in_words(sentence: str, detail: str) -> str:
    """Both, unless the detail says it all in the same words."""
    if not detail:
        return sentence
    repeated = sentence.split()[:4] == detail.split()[:4]
    return detail if repeated else f"{sentence}: {detail}"


def advice(verdict: Verdict) -> str:
    """What to do about a refusal."""
    return fix(verdict, CONNECTED)
