"""What is said of sessions, tickets, early data and pre-shared keys, in both versions."""

from __future__ import annotations

from tlsee.codes import ExtensionType, ProtocolVersion
from tlsee.explain.layout import listed, short_hex
from tlsee.explain.reading import offered_versions
from tlsee.explain.story import Step, Story
from tlsee.text import count, printable
from tlsee.wire import messages12
from tlsee.wire.extensions.early_data import EarlyDataTicket
from tlsee.wire.extensions.key_share import KeyShareServerHello
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello
from tlsee.wire.extensions.session_ticket import SessionTicket12
from tlsee.wire.hellos import ClientHello, ServerHello
from tlsee.wire.messages13 import NewSessionTicket

NAME_SHOWN = 40  # characters of an external key's name


def recalled(hello: ClientHello) -> str:
    """What a hello shows of earlier meetings, in the client's voice; empty where it shows none."""
    found = hello.extensions.get(PreSharedKeyClientHello)
    parts = []
    if found is not None:
        tickets = [len(i.identity) for i in found.identities if i.obfuscated_ticket_age]
        # An external key has no age (RFC 9846, 4.3.11); a ticket's is masked, hence seldom 0.
        names = [i.identity for i in found.identities if not i.obfuscated_ticket_age]
        if tickets:
            sizes = listed([f"{size:,}" for size in tickets])
            parts.append(f"We have met: this ticket ({sizes} bytes) is of your making.")
        if names:
            shown = listed([f"'{printable(name, NAME_SHOWN)}'" for name in names], "or")
            parts.append(f"I hold the key {shown}.")
        whose = "its key" if len(found.identities) == 1 else "their keys"
        parts.append(f"A checksum over this hello, the binder, shows that I have {whose}.")
    older = older_session(hello)
    if older:
        parts.append(f"We have met: {older}.")
    if hello.extensions.has(ExtensionType.early_data):
        parts.append("And I say something at once.")
    return "".join(f" {part}" for part in parts)


def older_session(hello: ClientHello) -> str:
    """A session of TLS 1.2 that a hello shows: its ticket, or its id. A client that speaks 1.3
    draws the id, so there it says nothing.
    """
    ticket = hello.extensions.get(SessionTicket12)
    if ticket is not None and ticket.ticket:
        return f"this ticket ({len(ticket.ticket):,} bytes) is of your making"
    alone = ProtocolVersion.TLS13 not in offered_versions(hello)
    if alone and hello.legacy_session_id:
        return f"our session was {short_hex(hello.legacy_session_id)}"
    return ""


def known_again(hello: ServerHello, story: Story) -> str:
    """The server's answer in TLS 1.3 to who shows a key; what both then compute."""
    share = hello.extensions.get(KeyShareServerHello)
    label = f"TLS 1.3, {hello.cipher_suite}"
    external = story.external_key
    if external is not None:
        know, source = "I hold that key, too", "the key that both hold"
    else:
        know, source = "I know you: your ticket is good", "the ticket's key"
    if share is None:
        return (
            f'"{label}. {know}."\nNo fresh key exchange: whoever gets {source} can read everything.'
        )
    return (
        f'"{label}, {share.server_share.group}, and here is my half. {know}."\n'
        f"Both mix {source} with a fresh secret: neither alone opens what follows. No certificate "
        "comes now."
    )


def known_again12(hello: ServerHello) -> str:
    """The server's answer in TLS 1.2 to who shows a session."""
    return (
        f'"{hello.legacy_version.label}, {hello.cipher_suite}, as before: I know you. My random '
        f'is {short_hex(hello.random)}."\n'
        "The main secret is the earlier one; with two new randoms it makes new keys. No "
        "certificate comes now, and no key exchange."
    )


def early_settled(step: Step, story: Story) -> str:
    """What the server's EncryptedExtensions mean for early data, behind a space."""
    hellos = [s.message for s in story.steps if isinstance(s.message, ClientHello)]
    if not hellos or not hellos[0].extensions.has(ExtensionType.early_data):
        return ""
    if step.message.extensions.has(ExtensionType.early_data):
        return ' And: "I take what you said early."'
    return " What came early is refused: the server skips it unread."


def early_data(story: Story) -> str:
    """What early data is; beneath its first records."""
    refused = story.early_data_accepted is False
    fate = " Refused: nobody has read it." if refused else ""
    return (
        "Early data: said before the server said a word, under the ticket's key alone. Whoever "
        f"records it can send it again.{fate}"
    )


def end_of_early_data(_step: Step, _story: Story, _heard: Story | None) -> str:
    """EndOfEarlyData."""
    return '"That was all I said early." Nobody can have cut it short.'


def new_session_ticket(step: Step, story: Story, _heard: Story | None) -> str:
    """A ticket of TLS 1.3; of several in a row only the first is explained."""
    message: NewSessionTicket = step.message
    before = [s for s in story.steps[: step.number - 1] if isinstance(s.message, NewSessionTicket)]
    if before:
        return '"And another: one for each connection."'
    said = f"Come back with this within {_span(message.ticket_lifetime)} and we shall be quicker"
    early = message.extensions.get(EarlyDataTicket)
    if early is not None:
        size = count(early.max_early_data_size, "byte")
        said += f"; you may say up to {size} at once"
    return f'"{said}." Its key is never sent: both compute it from all that was said.'


def new_session_ticket12(step: Step, _story: Story, _heard: Story | None) -> str:
    """A ticket of TLS 1.2 (RFC 5077)."""
    message: messages12.NewSessionTicket = step.message
    if not message.ticket:
        return '"I have no ticket for you after all."'
    hint = message.ticket_lifetime_hint
    within = f" within {_span(hint)}" if hint else ""
    return (
        f'"Come back with this{within} and we shall be quicker." The main secret is in it, sealed '
        "under a key of the server's; sent in the clear, as 1.2 has it."
    )


def _span(seconds: int) -> str:
    hours = seconds / 3600
    return count(round(hours), "hour") if hours >= 1 else count(seconds, "second")
