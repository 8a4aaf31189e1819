"""Recorded certificates before another judge."""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import TLSError
from tlsee.explain.against.finding import Finding, Fit
from tlsee.explain.rejudging import judged_before, request_of
from tlsee.explain.story import Story
from tlsee.identity.path.judge import Verdict
from tlsee.identity.trust import Trust
from tlsee.recording.recording import Recording
from tlsee.trace import Role

__all__ = ["judged_again"]

_PSEUDONYMS = "names and keys in it are pseudonyms, so its certificates cannot be judged again"
_FETCHED = "what the judge would fetch is not in the recording"


def judged_again(
    recording: Recording,
    story: Story,
    config: ClientConfig | ServerConfig,
    trust: Trust,
    sender: Role,
    at: float,
) -> Iterator[Finding]:
    """What another trust, policy or moment makes of the chain of the other side."""
    request = request_of(story, sender, trust, config.judging, at)
    if request is None or trust.insecure:
        return
    if recording.header.has_pseudonyms:
        yield Finding(Fit.UNKNOWN, "certificate", _PSEUDONYMS)
        return
    try:
        verdict = config.judge(request)
    except TLSError as error:
        verdict = None
        yield Finding(Fit.UNKNOWN, "certificate", f"it cannot be judged: {error.reason.sentence}")
    if not isinstance(verdict, Verdict):
        if verdict is not None:
            yield Finding(Fit.UNKNOWN, "certificate", _FETCHED)
        return
    yield from _compared(verdict, judged_before(story, sender), sender)
    if sender is Role.SERVER and verdict.name is None:
        text = "the client's hello names nobody: for whom the certificate had to be is not known"
        yield Finding(Fit.UNKNOWN, "name", text)


def _compared(verdict: Verdict, before: Verdict | None, sender: Role) -> Iterator[Finding]:
    whose = f"the {sender.value}'s certificate"
    was = "" if before is None else ("accepted" if before.accepted else "refused")
    if not verdict.accepted:
        reason = verdict.reason
        why = reason.sentence if reason is not None else "nobody vouches for it"
        detail = f" ({verdict.detail})" if verdict.detail else ""
        yield Finding(
            Fit.BREAKS,
            "certificate",
            f"{whose} would be refused: {why}{detail}",
            was,
            "refused",
            reason.name if reason is not None else "",
            reason.fix if reason is not None else "",
        )
    elif was == "refused":
        yield Finding(Fit.CHANGES, "certificate", f"{whose} would be accepted", was, "accepted")
