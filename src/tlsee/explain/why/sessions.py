"""Why a session or an external key was taken or not, and what became of early data."""

from __future__ import annotations

from typing import Any

from tlsee.codes import ExtensionType, ProtocolVersion
from tlsee.explain.layout import short_hex
from tlsee.explain.post_quantum import certificate_bytes
from tlsee.explain.summary_sessions import described
from tlsee.explain.why.facts import Facts
from tlsee.explain.why.values import CANDIDATES_SHOWN, Candidate, WhatIf, Why
from tlsee.explain.why.words import few, this
from tlsee.recording.seen import AnyExternalPsk, AnySession
from tlsee.text import count, printable
from tlsee.trace import Choice, Role
from tlsee.wire.extensions.pre_shared_key import PreSharedKeyClientHello, PreSharedKeyServerHello
from tlsee.wire.extensions.session_ticket import SessionTicket12

__all__ = ["why_early_data", "why_session"]

_LENGTH = 160


def why_session(facts: Facts) -> Why | None:
    """RFC 9846, 4.3.11; in TLS 1.2 RFC 5246, 7.4.1.3, and RFC 5077, 3.4."""
    if facts.hello is None:
        return None
    ours = _choice(facts, "session", Role.SERVER)
    doubted = _choice(facts, "session", Role.CLIENT)
    taken = _taken(facts, ours)
    if ours is None and not taken and facts.answer is None:
        return None
    chosen = ""
    if ours is not None and ours.chosen is not None:
        chosen = _label(ours.chosen)
    elif taken:
        chosen = "what the client showed"
    found = _candidates(facts, ours, doubted, chosen)
    return Why(
        "session",
        "Session or pre-shared key",
        Role.SERVER,
        tuple(found[:CANDIDATES_SHOWN]),
        chosen,
        _rule(facts, ours, doubted, shown=bool(found), chosen=chosen),
        "RFC 5077, 3.4" if facts.older else "RFC 9846, 4.3.11",
        few(_what_ifs(facts, ours, shown=bool(found), chosen=chosen)),
    )


def _choice(facts: Facts, what: str, by: Role) -> Choice | None:
    found = None
    for choice in facts.story.choices:
        if choice.what == what and choice.by is by:
            found = choice
    return found


def _taken(facts: Facts, choice: Choice | None) -> bool:
    """Whether the server took one, by its answer."""
    if choice is not None:
        return choice.chosen is not None
    answer = facts.answer
    return answer is not None and answer.extensions.has(PreSharedKeyServerHello.extension_type)


def _label(item: Any) -> str:
    if isinstance(item, AnySession | AnyExternalPsk):
        return printable(described(item))
    if isinstance(item, bytes):
        return f"identity {short_hex(item)} ({count(len(item), 'byte')})"
    return "a ticket or a session id" if item is True else printable(str(item), 64)


def _candidates(
    facts: Facts, ours: Choice | None, doubted: Choice | None, chosen: str
) -> list[Candidate]:
    """What the client showed; with what was known behind it, where this side is the server."""
    found = []
    known = ours.able if ours is not None and facts.is_ours(Role.SERVER) else ()
    for item in known:
        is_chosen = ours is not None and ours.chosen is not None and item == ours.chosen
        words = "taken" if is_chosen else "known here, and not taken"
        found.append(Candidate(_label(item), None, True, is_chosen, is_chosen, words))
    items: tuple[Any, ...] = ours.offered if ours is not None else _identities(facts)
    if not known:
        taken = _place_taken(facts, ours, items)
        for place, item in enumerate(items):
            is_chosen = place == taken
            able = is_chosen if facts.is_ours(Role.SERVER) else None
            name = _label(item)
            words = "nobody here knows it" if able is False else "shown"
            if is_chosen:
                words = "taken" if name == chosen else f"taken; shown as {name}"
            shown = chosen if is_chosen else name
            found.append(Candidate(shown, None, True, able, is_chosen, words))
    back = doubted.offered if doubted is not None else ()
    words = "kept back by the client"
    return [*found, *(Candidate(_label(item), None, False, None, False, words) for item in back)]


def _place_taken(facts: Facts, ours: Choice | None, items: tuple[Any, ...]) -> int | None:
    """Which of those that were shown the server took; its answer says so (RFC 9846, 4.3.11)."""
    if not _taken(facts, ours):
        return None
    if ours is not None and ours.chosen in items:
        return items.index(ours.chosen)
    if facts.older:
        return 0
    answer = facts.answer
    found = answer.extensions.get(PreSharedKeyServerHello) if answer is not None else None
    return found.selected_identity if found is not None else None


def _identities(facts: Facts) -> tuple[bytes, ...]:
    """What the hello shows, where nobody told of it."""
    hello = facts.hello
    offered = hello.extensions.get(PreSharedKeyClientHello) if hello is not None else None
    if offered is not None and not facts.older:
        return tuple(item.identity for item in offered.identities)
    ticket = hello.extensions.get(SessionTicket12) if hello is not None else None
    return (ticket.ticket,) if ticket is not None and ticket.ticket and facts.older else ()


def _rule(
    facts: Facts, ours: Choice | None, doubted: Choice | None, *, shown: bool, chosen: str
) -> str:
    if doubted is not None and ours is None:
        return f"The client kept its session back: {printable(doubted.rule, _LENGTH)}."
    if not shown:
        return "The client showed none: a full handshake."
    if not facts.is_ours(Role.SERVER):
        decided = "took it" if chosen else "took none"
        return f"The server {decided}; it does not have to say why."
    rule = printable(ours.rule, _LENGTH) if ours is not None else "this server keeps no sessions"
    return f"{'Taken' if chosen else 'Not taken'}: {rule}."


def _what_ifs(
    facts: Facts, ours: Choice | None, *, shown: bool, chosen: str
) -> list[WhatIf | None]:
    client = this(Role.CLIENT, facts.role if not facts.overheard else Role.SERVER)
    if chosen:
        more = ", one round trip more" if facts.older else ""
        result = f"a full handshake: certificate, signature{more}; or, where none fits, the end"
        return [
            WhatIf(f"{client} had not shown it", result, certain=True),
            _newer(facts),
        ]
    saved = certificate_bytes(facts.story.steps)
    less = [f"{count(saved, 'byte')} of certificates"] if saved else []
    less += ["a round trip"] if facts.older else []
    without = f" without {' and '.join(less)}" if less else ""
    if not shown:
        change = f"{client} had shown a session that the server still knows"
        return [WhatIf(change, f"a resumption{without}", certain=False)]
    if ours is not None and facts.is_ours(Role.SERVER):
        change = "what the client showed were known here and fit"
        return [WhatIf(change, f"a resumption{without}", certain=False)]
    return [WhatIf("the server had taken it", f"a resumption{without}", certain=True)]


def _newer(facts: Facts) -> WhatIf | None:
    """What a fresh key exchange beside the key is for."""
    if not facts.older or ProtocolVersion.TLS13 in facts.versions:
        return None
    result = "each resumption would have a fresh key exchange, which TLS 1.2 has not"
    return WhatIf("both spoke TLS 1.3", result, certain=False)


# --- Early data -----------------------------------------------------------------------------------


def why_early_data(facts: Facts) -> Why | None:
    """RFC 9846, 4.3.10 and 8."""
    accepted = facts.story.early_data_accepted
    if accepted is None or (facts.answer is None and facts.retry is None):
        return None
    choice = _choice(facts, "early_data", Role.SERVER)
    told = choice.rule if choice is not None and facts.is_ours(Role.SERVER) else ""
    able = accepted if facts.is_ours(Role.SERVER) else None
    words = "taken" if accepted else "refused"
    return Why(
        "early_data",
        "Early data (0-RTT)",
        Role.SERVER,
        (
            Candidate(
                "data behind the hello", int(ExtensionType.early_data), True, able, accepted, words
            ),
        ),
        "accepted" if accepted else "",
        _early_rule(facts, accepted=accepted, told=printable(told, _LENGTH)),
        "RFC 9846, 4.3.10",
        few(_early_what_ifs(facts, accepted=accepted)),
    )


def _early_rule(facts: Facts, *, accepted: bool, told: str) -> str:
    if told:
        return f"{'Accepted' if accepted else 'Refused'}: {told}."
    if accepted:
        return "The server took it, under the first key that the client showed."
    if facts.retry is not None:
        return "A HelloRetryRequest refuses early data."
    if not facts.is_ours(Role.SERVER):
        return "The server refused it; it does not have to say why."
    return "Refused: early data goes with a pre-shared key that was taken, and none was."


def _early_what_ifs(facts: Facts, *, accepted: bool) -> list[WhatIf | None]:
    client = this(Role.CLIENT, facts.role if not facts.overheard else Role.SERVER)
    if accepted:
        replayed = "the very same hello came again, from an attacker"
        result = (
            "a server that remembers tickets refuses its early data; another one takes it again"
        )
        return [
            WhatIf(f"{client} had sent none", "its first data: one round trip later", certain=True),
            WhatIf(replayed, result, certain=False),
        ]
    if facts.retry is not None:
        result = "without a HelloRetryRequest early data could have been taken"
        return [WhatIf(f"{client} had sent the share that the server wants", result, certain=False)]
    result = "nothing else: what was refused has to be sent again behind the handshake"
    return [WhatIf(f"{client} had sent none", result, certain=True)]
