"""The search for a path as a tree: which ways were tried, and what held and failed on each."""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.explain.certificates import validity
from tlsee.explain.layout import WIDTH, Line, wrap
from tlsee.explain.verdicts_words import (
    Telling,
    anchor_text,
    cross_signed,
    no_anchor,
    origin,
)
from tlsee.identity.certificate import CertificateView
from tlsee.identity.path.verdict import Check, Path, Step, Verdict
from tlsee.text import count

PATHS_SHOWN = 8
TEXT = 15  # the column in which the words begin

# What fails of these is the path's fault, though it is noted at a certificate.
_OF_THE_PATH = frozenset(
    {"issuer", "signature", "name constraints", "policies", "path length", "pins"}
)


def tree(verdict: Verdict, telling: Telling, width: int = WIDTH) -> list[Line]:
    """The leaf, then each path with rows ``ok`` and ``FAIL``; empty where no leaf was read."""
    if verdict.leaf is None:
        return []
    return list(_Tree(verdict, telling, width).lines())


def right(text: str, end: str, width: int, indent: int, first: str) -> list[str]:
    """Wrapped text with a word at the right edge of its first line."""
    lines = wrap(text, width - len(end) - 1, indent, first)
    return [f"{lines[0]:<{width - len(end)}}{end}", *lines[1:]]


class _Tree:
    def __init__(self, verdict: Verdict, telling: Telling, width: int) -> None:
        self.verdict = verdict
        self.telling = telling
        self.width = width
        self.cross_signed = cross_signed(verdict)
        self.shown = verdict.tried[:PATHS_SHOWN]
        self.common = self._leaf_failures()

    def _leaf_failures(self) -> list[Check]:
        """What is wrong with the leaf on every path, so that it is said once."""
        first, *others = [_own_failures(path) for path in self.verdict.tried] or [[]]
        return [check for check in first if all(check in other for other in others)]

    def lines(self) -> Iterator[Line]:
        leaf = self.verdict.leaf
        assert leaf is not None
        dates, _, left = validity(leaf, self.verdict.at).rpartition(", ")
        fine = not any(_own_failures(path) for path in self.verdict.tried)
        middle = f"itself fine, {left}" if fine and not self.verdict.accepted else left
        text = f"{leaf.subject}, {leaf.key_label}, {dates}: {middle}"
        yield from map(Line, wrap(text, self.width, 4, "  "))
        for check in self.common:
            yield from self._failed(check, leaf, "  |  ", leaf.subject)
        for number, path in enumerate(self.shown, 1):
            yield from self._path(number, path, last=number == len(self.verdict.tried))
        more = len(self.verdict.tried) - len(self.shown)
        if more > 0:
            yield Line(f"  `-- and {count(more, 'path')} more")

    def _path(self, number: int, path: Path, *, last: bool) -> Iterator[Line]:
        branch, stem = ("  `--", "     ") if last else ("  |--", "  |  ")
        result = "accepted" if path.accepted else "refused"
        first = f"{branch} path {number:<4}"
        spare = f"{stem:<{TEXT}}"
        title = right(self._title(path), result, self.width, TEXT, first)
        yield from (Line(line if at == 0 else spare + line[TEXT:]) for at, line in enumerate(title))
        for place, step in enumerate(path.steps):
            yield from self._step(place, step, path, stem)

    def _title(self, path: Path) -> str:
        names = [
            f"{view.subject} (cross-signed)" if view in self.cross_signed else view.subject
            for view in path.certificates[1:]
        ]
        if path.anchor is not None:
            return " <- ".join(names) or "it is an anchor itself"
        tip = path.certificates[-1]
        if tip.self_issued:
            return " <- ".join(names) or "self-signed"
        last = path.steps[-1].checks[-1]
        missing = " (missing)" if last.name == "issuer" and not last.ok else ""
        return " <- ".join([*names, f'"{tip.issuer}"{missing}'])

    def _step(self, place: int, step: Step, path: Path, stem: str) -> Iterator[Line]:
        view = step.certificate
        is_anchor = path.anchor is not None and place == len(path.steps) - 1
        between = len(path.steps) - (2 if path.anchor is not None else 1)
        known_as = view.subject if place == 0 or (place == 1 and between == 1) else ""
        if path.anchor is not None and place and not is_anchor:
            text = _merits(path.steps[place - 1], step)
            yield from self._row("ok", text if known_as else f"{view.subject} {text}", stem)
        if is_anchor and path.anchor is not None:
            whose = anchor_text(path.anchor)
            verb = "ends at" if place else "is itself"
            yield from self._row("ok", f"{verb} {view.subject}, {whose}", stem)
        for check in dict.fromkeys(step.checks):
            if not check.ok and not (place == 0 and check in self.common):
                yield from self._failed(check, view, stem, known_as, step)
            elif check.ok and check.name == "revocation" and check.detail and not _unknown(check):
                yield from self._row("ok", check.detail, stem)

    def _failed(
        self,
        check: Check,
        view: CertificateView,
        stem: str,
        known_as: str,
        step: Step | None = None,
    ) -> Iterator[Line]:
        if check.name == "issuer" and view.self_issued:
            yield from self._row("FAIL", no_anchor(view, self.verdict, self.telling), stem)
            return
        text = check.detail or check.name
        if known_as:
            text = text.removeprefix(f"{known_as}, ").removeprefix(f"{known_as}: ")
        yield from self._row("FAIL", text, stem)
        where = [check.clause] if check.clause else []
        if step is None or not _foreign(check, step):
            where.append(origin(view, self.verdict, self.telling))
            if check.span is not None:
                where[-1] += f", DER bytes {check.span[0]}-{check.span[1] - 1}"
        yield from self._row("", "; ".join(where), stem)

    def _row(self, word: str, text: str, stem: str) -> Iterator[Line]:
        first = f"{stem}   {word:<7}"
        kind = {"ok": "ok", "FAIL": "fail"}.get(word, "text")
        spare = f"{stem:<{TEXT}}"
        for at, line in enumerate(wrap(text, self.width, TEXT, first)):
            yield Line(line if at == 0 else spare + line[TEXT:], kind)


def _own_failures(path: Path) -> list[Check]:
    leaf = path.steps[0]
    return [
        check
        for check in dict.fromkeys(leaf.checks)
        if not check.ok and check.name not in _OF_THE_PATH and not _foreign(check, leaf)
    ]


def _foreign(check: Check, step: Step) -> bool:
    """Whether it is about the issuer: a dead end notes there that its key cannot be used."""
    return check.name == "key" and check != next(c for c in step.checks if c.name == "key")


def _unknown(check: Check) -> bool:
    return check.detail.startswith("not known")


def _merits(below: Step, step: Step) -> str:
    """``signed api.corp.example; is a CA; may sign certificates``."""
    held = {check.name for check in step.checks if check.ok}
    found = []
    if any(check.name == "signature" and check.ok for check in below.checks):
        found.append(f"signed {below.certificate.subject}")
    if "is an authority" in held:
        found.append("is a CA")
    if "may sign certificates" in held:
        found.append("may sign certificates")
    return "; ".join(found)
