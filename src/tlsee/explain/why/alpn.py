"""Why this application protocol."""

from __future__ import annotations

from typing import Any

from tlsee.codes import AlertDescription
from tlsee.explain.why.facts import Decision, Facts, without
from tlsee.explain.why.ordered import again, limited, would
from tlsee.explain.why.values import WhatIf, Why
from tlsee.explain.why.words import candidates, few, is_grease, name_of, shown, this
from tlsee.handshake.negotiate import choose_alpn
from tlsee.trace import Choice, Role
from tlsee.wire.extensions.alpn import ProtocolNameList

__all__ = ["why_alpn"]

_FAILED = "nothing in common: no_application_protocol (120), and the end"
_NONE = "no protocol would have been agreed on, and the handshake would have gone on"
CLAUSE = "RFC 7301, 3.2"


def why_alpn(facts: Facts) -> Why | None:
    """RFC 7301, 3.2: the server's favourite; without a wish of either side there is no choice."""
    found = facts.first.extensions.get(ProtocolNameList) if facts.first is not None else None
    offered = tuple(dict.fromkeys(found.protocol_name_list)) if found is not None else ()
    decision = facts.decision("alpn", bytes)
    failed = facts.refusal == "no_application_protocol"
    refused = facts.alerted == AlertDescription.no_application_protocol
    able: tuple[bytes, ...] | None = None
    if facts.is_ours(Role.SERVER):
        able = decision.able if decision is not None else _refused(facts) if failed else ()
    if not offered and not able:
        return None
    if decision is None and not (failed or refused) and facts.settings is None:
        return None  # it ended before that
    chosen = _chosen(facts, decision)

    return Why(
        "alpn",
        "Application protocol (ALPN)",
        Role.SERVER,
        candidates(offered, able, chosen, lambda _: _lost(chosen, able)),
        name_of(chosen) if chosen is not None else "",
        _rule(offered, able, chosen, failed=failed, refused=refused),
        CLAUSE,
        few(_what_ifs(facts, offered, able, chosen)),
    )


def _chosen(facts: Facts, decision: Decision | None) -> bytes | None:
    if decision is not None and decision.chosen is not None:
        found: bytes = decision.chosen
        return found
    answered = facts.settings.get(ProtocolNameList) if facts.settings is not None else None
    names = answered.protocol_name_list if answered is not None else ()
    return names[0] if names else None


def _refused(facts: Facts) -> tuple[bytes, ...]:
    """What this server has, out of its own refusal; escaped names stay as they are."""
    detail = facts.error.detail if facts.error is not None else ""
    names = detail.rpartition("; this server has ")[2].split(", ")
    return tuple(dict.fromkeys(name.encode("ascii", "replace") for name in names[:255] if name))


def _lost(chosen: bytes | None, able: tuple[bytes, ...] | None) -> str:
    if able is None:
        return "the server did not take it, and does not say why"
    if chosen is None:
        return "there was no choice"
    return f"behind {name_of(chosen)} in the server's list"


def _rule(
    offered: tuple[bytes, ...],
    able: tuple[bytes, ...] | None,
    chosen: bytes | None,
    *,
    failed: bool,
    refused: bool,
) -> str:
    if failed:
        ours = shown(able or ())
        return f"Nothing in common: the client offers {shown(offered)}; this server has {ours}."
    if refused:
        return f"The server has none of {shown(offered)}."
    if chosen is None:
        if not offered:
            return "The client offered none."
        if able is not None:
            return "This server is configured for none, and passes over the wish."
        return "The server passes over the wish: it has none to choose, or knows no ALPN."
    if able is None:
        return "The server decides by an order of its own, and does not say what else it has."
    return "The first of the server's list that the client offers."


def _what_ifs(
    facts: Facts, offered: tuple[bytes, ...], able: tuple[bytes, ...] | None, chosen: bytes | None
) -> list[WhatIf | None]:
    if able is None:
        return _theirs(facts, offered, chosen)

    def choose(names: Any) -> Choice:
        return choose_alpn(names, able)

    meant = [name for name in offered if not is_grease(name)]
    if chosen is None:
        return [
            *(
                would(f"the client had offered {name_of(n)}", choose((*offered, n)), _FAILED)
                for n in able[:1]
            ),
            *(
                would(f"this server had {name_of(n)}", choose_alpn(offered, (*able, n)), _FAILED)
                for n in meant[:1]
            ),
            would("the client had offered none", choose(()), _NONE) if offered and able else None,
        ]
    left = without(offered, chosen)
    by_client = choose_alpn(able, meant)
    return [
        again(choose, offered, chosen, _FAILED if left else _NONE),
        would(
            "the server had gone by the client's order and not by its own",
            by_client,
            _FAILED,
            " all the same" if by_client.chosen == chosen else "",
        )
        if len(meant) > 1
        else None,
        would("the client had offered none", choose(()), _NONE),
    ]


def _theirs(facts: Facts, offered: tuple[bytes, ...], chosen: bytes | None) -> list[WhatIf | None]:
    client = this(Role.CLIENT, facts.role if not facts.overheard else Role.SERVER)
    if chosen is None:
        result = "the server could not have refused for it; without ALPN there is nothing to match"
        refused = facts.alerted == AlertDescription.no_application_protocol
        return [WhatIf(f"{client} had offered none", result, certain=True)] if refused else []
    left = [name for name in without(offered, chosen) if not is_grease(name)]
    change = f"{client} had not offered {name_of(chosen)}"
    if left:
        return [limited(change, left, "the server")]
    result = "no protocol would have been agreed on: an empty list is not sent"
    return [WhatIf(change, result, certain=True)]
