"""A recording for the terminal: the verdict, the flights, what was chosen, who it was, the cost.

Lines of at most 80 columns, printable ASCII. Details unfold: ``detail`` 1 adds what each message
means, every choice with its losers and the states; 2 every field with its bytes and every key.
"""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.explain import certificates, summary, verdicts
from tlsee.explain.account import Account, Ending
from tlsee.explain.layout import WIDTH, Line, paragraph, row, wrap
from tlsee.explain.phrases import ranges
from tlsee.explain.report.flights import MARK, ladder, said
from tlsee.explain.report.trees import field_lines
from tlsee.explain.report.unfolded import (
    choice_lines,
    cost_lines,
    key_lines,
    record_lines,
    state_lines,
)
from tlsee.text import printable

__all__ = ["terminal"]

LABEL = 10  # columns of a row's label


def terminal(
    account: Account, name: str = "", *, detail: int = 0, width: int = WIDTH
) -> Iterator[Line]:
    """The screen.

    Args:
        name: what to call the recording, such as its file's. detail: 0, 1 or 2.
        width: columns, 40 or more.
    """
    for line in _whole(account, name, detail, width):
        text = line.text.rstrip()
        if len(text) <= width:
            yield Line(text, line.kind)
            continue
        inner = text.lstrip()
        indent = len(text) - len(inner)  # what was made for wider screens
        for part in wrap(inner, width, min(indent + 2, width // 2), " " * min(indent, width // 2)):
            yield Line(part.rstrip(), line.kind)


def _whole(account: Account, name: str, detail: int, width: int) -> Iterator[Line]:
    yield from _heading(account, name, width)
    yield from _verdict(account, width)
    yield from _flights(account, detail, width)
    yield from _choices(account, detail, width)
    yield from _identity(account, detail, width)
    if detail >= 1:
        yield from cost_lines(account, width)
        yield from state_lines(account, width)
    if detail >= 2:
        yield from key_lines(account, width)
        yield from record_lines(account, width)


def _heading(account: Account, name: str, width: int) -> Iterator[Line]:
    heading = account.heading
    to = "with" if heading.title == "a client" else "to"
    who = f"what {heading.whose} saw of a connection {to} {heading.title}"
    if account.recording.role is None and not account.overheard:
        who = "a connection on which nothing came"
    start = f"{printable(name, 60)}: " if name else ""
    text = f"{start}{who}, from {heading.when} on."
    yield from paragraph(text, width, 0)
    yield from paragraph(heading.note, width, 0)
    for sentence in heading.missing:
        yield from (Line(line.text, "soon") for line in paragraph(sentence, width, 0))
    yield Line("")


def _verdict(account: Account, width: int) -> Iterator[Line]:
    outcome, story = account.outcome, account.story
    kind = "accepted" if outcome.good else "refused"
    for line in paragraph(outcome.headline, width, 0):
        yield Line(line.text, kind if outcome.ending is not Ending.UNFINISHED else "soon")
    if outcome.good:
        yield from summary.summary(story, account.peer_story, width)
        yield Line("")
        return
    for number, sentence in enumerate(outcome.sentences):
        label = "so far" if outcome.ending is Ending.UNFINISHED else "cause"
        yield from row("" if number else label, sentence, width, LABEL)
    verdict = account.verdict
    if verdict is not None and not verdict.accepted:
        yield from verdicts.refusal_lines(verdict, verdicts.CONNECTED, width)
    if outcome.evidence:
        numbers = ranges(list(outcome.evidence))
        noun = "line" if len(outcome.evidence) == 1 else "lines"
        yield from row("evidence", f"{noun} {numbers} below, marked {MARK}", width, LABEL)
    for label, text in (
        ("alert", outcome.alert), ("name", outcome.name), ("clause", outcome.clause),
        ("fix", outcome.fix),
    ):  # fmt: skip
        if text:
            yield from row(label, text, width, LABEL)
    if story.done is not None:
        yield from summary.summary(story, account.peer_story, width)
    yield Line("")


def _flights(account: Account, detail: int, width: int) -> Iterator[Line]:
    last = None
    for view, line in ladder(account, width):
        if last is not None and view is not last and detail >= 1:
            yield from said(last, width)
            if detail >= 2 and last.field is not None:
                yield from field_lines(last.field, width)
        last = view
        yield line
    if last is not None and detail >= 1:
        yield from said(last, width)
        if detail >= 2 and last.field is not None:
            yield from field_lines(last.field, width)
    if account.steps:
        yield Line("")


def _choices(account: Account, detail: int, width: int) -> Iterator[Line]:
    if detail >= 1:
        yield from choice_lines(account, width)
        return
    lines = summary.choices(account.story, account.peer_story, width)
    yield from lines
    if lines:
        yield Line("")


def _identity(account: Account, detail: int, width: int) -> Iterator[Line]:
    verdict = account.verdict
    if verdict is None:
        return
    yield from row("chain", certificates.chain_text(verdict), width, LABEL)
    if verdict.leaf is not None:
        yield from row("valid", certificates.validity(verdict.leaf, verdict.at), width, LABEL)
    if detail >= 1:
        if verdict.accepted:
            yield from verdicts.search_lines(verdict, verdicts.CONNECTED, width)
        for text in certificates.chain_lines(verdict, width):
            yield Line(text, "row")
    yield Line("")
