"""Where the peer refused before anything was chosen, and said no more than that."""

from __future__ import annotations

from tlsee.codes import AlertDescription, CipherSuite, NamedGroup, ProtocolVersion
from tlsee.explain.why.facts import Facts, is_of_older
from tlsee.explain.why.values import Candidate, WhatIf, Why
from tlsee.explain.why.words import few, is_grease, shown, this
from tlsee.trace import Role

__all__ = ["why_refused"]

_VAGUE = (AlertDescription.handshake_failure, AlertDescription.insufficient_security)
_COMMON_GROUPS = (NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1)


def why_refused(facts: Facts) -> Why | None:
    """RFC 9846, 6.2: handshake_failure says that something does not fit, and not what."""
    if facts.is_ours(Role.SERVER) or facts.answer is not None or facts.alerted not in _VAGUE:
        return None
    lists = {
        "versions": shown(facts.versions),
        "cipher suites": shown(facts.suites),
        "groups": shown(facts.groups),
        "signature schemes": shown(facts.schemes),
    }
    found = tuple(
        Candidate(name, None, True, None, False, f"offered: {words or 'none'}")
        for name, words in lists.items()
    )
    return Why(
        "refusal",
        "What both have in common",
        Role.SERVER,
        found,
        "",
        f"The server refused with {facts.alerted} ({int(facts.alerted)}): one of these lists has "
        "nothing that it takes, or no certificate of its own fits; it does not say which.",
        "RFC 9846, 6.2",
        few(_what_ifs(facts)),
    )


def _what_ifs(facts: Facts) -> list[WhatIf | None]:
    client = this(Role.CLIENT, facts.role if not facts.overheard else Role.SERVER)
    result = "it might have found something; nobody can tell from here"
    lacking: list[str] = []
    if ProtocolVersion.TLS12 not in facts.versions:
        lacking.append("TLS 1.2")
    if ProtocolVersion.TLS13 not in facts.versions:
        lacking.append("TLS 1.3")
    groups = [group for group in _COMMON_GROUPS if group not in facts.groups]
    if groups:
        lacking.append(shown(groups, "or"))
    if _only_modern(facts.suites):
        lacking.append("the older suites of policies.legacy")
    return [WhatIf(f"{client} had offered {item} too", result, certain=False) for item in lacking]


def _only_modern(suites: tuple[CipherSuite, ...]) -> bool:
    """Whether nothing of 1.2 but ECDHE with an AEAD is offered."""
    older = [suite for suite in suites if not is_grease(suite) and is_of_older(suite)]
    return all("_ECDHE_" in suite.name and "_CBC_" not in suite.name for suite in older)
