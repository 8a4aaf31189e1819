"""Why this cipher suite, in either version."""

from __future__ import annotations

from collections.abc import Sequence

from tlsee.codes import CipherSuite
from tlsee.explain.why.facts import Decision, Facts, is_of_older, without
from tlsee.explain.why.ordered import again, limited, would
from tlsee.explain.why.suites12 import ours12
from tlsee.explain.why.values import WhatIf, Why
from tlsee.explain.why.words import (
    SIGNALS,
    candidates,
    few,
    is_grease,
    name_of,
    plain_words,
    shown,
    this,
)
from tlsee.handshake.negotiate import choose_suite
from tlsee.trace import Choice, Role

__all__ = ["why_suite"]

NOT_OFFERED = "The server took what the client had not offered."
KEPT = "the session keeps the suite that it began with"
NOTHING = "no cipher suite in common: handshake_failure (40), and the end"


def why_suite(facts: Facts) -> Why | None:
    """RFC 9846, 4.2.1; RFC 5246, 7.4.1.3."""
    decision = facts.decision("suite", CipherSuite)
    chosen = _chosen(facts, decision)
    failed = facts.refusal == "no_common_suite" and decision is None
    if not facts.suites or (chosen is None and not failed):
        return None
    able: tuple[CipherSuite, ...] | None = None
    if facts.is_ours(Role.SERVER):
        able = facts.refused_lists(CipherSuite) if failed else None
        if decision is not None:
            able = decision.able
    older = is_of_older(chosen) if chosen is not None else _failed_in_older(able)
    resumed = facts.story.resumed and older
    return Why(
        "suite",
        "Cipher suite",
        Role.SERVER,
        candidates(
            facts.suites,
            able,
            chosen,
            lambda item: KEPT if resumed else _lost(item, chosen, able),
            aside=lambda item: _aside(item, older=older),
        ),
        name_of(chosen) if chosen is not None else "",
        _rule(facts, chosen, able, older=older, resumed=resumed),
        "RFC 5246, 7.4.1.3" if older else "RFC 9846, 4.2.1",
        few(_what_ifs(facts, chosen, able, older=older, resumed=resumed)),
    )


def _chosen(facts: Facts, decision: Decision | None) -> CipherSuite | None:
    if decision is not None and decision.chosen is not None:
        found: CipherSuite = decision.chosen
        return found
    answer = facts.answer or facts.retry
    return answer.cipher_suite if answer is not None else None


def _failed_in_older(able: Sequence[CipherSuite] | None) -> bool:
    return bool(able) and is_of_older((able or ())[0])


def _aside(item: CipherSuite, *, older: bool) -> str:
    words = plain_words(item)
    if not words and is_of_older(item) is not older:
        return f"it is for TLS {'1.3' if older else '1.2'}"
    return words


def _lost(item: CipherSuite, chosen: CipherSuite | None, able: Sequence[CipherSuite] | None) -> str:
    if chosen is None or able is None:
        return "the server did not take it, and does not say why"
    places = {suite: place for place, suite in enumerate(able)}
    if item in places and places[item] < places.get(chosen, 0):
        return (
            "nearer the head of the server's list, but its key exchange or certificate is not there"
        )
    return f"behind {name_of(chosen)} in the server's list"


def _rule(
    facts: Facts,
    chosen: CipherSuite | None,
    able: tuple[CipherSuite, ...] | None,
    *,
    older: bool,
    resumed: bool,
) -> str:
    if chosen is None and not able:
        detail = facts.error.detail if facts.error is not None else ""
        return f"No cipher suite fits: {detail or 'nothing in common'}."
    if chosen is None:
        theirs = shown(_meant(facts.suites, older=older)) or "none for this version"
        return (
            f"Nothing in common: the client offers {theirs}; this server takes {shown(able or ())}."
        )
    if resumed:
        return "The session keeps the suite that it began with."
    if chosen not in facts.suites:
        return NOT_OFFERED
    if able is None:
        return "The server decides by an order of its own, and does not say what else it has."
    if older:
        return (
            "The first of the server's list that the client offers, for whose key exchange there "
            "is a group, and which the certificate serves."
        )
    if facts.story.recalled is not None:
        return "The first of the server's list that the client offers and that has the key's hash."
    return "The first of the server's list that the client offers."


def _meant(suites: Sequence[CipherSuite], *, older: bool) -> list[CipherSuite]:
    """Those of one version that are suites at all."""
    return [
        suite
        for suite in suites
        if is_of_older(suite) is older and not is_grease(suite) and suite not in SIGNALS
    ]


def _what_ifs(
    facts: Facts,
    chosen: CipherSuite | None,
    able: tuple[CipherSuite, ...] | None,
    *,
    older: bool,
    resumed: bool,
) -> list[WhatIf | None]:
    offered = facts.suites
    if chosen is None:
        return _failed(facts, able or (), older=older)
    if chosen not in offered:
        return []
    client = this(Role.CLIENT, facts.role if not facts.overheard else Role.SERVER)
    change = f"{client} had not offered {name_of(chosen)}"
    if resumed:
        return [WhatIf(change, "the session could not have been resumed", certain=True)]
    if able is None:
        return [limited(change, without(_meant(offered, older=older), chosen), "the server")]
    if older:
        return ours12(facts, chosen, able)

    def choose(suites: Sequence[CipherSuite]) -> Choice:
        return choose_suite(suites, able)

    if facts.story.recalled is not None:
        gone = again(choose, offered, chosen, "")
        if not gone.then:
            result = (
                "the session or key could not have been used: no other common suite has its hash"
            )
            return [WhatIf(gone.change, result, certain=True)]
        return [gone]
    by_client = choose_suite(able, _meant(offered, older=False))
    return [
        again(choose, offered, chosen, NOTHING),
        would(
            "the server had gone by the client's order and not by its own",
            by_client,
            NOTHING,
            " all the same" if by_client.chosen == chosen else "",
        ),
        *_would_have_to_have(offered, able, chosen),
    ]


def _would_have_to_have(
    offered: Sequence[CipherSuite], able: tuple[CipherSuite, ...], chosen: CipherSuite
) -> list[WhatIf]:
    """What the client lists first, where the server has it not."""
    listed = _meant(offered, older=False)
    first = listed[0] if listed else chosen
    if first in able or not first.is_known:
        return []
    choice = choose_suite(offered, (first, *able))
    change = f"the server had {name_of(first)} at the head of its list"
    return [would(change, choice, NOTHING)]


def _failed(facts: Facts, able: tuple[CipherSuite, ...], *, older: bool) -> list[WhatIf | None]:
    """Nothing in common: the smallest change on either side."""
    theirs = [suite for suite in _meant(facts.suites, older=older) if suite.is_known]
    found: list[WhatIf | None] = []
    certain = not older  # in TLS 1.2 group and certificate have a say as well
    for change, item in (
        *((f"the client had offered {name_of(item)}", item) for item in able[:1]),
        *((f"this server had {name_of(item)} enabled", item) for item in theirs[:1]),
    ):
        result = f"{name_of(item)} would have been chosen"
        if not certain:
            result += ", if a certificate here serves it and there is a group for it"
        found.append(WhatIf(change, result, certain, name_of(item)))
    return found
