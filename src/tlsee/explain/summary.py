"""What a connection amounts to: what was chosen and why, proved, hidden, safe tomorrow, paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tlsee.codes import CipherSuite, NamedGroup, OpenEnum
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.groups import EXPLICIT_GROUP
from tlsee.crypto.suites12 import suites12
from tlsee.explain import summary_sessions
from tlsee.explain.layout import WIDTH, Line, listed, paragraph, row
from tlsee.explain.passive12 import NotOpened, Opened
from tlsee.explain.phrases import CERTIFICATES, ranges
from tlsee.explain.post_quantum import CLASSICAL_BYTES, post_quantum_bytes
from tlsee.explain.reading import name_of, server_name, view_of
from tlsee.explain.story import Story, merged
from tlsee.text import count, printable
from tlsee.trace import CertificateJudged, Choice, FinishedChecked, Role, SignatureChecked
from tlsee.values import replace
from tlsee.wire.hellos import ClientHello

LABEL = 12  # columns before a row's text
EVIDENCE = 14
SPOKEN_SHOWN = 24  # characters of what each side said
_OPENED = (
    "NO forward secrecy. With the recording and the server's private key, and nothing else, tlsee "
    "has just opened this conversation again:"
)
_NOT_OPENED = (
    "forward secrecy. With the recording and the server's private key tlsee has just tried to open "
    "it again, and cannot:"
)
_QUANTUM = "A quantum computer might, one day."
LOSERS_SHOWN = 3
LOSERS_LENGTH = 60  # characters of them; one is always shown
# What is decided, and what its row is called.
_CHOICES = {
    "version": "version",
    "session": "session",
    "early_data": "early",
    "suite": "suite",
    "group": "group",
    "certificate": "identity",
    "scheme": "signature",
    "alpn": "ALPN",
}


def choices(story: Story, peer_story: Story | None = None, width: int = WIDTH) -> list[Line]:
    """Each decision of the server's: what won, over what, and why.

    ``peer_story`` is the other side's, where both were watched: whoever decided knows why.
    """
    lines: list[Line] = []
    for label, text in choice_rows(story, peer_story):
        lines.extend(row(label, text, width))
    return lines


def choice_rows(story: Story, peer_story: Story | None = None) -> list[tuple[str, str]]:
    """The decisions as pairs of label and text."""
    rows = []
    for what, label in _CHOICES.items():
        choice = decision(what, story, peer_story)
        if what == "scheme" and story.key_exchange is KeyExchangeAlgorithm.rsa:
            continue  # the server was able to sign, and did not
        if choice is not None and (choice.offered or choice.chosen is not None):
            rows.append((label, why(within_version(choice, story))))
    return rows


def within_version(choice: Choice, story: Story) -> Choice:
    """The choice without what was offered for another version: that was never in the race."""
    if choice.what == "suite":
        offered = tuple(s for s in choice.offered if is_of_tls12(s) is story.is_older)
    elif choice.what == "group" and story.is_older:
        offered = tuple(group for group in choice.offered if group not in CLASSICAL_BYTES)
    else:
        return choice
    return replace(choice, offered=offered)


def is_of_tls12(suite: CipherSuite) -> bool:
    """Whether a suite is for TLS 1.2: its name says WITH (RFC 5246, A.5; RFC 9846, B.4)."""
    return suite in suites12()


def decision(what: str, story: Story, peer_story: Story | None = None) -> Choice | None:
    """What was decided on the server's side about this, told by whoever knows more."""
    found = None
    for side in (story, peer_story):
        if side is None:
            continue
        for choice in side.choices:
            better = found is None or choice.able or not found.able
            if choice.what == what and choice.by is Role.SERVER and better:
                found = choice
    return found


def why(choice: Choice) -> str:
    """One decision in a sentence: the winner, the losers, the rule."""
    of_session = summary_sessions.why(choice)
    if of_session is not None:
        return of_session
    won = describe(choice.chosen) if choice.chosen is not None else "none"
    if choice.what == "certificate":
        asked = f", for the name {describe(choice.offered[0])}" if choice.offered else ""
        return f"{won}{asked}" if choice.rule == "chosen" else f"{won}{asked}: {choice.rule}"
    others = [
        describe(item)
        for item in choice.offered
        if item != choice.chosen and not getattr(item, "is_grease", False)
    ]
    if not others:
        return f"{won}, the only one offered: {choice.rule}"
    return f"{won}, over {listed(_shortened(others))}: {choice.rule}"


def _shortened(names: list[str]) -> list[str]:
    """The first of them and how many more there are."""
    shown = names[:1]
    for name in names[1:LOSERS_SHOWN]:
        if sum(map(len, shown)) + len(name) > LOSERS_LENGTH:
            break
        shown.append(name)
    more = len(names) - len(shown)
    if more == 1 and len(shown) == LOSERS_SHOWN:
        return names
    return [*shown, f"{more} more"] if more else shown


def describe(item: Any) -> str:
    """A choice's value as a person says it, escaped."""
    if item == EXPLICIT_GROUP and isinstance(item, NamedGroup):
        return "a group of the server's own"
    label = getattr(item, "label", None)
    if isinstance(label, str):
        return label
    if isinstance(item, OpenEnum):
        return str(item)
    if isinstance(item, str | bytes):
        return printable(item, 64)
    names = getattr(item, "dns_names", None)
    if names:
        return printable(names[0], 64)
    return printable(str(item), 64)


def proved(story: Story, peer_story: Story | None = None) -> str:
    """Who is known to be who."""
    claims = []
    for side, who in ((story, story.role.other), (peer_story, story.role)):
        if side is None:
            continue
        claim = _claim(side, who)
        if claim:
            claims.append(claim)
    if story.overheard:
        client = story.step_of(CERTIFICATES, Role.CLIENT)
        name = _shown_name(client.message) if client is not None else ""
        claims += (
            [f"the client showed a certificate for {name}; its signature was not checked"]
            if name
            else []
        )
    return "; ".join(claims) if claims else "nothing about who the other side is"


def _shown_name(message: Any) -> str:
    """Whom the certificate in a message is for; empty where there is none."""
    entries = getattr(message, "certificate_list", ())  # a raw public key has none
    view = view_of(getattr(entries[0], "cert_data", entries[0])) if entries else None
    return printable(name_of(view), 64) if view is not None else ""


def _claim(side: Story, who: Role) -> str:
    """What this side knows of the peer, whose role is ``who``."""
    shown = side.step_of(CERTIFICATES, who)
    judged = side.facts(CertificateJudged)
    if side.recalled is not None and shown is None:
        return summary_sessions.claim(side, who)
    decrypted = who is Role.SERVER and side.key_exchange is KeyExchangeAlgorithm.rsa
    if shown is None or not side.facts(FinishedChecked if decrypted else SignatureChecked):
        return ""
    if not judged:  # a listener's: the signature holds, and nobody here was asked whom it believes
        name = _shown_name(shown.message) or "the certificate"
        return f"the {who.value} holds {name}'s key; whether anybody vouches for it was not judged"
    verdict = judged[-1].verdict
    leaf = verdict.leaf
    name = printable(name_of(leaf), 64) if leaf is not None else "the certificate"
    holds = f"the {who.value} holds {name}'s key"
    if verdict.accepted:
        return f"{holds}, and the authority vouches for it"
    return f"{holds}; NOBODY vouches for it"


def hidden(story: Story, *, joined: bool = False) -> str:
    """What a listener does not see, and what it does.

    ``joined``: the reader was shown two goodbyes that follow one another as one step.
    """
    steps = [step for step, _ in merged(story.steps)] if joined else story.steps
    secret = [step for step in steps if not step.is_readable]
    if not secret:
        return "nothing"
    hello = story.first(ClientHello)
    name = server_name(hello) if hello is not None else ""
    seen = [f"the name {name}"] if name else []
    if story.is_older and not story.resumed:
        seen.append("every certificate")
    numbers = ranges([step.number for step in secret], " to ")
    return f"{numbers}; a listener saw {listed([*seen, 'lengths', 'times'])}"


def tomorrow(story: Story) -> str:
    """What a thief of the certificate's key, or a session's, can do with a recording."""
    of_session = summary_sessions.tomorrow(story)
    if of_session:
        return of_session
    if story.key_exchange is KeyExchangeAlgorithm.rsa:
        return (
            "NO forward secrecy: whoever steals the certificate's key can read this recording, "
            "for the premaster secret was encrypted to that key"
        )
    text = (
        "whoever steals the certificate's key cannot read this recording: the key halves were "
        "made for this handshake and thrown away"
    )
    if story.group in CLASSICAL_BYTES:
        return f"{text}; nor does a quantum computer help, thanks to ML-KEM"
    return f"{text}; a quantum computer might, one day: {describe(story.group)} is not post-quantum"


def attempted(attempt: Opened | NotOpened, width: int = WIDTH, otherwise: str = "") -> list[Line]:
    """What a thief of the certificate's key can do with a recording, shown by doing it."""
    if isinstance(attempt, Opened):
        lines = row("tomorrow", _OPENED, width)
        for text in _way_in(attempt):
            lines += paragraph(text, width, EVIDENCE)
    else:
        lines = row("tomorrow", _NOT_OPENED, width)
        lines += paragraph(f"missing: {attempt.missing}. {attempt.sentence}.", width, EVIDENCE)
        otherwise = f"{_QUANTUM} {otherwise}".rstrip()
    return [*lines, *(paragraph(otherwise, width, LABEL) if otherwise else [])]


def _way_in(opened: Opened) -> Iterator[str]:
    """From the bytes on the wire to what was said, with the length of each value."""
    sizes = opened.encrypted, opened.premaster, opened.main, opened.key_block
    encrypted, premaster, main, key_block = (f"{size:,}" for size in sizes)
    yield f"ClientKeyExchange, {encrypted} encrypted bytes -> premaster secret, {premaster}"
    yield f"-> main secret (textbooks: master secret), {main} -> key block, {key_block}"
    said = [opened.data(role) for role in (Role.CLIENT, Role.SERVER)]
    shown = "   ".join(f'"{printable(data, SPOKEN_SHOWN)}"' for data in said if data)
    yield f"-> {shown or 'no data, but every record'}"


def cost(story: Story) -> str:
    """What the handshake took in bytes, and the post-quantum part of them."""
    text = f"{count(story.handshake_wire, 'byte')} for the handshake"
    extra = post_quantum_bytes(story)
    return f"{text}, {extra:,} of them post-quantum shares" if extra else text


def summary(
    story: Story,
    peer_story: Story | None = None,
    width: int = WIDTH,
    *,
    attempt: Opened | NotOpened | None = None,
    otherwise: str = "",
    joined: bool = False,
) -> list[Line]:
    """Proved, hidden, tomorrow, cost.

    ``attempt``: what came of opening the recording with the server's key, where that was tried;
    ``otherwise``: what to say behind it about the other key exchanges. ``joined``: see ``hidden``.
    """
    lines = row("proved", proved(story, peer_story), width)
    lines += row("hidden", hidden(story, joined=joined), width)
    if attempt is None:
        lines += row("tomorrow", tomorrow(story), width)
    else:
        lines += attempted(attempt, width, otherwise)
    lines += row("cost", cost(story), width)
    return lines
