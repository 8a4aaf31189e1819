"""How a connection ended: the verdict that every view shows first."""

from __future__ import annotations

import enum
from collections.abc import Iterator

from tlsee.codes import AlertDescription
from tlsee.errors import AlertReceived, CertificateRejected, TLSError
from tlsee.explain import alerts, summary
from tlsee.explain.story import Kind, Step, Story
from tlsee.text import count, printable
from tlsee.trace import Role
from tlsee.values import value

__all__ = ["Ending", "Outcome", "outcome_of"]

SENTENCE_SHOWN = 400  # characters of an error's sentence


class Ending(enum.Enum):
    """How it ended, as one word for programs."""

    CONNECTED = "connected"
    CUT = "cut"  # the handshake was done; what came behind it broke
    REFUSED_HERE = "refused_here"
    REFUSED_THERE = "refused_there"
    UNFINISHED = "unfinished"


@value
class Outcome:
    """The verdict.

    Attributes:
        ending: the kind. headline: the verdict in a line.
        sentences: what to know of it, one fact each.
        name: of the reason, such as ``certificate_expired``; empty where nothing failed.
        alert: ``unknown_ca (48)``, sent or received. clause: which rule was broken.
        fix: what helps, or nothing.
        evidence: the numbers of the steps to look at.
    """

    ending: Ending
    headline: str
    sentences: tuple[str, ...]
    name: str = ""
    alert: str = ""
    clause: str = ""
    fix: str = ""
    evidence: tuple[int, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nothing failed."""
        return self.ending is Ending.CONNECTED


def outcome_of(story: Story, *, overheard: bool = False) -> Outcome:
    """The verdict on a story."""
    error = story.error
    if isinstance(error, TLSError):
        return _failed(story, error)
    if error is not None:
        text = printable(str(error), SENTENCE_SHOWN)
        return Outcome(Ending.UNFINISHED, "The connection broke", (text,), type(error).__name__)
    refusal = next((step for step in story.steps if step.is_refusal), None)
    if refusal is not None:
        return _alerted(story, refusal, overheard=overheard)
    if story.done is None:
        return _unfinished(story, overheard=overheard)
    return Outcome(Ending.CONNECTED, f"Connected: {_agreed(story)}", tuple(_facts(story)))


def _agreed(story: Story) -> str:
    """Version, key exchange, suite."""
    parts = [story.version.label if story.version is not None else "TLS"]
    group = story.group
    if group is not None:
        parts.append(summary.describe(group))
    for what in ("suite", "alpn"):
        choice = story.choice(what)
        if choice is not None and choice.chosen is not None:
            parts.append(summary.describe(choice.chosen))
    return ", ".join(parts)


def _facts(story: Story) -> Iterator[str]:
    yield f"Proved: {summary.proved(story)}."
    yield f"Hidden: {summary.hidden(story)}."
    yield f"Tomorrow: {summary.tomorrow(story)}."
    took = story.milliseconds
    time = f", {took:,.1f} ms" if took is not None else ""
    trips = count(story.round_trips, "round trip")
    yield f"Cost: {summary.cost(story)}, {trips}{time}."


def _failed(story: Story, error: TLSError) -> Outcome:
    what = error.reason.sentence + (f": {error.detail}" if error.detail else "")
    sentences = [_sentence(what)]
    fix = error.fix
    if isinstance(error, AlertReceived):
        done = story.done is not None
        ending = Ending.CUT if done else Ending.REFUSED_THERE
        headline = f"The {story.role.other.value} refused: {error.label}"
        meaning, helps = alerts.meaning(error.alert, showed_certificate=_showed(story))
        if not error.detail:
            sentences.append(_sentence(f"mostly that means: {meaning}"))
        fix = fix or helps
    elif story.done is not None:
        ending, headline = Ending.CUT, "Connected, and broken afterwards"
    else:
        ending = Ending.REFUSED_HERE
        headline = f"This side, the {story.role.value}, refused: {error.reason.sentence}"
    if isinstance(error, CertificateRejected) and error.verdict is not None:
        tried = count(len(error.verdict.tried), "path")
        sentences.append(f"The certificate was judged, and {tried} tried: see the certificates.")
    clause = error.clause
    label = error.label
    return Outcome(
        ending, headline, tuple(sentences), error.name, label, clause, fix, _evidence(story)
    )


def _alerted(story: Story, step: Step, *, overheard: bool) -> Outcome:
    """An alert that nobody has told more of: a listener heard it, or the recording ends there."""
    alert, sender = step.description, step.sender
    meaning, fix = "", ""
    if alert is not None and not overheard and not step.sent:
        meaning, fix = alerts.meaning(alert, showed_certificate=_showed(story))
    elif alert is not None:
        shown = _showed(story, sender.other)
        meaning, fix = alerts.overheard(alert, sender, showed_certificate=shown)
    sentences = [_sentence(f"mostly that means: {meaning}")] if meaning else []
    ending = Ending.REFUSED_HERE if step.sent else Ending.REFUSED_THERE
    if story.done is not None:
        ending = Ending.CUT
        sentences.append("The handshake had been done before.")
    headline = f"The {sender.value} refused: {alert}"
    evidence = _evidence(story, step)
    return Outcome(ending, headline, tuple(sentences), "", _label(alert), "", fix, evidence)


def _label(alert: AlertDescription | None) -> str:
    return f"{alert} ({int(alert)})" if alert is not None else ""


def _sentence(text: str) -> str:
    shown = printable(text, SENTENCE_SHOWN)
    return f"{shown[:1].upper()}{shown[1:]}" + ("" if shown.endswith((".", "?", "!")) else ".")


def _showed(story: Story, side: Role | None = None) -> bool:
    """Whether a side, the observed one unless named, showed a certificate."""
    side = side or story.role
    steps = [step for step in story.steps if step.sender is side]
    shown = [s.message for s in steps if hasattr(s.message, "certificate_list")]
    return any(message.certificate_list for message in shown)


def _evidence(story: Story, alert: Step | None = None) -> tuple[int, ...]:
    """The last message before it, and the alert: the last one unless another is named."""
    if alert is None:
        alert = next((s for s in reversed(story.steps) if s.kind is Kind.ALERT), None)
    end = alert.number if alert is not None else len(story.steps) + 1
    last = next((s for s in reversed(story.steps[: end - 1]) if s.kind is not Kind.ALERT), None)
    return tuple(step.number for step in (last, alert) if step is not None)


def _unfinished(story: Story, *, overheard: bool) -> Outcome:
    if not story.steps:
        return Outcome(Ending.UNFINISHED, "Nothing was said", ("No message was recorded.",))
    last = story.steps[-1]
    sentence = f"The last that was said: {_said(last)}, by the {last.sender.value}."
    hidden = _hidden(story) if overheard else ""
    if hidden:
        return Outcome(Ending.UNFINISHED, f"Overheard: {_agreed(story)}", (hidden,))
    headline = "The handshake was not done when the recording ends"
    if overheard:  # what a capture has lost, or never had, may well have been said
        headline = "The handshake was not done as far as it was overheard"
    return Outcome(Ending.UNFINISHED, headline, (sentence,), evidence=(last.number,))


def _hidden(story: Story) -> str:
    """Why a listener cannot know whether the handshake was done; empty where it can."""
    if story.version is None:
        return ""
    if story.is_older:
        changed = {step.sender for step in story.steps if step.kind is Kind.CHANGE}
        if len(changed) < len(Role):
            return ""
        return (
            "Both sides have changed to their keys, and their Finished are encrypted: whether the "
            "handshake went well cannot be known without the keys."
        )
    if not any(step.is_closed for step in story.steps):
        return ""
    if any(step.kind is Kind.MESSAGE and not step.is_readable for step in story.steps):
        return (
            "Some records of it stay closed: whether the handshake went well cannot be known "
            "without their keys."
        )
    return (
        "From ServerHello on everything is encrypted: whether the handshake went well cannot be "
        "known without the keys."
    )


def _said(step: Step) -> str:
    if step.kind is Kind.MESSAGE:
        return str(step.handshake_type)
    if step.is_closed:
        return "records that nobody here can open"
    return {Kind.DATA: "application data", Kind.CHANGE: "ChangeCipherSpec"}.get(
        step.kind, str(step.description)
    )
