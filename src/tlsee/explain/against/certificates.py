"""Recorded certificates before another judge."""

from __future__ import annotations

from collections.abc import Iterator

from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.config import ClientConfig, ServerConfig
from tlsee.deciders import JudgeRequest
from tlsee.errors import TLSError
from tlsee.explain.against.finding import Finding, Fit
from tlsee.explain.phrases import CERTIFICATES
from tlsee.explain.reading import server_name
from tlsee.explain.story import Story
from tlsee.handshake.judging import staples_in
from tlsee.identity.path.judge import KeyUse, Purpose, Verdict
from tlsee.identity.trust import Anchor, Trust
from tlsee.recording.recording import Recording
from tlsee.trace import CertificateJudged, Role
from tlsee.values import replace
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages13 import Certificate

__all__ = ["chain_of", "judged_again", "recorded_trust"]

_PSEUDONYMS = "names and keys in it are pseudonyms, so its certificates cannot be judged again"
_FETCHED = "what the judge would fetch is not in the recording"


def chain_of(story: Story, sender: Role) -> tuple[bytes, ...] | None:
    """The chain that a side showed, DER and its own first; ``None`` where it showed nothing."""
    step = story.step_of(CERTIFICATES, sender)
    if step is None:
        return None
    # 1.2 lists certificates bare, 1.3 with extensions.
    entries = step.message.certificate_list
    return tuple(getattr(entry, "cert_data", entry) for entry in entries)


def recorded_trust(story: Story, sender: Role) -> Trust | None:
    """Trust in the anchors that the recorded judgement came upon; ``None`` where there are none."""
    before = _before(story, sender)
    found: dict[bytes, Anchor] = {}
    for path in before.tried if before is not None else ():
        if path.anchor is not None:
            found[path.anchor.der] = path.anchor
    return Trust(found.values()) if found else None


def judged_again(
    recording: Recording,
    story: Story,
    config: ClientConfig | ServerConfig,
    trust: Trust,
    sender: Role,
    at: float,
) -> Iterator[Finding]:
    """What another trust, policy or moment makes of the chain of the other side."""
    chain = chain_of(story, sender)
    before = _before(story, sender)
    if chain is None or not chain or trust.insecure:
        return
    if recording.header.has_pseudonyms:
        yield Finding(Fit.UNKNOWN, "certificate", _PSEUDONYMS)
        return
    request = _request(story, config, trust, sender, at, chain, before)
    try:
        verdict = config.judge(request)
    except TLSError as error:
        verdict = None
        yield Finding(Fit.UNKNOWN, "certificate", f"it cannot be judged: {error.reason.sentence}")
    if not isinstance(verdict, Verdict):
        if verdict is not None:
            yield Finding(Fit.UNKNOWN, "certificate", _FETCHED)
        return
    yield from _compared(verdict, before, sender)
    if sender is Role.SERVER and verdict.name is None:
        text = "the client's hello names nobody: for whom the certificate had to be is not known"
        yield Finding(Fit.UNKNOWN, "name", text)


def _request(
    story: Story,
    config: ClientConfig | ServerConfig,
    trust: Trust,
    sender: Role,
    at: float,
    chain: tuple[bytes, ...],
    before: Verdict | None,
) -> JudgeRequest:
    judging = config.judging
    step = story.step_of(CERTIFICATES, sender)
    message = step.message if step is not None else None
    stapled = staples_in(message) if isinstance(message, Certificate) else ()
    rsa = story.key_exchange is KeyExchangeAlgorithm.rsa
    return JudgeRequest(
        chain,
        trust,
        Purpose.SERVER if sender is Role.SERVER else Purpose.CLIENT,
        _name(story, sender, before),
        at,
        KeyUse.KEY_ENCIPHERMENT if rsa and sender is Role.SERVER else KeyUse.SIGNING,
        stapled,
        judging.revocation,
        replace(judging.known, offline=True),
        judging.fetch_issuers,
        judging.intermediates,
    )


def _name(story: Story, sender: Role, before: Verdict | None) -> str | None:
    """The name that was judged, or the one that the hello asks for; a client's is not compared."""
    if before is not None:
        return before.name
    hello = story.first(ClientHello)
    if sender is Role.CLIENT or hello is None:
        return None
    return server_name(hello) or None


def _before(story: Story, sender: Role) -> Verdict | None:
    """What the recording side made of it, if it was the one to judge."""
    if sender is story.role:
        return None
    judged = story.facts(CertificateJudged)
    found = judged[-1].verdict if judged else None
    return found if isinstance(found, Verdict) else None


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
