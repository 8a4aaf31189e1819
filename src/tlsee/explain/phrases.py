"""Phrases that the tellers of both versions share."""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.crypto.public_keys import load_public_key
from tlsee.errors import TLSError
from tlsee.explain.layout import listed
from tlsee.explain.reading import name_of, view_of
from tlsee.explain.story import Kind, Step, Story
from tlsee.identity.raw_key import shown
from tlsee.text import count, printable
from tlsee.trace import CertificateJudged, Epoch, FinishedChecked, Role, SignatureChecked
from tlsee.wire import messages12, messages13

# The messages that both versions have under one name, with other fields.
CERTIFICATES = (messages13.Certificate, messages12.Certificate)
SIGNATURES = (messages13.CertificateVerify, messages12.CertificateVerify)
FINISHED = (messages13.Finished, messages12.Finished)


def keyed(spki: bytes) -> str:
    """What a raw public key in the place of a certificate says (RFC 7250), or nothing."""
    try:
        return f'"I am whoever holds this key: {shown(load_public_key(spki).spki)}."'
    except TLSError:
        return ""


def introduced(chain: Sequence[bytes]) -> str:
    """Who the sender of this chain, DER and its own first, says it is."""
    if not chain:
        return '"I have none to show."'
    leaf = view_of(chain[0])
    if leaf is None:
        text = keyed(chain[0]) or "A certificate that cannot be read here."
    else:
        who = printable(name_of(leaf), 64)
        vouches = f"and {printable(leaf.issuer, 64)} vouches for me"
        if leaf.self_issued:
            vouches = "and nobody but myself says so"
        text = f'"I am {who}, {vouches}."'
    more = len(chain) - 1
    return f"{text} With {count(more, 'certificate')} of authorities between." if more else text


def asked_for(schemes: int, authorities: int) -> str:
    """The wish for a certificate."""
    text = f'"Now show me yours, signed with one of {count(schemes, "scheme")}'
    if authorities:
        text += f"; I know {authorities} {'authority' if authorities == 1 else 'authorities'}"
    return f'{text}."'


def judged(step: Step, heard: Story | None) -> str:
    """What the other side made of a certificate, behind a space, as far as it is known."""
    if heard is None:
        return ""
    theirs = as_heard(step, heard)
    found = theirs.fact(CertificateJudged) if theirs is not None else None
    if found is None:
        return ""
    who = "client" if heard.role is Role.CLIENT else "server"
    verdict = found.verdict
    name = " and name" if verdict.name is not None else ""
    uses = "authority, signature, dates, use" if name else "authority, signature, dates and use"
    if verdict.accepted:
        return f" The {who} checks {uses}{name}: accepted."
    reason = verdict.reason
    sentence = reason.sentence if reason is not None else "nobody vouches for it"
    return f" The {who} judges: REFUSED, {sentence}."


def signed(step: Step, story: Story, heard: Story | None) -> str:
    """What a CertificateVerify is for, and whether it held."""
    text = (
        f"A signature ({step.message.algorithm}) over messages {before(step, story)}: only the "
        "owner of the certificate's key could make it, and only for this conversation."
    )
    return text + valid(step, heard)


def as_heard(step: Step, heard: Story | None) -> Step | None:
    """The same message as the other side took it: the very bytes, from the same sender."""
    if heard is None:
        return None
    return next((s for s in heard.steps if s.raw == step.raw and s.sender is step.sender), None)


def valid(step: Step, heard: Story | None) -> str:
    """Whether the signature in a message held, behind a space."""
    theirs = as_heard(step, heard)
    return " Valid." if theirs is not None and theirs.fact(SignatureChecked) is not None else ""


def finished(step: Step, story: Story, heard: Story | None) -> str:
    """What a Finished is for, whether it matched, and what it took."""
    earlier = any(isinstance(s.message, FINISHED) for s in story.steps[: step.number - 1])
    through = f"messages {before(step, story)}"
    if earlier:
        text = f"The same over {through}."
    else:
        text = f"A keyed checksum over {through}: not one byte was changed."
    theirs = as_heard(step, heard)
    if theirs is not None and theirs.fact(FinishedChecked) is not None:
        text += " Matches."
    took = story.milliseconds
    if is_later(step, story):  # the judge speaks when all has been said
        return text + judged(step, heard)
    if earlier and took is not None:
        text += f" Done: {count(story.round_trips, 'round trip')}, {took:.1f} ms."
    return text


def before(step: Step, story: Story) -> str:
    """The numbers of the handshake messages before this one: ``1-4``, ``1-6 and 8``."""
    earlier = [s for s in story.steps[: step.number - 1] if s.kind is Kind.MESSAGE]
    if is_later(step, story):
        earlier = [s for s in earlier if not is_later(s, story)] + answered(step, earlier)
    return ranges([s.number for s in earlier])


def is_later(step: Step, story: Story) -> bool:
    """Whether it was said after the handshake, which 1.2 does not know (RFC 9846, 4.7)."""
    return step.epoch is Epoch.APPLICATION and not story.is_older


def answered(step: Step, earlier: Sequence[Step]) -> list[Step]:
    """The request that a message after the handshake answers, and the answer up to it (4.7.2)."""
    own = [s for s in earlier if s.sender is step.sender]
    at = max((s.number for s in own if isinstance(s.message, messages13.Certificate)), default=0)
    answer = [s for s in own if s.number >= at > 0]
    context = answer[0].message.certificate_request_context if answer else None
    requests = [s for s in earlier if isinstance(s.message, messages13.CertificateRequest)]
    asked = [s for s in requests if s.message.certificate_request_context == context]
    return asked + answer


def ranges(numbers: Sequence[int], between: str = "-") -> str:
    """Rising numbers with their runs drawn together."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return listed([str(a) if a == b else f"{a}{between}{b}" for a, b in runs])
