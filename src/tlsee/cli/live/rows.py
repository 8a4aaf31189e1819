"""What the live list says of a connection: plain values, read from its recording.

Everything that comes from a client is escaped here (``printable``), and once more as markup.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from tlsee.cli.live.board import Shown
from tlsee.cli.live.bounds import STEPS_SHOWN, TEXT_SHOWN
from tlsee.errors import AlertReceived, TLSError, Truncation
from tlsee.explain import summary
from tlsee.explain.account.outcome import Ending, outcome_of
from tlsee.explain.narrate import title
from tlsee.explain.phrases import CERTIFICATES
from tlsee.explain.reading import name_of, server_name
from tlsee.explain.recorded import story_of
from tlsee.explain.sentences import sentence_of
from tlsee.explain.story import Kind, Step, Story
from tlsee.text import count, printable
from tlsee.trace import Role
from tlsee.values import value
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages12 import CertificateRequest as CertificateRequest12
from tlsee.wire.messages13 import CertificateRequest

__all__ = ["Row", "StepRow", "row_of", "untold"]

GOOD, BAD, OPEN = "good", "bad", "open"
_WORDS = {
    Ending.CONNECTED: "Connected",
    Ending.CUT: "Broken afterwards",
    Ending.REFUSED_HERE: "Refused here",
    Ending.REFUSED_THERE: "Refused by the client",
    Ending.UNFINISHED: "Not finished",
}


@value
class StepRow:
    """One step: its number, who said it, its name, what it means."""

    number: int
    sender: str
    title: str
    text: str


@value
class Row:
    """A connection in the list.

    Attributes:
        kind: ``good``, ``bad`` or ``open``: it goes on. word: the verdict in a word or two.
        headline: the verdict in a line. sentences: what to know of a failure. fix: what helps.
        clock: the time of day here; moment: the same for programs.
        facts: pairs of label and text. steps: the first of them; more: how many there are besides.
    """

    number: int
    kind: str
    word: str
    headline: str
    sentences: tuple[str, ...]
    fix: str
    clock: str
    moment: str
    address: str
    facts: tuple[tuple[str, str], ...]
    steps: tuple[StepRow, ...]
    more: int


def row_of(shown: Shown) -> Row:
    """What there is to say of a connection now."""
    over, error = shown.over, shown.error  # before the recording: what is over does not change
    story = story_of(shown.recording)
    if story.error is None and error is not None:
        story.error = error  # the socket's, of which no event tells
    facts = tuple(_facts(story, shown.said))
    steps = tuple(_step(step, story) for step in story.steps[:STEPS_SHOWN])
    more = max(0, len(story.steps) - STEPS_SHOWN)
    return _row(shown, _verdict(story, over=over), facts, steps, more)


def untold(shown: Shown) -> Row:
    """A connection of which nothing can be said, by our own fault; its recording may tell."""
    verdict = (BAD, "Not shown", "a bug of this page", ("The server it shows goes on.",), "")
    return _row(shown, verdict)


def _row(
    shown: Shown,
    verdict: _Verdict,
    facts: tuple[tuple[str, str], ...] = (),
    steps: tuple[StepRow, ...] = (),
    more: int = 0,
) -> Row:
    began = time.localtime(shown.began)
    return Row(
        shown.number,
        *verdict,
        time.strftime("%H:%M:%S", began),
        time.strftime("%Y-%m-%dT%H:%M:%S%z", began),
        printable(shown.address),
        facts,
        steps,
        more,
    )


_Verdict = tuple[str, str, str, tuple[str, ...], str]


def _verdict(story: Story, *, over: bool) -> _Verdict:
    if story.error is None and not over:
        if story.done is not None:
            return OPEN, "Open", _spoken(story), (), ""
        last = title(story.steps[-1]) if story.steps else ""
        headline = f"last came {last}" if last else "nothing was said yet"
        return OPEN, "Shaking hands", headline, (), ""
    if isinstance(story.error, TimeoutError):
        what = "The client has shaken hands and" if story.done is not None else "The client"
        why = "It may wait for something, or be no TLS client at all."
        return BAD, "Timed out", f"{what} said nothing more", (why,), ""
    outcome = outcome_of(story)
    if outcome.good:
        return GOOD, _WORDS[outcome.ending], _spoken(story), (), ""
    word, headline, sentences = _WORDS[outcome.ending], outcome.headline, list(outcome.sentences)
    error = story.error
    if isinstance(error, AlertReceived):
        headline = error.label
    elif isinstance(error, TLSError):
        headline = error.reason.sentence
        sentences = [error.detail] if error.detail else []
    if isinstance(error, Truncation):
        word = "Cut off"
    if outcome.name:
        labels = [outcome.name, outcome.alert, outcome.clause]
        if outcome.alert.startswith(f"{outcome.name} "):
            labels = labels[1:]  # an alert's reason has the alert's name
        sentences.append(f"Reason: {', '.join(filter(None, labels))}.")
    shown = tuple(printable(_sentence(text), TEXT_SHOWN) for text in sentences)
    return BAD, word, headline, shown, printable(outcome.fix, TEXT_SHOWN)


def _spoken(story: Story) -> str:
    version = story.version.label if story.version is not None else "TLS"
    return f"{version}, resumed" if story.resumed else version


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def _facts(story: Story, said: str) -> Iterator[tuple[str, str]]:
    hello = story.first(ClientHello)
    if hello is not None:
        yield "asked for", server_name(hello) or "no name (no SNI)"
    if story.version is not None and story.done is None:
        yield "version", story.version.label  # else it is in the headline
    if story.group is not None:
        yield "key exchange", summary.describe(story.group)
    elif story.key_exchange is not None:
        yield "key exchange", str(story.key_exchange.name).upper()
    for what, label in (("suite", "suite"), ("alpn", "protocol")):
        choice = story.choice(what)
        if choice is not None and choice.chosen is not None:
            yield label, summary.describe(choice.chosen)
    client = _client(story)
    if client:
        yield "client", client
    took = story.milliseconds
    if took is not None:
        yield "handshake", f"{count(story.round_trips, 'round trip')}, {took:,.1f} ms"
    if said:
        yield "request", printable(said)


def _client(story: Story) -> str:
    """Who the client shows to be, where it was asked."""
    verdict = story.verdict
    if verdict is not None and verdict.leaf is not None:
        name = printable(name_of(verdict.leaf))
        return f"{name}, {'accepted' if verdict.accepted else 'NOT accepted'}"
    asked = story.step_of((CertificateRequest, CertificateRequest12), Role.SERVER)
    if asked is None:
        return ""
    if story.step_of(CERTIFICATES, Role.CLIENT) is not None:
        return "asked for a certificate, and showed none that could be judged"
    return "asked for a certificate"


def _step(step: Step, story: Story) -> StepRow:
    text = "" if step.kind is Kind.ALERT else sentence_of(step, story, None)
    lines = (printable(line, TEXT_SHOWN) for line in text.splitlines())
    return StepRow(step.number, step.sender.value, title(step), " ".join(lines))
