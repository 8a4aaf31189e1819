"""Why this version."""

from __future__ import annotations

from tlsee.codes import AlertDescription, ProtocolVersion
from tlsee.explain.why.facts import Facts, without
from tlsee.explain.why.ordered import limited, would
from tlsee.explain.why.values import WhatIf, Why
from tlsee.explain.why.words import candidates, few, is_grease, name_of, shown, this
from tlsee.handshake.negotiate import choose_version
from tlsee.trace import Role

__all__ = ["why_version"]

_SPOKEN = (ProtocolVersion.TLS13, ProtocolVersion.TLS12)  # by this program
_NOTHING = "no version in common: protocol_version (70), and the end"
_RULE = "The newest version that both have, whatever the order of the lists."


def why_version(facts: Facts) -> Why | None:
    """RFC 9846, 4.3.1."""
    if not facts.versions:
        return None
    decision = facts.decision("version", ProtocolVersion)
    chosen = decision.chosen if decision is not None else facts.story.version
    able: tuple[ProtocolVersion, ...] | None = None
    if facts.is_ours(Role.SERVER):
        able = decision.able if decision is not None else ()
        if facts.refusal == "version_too_old":
            able = facts.refused_lists(ProtocolVersion)
        if chosen is None and not able:
            return None  # it ended before anything was chosen
    elif chosen is None and facts.alerted != AlertDescription.protocol_version:
        return None
    rule = _RULE if able is not None else _peers_rule(facts, chosen)
    what_ifs = _ours(facts, chosen, able) if able is not None else _theirs(facts, chosen)
    return Why(
        "version",
        "TLS version",
        Role.SERVER,
        candidates(
            facts.versions,
            able,
            chosen,
            lambda item: _lost(item, chosen, certain=able is not None),
        ),
        name_of(chosen) if chosen is not None else "",
        rule if chosen is not None else _none(facts, able),
        "RFC 9846, 4.3.1",
        few(what_ifs),
    )


def _lost(item: ProtocolVersion, chosen: ProtocolVersion | None, *, certain: bool) -> str:
    if chosen is None:
        return "the server does not have it"
    if item < chosen:
        return f"older than {name_of(chosen)}"
    return (
        "the server does not have it, or did not want it"
        if not certain
        else "newer, but not chosen"
    )


def _peers_rule(facts: Facts, chosen: ProtocolVersion | None) -> str:
    if chosen is not None and chosen not in facts.versions:
        return "The server took what the client had not offered."
    return (
        "The server decides; it has to take the newest that both have, and did not say what it has."
    )


def _none(facts: Facts, able: tuple[ProtocolVersion, ...] | None) -> str:
    theirs = shown(facts.versions) or "nothing that is known"
    if able is None:
        return f"The server has none of {theirs}."
    return f"Nothing in common: the client speaks {theirs}, this server {shown(able)}."


def _ours(
    facts: Facts, chosen: ProtocolVersion | None, able: tuple[ProtocolVersion, ...]
) -> list[WhatIf | None]:
    offered = facts.versions
    if chosen is None:
        newest = max((v for v in offered if not is_grease(v)), default=None)
        return [
            *(_client_had(offered, able, item) for item in able[:1]),
            _server_had(offered, able, newest) if newest in _SPOKEN else _too_old(newest),
        ]
    newer = [v for v in offered if v in _SPOKEN and v > chosen and v not in able]
    missed = [v for v in able if v > chosen and v not in offered]
    note = ": the order does not matter"
    return [
        would(
            f"either side had been without {name_of(chosen)}",
            choose_version(without(offered, chosen), able),
            _NOTHING,
        ),
        *(_server_had(offered, able, item) for item in newer),
        *(_client_had(offered, able, item) for item in missed),
        would(
            "the client had listed its versions in the other order",
            choose_version(offered[::-1], able),
            _NOTHING,
            note,
        )
        if len(offered) > 1
        else None,
    ]


def _client_had(
    offered: tuple[ProtocolVersion, ...], able: tuple[ProtocolVersion, ...], item: ProtocolVersion
) -> WhatIf:
    choice = choose_version((*offered, item), able)
    return would(f"the client had offered {name_of(item)}", choice, _NOTHING)


def _server_had(
    offered: tuple[ProtocolVersion, ...],
    able: tuple[ProtocolVersion, ...],
    item: ProtocolVersion | None,
) -> WhatIf | None:
    if item is None:
        return None
    choice = choose_version(offered, (*able, item))
    return would(f"this server had {name_of(item)} enabled", choice, _NOTHING)


def _too_old(newest: ProtocolVersion | None) -> WhatIf | None:
    if newest is None:
        return None
    change = f"this server were to speak {name_of(newest)}"
    return WhatIf(change, "nothing here can: it has been unsafe for years (RFC 8996)", certain=True)


def _theirs(facts: Facts, chosen: ProtocolVersion | None) -> list[WhatIf | None]:
    client = this(Role.CLIENT, facts.role if not facts.overheard else Role.SERVER)
    if chosen is None:
        lacking = [v for v in _SPOKEN if v not in facts.versions]
        result = "the server might have had that; it did not say what it has"
        return [
            WhatIf(f"{client} had offered {name_of(v)} too", result, certain=False) for v in lacking
        ]
    left = [v for v in without(facts.versions, chosen) if not is_grease(v)]
    newer = [v for v in left if v > chosen and v in _SPOKEN]
    return [
        limited(f"{client} had not offered {name_of(chosen)}", left, "the server")
        if chosen in facts.versions
        else None,
        *(
            WhatIf(
                f"the server had {name_of(v)} enabled",
                f"by the rule it would have taken {name_of(v)}, which was offered",
                certain=False,
                then=name_of(v),
            )
            for v in newer
        ),
    ]
