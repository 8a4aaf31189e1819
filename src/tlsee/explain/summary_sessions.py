"""What a resumed connection, or one with an external key, amounts to; what resuming has saved."""

from __future__ import annotations

from tlsee.explain.layout import WIDTH, Line, listed, row
from tlsee.explain.phrases import CERTIFICATES, SIGNATURES
from tlsee.explain.reading import name_of, view_of
from tlsee.explain.story import Story
from tlsee.identity.certificate import moment
from tlsee.recording.seen import AnyExternalPsk, AnySession
from tlsee.text import count, printable
from tlsee.trace import Choice, Role
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages12 import ServerKeyExchange

__all__ = ["claim", "described", "remade", "reunion", "tomorrow", "why"]


def why(choice: Choice) -> str | None:
    """The decisions about a session and about early data; ``None`` for other choices."""
    if choice.what == "early_data":
        return f"{'taken' if choice.chosen else 'refused'}: {choice.rule}"
    if choice.what != "session":
        return None
    if choice.chosen is None:
        return f"none: {choice.rule}"
    shown = len(choice.offered)
    among = f", of {shown} shown" if shown > 1 else ""
    return f"{described(choice.chosen)}{among}: {choice.rule}"


def described(source: AnySession | AnyExternalPsk) -> str:
    """A session or an external key in a few words."""
    if isinstance(source, AnyExternalPsk):
        return f"the key '{printable(source.identity, 40)}'"
    if not source.established_at:  # a listener who came later
        return "a session that began before anybody listened"
    return f"the session that began {moment(source.established_at)}"


def claim(side: Story, who: Role) -> str:
    """What a session or an external key tells one side of the peer, whose role is ``who``."""
    source = side.recalled
    if isinstance(source, AnyExternalPsk):
        name = printable(source.identity, 40)
        return f"the {who.value} holds the key '{name}', and so do all who were given it"
    if not isinstance(source, AnySession) or not source.peer_chain:
        return ""
    leaf = view_of(source.peer_chain[0])
    name = printable(name_of(leaf), 64) if leaf is not None else "the certificate"
    if side.overheard:  # a listener judges nobody
        return f"the {who.value} has the key of the session in which it held {name}'s key"
    return (
        f"the {who.value} has the key of the session in which it proved to be {name} (judged "
        "again now)"
    )


def tomorrow(story: Story) -> str:
    """What somebody who steals a key can do with a recording; empty for a full handshake."""
    if story.recalled is None:
        return ""
    if story.is_older:
        return (
            "NO fresh key exchange: whoever gets the server's ticket key, or the session out of "
            "its memory, can read this recording, and the one of the first meeting"
        )
    whose = "the ticket's key" if story.resumed else "the key that both hold"
    if story.group is None:
        return f"NO fresh key exchange: whoever gets {whose} can read this recording"
    text = (
        f"whoever steals {whose} cannot read this recording: the key halves were made for this "
        "handshake and thrown away"
    )
    if story.early_data_accepted is None:
        return text
    return f"{text}. The early data can be read: it had no fresh key"


def remade(first: Story, second: Story) -> str:
    """What the second handshake did without."""
    less = first.handshake_wire - second.handshake_wire
    steps = first.steps
    chains = sum(isinstance(step.message, CERTIFICATES) for step in steps)
    signed = sum(isinstance(step.message, (*SIGNATURES, ServerKeyExchange)) for step in steps)
    parts = [count(less, "byte")] if less > 0 else []
    if chains:
        parts.append(count(chains, "certificate message"))
    if signed:
        parts.append(f"{count(signed, 'signature')} to make and to check")
    trips = first.round_trips - second.round_trips
    if trips > 0:
        parts.append(count(trips, "round trip"))
    text = listed(parts)
    if second.early_data_accepted:
        text += "; and what was said early did not wait for a round trip at all"
    return text


def reunion(first: Story, second: Story, width: int = WIDTH) -> list[Line]:
    """The rows of a second meeting: what was saved, what a ticket is, what protects it still."""
    lines = row("saved", remade(first, second), width)
    lines += row("ticket", _ticket(second), width)
    lines += row("protects", _protects(second), width)
    if second.early_data_accepted is not None:
        lines += row("risk", _risk(), width)
    return lines


def _ticket(story: Story) -> str:
    hello = story.first(ClientHello)
    older = story.is_older
    sealed = "the session, sealed under a key that the server alone has"
    found = hello.extensions.get(PreSharedKeyClientHello) if hello is not None else None
    if found is not None:
        size = len(found.identities[0].identity)
        return f"{size:,} bytes: {sealed}. Used once: whoever sees it twice knows a client again"
    return f"{sealed}; good for many connections, and seen by everybody" if older else sealed


def _protects(story: Story) -> str:
    """What holds although no certificate was shown."""
    if story.is_older:
        return (
            "Finished, both ways: only who has the main secret can make it; the randoms make its "
            "keys new each time"
        )
    parts = ["the binder: a stolen ticket without its key is of no use, in no other hello either"]
    if story.group is not None:
        parts.append("a fresh key exchange: the ticket's key alone opens nothing but early data")
    return "; ".join(parts)


def _risk() -> str:
    return (
        "an attacker can send what was said early again, here or to another server. This one takes "
        "each ticket's once; say early only what may happen twice"
    )
