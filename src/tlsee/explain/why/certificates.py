"""Why this certificate of ours, and whether it is for the name that was asked for.

What the judge made of a peer's chain, path by path, is the verdict's to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tlsee.codes import SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.schemes import SCHEMES
from tlsee.crypto.schemes12 import schemes12_for
from tlsee.explain.reading import name_of, server_name
from tlsee.explain.why.facts import Facts
from tlsee.explain.why.schemes import accepted_by_peer
from tlsee.explain.why.values import CANDIDATES_SHOWN, Candidate, WhatIf, Why
from tlsee.explain.why.words import few, shown, this
from tlsee.handshake.negotiate import NOTHING_COMMON
from tlsee.identity.certificate import CertificateView
from tlsee.identity.names import matches_dns
from tlsee.recording.seen import CredentialSeen
from tlsee.text import printable
from tlsee.trace import Choice, Role
from tlsee.wire import messages12, messages13

__all__ = ["why_certificates", "why_name"]

NAME_LENGTH = 64
WORDS_LENGTH = 160
_REQUESTS = (messages12.CertificateRequest, messages13.CertificateRequest)


def why_certificates(facts: Facts) -> list[Why]:
    """One for the server's, and one for the client's where it was asked for one."""
    return [why for by in (Role.SERVER, Role.CLIENT) if (why := _why(facts, by)) is not None]


def _why(facts: Facts, by: Role) -> Why | None:
    choice = _choice(facts, by) if facts.is_ours(by) else None
    leaf = facts.leaf_of(by)
    asked = by is Role.SERVER or any(facts.story.first(kind) for kind in _REQUESTS)
    if not asked or (choice is None and not facts.chain_of(by) and by is Role.SERVER):
        return None
    if choice is None and not _answered(facts, by):
        return None
    chosen = _label(choice.chosen) if choice is not None and choice.chosen is not None else ""
    if choice is None and facts.chain_of(by):
        chosen = _of_view(leaf)
    rule = _rule(choice, chosen, by)
    return Why(
        "certificate",
        f"Certificate of the {by.value}",
        by,
        _considered(choice) if choice is not None else _seen(chosen),
        chosen,
        rule,
        "RFC 5246, 7.4.2" if facts.older else "RFC 9846, 4.5.1.3",
        few(_what_ifs(facts, choice, chosen, by)),
    )


def _choice(facts: Facts, by: Role) -> Choice | None:
    found = None
    for choice in facts.story.choices:
        if choice.what == "certificate" and choice.by is by:
            found = choice
    return found


def _answered(facts: Facts, by: Role) -> bool:
    """Whether a Certificate message came, be it empty."""
    return any(
        step.sender is by
        and isinstance(step.message, (messages12.Certificate, messages13.Certificate))
        for step in facts.story.steps
    )


def _label(item: Any) -> str:
    if isinstance(item, CredentialSeen):
        return "a raw public key" if item.raw else _of_view(item.certificate)
    return printable(str(item), NAME_LENGTH)


def _of_view(view: CertificateView | None) -> str:
    if view is None:
        return "a certificate that cannot be read here"
    return printable(f"{name_of(view)} ({view.key_label})", NAME_LENGTH)


def _considered(choice: Choice) -> tuple[Candidate, ...]:
    """Those that were looked at, each with the words of the index."""
    items = [item for item in choice.able if isinstance(item, CredentialSeen)]
    words = choice.rule.split("; ")
    if len(words) != len(items):
        words = ["chosen" if item == choice.chosen else "" for item in items]
    return tuple(
        Candidate(
            _label(item),
            None,
            offered=True,
            able=item == choice.chosen or why.startswith(("later", "its chain", "no authority")),
            chosen=item == choice.chosen,
            words=printable(why, WORDS_LENGTH),
        )
        for item, why in list(zip(items, words, strict=True))[:CANDIDATES_SHOWN]
    )


def _seen(chosen: str) -> tuple[Candidate, ...]:
    if not chosen:
        return ()
    return (Candidate(chosen, None, offered=True, able=None, chosen=True, words="shown"),)


def _rule(choice: Choice | None, chosen: str, by: Role) -> str:
    if not chosen:
        if choice is None:
            return f"The {by.value} was asked for a certificate and showed none."
        if not choice.able:
            return "No credential is configured."
        return f"None can serve: {NOTHING_COMMON} with what the peer accepts."
    if choice is None:
        return f"The {by.value} decides, and does not say what others it has."
    if by is Role.CLIENT:
        return "The first that the server can verify, those of its authorities before others."
    named = "for the name that was asked for" if choice.offered else "for no name in particular"
    return f"The first {named} that the client can verify, in the order of the configuration."


def _what_ifs(facts: Facts, choice: Choice | None, chosen: str, by: Role) -> list[WhatIf | None]:
    peer = this(by.other, facts.role if not facts.overheard else by)
    accepted = accepted_by_peer(facts, by)
    if not chosen:
        if by is Role.SERVER or not accepted:
            return []
        change = (
            f"{this(by, facts.role)} had a certificate whose key signs with {shown(accepted, 'or')}"
        )
        return [WhatIf(change, "it would have been shown", certain=False)]
    fitting = _schemes(facts, by)
    alone = [scheme for scheme in fitting if scheme in accepted]
    found: list[WhatIf | None] = []
    if alone and facts.story.key_exchange is not KeyExchangeAlgorithm.rsa:
        change = f"{peer} had accepted no signature with {shown(alone, 'or')}"
        found.append(WhatIf(change, "this certificate could not have been shown", certain=True))
    if choice is not None:
        result = "the next that serves, if there is one: it was not looked for"
        found.append(WhatIf(f"the {by.value} did not have this certificate", result, certain=False))
    return found


def _schemes(facts: Facts, by: Role) -> Sequence[SignatureScheme]:
    """All with which the shown key could sign: of what was told, or of what its kind leaves."""
    leaf = facts.leaf_of(by)
    key = leaf.public_key if leaf is not None else None
    if key is None:
        return ()
    if facts.older:
        return schemes12_for(key, insecure=True)
    return [code for code, row in SCHEMES.items() if row.fits(key)]


# --- The name -------------------------------------------------------------------------------------


def why_name(facts: Facts) -> Why | None:
    """RFC 6066, 3: the client names the host, the server shows a certificate for it if it can."""
    if facts.first is None:
        return None
    asked = server_name(facts.first)
    leaf = facts.leaf_of(Role.SERVER)
    refused = facts.refusal == "unrecognized_name"
    if leaf is None and not refused:
        return None
    presented = leaf.dns_names if leaf is not None else ()
    serving = [name for name in presented if asked and matches_dns(name, asked.lower())]
    others = [name for name in presented if name not in serving]
    found = []
    if asked:
        words = (
            f"{printable(serving[0], NAME_LENGTH)} in the certificate is for it"
            if serving
            else (
                "no name in the certificate is for it"
                if leaf is not None
                else "no certificate is for it"
            )
        )
        can = None if leaf is None and not refused else bool(serving)
        found.append(Candidate(asked, None, True, can, bool(serving), words))
    found += [
        Candidate(printable(name, NAME_LENGTH), None, False, True, False, "in the certificate too")
        for name in others
        if name.lower() != asked.lower()
    ]
    return Why(
        "name",
        "Server name (SNI)",
        Role.SERVER,
        tuple(found[:CANDIDATES_SHOWN]),
        asked if serving else "",
        _name_rule(asked, serving, refused=refused),
        "RFC 6066, 3",
        few(_name_what_ifs(facts, asked, refused=refused)),
    )


def _name_rule(asked: str, serving: Sequence[str], *, refused: bool) -> str:
    if refused:
        return "No certificate here is for that name, and this server's policy is strict about it."
    if not asked:
        return "The client names no host: the server shows what it thinks best."
    if serving:
        return "The client names the host, and the server shows a certificate that is for it."
    return "The server has no certificate for that name, or shows another one all the same."


def _name_what_ifs(facts: Facts, asked: str, *, refused: bool) -> list[WhatIf | None]:
    client = this(Role.CLIENT, facts.role if not facts.overheard else Role.SERVER)
    if refused:
        return [
            WhatIf(
                "the policy had strict_server_name=False",
                "the server would have shown the first certificate that the client can verify",
                certain=False,
            ),
            WhatIf(f"{client} had sent no name", "nobody would have refused for it", certain=True),
        ]
    if not asked:
        result = "the server could have chosen by it, and listeners would have read it"
        return [WhatIf(f"{client} had sent a name", result, certain=False)]
    result = "any certificate may have been shown; a listener would not have read the name here"
    return [WhatIf(f"{client} had sent no name", result, certain=False)]
