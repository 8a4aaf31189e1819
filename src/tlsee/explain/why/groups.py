"""Why this group, whose share was there, and what a HelloRetryRequest was for."""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.codes import NamedGroup
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.explain.post_quantum import CLASSICAL_BYTES
from tlsee.explain.why.facts import Decision, Facts, without
from tlsee.explain.why.ordered import again, limited, would
from tlsee.explain.why.tiers import Tierings, retried, tierings_of
from tlsee.explain.why.values import WhatIf, Why
from tlsee.explain.why.words import candidates, few, is_grease, name_of, shown, this
from tlsee.handshake.negotiate import choose_group
from tlsee.handshake.negotiate12 import choose_field12, choose_group12
from tlsee.trace import Choice, Role
from tlsee.wire.extensions.key_share import KeyShareHelloRetryRequest, KeyShareServerHello
from tlsee.wire.messages12 import SignedECDHParams

__all__ = ["why_group"]

_NOTHING = "no group in common: handshake_failure (40), and the end"
_OTHER_EXCHANGE = (
    "no group in common: only a suite with another key exchange could have been chosen, or none"
)


def why_group(facts: Facts) -> Why | None:
    """RFC 9846, 4.3.8; in TLS 1.2 RFC 8422, 5.1.1 and RFC 7919, 4."""
    decision = facts.decision("group", NamedGroup)
    failed = facts.refusal == "no_common_group" and decision is None
    chosen = _chosen(facts, decision)
    if chosen is None and not failed:
        return None
    able: tuple[NamedGroup, ...] | None = None
    if facts.is_ours(Role.SERVER):
        able = facts.refused_lists(NamedGroup) if failed else None
        if decision is not None:
            able = decision.able
    older = facts.older
    return Why(
        "group",
        "Key exchange group",
        Role.SERVER,
        candidates(
            facts.groups,
            able,
            chosen,
            lambda item: _lost(facts, item, chosen, able),
            _won(facts, chosen),
        ),
        name_of(chosen) if chosen is not None else "",
        _rule(facts, decision, chosen, able),
        _clause(chosen, older=older),
        few(_what_ifs(facts, chosen, able)),
    )


def _chosen(facts: Facts, decision: Decision | None) -> NamedGroup | None:
    if facts.story.key_exchange is KeyExchangeAlgorithm.rsa:
        return None
    if decision is not None and decision.chosen is not None:
        found: NamedGroup = decision.chosen
        return found
    if facts.exchange12 is not None and isinstance(facts.exchange12, SignedECDHParams):
        curve: NamedGroup = facts.exchange12.params.named_curve
        return curve
    answer = facts.answer
    share = answer.extensions.get(KeyShareServerHello) if answer is not None else None
    return share.server_share.group if share is not None else _wanted(facts)


def _wanted(facts: Facts) -> NamedGroup | None:
    """The group that a HelloRetryRequest asks for."""
    retry = facts.retry
    item = retry.extensions.get(KeyShareHelloRetryRequest) if retry is not None else None
    return item.selected_group if item is not None else None


def _clause(chosen: NamedGroup | None, *, older: bool) -> str:
    if not older:
        return "RFC 9846, 4.3.8"
    return "RFC 7919, 4" if chosen is not None and chosen.is_finite_field else "RFC 8422, 5.1.1"


def _won(facts: Facts, chosen: NamedGroup | None) -> str:
    if facts.older or chosen is None:
        return "chosen"
    if chosen in facts.shares:
        return "chosen; its share came with the hello"
    return "chosen; its share had to be asked for by HelloRetryRequest"


def _lost(
    facts: Facts,
    item: NamedGroup,
    chosen: NamedGroup | None,
    able: Sequence[NamedGroup] | None,
) -> str:
    if facts.older and item in CLASSICAL_BYTES:
        return "it is for TLS 1.3"
    if chosen is None or able is None:
        return "the server did not take it, and does not say why"
    if facts.older and item.is_finite_field is not chosen.is_finite_field:
        return "it goes with another key exchange"
    share = "; its share was sent for nothing" if item in facts.shares else ""
    places = {group: place for place, group in enumerate(able)}
    if places.get(item, 0) < places.get(chosen, 0):
        return f"as good to the server, but the share of {name_of(chosen)} was there{share}"
    return f"behind {name_of(chosen)} in the server's order{share}"


def _rule(
    facts: Facts,
    decision: Decision | None,
    chosen: NamedGroup | None,
    able: tuple[NamedGroup, ...] | None,
) -> str:
    if chosen is None:
        theirs = shown(facts.groups) or "none"
        return (
            f"Nothing in common: the client offers {theirs}; this server takes {shown(able or ())}."
        )
    if chosen not in facts.groups and facts.groups:
        return "The server took what the client had not offered."
    if able is None or decision is None:
        asked = facts.retry is not None and _wanted(facts) == chosen
        retry = " It asked for a share of it by HelloRetryRequest." if asked else ""
        return f"The server decides, and does not say what else it has.{retry}"
    if not facts.older:
        if chosen in facts.shares:
            return (
                "The best tier of the server's groups that both have; within it a group whose "
                "share is there."
            )
        return (
            "The best tier of the server's groups that both have; none of it had sent a share, "
            "and it is worth a HelloRetryRequest."
        )
    if not decision.offered:
        return "The client names no such group, and takes what the server has."
    return "The first of the server's list that the client offers."


def _what_ifs(
    facts: Facts, chosen: NamedGroup | None, able: tuple[NamedGroup, ...] | None
) -> list[WhatIf | None]:
    offered = facts.groups
    if chosen is None:
        return _failed(facts, able or ())
    if able is None:
        return _theirs(facts, chosen)
    if facts.older:
        return _ours12(facts, chosen, able)
    return _ours13(facts, chosen, tierings_of(facts, offered, able, chosen))


def _failed(facts: Facts, able: tuple[NamedGroup, ...]) -> list[WhatIf | None]:
    known = [group for group in facts.groups if group.is_known and not is_grease(group)]
    # Only TLS 1.3 has hybrids: there the group is chosen alone, in 1.2 together with the suite.
    certain = any(group in CLASSICAL_BYTES for group in able)
    unless = "" if certain else ", if a common suite uses it"
    return [
        WhatIf(change, f"{name_of(item)} would have been chosen{unless}", certain, name_of(item))
        for change, item in (
            *((f"the client had offered {name_of(item)}", item) for item in able[:1]),
            *((f"this server had {name_of(item)} enabled", item) for item in known[:1]),
        )
    ]


def _ours12(facts: Facts, chosen: NamedGroup, able: tuple[NamedGroup, ...]) -> list[WhatIf | None]:
    field = chosen.is_finite_field

    def choose(groups: Sequence[NamedGroup]) -> Choice:
        return choose_field12(groups, able) if field else choose_group12(groups, able)

    if chosen not in facts.groups:
        return []
    gone = again(choose, facts.groups, chosen, _OTHER_EXCHANGE)
    if facts.story.key_exchange is None or not gone.then:
        gone = WhatIf(gone.change, _OTHER_EXCHANGE, certain=False)
    elif not field and facts.signs_on(chosen):
        result = f"{gone.then} would have been chosen, if another certificate serves: the key of "
        gone = WhatIf(gone.change, f"{result}this one is on {name_of(chosen)}", certain=False)
    theirs = [group for group in facts.groups if group in able and group.is_finite_field is field]
    by_client = choose_field12(able, theirs) if field else choose_group12(able, theirs)
    same = " all the same" if by_client.chosen == chosen else ""
    order = "the server had gone by the client's order and not by its own"
    return [gone, would(order, by_client, _OTHER_EXCHANGE, same)]


# --- TLS 1.3 --------------------------------------------------------------------------------------


def _ours13(facts: Facts, chosen: NamedGroup, tierings: Tierings) -> list[WhatIf | None]:
    offered, shares = facts.groups, facts.shares
    name = name_of(chosen)
    found: list[WhatIf | None] = [
        tierings.what_if(
            f"the client had not offered {name}",
            lambda tiers: choose_group(without(offered, chosen), without(shares, chosen), tiers),
            without(shares, chosen),
        )
    ]
    if chosen in shares:
        left = without(shares, chosen)
        change = f"the client had sent no share of {name}"
        found.append(
            tierings.what_if(change, lambda tiers: choose_group(offered, left, tiers), left)
        )
    else:
        more = (*shares, chosen)
        found.append(
            tierings.what_if(
                f"the client had sent a share of {name} at once",
                lambda tiers: choose_group(offered, more, tiers),
                more,
                " without a HelloRetryRequest: one round trip less",
            )
        )
    flat = tierings.what_if(
        "all of the server's groups stood in one tier, so that a share that is there wins",
        lambda tiers: choose_group(offered, shares, (sum(map(tuple, tiers), ()),)),
        shares,
    )
    found.append(flat if flat.then != name else None)
    if chosen in CLASSICAL_BYTES:
        classical = [group for group in offered if group not in CLASSICAL_BYTES]
        sent = [group for group in shares if group not in CLASSICAL_BYTES]
        found.insert(
            1,
            tierings.what_if(
                "the client offered nothing post-quantum",
                lambda tiers: choose_group(classical, sent, tiers),
                sent,
            ),
        )
    return found


def _theirs(facts: Facts, chosen: NamedGroup) -> list[WhatIf | None]:
    if chosen not in facts.groups:
        return []
    client = this(Role.CLIENT, facts.role if not facts.overheard else Role.SERVER)
    name = name_of(chosen)
    left = [group for group in without(facts.groups, chosen) if not is_grease(group)]
    if facts.older:
        left = [group for group in left if group not in CLASSICAL_BYTES]
        return [limited(f"{client} had not offered {name}", left, "the server")]
    gone = limited(f"{client} had not offered {name}", left, "the server")
    sent = [group for group in without(facts.shares, chosen) if not is_grease(group)]
    if retried(facts):
        result = f"it could not have been asked for: {name} at once, if the server kept to it"
        return [
            gone,
            WhatIf(
                f"{client} had sent a share of {name} at once", result, certain=False, then=name
            ),
        ]
    other = f"; it might have taken {shown(sent, 'or')}, whose share was there" if sent else ""
    return [
        gone,
        WhatIf(
            f"{client} had sent no share of {name}",
            "the server could not have used it without a HelloRetryRequest, one round trip "
            f"more{other}",
            certain=True,
        ),
    ]
