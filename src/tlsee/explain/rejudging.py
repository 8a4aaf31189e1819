"""A recorded chain before a judge again: the question as it was, with what may be different now."""

from __future__ import annotations

from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.deciders import JudgeRequest, Judging, default_judge
from tlsee.errors import TLSError
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

__all__ = ["chain_of", "judged_before", "recorded_trust", "request_of", "revived"]


def chain_of(story: Story, sender: Role) -> tuple[bytes, ...] | None:
    """The chain that a side showed, DER and its own first; ``None`` where it showed nothing."""
    step = story.step_of(CERTIFICATES, sender)
    if step is None:
        return None
    # 1.2 lists certificates bare, 1.3 with extensions.
    entries = step.message.certificate_list
    return tuple(getattr(entry, "cert_data", entry) for entry in entries)


def judged_before(story: Story, sender: Role) -> Verdict | None:
    """What the recording side made of a chain, if it was the one to judge."""
    if sender is story.role:
        return None
    found = story.verdict
    return found if isinstance(found, Verdict) else None


def recorded_trust(story: Story, sender: Role) -> Trust | None:
    """Trust in the anchors that the recorded judgement came upon; ``None`` where there are none."""
    before = judged_before(story, sender)
    found: dict[bytes, Anchor] = {}
    for path in before.tried if before is not None else ():
        if path.anchor is not None:
            found[path.anchor.der] = path.anchor
    return Trust(found.values()) if found else None


def request_of(
    story: Story, sender: Role, trust: Trust, judging: Judging, at: float
) -> JudgeRequest | None:
    """The question about a side's chain; ``None`` where it showed none. Nothing is fetched."""
    chain = chain_of(story, sender)
    if not chain:
        return None
    step = story.step_of(CERTIFICATES, sender)
    message = step.message if step is not None else None
    stapled = staples_in(message) if isinstance(message, Certificate) else ()
    enciphers = sender is Role.SERVER and story.key_exchange is KeyExchangeAlgorithm.rsa
    return JudgeRequest(
        chain,
        trust,
        Purpose.SERVER if sender is Role.SERVER else Purpose.CLIENT,
        _name(story, sender),
        at,
        KeyUse.KEY_ENCIPHERMENT if enciphers else KeyUse.SIGNING,
        stapled,
        judging.revocation,
        replace(judging.known, offline=True),
        judging.fetch_issuers,
        judging.intermediates,
    )


def _name(story: Story, sender: Role) -> str | None:
    """The name that was judged, or the one that the hello asks for; a client's is not compared."""
    before = judged_before(story, sender)
    if before is not None:
        return before.name
    hello = story.first(ClientHello)
    if sender is Role.CLIENT or hello is None:
        return None
    return server_name(hello) or None


def revived(recording: Recording, story: Story) -> Verdict | None:
    """The recorded verdict; a refusal can tell again what would have been accepted.

    For that it is judged once more. A recording has the chain and the anchors that its paths came
    upon, and no more of the store: so only where they lead to the very refusal that was recorded.
    """
    judged = [event for event in recording.events() if isinstance(event, CertificateJudged)]
    before = judged[-1].verdict if judged else None
    if not isinstance(before, Verdict):
        return None
    if before.accepted or before.explore is not None or recording.header.has_pseudonyms:
        return before
    sender = story.role.other
    trust = recorded_trust(story, sender) or Trust.nobody()
    request = request_of(story, sender, trust, Judging(), before.at)
    if request is None:
        return before
    try:
        again = default_judge(request)
    except TLSError:
        return before
    if not isinstance(again, Verdict) or again.reason != before.reason:
        return before
    return replace(before, asked=again.asked, explore=again.explore)
